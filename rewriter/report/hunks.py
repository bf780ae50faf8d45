"""Which change made which hunk of the diff."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from rewriter.edit import carry, ordered
from rewriter.result import Result
from rewriter.source import line_of
from rewriter.transform import Change, Transform


class Placed(NamedTuple):
    """A change and the lines of the final text (1-based, inclusive) that one of its edits ends up in."""

    transform: Transform
    change: Change
    first: int
    last: int


def placed_changes(result: Result) -> Iterator[Placed]:
    """Every edit of every change with its lines in the text after the whole chain."""
    all_edits = [ordered(edit for change in step.changes for edit in change.edits) for step in result.steps]
    for index, step in enumerate(result.steps):
        for change in step.changes:
            for edit in change.edits:
                start = carry(edit.start, tuple(e for e in all_edits[index] if e.end <= edit.start and e is not edit))
                end = start + len(edit.text.rstrip("\r\n"))
                for later in all_edits[index + 1 :]:
                    start, end = carry(start, later), carry(end, later)
                yield Placed(step.transform, change, line_of(result.after, start), line_of(result.after, end))


def changes_of_hunk(placed: list[Placed], first: int, length: int) -> list[tuple[Transform, Change]]:
    """The changes with an edit in the lines of a hunk of the new text, in order, each once."""
    last = first + max(length, 1) - 1
    found: list[tuple[Transform, Change]] = []
    for item in placed:
        if item.first <= last and first <= item.last and (item.transform, item.change) not in found:
            found.append((item.transform, item.change))
    return found
