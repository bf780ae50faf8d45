"""What happens when somebody stops the program: what is half made goes away, one line says so, and no traceback.

Python's own way is an exception between any two steps, so also in clean-up code and in imports. Here the handler itself
ends the process, and knows what to take away first.
"""

from __future__ import annotations

import contextlib
import os
import signal
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

INTERRUPTED = 130
# Not every system has all of them.
_SIGNALS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))


class _Run:
    """What the handler needs to know; signals are handled between two steps of the main thread, so it needs no lock."""

    def __init__(self) -> None:
        self.half_made: dict[str, None] = {}
        """Files and flat folders to take away."""
        self.holds = 0
        self.waiting: int | None = None
        """A signal that came during a hold."""
        self.words = "every file is whole"
        """What a person wants to know then."""


_run = _Run()


def end_at_once() -> None:
    """From now on ^C, a request to terminate and the end of the terminal end this process, and nothing is left behind.

    ^C ends it with code 130, the others as they end any program. A signal that was ignored when we were started (by
    nohup, or for a shell's background job) stays ignored.
    """
    for number in _SIGNALS:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _stop)


def end(number: int) -> NoReturn:
    """End as a signal asks that was caught elsewhere, and put in order there."""
    _end(number)


def done() -> None:
    """There is nothing left to stop: what comes now is too late, and the exit code stands."""
    for number in _SIGNALS:
        signal.signal(number, signal.SIG_IGN)


@contextlib.contextmanager
def half_made(path: str) -> Iterator[None]:
    """While this lasts, `path` (a file, or a folder that holds only files) is taken away if the program is stopped.

    To be entered before it is made, so that there is no moment at which nobody knows of it.
    """
    _run.half_made[path] = None
    try:
        yield
    finally:
        del _run.half_made[path]


@contextlib.contextmanager
def held() -> Iterator[None]:
    """While this lasts, being stopped waits: for a moment in which another program writes for us."""
    _run.holds += 1
    try:
        yield
    finally:
        _run.holds -= 1
        if _run.waiting is not None and not _run.holds:
            _end(_run.waiting)


def will_say(words: str) -> None:
    """What is said from now on when the program is stopped, in place of what holds for all files."""
    _run.words = words


def remove(path: str) -> None:
    """Take away a file, or a folder that holds only files; what is not there or cannot go stays."""
    with contextlib.suppress(OSError):
        if os.path.isdir(path) and not os.path.islink(path):
            for name in os.listdir(path):
                os.unlink(os.path.join(path, name))
            os.rmdir(path)
        else:
            os.unlink(path)


def _stop(number: int, _frame: FrameType | None) -> None:
    if _run.holds:
        _run.waiting = number
    else:
        _end(number)


def _end(number: int) -> NoReturn:
    done()
    for path in list(_run.half_made):
        remove(path)
    with contextlib.suppress(OSError):
        os.write(2, f"interrupted; {_run.words}\n".encode())
    if number != signal.SIGINT:
        # Ended by the signal, as whoever sent it expects to see it.
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)
    os._exit(INTERRUPTED)
