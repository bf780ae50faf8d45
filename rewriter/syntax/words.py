"""Words, flags, JSON strings and key=value pairs of an instruction's logical text.

Each rule is BuildKit's own, quirks included (read from BuildKit at 73ed6825, 2026-08-21): which characters count as
blanks differs from place to place, and a flag is walked byte by byte.
"""

from __future__ import annotations

import json
import math
import re
from typing import NamedTuple

# Go's unicode.IsSpace. Python's str.isspace also counts U+001C..U+001F, which BuildKit does not.
UNICODE_BLANKS = (
    "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000"
)
_BLANK_SET = frozenset(UNICODE_BLANKS)
# A flag is walked byte by byte, so there a lone byte can be a blank, but no character of several bytes.
_BYTE_BLANKS = frozenset("\t\n\v\f\r \udc85\udca0")
# What may stand first where flags are: a dash, or such a lone byte before it.
FLAG_STARTS = frozenset("-\udc85\udca0")
# Between keyword, arguments and plain words BuildKit splits on these only.
ASCII_BLANKS = re.compile(r"[\t\v\f\r ]+")

_JSON_STRING = r'"(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"'
_JSON_STRINGS = re.compile(_JSON_STRING)
_GAP = r"[ \t\r\n]*"
_JSON_ARRAY = re.compile(rf"\[{_GAP}(?:{_JSON_STRING}{_GAP}(?:,{_GAP}{_JSON_STRING}{_GAP})*)?\]{_GAP}\Z")
_SURROGATES = re.compile("[\ud800-\udfff]")
_PLAIN_WORDS = re.compile(r"[^\t\v\f\r ]+")


def _quoted_word(escape: str) -> re.Pattern[str]:
    """A word of ENV, LABEL or ARG; an open quote runs to the end. No part can fail once begun: it never backtracks."""
    token = re.escape(escape)
    escaped = rf"{token}(?:.|\Z)"
    single = r"'[^']*+(?:'|\Z)"
    double = rf'"(?:[^"{token}]++|{escaped})*+(?:"|\Z)'
    return re.compile(rf"(?:[^{UNICODE_BLANKS}'\"{token}]++|{single}|{double}|{escaped})++", re.DOTALL)


_QUOTED_WORD = {escape: _quoted_word(escape) for escape in ("\\", "`")}


class Word(NamedTuple):
    """One word as written, quotes and escapes included; ``start`` and ``end`` are logical offsets."""

    text: str
    start: int
    end: int


class Flag(NamedTuple):
    """``--name`` or ``--name=value`` with quotes removed; ``value`` is None when there is no ``=``."""

    name: str
    value: str | None
    start: int
    end: int


class JsonString(NamedTuple):
    """One string of an exec form; the span holds its quotes."""

    value: str
    start: int
    end: int


class Pair(NamedTuple):
    """One key=value of ENV, LABEL or ARG, as written; ``value`` is None for an ARG without default."""

    key: str
    value: str | None
    start: int
    end: int


class WordError(ValueError):
    """The words of an instruction break BuildKit's rules; the message is the reason."""


def split_plain(text: str, start: int = 0) -> tuple[Word, ...]:
    """Words between ASCII blanks, no quoting: FROM, EXPOSE, and COPY, ADD, VOLUME in their shell form."""
    return tuple(Word(m.group(), m.start(), m.end()) for m in _PLAIN_WORDS.finditer(text, start))


def split_quoted(text: str, escape: str, start: int = 0) -> tuple[Word, ...]:
    """Words of ENV, LABEL and ARG: quotes and the escape token keep blanks inside a word, and stay in its text."""
    words = []
    for match in _QUOTED_WORD[escape].finditer(text, start):
        begin, end = match.span()
        word = text[begin:end]
        if end == len(text) and word.endswith(escape) and _ends_in_escape(word, escape):
            word = word[:-1]  # BuildKit drops it
        if word:
            words.append(Word(word, begin, end))
    return tuple(words)


def _ends_in_escape(word: str, escape: str) -> bool:
    """Whether the last character is an escape token that has nothing to escape."""
    position, quote = 0, ""
    while position < len(word):
        char = word[position]
        if char == escape and quote != "'":
            position += 2
            continue
        if not quote and char in "'\"":
            quote = char
        elif char == quote:
            quote = ""
        position += 1
    return position > len(word)


def split_flags(text: str, escape: str, start: int = 0) -> tuple[tuple[Flag, ...], int]:
    """Leading ``--flag`` words and where the arguments begin.

    BuildKit walks the bytes here: a character of several bytes comes out as several. Raises WordError when one of
    them would end the flag in the middle of a character.
    """
    flags: list[Flag] = []
    position, size = start, len(text)
    while True:
        while position < size and text[position] in _BYTE_BLANKS:
            position += 1
        if not text.startswith("--", position):
            return tuple(flags), position
        begin, quote, quoted, parts = position, "", False, []
        while position < size:
            char = text[position]
            if not quote and char in _BYTE_BLANKS:
                break
            if char == escape:
                position += 1
                if position < size:
                    parts.append(_as_bytes(text[position], quote))
            elif not quote and char in "'\"":
                quote, quoted = char, True
            elif char == quote:
                quote = ""
            else:
                parts.append(_as_bytes(char, quote))
            position += 1
        position = min(position, size)
        word = "".join(parts)
        if word == "--":
            return tuple(flags), position
        if word or quoted:
            name, equals, value = word[2:].partition("=")
            flags.append(Flag(name, value if equals else None, begin, position))


def _as_bytes(char: str, quote: str) -> str:
    """A character of a flag as BuildKit reads it: one character per byte."""
    if char.isascii():
        return char
    data = char.encode("utf-8", "surrogateescape")
    if not quote and (b"\x85" in data or b"\xa0" in data):
        raise WordError(f"a byte of {char!r} is a blank in a flag, which BuildKit would cut there")
    return data.decode("latin-1")


def parse_json(text: str, start: int) -> tuple[JsonString, ...] | None:
    """The exec form that starts at ``start``, or None when the text is shell form.

    Raises WordError for a JSON array that holds something other than strings: BuildKit rejects it.
    """
    while start < len(text) and text[start] in _BLANK_SET:
        start += 1
    if not text.startswith("[", start):
        return None
    if _JSON_ARRAY.match(text, start):
        return tuple(
            JsonString(_json_value(m.group()), m.start(), m.end()) for m in _JSON_STRINGS.finditer(text, start)
        )
    if _is_json_array(text[start:]):
        raise WordError("only string type is allowed in JSON format arrays")
    return None


def _json_value(string: str) -> str:
    value: str = json.loads(string)
    # Half a surrogate pair and a byte that is not UTF-8 read as U+FFFD.
    return value if value.isascii() else _SURROGATES.sub("\ufffd", value)


def _is_json_array(text: str) -> bool:
    def no_constants(name: str) -> None:
        raise ValueError(name)  # NaN and Infinity are Python's own; Go's parser has none

    def within_bounds(number: str) -> float:
        if math.isinf(value := float(number)):
            raise ValueError(number)  # Go's parser fails on what no float64 holds
        return value

    try:
        value = json.loads(text, parse_constant=no_constants, parse_float=within_bounds, parse_int=within_bounds)
    except (ValueError, RecursionError):
        return False
    return isinstance(value, list)


def parse_pairs(text: str, start: int, escape: str) -> tuple[Pair, ...]:
    """Pairs of ENV and LABEL, the old ``KEY rest of line`` form included. Raises WordError."""
    words = split_quoted(text, escape, start)
    if not words:
        raise WordError("requires at least one argument")
    if "=" not in words[0].text:
        parts = ASCII_BLANKS.split(text[start:].strip(UNICODE_BLANKS), maxsplit=1)
        if len(parts) < 2:
            raise WordError("must have two arguments")
        begin = words[0].start
        return (Pair(parts[0], parts[1], begin, len(text.rstrip(UNICODE_BLANKS))),)
    pairs = []
    for word in words:
        key, equals, value = word.text.partition("=")
        if not equals:
            raise WordError(f"can't find = in {word.text!r}: must be of the form name=value")
        if not key:
            raise WordError("names can not be blank")
        pairs.append(Pair(key, value, word.start, word.end))
    return tuple(pairs)


def parse_args(text: str, start: int, escape: str) -> tuple[Pair, ...]:
    """``name[=default]`` words of ARG. Raises WordError."""
    pairs = []
    for word in split_quoted(text, escape, start):
        key, equals, value = word.text.partition("=")
        if not key:
            raise WordError("names can not be blank")
        pairs.append(Pair(key, value if equals else None, word.start, word.end))
    if not pairs:
        raise WordError("requires at least one argument")
    return tuple(pairs)
