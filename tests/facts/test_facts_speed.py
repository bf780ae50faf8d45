"""Looking something up must not be felt: the tool starts for every file that an editor saves."""

import subprocess
import sys
import time

from rewriter.facts.loader import load


def test_loading_is_fast() -> None:
    load("golang")
    best = 1.0
    for _ in range(5):
        begin = time.perf_counter()
        load("golang")
        best = min(best, time.perf_counter() - begin)
    assert best < 0.02  # measured at 0.002 s; the margin is for a loaded machine


def test_importing_pulls_in_nothing_slow_and_reads_no_file() -> None:
    slow = ("dataclasses", "inspect", "json", "tomllib", "rewriter.facts.reader", "rewriter.facts.show")
    code = (
        f"import sys; before = set(sys.modules); import rewriter.facts; new = set(sys.modules) - before;"
        f"print(sorted(name for name in {slow!r} if name in new and name not in before))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
