"""Signals while engines are at work: one ends the run in order, none cuts the cleaning short.

Python raises KeyboardInterrupt between any two steps. ``held`` puts that off where a step must not be torn apart: a
container that was made but whose id was never read. ``guarded`` is for a whole proof.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Protocol

SIGNALS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))


class Interrupted(KeyboardInterrupt):
    """A signal asked the program to end; ``number`` says which."""

    def __init__(self, number: int) -> None:
        super().__init__(f"ended by {signal.Signals(number).name}")
        self.number = number


class Cleans(Protocol):
    """What ``guarded`` needs of an engine."""

    def clean(self, *, keep_images: bool = False) -> None:
        """Remove everything; never raises."""


class _Once:
    """A handler that raises for the first signal, if it may, and only takes note of every other."""

    def __init__(self, *, may_raise: bool) -> None:
        self.may_raise = may_raise
        self.first: int | None = None

    def __call__(self, number: int, _frame: FrameType | None) -> None:
        if self.first is None:
            self.first = number
            if self.may_raise:
                raise Interrupted(number)


@contextmanager
def _handled(handler: _Once) -> Iterator[None]:
    """Install a handler for SIGNALS, and put back what was there; outside the main thread none can be, nor need be."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {}
    try:
        for number in SIGNALS:
            before[number] = signal.getsignal(number)
            # What the starter of the program chose to ignore (nohup) stays ignored.
            if before[number] not in (signal.SIG_IGN, None):
                signal.signal(number, handler)
        yield
    finally:
        for number, old in before.items():
            if old is not None:
                signal.signal(number, old)


@contextmanager
def held() -> Iterator[None]:
    """No signal interrupts the block; one that came meanwhile is delivered behind it. Keep it short."""
    waiting = _Once(may_raise=False)
    with _handled(waiting):
        yield
    if waiting.first is not None:
        signal.raise_signal(waiting.first)


@contextmanager
def guarded(engine: Cleans, *, keep_images: bool = False) -> Iterator[None]:
    """Run a proof, and clean the engine whatever happens.

    SIGINT, SIGTERM and SIGHUP raise Interrupted in the block; further ones wait until everything is removed.
    """
    once = _Once(may_raise=True)
    with _handled(once):
        # Twice, because the one signal may come between leaving the block and closing the switch.
        try:
            try:
                yield
            finally:
                once.may_raise = False
                engine.clean(keep_images=keep_images)
        finally:
            once.may_raise = False
            engine.clean(keep_images=keep_images)
    if once.first is not None:
        # One that came during the cleaning has been noted, and is told now.
        raise Interrupted(once.first)
