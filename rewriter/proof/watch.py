"""A small process beside a proof that cleans up when the proof itself is killed and can do nothing any more.

It holds the other end of a pipe. As long as the proof lives, it sleeps; when the pipe ends without the word that all is
done, the proof is gone, and what carries its name is removed.
"""

from __future__ import annotations

import contextlib
import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterable
from functools import partial

from rewriter.proof.interrupt import SIGNALS
from rewriter.proof.process import signal_group

DONE = "done"
SETTLE_SECONDS = 2.0
PATIENCE_SECONDS = 10.0
"""How long a client of the proof may take to end after everything is removed that it could wait for."""
_START = "import json, sys; sys.path[:] = json.loads(sys.argv[1]); from rewriter.proof.watch import main; main()"


class Watch:
    """The proof's end of the pipe. A watcher that cannot be had is done without: the next run cleans up, too."""

    def __init__(self, kind: str, program: str, identity: str) -> None:
        command = [sys.executable, "-c", _START, json.dumps(sys.path)]
        self._process: subprocess.Popen[str] | None = None
        with contextlib.suppress(OSError):
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                text=True,
                start_new_session=True,
            )
        self._say(json.dumps({"kind": kind, "program": program, "identity": identity}))

    def began(self, group: int, *, builds: bool) -> None:
        """A process group runs, and is to be ended if the proof is; one that ``builds`` first."""
        self._say(f"{'*' if builds else '+'}{group}")

    def ended(self, group: int) -> None:
        """That group is gone."""
        self._say(f"-{group}")

    def close(self) -> None:
        """All is removed; the watcher ends."""
        self._say(DONE)
        if self._process is not None and self._process.stdin is not None:
            with contextlib.suppress(OSError):
                self._process.stdin.close()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(5)
        self._process = None

    def _say(self, line: str) -> None:
        if self._process is not None and self._process.stdin is not None:
            with contextlib.suppress(OSError, ValueError):
                self._process.stdin.write(f"{line}\n")
                self._process.stdin.flush()


def main() -> None:
    """The watcher: reads until the pipe ends."""
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    what = json.loads(sys.stdin.readline())
    clients, builds, done = _follow(sys.stdin)
    if not done:
        _clean(what["kind"], what["program"], what["identity"], clients, builds)


def _follow(lines: Iterable[str]) -> tuple[set[int], set[int], bool]:
    """The clients and the builds that run when the lines end, and whether the last word was that all is done."""
    clients: set[int] = set()
    builds: set[int] = set()
    word = ""
    for line in lines:
        word = line.strip()
        if word.startswith("+"):
            clients.add(int(word[1:]))
        elif word.startswith("*"):
            builds.add(int(word[1:]))
        elif word.startswith("-"):
            clients.discard(int(word[1:]))
            builds.discard(int(word[1:]))
    return clients, builds, word == DONE


def _clean(kind: str, program: str, identity: str, clients: set[int], builds: set[int]) -> None:
    from rewriter.proof.find import reopen

    engine = reopen(kind, program, identity)
    for group in builds:
        engine.end_build(group, partial(signal_group, group, 0))
    engine.clean()
    _end(clients)
    # What a client had asked for when it was killed may only now be there.
    time.sleep(SETTLE_SECONDS)
    reopen(kind, program, identity).clean()


def _end(clients: set[int]) -> None:
    """Most end by themselves now; one that is cut off at removing an image can leave a store that nobody can list."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while any(signal_group(group, 0) for group in clients) and time.monotonic() < deadline:
        time.sleep(0.1)
    for group in clients:
        signal_group(group, signal.SIGKILL)
