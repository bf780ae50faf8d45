"""How far a run is: one line that is written anew on a terminal, and a line now and then elsewhere."""

from __future__ import annotations

import os
from collections import Counter
from typing import TextIO

from rewriter.bot.events import Event
from rewriter.report.words import visible

_SECONDS = 10.0
"""Between two lines where nothing can be written anew."""
_SHOWN = ("opened", "updated", "closed", "failed")


class Progress:
    """A listener; see `rewriter.bot.events`."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._anew = stream.isatty()
        self._counts: Counter[str] = Counter()
        self._left = self._total = 0
        self._waits: dict[str, float] = {}
        self._told_at = 0.0
        self._shown = False

    def __call__(self, event: Event) -> None:
        """Shows what is new."""
        if event.name == "visit":
            self._counts["failed" if event.fields.get("failed") else event.text("outcome")] += 1
        elif event.name == "wait":
            self._waits[event.text("identity")] = event.at + event.number("seconds")
        elif event.name == "discovered" and not event.number("repositories"):
            self._say("no repository was found")
        elif event.name == "takeover":
            self._say(f"takes over {event.text('repositories')} repositories from {event.text('workers')}")
        elif event.name == "queue":
            self._left, self._total = int(event.number("left")), int(event.number("total"))
            self._waits = {who: until for who, until in self._waits.items() if until > event.at}
        if self._total and (self._anew or self._left == 0 or event.at - self._told_at >= _SECONDS):
            self._told_at = event.at
            self._show(self.line(event.at))

    def line(self, now: float) -> str:
        """Everything in one line."""
        parts = [f"{self._total - self._left:,} of {self._total:,} repositories"]
        parts += [f"{self._counts[name]:,} {name}" for name in _SHOWN if self._counts[name]]
        if self._waits:
            who, until = min(self._waits.items(), key=lambda item: item[1])
            parts.append(f"{who} is left alone for {max(0.0, until - now):,.0f} s")
        return ", ".join(parts)

    def _show(self, line: str) -> None:
        if not self._anew:
            self._say(line)
            return
        width = os.get_terminal_size(self._stream.fileno()).columns - 1
        self._put(f"\r\x1b[K{visible(line)[:width]}")
        self._shown = True

    def _say(self, line: str) -> None:
        self.end()
        self._put(f"{visible(line)}\n")

    def end(self) -> None:
        """Leaves the line as it is, and goes to the next one."""
        if self._shown:
            self._put("\n")
            self._shown = False

    def _put(self, text: str) -> None:
        try:
            self._stream.write(text)
            self._stream.flush()
        except OSError:
            self._anew = False  # whoever looked is gone, and the run goes on
