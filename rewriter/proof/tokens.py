"""Text as lines of tokens that know what may differ between two runs of a program: clocks, durations, process ids."""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass, field
from functools import cached_property


class Class(enum.Enum):
    """What a token is, as far as its form tells."""

    WORD = "word"
    NUMBER = "number"
    """Digits, or hexadecimal digits with a digit among them; versions and decimals are several tokens."""
    TIME = "time"
    """A time of day."""
    DATE = "date"
    EPOCH = "epoch"
    """Seconds since 1970, or thousandths, millionths or billionths of them, near to now."""
    DURATION = "duration"
    """A measured duration: a unit below the second, or a fraction."""
    ADDRESS = "address"
    """0x and at least five hexadecimal digits."""
    PROCESS = "process"
    """A number behind the word pid: who gets which depends on threads, and on whether a shell stands in front."""


_PATTERN = re.compile(
    r"""
    (?P<date>\b\d{4}[-/]\d\d[-/]\d\d(?=\D|$))
  | (?P<time>(?<![\d:])\d{1,2}:\d\d(?::\d\d(?:[.,]\d+)?)?(?![\d:]))
  | (?P<address>0x[0-9a-fA-F]{5,}\b)
  | (?P<duration>(?<![\w.])(?:\d+h)?(?:\d+m)?(?:\d+(?:\.\d+)?\s?(?:ns|us|µs|μs|ms|msec|milliseconds?)
                           |\d+\.\d+\s?(?:s|secs?|seconds?))(?!\w))
  | (?P<number>\d+(?![0-9A-Za-z])|(?=[a-fA-F]*\d)[0-9a-fA-F]{4,}(?![0-9A-Za-z])|\d+)
  | (?P<word>[^\W\d_]+|\s+|.)
    """,
    re.VERBOSE | re.DOTALL,
)
_PROCESS = re.compile(r"(?:\b|_)p?pid\W{0,3}\Z", re.IGNORECASE)
_EPOCH_DIGITS = {10: 1, 13: 10**3, 16: 10**6, 19: 10**9}
_DAY = 86400
_QUARTER = 900
_NEAR_QUARTER = 150
"""How far, in seconds, a clock reading may be from a whole quarter of an hour off the time of the run."""


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of a line: its text and what it is."""

    text: str
    kind: Class

    @property
    def shape(self) -> str:
        """The text of a word, the class of anything else: what stays when a program runs again."""
        return self.text if self.kind is Class.WORD else f"<{self.kind.value}>"


@dataclass(frozen=True)
class Line:
    """One line of a sample."""

    text: str
    now: float
    """When it was printed, about: seconds since 1970."""

    @cached_property
    def tokens(self) -> tuple[Token, ...]:
        return tuple(Token(found[0], _kind(found, self.now)) for found in _PATTERN.finditer(self.text))

    @cached_property
    def shape(self) -> str:
        return "".join(token.shape for token in self.tokens)


@dataclass(frozen=True)
class Sample:
    """What one run printed or answered, and when."""

    text: str
    now: float = field(compare=False, default=0.0)

    @cached_property
    def lines(self) -> tuple[Line, ...]:
        return tuple(Line(line, self.now) for line in self.text.splitlines())


def _kind(found: re.Match[str], now: float) -> Class:
    kind = Class(found.lastgroup)
    if kind is Class.NUMBER and found[0].isdigit():
        if _PROCESS.search(found.string, max(0, found.start() - 8), found.start()):
            return Class.PROCESS
        factor = _EPOCH_DIGITS.get(len(found[0]))
        if factor and abs(int(found[0]) / factor - now) < 2 * _DAY:
            return Class.EPOCH
    return kind


def same(old: Token, then: float, new: Token, now: float) -> bool:
    """Whether two tokens of two runs say the same.

    Clock readings do when they are equally far from the clock, by quarters of an hour: a time zone that is lost is
    seen, the minutes between two runs are not. Durations, addresses and process ids always do.
    """
    if old.text == new.text:
        return True
    if old.kind is not new.kind:
        return False
    if old.kind is Class.TIME:
        offset = _offset(old.text, then)
        return offset is not None and offset == _offset(new.text, now)
    return old.kind in (Class.EPOCH, Class.DURATION, Class.ADDRESS, Class.PROCESS) or (
        old.kind is Class.DATE and _is_near(old.text, then) and _is_near(new.text, now)
    )


def _offset(text: str, now: float) -> int | None:
    """Quarters of an hour between the clock and a time of day, modulo a day; None when it reads no clock."""
    hours, minutes, *seconds = re.split("[:.,]", text)[:3]
    shown = int(hours) * 3600 + int(minutes) * 60 + (int(seconds[0]) if seconds else 0)
    ahead = (shown - now) % _DAY
    quarters = round(ahead / _QUARTER)
    near = _NEAR_QUARTER if seconds else _NEAR_QUARTER + 60
    return quarters % (_DAY // _QUARTER) if abs(ahead - quarters * _QUARTER) <= near else None


def _is_near(text: str, now: float) -> bool:
    """Whether a date is at most two days from now."""
    year, month, day = (int(part) for part in re.split("[-/]", text))
    return abs(_days(year, month, day) - now / _DAY) < 2.5


def _days(year: int, month: int, day: int) -> int:
    """Days since 1970 of a date of the Gregorian calendar; a month or day that is none gives some number."""
    year -= month <= 2
    era, of_era = divmod(year, 400)
    of_year = (153 * ((month + 9) % 12) + 2) // 5 + day - 1
    return era * 146097 + of_era * 365 + of_era // 4 - of_era // 100 + of_year - 719468
