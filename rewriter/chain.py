"""The chain: each transform plans on a fresh reading of the text before it; every change is checked at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from rewriter.edit import OverlappingEditsError, ordered, splice
from rewriter.facts import CATALOGUE, Facts
from rewriter.pragmas import ignored_file, odd_pragmas, pragmas
from rewriter.result import LocatedFinding, Result, Step, Withheld
from rewriter.situation import Options, Situation
from rewriter.source import line_of
from rewriter.syntax import DockerfileError
from rewriter.transform import Change, Declined, Finding, Level, Phase, Transform

if TYPE_CHECKING:
    from rewriter.context import BuildContext


def run_chain(
    text: str, transforms: Sequence[Transform], context: BuildContext | None = None, options: Options | None = None
) -> Result:
    """Rewrites one text. Raises DockerfileError when it is no Dockerfile; faults of ours are in ``Result.unsound``."""
    options = options or Options()
    facts = CATALOGUE
    first = Situation(text, context, options, facts)
    if options.target is not None and first.model.find(options.target, len(first.model.stages)) is None:
        raise DockerfileError(1, f"there is no stage {options.target!r} to build")
    ignored = ignored_file(first.model)
    if ignored is not None:
        return Result(text, text, ignored=ignored or "# dfrewrite: ignore-file")
    result = _once(text, transforms, context, options, facts, first)
    if not result.changed:
        return result
    again = _once(result.after, transforms, context, options, facts, None)
    if again.changed or again.unsound:
        fault = "running the chain again changes the result once more"
        return Result(text, text, (), result.findings, None, (*result.unsound, fault))
    return result


def _once(
    text: str,
    transforms: Sequence[Transform],
    context: BuildContext | None,
    options: Options,
    facts: Facts,
    first: Situation | None,
) -> Result:
    from rewriter.forecast import forecast

    steps: list[Step] = []
    findings: list[LocatedFinding] = []
    unsound: list[str] = []
    current = text
    situation = first
    for index, transform in enumerate(transforms):
        if situation is None or situation.text != current:
            situation = Situation(current, context, options, facts)
        situation.ahead = _ahead(transforms[index + 1 :], situation)
        step, found, fault = _step(transform, situation)
        anchors = [*(c.anchor for c in step.changes), *(d.anchor for d in step.declined)]
        anchors += [item.change.anchor for item in step.withheld]
        step = replace(step, lines={anchor: _original_line(text, steps, anchor) for anchor in anchors})
        steps.append(step)
        findings += [LocatedFinding(_original_line(text, steps[:-1], item.anchor), item.message) for item in found]
        if fault:
            unsound.append(f"{transform.name}: {fault}")
        current = step.after
    findings += [LocatedFinding(line, message) for line, message in odd_pragmas(first.model)] if first else []
    unique = tuple(dict.fromkeys(findings))
    last = (
        situation
        if situation is not None and situation.text == current
        else Situation(current, context, options, facts)
    )
    predicted = forecast(Situation(text, context, options, facts), last) if current != text else None
    return Result(text, current, tuple(steps), unique, predicted, tuple(unsound))


def _ahead(later: Sequence[Transform], situation: Situation) -> frozenset[Phase]:
    """The phases that follow; a transform that any pragma could silence is not counted on."""
    silencers = pragmas(situation.model)
    sure = (t for t in later if not any(not pragma.names or t.name in pragma.names for pragma in silencers))
    return frozenset(transform.phase for transform in sure)


def _step(transform: Transform, situation: Situation) -> tuple[Step, list[Finding], str]:
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
