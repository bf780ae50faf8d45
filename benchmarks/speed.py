"""How many Dockerfiles a second: our reader and the whole chain, beside BuildKit's own parser called from Python.

``python benchmarks/speed.py DIR…`` reads every file of the folders that looks like a Dockerfile, holds them in memory,
and lets each contender take all of them in turns, so that whatever else the machine does falls on all alike. It prints
medians in files per second of CPU time, and their ratio to PyPI's ``dockerfile`` package (BuildKit's parser, compiled).
Then the chain takes all files with one process and with two, by the clock. Without a folder the fixtures are read.
It exits 1 when a ratio is below its floor.
"""

from __future__ import annotations

import argparse
import contextlib
import multiprocessing
import os
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import dockerfile

from rewriter.chain import run_chain
from rewriter.discovery import chosen
from rewriter.io.files import FileError, read_dockerfile
from rewriter.io.walk import is_dockerfile_name
from rewriter.situation import Options
from rewriter.syntax import DockerfileError, parse, tile
from rewriter.transform import Level

FIXTURES = Path(__file__).parents[1] / "tests" / "fixtures"
TRANSFORMS = chosen()
OPTIONS = Options(level=Level.RISKY)


@dataclass
class Contender:
    """Something that takes one text, and the files a second that its rounds reached."""

    name: str
    take: Callable[[str], object]
    floor: float | None = None
    """The least ratio to the first contender."""
    rates: list[float] = field(default_factory=list)

    def round(self, texts: Sequence[str]) -> None:
        """Take all texts once; a file that is no Dockerfile costs what it costs to say so."""
        started = time.process_time()
        for text in texts:
            try:
                self.take(text)
            except (DockerfileError, dockerfile.GoParseError):
                continue
        self.rates.append(len(texts) / (time.process_time() - started))

    @property
    def rate(self) -> float:
        return statistics.median(self.rates)


def chain(text: str) -> bool:
    """The whole chain, every level, no build context; True when it changes the text."""
    return run_chain(text, TRANSFORMS, None, OPTIONS).changed


def collect(folders: Sequence[Path]) -> list[str]:
    """Every distinct text; what is not UTF-8 is left out, since it would abort the ``dockerfile`` package."""
    texts: dict[str, None] = {}
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            if is_dockerfile_name(path.name) and path.is_file():
                try:
                    texts[read_dockerfile(path).decode()] = None
                except (UnicodeDecodeError, FileError):
                    continue
    return list(texts)


def by_the_clock(texts: Sequence[str], processes: int) -> float:
    """Files a second of the chain over so many processes, their start-up and first imports not counted."""
    context = multiprocessing.get_context("spawn")
    with contextlib.ExitStack() as stack:
        # A pool for each, so that each surely gets its part.
        pools = [stack.enter_context(context.Pool(1, initializer=_take, initargs=(texts,))) for _ in range(processes)]
        for pool in pools:
            pool.apply(_changes, ((0, 100),))
        started = time.perf_counter()
        running = [pool.apply_async(_changes, ((at, processes),)) for at, pool in enumerate(pools)]
        for each in running:
            each.get()
        return len(texts) / (time.perf_counter() - started)


_SHARED: list[str] = []


def _take(texts: Sequence[str]) -> None:
    _SHARED.extend(texts)


def _changes(part: tuple[int, int]) -> int:
    changes = 0
    for text in _SHARED[part[0] :: part[1]]:
        try:
            changes += chain(text)
        except DockerfileError:
            continue
    return changes


def main() -> int:
    """Measure, print, and say whether the floors held."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="*", type=Path, metavar="DIR", default=[FIXTURES])
    parser.add_argument("--rounds", type=int, default=5, help="rounds of each contender (default: 5)")
    arguments = parser.parse_args()
    texts = collect(arguments.folders)
    if not texts:
        print("no Dockerfile found", file=sys.stderr)
        return 2
    contenders = [
        Contender("dockerfile package (BuildKit's parser)", dockerfile.parse_string),
        Contender("dfrewrite: lines and nodes", tile, floor=2.0),
        Contender("dfrewrite: words and validation too", parse),
        Contender("dfrewrite: the whole chain", chain),
    ]
    for _ in range(arguments.rounds):
        for contender in contenders:
            contender.round(texts)
    print(f"{len(texts)} files, {sum(map(len, texts)) / len(texts):,.0f} characters each\n")
    print(f"{'':<40}{'files/s':>9}{'ratio':>8}{'floor':>8}")
    held = True
    for contender in contenders:
        ratio = contender.rate / contenders[0].rate
        held = held and (contender.floor is None or ratio >= contender.floor)
        floor = f"{contender.floor:>8.2f}" if contender.floor else ""
        print(f"{contender.name:<40}{contender.rate:>9,.0f}{ratio:>8.2f}{floor}")
    if len(os.sched_getaffinity(0)) > 1:
        rates = [
            statistics.median(by_the_clock(texts, processes) for _ in range(arguments.rounds)) for processes in (1, 2)
        ]
        print(f"\n{'the chain with one process, by the clock':<40}{rates[0]:>9,.0f}")
        print(f"{'with two':<40}{rates[1]:>9,.0f}{rates[1] / rates[0]:>8.2f}")
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
