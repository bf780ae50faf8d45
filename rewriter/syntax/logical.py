"""Logical text: what BuildKit sees of an instruction, with a map back to the file.

BuildKit joins continuation lines before it reads anything: the escape token, the blanks after it, the line end and
any comment lines in between vanish. ``Logical`` is that joined text; its map says where in the file each character
stands, so that a word found in the logical text can be edited in the file.
"""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate
from typing import NamedTuple


class Span(NamedTuple):
    """A half-open range of character offsets, ``start <= i < end``."""

    start: int
    end: int

    def overlaps(self, other: Span) -> bool:
        """True when both hold a character in common."""
        return self.start < other.end and other.start < self.end


class Logical:
    """A joined text and the file spans that it was joined from."""

    __slots__ = ("_starts", "pieces", "text")

    def __init__(self, source: str, pieces: tuple[Span, ...]) -> None:
        self.pieces = pieces
        if len(pieces) == 1:
            self.text = source[pieces[0].start : pieces[0].end]
        else:
            self.text = "".join([source[start:end] for start, end in pieces])
        self._starts: list[int] | None = None

    @property
    def starts(self) -> list[int]:
        """Logical offset at which each piece starts."""
        if self._starts is None:
            self._starts = [0, *accumulate(end - start for start, end in self.pieces[:-1])]
        return self._starts

    def offset(self, position: int) -> int:
        """File offset of a logical position; the end of the text maps to the end of its last piece."""
        index = max(bisect_right(self.starts, position) - 1, 0)
        # An empty piece shares its logical start with the next one: the last of them holds the character.
        return self.pieces[index].start + position - self.starts[index]

    def span(self, start: int, end: int) -> Span:
        """The smallest file span that covers a logical range; it may run over continuation lines in between."""
        if start >= end:
            at = self.offset(start)
            return Span(at, at)
        return Span(self.offset(start), self.offset(end - 1) + 1)

    def whole(self, start: int, end: int) -> bool:
        """True when the logical range stands in the file uninterrupted by a continuation."""
        covering = self.span(start, end)
        return covering.end - covering.start == end - start

    def slice(self, source: str, start: int, end: int) -> Logical:
        """The logical text of a part, with its own map."""
        parts = []
        for begin, piece in zip(self.starts, self.pieces, strict=True):
            low, high = max(start, begin), min(end, begin + piece.end - piece.start)
            if low < high:
                parts.append(Span(piece.start + low - begin, piece.start + high - begin))
        at = self.offset(start)
        return Logical(source, tuple(parts) or (Span(at, at),))
