"""From text to nodes that tile it, by BuildKit's line rules.

Read from BuildKit at 73ed6825 (2026-08-21): lines end at ``\\n`` only, a comment line vanishes even inside a
continuation, blank lines inside a continuation are skipped, the escape token at a line's end may be followed by blanks.
"""

from __future__ import annotations

import re

from rewriter.source import BOM, line_of
from rewriter.syntax.heredoc import Opener, openers
from rewriter.syntax.logical import Logical, Span
from rewriter.syntax.tree import Dockerfile, DockerfileError, Heredoc, Instruction, Node, Trivia
from rewriter.syntax.validate import validate
from rewriter.syntax.words import UNICODE_BLANKS, WordError, parse_json

LONGEST_LINE = 65_535
"""Bytes of a physical line, its line end included, past which BuildKit stops reading."""

_DIRECTIVE = re.compile(r"#[ \t\v\f\r]*([a-zA-Z][a-zA-Z0-9]*)[ \t\v\f\r]*=[ \t\v\f\r]*(.+?)[ \t\v\f\r]*\Z")
_DIRECTIVE_NAMES = frozenset({"syntax", "escape", "check"})
_HEREDOC_KEYWORDS = frozenset({"RUN", "COPY", "ADD"})


def parse(text: str) -> Dockerfile:
    """The tree of a text.

    Raises DockerfileError, with line and reason, for what BuildKit rejects.
    """
    lexer = _Lexer(text)
    nodes = lexer.nodes()
    _check_tiling(text, nodes)
    dockerfile = Dockerfile(text, nodes, lexer.escape)
    validate(dockerfile)
    return dockerfile


def _check_tiling(text: str, nodes: tuple[Node, ...]) -> None:
    """The promise at the door: nodes joined are the file. A failure is a fault of the lexer."""
    position = 0
    for node in nodes:
        if node.start != position or node.end <= position:
            raise AssertionError(f"nodes do not tile the text at offset {position}")
        position = node.end
    if position != len(text):
        raise AssertionError(f"nodes end at offset {position} of {len(text)}")


class _Lexer:
    def __init__(self, text: str) -> None:
        self.text = text
        self.position = 0
        self.escape = "\\"
        self._directives_open = True
        self._seen_directives: set[str] = set()

    def nodes(self) -> tuple[Node, ...]:
        nodes: list[Node] = []
        text = self.text
        if text.startswith(BOM):
            nodes.append(Trivia("bom", 0, 1))
            self.position = 1
        while self.position < len(text):
            nodes.append(self._node())
        return tuple(nodes)

    def _line(self) -> tuple[int, int]:
        """The next physical line as (start, end with line end); moves behind it."""
        start = self.position
        newline = self.text.find("\n", start)
        end = len(self.text) if newline < 0 else newline + 1
        length = end - start
        # A character takes at most four bytes, so only long lines need counting.
        if length > LONGEST_LINE // 4 and len(self.text[start:end].encode("utf-8", "surrogateescape")) > LONGEST_LINE:
            raise DockerfileError(line_of(self.text, start), f"line is longer than {LONGEST_LINE} bytes")
        self.position = end
        return start, end

    def _node(self) -> Node:
        text = self.text
        start, end = self._line()
        content = text[start:end].rstrip("\r\n")
        trimmed = content.lstrip(UNICODE_BLANKS)
        if self._directives_open and self._directive(trimmed, start):
            return Trivia("directive", start, end)
        if trimmed.startswith("#"):
            return Trivia("comment", start, end)
        if not trimmed:
            return Trivia("blank", start, end)
        return self._instruction(start, start + len(content) - len(trimmed), start + len(content))

    def _directive(self, line: str, start: int) -> bool:
        match = _DIRECTIVE.match(line)
        name = match.group(1).lower() if match else ""
        if match is None or name not in _DIRECTIVE_NAMES:
            self._directives_open = False
            return False
        if name in self._seen_directives:
            raise DockerfileError(line_of(self.text, start), f"only one {name} parser directive can be used")
        self._seen_directives.add(name)
        if name == "escape":
            if match.group(2) not in ("\\", "`"):
                raise DockerfileError(
                    line_of(self.text, start), f"invalid escape token {match.group(2)!r}, does not match ` or \\"
                )
            self.escape = match.group(2)
        return True

    def _instruction(self, start: int, first: int, stop: int) -> Instruction:
        text = self.text
        pieces: list[Span] = []
        comments: list[Span] = []
        content_end, continued = self._continuation(first, stop)
        pieces.append(Span(first, content_end))
        while continued and self.position < len(text):
            line_start, line_end = self._line()
            line = text[line_start:line_end]
            trimmed = line.strip(UNICODE_BLANKS)
            if not trimmed:
                continue
            if trimmed.startswith("#"):
                comments.append(Span(line_start, line_end))
                continue
            content_end, continued = self._continuation(line_start, line_start + len(line.rstrip("\r\n")))
            pieces.append(Span(line_start, content_end))
        kept = tuple(piece for piece in pieces if piece.start < piece.end) or (pieces[0],)
        logical = Logical(text, kept)
        instruction = Instruction(text, start, self.position, logical, self.escape, tuple(comments))
        if "<<" in logical.text and _may_hold_heredoc(instruction):
            heredocs = tuple(self._heredoc(opener, start) for opener in openers(logical.text))
            if heredocs:
                return Instruction(text, start, self.position, logical, self.escape, tuple(comments), heredocs)
        return instruction

    def _continuation(self, start: int, stop: int) -> tuple[int, bool]:
        """Where the content of a line ends, and whether the next line continues it."""
        text = self.text
        end = stop
        while end > start and text[end - 1] in " \t":
            end -= 1
        if end == start or text[end - 1] != self.escape:
            return stop, False
        if end - 1 > start and text[end - 2] == self.escape:
            return stop, False
        return end - 1, True

    def _heredoc(self, opener: Opener, instruction_start: int) -> Heredoc:
        body_start = self.position
        while self.position < len(self.text):
            start, end = self._line()
            line = self.text[start:end].rstrip("\r\n")
            if opener.chomp:
                line = line.lstrip("\t")
            if line == opener.name:
                return Heredoc(opener.name, opener.chomp, opener.expand, Span(body_start, start), Span(start, end))
        raise DockerfileError(line_of(self.text, instruction_start), f"unterminated heredoc {opener.name!r}")


def _may_hold_heredoc(instruction: Instruction) -> bool:
    try:
        holder = instruction.trigger if instruction.name == "ONBUILD" else instruction
        if holder is None or holder.name not in _HEREDOC_KEYWORDS:
            return False
        return parse_json(holder.logical.text, holder.args_start) is None
    except WordError:
        return False  # validation names the fault
