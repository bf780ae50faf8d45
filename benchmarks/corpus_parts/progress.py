"""What is shown while a corpus runs, and what is measured of its memory."""

from __future__ import annotations

import sys
import time

from benchmarks.corpus_parts.pool import Pool

_EVERY_TTY, _EVERY_LOG = 0.2, 10.0  # seconds
_MB = 1_000_000


class Progress:
    """One line on standard error: written over on a terminal, now and then a new one elsewhere."""

    def __init__(self, what: str, total: int | None = None) -> None:
        self._what = what
        self._total = total
        self._started = self._shown = time.monotonic()
        self._tty = sys.stderr.isatty()

    def show(self, done: int, more: str = "", last: bool = False) -> None:
        """Shows how far it is, unless it was shown a moment ago."""
        now = time.monotonic()
        if not last and now - self._shown < (_EVERY_TTY if self._tty else _EVERY_LOG):
            return
        self._shown = now
        rate = done / max(now - self._started, 0.001)
        line = f"{self._what}: {done:,}"
        if self._total is not None:
            line += f" of {self._total:,} ({100 * done / max(self._total, 1):.1f} %), {rate:.0f}/s"
            left = (self._total - done) / max(rate, 0.001)
            line += f", {left / 60:.1f} min left" if done and not last else ""
        line += f", {more}" if more else ""
        ends = "\x1b[K\n" if last else "\x1b[K"
        print(f"\r{line}{ends}" if self._tty else line + "\n", end="", file=sys.stderr, flush=True)


class Memory:
    """Bytes that the largest worker and this process take, noted at each hundredth of the way."""

    def __init__(self, total: int) -> None:
        self._total = total
        self._next = 0
        self._notes: dict[int, tuple[int, int]] = {}

    def note(self, done: int, pool: Pool) -> None:
        """Notes it if another hundredth is done."""
        hundredth = 100 * done // max(self._total, 1)
        if hundredth >= self._next:
            self._notes[hundredth] = (max(pool.resident.values(), default=0), resident())
            self._next = hundredth + 1

    def lines(self) -> list[str]:
        """Memory at a tenth of the way and at its end."""
        early = next((note for at, note in sorted(self._notes.items()) if at >= 10), None)
        if early is None:
            return []
        late = self._notes[max(self._notes)]
        return [
            f"{who}: {a / _MB:.0f} MB at 10 %, {b / _MB:.0f} MB at 100 %, growth {(b - a) / _MB:+.0f} MB"
            for who, a, b in zip(("largest worker", "parent"), early, late, strict=True)
        ]


def resident() -> int:
    """Bytes of memory that this process takes."""
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * 4096
