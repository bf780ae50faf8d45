"""The report for a person: the diff, each hunk with its reason, what was left alone, findings, the forecast."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from rewriter.report.hunks import ChangesByLine
from rewriter.report.words import masked, placed
from rewriter.transform import Change, Transform

if TYPE_CHECKING:
    from unidiff.patch import PatchSet

    from rewriter.proof.verdict import Proof
    from rewriter.result import BaseSize, Forecast, Result

Style = Callable[[str, str], str]
"""Takes a text and its role (path, add, remove, hunk, note, doubt, finding, error, or "") and gives it its look.

Every text that may hold something of the user's goes through it: on a terminal it makes control characters visible.
"""


_LONGEST = 500  # characters of a reason; one that quotes a Dockerfile can be as long as its lines
_CONTROLS = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")


def plain(text: str, _role: str) -> str:
    """No colours."""
    return text


def render_text(
    path: str, result: Result, patch: PatchSet | None, style: Style = plain, proof: Proof | None = None
) -> Iterator[str]:
    """The report on one file, line by line, without line ends."""
    if result.ignored:
        yield f"{style(path, 'path')}: left alone, as its pragma asks ({style(result.ignored, '')})"
        return
    if patch is not None:
        count = len(result.changes)
        yield f"{style(path, 'path')}: {count} change{'s' if count != 1 else ''}{_forecast(result.forecast)}"
        yield ""
        yield from _diff(result, patch, style)
    else:
        yield f"{style(path, 'path')}: nothing to change"
    yield from _left_alone(result, style)
    yield from _findings(result, style)
    if proof is not None:
        from rewriter.report.proof import proof_lines

        yield from proof_lines(proof, style)
    for fault in result.unsound:
        yield style(f"  fault of dfrewrite: {fault}; the change was thrown away, please report it", "error")


def _forecast(forecast: Forecast | None) -> str:
    if forecast is None:
        return ""
    sizes = f"{base_size(forecast.before)} → {base_size(forecast.after)}"
    return f", {sizes} (base images only; what the build makes is not counted)"


def base_size(size: BaseSize | None) -> str:
    """A size, or the range that it lies in, in words."""
    if size is None:
        return "an unknown size"
    if not size.estimate:
        return f"{size.likely:.0f} MB"
    return f"about {size.low:.0f} to {size.high:.0f} MB"


def _diff(result: Result, patch: PatchSet, style: Style) -> Iterator[str]:
    changes = ChangesByLine(result)
    told: set[int] = set()
    doubts: set[str] = set()
    for file in patch:
        yield style(f"--- {file.source_file}", "remove")
        yield style(f"+++ {file.target_file}", "add")
        for hunk in file:
            for transform, change in changes.of_hunk(hunk.target_start, hunk.target_length):
                if id(change) not in told:
                    told.add(id(change))
                    yield from _reason(transform, change, doubts, style)
            header, *lines = str(hunk).removesuffix("\n").split("\n")
            yield style(header, "hunk")
            for line in lines:
                role = {"+": "add", "-": "remove"}.get(line[:1], "")
                yield style(line, role)
    yield ""


def _reason(transform: Transform, change: Change, told: set[str], style: Style) -> Iterator[str]:
    yield style(f"# {transform.name} [{change.level}]: {_short(change.why)}", "note")
    for doubt in change.doubts:
        if doubt not in told:
            told.add(doubt)
            yield style(f"#   to look at: {_short(doubt)}", "doubt")


def _left_alone(result: Result, style: Style) -> Iterator[str]:
    lines = []
    for step in result.steps:
        for declined in step.declined:
            line, why = placed(step, declined)
            lines.append(f"  {step.transform.name}, line {line}: {_short(why)}")
        for withheld in step.withheld:
            where = step.line(withheld.change.anchor)
            not_done = f"not done, {withheld.reason}. It would have been: {_short(withheld.change.why)}"
            lines.append(f"  {step.transform.name}, line {where}: {not_done}")
    # After a split, the line numbers are those of the text that the transform saw.
    if lines:
        yield style("Left alone:", "note")
        yield from (style(line, "") for line in lines)


def _findings(result: Result, style: Style) -> Iterator[str]:
    if result.findings:
        yield style("Findings:", "finding")
        for finding in result.findings:
            yield style(f"  line {finding.line}: {_short(finding.message)}", "")


def _short(reason: str) -> str:
    """A reason in one line, whatever it quotes."""
    reason = masked(reason)
    shown = reason if len(reason) <= _LONGEST else f"{reason[:_LONGEST]}…"
    return _CONTROLS.sub(lambda match: match.group().encode("unicode_escape").decode(), shown)
