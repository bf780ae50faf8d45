"""What tree-sitter-bash reads wrongly without an error node: found here, and the text is then not understood.

Each class was seen in RUN bodies of public Dockerfiles (compared with mvdan/sh over 33,866 distinct bodies, 2026-11).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tree_sitter import Node

DEEPEST = 150
"""Nesting past which a script is opaque: nobody writes it, and recursion has an end."""

_BLANK = re.compile(rb"(?:[ \t\r\n]|\\\r?\n)*\Z")
_NO_WORD = re.compile(rb"(?<!\\)(?:\\\\)*(?:`|\$\(|\n)")
_BACKTICK = re.compile(rb"(?<!\\)(?:\\\\)*`")
# Text in these may stand between their children.
_LOOSE = frozenset({"string", "heredoc_body", "expansion", "arithmetic_expansion", "translated_string"})
_WORDS = frozenset({"word", "regex", "extglob_pattern"})
_RESERVED = frozenset(b"if then else elif fi do done case esac while until }".split())


def distrust(root: Node, data: bytes) -> str | None:
    """Why the tree of a shell text cannot be trusted, or None."""
    if root.has_error:
        return "its shell text could not be parsed"
    return _Gate(data).check(root, 0)


class _Gate:
    def __init__(self, data: bytes) -> None:
        self.data = data
        self.one_line = b"\n" not in data.rstrip(b"\n")

    def check(self, node: Node, depth: int) -> str | None:
        if depth > DEEPEST:
            return f"its shell text is nested deeper than {DEEPEST} levels"
        kind = node.type
        if kind == "comment" and self.one_line:
            return "a # in its shell text may be read as a comment or not"
        if kind == "command_substitution":
            reason = self._substitution(node)
            if reason:
                return reason
        children = node.children
        if not children:
            return self._leaf(node, kind)
        if kind == "command_name" and self.data[node.start_byte : node.end_byte] in _RESERVED:
            return "a reserved word of the shell stands where it cannot be"
        position, loose = node.start_byte, kind in _LOOSE
        for child in children:
            if not loose and child.start_byte > position and not _BLANK.match(self.data[position : child.start_byte]):
                return "a part of its shell text was not understood"
            position = child.end_byte
            if child.child_count or child.is_named:
                reason = self.check(child, depth + 1)
                if reason:
                    return reason
        return None

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
