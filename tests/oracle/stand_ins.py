"""Characters that stand in for what the package cannot take: bytes that are no UTF-8, and NUL.

The package ends its process on text that is not UTF-8, gives no answer to a file that is not, and stops at a NUL. To
BuildKit's parser such a byte is a character like any other, neither blank nor special, so the oracle is asked about
the text with another such character in its place; and our own reader must see the same spans in both texts.
"""

from __future__ import annotations

import re

from rewriter.source import line_of
from rewriter.syntax import Dockerfile, DockerfileError, Flag, Instruction, JsonString, Pair, Word, parse

# BuildKit walks flags byte by byte, where 0x85 and 0xA0 are blanks: no stand-in may hold one of them.
_POOL = [chr(code) for code in range(0xE100, 0xE200) if not {0x85, 0xA0} & set(chr(code).encode())][:128]
_TABLE = {0xDC80 + index: char for index, char in enumerate(_POOL)} | {0: "\x01"}
_BLANK_BYTES = re.compile("[\udc85\udca0]")

Shape = tuple[object, ...]


def stand_in(text: str) -> str:
    """The text with a stand-in for each byte that is no UTF-8 and for each NUL; offsets stay the same."""
    return text.translate(_TABLE)


def why_not_faithful(text: str, changed: str) -> str:
    """Why the stand-ins may change how a text is read, or an empty string when they cannot."""
    if _BLANK_BYTES.search(text):
        return "a byte that is no UTF-8 is a blank in a flag"
    longest = max((len(line.encode()) for line in changed.split("\n")), default=0)
    return "a line grows too long" if longest >= 65_535 else ""


def shape(text: str) -> Shape:
    """Every span that our reader sees in a text, or the line that it rejects."""
    try:
        return _of(parse(text))
    except DockerfileError as error:
        return ("rejected", error.line)


def _of(dockerfile: Dockerfile) -> Shape:
    return tuple(
        (_spans(node) if isinstance(node, Instruction) else node.kind, node.start, node.end)
        for node in dockerfile.nodes
    )


def _spans(node: Instruction) -> Shape:
    pairs = node.pairs if node.name in ("ENV", "LABEL", "ARG") else ()
    parts: list[Flag | Word | JsonString | Pair] = [*node.flags, *node.words, *(node.json or ()), *pairs]
    return (
        line_of(node.source, node.start),
        len(node.keyword),
        node.args_start,
        node.json is None,
        tuple((part.start, part.end) for part in parts),
        tuple((heredoc.body, heredoc.terminator, heredoc.expand) for heredoc in node.heredocs),
        node.comments,
        _spans(node.trigger) if node.trigger is not None else (),
    )
