"""Shapes of lines: how they end, what they are made of, how they are continued."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING

from rewriter.source import BOM
from rewriter.syntax import Instruction
from tests.shapes.tables import KEYWORDS, Table, search, sentences, table

if TYPE_CHECKING:
    from tests.shapes.view import View

TEXT: Table = table(
    r"""
    lines: crlf -- Lines that end in CR LF.
        text ~ \r\n
    lines: lone carriage return -- A carriage return that ends no line.
        text ~ \r(?!\n)
    lines: no final newline -- The last line has no line end.
        text ~ [^\n]\Z
    lines: blank lines at the end -- The file ends in one or more blank lines.
        text ~ \n[ \t\r]*\n[ \t\r]*\Z
    lines: blank lines at the start -- The file starts with a blank line.
        text ~ \A\s*\n
    lines: several blank lines in a row -- Two or more blank lines in a row.
        text ~ \n[ \t\r]*\n[ \t\r]*\n
    lines: blank line of blanks -- A line of nothing but blanks or tabs.
        text ~ ^[ \t]+\r?$
    lines: tabs -- A line is indented by a tab.
        text ~ ^[ ]*\t
    lines: very long -- A line of 500 characters or more.
        text ~ ^[^\n]{500}
    """,
)

ODD: Table = table(
    r"""
    lines: not ascii -- Characters beyond ASCII.
        text ~ [\x80-\ud7ff\ue000-\U0010ffff]
    lines: not utf-8 -- Bytes that are not UTF-8.
        text ~ [\ud800-\udfff]
    lines: odd blanks -- A blank that is none of ASCII's.
        text ~ [\v\f\x85\xa0\u2000-\u200b\u2028\u2029\u3000]
    lines: typographic quotes -- Quotes that a word processor turned into others.
        text ~ [\u2018-\u201d]
    lines: control characters -- A control character.
        text ~ [\x00-\x08\x0e-\x1f\x7f]
    """
)

KEYWORD: Table = table(
    r"""
    keywords: lower case -- A keyword in lower case.
        keywords ~ ^[a-z]+$
    keywords: other case -- A keyword in mixed case.
        keywords ~ [A-Z][a-z]|[a-z][A-Z]
    keywords: as in lower case -- `as` between image and name of a stage.
        FROM ~ \s[aA]s\s
    """,
)

_TRAILING = re.compile(r"[^\s\\`][ \t]+\r?$", re.MULTILINE)
_ODD = re.compile(r"[^\n\r\t -~]")

FOUND = {
    "lines: trailing blanks": "Blanks at the end of a line that is not continued.",
    "keywords: several blanks behind": "Several blanks, or a tab, behind a keyword.",
    "keywords: columns": "Arguments that are lined up in a column.",
    "lines: mixed ends": "CR LF and bare LF in one file.",
    "lines: byte order mark": "The file starts with a byte order mark.",
    "lines: instruction indented": "An instruction does not start in the first column.",
    "lines: many": "200 lines or more.",
    "lines: tiny": "Three instructions or fewer.",
    "continued: anything": "An instruction of several lines.",
    "continued: blank line within": "A blank line inside an instruction of several lines.",
    "continued: comment within": "A comment line inside an instruction of several lines.",
    "continued: comment indented within": "An indented comment line inside an instruction.",
    "continued: comment ends in the escape": "A comment line inside an instruction ends in the escape token as well.",
    "continued: comment comes first": "A comment line directly behind an instruction's first line.",
    "continued: comment comes last": "An instruction's last line is a comment.",
    "continued: commented-out part": "A comment inside an instruction is a part that was switched off.",
    "continued: into a blank line": "The last line is continued, and a blank line ends nothing.",
    "continued: into nothing": "The last line that is no comment is continued.",
    "continued: over another instruction": "A line that looks like an instruction is taken in by the one above.",
    "continued: blanks behind the escape": "Blanks behind the escape token at a line's end.",
    "continued: doubled escape": "Two escape tokens at a line's end.",
    "continued: escape alone": "A line of nothing but the escape token.",
    "continued: escape glued": "The escape token touches the word before it.",
    "continued: keyword alone": "A first line of keyword and escape token only.",
    "continued: operator first": "A continuation line starts with `&&`, `||`, `|` or `;`.",
    "continued: operator last": "A continued line has `&&`, `||`, `|` or `;` before the escape token.",
    "continued: not indented": "A continuation line starts in the first column.",
    "continued: escapes in a column": "The escape tokens of an instruction are lined up.",
    "continued: 40 lines": "An instruction of 40 lines or more.",
    **{
        f"continued: {name}": f"A {name.upper()} of several lines."
        for name in "add arg cmd copy entrypoint env expose from healthcheck label onbuild run volume".split()
    },
}

DESCRIPTIONS = FOUND | sentences(TEXT) | sentences(ODD) | sentences(KEYWORD)


def found(view: View) -> Iterator[str]:
    """The shapes of the lines of a text."""
    yield from search(TEXT, view)
    yield from search(KEYWORD, view)
    if _ODD.search(view.text):
        yield from search(ODD, view)
    text = view.text
    if 0 < text.count("\r\n") < text.count("\n"):
        yield "lines: mixed ends"
    if any(end in text for end in (" \n", "\t\n", " \r", "\t\r")) and _TRAILING.search(text):
        yield "lines: trailing blanks"
    if text.startswith(BOM):
        yield "lines: byte order mark"
    if text.count("\n") >= 200:
        yield "lines: many"
    if len(view.dockerfile.instructions) <= 3:
        yield "lines: tiny"
    columns = [_gap(instruction) for instruction in view.dockerfile.instructions]
    if any(gap > 1 for gap, _ in columns):
        yield "keywords: several blanks behind"
    if any(a[1] == b[1] and a[0] > 1 and b[0] > 1 for a, b in pairwise(columns)):
        yield "keywords: columns"
    for instruction in view.dockerfile.instructions:
        yield from _instruction(instruction)


def _gap(instruction: Instruction) -> tuple[int, int]:
    """How many blanks stand behind the keyword (a tab counts as eight), and the column behind them."""
    text = instruction.logical.text
    size = len(instruction.keyword)
    gap = text[size : len(text) - len(text[size:].lstrip(" \t"))].expandtabs()
    return len(gap), size + len(gap)


_BEHIND = re.compile(r"\s#")
_OPERATORS = ("&&", "||", "|", ";")


def _instruction(instruction: Instruction) -> Iterator[str]:
    text = instruction.text
    if text[0] in " \t\xa0":
        yield "lines: instruction indented"
    if instruction.name not in ("RUN", "ONBUILD", "CMD", "ENTRYPOINT") and _BEHIND.search(instruction.args):
        yield "comments: behind an instruction"
    lines = [line.rstrip("\r") for line in text.removesuffix("\n").split("\n")]
    if any(line.rstrip().endswith(instruction.escape * 2) for line in lines):
        yield "continued: doubled escape"
    if len(lines) == 1 or instruction.heredocs:
        return
    yield "continued: anything"
    if f"continued: {instruction.name.lower()}" in FOUND:
        yield f"continued: {instruction.name.lower()}"
    yield from _continued(instruction, lines)


def _continued(instruction: Instruction, lines: list[str]) -> Iterator[str]:
    escape = instruction.escape
    bare = [line.strip() for line in lines]
    if instruction.comments:
        yield from _comments_within(instruction, bare)
    if not all(bare[1:]):
        yield "continued: blank line within"
    if not bare[-1]:
        yield "continued: into a blank line"
    if escape in bare:
        yield "continued: escape alone"
    if bare[0].removesuffix(escape).rstrip() == instruction.keyword:
        yield "continued: keyword alone"
    if len(lines) >= 40:
        yield "continued: 40 lines"
    code = [line for line in lines[1:] if line.strip() and not line.lstrip().startswith("#")]
    if not code or code[-1].rstrip().endswith(escape):
        yield "continued: into nothing"
    if any(line[0] not in " \t" for line in code):
        yield "continued: not indented"
    if any(re.match(rf"\s*{KEYWORDS}\s", line) for line in code) and instruction.name != "HEALTHCHECK":
        yield "continued: over another instruction"
    if any(line.lstrip().startswith(_OPERATORS) for line in code):
        yield "continued: operator first"
    yield from _line_ends(instruction, [line for line in (lines[0], *code) if line.rstrip().endswith(escape)])


def _line_ends(instruction: Instruction, lines: list[str]) -> Iterator[str]:
    escape = instruction.escape
    if any(line[-1] in " \t" for line in lines):
        yield "continued: blanks behind the escape"
    bare = [line.rstrip()[:-1] for line in lines]
    if any(line and line[-1] not in " \t" + escape for line in bare):
        yield "continued: escape glued"
    if any(line.rstrip().endswith(_OPERATORS) for line in bare):
        yield "continued: operator last"
    columns = {len(line) for line in bare}
    if len(bare) >= 3 and len(columns) == 1 and len({len(line.rstrip()) for line in bare}) > 1:
        yield "continued: escapes in a column"


def _comments_within(instruction: Instruction, bare: list[str]) -> Iterator[str]:
    yield "continued: comment within"
    source, escape = instruction.source, instruction.escape
    comments = [source[start:end] for start, end in instruction.comments]
    if any(comment[0] in " \t" for comment in comments):
        yield "continued: comment indented within"
    if any(comment.rstrip().endswith(escape) for comment in comments):
        yield "continued: comment ends in the escape"
    if bare[1].startswith("#"):
        yield "continued: comment comes first"
    if bare[-1].startswith("#"):
        yield "continued: comment comes last"
    if any(re.match(r"\s*#+\s*(?:&&|\|\||[-\w.]+\s*(?:\\|$)|\w+=)", comment) for comment in comments):
        yield "continued: commented-out part"
