"""The report for a reviewer, as Markdown: of one file, and the parts that a pull request is made of."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rewriter.report.markup import code, escaped, fence, prose
from rewriter.report.proof import SIZES, size_rows
from rewriter.report.text import base_size
from rewriter.report.words import placed

if TYPE_CHECKING:
    from unidiff.patch import PatchSet

    from rewriter.proof.verdict import Proof
    from rewriter.result import Forecast, Result

_MOST_DIFF = 400
"""Lines of a diff; the rest is counted."""
_MOST_LISTED = 30


def render_markdown(path: str, result: Result, patch: PatchSet | None, proof: Proof | None = None) -> Iterator[str]:
    """The report on one file, line by line, without line ends."""
    yield f"## {code(path)}"
    yield ""
    if result.ignored:
        yield f"Left alone, as its pragma asks ({prose(result.ignored)})."
        return
    if not result.changed:
        yield "Nothing to change."
    else:
        yield from sizes(result.forecast, proof)
        yield from changes(result)
        if patch is not None:
            yield from _diff(patch)
    yield from left_alone(result)
    yield from findings(result)
    yield from verified(proof, changed=result.changed)
    for fault in result.unsound:
        yield f"**Fault of dfrewrite:** {prose(fault)}; the change was thrown away, please report it."
        yield ""


def sizes(forecast: Forecast | None, proof: Proof | None) -> Iterator[str]:
    """One line: the size before and after, and whether it was measured or forecast."""
    if proof is not None and proof.before is not None and proof.after is not None:
        before, after = proof.before.uncompressed, proof.after.uncompressed
        left = f", {100 * after / before:.0f} % of it" if before else ""
        yield f"**{before / 1e6:.0f} MB → {after / 1e6:.0f} MB**{left} (measured by building both)"
        yield ""
    elif forecast is not None:
        shown = f"**{base_size(forecast.before)} → {base_size(forecast.after)}**"
        yield f"{shown} (a forecast of the base images alone; what the build makes is not counted)"
        yield ""


def changes(result: Result, *, heading: str = "###") -> Iterator[str]:
    """One section for each transform that changed something, with what a person should look at."""
    doubts: set[str] = set()
    for step in result.steps:
        if not step.changes:
            continue
        yield f"{heading} {escaped(step.transform.summary)}"
        yield ""
        for change in step.changes:
            yield f"{prose(change.why)} ({change.level})"
            yield ""
            new = [doubt for doubt in change.doubts if doubt not in doubts]
            doubts.update(new)
            yield from (f"- [ ] {prose(doubt)}" for doubt in new)
            if new:
                yield ""


def left_alone(result: Result) -> Iterator[str]:
    """What was not changed and why, folded away."""
    lines = []
    for step in result.steps:
        for declined in step.declined:
            line, why = placed(step, declined)
            lines.append(f"- {code(step.transform.name)}, line {line}: {prose(why)}")
        for held in step.withheld:
            where = step.line(held.change.anchor)
            lines.append(f"- {code(step.transform.name)}, line {where}: not done, {prose(held.reason)}")
    yield from _folded("Left alone, and why", lines)


def findings(result: Result) -> Iterator[str]:
    """What is wrong or weak in the file, whatever is rewritten."""
    if result.findings:
        yield "**Findings**"
        yield ""
        yield from (f"- line {finding.line}: {prose(finding.message)}" for finding in result.findings)
        yield ""


def verified(proof: Proof | None, *, changed: bool) -> Iterator[str]:
    """How it was verified, and what was not looked at."""
    if proof is None:
        if changed:
            yield "**Not verified by building.** `dfrewrite --verify` builds both images, runs them and compares."
            yield ""
        return
    by = f" ({escaped(proof.engine)})" if proof.engine else ""
    reason = f": {prose(proof.reason)}" if proof.reason else ""
    yield f"**Verified{by}: {proof.verdict.value}**{reason}"
    yield ""
    for difference in proof.differences:
        yield f"- {difference.kind.value}: {prose(difference.what)}"
    if proof.differences:
        yield ""
    if proof.before is not None:
        yield f"| {' | '.join(SIZES)} |"
        yield "|---|--:|--:|--:|"
        yield from (f"| {' | '.join(row)} |" for row in size_rows(proof.before, proof.after))
        yield ""
    yield from _folded("The same in both images", [f"- {prose(line)}" for line in proof.seen])
    yield from _folded("Not looked at", [f"- {prose(line)}" for line in proof.not_seen])


def _folded(title: str, lines: list[str]) -> Iterator[str]:
    if not lines:
        return
    yield f"<details><summary>{title}</summary>"
    yield ""
    yield from lines[:_MOST_LISTED]
    if len(lines) > _MOST_LISTED:
        yield f"- and {len(lines) - _MOST_LISTED} more"
    yield ""
    yield "</details>"
    yield ""


def _diff(patch: PatchSet) -> Iterator[str]:
    lines = str(patch).removesuffix("\n").split("\n")
    yield from fence(lines[:_MOST_DIFF], "diff")
    if len(lines) > _MOST_DIFF:
        yield f"… and {len(lines) - _MOST_DIFF:,} more lines"
    yield ""
