"""Which change made which hunk of the diff."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from itertools import accumulate

from rewriter.edit import Edit, ordered
from rewriter.result import Result
from rewriter.transform import Change, Transform


class ChangesByLine:
    """The changes of a rewrite by the lines of the final text in which their edits end up."""

    def __init__(self, result: Result) -> None:
        self._made: list[tuple[Transform, Change]] = []
        self._on_line: dict[int, list[int]] = {}
        """Places in ``_made`` by 1-based line."""
        for step, change, lines in _placed(result):
            if not self._made or self._made[-1][1] is not change:
                self._made.append((step, change))
            for line in lines:
                self._on_line.setdefault(line, []).append(len(self._made) - 1)

    def of_hunk(self, first: int, length: int) -> list[tuple[Transform, Change]]:
        """The changes with an edit in the lines of a hunk of the new text, in the order in which they were made."""
        lines = range(first, first + max(length, 1))
        return [self._made[place] for place in sorted({p for line in lines for p in self._on_line.get(line, ())})]


def _placed(result: Result) -> Iterator[tuple[Transform, Change, range]]:
    """Every edit of every change with the lines of its new text after the whole chain."""
    shifts = [_Shift(ordered(edit for change in step.changes for edit in change.edits)) for step in result.steps]
    newlines = _newlines(result.after) if any(shift.edits for shift in shifts) else []
    for index, step in enumerate(result.steps):
        for change in step.changes:
            for edit in change.edits:
                start = shifts[index].start_of(edit)
                end = start + len(edit.text.rstrip("\r\n"))
                for later in shifts[index + 1 :]:
                    start, end = later.carry(start), later.carry(end)
                yield step.transform, change, range(bisect_left(newlines, start) + 1, bisect_left(newlines, end) + 2)


def _newlines(text: str) -> list[int]:
    found = []
    at = text.find("\n")
    while at >= 0:
        found.append(at)
        at = text.find("\n", at + 1)
    return found


class _Shift:
    """Where offsets go when all edits of one step are made."""

    def __init__(self, edits: tuple[Edit, ...]) -> None:
        self.edits = edits
        self._places = {id(edit): place for place, edit in enumerate(edits)}
        self._ends = [edit.end for edit in edits]
        # How much all edits before a place add to what stands behind them.
        self._growth = [0, *accumulate(len(edit.text) - (edit.end - edit.start) for edit in edits)]

    def start_of(self, edit: Edit) -> int:
        """Where the new text of an edit begins."""
        return edit.start + self._growth[self._places[id(edit)]]

    def carry(self, offset: int) -> int:
        """Where a character of the old text stands in the new one; for one that an edit replaces: that edit's start."""
        place = bisect_right(self._ends, offset)
        if place < len(self.edits) and self.edits[place].start <= offset:
            return self.edits[place].start + self._growth[place]
        return offset + self._growth[place]
