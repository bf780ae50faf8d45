"""This machine's strace in front of an image's own program: any image, even one that holds nothing else.

strace is shown in the container at a path of its own, with its loader and its libraries, so it needs nothing of the
image. It writes to a folder of this machine. No privilege is asked for: a program may trace what it starts itself.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

from rewriter.proof.engine import Engine
from rewriter.proof.observe import Wrap
from rewriter.proof.own_python import own_python
from rewriter.proof.trace import Trace, read_trace

_TOOLS, _OUT = "/.dfrewrite/tools", "/.dfrewrite/out"
_MOST_LINES = 1_000_000
_LIST_SECONDS = 10.0
# Names of files and nothing else; the folder of a relative name is told by -y.
_OPTIONS = ("-f", "-qq", "-y", "-e", "trace=%file", "-e", "signal=none", "-o", f"{_OUT}/trace")


class Tracer:
    """strace with what it needs, in a temporary folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def wrap(self, name: str, program: Sequence[str]) -> Wrap:
        """What to start in place of a program: itself, traced. ``name`` tells the trace apart."""
        out = self._folder / name
        out.mkdir()
        out.chmod(0o777)  # the program may run as any user
        loader = (f"{_TOOLS}/loader", "--library-path", _TOOLS, f"{_TOOLS}/strace")
        tools = {str(self._folder / "tools"): _TOOLS}
        return Wrap((*loader, *_OPTIONS, *program), mounts=tools, writable={str(out): _OUT})

    def read(self, name: str) -> Trace:
        """What was traced under that name; empty when strace did not run."""
        try:
            with (self._folder / name / "trace").open(encoding="utf-8", errors="replace") as file:
                return read_trace(islice(file, _MOST_LINES))
        except OSError:
            return Trace()


@contextmanager
def tracer(engine: Engine) -> Iterator[Tracer | str]:
    """A tracer whose folder is removed afterwards, or one clause why there is none."""
    folder = Path(tempfile.mkdtemp(prefix="trace-", dir=engine.scratch()))
    try:
        yield _gather(folder / "tools") or Tracer(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _gather(tools: Path) -> str | None:
    """Copy strace, its loader and its libraries to one folder; why not, if that cannot be."""
    strace, python = shutil.which("strace"), own_python()
    if strace is None:
        return "strace is not installed"
    if isinstance(python, str):
        return python
    loader = python.command[0]
    try:
        listed = subprocess.run([loader, "--list", strace], capture_output=True, check=True, timeout=_LIST_SECONDS)
    except (OSError, subprocess.SubprocessError):
        return f"the libraries of {strace} cannot be told"
    tools.mkdir()
    shutil.copy(strace, tools / "strace")
    shutil.copy(loader, tools / "loader")
    for line in listed.stdout.decode("utf-8", "replace").splitlines():
        # libc.so.6 => /lib/x86_64-linux-gnu/libc.so.6 (0x00007f…)
        name, _, rest = line.strip().partition(" => ")
        path = rest.rpartition(" (")[0]
        if "/" not in name and os.path.isfile(path):
            shutil.copy(path, tools / name)
    for each in (tools, *tools.iterdir()):
        each.chmod(0o755)
    return None
