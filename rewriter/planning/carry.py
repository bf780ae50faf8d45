"""Which files beside the programs the runtime receives, and from where."""

from __future__ import annotations

import posixpath
import re

from rewriter.ecosystems.reads import source_only
from rewriter.model.paths import below, glob
from rewriter.model.stages import Stage
from rewriter.planning.plan import CopyFrom, Draft
from rewriter.planning.roles import assets
from rewriter.userland.runtime import ROOT_NAMES

PLAIN_PATH = re.compile(r"/[A-Za-z0-9_./@%+=:,~-]*\Z")
_NO_SOURCES = frozenset({"/", "/bin", "/usr/bin", "/usr/local/bin"})


def source_folders(draft: Draft) -> tuple[str, ...]:
    """Folders of the image that hold sources: what lies there is build time unless something says otherwise.

    Of an interpreted application, the folders that are carried as they are.
    """
    if draft.production is not None:
        return tuple(sorted(draft.production.folders))
    folders = {artefact.step.cwd for artefact in draft.artefacts}
    for copy in draft.language.files.copies:
        if copy.source == ".":
            folders.add(copy.target)
        elif copy.target and draft.language.is_source(copy.source):
            folders.add(posixpath.dirname(copy.target))
    return tuple(sorted(folder for folder in folders if folder and folder not in _NO_SOURCES))


def carry_files(draft: Draft) -> str | None:
    """Adds a COPY --from for every file of run time; a reason when one cannot be placed."""
    paths = dict(draft.reads.paths)
    if draft.language.self_contained:
        for path in paths:
            draft.carry(path, path)
        return _odd(draft)
    paths.update((script.path, "it is the entry script") for script in draft.launch.scripts)
    problem = _from_context(draft, paths) or _from_elsewhere(draft, paths)
    if problem:
        return problem
    paths.update((path, f"line {instruction.line} makes it") for path, instruction in draft.roles.produced)
    for path in draft.roles.owned:
        if draft.language.files.kind(path) is not None or path in draft.roles.made:
            paths.setdefault(path, "it is given to somebody")
    owned_sources = _sources_of_somebody(draft)
    if owned_sources:
        return owned_sources
    known = {copy.source for copy in draft.copies}
    for path, reason in sorted(paths.items()):
        if path in known or any(other != path and path.startswith(other + "/") for other in paths):
            continue
        if draft.production is not None and below(path, draft.sources):
            continue  # its folder is carried whole
        if path in ("/", *draft.sources) and path not in draft.reads.paths:
            return f"{reason} into {path}, among the sources: what run time needs of it cannot be told"
        gone = next((removed for removed in draft.roles.removed if below(path, (removed,))), None)
        if gone is not None and path not in draft.roles.made:
            return f"{path} is needed ({reason}), and a RUN removes or moves {gone}"
        draft.carry(path, path)
    problem = _lost_modes(draft) or _several_owners(draft.copies, draft) or _links_outside(draft) or _left_out(draft)
    if problem:
        return problem
    draft.copies[:] = [_owned(copy, draft) for copy in draft.copies]
    return _odd(draft)


def _odd(draft: Draft) -> str | None:
    if any(copy.source == "/" for copy in draft.copies):
        return "what its build is seen to make is / itself: a copy of it would be the whole image"
    odd = next((c for c in draft.copies if not (PLAIN_PATH.match(c.source) and PLAIN_PATH.match(c.target))), None)
    return f"the path {odd.source!r} has characters that a COPY would read otherwise" if odd else None


def _sources_of_somebody(draft: Draft) -> str | None:
    """COPY --chown of sources to a user who then runs the program: he may write there, and a new WORKDIR is root's."""
    user = draft.stage.final_state.user
    if draft.language.interpreted:
        return _folder_of_somebody(draft)
    folders = any(draft.language.files.kind(path) == "dir" for path in draft.reads.paths)
    if user in ROOT_NAMES or (workdir_is_users(draft.stage) and not folders):
        return None
    for instruction in draft.stage.instructions:
        owner = instruction.flag("chown") if instruction.name in ("COPY", "ADD") else None
        if owner and owner.partition(":")[0] not in ROOT_NAMES:
            return (
                f"line {instruction.line}: --chown={owner} gives folders to the user, who may write there at run time"
            )
    return None


def _folder_of_somebody(draft: Draft) -> str | None:
    """A carried folder that a COPY --chown made: the copy makes it as root, and what lies in it keeps its owners.

    Users have the same numbers on the same system, so the owners of the rest are right.
    """
    files = draft.language.files
    for instruction in draft.stage.instructions:
        owner = instruction.flag("chown") if instruction.name in ("COPY", "ADD") else None
        if not owner or owner.partition(":")[0] in ROOT_NAMES:
            continue
        for copy in (each for each in files.copies if each.instruction is instruction and each.kind == "dir"):
            carried = any(each.source == copy.target for each in draft.copies)
            if carried and copy.target and not files.is_made_before(copy.target, instruction):
                line = instruction.line
                return f"line {line}: --chown={owner} makes {copy.target} itself, which a copy would give to root"
    return None


def workdir_is_users(stage: Stage) -> bool:
    """True when WORKDIR made its folder behind USER: BuildKit then gives it to that user."""
    for instruction, state in stage.numbered():
        after = state.after(instruction, {}, {})
        if instruction.name == "WORKDIR" and after.workdir == stage.final_state.workdir:
            return state.user not in ROOT_NAMES
    return False


def _lost_modes(draft: Draft) -> str | None:
    """A chmod or a plain chown of a folder that COPY --from brings: COPY makes the folder anew, as root's, 0755."""
    whole = draft.production.folders if draft.production is not None else ()
    folders = [c.source for c in draft.copies if c.source in whole or draft.language.files.kind(c.source) == "dir"]
    plain = [
        (path, step)
        for _, steps in draft.roles.shaping
        for step in steps
        if step.name == "chown" and not any("R" in word for word in step.argv[1:2] if word)
        for operand in (step.options_and_operands or ((), ()))[1][1:]
        if (path := step.absolute(operand)) is not None
    ]
    for path, step in (*draft.roles.modes, *plain):
        recursive = step.name == "chmod" and any("R" in word for word in step.argv[1:2] if word)
        for folder in folders:
            if folder == path or (recursive and below(folder, (path,))):
                line = step.instruction.line
                return f"line {line}: what {step.name} does to the folder {folder} would be lost by its COPY"
    return None


def _from_context(draft: Draft, paths: dict[str, str]) -> str | None:
    """What COPY and ADD bring beside sources."""
    files = draft.language.files
    seen = files.copies if files.context is not None else ()
    only = {copy.source: source_only(draft.language, copy.source) for copy in seen}
    for copy in assets(draft.language, draft.sources, only):
        if copy.target is None:
            return f"line {copy.instruction.line}: where {copy.source or 'a source of it'} lands cannot be told"
        paths[copy.target] = f"line {copy.instruction.line} copies it"
    return None


def _from_elsewhere(draft: Draft, paths: dict[str, str]) -> str | None:
    """What comes from other stages, other images and heredocs."""
    for instruction, state in draft.stage.numbered():
        if instruction.name not in ("COPY", "ADD") or (instruction.flag("from") is None and not instruction.heredocs):
            continue
        *brought, written = instruction.operands
        names = {posixpath.basename(source) for source in brought}
        called = {step.name for step in draft.launch.all_steps} | draft.language.called
        installs = names <= draft.language.tools and not names & called
        if draft.language.interpreted and not instruction.heredocs and installs:
            continue  # an installer, which the build alone needs
        target = state.absolute(state.expand(written, instruction.escape) or "")
        if target is None or written.endswith("/") or draft.language.files.is_folder_before(target, instruction):
            return f"line {instruction.line}: what it copies into {written} cannot be told apart"
        paths[target] = f"line {instruction.line} copies it"
    return None


def _owner(written: str) -> str:
    """chown's owner as --chown means it: without a group, chown leaves root's, and --chown takes the user's number."""
    user, colon, group = written.partition(":")
    return f"{user}:{group or (user if colon else 'root')}"


def _links_outside(draft: Draft) -> str | None:
    """A link in a carried folder that leads to a file of the context which is not carried."""
    files, context = draft.language.files, draft.language.files.context
    origins = [origin for copy in draft.copies if (origin := files.origin(copy.source)) is not None]
    links = context.links() if context is not None and origins else ()
    for path, target in links:
        inside = any(below(f"/{path}", (f"/{o}",)) and path != o for o in origins) if "." not in origins else True
        carried = "." in origins or any(below(f"/{target}", (f"/{o}",)) for o in origins)
        if inside and target and not carried:
            return f"{path} is a link to {target}, which is not carried"
    return None


def _left_out(draft: Draft) -> str | None:
    """A path that a COPY --exclude may have left out: a copy of what is not there stops the build."""
    files = draft.language.files
    for copy in files.copies:
        patterns = [flag.value or "" for flag in copy.instruction.flags if flag.name == "exclude"]
        parts = {part for pattern in patterns for part in pattern.split("/") if part not in ("", "**")}
        for carried in draft.copies if parts and copy.target else ():
            inside = below(carried.source, (copy.target or "",)) and files.kind(carried.source) is not None
            names = carried.source[len(copy.target or "") :].split("/") if inside else []
            if any(glob(part).fullmatch(name) or "$" in part for name in names if name for part in parts):
                line = copy.instruction.line
                return f"line {line}: whether COPY --exclude leaves {carried.source} out is not followed"
    return None


def _several_owners(copies: list[CopyFrom], draft: Draft) -> str | None:
    """A folder, and something in it, that the stage gives to different people: --chown gives all to one."""
    given: dict[str, set[str]] = {}
    for _, steps in draft.roles.shaping:
        for step in steps:
            parts = step.options_and_operands
            if step.name != "chown" or parts is None or len(parts[1]) < 2:
                continue
            for operand in parts[1][1:]:
                path = step.absolute(operand)
                for copy in copies if path is not None else ():
                    if path is not None and (below(path, (copy.source,)) or below(copy.source, (path,))):
                        given.setdefault(copy.source, set()).add(parts[1][0])
    several = next((source for source, owners in given.items() if len(owners) > 1), None)
    return f"{several} and what lies in it is given to more than one owner" if several is not None else None


def _owned(copy: CopyFrom, draft: Draft) -> CopyFrom:
    """With --chown where the stage gave the path to somebody."""
    for _, steps in draft.roles.shaping:
        for step in steps:
            parts = step.options_and_operands
            if step.name != "chown" or parts is None or len(parts[1]) < 2:
                continue
            recursive = any("R" in option for option in parts[0])
            for operand in parts[1][1:]:
                path = step.absolute(operand)
                below = path is not None and recursive and copy.source.startswith(path.rstrip("/") + "/")
                if path is not None and (path == copy.source or below):
                    return CopyFrom(copy.source, copy.target, _owner(parts[1][0]))
    return copy
