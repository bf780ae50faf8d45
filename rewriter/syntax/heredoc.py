"""Which heredocs an instruction opens, read from its joined logical line.

BuildKit splits the line into shell words with the backslash as escape token whatever the ``escape`` directive says.
When the splitting fails (an unbalanced quote) there is no heredoc at all.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from rewriter.syntax.words import UNICODE_BLANKS

_OPENER = re.compile(r"\d*<<(-?)[\t\n\v\f\r ]*([^<]*)\Z")
_PENDING = re.compile(r"\d*<<-?[\t\n\v\f\r ]*\Z")
_BLANKS = frozenset(UNICODE_BLANKS)


class Opener(NamedTuple):
    """``<<NAME`` as it stands in the line: the terminator to look for and how its body is read."""

    name: str
    chomp: bool
    """``<<-``: leading tabs of body and terminator are dropped."""
    expand: bool
    """False when any part of the name was quoted: variables in the body stay as they are."""


class _UnbalancedError(Exception):
    pass


def openers(line: str) -> tuple[Opener, ...]:
    """The heredocs that a logical line opens, in the order in which their bodies follow."""
    if "<<" not in line:
        return ()
    try:
        words = _shell_words(line)
    except _UnbalancedError:
        return ()
    found = []
    for word in words:
        match = _OPENER.match(word)
        if match is None or not match.group(2):
            continue
        name = _unquote(match.group(2))
        if name:
            found.append(Opener(name, match.group(1) == "-", name == match.group(2)))
    return tuple(found)


def _shell_words(line: str) -> list[str]:
    words: list[str] = []
    position, size = 0, len(line)
    word = ""
    while position < size:
        char = line[position]
        if char in _BLANKS:
            # Blanks after a bare `<<` belong to the opener: `cat << EOF` opens EOF.
            if word and not _PENDING.match(word):
                words.append(word)
                word = ""
            elif word:
                word += char
            position += 1
            continue
        end = _end_of_piece(line, position)
        word += line[position:end]
        position = end
    return [*words, word] if word else words


def _end_of_piece(line: str, position: int) -> int:
    """End of the quoted string, escape, ``${...}`` or single character at ``position``."""
    char = line[position]
    if char == "\\":
        return min(position + 2, len(line))
    if char == "'":
        return _after(line.find("'", position + 1))
    if char == '"':
        return _closing(line, position + 1, '"')
    if line.startswith("${", position):
        return _closing(line, position + 2, "}")
    return position + 1


def _closing(line: str, position: int, closer: str) -> int:
    stack = [closer]
    while position < len(line):
        char = line[position]
        if char == "\\":
            position += 2
            continue
        if char == stack[-1]:
            stack.pop()
            if not stack:
                return position + 1
        elif line.startswith("${", position):
            stack.append("}")
            position += 1
        elif char == '"' and stack[-1] == "}":
            stack.append('"')
        position += 1
    raise _UnbalancedError


def _after(found: int) -> int:
    if found < 0:
        raise _UnbalancedError
    return found + 1


def _unquote(word: str) -> str:
    plain: list[str] = []
    position, quote = 0, ""
    while position < len(word):
        char = word[position]
        if char == "\\" and quote != "'" and position + 1 < len(word):
            position += 1
            plain.append(word[position])
        elif not quote and char in "'\"":
            quote = char
        elif char == quote:
            quote = ""
        else:
            plain.append(char)
        position += 1
    return "".join(plain)
