"""Headers of a registry's answers, read strictly: Link, WWW-Authenticate, Retry-After, rate limits."""

from __future__ import annotations

import datetime
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_MOST_CHALLENGES = 20
_TOKEN = frozenset("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
_TOKEN68 = _TOKEN | frozenset("/=:")


@dataclass(frozen=True, slots=True)
class Challenge:
    """One way to authenticate: `scheme` in lower case ("basic", "bearer"), and its parameters by lower-case name."""

    scheme: str
    parameters: Mapping[str, str] = field(default_factory=dict)


def next_link(header: str) -> str | None:
    """The target of `rel="next"` in a Link header; None when there is none. Raises ValueError for an odd header."""
    at, found = 0, None
    while at < len(header):
        at = _skip(header, at, " \t,")
        if at == len(header):
            break
        if header[at] != "<" or (end := header.find(">", at)) < 0:
            raise ValueError("a link is written <address>; rel=next")
        target, at = header[at + 1 : end], end + 1
        parameters, at = _parameters(header, at, ";")
        if "next" in parameters.get("rel", "").lower().split():
            if found is not None and found != target:
                raise ValueError("there are two next pages")
            found = target
    return found


def challenges(header: str) -> tuple[Challenge, ...]:
    """The challenges of a WWW-Authenticate header, in order. What cannot be read ends the list."""
    found: list[Challenge] = []
    at = 0
    while len(found) < _MOST_CHALLENGES:
        at = _skip(header, at, " \t,")
        end = _run(header, at, _TOKEN)
        if end == at:
            break
        scheme, at = header[at:end].lower(), end
        if at < len(header) and header[at] not in " \t,":
            break
        parameters, at = _parameters(header, at, ",")
        found.append(Challenge(scheme, parameters))
    return tuple(found)


def _parameters(text: str, at: int, separator: str) -> tuple[dict[str, str], int]:
    """`name=value` and `name="value"` from `at` on, divided by `separator`, and where something else begins."""
    found: dict[str, str] = {}
    while True:
        start = _skip(text, at, f" \t{separator}")
        end = _run(text, start, _TOKEN)
        equals = _skip(text, end, " \t")
        if end == start or text[equals : equals + 1] != "=":
            return found, at
        value, behind = _value(text, _skip(text, equals + 1, " \t"))
        found.setdefault(text[start:end].lower(), value)
        at = behind


def _value(text: str, at: int) -> tuple[str, int]:
    if text[at : at + 1] != '"':
        end = _run(text, at, _TOKEN68)
        return text[at:end], end
    at += 1
    value = []
    while at < len(text) and text[at] != '"':
        if text[at] == "\\" and at + 1 < len(text):
            at += 1
        value.append(text[at])
        at += 1
    return "".join(value), at + 1


def _skip(text: str, at: int, characters: str) -> int:
    while at < len(text) and text[at] in characters:
        at += 1
    return at


def _run(text: str, at: int, characters: frozenset[str]) -> int:
    while at < len(text) and text[at] in characters:
        at += 1
    return at


def retry_after(header: str, now: datetime.datetime) -> float | None:
    """Seconds that the server asks to wait, from a number or an HTTP date; None for none or an odd one."""
    word = header.strip()
    if word.isascii() and word.isdecimal():
        return float(word[:9])
    try:
        then = parsedate_to_datetime(word)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    if then.tzinfo is None:
        then = then.replace(tzinfo=datetime.UTC)
    return max((then - now).total_seconds(), 0.0)


@dataclass(frozen=True, slots=True)
class Allowance:
    """How many requests a registry still allows: `left` of `limit` (None: not said) in `seconds` (None: not said)."""

    left: int
    limit: int | None
    seconds: int | None

    @property
    def is_low(self) -> bool:
        """Whether it is worth telling: less than a tenth is left, or nothing."""
        return self.left == 0 or (self.limit is not None and self.left * 10 < self.limit)

    def __str__(self) -> str:
        of = f" of {self.limit}" if self.limit is not None else ""
        per = f" in {self.seconds // 60} minutes" if self.seconds else ""
        return f"{self.left}{of} requests left{per}"


def allowance(headers: Mapping[str, str]) -> Allowance | None:
    """What `ratelimit-remaining` and `ratelimit-limit` say (`76;w=21600`), with or without `x-`; None without them."""
    for prefix in ("", "x-"):
        left = list(_numbers(headers.get(f"{prefix}ratelimit-remaining", "")))
        limit = list(_numbers(headers.get(f"{prefix}ratelimit-limit", "")))
        if left:
            seconds = [*left[1:], *limit[1:], 0][0]
            return Allowance(left[0], limit[0] if limit else None, seconds or None)
    return None


def _numbers(text: str) -> Iterator[int]:
    """The number before `;`, and the one behind `w=`."""
    first, _, rest = text.partition(";")
    for word in (first.strip(), rest.strip().removeprefix("w=")):
        if not (word.isascii() and word.isdecimal() and len(word) < 10):
            return
        yield int(word)
