"""Several workers at once, each with one file at a time; and one worker that tries texts for the reducer."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterable, Iterator
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.corpus_parts.check import Facts, Failure
from benchmarks.corpus_parts.sources import Item
from benchmarks.corpus_parts.worker import Began, Done, Job, Lost, Settings, Trial, Worker


class Examined(NamedTuple):
    """What came of one file."""

    item: Item
    facts: Facts
    failures: list[Failure]


class Pool:
    """Examines files; what a file does to its worker becomes a failure of the file. Close it.

    Keeps nothing of what it gives out.
    """

    def __init__(self, workers: int, settings: Settings, scratch: Path) -> None:
        self._workers = [Worker(settings, scratch / f"worker-{number}") for number in range(workers)]
        self._jobs: dict[Worker, Job] = {}
        self._again: deque[Job] = deque()
        self._lost: dict[Item, list[Failure]] = {}
        self.resident: dict[Worker, int] = {}
        """Bytes that each worker took after its last file."""
        self.peak = 0
        """The most bytes that any worker ever took."""
        self.seconds = 0.0
        """Seconds of work in all workers together."""

    def close(self) -> None:
        """Ends the workers."""
        for worker in self._workers:
            worker.close()

    @property
    def restarts(self) -> int:
        """How often a worker was started in the place of one that was lost."""
        return sum(max(0, worker.starts - 1) for worker in self._workers)

    def run(self, items: Iterable[Item]) -> Iterator[Examined]:
        """Examines the files, in no certain order. Raises WorkerError if workers cannot be started."""
        coming = iter(items)
        while True:
            for worker in self._workers:
                if worker not in self._jobs:
                    job = self._again.popleft() if self._again else next((Job(item) for item in coming), None)
                    if job is not None:
                        worker.give(job)
                        self._jobs[worker] = job
            if not self._jobs:
                return
            for worker in self._ready():
                answer = worker.receive()
                if isinstance(answer, Done):
                    yield self._done(worker, answer)
                elif isinstance(answer, Lost):
                    self._try_again(worker, answer)

    def _ready(self) -> list[Worker]:
        """The busy workers that have something to say, or have been silent for too long."""
        connections: dict[Connection[Any, Any], Worker] = {
            worker.connection: worker for worker in self._jobs if worker.connection is not None
        }
        first = min(worker.deadline for worker in self._jobs)
        speaking = {connections[c] for c in wait(list(connections), max(0.0, first - time.monotonic()))}  # type: ignore[index]
        now = time.monotonic()
        return [worker for worker in self._jobs if worker in speaking or worker.deadline <= now]

    def _done(self, worker: Worker, answer: Done) -> Examined:
        item = self._jobs.pop(worker).item
        self.resident[worker] = answer.resident
        self.peak = max(self.peak, answer.peak)
        self.seconds += answer.seconds
        return Examined(item, answer.facts, [*self._lost.pop(item, []), *answer.failures])

    def _try_again(self, worker: Worker, answer: Lost) -> None:
        job = self._jobs.pop(worker)
        self._lost.setdefault(job.item, []).append(answer.failure._replace(mark=worker.mark))
        # What came before the fatal mark is lost with it, and is asked again.
        avoid = {worker.mark} if worker.mark else {"text"}
        self._again.append(Job(job.item, job.avoid | avoid))


class Probe:
    """Tries one mark on a text, in a worker of its own. Close it."""

    def __init__(self, settings: Settings, scratch: Path) -> None:
        self._worker = Worker(settings, scratch / "probe")

    def failures(self, data: bytes, files: dict[str, bytes] | None, mark: str) -> list[Failure]:
        """What fails. Raises WorkerError."""
        self._worker.give(Trial(data, files, mark))
        while True:
            answer = self._worker.receive()
            if isinstance(answer, Done):
                return answer.failures
            if isinstance(answer, Lost):
                return [answer.failure._replace(mark=mark)]
            assert isinstance(answer, Began)

    def close(self) -> None:
        """Ends the worker."""
        self._worker.close()
