"""The other end of the worker: asks it, waits for so long, and starts a new one when it is gone."""

from __future__ import annotations

import json
import os
import select
import struct
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Any

from tests.oracle.reading import Command, Reading, Rejected

_WORKER = Path(__file__).with_name("worker.py")
_PIPE = 32_768
"""What is written at once: a raw pipe may take less than it is given when that is more than it holds."""


class Silence(Exception):
    """The oracle gives no answer to a text; the message says why."""


class _Gone(Silence):
    """The worker has ended."""

    def __init__(self) -> None:
        super().__init__("the parser ended the process")


class Oracle:
    """BuildKit's own parser behind a pipe, one worker for each object; use it as a context manager."""

    def __init__(self, seconds: float = 10.0) -> None:
        self.seconds = seconds
        """How long to wait for one answer."""
        self._worker: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Oracle:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Ends the worker; the next question starts another."""
        worker, self._worker = self._worker, None
        if worker is None:
            return
        worker.kill()
        worker.wait()
        for pipe in (worker.stdin, worker.stdout):
            if pipe is not None:
                pipe.close()

    def read(self, text: str) -> Reading:
        """What the package reads. Raises Silence when it gives no answer."""
        message = text.encode("utf-8", "surrogateescape")
        try:
            answer = self._ask(message)
        except _Gone:  # perhaps not for this text's sake
            answer = self._ask(message)
        if isinstance(answer, list):
            return tuple(_command(*fields) for fields in answer)
        if "silent" in answer:
            self.close()  # the package forgets to count what it hands out then
            raise Silence(answer["silent"])
        return Rejected(answer["rejected"])

    def _ask(self, message: bytes) -> Any:
        worker = self._worker or self._start()
        try:
            return self._exchange(worker, struct.pack(">I", len(message)) + message)
        except Silence:
            self.close()
            raise

    def _start(self) -> subprocess.Popen[bytes]:
        # Its standard error is dropped: before it ends, Go prints a trace of every thread.
        worker = self._worker = subprocess.Popen(
            [sys.executable, "-I", str(_WORKER)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
        )
        try:
            self._exchange(worker, b"")
        except Silence as silence:
            self.close()
            raise RuntimeError(f"the worker does not start ({silence}): pip install 'dockerfile>=3.4'") from None
        return worker

    def _exchange(self, worker: subprocess.Popen[bytes], message: bytes) -> Any:
        assert worker.stdin is not None
        assert worker.stdout is not None
        until = time.monotonic() + self.seconds
        try:
            for at in range(0, len(message), _PIPE):
                worker.stdin.write(message[at : at + _PIPE])
        except BrokenPipeError:
            raise _Gone from None
        descriptor = worker.stdout.fileno()
        (size,) = struct.unpack(">I", _receive(descriptor, 4, until))
        return json.loads(_receive(descriptor, size, until))


def _receive(descriptor: int, size: int, until: float) -> bytes:
    parts = []
    while size:
        ready, _, _ = select.select([descriptor], [], [], max(0.0, until - time.monotonic()))
        if not ready:
            raise Silence("no answer in time")
        part = os.read(descriptor, size)
        if not part:
            raise _Gone
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def _command(
    cmd: str | None,
    sub_cmd: str | None,
    is_json: bool,
    original: str | None,
    start_line: int,
    end_line: int,
    flags: list[str],
    value: list[str],
    heredocs: list[tuple[str, int, str]],
) -> Command:
    return Command(
        cmd or "",
        sub_cmd or "",
        is_json,
        original or "",
        start_line,
        end_line,
        tuple(flags),
        tuple(value),
        tuple((name, content) for name, _, content in heredocs),
    )
