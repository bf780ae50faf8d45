"""What the bot costs: many small local repositories, with the queue and without it, by one worker and by two.

``python benchmarks/bot.py [--repositories N] [--database URL] [--workers N]`` makes N bare repositories (1,000), of
which seven of eight hold something to propose, visits all of them and pushes a branch to each:

* *without the queue*: the same visits, one after the other, in one process that remembers nothing;
* *one worker*, *two workers*: ``dfrewrite bot run`` as a user runs it, each worker one process that visits one
  repository at a time, over a database of their own (SQLite, or PostgreSQL by its URL).

Printed are the seconds for each repository, the ratio to the visits without the queue, and the memory of a worker after
a tenth, a half and all of the visits. It exits 1 when something was not visited, or when memory grows by more than half
from the first tenth to the end.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from rewriter.bot.campaign import Campaign, load_campaign
from rewriter.bot.decide import Do
from rewriter.bot.ledger import Ledger
from rewriter.bot.run import Place, tools_for
from rewriter.bot.sources import repositories
from rewriter.bot.task import Task
from rewriter.bot.visit import Visitor

GO = {
    "Dockerfile": 'FROM golang:1.18\nWORKDIR /app\nCOPY . .\nRUN go build -o /app/tides .\nCMD ["/app/tides"]\n',
    "go.mod": "module example.com/tides\n\ngo 1.18\n",
    "main.go": "package main\n\nfunc main() {}\n",
}
KINDS: list[Mapping[str, str]] = [
    *({**GO, "README.md": f"Number {number}\n"} for number in range(7)),
    {"README.md": "No image is built here.\n"},
]
"""What the repositories hold, one after the other."""
MOST_GROWTH = 1.5
_CAMPAIGN = """
name = "bench"

[[source]]
forge = "folder"
owners = ["{folder}"]

[caps]
workers = 1
per-run = 1000000
per-hour = 1000000
writes-per-hour = 1000000
seconds-between-writes = 0.0
"""


@dataclass
class Figures:
    """What came of one way to visit all repositories."""

    name: str
    seconds: float
    visited: int
    pushed: int
    memory: list[int] = field(default_factory=list)
    """Bytes of the largest worker, sampled evenly over the visits."""


def make(folder: Path, count: int) -> None:
    """So many bare repositories; each kind is made once and copied."""
    originals = folder.with_name("originals")
    for number, files in enumerate(KINDS):
        work, bare = originals / f"work-{number}", originals / f"{number}.git"
        work.mkdir(parents=True)
        for name, text in files.items():
            (work / name).write_text(text)
        person = ("-c", "user.name=Jo", "-c", "user.email=jo@example.com")
        _git(work, "init", "--quiet", "--template=", "--initial-branch=main", ".")
        _git(work, "add", "--all")
        _git(work, *person, "commit", "--quiet", "--message=Begin")
        _git(originals, "clone", "--quiet", "--bare", "--template=", str(work), str(bare))
        _git(bare, "repack", "-adq")
    for number in range(count):
        shutil.copytree(originals / f"{number % len(KINDS)}.git", folder / f"{number:05}.git")


def _git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def reset(folder: Path) -> int:
    """Takes all branches away again; how many there were."""
    count = 0
    for repository in folder.iterdir():
        pushed = repository / "refs" / "heads" / "dfrewrite"
        if pushed.exists():
            count += 1
            shutil.rmtree(pushed)
    return count


def without_queue(folder: Path, campaign: Campaign, scratch: Path) -> Figures:
    """The visits alone."""
    begin, visited = time.perf_counter(), 0
    with tools_for(campaign, Place(scratch / "direct")) as tools:
        visitor = Visitor(tools)
        for source, repository in repositories(campaign, tools.forges):
            task = Task("direct", source, repository.id, repository.name)
            survey = visitor.survey(task)
            for plan in survey.plans:
                if plan.do is Do.OPEN:
                    visitor.publish(task, survey, plan, visitor.push(task, survey, plan).tip)
            visitor.forget(task)
            visited += 1
    seconds = time.perf_counter() - begin
    return Figures("without the queue", seconds, visited, reset(folder))


def by_workers(folder: Path, campaign: Path, scratch: Path, count: int, total: int, database: str) -> Figures:
    """``dfrewrite bot run``, so many times beside each other."""
    place = Place(scratch / f"by-{count}", database)
    command = [str(Path(sys.executable).with_name("dfrewrite")), "bot", "run", "--campaign", str(campaign)]
    command += ["--folder", str(place.folder), "--run", f"by-{count}"]
    command += ["--database", database] if database else []
    begin = time.perf_counter()
    with (scratch / "output").open("w") as output:
        environment = {**os.environ, "PYTHONFAULTHANDLER": "1"}  # a crash in C code says where
        workers = [
            subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, env=environment) for _ in range(count)
        ]
        samples: list[int] = []
        while any(worker.poll() is None for worker in workers):
            samples.append(max(map(_memory, workers)))
            time.sleep(0.5)
    seconds = time.perf_counter() - begin
    failed = [worker.returncode for worker in workers if worker.returncode]
    if failed:
        sys.exit(f"workers ended with {failed}: {(scratch / 'output').read_text()[-3000:]}")
    ledger = Ledger(place.ledger)
    visited = len({visit.repository for visit in ledger.visits(f"by-{count}")})
    ledger.close()
    name = "one worker" if count == 1 else f"{count} workers"
    return Figures(name, seconds, visited, reset(folder), [sample for sample in samples if sample])


def _memory(worker: subprocess.Popen[bytes]) -> int:
    """Bytes in memory now; 0 when it has ended."""
    try:
        pages = int(Path(f"/proc/{worker.pid}/statm").read_text().split()[1])
    except (OSError, IndexError):
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")


def main() -> int:
    """The whole table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--repositories", type=int, default=1000, metavar="N")
    parser.add_argument("--database", default="", metavar="URL", help="PostgreSQL instead of SQLite")
    parser.add_argument("--workers", type=int, default=0, metavar="N", help="only this way, and not all three")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="dfrewrite-bench-") as name:
        scratch = Path(name)
        folder, campaign = scratch / "repositories", scratch / "campaign.toml"
        folder.mkdir()
        make(folder, asked.repositories)
        campaign.write_text(_CAMPAIGN.format(folder=folder))
        found = [] if asked.workers else [without_queue(folder, load_campaign(campaign), scratch)]
        for count in [asked.workers] if asked.workers else [1, 2]:
            found.append(by_workers(folder, campaign, scratch, count, asked.repositories, asked.database))
    return _print(found, asked.repositories)


def _print(found: list[Figures], total: int) -> int:
    print(f"\n{total:,} repositories         s each   ratio   MB after a tenth, half, all")
    good = True
    for each in found:
        memory = (
            [each.memory[min(len(each.memory) - 1, len(each.memory) * part // 100)] for part in (10, 50, 100)]
            if each.memory
            else []
        )
        shown = ", ".join(f"{size / 1e6:.0f}" for size in memory)
        print(f"{each.name:24} {each.seconds / total:8.3f} {each.seconds / found[0].seconds:7.2f}   {shown}")
        good &= each.visited == total and each.pushed == total - total // len(KINDS)
        good &= not memory or memory[-1] <= MOST_GROWTH * memory[0]
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
