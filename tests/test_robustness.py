"""Dockerfiles that nobody writes: each ends in a rewrite, in being left alone with the reason, or in one clear line.

The shapes are those of ``benchmarks/scaling.py``, which measures how time and memory grow with them. Nothing here looks
at a clock: the sizes are such that a square algorithm would make the suite unbearable.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.scaling import SHAPES, Shape
from rewriter.discovery import chosen
from rewriter.session import Exit, Request, Session
from rewriter.situation import Options
from rewriter.source import encode
from rewriter.transform import Level

LARGE = 50_000_000
OPTIONS = Options(level=Level.RISKY)


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.name)
def test_every_shape_ends_in_order(shape: Shape) -> None:
    data = encode(shape.text(shape.n))
    outcome = Session(Request()).rewrite_data(data, None, "Dockerfile", chosen(), None, OPTIONS)
    assert outcome.code in (Exit.DONE, Exit.UNUSABLE), outcome.error
    if outcome.error is not None:
        assert "\n" not in outcome.error
        assert "fault" not in outcome.error
    else:
        assert outcome.result is not None
        assert outcome.result.unsound == ()


def _dfrewrite(*arguments: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "rewriter.cli", *arguments]
    return subprocess.run(command, input=stdin, capture_output=True, check=False)


@pytest.mark.parametrize(
    "content", [b"RUN true\n", b"\0\xff", b"\n", b"a"], ids=["text", "binary", "empty lines", "one line"]
)
def test_fifty_megabytes_end_in_one_line(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "Dockerfile"
    path.write_bytes(content * (LARGE // len(content)))
    link = tmp_path / "linked.Dockerfile"
    link.symlink_to(path)
    for named in (path, link):
        done = _dfrewrite(str(named))
        assert (done.returncode, done.stdout) == (2, b"")
        assert done.stderr.decode() == f"error: {named}: is larger than 5 MB\n"
    assert path.stat().st_size == len(content) * (LARGE // len(content))


def test_fifty_megabytes_on_standard_input_end_in_one_line() -> None:
    done = _dfrewrite("-", stdin=b"FROM scratch\n" + b"# c\n" * (LARGE // 4))
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr.decode() == "error: standard input is larger than 5 MB\n"
