"""Edits: a span of the text and what stands there instead. Rendering is a splice; nothing is re-printed."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rewriter.syntax.logical import Span


@dataclass(frozen=True, slots=True)
class Edit:
    """Replace ``start:end`` by ``text``; an insert has ``start == end``.

    ``moved_from`` names the spans whose exact bytes ``text`` carries from elsewhere: the deletion of a move and its
    insertion then count as one, and soundness checks that the bytes are the same.
    """

    start: int
    end: int
    text: str
    moved_from: tuple[Span, ...] = ()
    commands: tuple[tuple[str, ...], ...] | None = None
    """For an edit inside a shell-form RUN: the words as written of every command that its body then holds, in order.
    One edit of each RUN that is edited says so, and soundness reads the body again to see whether it is true."""
    drops: bool = False
    """True for the deletion of whole RUN instructions that come back nowhere, because nothing is left to run."""


class OverlappingEditsError(AssertionError):
    """Two edits of one transform touch the same characters: a fault of that transform."""


def ordered(edits: Iterable[Edit]) -> tuple[Edit, ...]:
    """Edits by place; inserts at one place keep their order. Raises OverlappingEditsError."""
    result = tuple(sorted(edits, key=lambda edit: (edit.start, edit.end)))
    for before, after in itertools.pairwise(result):
        if after.start < before.end:
            raise OverlappingEditsError(f"edits overlap at offset {after.start}")
    return result


def splice(text: str, edits: Iterable[Edit]) -> str:
    """The text with all edits made."""
    parts: list[str] = []
    position = 0
    for edit in ordered(edits):
        parts += (text[position : edit.start], edit.text)
        position = edit.end
    parts.append(text[position:])
    return "".join(parts)


def carry(offset: int, edits: tuple[Edit, ...]) -> int:
    """Where a character of the old text stands in the new one (for one that an edit replaces: that edit's start)."""
    shift = 0
    for edit in edits:
        if edit.end <= offset:
            shift += len(edit.text) - (edit.end - edit.start)
        elif edit.start <= offset:
            return edit.start + shift
        else:
            break
    return offset + shift
