"""Reading tree-sitter-bash's nodes: which child of a command is what."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tree_sitter import Node

SIMPLE = frozenset({"command", "declaration_command", "unset_command", "test_command", "variable_assignment"})
REDIRECTS = frozenset({"file_redirect", "heredoc_redirect", "herestring_redirect"})


@dataclass(slots=True)
class Parts:
    """What is collected for one command."""

    words: list[Node] = field(default_factory=list)
    assignments: list[Node] = field(default_factory=list)
    redirects: list[Node] = field(default_factory=list)


def collect(node: Node, parts: Parts) -> None:
    """Sorts the children of a simple command."""
    if node.type == "variable_assignment":
        parts.assignments.append(node)
        return
    for child in node.children:
        if child.type == "variable_assignment" and node.type == "command":
            parts.assignments.append(child)
        elif child.type in REDIRECTS:
            parts.redirects.append(child)
        elif child.type != "comment":
            parts.words.append(child)


def redirect_operator(redirect: Node) -> str:
    """``>``, ``<<`` and the like."""
    return next((child.type for child in redirect.children if not child.is_named), "")


def with_inner(redirect: Node) -> list[Node]:
    """A redirect and those that stand behind ``<<EOF`` for the same command."""
    return [redirect, *(child for child in redirect.children if child.type in REDIRECTS)]


def last_command(node: Node) -> Node | None:
    """The command at the end of a list or pipeline: ``a && b >x`` comes as a redirect of the whole list."""
    while node.type in ("list", "pipeline", "negated_command", "redirected_statement"):
        parts = [child for child in node.children if child.is_named and child.type not in REDIRECTS]
        if not parts:
            return None
        node = parts[-1]
    return node if node.type in SIMPLE else None


def behind_heredoc(redirect: Node) -> list[Node]:
    """Operators and commands behind ``<<EOF`` on its line, which come as parts of the redirect."""
    if redirect.type != "heredoc_redirect":
        return []
    return [
        child
        for index, child in enumerate(redirect.children)
        if child.type == "pipeline" or redirect.field_name_for_child(index) in ("operator", "right")
    ]


def targets(redirect: Node) -> tuple[list[Node], list[Node]]:
    """The nodes of a redirect's target, and those of arguments of the command that come with it."""
    if redirect.type == "heredoc_redirect":
        openers = [child for child in redirect.children if child.type == "heredoc_start"]
        return openers, redirect.children_by_field_name("argument")
    if redirect.type == "herestring_redirect":
        return [child for child in redirect.children if child.is_named][-1:], []
    nodes = redirect.children_by_field_name("destination")
    end = 1
    while end < len(nodes) and nodes[end].start_byte == nodes[end - 1].end_byte:
        end += 1
    return nodes[:end], nodes[end:]
