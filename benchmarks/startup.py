"""How long a user waits for a short command, beside the least that a click program can take.

``python benchmarks/startup.py`` times each command as a process of its own, in turns, so that whatever else the
machine does falls on all of them alike, and prints the medians and their ratio to ``python -c "import click"``.
It exits 1 when a ratio is over its budget.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

EXAMPLE = Path(__file__).parents[1] / "examples" / "go-service" / "Dockerfile"
NOTHING_TO_DO = """\
FROM golang:1.18-alpine3.17 AS builder
WORKDIR /app
COPY . .
RUN go build -o /app/teahouse .

FROM alpine:3.17
COPY --from=builder /app/teahouse /app/teahouse
CMD ["/app/teahouse"]
"""


@dataclass
class Case:
    """A command, how often slower than the baseline it may be, and the seconds that its runs took."""

    name: str
    command: list[str]
    budget: float | None = None
    seconds: list[float] = field(default_factory=list)

    @property
    def median(self) -> float:
        return statistics.median(self.seconds)

    def run(self) -> float:
        """Run the command once; a failing one is an error, since its time would mean nothing."""
        started = time.perf_counter()
        # As a user runs it: with compiled modules kept from one run to the next.
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        subprocess.run(self.command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=True, env=environment)
        return time.perf_counter() - started


def cases(scratch: Path) -> list[Case]:
    """The baseline first, then the tool's commands."""
    tool = str(Path(sys.executable).with_name("dfrewrite"))
    quiet = scratch / "Dockerfile"
    quiet.write_text(NOTHING_TO_DO, encoding="utf-8")
    return [
        Case('python -c "import click"', [sys.executable, "-c", "import click"]),
        Case("dfrewrite --version", [tool, "--version"], budget=2.5),
        Case("dry run, one file that changes", [tool, str(EXAMPLE)], budget=4.0),
        Case("dry run, one file left alone", [tool, str(quiet)], budget=4.0),
    ]


def measure(measured: list[Case], rounds: int) -> None:
    """Run all cases once unmeasured, to warm the caches, and then ``rounds`` times in turns."""
    for case in measured:
        case.run()
    for _ in range(rounds):
        for case in measured:
            case.seconds.append(case.run())


def print_table(measured: list[Case]) -> bool:
    """Print the medians and ratios; True if all keep to their budgets."""
    baseline = measured[0].median
    kept = True
    print(f"{'command':32} {'median':>9} {'fastest':>9} {'ratio':>7} {'budget':>7}")
    for case in measured:
        ratio = case.median / baseline
        over = case.budget is not None and ratio > case.budget
        kept = kept and not over
        budget = f"{case.budget:.1f}x" if case.budget else "-"
        times = f"{case.median * 1000:6.0f} ms {min(case.seconds) * 1000:6.0f} ms"
        print(f"{case.name:32} {times} {ratio:6.2f}x {budget:>7}{'  over budget' if over else ''}")
    return kept


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Times the start of dfrewrite.")
    parser.add_argument("--rounds", type=int, default=15, help="runs of each command (default 15)")
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as scratch:
        measured = cases(Path(scratch))
        measure(measured, rounds)
    return 0 if print_table(measured) else 1


if __name__ == "__main__":
    sys.exit(main())
