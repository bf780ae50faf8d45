"""From the tree of a shell text to its commands, with the repairs that ``shell`` tells of."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from rewriter.shell_tree import (
    REDIRECTS,
    SIMPLE,
    Parts,
    behind_heredoc,
    collect,
    last_command,
    redirect_operator,
    targets,
    with_inner,
)
from rewriter.shell_words import resolve

if TYPE_CHECKING:
    from tree_sitter import Node

_OPERATORS = frozenset({"&&", "||", ";", "|", "|&", "&", "\n", ";;"})
_CONDITIONAL = frozenset(
    {
        "if_statement",
        "while_statement",
        "for_statement",
        "c_style_for_statement",
        "case_statement",
        "function_definition",
        "ternary_expression",
    }
)


@dataclass(frozen=True, slots=True)
class ShellWord:
    """One word as written; ``start`` and ``end`` are offsets in the parsed text."""

    raw: str
    start: int
    end: int

    def value(self, variables: Mapping[str, str | None] | None = None) -> str | None:
        """The word after quote removal and expansion, or None when only run time knows it (globs, ``$(…)``)."""
        return resolve(self.raw, variables if variables is not None else {})


@dataclass(frozen=True, slots=True)
class Redirect:
    """``>file``, ``2>&1``, ``<<EOF``: the operator and its target."""

    operator: str
    target: ShellWord | None


@dataclass(frozen=True, slots=True)
class Command:
    """One simple command."""

    words: tuple[ShellWord, ...]
    """The name first; empty when there are only assignments."""
    assignments: tuple[ShellWord, ...]
    redirects: tuple[Redirect, ...]
    start: int
    end: int
    operator: str
    """What joins it to the command before: ``&&``, ``||``, ``;``, ``|`` …; empty for the first of a line."""
    subshell: tuple[int, ...]
    """The chain of subshells that it runs in; ``cd`` and assignments do not leave them."""
    conditional: bool
    """True when it may not run or may run often: inside if, case, a loop or a function, or behind ``||``."""
    substitution: bool
    """True inside ``$(…)`` or backticks."""

    @property
    def name(self) -> str | None:
        """The command's name when it is written out."""
        return self.words[0].value() if self.words else None


def read_commands(root: Node, text: str, data: bytes) -> tuple[Command, ...]:
    """The commands of a tree that can be trusted, in order of appearance; ``data`` is the text in UTF-8."""
    reader = _Reader(text, data)
    reader.visit(root, _Context())
    return tuple(reader.commands)


@dataclass(frozen=True, slots=True)
class _Context:
    subshell: tuple[int, ...] = ()
    conditional: bool = False
    substitution: bool = False

    def inside(self, *, subshell: int | None = None, conditional: bool = False, substitution: bool = False) -> _Context:
        return _Context(
            self.subshell if subshell is None else (*self.subshell, subshell),
            self.conditional or conditional,
            self.substitution or substitution,
        )


_Task = tuple["Node", _Context] | Callable[[], None]


class _Reader:
    def __init__(self, text: str, data: bytes) -> None:
        self.text = text
        self.commands: list[Command] = []
        self._operator = ""
        self._subshells = 0
        self._late_redirects: dict[int, list[Node]] = {}
        self._offsets = None if len(data) == len(text) else _offsets(text)

    def _at(self, byte: int) -> int:
        return byte if self._offsets is None else self._offsets[byte]

    def _word(self, first: Node, last: Node) -> ShellWord:
        start, end = self._at(first.start_byte), self._at(last.end_byte)
        return ShellWord(self.text[start:end], start, end)

    def visit(self, node: Node, context: _Context) -> None:
        """Collects the commands below a node. With a stack of its own: a list of commands is as deep as it is long."""
        todo: list[_Task] = [(node, context)]
        while todo:
            task = todo.pop()
            if isinstance(task, tuple):
                todo += reversed(self._opened(*task))
            else:
                task()

    def _opened(self, node: Node, context: _Context) -> list[_Task]:
        """Reads a node, and gives what is to be done next for what lies below it."""
        if (kind := node.type) in _OPERATORS:
            self._operator = kind
            return []
        if kind in SIMPLE:
            self._command(node, context, [])
            return []
        if kind == "redirected_statement":
            return self._redirected(node, context)
        if kind == "pipeline":
            return [(c, context.inside(subshell=self._fresh()) if c.is_named else context) for c in node.children]
        if kind == "list":
            return self._list(node, context)
        if kind == "subshell":
            context = context.inside(subshell=self._fresh())
        elif kind in ("command_substitution", "process_substitution"):
            context = context.inside(subshell=self._fresh(), substitution=True)
        elif kind in _CONDITIONAL:
            context = context.inside(conditional=True)
        return [(child, context) for child in node.children]

    def _fresh(self) -> int:
        self._subshells += 1
        return self._subshells

    def _list(self, node: Node, context: _Context) -> list[_Task]:
        tasks: list[_Task] = []
        behind_or = False
        for child in node.children:
            if child.is_named:
                tasks.append((child, context.inside(conditional=True) if behind_or else context))
            else:
                behind_or = child.type == "||"
                tasks.append((child, context))
        return tasks

    def _redirected(self, node: Node, context: _Context) -> list[_Task]:
        redirects = [child for child in node.children if child.type in REDIRECTS]
        bodies = [child for child in node.children if child.type not in REDIRECTS]
        last = last_command(bodies[0]) if len(bodies) == 1 else None
        if last is not None:
            self._late_redirects.setdefault(last.id, [])[:0] = redirects
        elif not bodies:
            self._command(None, context, redirects)
        tasks: list[_Task] = [(body, context) for body in bodies]
        if last is None and bodies:
            # The redirects of a compound statement: what they expand still runs.
            tasks += [partial(self._substitutions, redirect, context) for redirect in redirects]
        tasks += [partial(self._behind_heredoc, redirect, context) for redirect in redirects]
        return tasks

    def _behind_heredoc(self, redirect: Node, context: _Context) -> None:
        """The commands that stand behind ``<<EOF`` on its line."""
        for child in behind_heredoc(redirect):
            if child.is_named:
                self.visit(child, context.inside(conditional=self._operator == "||"))
            else:
                self._operator = child.type

    def _command(self, node: Node | None, context: _Context, outer: list[Node]) -> None:
        parts = Parts(redirects=list(outer))
        if node is not None:
            parts.redirects += self._late_redirects.pop(node.id, [])
            collect(node, parts)
        operator, self._operator = self._operator, ""
        words = list(self._glued(parts.words))
        assignments = self._assigned(parts.assignments, words)
        redirects = []
        for redirect in [inner for part in parts.redirects for inner in with_inner(part)]:
            target, arguments = targets(redirect)
            word = self._word(target[0], target[-1]) if target else None
            redirects.append(Redirect(redirect_operator(redirect), word))
            words.extend(self._glued(arguments))
        words.sort(key=lambda word: word.start)
        nodes = [*parts.words, *parts.assignments, *parts.redirects]
        start = self._at(min(part.start_byte for part in nodes)) if nodes else 0
        end = self._at(max(part.end_byte for part in nodes)) if nodes else 0
        self.commands.append(
            Command(
                tuple(words),
                assignments,
                tuple(redirects),
                start,
                end,
                operator,
                context.subshell,
                context.conditional,
                context.substitution,
            )
        )
        for part in nodes:
            self._substitutions(part, context)

    def _assigned(self, nodes: list[Node], words: list[ShellWord]) -> tuple[ShellWord, ...]:
        """The assignments; one takes the word that touches its end from ``words`` (``A=$B:$C/d`` comes in two)."""
        assignments = []
        for node in nodes:
            word = self._word(node, node)
            if words and words[0].start == word.end:
                rest = words.pop(0)
                word = ShellWord(self.text[word.start : rest.end], word.start, rest.end)
            assignments.append(word)
        return tuple(assignments)

    def _glued(self, nodes: list[Node]) -> Iterator[ShellWord]:
        index = 0
        while index < len(nodes):
            last = index
            while last + 1 < len(nodes) and nodes[last + 1].start_byte == nodes[last].end_byte:
                last += 1
            yield self._word(nodes[index], nodes[last])
            index = last + 1

    def _substitutions(self, node: Node, context: _Context) -> None:
        if node.type in ("command_substitution", "process_substitution"):
            saved, self._operator = self._operator, ""
            self.visit(node, context)
            self._operator = saved
            return
        behind = {child.id for child in behind_heredoc(node)}
        for child in node.children:
            if child.is_named and child.id not in behind:
                self._substitutions(child, context)


def _offsets(text: str) -> list[int]:
    """The character that each byte of the encoded text belongs to."""
    offsets: list[int] = []
    for index, char in enumerate(text):
        offsets += [index] * len(char.encode("utf-8", "surrogateescape"))
    return [*offsets, len(text)]
