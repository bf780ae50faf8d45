"""When the bot may write: windows of the week."""

from __future__ import annotations

import datetime
import re
import zoneinfo
from dataclasses import dataclass

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_WINDOW = re.compile(r"(?:([a-z]{3})(?:-([a-z]{3}))? )?(\d\d):(\d\d)-(\d\d):(\d\d)\Z")


@dataclass(frozen=True, slots=True)
class Window:
    """When pull requests may be opened and updated: days of the week (0 is Monday) and minutes of the day."""

    days: frozenset[int]
    begin: int
    end: int

    def holds(self, when: datetime.datetime) -> bool:
        """Whether a time lies in it; one that passes midnight belongs to the day on which it begins."""
        minute, day = when.hour * 60 + when.minute, when.weekday()
        if self.begin <= self.end:
            return day in self.days and self.begin <= minute < self.end
        return (day in self.days and minute >= self.begin) or ((day - 1) % 7 in self.days and minute < self.end)


@dataclass(frozen=True, slots=True)
class Schedule:
    """When it may write to a forge."""

    windows: tuple[Window, ...] = ()
    """None: at any time."""
    timezone: str = "UTC"

    def opens_at(self, now: float) -> float:
        """The first time from ``now`` on that lies in a window, to the minute; seconds since the epoch."""
        zone = zoneinfo.ZoneInfo(self.timezone)
        if not self.windows:
            return now
        when = datetime.datetime.fromtimestamp(now, zone)
        if any(window.holds(when) for window in self.windows):
            return now
        start = now - now % 60
        for minute in range(1, 8 * 24 * 60):
            later = start + 60 * minute
            if any(window.holds(datetime.datetime.fromtimestamp(later, zone)) for window in self.windows):
                return later
        raise AssertionError("a window opens within a week")


def window_of(text: str) -> Window:
    """``mon-fri 08:00-18:00``, ``sat 22:00-06:00``, or ``08:00-18:00`` for every day. Raises ValueError."""
    found = _WINDOW.match(text.strip().lower())
    problem = ValueError(f"{text!r} is no window such as 'mon-fri 08:00-18:00'")
    if found is None:
        raise problem
    first, last, *numbers = found.groups()
    hours = [int(number) for number in numbers]
    if any(day is not None and day not in _DAYS for day in (first, last)) or hours[0] > 23 or hours[2] > 24:
        raise problem
    if hours[1] > 59 or hours[3] > 59 or hours[2] * 60 + hours[3] > 24 * 60:
        raise problem
    begin, end = hours[0] * 60 + hours[1], hours[2] * 60 + hours[3]
    if begin == end:
        raise problem
    days = frozenset(range(7))
    if first is not None:
        start, count = _DAYS.index(first), (_DAYS.index(last or first) - _DAYS.index(first)) % 7 + 1
        days = frozenset((start + step) % 7 for step in range(count))
    return Window(days, begin, end)
