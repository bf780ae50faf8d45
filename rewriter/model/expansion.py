"""Variable expansion as BuildKit does it in ENV, COPY, WORKDIR, FROM and the like.

Read from BuildKit at 73ed6825 (2026-08-21): ``$x ${x} ${x:-w} ${x-w} ${x:+w} ${x+w} ${x:?w} ${x?w} ${x#p} ${x##p}
${x%p} ${x%%p} ${x/p/r} ${x//p/r}``; patterns know ``*`` and ``?`` only; single quotes stop expansion.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from rewriter.limits import LONGEST_GROWTH

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

_NAME = re.compile(r"[^\W\d]\w*|\d+|[@*#?\-$!]")
_PLAIN = re.compile(r"[^'\"$\\`}/]+")
"""Characters that mean themselves everywhere."""
DEEPEST = 100


class ExpansionError(ValueError):
    """A substitution that BuildKit rejects, or one that is nested too deeply or grows too long to be followed."""


@dataclass(frozen=True, slots=True)
class Variables:
    """What is set at a point; a value of None is set to something that the file does not tell."""

    values: Mapping[str, str | None]
    complete: bool = True
    """False when the base image may set further names that are not known."""

    def get(self, name: str) -> tuple[bool, str | None]:
        """(is set, value); a name that only the base image could set counts as set to an unknown value."""
        if name in self.values:
            return True, self.values[name]
        return (False, "") if self.complete else (True, None)


class Expansion(NamedTuple):
    """A text after expansion; ``known`` is False when an unknown value takes part in it."""

    text: str
    known: bool
    names: frozenset[str]

    @property
    def value(self) -> str | None:
        """The text when all of it is known."""
        return self.text if self.known else None


def expand(raw: str, variables: Variables, escape: str = "\\", growth: int = LONGEST_GROWTH) -> Expansion:
    """One word with quotes removed and variables replaced, which may add ``growth`` characters.

    Raises ExpansionError.
    """
    walker = _Walker(raw, variables, escape, growth)
    text = walker.until("", 0)
    return Expansion(text, walker.known, frozenset(walker.names))


def expand_all(raws: Iterable[str], variables: Variables, escape: str = "\\") -> Iterator[str | None]:
    """The words of one instruction after expansion, None where one is not known; what they grow by counts together."""
    growth = LONGEST_GROWTH
    for raw in raws:
        try:
            value = expand(raw, variables, escape, growth).value
        except ExpansionError:
            value = None
        growth -= max(len(value or "") - len(raw), 0)
        yield value


class _Walker:
    def __init__(self, raw: str, variables: Variables, escape: str, growth: int) -> None:
        self.raw = raw
        self.variables = variables
        self.escape = escape
        self.room = growth
        self.position = 0
        self.known = True
        self.names: set[str] = set()

    def until(self, stop: str, depth: int) -> str:
        """Expanded text up to an unquoted ``stop`` (which is consumed) or, for "", the end."""
        if depth > DEEPEST:
            raise ExpansionError("substitutions are nested too deeply")
        out: list[str] = []
        raw = self.raw
        while self.position < len(raw):
            char = raw[self.position]
            if char == stop:
                self.position += 1
                return "".join(out)
            if char == "'":
                out.append(self._single())
            elif char == '"':
                out.append(self._double(depth))
            elif char == "$":
                out.append(self._dollar(depth))
            elif char == self.escape:
                self.position += 1
                out.append(raw[self.position : self.position + 1])
                self.position += 1
            else:
                out.append(self._plain())
        if stop:
            raise ExpansionError(f"unexpected end of statement while looking for matching {stop}")
        return "".join(out)

    def _plain(self) -> str:
        """The characters up to the next that may mean something; at least one."""
        match = _PLAIN.match(self.raw, self.position)
        end = match.end() if match else self.position + 1
        text = self.raw[self.position : end]
        self.position = end
        return text

    def _single(self) -> str:
        end = self.raw.find("'", self.position + 1)
        if end < 0:
            raise ExpansionError("unexpected end of statement while looking for matching single-quote")
        text = self.raw[self.position + 1 : end]
        self.position = end + 1
        return text

    def _double(self, depth: int) -> str:
        out: list[str] = []
        self.position += 1
        while self.position < len(self.raw):
            char = self.raw[self.position]
            if char == '"':
                self.position += 1
                return "".join(out)
            if char == "$":
                out.append(self._dollar(depth))
                continue
            if char == self.escape:
                following = self.raw[self.position + 1 : self.position + 2]
                if following in ('"', "$", self.escape):
                    out.append(following)
                    self.position += 2
                    continue
            out.append(self._plain())
        raise ExpansionError("unexpected end of statement while looking for matching double-quote")

    def _dollar(self, depth: int) -> str:
        self.position += 1
        if not self.raw.startswith("{", self.position):
            match = _NAME.match(self.raw, self.position)
            if match is None:
                return "$"
            self.position = match.end()
            return self._lookup(match.group())[1]
        self.position += 1
        match = _NAME.match(self.raw, self.position)
        if match is None:
            raise ExpansionError("bad substitution")
        self.position = match.end()
        return self._braced(match.group(), depth)

    def _lookup(self, name: str) -> tuple[bool, str]:
        self.names.add(name)
        is_set, value = self.variables.get(name)
        if value is None:
            self.known = False
        return is_set, self._grown(value or "")

    def _grown(self, value: str) -> str:
        """The value of a variable, as long as there is room for it."""
        self.room -= len(value)
        if self.room < 0:
            raise ExpansionError("its variables make it too long to be followed")
        return value

    def _braced(self, name: str, depth: int) -> str:
        raw = self.raw
        char = raw[self.position : self.position + 1]
        if char == "}":
            self.position += 1
            return self._lookup(name)[1]
        colon = char == ":"
        if colon:
            self.position += 1
            char = raw[self.position : self.position + 1]
        self.position += 1
        if char and char in "+-?":
            return self._default(name, char, colon, depth)
        if colon or not char or char not in "#%/":
            raise ExpansionError(f"unsupported modifier ({':' if colon else ''}{char}) in substitution")
        is_set, value = self._lookup(name)
        if char == "/":
            return self._replace(value, depth)
        greedy = raw.startswith(char, self.position)
        if greedy:
            self.position += 1
        pattern = self.until("}", depth + 1)
        return _trim(value, pattern, char, greedy) if is_set else ""

    def _default(self, name: str, modifier: str, colon: bool, depth: int) -> str:
        self.names.add(name)
        is_set, value = self.variables.get(name)
        before = self.known
        word = self.until("}", depth + 1)
        after, self.known = self.known, before
        if value is None:
            self.known = False
            return ""
        present = is_set and (value != "" or not colon)
        if present and modifier != "+":
            return self._grown(value)
        if not present and modifier == "+":
            return ""
        if modifier == "?":
            raise ExpansionError(f"{name}: {word or 'parameter not set'}")
        self.known = after
        return word

    def _replace(self, value: str, depth: int) -> str:
        everywhere = self.raw.startswith("/", self.position)
        if everywhere:
            self.position += 1
        pattern = self.until("/", depth + 1)
        replacement = self.until("}", depth + 1)
        places = _places(value, pattern)
        pieces: list[str] = []
        position = 0
        for start, end in places if everywhere else islice(places, 1):
            pieces += (value[position:start], self._grown(replacement))
            position = end
        return "".join([*pieces, value[position:]])


def _places(value: str, pattern: str) -> Iterator[tuple[int, int]]:
    """Where a pattern is found: leftmost, then longest, never over the end of a line, as Go's expressions find it.

    A place of no length right behind another one does not count. Raises ExpansionError.
    """
    first, *others = re.split(r"\*+", pattern)
    if others and "\n" in pattern:
        raise ExpansionError("a line end in a pattern is not followed")
    beginning, parts = re.compile(_literal(first)), [re.compile(_literal(part)) for part in others]
    last = re.compile(_literal(others[-1][::-1])) if others else None
    position, before = 0, -1
    while position <= len(value) and (found := beginning.search(value, position)):
        start, end = found.span()
        newline = value.find("\n", end)
        stop = newline if newline >= 0 else len(value)
        for part in parts:
            found = part.search(value, end, stop)
            if found is None:
                break
            at, end = found.span()
        if found is None:  # nor is it found from any later place on this line
            position = stop + 1
            continue
        if last is not None and (found := last.search(value[at:stop][::-1])):
            end = stop - found.start()
        if start < end or end != before:
            yield start, end
        before = end
        position = end if start < end else end + 1


def _regex(pattern: str, greedy: bool) -> str:
    """A shell pattern as an expression that never goes back over what it has read, so that no pattern takes long.

    All stars but the last take as little as they can, which leaves the most to those behind them.
    """
    first, *others = (_literal(part) for part in re.split(r"\*+", pattern))
    if not others:
        return first
    *middle, last = others
    star = ".*" if greedy else ".*?"
    return first + "".join(f"(?>.*?{part})" for part in middle) + f"(?>{star}{last})"


def _literal(part: str) -> str:
    return "".join("." if char == "?" else re.escape(char) for char in part)


def _trim(value: str, pattern: str, side: str, greedy: bool) -> str:
    if side == "%":  # an end is a beginning, read backwards
        return _trim(value[::-1], pattern[::-1], "#", greedy)[::-1]
    match = re.match(_regex(pattern, greedy), value, re.DOTALL)
    return value[match.end() :] if match else value
