"""The lossless tree of a Dockerfile.

Nodes are spans of the text and tile it: joining their text gives the file back, byte for byte. Nothing is ever
printed from a tree; a rewrite is a splice of the text. Everything below the node (flags, words, pairs) is read
lazily from the instruction's logical text and knows its place in the file.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from rewriter.source import line_of
from rewriter.syntax.words import (
    ASCII_BLANKS,
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


@dataclass(frozen=True, slots=True)
class Trivia:
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

    ``start`` and ``end`` span everything from its first line to the line end of its last; ``keyword`` is as written,
    ``name`` upper-case. ``comments`` are the comment lines that stand inside its continuations.
    """

    def __init__(
        self,
        source: str,
        start: int,
        end: int,
        logical: Logical,
        escape: str,
        comments: tuple[Span, ...] = (),
        heredocs: tuple[Heredoc, ...] = (),
        takes_flags: bool = True,
    ) -> None:
        self.source = source
        self.start = start
        self.end = end
        self.logical = logical
        self.escape = escape
        self.comments = comments
        self.heredocs = heredocs
        self._takes_flags = takes_flags
        # BuildKit trims the joined line on both sides before it splits the keyword off.
        text = logical.text
        stripped = text.strip(UNICODE_BLANKS)
        begin = len(text) - len(text.lstrip(UNICODE_BLANKS))
        match = ASCII_BLANKS.search(text, begin, begin + len(stripped))
        self.keyword = text[begin : match.start()] if match else stripped
        self.name = self.keyword.upper()
        self._rest = match.end() if match else begin + len(stripped)
        self._stop = begin + len(stripped)

    def __repr__(self) -> str:
        return f"<{self.name} {self.start}:{self.end}>"

    @property
    def text(self) -> str:
        """The bytes of the file that the instruction holds, line end included."""
        return self.source[self.start : self.end]

    @property
    def line(self) -> int:
        """1-based line of the file on which it starts."""
        return line_of(self.source, self.start)

    @cached_property
    def _flags(self) -> tuple[tuple[Flag, ...], int]:
        return split_flags(self.logical.text[: self._stop], self._rest) if self._takes_flags else ((), self._rest)

    @property
    def flags(self) -> tuple[Flag, ...]:
        """Leading ``--flag`` words."""
        return self._flags[0]

    def flag(self, name: str) -> str | None:
        """The value of the first flag of that name; "" when it stands without one."""
        for flag in self.flags:
            if flag.name == name:
                return flag.value or ""
        return None

    @property
    def args_start(self) -> int:
        """Logical offset of the arguments: behind keyword, flags and blanks."""
        position = self._flags[1]
        text = self.logical.text
        while position < self._stop and text[position] in UNICODE_BLANKS:
            position += 1
        return position

    @property
    def args(self) -> str:
        """The logical text behind the flags, trimmed."""
        return self.logical.text[self.args_start : self._stop]

    @cached_property
    def json(self) -> tuple[JsonString, ...] | None:
        """The strings of a JSON (exec) form, or None for a shell form. Raises WordError."""
        if self.name not in JSON_FORMS:
            return None
        return parse_json(self.logical.text[: self._stop], self.args_start)

    @cached_property
    def words(self) -> tuple[Word, ...]:
        """Arguments between blanks, without quoting rules (FROM, COPY, ADD, EXPOSE, VOLUME …)."""
        return split_plain(self.logical.text[: self._stop], self.args_start)

    @cached_property
    def operands(self) -> tuple[str, ...]:
        """Arguments of either form: the strings of the JSON form or the words of the plain one."""
        if self.json is not None:
            return tuple(string.value for string in self.json)
        return tuple(word.text for word in self.words)

    @cached_property
    def pairs(self) -> tuple[Pair, ...]:
        """key=value of ENV, LABEL and ARG, as written. Raises WordError."""
        text = self.logical.text[: self._stop]
        if self.name == "ARG":
            return parse_args(text, self.args_start, self.escape)
        return parse_pairs(text, self.args_start, self.escape)

    @cached_property
    def trigger(self) -> Instruction | None:
        """The instruction that an ONBUILD holds, or that stands behind ``HEALTHCHECK CMD``."""
        if self.name not in ("ONBUILD", "HEALTHCHECK") or self.args_start >= self._stop:
            return None
        inner = self.logical.slice(self.source, self.args_start, self._stop)
        # What looks like a flag behind HEALTHCHECK CMD is part of the command.
        flags = self.name == "ONBUILD"
        return Instruction(self.source, self.start, self.end, inner, self.escape, self.comments, self.heredocs, flags)

    def span(self, start: int, end: int) -> Span:
        """File span of a logical range."""
        return self.logical.span(start, end)

    @property
    def args_span(self) -> Span:
        """File span of the arguments; it may run over continuation lines."""
        return self.span(self.args_start, self._stop)


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
