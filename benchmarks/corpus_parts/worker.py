"""A process that examines one file after the other, and the end of it that the parent holds.

Whatever a file does to the process, dying and hanging included, is told to the parent as an answer.
"""

from __future__ import annotations

import contextlib
import faulthandler
import multiprocessing
import re
import resource
import signal
import time
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, NamedTuple, TextIO

from benchmarks.corpus_parts.check import ROOT, TEXT, Examiner, Facts, Failure, crash, rejection, shown
from benchmarks.corpus_parts.sources import Item, Shelf
from rewriter.context import BuildContext, DictContext
from rewriter.discovery import all_transforms, chosen
from tests.oracle import Oracle

_SPAWN = multiprocessing.get_context("spawn")  # a fork would begin with the parent's memory, and grow by touching it
_FRAME = re.compile(r'  File "([^"]+)", line \d+ in (\S+)')
_PATIENCE = 120.0  # seconds that a process may take to start
_GRACE = 5.0  # seconds, over the limit, in which a worker must have ended itself
_HUNG = "Timeout"  # how faulthandler begins when the limit is over


class Settings(NamedTuple):
    """What all workers are told: levels to run at, seconds for one mark, bytes of memory that a worker may take."""

    levels: tuple[str, ...]
    seconds: float = 60.0
    memory: int = 4_000_000_000


class Job(NamedTuple):
    """A file to examine; the marks in `avoid` killed a worker before and are left out."""

    item: Item
    avoid: frozenset[str] = frozenset()


class Trial(NamedTuple):
    """A text to try one mark on, with the files of its context or without any."""

    data: bytes
    files: dict[str, bytes] | None
    mark: str


class Began(NamedTuple):
    """The worker begins with a mark."""

    mark: str


class Done(NamedTuple):
    """The answer to a job or a trial. Memory is in bytes, now and at its highest; `seconds` of work went into it."""

    facts: Facts
    failures: list[Failure]
    resident: int
    peak: int
    seconds: float


class Lost(NamedTuple):
    """The worker is gone, and so is the answer; the failure says where it was."""

    failure: Failure


class WorkerError(RuntimeError):
    """A worker cannot start; the message says why."""


class Worker:
    """The parent's end of a process. It is started with the first message, and again after it was lost."""

    def __init__(self, settings: Settings, log: Path) -> None:
        self.settings = settings
        self.starts = 0
        self.deadline = 0.0
        """The value of time.monotonic() at which the worker is given up."""
        self.mark = ""
        self._log = log
        self._process: Any = None
        self.connection: Connection[Any, Any] | None = None

    def give(self, message: Job | Trial) -> None:
        """Hands over some work. Raises WorkerError."""
        for _ in range(2):
            if self.connection is None:
                self._start()
            assert self.connection is not None
            try:
                self.connection.send(message)
            except OSError:  # it died between two files
                self.close()
                continue
            self._begin("")
            return
        raise WorkerError("the worker dies as soon as it has started")

    def receive(self) -> Began | Done | Lost:
        """The next message; call it when the connection is readable or the deadline is over."""
        assert self.connection is not None
        try:
            if not self.connection.poll(max(0.0, self.deadline - time.monotonic())):
                return self._lose()
            message = self.connection.recv()
        except (EOFError, OSError):
            self._process.join(_GRACE)
            return self._lose()
        if isinstance(message, Began):
            self._begin(message.mark)
        assert isinstance(message, Began | Done)
        return message

    def close(self) -> None:
        """Ends the process."""
        if self.connection is not None:
            self.connection.close()
            self.connection = None
        if self._process is not None:
            self._process.kill()
            self._process.join()
            self._process.close()
            self._process = None

    def _begin(self, mark: str) -> None:
        self.mark = mark
        self.deadline = time.monotonic() + self.settings.seconds + _GRACE

    def _lose(self) -> Lost:
        code = self._process.exitcode
        self.close()
        try:
            log = self._log.read_text(encoding="utf-8", errors="replace")
        except OSError:
            log = ""
        where = _where(log)
        if code is None or log.startswith(_HUNG):
            return Lost(Failure("hung", "", where, f"no end within {self.settings.seconds:g} s, in {where}"))
        how = signal.Signals(-code).name if code < 0 else f"exit code {code}"
        return Lost(Failure("died", how, where, f"{how}, in {where}"))

    def _start(self) -> None:
        self.starts += 1
        self.connection, theirs = _SPAWN.Pipe()
        self._process = _SPAWN.Process(target=work, args=(theirs, self.settings, self._log), daemon=True)
        self._process.start()
        theirs.close()
        try:
            ready = self.connection.poll(_PATIENCE) and self.connection.recv()
        except (EOFError, OSError):
            ready = None
        if ready is not True:
            self.close()
            raise WorkerError(f"a worker does not start: {ready or 'it ended without a word'}")


def _where(log: str) -> str:
    """The place in what a worker left behind: the innermost function of ours."""
    frames = [frame for frame in _FRAME.findall(log) if Path(frame[0]).is_relative_to(ROOT)]
    return f"{shown(frames[0][0])}:{frames[0][1]}" if frames else "an unknown place"


def work(connection: Connection[Any, Any], settings: Settings, log: Path) -> None:
    """What runs in the process: answers jobs and trials until the parent is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent ends its workers itself
    try:
        with Oracle() as oracle, open(log, "w", encoding="utf-8") as trace:
            oracle.read("FROM scratch\n")
            # All of them, the opt-in ones included.
            transforms = chosen(extend=tuple(transform.name for transform in all_transforms()))
            resource.setrlimit(resource.RLIMIT_AS, (settings.memory, settings.memory))
            faulthandler.enable(trace)
            connection.send(True)
            _serve(connection, settings, Examiner(oracle, transforms), trace)
    except (EOFError, BrokenPipeError):
        return
    except Exception as error:
        with contextlib.suppress(OSError):
            connection.send(f"{type(error).__name__}: {error}")


def _serve(connection: Connection[Any, Any], settings: Settings, examiner: Examiner, trace: TextIO) -> None:
    """Answers as long as there is a parent, which it tells of each mark before it begins with it."""
    shelf = Shelf()

    def begin(mark: str) -> None:
        trace.seek(0)
        trace.truncate()
        # A thread of its own that needs no other: it ends the process even where the parent is gone.
        faulthandler.dump_traceback_later(settings.seconds, exit=True, file=trace)
        connection.send(Began(mark))

    while True:
        message = connection.recv()
        started = time.perf_counter()
        facts: Facts = {}
        failures: list[Failure] = []
        if isinstance(message, Job):
            source = shelf.source(message.item.origin)
            data = source.read(message.item.path) or b""
            context = source.context(message.item.path) if message.item.identity else None
            marks = [mark for mark in (TEXT, *settings.levels) if mark not in message.avoid]
            alone = not message.item.identity
        else:
            data, marks, alone = message.data, [message.mark], True
            context = DictContext(message.files) if message.files is not None else None
        if TEXT not in (message.avoid if isinstance(message, Job) else ()):
            for mark in marks:
                begin(mark)
                found = _one(examiner, mark, data, context, alone)
                if found is None:
                    break
                facts[mark] = found[0]
                failures += found[1]
        faulthandler.cancel_dump_traceback_later()
        connection.send(Done(facts, failures, _resident(), _peak(), time.perf_counter() - started))


def _one(
    examiner: Examiner, mark: str, data: bytes, context: BuildContext | None, alone: bool
) -> tuple[Facts, list[Failure]] | None:
    """The answer to one mark; None if there is nothing more to ask of this file."""
    try:
        if mark != TEXT:
            return None if rejection(data) else examiner.level(data, context, mark)
        # Of a text in one of several contexts, nothing is asked again that was asked of it alone.
        return examiner.text(data) if alone else ({"bytes": len(data), "rejected": rejection(data)}, [])
    except Exception as error:  # the reader itself
        return {}, [crash(error)._replace(mark=mark)]


def _resident() -> int:
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * resource.getpagesize()


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
