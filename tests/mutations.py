"""Breaks the program on purpose, one fault at a time, and asks the fast suite to notice.

``python -m tests.mutations [NAME…]`` copies the tree, makes each mutation in the copy, runs the fast suite until its
first failure, and prints which test caught it. It exits 1 when a mutation survives, 2 when one no longer fits the code.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LIKELY = tuple(
    f"tests/test_{name}.py"
    for name in "edit syntax syntax_outline expansion model soundness chain pragmas diff contract".split()
)
"""Asked first: most faults end there, in seconds. What passes them goes to the whole fast suite."""
COPIED = ("rewriter", "transforms", "tests", "examples", "benchmarks", "pyproject.toml", "README.md", "Makefile")


@dataclass(frozen=True, slots=True)
class Mutation:
    """``old`` stands exactly once in the file and becomes ``new``."""

    name: str
    file: str
    old: str
    new: str

    def make(self, root: Path) -> str | None:
        """Break the copy at ``root``; the text to restore, or None when the mutation does not fit."""
        path = root / self.file
        text = path.read_text(encoding="utf-8")
        if text.count(self.old) != 1:
            return None
        path.write_text(text.replace(self.old, self.new), encoding="utf-8")
        return text


def load() -> list[Mutation]:
    """All mutations of the table beside this module."""
    table = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))
    return [Mutation(entry["name"], file, entry["old"], entry["new"]) for file in table for entry in table[file]]


def caught_by(root: Path, jobs: str) -> str | None:
    """The first test that fails in the copy, or None when all pass."""
    environment = {**os.environ, "PYTHONPATH": str(root), "PYTHONDONTWRITEBYTECODE": "1"}
    for files in (LIKELY, ()):
        command = [sys.executable, "-m", "pytest", "-x", "-n", jobs, "--no-header", "-p", "no:cacheprovider", *files]
        ran = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, check=False)
        if ran.returncode != 0:
            failed = re.search(r"^(?:FAILED|ERROR) (\S+)", ran.stdout, re.MULTILINE)
            return failed.group(1) if failed else ran.stdout.strip().splitlines()[-1]
    return None


def main() -> int:
    """Make each mutation, tell what caught it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help="only mutations whose name holds one of these")
    parser.add_argument("--jobs", default="auto", help="processes of pytest (default: auto)")
    arguments = parser.parse_args()
    chosen = [m for m in load() if not arguments.names or any(name in m.name for name in arguments.names)]
    survived = stale = 0
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        for name in COPIED:
            source = ROOT / name
            if source.is_dir():
                shutil.copytree(source, root / name, symlinks=True, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy2(source, root / name)
        for mutation in chosen:
            before = mutation.make(root)
            if before is None:
                stale += 1
                print(f"STALE     {mutation.name}: {mutation.file} does not hold {mutation.old!r} once", flush=True)
                continue
            test = caught_by(root, arguments.jobs)
            (root / mutation.file).write_text(before, encoding="utf-8")
            survived += test is None
            print(f"{'SURVIVED ' if test is None else 'caught   '} {mutation.name}: {test or ''}", flush=True)
    print(f"{len(chosen)} mutations, {survived} survived, {stale} no longer fit the code")
    return 2 if stale else 1 if survived else 0


if __name__ == "__main__":
    sys.exit(main())
