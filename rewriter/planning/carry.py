"""Which files beside the programs the runtime receives, and from where."""

from __future__ import annotations

import posixpath
import re

from rewriter.planning.plan import CopyFrom, Draft
from rewriter.planning.roles import assets
from rewriter.planning.runtime_files import source_only

_PLAIN_PATH = re.compile(r"/[A-Za-z0-9_./@%+=:,~-]*\Z")
_NO_SOURCES = frozenset({"/", "/bin", "/usr/bin", "/usr/local/bin"})


def source_folders(draft: Draft) -> tuple[str, ...]:
    """Folders of the image that hold sources: what lies there is build time unless something says otherwise."""
    folders = {artefact.step.cwd for artefact in draft.artefacts}
    for copy in draft.go.files.copies:
        if copy.source == ".":
            folders.add(copy.target)
        elif copy.target and posixpath.basename(copy.source).endswith(("go.mod", ".go")):
            folders.add(posixpath.dirname(copy.target))
    return tuple(sorted(folder for folder in folders if folder and folder not in _NO_SOURCES))


def carry_files(draft: Draft) -> str | None:
    """Adds a COPY --from for every file of run time; a reason when one cannot be placed."""
    paths = dict(draft.reads.paths)
    paths.update((script.path, "it is the entry script") for script in draft.launch.scripts)
    problem = _from_context(draft, paths) or _from_elsewhere(draft, paths)
    if problem:
        return problem
    paths.update((path, f"line {instruction.line} makes it") for path, instruction in draft.roles.produced)
    known = {copy.source for copy in draft.copies}
    for path, reason in sorted(paths.items()):
        if path in known or any(other != path and path.startswith(other + "/") for other in paths):
            continue
        if path in ("/", *draft.sources) and path not in draft.reads.paths:
            return f"{reason} into {path}, among the sources: what run time needs of it cannot be told"
        draft.carry(path, path)
    draft.copies[:] = [_owned(copy, draft) for copy in draft.copies]
    odd = next((c for c in draft.copies if not (_PLAIN_PATH.match(c.source) and _PLAIN_PATH.match(c.target))), None)
    return f"the path {odd.source!r} has characters that a COPY would read otherwise" if odd else None


def _from_context(draft: Draft, paths: dict[str, str]) -> str | None:
    """What COPY and ADD bring beside sources."""
    files = draft.go.files
    only = (
        {copy.source: source_only(draft.go, copy.source) for copy in files.copies} if files.context is not None else {}
    )
    for copy in assets(files.copies, draft.sources, only):
        if copy.target is None:
            return f"line {copy.instruction.line}: where {copy.source or 'a source of it'} lands cannot be told"
        paths[copy.target] = f"line {copy.instruction.line} copies it"
    return None


def _from_elsewhere(draft: Draft, paths: dict[str, str]) -> str | None:
    """What comes from other stages, other images and heredocs."""
    for instruction, state in draft.stage.numbered():
        if instruction.name not in ("COPY", "ADD") or (instruction.flag("from") is None and not instruction.heredocs):
            continue
        written = instruction.operands[-1]
        target = state.absolute(state.expand(written, instruction.escape) or "")
        if target is None or written.endswith("/") or draft.go.files.is_folder_before(target, instruction):
            return f"line {instruction.line}: what it copies into {written} cannot be told apart"
        paths[target] = f"line {instruction.line} copies it"
    return None


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
                    return CopyFrom(copy.source, copy.target, parts[1][0])
    return copy
