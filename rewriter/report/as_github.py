"""The report as commands of a GitHub workflow: its runner makes each an annotation beside the line that it is about.

https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rewriter.report.words import masked, visible
from rewriter.source import line_of

if TYPE_CHECKING:
    from rewriter.proof.verdict import Proof
    from rewriter.result import Result, Step
    from rewriter.transform import Change

_LONGEST = 2_000
"""Characters of a message; GitHub cuts at 4,096, escapes and all."""


def render_github(path: str, result: Result, proof: Proof | None = None) -> Iterator[str]:
    """One command for each finding and change, line by line, without line ends."""
    for finding in result.findings:
        title = f"{finding.transform or 'pragma'}: finding"
        yield command("warning", path, finding.message, title=title, line=finding.line)
    for step in result.steps:
        for change in step.changes:
            doubts = "".join(f"\nTo look at: {doubt}" for doubt in change.doubts)
            first, last = _lines(result, step, change)
            title = f"{step.transform.name} ({change.level})"
            yield command("notice", path, f"{change.why}{doubts}", title=title, line=first, end=last)
    if proof is not None and not proof.verdict.holds:
        yield command("warning", path, proof.reason, title=f"not written: {proof.verdict.value}")
    for fault in result.unsound:
        yield command(
            "error", path, f"{fault}; the change was thrown away, please report it", title="fault of dfrewrite"
        )


def _lines(result: Result, step: Step, change: Change) -> tuple[int, int]:
    """The lines of the original that a change is about."""
    line = step.line(change.anchor)
    if step.before != result.before or not change.edits:
        return line, line
    last = max(line_of(step.before, max(edit.end - 1, edit.start)) for edit in change.edits)
    return line, max(line, last)


def command(kind: str, path: str, text: str, *, title: str, line: int = 0, end: int = 0) -> str:
    """One command in one line, whatever its values hold."""
    places = [("file", path)]
    if line:
        places += [("line", str(line)), ("endLine", str(end or line))]
    places.append(("title", title))
    values = ",".join(f"{name}={_value(value)}" for name, value in places)
    said = masked(text)
    return f"::{kind} {values}::{_data(said if len(said) <= _LONGEST else f'{said[:_LONGEST]}…')}"


def _data(text: str) -> str:
    text = "".join(character if character in "\r\n" else visible(character) for character in text)
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _value(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
