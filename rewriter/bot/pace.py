"""How fast one identity may write, and when it is to be left alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from rewriter.bot.forge import Busy

LONGEST_PARK = 86_400.0
"""Seconds: what asks for more is broken, a forge or a clock that was put back."""


class Clock(Protocol):
    """The time, so that a test can have its own."""

    def now(self) -> float:
        """Seconds since the epoch."""

    def sleep(self, seconds: float) -> None:
        """Waits."""


class Pace(Protocol):
    """Held for one identity, and shared by all workers that use it."""

    def before_read(self) -> None:
        """Raises `rewriter.bot.forge.Busy` while the identity is parked."""

    def before_write(self) -> None:
        """Waits for the next slot (one write a second and so many an hour); raises Busy when it is parked, or when the
        slot is further away than anybody should wait with a connection open."""

    def park(self, until: float) -> None:
        """No request before that time (seconds since the epoch); an earlier one does not shorten it."""


class Slots(Protocol):
    """Where the slots are kept: see `rewriter.bot.ledger.Ledger`."""

    def parked_until(self, identity: str) -> float: ...
    def park(self, identity: str, until: float) -> None: ...
    def reserve_write(self, identity: str, now: float, interval: float, hourly: int) -> float: ...
    def give_back(self, identity: str, slot: float) -> None: ...


@dataclass(frozen=True, slots=True)
class Limits:
    """Of one identity. GitHub lets about 500 things be created in an hour, and asks for a second between two."""

    interval: float = 1.0
    """Seconds between two writes."""
    hourly: int = 450
    """Writes within any hour."""
    longest_wait: float = 20.0
    """Seconds that a write waits for its slot; for a later one the identity is busy."""


class SharedPace:
    """The `Pace` of an identity whose slots all workers share."""

    def __init__(
        self,
        slots: Slots,
        identity: str,
        clock: Clock,
        limits: Limits | None = None,
        tell: Callable[..., None] = lambda _name, **_fields: None,
    ) -> None:
        """``tell``: of `rewriter.bot.events`."""
        self._slots = slots
        self._identity = identity
        self._clock = clock
        self._limits = limits or Limits()
        self._tell = tell

    def before_read(self) -> None:
        """See `Pace`."""
        until, now = self._slots.parked_until(self._identity), self._clock.now()
        if now < until <= now + LONGEST_PARK:
            raise Busy(f"{self._identity} is to be left alone for {until - now:,.0f} s", until)

    def before_write(self) -> None:
        """See `Pace`."""
        self.before_read()
        now = self._clock.now()
        slot = self._slots.reserve_write(self._identity, now, self._limits.interval, self._limits.hourly)
        if slot - now > self._limits.longest_wait:
            self._slots.give_back(self._identity, slot)
            raise Busy(f"{self._identity} has written {self._limits.hourly} times within an hour", slot)
        if slot > now:
            self._clock.sleep(slot - now)
        self._tell("write", identity=self._identity)

    def park(self, until: float) -> None:
        """See `Pace`."""
        self._slots.park(self._identity, until)
        self._tell("wait", identity=self._identity, seconds=max(0.0, until - self._clock.now()))
