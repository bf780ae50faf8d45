"""What the runtime receives first: what the image starts, and what else its author built."""

from __future__ import annotations

import posixpath

from rewriter.ecosystems.artefacts import Artefact
from rewriter.model.launch import tested_programs
from rewriter.model.run import Step
from rewriter.model.state import DEFAULT_PATH
from rewriter.planning.plan import Draft
from rewriter.transform import Finding


def find_programs(draft: Draft) -> str | None:
    """Fills in the artefacts and their copies; a reason when there is nothing to carry."""
    language = draft.language
    started: list[Artefact] = []
    for step in draft.launch.all_steps:
        found = _reached(draft, step)
        if isinstance(found, str):
            return found
        started += found
    if not started:
        return _nothing_made(draft)
    health = tested_programs(draft.stage)
    for step in health if isinstance(health, tuple) else ():
        found = _reached(draft, step, misplaced=False)
        started += found if not isinstance(found, str) else ()
    by_path = {artefact.path: artefact for artefact in started}
    names = {posixpath.basename(artefact.path) for artefact in started}
    originals = {artefact.copied_from for artefact in started}
    carried = {copy.source for copy in draft.copies}
    for artefact in language.artefacts:
        path = artefact.path
        # What comes from elsewhere is for the build unless the image starts it.
        built = (
            language.own_program(artefact) and not path.startswith("/tmp/") and posixpath.basename(path) not in names
        )
        if built and path not in by_path and path not in carried and path not in originals:
            by_path[path] = artefact
            folder, name = posixpath.split(path)
            on_path = folder in (draft.stage.final_state.path_folders() or ()) and folder not in DEFAULT_PATH.split(":")
            draft.carry(path, f"/usr/local/bin/{name}" if on_path else path)
    draft.artefacts = tuple(by_path.values())
    return None


def _nothing_made(draft: Draft) -> str:
    instruction = draft.launch.instruction
    words = " ".join(word or "…" for word in draft.launch.steps[0].argv[:3])
    seen = ", ".join(artefact.path for artefact in draft.language.artefacts) or "nothing"
    what = f"{instruction.name} on line {instruction.line} starts ({words})"
    return f"no {draft.language.name} command is seen to make what {what}; seen: {seen}"


def _reached(draft: Draft, step: Step, *, misplaced: bool = True) -> list[Artefact] | str:
    """The artefacts that a command of the launch starts or loads, with their copies added to the draft."""
    words = draft.language.starts(step)
    if isinstance(words, str):
        return f"line {step.instruction.line}: {words}"
    found = (_started(draft, step, word, misplaced=misplaced) for word in words)
    return [artefact for artefact in found if artefact is not None]


def _started(draft: Draft, step: Step, word: str, *, misplaced: bool = True) -> Artefact | None:
    """The artefact of one word, with its copy added to the draft."""
    if "/" not in word and word == step.argv[0]:
        return _on_path(draft, word)
    path = step.absolute(word)
    if path is None:
        return None
    artefact = draft.language.artefact_at(path)
    if artefact is None:
        return _misplaced(draft, step, path) if misplaced else None
    _carry(draft, artefact, path)
    return artefact


def _on_path(draft: Draft, name: str) -> Artefact | None:
    for folder in draft.stage.final_state.path_folders() or ():
        artefact = draft.language.artefact_at(posixpath.join(folder, name))
        if artefact is not None:
            # The runtime's own PATH does not know the toolchain's folders.
            usual = folder in DEFAULT_PATH.split(":")
            _carry(draft, artefact, artefact.path if usual else f"/usr/local/bin/{name}")
            return artefact
    return None


def _misplaced(draft: Draft, step: Step, path: str) -> Artefact | None:
    """The program that the entry point means, when it names a file that nothing makes."""
    language = draft.language
    twin = language.artefact_named(posixpath.basename(path))
    taken = language.files.origin(path) is not None or language.files.is_folder_before(
        path, draft.stage.instructions[-1]
    )
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
    if artefact.kind == "dir":
        target = artefact.path
    draft.carry(artefact.path, target)
    if not artefact.sure:
        draft.doubt(
            f"the program's name comes from the start command: nothing shows that the build makes {artefact.path}",
            f"line {artefact.step.instruction.line}",
        )
