"""Tables of shapes that a pattern finds: a text that is read by two lines a shape.

The first line holds the name and the sentence that says what it is, the second the part of the Dockerfile in which to
look (see ``view.py``) and a pattern behind ``~``, or some words behind ``has``. A table is a text because its patterns
would not fit on the lines of a dict.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from tests.shapes.view import View

KEYWORDS = r"(?:ADD|ARG|CMD|COPY|ENTRYPOINT|ENV|EXPOSE|FROM|LABEL|MAINTAINER|RUN|USER|VOLUME|WORKDIR)"


class Row(NamedTuple):
    """A shape that a pattern, or one of some words, finds in one of the parts of a Dockerfile."""

    part: str
    pattern: re.Pattern[str]
    words: tuple[str, ...]
    """Looked for instead of the pattern where there are any: much faster."""
    sentence: str


Table = Mapping[str, Row]


def row(part: str, pattern: str, sentence: str, words: tuple[str, ...] = ()) -> Row:
    """A row; ``^`` and ``$`` are those of a line."""
    return Row(part, re.compile(pattern, re.MULTILINE), words, sentence)


def table(text: str, **abbreviations: str) -> Table:
    """The rows of a text; ``<NAME>`` in a pattern stands for an abbreviation."""
    lines = [line.strip() for line in text.strip().split("\n")]
    rows = {}
    for first, second in zip(lines[::2], lines[1::2], strict=True):
        name, _, sentence = first.partition(" -- ")
        part, tilde, pattern = second.partition(" ~ ")
        if not tilde:
            part, _, words = second.partition(" has ")
            rows[name] = row(part, "", sentence, tuple(words.split(" | ")))
            continue
        for short, long in abbreviations.items():
            pattern = pattern.replace(f"<{short}>", long)
        rows[name] = row(part, pattern, sentence)
    return rows


def search(rows: Table, view: View) -> Iterator[str]:
    """The names of the rows that find something in their part."""
    parts = view.parts
    for name, (part, pattern, words, _) in rows.items():
        text = parts[part]
        if text and (any(word in text for word in words) if words else pattern.search(text)):
            yield name


def sentences(rows: Table) -> dict[str, str]:
    """What the rows say about their shapes."""
    return {name: row.sentence for name, row in rows.items()}
