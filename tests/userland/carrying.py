"""Carries the one RUN of a text over, and holds on the way what every answer has to keep."""

from __future__ import annotations

from rewriter.edit import Edit, splice
from rewriter.model.run import steps
from rewriter.model.stages import Model
from rewriter.shell import Opaque
from rewriter.soundness import check, commands_of
from rewriter.syntax import Instruction, parse
from rewriter.userland.carry import AlpineTarget, Carried, Refused, carry_run


def target(release: str | None = "3.11", family: str = "debian", **more: frozenset[str]) -> AlpineTarget:
    return AlpineTarget(release, family, **more)


def run_of(text: str) -> Instruction:
    return next(i for i in parse(text).instructions if i.name == "RUN")


def carry(text: str, to: AlpineTarget | None = None, *, cached: bool = False) -> Carried | Refused | None:
    """What becomes of the first RUN of a Dockerfile."""
    stage = Model(parse(text)).stages[-1]
    run = next(index for index, instruction in enumerate(stage.instructions) if instruction.name == "RUN")
    found = steps(stage.instructions[run], stage.states[run])
    assert not isinstance(found, Opaque), found
    return carry_run(stage.instructions[run], stage.states[run], found, to or target(), cached=cached)


def carried(text: str, to: AlpineTarget | None = None, *, cached: bool = False) -> Carried:
    answer = carry(text, to, cached=cached)
    assert isinstance(answer, Carried), answer
    return answer


def refused(text: str, to: AlpineTarget | None = None) -> str:
    answer = carry(text, to)
    assert isinstance(answer, Refused), answer
    return answer.reason


def rewritten(text: str, answer: Carried) -> str:
    """The whole text afterwards; soundness has read it, with the commands that were promised."""
    assert answer.edits
    assert not answer.drops
    edits = tuple(
        Edit(edit.start, edit.end, edit.text, commands=answer.promised) if number == 0 else edit
        for number, edit in enumerate(answer.edits)
    )
    before = parse(text)
    after = splice(text, edits)
    check(before, edits, after)
    run = next(i for i in before.instructions if i.name == "RUN")
    assert all(run.start < edit.start and edit.end <= run.end and edit.text for edit in answer.edits)
    assert commands_of(run_of(after)) == answer.promised
    return after


def body(run: str, to: AlpineTarget | None = None, *, head: str = "FROM debian\n", cached: bool = False) -> str:
    """A RUN after it is carried over."""
    text = head + run
    return rewritten(text, carried(text, to, cached=cached))[len(head) :]


__all__ = [
    "Carried",
    "Refused",
    "body",
    "carried",
    "carry",
    "refused",
    "rewritten",
    "target",
]
