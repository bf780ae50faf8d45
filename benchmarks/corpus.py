"""Runs the whole chain over every Dockerfile of many repositories, and counts what must never happen.

``python benchmarks/corpus.py DIR…`` takes bare git repositories, work trees, folders that hold any number of them, and
folders of loose files. Every distinct file is run without a build context, and in every distinct folder that it lies
in with that folder as its context; at all levels, with all transforms. It prints its tables, writes a minimal
reproducer for each kind of failure, and exits 1 unless all that must be zero is. An outcome is kept as long as the
code stays the same, so that a run that was ended goes on from where it was.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.corpus_parts.failures import collect, write_reproducer
from benchmarks.corpus_parts.outcomes import Outcome, Outcomes, fingerprint, outcome
from benchmarks.corpus_parts.pool import Pool
from benchmarks.corpus_parts.progress import Memory, Progress
from benchmarks.corpus_parts.sources import Item, Origin, find_items, find_origins
from benchmarks.corpus_parts.tables import Totals
from benchmarks.corpus_parts.worker import Settings, WorkerError

LEVELS = ("safe", "review", "risky")
USAGE, INTERRUPTED = 2, 130


@dataclass
class Corpus:
    """What there is to run: each distinct file alone, then in each distinct context."""

    seen: int = 0
    unreadable: int = 0
    origins: list[Origin] = field(default_factory=list)
    alone: dict[str, Item] = field(default_factory=dict)
    """By digest."""
    placed: dict[str, Item] = field(default_factory=dict)
    """By key."""

    def items(self) -> Iterator[Item]:
        """All there is to run, one repository after another, so that each is opened once."""
        number = {origin: at for at, origin in enumerate(self.origins)}
        yield from sorted(
            (*self.alone.values(), *self.placed.values()), key=lambda item: (number[item.origin], item.path)
        )

    def keep(self, digests: set[str]) -> None:
        """Leaves out all other files."""
        self.alone = {digest: item for digest, item in self.alone.items() if digest in digests}
        self.placed = {key: item for key, item in self.placed.items() if item.digest in digests}


def gather(folders: list[Path], contexts: bool, limit: int | None, sample: int | None) -> Corpus:
    """Finds the files; `limit` takes the first ones, `sample` those of the smallest digests, the same every time."""
    corpus = Corpus()
    progress = Progress("files found")
    for folder in folders:
        for origin in find_origins(folder):
            corpus.origins.append(origin)
            for item in find_items(origin, contexts):
                corpus.seen += 1
                progress.show(corpus.seen)
                if item is None:
                    corpus.unreadable += 1
                    continue
                corpus.alone.setdefault(item.digest, item._replace(identity=""))
                if item.identity:
                    corpus.placed.setdefault(item.key, item)
            if limit is not None and len(corpus.alone) >= limit:
                break
    if limit is not None:
        corpus.keep(set(list(corpus.alone)[:limit]))
    if sample is not None:
        corpus.keep(set(sorted(corpus.alone)[:sample]))
    progress.show(corpus.seen, last=True)
    return corpus


def run(items: list[Item], outcomes: Outcomes, jobs: int, settings: Settings) -> list[str]:
    """Examines what has no outcome yet; returns what was measured, as lines. Raises WorkerError."""
    todo = [item for item in items if item.key not in outcomes.keys]
    if not todo:
        return ["nothing was run: all outcomes were there"]
    progress, memory = Progress("runs", len(todo)), Memory(len(todo))
    failed = done = 0
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as scratch, contextlib.closing(Pool(jobs, settings, Path(scratch))) as pool:
        for done, examined in enumerate(pool.run(todo), start=1):
            outcomes.add(outcome(examined, outcomes.code))
            failed += bool(examined.failures)
            memory.note(done, pool)
            progress.show(done, f"{failed} fail")
        wall = time.monotonic() - started
        progress.show(done, f"{failed} fail", last=True)
        return [
            f"{done:,} of {len(items):,} runs (a file in one context, at {len(settings.levels)} levels) "
            f"in {wall:.0f} s with {jobs} workers; the others had outcomes",
            f"{done / max(pool.seconds, 0.001):.0f} runs a second and process, {done / max(wall, 0.001):.0f} in all",
            *memory.lines(),
            f"highest of any worker: {pool.peak / 1_000_000:.0f} MB; workers lost: {pool.restarts}",
        ]


def report(corpus: Corpus, wanted: set[str], outcomes: Outcomes, levels: tuple[str, ...], measured: list[str]) -> bool:
    """Prints the tables; True if all that must be zero is."""
    totals = Totals(levels)
    for found in outcomes.read():
        if found["key"] in wanted:
            totals.add(found)
    repositories = sum(origin.kind != "loose" for origin in corpus.origins)
    texts = totals.texts
    print(
        f"{corpus.seen:,} files in {repositories:,} repositories and {len(corpus.origins) - repositories:,} folders, "
        f"{len(corpus.alone):,} distinct, {corpus.unreadable:,} unreadable or too large\n"
        f"{texts['distinct']:,} outcomes, {texts['read']:,} read, {texts['rejected']:,} rejected, "
        f"{texts['bytes'] / 1_000_000:.1f} MB; {len(corpus.placed):,} of them in a context"
    )
    print("\n".join(totals.lines()))
    print("\nspeed and memory\n" + "\n".join(f"  {line}" for line in measured))
    print("\n".join(totals.zeros()))
    return not totals.failures


def reproduce(wanted: set[str], outcomes: Outcomes, folder: Path, settings: Settings, most: int) -> None:
    """Writes a minimal reproducer for each kind of failure. Raises WorkerError."""

    def failed() -> Iterator[Outcome]:
        return (found for found in outcomes.read() if found["failures"] and found["key"] in wanted)

    examples = collect(failed())
    if not examples:
        return
    print(f"\n{len(examples)} different failures")
    folder.mkdir(parents=True, exist_ok=True)
    for example in examples[:most]:
        target = write_reproducer(example, folder, settings, outcomes.code)
        print(f"  {example.runs:6,}  {target}: {example.failure.detail[:200]}")
    for example in examples[most:]:
        print(f"  {example.runs:6,}  not reduced: {example.failure.kind}: {example.failure.detail[:200]}")


def parse_arguments(arguments: list[str] | None) -> argparse.Namespace:
    """Reads the command line; leaves the program with 2 if it is wrong."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "dfrewrite" / "corpus"
    parser = argparse.ArgumentParser(description="Runs all transforms over the Dockerfiles of many repositories.")
    parser.add_argument("folders", nargs="+", type=Path, metavar="DIR", help="repositories, or folders of them")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="workers (default: one a core)")
    parser.add_argument("--level", action="append", choices=LEVELS, help="only this level; may be repeated")
    parser.add_argument("--limit", type=int, metavar="N", help="only the first N distinct files")
    parser.add_argument("--sample", type=int, metavar="N", help="only N distinct files, the same every time")
    parser.add_argument("--no-context", action="store_true", help="no runs with a build context")
    parser.add_argument("--seconds", type=float, default=60.0, help="limit for one level of one file (default 60)")
    parser.add_argument(
        "--json",
        type=Path,
        default=cache / "outcomes.jsonl",
        metavar="FILE",
        help=("where outcomes are written, a JSON line each, and found again by the next run (default: %(default)s)"),
    )
    parser.add_argument("--fresh", action="store_true", help="run all files again")
    parser.add_argument(
        "--failures",
        type=Path,
        default=cache / "failures",
        metavar="DIR",
        help=("where reproducers are written (default: %(default)s)"),
    )
    parser.add_argument("--most-failures", type=int, default=30, metavar="N", help="reproducers to make (default 30)")
    parsed = parser.parse_args(arguments)
    for folder in parsed.folders:
        if not folder.is_dir():
            parser.error(f"{folder} is no folder")
    for name in ("jobs", "limit", "sample", "seconds"):
        if getattr(parsed, name) is not None and getattr(parsed, name) <= 0:
            parser.error(f"--{name} must be more than 0")
    return parsed


def main(arguments: list[str] | None = None) -> int:
    """Runs everything; returns the exit code."""
    parsed = parse_arguments(arguments)
    levels = tuple(level for level in LEVELS if level in (parsed.level or LEVELS))
    settings = Settings(levels, parsed.seconds)
    code = fingerprint(levels)
    corpus = gather(parsed.folders, not parsed.no_context, parsed.limit, parsed.sample)
    if not corpus.alone:
        print("there is no file with the name of a Dockerfile", file=sys.stderr)
        return USAGE
    items = list(corpus.items())
    wanted = {item.key for item in items}
    with contextlib.closing(Outcomes(parsed.json, code, wanted if parsed.fresh else ())) as outcomes:
        try:
            measured = run(items, outcomes, parsed.jobs, settings)
            if fingerprint(levels) != code:
                outcomes.forget()
                print("the code changed on the way, so that the outcomes mean nothing: run it again", file=sys.stderr)
                return USAGE
            good = report(corpus, wanted, outcomes, levels, measured)
            reproduce(wanted, outcomes, parsed.failures, settings, parsed.most_failures)
        except WorkerError as error:
            print(error, file=sys.stderr)
            return USAGE
    return 0 if good else 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
