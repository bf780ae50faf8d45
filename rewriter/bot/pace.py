"""How fast one identity may write, and when it is to be left alone."""

from __future__ import annotations

from typing import Protocol


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
