"""Child processes with limits: on the time, after which the group is killed, and on what is kept of the output."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

LEFT_OUT = b"\n[... left out ...]\n"
"""Stands between the kept head and the kept tail of an output that was too long."""

CHUNK = 1 << 16
DRAIN_SECONDS = 2.0
"""How long an output is read on after its process ended: a grandchild may hold it open for ever."""


class Kept:
    """The first and the last bytes of a stream, in bounded memory; safe to read while another thread adds."""

    def __init__(self, most: int) -> None:
        self._head = bytearray()
        self._tail = bytearray()
        self._head_most = most // 2
        self._tail_most = most - self._head_most
        self._lock = threading.Lock()
        self._cut = False

    def add(self, data: bytes) -> None:
        """Take in the next bytes of the stream."""
        with self._lock:
            room = self._head_most - len(self._head)
            self._head += data[:room]
            self._tail += data[room:]
            # Shortened only now and then: each byte is moved at most twice.
            if len(self._tail) > 2 * self._tail_most + CHUNK:
                self._shorten()

    def _shorten(self) -> None:
        if len(self._tail) > self._tail_most:
            del self._tail[: len(self._tail) - self._tail_most]
            self._cut = True

    def read(self) -> tuple[bytes, bool]:
        """What is kept so far, and whether something between head and tail was dropped."""
        with self._lock:
            self._shorten()
            return bytes(self._head + (LEFT_OUT if self._cut else b"") + self._tail), self._cut


@dataclass(frozen=True, slots=True)
class Finished:
    """What became of a child: exit code (None: killed at the limit; negative: ended by a signal) and output."""

    exit_code: int | None
    stdout: bytes
    stderr: bytes
    cut: bool
    seconds: float


class _Pipe:
    """A pipe that a thread of this process reads from.

    The child gets the reading end, too: were it only here, a child whose owner is killed would die of SIGPIPE at its
    next word, before it could put its own things in order.
    """

    def __init__(self, keep: int) -> None:
        self.kept = Kept(keep)
        self.read_end, self.write_end = os.pipe()
        self.reader = threading.Thread(target=self._read, daemon=True)

    def _read(self) -> None:
        try:
            while data := os.read(self.read_end, CHUNK):
                self.kept.add(data)
        finally:
            os.close(self.read_end)


class Child:
    """A process in a group and session of its own, whose output is read from the start so that it never blocks.

    Raises OSError when the program cannot be started. Ctrl-C at the terminal does not reach it: its owner ends it.
    """

    def __init__(
        self,
        command: Sequence[str],
        environment: Mapping[str, str],
        *,
        keep: int,
        stdin: bytes | None = None,
        merged: bool = False,
        folder: Path | None = None,
    ) -> None:
        self.began = time.monotonic()
        self._ended: float | None = None
        # A file and not a pipe: nothing has to be fed, and a program that reads nothing blocks nobody.
        with tempfile.TemporaryFile() if stdin is not None else open(os.devnull, "rb") as source:
            if stdin is not None:
                source.write(stdin)
                source.seek(0)
            pipes = [_Pipe(keep), *([] if merged else [_Pipe(keep)])]
            try:
                self._process = subprocess.Popen(
                    list(command),
                    env=dict(environment),
                    cwd=folder,
                    stdin=source,
                    stdout=pipes[0].write_end,
                    stderr=pipes[-1].write_end,
                    start_new_session=True,
                    pass_fds=[pipe.read_end for pipe in pipes],
                )
            except OSError:
                for pipe in pipes:
                    os.close(pipe.read_end)
                raise
            finally:
                for pipe in pipes:
                    os.close(pipe.write_end)
        self._pipes = pipes
        for pipe in pipes:
            pipe.reader.start()

    @property
    def group(self) -> int:
        """The process group, which is the process id of the child."""
        return self._process.pid

    @property
    def runs(self) -> bool:
        """False once the process has ended."""
        return self._process.poll() is None

    def wait(self, seconds: float) -> bool:
        """Wait for the end, at most so long; False when it still runs."""
        try:
            self._process.wait(max(0.0, seconds))
        except subprocess.TimeoutExpired:
            return False
        if self._ended is None:
            self._ended = time.monotonic()
        return True

    def kill(self) -> None:
        """Kill the group at once."""
        signal_group(self.group, signal.SIGKILL)
        self.wait(DRAIN_SECONDS)

    def finished(self, *, in_time: bool = True) -> Finished:
        """The result so far; of a process that ended, once all that it printed is read."""
        if not self.runs:
            deadline = time.monotonic() + DRAIN_SECONDS
            for pipe in self._pipes:
                pipe.reader.join(max(0.0, deadline - time.monotonic()))
        stdout, cut = self._pipes[0].kept.read()
        stderr, also_cut = self._pipes[1].kept.read() if len(self._pipes) > 1 else (b"", False)
        ended = self._ended or time.monotonic()
        code = self._process.returncode if in_time else None
        return Finished(code, stdout, stderr, cut or also_cut, ended - self.began)


def signal_group(group: int, number: int) -> bool:
    """Send a signal to all processes of a group; False when there is none, or none that is ours. 0 only asks."""
    try:
        os.killpg(group, number)
    except (ProcessLookupError, PermissionError):
        return False
    return True
