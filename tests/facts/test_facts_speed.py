"""Looking something up must not be felt: the tool starts for every file that an editor saves."""

import subprocess
import sys


def test_importing_pulls_in_nothing_slow_and_reads_no_file() -> None:
    slow = ("dataclasses", "inspect", "json", "tomllib", "rewriter.facts.reader", "rewriter.facts.show")
    code = (
        f"import sys; before = set(sys.modules); import rewriter.facts; new = set(sys.modules) - before;"
        f"print(sorted(name for name in {slow!r} if name in new and name not in before))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
