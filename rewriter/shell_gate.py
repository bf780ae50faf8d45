"""What tree-sitter-bash reads wrongly without an error node: found here, and the text is then not understood.

Each class was seen in RUN bodies of public Dockerfiles (compared with mvdan/sh over 33,866 distinct bodies, 2026-11).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tree_sitter import Node

DEEPEST = 150
"""Nesting past which a script is opaque: nobody writes it, and recursion has an end."""

_BLANK = re.compile(rb"(?:[ \t\n]|\r\n|\\\r?\n)*\Z")
_LINE_END = re.compile(rb"(?<!\\)(?<!\\\r)\n")
_NO_WORD = re.compile(rb"(?<!\\)(?:\\\\)*(?:`|\$\(|\n)")
_BACKTICK = re.compile(rb"(?<!\\)(?:\\\\)*`")
# Text in these may stand between their children.
_LOOSE = frozenset({"string", "heredoc_body", "expansion", "arithmetic_expansion", "translated_string"})
_WORDS = frozenset({"word", "regex", "extglob_pattern"})
# Of a list, the first child is all of it but its last command.
_FLAT = frozenset({"list", "redirected_statement"})
_RESERVED = frozenset(b"if then else elif fi do done case esac while until }".split())


def distrust(root: Node, data: bytes) -> str | None:
    """Why the tree of a shell text cannot be trusted, or None."""
    if root.has_error:
        return "its shell text could not be parsed"
    return _Gate(data).check(root)


class _Gate:
    def __init__(self, data: bytes) -> None:
        self.data = data
        self.one_line = b"\n" not in data.rstrip(b"\n")

    def check(self, root: Node) -> str | None:
        # Generators on a stack, not calls: a list of commands comes as deep as it is long.
        stack = [self._findings(root, 0)]
        while stack:
            found = next(stack[-1], None)
            if found is None:
                stack.pop()
            elif isinstance(found, str):
                return found
            else:
                stack.append(self._findings(*found))
        return None

    def _findings(self, node: Node, depth: int) -> Iterator[str | tuple[Node, int]]:
        """Reasons against a node, and in their place the parts of it that have to be looked at, with their depth."""
        if depth > DEEPEST:
            yield f"its shell text is nested deeper than {DEEPEST} levels"
        kind = node.type
        if kind == "comment" and self.one_line:
            yield "a # in its shell text may be read as a comment or not"
        if kind == "command_substitution" and (reason := self._substitution(node)):
            yield reason
        children = node.children
        if not children:
            if reason := self._leaf(node, kind):
                yield reason
            return
        if kind == "command_name" and self.data[node.start_byte : node.end_byte] in _RESERVED:
            yield "a reserved word of the shell stands where it cannot be"
        position, loose = node.start_byte, kind in _LOOSE
        inner = depth if kind in _FLAT else depth + 1
        for child in children:
            if not loose and child.start_byte > position and not _BLANK.match(self.data[position : child.start_byte]):
                yield "a part of its shell text was not understood"
            if kind == "command" and _LINE_END.search(self.data, position, child.start_byte):
                yield "a line end within a command of its shell text"
            position = child.end_byte
            if child.child_count or child.is_named:
                yield child, inner

    def _leaf(self, node: Node, kind: str) -> str | None:
        if kind in _WORDS and _NO_WORD.search(self.data, node.start_byte, node.end_byte):
            return "a command substitution or a line end in its shell text was not understood"
        return None

    def _substitution(self, node: Node) -> str | None:
        text = self.data[node.start_byte : node.end_byte]
        if text.startswith(b"`"):
            if _BACKTICK.search(text, 1, len(text) - 1):
                return "the backticks in its shell text were not understood"
            if _holds(node, "comment"):
                return "a # in its shell text may be read as a comment or not"
        elif text.startswith(b"$(("):
            return "a $(( in its shell text may be arithmetic or not"
        return None


def _holds(node: Node, kind: str) -> bool:
    todo = [node]
    while todo:
        node = todo.pop()
        if node.type == kind:
            return True
        todo += node.children
    return False
