"""The lossless tree of a Dockerfile.

Nodes are spans of the text and tile it: joining their text gives the file back, byte for byte. Nothing is ever
printed from a tree; a rewrite is a splice of the text. Everything below the node (flags, words, pairs) is read
lazily from the instruction's logical text and knows its place in the file.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from rewriter.syntax.words import (
    ASCII_BLANKS,
    FLAG_STARTS,
    UNICODE_BLANKS,
    Flag,
    JsonString,
    Pair,
    Word,
    parse_args,
    parse_json,
    parse_pairs,
    split_flags,
    split_plain,
)

if TYPE_CHECKING:
    from rewriter.syntax.logical import Logical, Span

JSON_FORMS = frozenset({"RUN", "CMD", "ENTRYPOINT", "SHELL", "ADD", "COPY", "VOLUME"})


class DockerfileError(ValueError):
    """The text is not a Dockerfile that BuildKit accepts: ``line`` (1-based) and ``reason``."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(f"line {line}: {reason}")
        self.line = line
        self.reason = reason


class Trivia(NamedTuple):
    """A line (or the BOM) that is no instruction: ``kind`` is bom, blank, comment or directive."""

    kind: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Heredoc:
    """A body that follows an instruction; spans hold the lines with their line ends."""

    name: str
    chomp: bool
    expand: bool
    body: Span
    terminator: Span


class Instruction:
    """One instruction with its continuation lines and heredocs.

    ``start`` and ``end`` span everything from its first line (``line``, 1-based) to the line end of its last;
    ``keyword`` is as written, ``name`` upper-case. ``comments`` are the comment lines inside its continuations.
    """

    def __init__(
        self,
        source: str,
        start: int,
        end: int,
        line: int,
        logical: Logical,
        escape: str,
        comments: tuple[Span, ...] = (),
        heredocs: tuple[Heredoc, ...] = (),
        takes_flags: bool = True,
    ) -> None:
        self.source = source
        self.start = start
        self.end = end
        self.line = line
        self.logical = logical
        self.escape = escape
        self.comments = comments
        self.heredocs = heredocs
        # BuildKit trims the joined line on both sides before it splits the keyword off.
        trimmed = logical.text.rstrip(UNICODE_BLANKS)
        begin = len(trimmed) - len(trimmed.lstrip(UNICODE_BLANKS))
        match = ASCII_BLANKS.search(trimmed, begin)
        self.keyword = trimmed[begin : match.start()] if match else trimmed[begin:]
        self.name = self.keyword.upper() if self.keyword.isascii() else _go_upper(self.keyword)
        self._text = trimmed
        self._rest = match.end() if match else len(trimmed)
        self._flags: tuple[tuple[Flag, ...], int] | None = None
        if not takes_flags or trimmed[self._rest : self._rest + 1] not in FLAG_STARTS:
            self._flags = ((), self._rest)

    def __repr__(self) -> str:
        return f"<{self.name} {self.start}:{self.end}>"

    @property
    def text(self) -> str:
        """The bytes of the file that the instruction holds, line end included."""
        return self.source[self.start : self.end]

    def _split(self) -> tuple[tuple[Flag, ...], int]:
        # Kept by hand: every instruction is asked, and cached_property takes a lock before Python 3.12.
        if self._flags is None:
            self._flags = split_flags(self._text, self.escape, self._rest)
        return self._flags

    @property
    def flags(self) -> tuple[Flag, ...]:
        """Leading ``--flag`` words. Raises WordError."""
        return self._split()[0]

    def flag(self, name: str) -> str | None:
        """The value of the first flag of that name; "" when it stands without one."""
        for flag in self.flags:
            if flag.name == name:
                return flag.value or ""
        return None

    @property
    def args_start(self) -> int:
        """Logical offset of the arguments: behind keyword, flags and blanks."""
        text, position = self._text, self._split()[1]
        while position < len(text) and text[position] in UNICODE_BLANKS:
            position += 1
        return position

    @property
    def has_args(self) -> bool:
        """True when something stands behind keyword and flags."""
        return self.args_start < len(self._text)

    @property
    def is_array(self) -> bool:
        """True when the arguments start as a JSON array does; whether they are one, ``json`` says."""
        return self._text.startswith("[", self.args_start)

    @property
    def args(self) -> str:
        """The logical text behind the flags, trimmed."""
        return self._text[self.args_start :]

    @cached_property
    def json(self) -> tuple[JsonString, ...] | None:
        """The strings of a JSON (exec) form, or None for a shell form. Raises WordError."""
        if self.name not in JSON_FORMS:
            return None
        return parse_json(self._text, self.args_start)

    @cached_property
    def words(self) -> tuple[Word, ...]:
        """Arguments between blanks, without quoting rules (FROM, COPY, ADD, EXPOSE, VOLUME …)."""
        return split_plain(self._text, self.args_start)

    @cached_property
    def operands(self) -> tuple[str, ...]:
        """Arguments of either form: the strings of the JSON form or the words of the plain one."""
        if self.json is not None:
            return tuple(string.value for string in self.json)
        return tuple(word.text for word in self.words)

    @cached_property
    def pairs(self) -> tuple[Pair, ...]:
        """key=value of ENV, LABEL and ARG, as written. Raises WordError."""
        text = self._text
        if self.name == "ARG":
            return parse_args(text, self.args_start, self.escape)
        return parse_pairs(text, self.args_start, self.escape)

    @cached_property
    def trigger(self) -> Instruction | None:
        """The instruction that an ONBUILD holds, or that stands behind ``HEALTHCHECK CMD``."""
        if self.name not in ("ONBUILD", "HEALTHCHECK") or not self.has_args:
            return None
        inner = self.logical.slice(self.source, self.args_start, len(self._text))
        # What looks like a flag behind HEALTHCHECK CMD is part of the command.
        flags = self.name == "ONBUILD"
        return Instruction(
            self.source, self.start, self.end, self.line, inner, self.escape, self.comments, self.heredocs, flags
        )

    def span(self, start: int, end: int) -> Span:
        """File span of a logical range."""
        return self.logical.span(start, end)

    @property
    def args_span(self) -> Span:
        """File span of the arguments; it may run over continuation lines."""
        return self.span(self.args_start, len(self._text))


def _go_upper(keyword: str) -> str:
    """A keyword by the letters that Go's ToLower makes ASCII: U+0130 and U+212A, but not U+0131 and U+017F."""
    lowered = keyword.replace("\u0130", "i").lower()
    return lowered.upper() if lowered.isascii() else keyword


Node = Trivia | Instruction


class Dockerfile:
    """All nodes of one text, in order, tiling it."""

    def __init__(self, text: str, nodes: tuple[Node, ...], escape: str) -> None:
        self.text = text
        self.nodes = nodes
        self.escape = escape

    @cached_property
    def instructions(self) -> tuple[Instruction, ...]:
        """The instructions in order."""
        return tuple(node for node in self.nodes if isinstance(node, Instruction))

    @cached_property
    def comments(self) -> tuple[str, ...]:
        """Every comment line in order, trimmed, those inside continuations included."""
        spans: list[tuple[int, int]] = []
        for node in self.nodes:
            if isinstance(node, Instruction):
                spans.extend(node.comments)
            elif node.kind in ("comment", "directive"):
                spans.append((node.start, node.end))
        return tuple(self.text[start:end].strip() for start, end in spans)

    @property
    def directives(self) -> tuple[str, ...]:
        """Parser directive lines as written, without their line ends."""
        return tuple(
            self.text[node.start : node.end].rstrip("\r\n")
            for node in self.nodes
            if isinstance(node, Trivia) and node.kind == "directive"
        )

    def attached_comments(self, instruction: Instruction) -> int:
        """Where the comment lines directly above an instruction start; its own start when there are none."""
        index = self.nodes.index(instruction)
        start = instruction.start
        for node in reversed(self.nodes[:index]):
            if isinstance(node, Instruction) or node.kind != "comment":
                break
            start = node.start
        return start
