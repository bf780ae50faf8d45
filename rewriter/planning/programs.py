"""Which programs the runtime receives: what the image starts, and what else its author built."""

from __future__ import annotations

import posixpath
import re

from rewriter.ecosystems.go import Artefact
from rewriter.ecosystems.go_build import parse_go
from rewriter.model.run import Step
from rewriter.model.state import DEFAULT_PATH
from rewriter.planning.launch import tested_programs
from rewriter.planning.needs import DEV_TOOLS
from rewriter.planning.plan import Draft
from rewriter.transform import Finding

_TOOLCHAIN = re.compile(r"go (?:run|build|test)\b")


def find_programs(draft: Draft) -> str | None:
    """Fills in the programs and their copies; a reason when there is nothing to carry."""
    for step in draft.launch.all_steps:
        tool = _toolchain(step)
        if tool:
            line = step.instruction.line
            return f"the start command runs `{tool}` (line {line}): the image needs the toolchain at run time"
    started = [found for step in draft.launch.all_steps if (found := _started(draft, step)) is not None]
    if not started:
        return _nothing_made(draft)
    health = tested_programs(draft.stage)
    for step in health if isinstance(health, tuple) else ():
        checker = _started(draft, step, misplaced=False)
        if checker is not None:
            started.append(checker)
    by_path = {artefact.path: artefact for artefact in started}
    originals = {artefact.copied_from for artefact in started}
    carried = {copy.source for copy in draft.copies}
    for artefact in draft.go.artefacts:
        path = artefact.path
        command = parse_go(artefact.step)
        # What `go install` and `go get` bring from elsewhere are the build's tools unless the image starts them.
        own = command is not None and all(package.startswith(".") for package in command.packages)
        built = command is not None and (command.verb == "build" or own) and not path.startswith("/tmp/")
        if built and path not in by_path and path not in carried and path not in originals:
            by_path[path] = artefact
            folder, name = posixpath.split(path)
            on_path = folder in (draft.stage.final_state.path_folders() or ()) and folder not in DEFAULT_PATH.split(":")
            draft.carry(path, f"/usr/local/bin/{name}" if on_path else path)
    draft.artefacts = tuple(by_path.values())
    return None


def _toolchain(step: Step) -> str | None:
    """The word of a start command that needs the toolchain at run time."""
    words = [word for word in step.argv if word]
    if step.name in DEV_TOOLS or step.name == "go":
        return words[0]
    return next((word for word in words if posixpath.basename(word) in ("go", "dlv") or _TOOLCHAIN.match(word)), None)


def _nothing_made(draft: Draft) -> str:
    instruction = draft.launch.instruction
    words = " ".join(word or "…" for word in draft.launch.steps[0].argv[:3])
    seen = ", ".join(artefact.path for artefact in draft.go.artefacts) or "nothing"
    what = f"{instruction.name} on line {instruction.line} starts ({words})"
    return f"no Go command is seen to make what {what}; seen: {seen}"


def _started(draft: Draft, step: Step, *, misplaced: bool = True) -> Artefact | None:
    """The program that a command of the launch starts, with its copy added to the draft."""
    word = step.argv[0] if step.argv else None
    if not word:
        return None
    if "/" not in word:
        return _on_path(draft, word)
    path = step.absolute(word)
    if path is None:
        return None
    artefact = draft.go.artefact_at(path)
    if artefact is None:
        return _misplaced(draft, step, path) if misplaced else None
    _carry(draft, artefact, path)
    return artefact


def _on_path(draft: Draft, name: str) -> Artefact | None:
    for folder in draft.stage.final_state.path_folders() or ():
        artefact = draft.go.artefact_at(posixpath.join(folder, name))
        if artefact is not None:
            # The runtime's own PATH does not know /go/bin.
            usual = folder in DEFAULT_PATH.split(":")
            _carry(draft, artefact, artefact.path if usual else f"/usr/local/bin/{name}")
            return artefact
    return None


def _misplaced(draft: Draft, step: Step, path: str) -> Artefact | None:
    """The program that the entry point means, when it names a file that nothing makes."""
    go = draft.go
    twin = go.artefact_named(posixpath.basename(path))
    taken = go.files.origin(path) is not None or go.files.is_folder_before(path, draft.stage.instructions[-1])
    if twin is None or taken:
        return None
    line = step.instruction.line
    draft.findings.append(
        Finding(
            step.instruction.start,
            f"{step.instruction.name} starts {path}, which nothing makes: the build writes {twin.path}; "
            "the image does not start as it stands",
        )
    )
    draft.doubt(f"{path} is made by nothing and shares its name with {twin.path}", f"line {line}")
    _carry(draft, twin, path)
    return twin


def _carry(draft: Draft, artefact: Artefact, target: str) -> None:
    draft.carry(artefact.path, target)
    if not artefact.sure:
        draft.doubt(
            f"the program's name comes from the start command: nothing shows that the build makes {artefact.path}",
            f"line {artefact.step.instruction.line}",
        )
