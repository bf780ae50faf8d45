"""The chain: each transform plans on a fresh reading of the text before it; every change is checked at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from rewriter.edit import OverlappingEditsError, ordered, splice
from rewriter.facts import CATALOGUE, Facts
from rewriter.pragmas import ignored_file, odd_pragmas, pragmas
from rewriter.result import ChangeId, LocatedFinding, Result, Step, Withheld
from rewriter.situation import Options, Situation
from rewriter.source import line_of
from rewriter.syntax import DockerfileError
from rewriter.transform import Change, Declined, Finding, Level, Phase, Transform

if TYPE_CHECKING:
    from rewriter.context import BuildContext


def run_chain(
    text: str,
    transforms: Sequence[Transform],
    context: BuildContext | None = None,
    options: Options | None = None,
    without: Mapping[ChangeId, str] | None = None,
    facts: Facts | None = None,
) -> Result:
    """Rewrites one text. Raises DockerfileError when it is no Dockerfile; faults of ours are in ``Result.unsound``.

    ``without`` names changes that are not to be made, each with the reason; ``facts`` stands in for the shipped ones.
    """
    task = _Task(text, transforms, context, options or Options(), facts or CATALOGUE, without or {})
    first = task.read(text)
    target = task.options.target
    if target is not None and first.model.find(target, len(first.model.stages)) is None:
        raise DockerfileError(1, f"there is no stage {target!r} to build")
    ignored = ignored_file(first.model)
    if ignored is not None:
        return Result(text, text, ignored=ignored or "# dfrewrite: ignore-file")
    result = _once(task, text, first, ())
    if not result.changed:
        return result
    again = _once(task, result.after, None, result.steps)
    if again.changed or again.unsound:
        fault = "running the chain again changes the result once more"
        return Result(text, text, (), result.findings, None, (*result.unsound, fault))
    return result


@dataclass(frozen=True, slots=True)
class _Task:
    """What the chain is asked, the same in both of its runs."""

    original: str
    transforms: Sequence[Transform]
    context: BuildContext | None
    options: Options
    facts: Facts
    without: Mapping[ChangeId, str]

    def read(self, text: str) -> Situation:
        """A fresh reading."""
        return Situation(text, self.context, self.options, self.facts)


def _once(task: _Task, text: str, first: Situation | None, earlier: Sequence[Step]) -> Result:
    """One run over a text that some earlier steps may have made of the original."""
    from rewriter.forecast import forecast

    run = _Run(task, text, first, earlier)
    for index, transform in enumerate(task.transforms):
        run.take(transform, task.transforms[index + 1 :])
    if any(step.changes and step.transform.phase is Phase.STAGES for step in run.steps):
        # A split gives the file another final stage, whose base is looked at like any other.
        for transform in task.transforms:
            if transform.phase is Phase.BASE:
                run.take(transform, (), again=True)
    findings = run.findings
    findings += [LocatedFinding(line, message) for line, message in odd_pragmas(first.model)] if first else []
    current, situation = run.current, run.situation
    last = situation if situation is not None and situation.text == current else task.read(current)
    predicted = forecast(task.read(text), last) if current != text else None
    return Result(text, current, tuple(run.steps), tuple(dict.fromkeys(findings)), predicted, tuple(run.unsound))


class _Run:
    """The transforms of one run, one after another, each on a fresh reading."""

    def __init__(self, task: _Task, text: str, first: Situation | None, earlier: Sequence[Step]) -> None:
        self.task = task
        self.current = text
        self.situation = first
        self.earlier = earlier
        self.steps: list[Step] = []
        self.findings: list[LocatedFinding] = []
        self.unsound: list[str] = []

    def take(self, transform: Transform, later: Sequence[Transform], *, again: bool = False) -> None:
        """Runs one; ``again`` notes only what it changes, for why it leaves the rest alone was told already."""
        task, situation = self.task, self.situation
        if situation is None or situation.text != self.current:
            situation = self.situation = task.read(self.current)
        situation.ahead = _ahead(later, situation, task.without)
        line_of_anchor = partial(_original_line, task.original, (*self.earlier, *self.steps))
        step, found, fault = _step(transform, situation, task.without, line_of_anchor)
        if again and not step.changes and not fault:
            return
        anchors = [*(c.anchor for c in step.changes), *(d.anchor for d in step.declined)]
        anchors += [item.change.anchor for item in step.withheld]
        self.steps.append(replace(step, lines={anchor: line_of_anchor(anchor) for anchor in anchors}))
        self.findings += [LocatedFinding(line_of_anchor(item.anchor), item.message, transform.name) for item in found]
        if fault:
            self.unsound.append(f"{transform.name}: {fault}")
        self.current = step.after


def _ahead(later: Sequence[Transform], situation: Situation, without: Iterable[ChangeId]) -> frozenset[Phase]:
    """The phases that follow; a transform that a pragma could silence, or that is held back, is not counted on."""
    silencers = pragmas(situation.model)
    held_back = {change.transform for change in without}
    sure = (
        transform
        for transform in later
        if transform.name not in held_back
        and not any(not pragma.names or transform.name in pragma.names for pragma in silencers)
    )
    return frozenset(transform.phase for transform in sure)


def _step(
    transform: Transform, situation: Situation, without: Mapping[ChangeId, str], line_of_anchor: Callable[[int], int]
) -> tuple[Step, list[Finding], str]:
    changes: list[Change] = []
    declined: list[Declined] = []
    withheld: list[Withheld] = []
    findings: list[Finding] = []
    silencers = pragmas(situation.model)
    for outcome in transform.plan(situation):
        if isinstance(outcome, Finding):
            findings.append(outcome)
        elif isinstance(outcome, Declined):
            declined.append(outcome)
        elif any(pragma.silences(transform.name, outcome.edits, outcome.anchor) for pragma in silencers):
            withheld.append(Withheld(transform.name, outcome, "a `# dfrewrite: ignore` speaks for it"))
        elif outcome.level > situation.options.level:
            asked = Level(situation.options.level)
            withheld.append(Withheld(transform.name, outcome, f"its level is {outcome.level}, above {asked}"))
        elif without and (unwanted := ChangeId(transform.name, line_of_anchor(outcome.anchor))) in without:
            withheld.append(Withheld(transform.name, outcome, without[unwanted]))
        else:
            changes.append(outcome)
    after, fault = situation.text, ""
    if changes:
        after, fault = _apply(situation, changes)
        if fault:
            changes = []
    step = Step(transform, situation.text, after, tuple(changes), tuple(declined), tuple(withheld))
    return step, findings, fault


def _apply(situation: Situation, changes: list[Change]) -> tuple[str, str]:
    """The text with the changes made, or the text as it was and the fault."""
    # Imported here: a file that nothing changes need not pay for the second reader.
    from rewriter.legality import check_legality
    from rewriter.soundness import Unsound, check

    edits = tuple(edit for change in changes for edit in change.edits)
    try:
        after = splice(situation.text, edits)
        check(situation.dockerfile, edits, after)
        check_legality(situation, Situation(after, situation.context, situation.options, situation.facts))
    except (Unsound, OverlappingEditsError) as error:
        return situation.text, str(error)
    return after, ""


def _original_line(original: str, steps: Sequence[Step], anchor: int) -> int:
    """The 1-based line of the original text that an offset behind some steps came from."""
    for step in reversed(steps):
        shift = 0
        for edit in ordered(edit for change in step.changes for edit in change.edits):
            start = edit.start + shift
            if anchor < start:
                break
            if anchor < start + len(edit.text):
                anchor = start  # new text: the place where it was put
                break
            shift += len(edit.text) - (edit.end - edit.start)
        anchor -= shift
    return line_of(original, anchor)
