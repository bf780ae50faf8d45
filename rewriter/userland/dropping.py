"""Takes commands out of a shell text together with what joins them to the others, where the rest then means the same.

A command that is taken out is taken for one that succeeds and that nobody waits for. `a && X && b` becomes `a && b`;
`a; X && b` becomes `a; b`; behind `||`, in a pipeline or alone in a block it is refused.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rewriter.userland.carried import Refusal

if TYPE_CHECKING:
    from rewriter.shell import Command
    from rewriter.userland.layout import Layout

_JOINS = ("&&", "||", ";;", ";", "&", "|", "\n")
_OPENERS = frozenset("then do else elif if while until { (".split())
_WORD = re.compile(r"\w+(?![\w./-])")
_CLOSERS = frozenset("fi done esac then do else elif }".split())


@dataclass(frozen=True, slots=True)
class Unit:
    """A pipeline to take out; most have one command."""

    start: int
    end: int
    commands: tuple[Command, ...]

    @property
    def shown(self) -> str:
        """Its command in a few words, for a message."""
        return shown(self.commands[-1])


def shown(command: Command) -> str:
    """A command in a few words."""
    words = [word.raw for word in command.words[:3]]
    text = " ".join(words) or "an assignment"
    return text if len(text) <= 60 else f"{text[:57]}…"


@dataclass(frozen=True, slots=True)
class _Side:
    """What joins a unit to its neighbour: the operator ("" = none), and where the neighbour ends or starts."""

    operator: str
    at: int
    comments: tuple[tuple[int, int], ...] = ()
    behind: int = 0
    """Where the operator before a unit ends."""


def left(text: str, position: int) -> _Side:
    """What stands before a position of a shell text."""
    comments: list[tuple[int, int]] = []
    newline = False
    while True:
        before = text[:position].rstrip(" \t")
        if before.endswith("\\\n"):
            position = len(before) - 2
            continue
        if not before.endswith("\n"):
            break
        newline = True
        position = len(before) - 1
        line = text.rfind("\n", 0, position) + 1
        while text[line:position].lstrip().startswith("#"):
            comments.append((line, position + 1))
            position = max(line - 1, 0)
            line = text.rfind("\n", 0, position) + 1
    operator = next((join for join in _JOINS[:-1] if before.endswith(join)), "")
    if operator:
        return _Side(operator, _stripped(before[: -len(operator)]), tuple(comments), len(before))
    word = before.rsplit(None, 1)[-1] if before else ""
    # A `)` before a newline ends a subshell; before a command on its line it belongs to a pattern of `case`.
    if not before or word in _OPENERS or (before[-1] in "({)" and not (before.endswith(")") and newline)):
        return _Side("", len(before), tuple(comments))
    return _Side("\n" if newline else "?", len(before), tuple(comments))


def _stripped(text: str) -> int:
    """The length of a text without the blanks and continuations at its end."""
    while text.endswith((" ", "\t", "\\\n")):
        text = text.rstrip(" \t").removesuffix("\\\n")
    return len(text)


def right(text: str, position: int) -> _Side:
    """What stands behind a position of a shell text."""
    comments: list[tuple[int, int]] = []
    operator = ""
    while position < len(text):
        if text[position] in " \t":
            position += 1
        elif text.startswith("\\\n", position):
            position += 2
        elif text[position] == "\n":
            operator = operator or "\n"
            position += 1
        elif text[position] == "#" and operator and text[text.rfind("\n", 0, position) + 1 : position].strip() == "":
            end = text.find("\n", position) + 1 or len(text)
            comments.append((text.rfind("\n", 0, position) + 1, end))
            position = end
        elif operator in ("", "\n") and (join := next((j for j in _JOINS if text.startswith(j, position)), "")):
            if operator:
                return _Side("?", position)
            operator = join
            position += len(join)
        else:
            break
    word = _WORD.match(text, position)
    ends = position >= len(text) or text[position] in ")}" or (word is not None and word.group() in _CLOSERS)
    if ends or operator == ";;":
        return _Side(f"{operator}.", position, tuple(comments))
    return _Side(operator or "?", position, tuple(comments))


class Dropper:
    """Takes units out of a layout."""

    def __init__(
        self, layout: Layout, units: list[Unit], trivial: dict[int, Unit], sure: set[int], *, strict: bool
    ) -> None:
        self.layout = layout
        self.units = sorted(units, key=lambda unit: unit.start)
        self.trivial = trivial
        """By start: units such as `true` that may go with a dropped one before `||`."""
        self.sure = sure
        """Where commands end that the whole relies on: what is translated, and what never fails."""
        self.strict = strict
        """True under `set -e`: the last of `a && b` ends the script when it fails, the others do not."""
        self.also: list[Unit] = []
        self.decides: list[int] = []
        """Where a command stands whose status the RUN now ends with, and did not before."""

    def run(self) -> None:
        """Makes the cuts. Raises Refusal."""
        index = 0
        while index < len(self.units):
            group = [self.units[index]]
            joins = [left(self.layout.text, group[0].start)]
            index += 1
            while True:
                side = right(self.layout.text, group[-1].end)
                joins.append(side)
                if index < len(self.units) and side.at == self.units[index].start and not side.operator.endswith("."):
                    group.append(self.units[index])
                    index += 1
                elif side.operator == "||" and not _all_and(joins) and (also := self.trivial.get(side.at)):
                    group.append(also)
                    self.also.append(also)
                else:
                    break
            self._cut(group, joins)

    def _cut(self, group: list[Unit], joins: list[_Side]) -> None:
        before, behind = joins[0], joins[-1]
        comments = [span for side in joins for span in side.comments]
        follows = not behind.operator.endswith(".")
        # The first join that lets the rest run whatever came before: it has to stay.
        weak = next((i for i, side in enumerate(joins[:-1]) if side.operator != "&&"), 0)
        if weak and joins[weak].operator == "||":
            raise _beside(group, "||")
        if before.operator in ("||", "|", "?"):
            raise _beside(group, before.operator)
        if behind.operator in ("&", "&.", "|", "?") or (behind.operator == "||" and not _all_and(joins)):
            raise _beside(group, behind.operator.rstrip("."))
        still_inner = _all_and(joins) and behind.operator in ("&&", "||")
        if self.strict and before.operator == "&&" and not still_inner and before.at not in self.sure:
            raise Refusal(f"`{group[0].shown}` ends a list whose failure would end the script without it (set -e)")
        if _all_and(joins) and behind.operator == "&&" and self.layout.breaks_behind(before.behind, group[0].start):
            self._out(group[0].start, behind.at, comments, upto=True)
        elif _all_and(joins):
            self._out(before.at, group[-1].end, comments)
        elif follows:
            if weak:
                self._out(before.at, group[weak - 1].end, comments)
            self._out(group[weak].start, behind.at, comments, upto=True)
        elif before.operator in ("&&", ";", "\n"):
            self._last(group, before, behind)
            self._out(before.at, group[-1].end, comments)
        else:
            raise Refusal(f"`{group[0].shown}` stands alone in a block, which would be left empty")

    def _last(self, group: list[Unit], before: _Side, behind: _Side) -> None:
        """The status of the command before it counts now: at the end that is told, within a block it is refused."""
        if behind.at >= len(self.layout.text):
            self.decides.append(before.at)
            return
        word = _WORD.match(self.layout.text, behind.at)
        if before.at not in self.sure or (word is not None and word.group() in ("then", "do")):
            raise Refusal(f"`{group[0].shown}` stands last in a block, whose status would be another one without it")

    def _out(self, start: int, end: int, comments: list[tuple[int, int]], *, upto: bool = False) -> None:
        within = [span for span in comments if start <= span[0] and span[1] <= end]
        self.layout.cut(start, end, within, upto=upto)


def _all_and(joins: list[_Side]) -> bool:
    """True when each join but the last is `&&`."""
    return all(side.operator == "&&" for side in joins[:-1])


def _beside(group: list[Unit], operator: str) -> Refusal:
    odd = "`!` or a comment" if operator == "?" else f"`{operator}`"
    return Refusal(f"`{group[0].shown}` stands where it cannot be taken out (beside {odd})")
