"""Which heredocs an instruction opens, read from its joined logical line.

BuildKit splits the line into shell words with the backslash as escape token whatever the ``escape`` directive says, and
takes each word that is ``<<NAME`` for an opener. When the splitting fails (an unbalanced quote, a substitution that it
does not know) there is no heredoc at all. Read from shell/lex.go and parser/parser.go at 73ed6825 (2026-08-21).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from rewriter.source import BOM
from rewriter.syntax.words import UNICODE_BLANKS, WordError

if TYPE_CHECKING:
    from collections.abc import Callable

_OPENER = re.compile(r"[0-9]*<<(-?)[\t\n\f\r ]*([^<]*)\Z")
_NOT_UTF_8 = re.compile("[\ud800-\udfff]")
_BLANKS = frozenset(UNICODE_BLANKS)
_ESCAPE = "\\"
_SPECIAL_PARAMETERS = frozenset("@*#?-$!0")
_DEEPEST = 100
"""Substitutions within substitutions; BuildKit has no limit, and no person writes as many."""


class Opener(NamedTuple):
    """``<<NAME`` as it stands in the line: the terminator to look for and how its body is read."""

    name: str
    chomp: bool
    """``<<-``: leading tabs of body and terminator are dropped."""
    expand: bool
    """False when any part of the name was quoted: variables in the body stay as they are."""


def openers(line: str) -> tuple[Opener, ...]:
    """The heredocs that a logical line opens, in the order in which their bodies follow. Raises WordError."""
    if "<<" not in line:
        return ()
    try:
        words = _Splitter(line, raw=True).words()
    except _SyntaxError:
        return ()
    return tuple(opener for opener in map(opener_of, words) if opener is not None)


def opener_of(word: str) -> Opener | None:
    """The heredoc that one word would open, or None. Raises WordError."""
    match = _OPENER.match(word)
    if match is None:
        return None
    chomp, rest = match.groups()
    try:
        plain = _Splitter(rest).words()
        quoted = _Splitter(rest, raw_quotes=True).words()
    except _SyntaxError as error:
        raise WordError(f"the name of a heredoc is not understood: {error}") from None
    if len(plain) != 1 or len(quoted) != 1:
        return None
    return Opener(plain[0], chomp == "-", _quotes(plain[0]) == _quotes(quoted[0]))


def _quotes(word: str) -> int:
    return word.count("'") + word.count('"')


class _SyntaxError(Exception):
    """What makes BuildKit give up on the line."""


class _Splitter:
    """Shell words as BuildKit splits them when no variable is set: substitutions stay as they are written.

    ``raw`` keeps quotes and escapes in the words, ``raw_quotes`` the quotes alone.
    """

    def __init__(self, text: str, *, raw: bool = False, raw_quotes: bool = False) -> None:
        # Go's scanner reads a byte that is not UTF-8 as U+FFFD and drops a byte order mark where its text begins.
        self.text = _NOT_UTF_8.sub("\ufffd", text.removeprefix(BOM))
        self.position = 0
        self.raw_quotes = raw or raw_quotes
        self.raw_escapes = raw
        # One buffer for all levels, as in BuildKit: a substitution with a word in it drops what stands glued before it.
        self.buffer: list[str] = []

    def words(self) -> list[str]:
        found: list[str] = []
        in_word = False
        while self.position < len(self.text):
            char = self.text[self.position]
            if char == "$":
                for each in self._dollar(0):
                    in_word = self._add(each, found, in_word)
            elif char in "'\"<":
                self.buffer.append(self._quoted_or_opener(char, 0))
                in_word = True
            elif char == _ESCAPE:
                self.buffer.append(self._escaped())
                in_word = True
            else:
                self.position += 1
                in_word = self._add(char, found, in_word)
        return [*found, "".join(self.buffer)] if any(self.buffer) else found

    def _add(self, char: str, found: list[str], in_word: bool) -> bool:
        if char not in _BLANKS:
            self.buffer.append(char)
            return True
        if in_word and any(self.buffer):
            found.append("".join(self.buffer))
            self.buffer.clear()
            return False
        return in_word

    def _until(self, stop: str, raw_escapes: bool, depth: int) -> str:
        """The text up to ``stop``, which is consumed: the word of a substitution."""
        if depth > _DEEPEST:
            raise WordError("substitutions are nested too deeply to tell its heredocs")
        self.buffer.clear()
        before, self.raw_escapes = self.raw_escapes, raw_escapes
        parts: list[str] = []
        while self.position < len(self.text):
            char = self.text[self.position]
            if char == stop:
                self.position += 1
                self.buffer.clear()
                self.raw_escapes = before
                return "".join(parts)
            if char == "$":
                parts.append(self._dollar(depth))
            elif char in "'\"<":
                parts.append(self._quoted_or_opener(char, depth))
            elif char == _ESCAPE:
                parts.append(self._escaped())
            else:
                self.position += 1
                parts.append(char)
        raise _SyntaxError(f"no {stop} ends a substitution")

    def _quoted_or_opener(self, char: str, depth: int) -> str:
        if char == "'":
            return self._single()
        return self._double(depth) if char == '"' else self._arrows()

    def _escaped(self) -> str:
        escaped = self.text[self.position + 1 : self.position + 2]
        self.position += 2
        return _ESCAPE + escaped if self.raw_escapes else escaped

    def _arrows(self) -> str:
        """``<``, or ``<<`` with the blanks behind it: they belong to the opener, ``cat << EOF`` opens EOF."""
        start = self.position
        self.position += 1
        if self.text.startswith("<", self.position):
            self.position += 1
            while self.text[self.position : self.position + 1] in ("\t", "\r", " "):
                self.position += 1
        return self.text[start : self.position]

    def _single(self) -> str:
        start = self.position
        end = self.text.find("'", start + 1)
        if end < 0:
            raise _SyntaxError("a single quote is open")
        self.position = end + 1
        return self.text[start : end + 1] if self.raw_quotes else self.text[start + 1 : end]

    def _double(self, depth: int) -> str:
        quote = '"' if self.raw_quotes else ""
        parts = [quote]
        self.position += 1
        while self.position < len(self.text):
            char = self.text[self.position]
            if char == "$":
                parts.append(self._dollar(depth))
                continue
            self.position += 1
            if char == '"':
                return "".join([*parts, quote])
            if char == _ESCAPE:
                if self.raw_escapes:
                    parts.append(char)
                following = self.text[self.position : self.position + 1]
                if following in ('"', "$", _ESCAPE):
                    char = following
                    self.position += 1
                elif not following:
                    break
            parts.append(char)
        raise _SyntaxError("a double quote is open")

    def _dollar(self, depth: int) -> str:
        self.position += 1
        if not self.text.startswith("{", self.position):
            return "$" + self._name()
        self.position += 1
        if self.text[self.position : self.position + 1] in ("", "{", "}", ":"):
            raise _SyntaxError("bad substitution")
        name = self._name()
        modifier = self.text[self.position : self.position + 1]
        self.position += 1
        if modifier == "}":
            return f"${{{name}}}"
        if modifier == "/":
            modifier += "/" if self.text.startswith("/", self.position) else ""
            self.position += len(modifier) - 1
            pattern = self._until("/", True, depth + 1)
            # BuildKit prints it with one slash, whether all matches are meant or the first.
            return f"${{{name}/{pattern}/{self._until('}', True, depth + 1)}}}"
        if modifier == ":":
            modifier += self.text[self.position : self.position + 1]
            self.position += 1
        elif modifier not in ("+", "-", "?", "#", "%"):
            raise _SyntaxError("unsupported modifier in a substitution")
        if modifier in (":#", ":%"):
            raise _SyntaxError("unsupported modifier in a substitution")
        return f"${{{name}{modifier}{self._until('}', modifier in ('#', '%'), depth + 1)}}}"

    def _name(self) -> str:
        start = self.position
        first = self.text[start : start + 1]
        if first in _SPECIAL_PARAMETERS and first and not first.isdecimal():
            self.position += 1
        elif first.isdecimal():
            self._while(str.isdecimal)
        else:
            self._while(lambda char: char == "_" or char.isalpha() or char.isdecimal())
        return self.text[start : self.position]

    def _while(self, belongs: Callable[[str], bool]) -> None:
        while self.position < len(self.text) and belongs(self.text[self.position]):
            self.position += 1
