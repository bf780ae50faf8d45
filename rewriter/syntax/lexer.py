"""From text to nodes that tile it, by BuildKit's line rules.

Read from BuildKit at 73ed6825 (2026-08-21): lines end at ``\\n`` only, a comment line vanishes even inside a
continuation, blank lines inside a continuation are skipped, the escape token at a line's end may be followed by blanks.
"""

from __future__ import annotations

import re

from rewriter.source import BOM
from rewriter.syntax.heredoc import Opener, openers
from rewriter.syntax.logical import Logical, Span
from rewriter.syntax.tree import Dockerfile, DockerfileError, Heredoc, Instruction, Node, Trivia
from rewriter.syntax.validate import validate
from rewriter.syntax.words import UNICODE_BLANKS, WordError, parse_json

LONGEST_LINE = 65_535
"""Bytes of a physical line, its line end included, past which BuildKit stops reading."""

_DIRECTIVE = re.compile(rf"#[{UNICODE_BLANKS}]*([a-zA-Z][a-zA-Z0-9]*)[ \t\f\r]*=(.+)\Z")
_DIRECTIVE_NAMES = frozenset({"syntax", "escape", "check"})
_HEREDOC_KEYWORDS = frozenset({"RUN", "COPY", "ADD"})


def parse(text: str) -> Dockerfile:
    """The tree of a text.

    Raises DockerfileError, with line and reason, for what BuildKit rejects.
    """
    dockerfile = tile(text)
    validate(dockerfile)
    return dockerfile


def parse_alone(text: str, escape: str) -> tuple[Instruction, ...]:
    """The instructions of lines that are read by themselves, with the escape of their file. Raises DockerfileError."""
    head = f"# escape={escape}\n" if escape != "\\" else ""
    return parse(f"{head}FROM scratch\n{text}").instructions[1:]


def tile(text: str) -> Dockerfile:
    """The tree by lines and heredocs alone: what stands in an instruction is neither read nor checked yet.

    Raises DockerfileError for lines that BuildKit's line parser rejects.
    """
    lexer = _Lexer(text)
    nodes = lexer.nodes()
    _check_tiling(text, nodes)
    return Dockerfile(text, nodes, lexer.escape)


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
    """Walks the physical lines once; ``position`` is where the line at ``index`` starts."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.lines = text.split("\n")
        if not self.lines[-1]:
            self.lines.pop()  # what follows the last line end is no line
        # A character takes at most four bytes, so only long lines need counting.
        self.has_long_lines = max(map(len, self.lines), default=0) >= LONGEST_LINE // 4
        self.index = 0
        self.position = 0
        self.escape = "\\"
        self._directives_open = True
        self._seen_directives: set[str] = set()

    def nodes(self) -> tuple[Node, ...]:
        nodes: list[Node] = []
        if self.text.startswith(BOM):
            nodes.append(Trivia("bom", 0, 1))
            self.lines[0] = self.lines[0][1:]
            self.position = 1
            if self.position == len(self.text):
                return tuple(nodes)
        while self.index < len(self.lines):
            nodes.append(self._node())
        return tuple(nodes)

    def _advance(self) -> str:
        """The next physical line without its line feed; moves behind it."""
        line = self.lines[self.index]
        if self.has_long_lines:
            self._check_length(line)
        self.index += 1
        self.position += len(line) + 1
        if self.index == len(self.lines):
            self.position = len(self.text)  # the last line may lack its line feed
        return line

    def _check_length(self, line: str) -> None:
        ended = self.position + len(line) < len(self.text)
        if len(line.encode("utf-8", "surrogateescape")) + ended > LONGEST_LINE:
            raise DockerfileError(self.index + 1, f"line is longer than {LONGEST_LINE} bytes")

    def _node(self) -> Node:
        start = self.position
        line = self._advance()
        trimmed = line.lstrip(UNICODE_BLANKS)
        if self._directives_open and self._directive(trimmed.rstrip("\r")):
            return Trivia("directive", start, self.position)
        if trimmed.startswith("#"):
            return Trivia("comment", start, self.position)
        if not trimmed:
            return Trivia("blank", start, self.position)
        return self._instruction(start, start + len(line) - len(trimmed), trimmed)

    def _directive(self, line: str) -> bool:
        match = _DIRECTIVE.match(line)
        name = match.group(1).lower() if match else ""
        if match is None or name not in _DIRECTIVE_NAMES:
            self._directives_open = False
            return False
        if name in self._seen_directives:
            raise DockerfileError(self.index, f"only one {name} parser directive can be used")
        self._seen_directives.add(name)
        if name == "escape":
            value = match.group(2).strip(" \t\f\r") or match.group(2)[-1]
            if value not in ("\\", "`"):
                raise DockerfileError(self.index, f"invalid escape token {value!r}, does not match ` or \\")
            self.escape = value
        return True

    def _instruction(self, start: int, first: int, content: str) -> Instruction:
        """The instruction that starts with ``content``, which stands at ``first``, its line just read."""
        number = self.index
        size, continued = self._content(content)
        pieces = [Span(first, first + size)]
        comments: tuple[Span, ...] = ()
        if continued:
            comments = self._continuation(pieces)
        logical = Logical(self.text, tuple(pieces))
        instruction = Instruction(self.text, start, self.position, number, logical, self.escape, comments)
        if "<<" in logical.text and _may_hold_heredoc(instruction):
            heredocs = tuple(self._heredoc(opener, number) for opener in self._openers(instruction))
            return Instruction(self.text, start, self.position, number, logical, self.escape, comments, heredocs)
        return instruction

    def _continuation(self, pieces: list[Span]) -> tuple[Span, ...]:
        """Reads on while lines continue; adds to the pieces, returns the comment lines in between."""
        comments: list[Span] = []
        continued = True
        while continued and self.index < len(self.lines):
            start = self.position
            line = self._advance()
            trimmed = line.strip(UNICODE_BLANKS)
            if not trimmed:
                continue
            if trimmed.startswith("#"):
                comments.append(Span(start, self.position))
                continue
            size, continued = self._content(line)
            if size:
                pieces.append(Span(start, start + size))
        if len(pieces) > 1 and pieces[0].start == pieces[0].end:
            del pieces[0]
        return tuple(comments)

    def _content(self, line: str) -> tuple[int, bool]:
        """How many characters of a line are content, and whether the next line continues it."""
        content = line.rstrip("\r")
        if self.escape not in content:
            return len(content), False
        ended = content.rstrip(" \t")
        if not ended.endswith(self.escape) or ended.endswith(self.escape * 2):
            return len(content), False
        return len(ended) - 1, True

    def _openers(self, instruction: Instruction) -> tuple[Opener, ...]:
        try:
            return openers(instruction.logical.text)
        except WordError as error:
            raise DockerfileError(instruction.line, f"{instruction.name}: {error}") from None

    def _heredoc(self, opener: Opener, number: int) -> Heredoc:
        body_start = self.position
        while self.index < len(self.lines):
            start = self.position
            line = self._advance().rstrip("\r")
            if opener.chomp:
                line = line.lstrip("\t")
            if line == opener.name:
                body, terminator = Span(body_start, start), Span(start, self.position)
                return Heredoc(opener.name, opener.chomp, opener.expand, body, terminator)
        raise DockerfileError(number, f"unterminated heredoc {opener.name!r}")


def _may_hold_heredoc(instruction: Instruction) -> bool:
    try:
        holder = instruction.trigger if instruction.name == "ONBUILD" else instruction
        if holder is None or holder.name not in _HEREDOC_KEYWORDS:
            return False
        return parse_json(holder.logical.text, holder.args_start) is None
    except WordError:
        return False  # validation names the fault
