"""One shell word after quote removal and expansion, where that can be known without running anything."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from rewriter.limits import LONGEST_GROWTH

if TYPE_CHECKING:
    from collections.abc import Mapping

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_GLOB = frozenset("*?[")
_BRACED = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)(?:(:?[-+])([^{}$`\"'\\]*))?\}")
_ALONE = re.compile(r"\$(?:([A-Za-z_]\w*)|\{([A-Za-z_]\w*)\})")
_SPLITTERS = frozenset(" \t\n")
_PLAIN = re.compile(r"[^'\"\\$`*?\[{]+")
"""Characters that mean themselves everywhere but at the start of a word."""


def resolve(raw: str, variables: Mapping[str, str | None]) -> str | None:
    """The value of a word, or None when it cannot be known.

    ``variables`` holds what is known to be set; a value of None is set but unknown, and a name that is missing is
    unknown too. Unquoted globs, ``~``, command substitution and arithmetic make a word unknown; so does an unquoted
    variable whose value the shell would split.
    """
    out: list[str] = []
    position, size, quoted, room = 0, len(raw), False, LONGEST_GROWTH
    if raw in ("[", "[["):
        return raw
    if raw.startswith("~"):
        return None
    while position < size:
        char = raw[position]
        if char == "'" and not quoted:
            end = raw.find("'", position + 1)
            if end < 0:
                return None
            out.append(raw[position + 1 : end])
            position = end + 1
        elif char == '"':
            quoted = not quoted
            position += 1
        elif char == "\\":
            following = raw[position + 1 : position + 2]
            if quoted and following not in ("$", "`", '"', "\\"):
                out.append("\\")
            out.append(following)
            position += 2
        elif char == "$":
            value, position = _variable(raw, position, variables)
            if value is None or (not quoted and any(c in _SPLITTERS or c in _GLOB for c in value)):
                return None
            out.append(value)
            room -= len(value)
            if room < 0:
                return None
        elif char == "`" or (not quoted and (char in _GLOB or char == "{")):
            return None
        else:
            plain = _PLAIN.match(raw, position)
            end = plain.end() if plain else position + 1
            out.append(raw[position:end])
            position = end
    return None if quoted else "".join(out)


def fields(raw: str, variables: Mapping[str, str | None]) -> tuple[str, ...] | None:
    """The words that the shell splits an unquoted variable into that is a word of its own; None for any other word,
    and where its value is not known or holds a pattern."""
    alone = _ALONE.fullmatch(raw)
    text = variables.get(alone[1] or alone[2]) if alone else None
    return tuple(text.split()) if text is not None and not _GLOB & {*text} else None


def _variable(raw: str, position: int, variables: Mapping[str, str | None]) -> tuple[str | None, int]:
    """The value of the expansion at ``position`` and where it ends."""
    match = _NAME.match(raw, position + 1)
    if match:
        return variables.get(match.group()), match.end()
    braced = _BRACED.match(raw, position + 1)
    if braced:
        name, operator, word = braced.groups()
        return _substitute(name, operator, word, variables), braced.end()
    following = raw[position + 1 : position + 2]
    if not following or following in "\"' \t/.,:;=-+%^":
        return ("$", position + 1) if following != "-" else (None, position + 2)
    return None, len(raw)


def _substitute(name: str, operator: str | None, word: str, variables: Mapping[str, str | None]) -> str | None:
    if operator is None:
        return variables.get(name)
    if name in variables and variables[name] is None:
        return None
    value = variables.get(name)
    # A name that is not listed may still come from the base image or the environment.
    if value is None:
        return None
    present = value != "" if operator.startswith(":") else True
    if operator.endswith("-"):
        return value if present else word
    return word if present else ""
