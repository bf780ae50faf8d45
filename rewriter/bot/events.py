"""What happens in a run, told as it happens: to a line on a terminal, a log, and metrics.

An event has a name and plain fields. Those that are told:

* ``discovered``: ``repositories``;
* ``queue``: ``left`` of ``total`` visits;
* ``visit``: what came of a file or a repository: ``repository``, ``path``, ``outcome``, ``why``, ``failed``, ``url``;
* ``repository``: a visit has ended: ``repository``, ``outcome``, ``seconds``;
* ``write``: ``identity`` takes the slot of a write;
* ``wait``: the forge wants ``identity`` to leave it alone for ``seconds``;
* ``takeover``: of what the dead ``workers`` left unfinished, so many ``repositories``;
* ``dashboard``: ``repository``, ``number``.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

from rewriter.bot.pace import Clock

Value = str | int | float | bool


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened."""

    name: str
    at: float
    """Seconds since the epoch."""
    fields: Mapping[str, Value]

    def text(self, name: str) -> str:
        """A field in words; empty where there is none."""
        return str(self.fields.get(name, ""))

    def number(self, name: str) -> float:
        """A field as a number; 0 where there is none."""
        found = self.fields.get(name, 0)
        return float(found) if isinstance(found, int | float) else 0.0


Listener = Callable[[Event], None]


@dataclass
class Events:
    """Tells all listeners, one event at a time: visits run beside each other."""

    clock: Clock
    listeners: list[Listener] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def tell(self, name: str, **fields: Value) -> None:
        """Something happened now."""
        event = Event(name, self.clock.now(), fields)
        with self._lock:
            for listener in self.listeners:
                listener(event)


class JsonLog:
    """Appends each event as a line of JSON, so that a crash loses none."""

    def __init__(self, path: Path, **always: Value) -> None:
        """``always``: fields of every line. Raises OSError."""
        self._always = always
        self._file: TextIO = path.open("a", encoding="utf-8", errors="backslashreplace")

    def __call__(self, event: Event) -> None:
        """Writes the line."""
        import datetime

        when = datetime.datetime.fromtimestamp(event.at, datetime.UTC).isoformat(timespec="milliseconds")
        level = "error" if event.fields.get("failed") else "warning" if event.name in ("wait", "takeover") else "info"
        line = {"time": when, "level": level, "event": event.name, **self._always, **event.fields}
        self._file.write(json.dumps(line) + "\n")
        self._file.flush()

    def close(self) -> None:
        """Closes the file."""
        self._file.close()
