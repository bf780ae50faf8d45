"""The program that a final stage starts and receives from another stage: for what is done to it there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rewriter.model.launch import launch_of

if TYPE_CHECKING:
    from rewriter.ecosystems.artefacts import Artefact
    from rewriter.ecosystems.ecosystem import Ecosystem
    from rewriter.model.launch import Launch
    from rewriter.model.stages import Stage
    from rewriter.situation import Situation
    from rewriter.syntax import Instruction


@dataclass(frozen=True, slots=True)
class Started:
    """A program with its stage, the COPY that brings it, and what starts it."""

    launch: Launch
    copy: Instruction
    path: str
    """Absolute, in the final stage."""
    stage: Stage
    """The one that makes it."""
    language: Ecosystem
    artefact: Artefact


def started_from(situation: Situation) -> Started | str:
    """The one program of the start command; or why it is not seen."""
    final = situation.model.final
    launch = launch_of(final, situation.files(final))
    if isinstance(launch, str):
        return launch
    if launch.scripts or len(launch.steps) != 1:
        return "the start command is a script, or more than one program"
    step = launch.steps[0]
    word = step.argv[0] if step.argv else None
    path = step.absolute(word) if word and "/" in word else f"/usr/local/bin/{word}"
    for instruction, state in final.numbered():
        name = instruction.flag("from") if instruction.name == "COPY" else None
        if path is None or name is None or len(instruction.operands) != 2:
            continue
        if state.absolute(state.expand(instruction.operands[-1], instruction.escape) or "") != path:
            continue
        stage = situation.model.find(name, final.index)
        language = situation.ecosystem(stage) if stage is not None else None
        artefact = language.artefact_at(instruction.operands[0]) if language is not None else None
        if stage is None or language is None or artefact is None:
            return f"line {instruction.line}: how {instruction.operands[0]} is made in {name} is not seen"
        return Started(launch, instruction, path, stage, language, artefact)
    return f"the final stage does not receive {word or 'what it starts'} from another stage"
