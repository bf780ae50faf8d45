"""Stopping the real program at many moments: every file is whole, nothing lies about, one line says so."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from tests.test_cli import ARTICLE, SPLIT, git

FILES = 120
SAID = b"interrupted; every file is whole\n"
PROGRAM = [sys.executable, "-m", "rewriter.cli"]
MOMENTS = random.Random(20261123)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with many files that would change."""
    for number in range(FILES):
        place = tmp_path / f"{number:03}"
        place.mkdir()
        (place / "Dockerfile").write_text(ARTICLE)
    return tmp_path


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with some files that would change."""
    folder = tmp_path / "repository"
    for number in range(12):
        (folder / f"{number}").mkdir(parents=True)
        (folder / f"{number}" / "Dockerfile").write_text(ARTICLE)
    git(folder, "init", "--quiet", "--initial-branch=main")
    git(folder, "config", "user.name", "Somebody")
    git(folder, "config", "user.email", "somebody@example.com")
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "--message=first")
    return folder


def stopped(arguments: list[str], cwd: Path, number: int, after: int, delay: float = 0.0) -> tuple[int, bytes]:
    """Runs the program and signals it once it has reported on so many files; its exit code and what it said.

    It can be ahead of its reports by as many as the pipe holds, which are less than 60.
    """
    process = subprocess.Popen(
        [*PROGRAM, *arguments],
        cwd=cwd,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        preexec_fn=lambda: signal.signal(number, signal.SIG_DFL),  # whoever runs the tests may ignore it (nohup)
    )
    assert process.stdout is not None
    assert process.stderr is not None
    reached, sent = threading.Event(), threading.Event()

    def count() -> None:
        reports = 0
        for line in process.stdout or ():
            reports += line.endswith(b"is not counted)\n")
            if reports >= after:
                reached.set()
                # Nothing more is read for now: the pipe fills up, and the program cannot come to its end unseen.
                sent.wait(60)
        reached.set()

    reader = threading.Thread(target=count)
    reader.start()
    assert reached.wait(60)
    time.sleep(delay)
    process.send_signal(number)
    sent.set()
    said = process.stderr.read()
    reader.join(60)
    process.stdout.close()
    process.stderr.close()
    return process.wait(60), said


def all_whole(folder: Path) -> int:
    """How many files are new; fails for any that is neither old nor new, and for any other file."""
    texts = [(folder / f"{number:03}" / "Dockerfile").read_text() for number in range(FILES)]
    assert set(texts) <= {ARTICLE, SPLIT}
    assert all(os.listdir(folder / f"{number:03}") == ["Dockerfile"] for number in range(FILES))
    return texts.count(SPLIT)


@pytest.mark.parametrize("after", sorted(MOMENTS.sample(range(1, FILES - 60), 5)))
def test_apply(folder: Path, after: int) -> None:
    code, said = stopped(["--apply"], folder, signal.SIGINT, after, MOMENTS.uniform(0, 0.1))
    assert (code, said) == (130, SAID)
    assert after - 1 <= all_whole(folder) < FILES


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_other_signals_end_it_as_they_end_any_program(folder: Path, number: signal.Signals) -> None:
    code, said = stopped(["--apply"], folder, number, 20)
    assert (code, said) == (-number, SAID)
    assert 19 <= all_whole(folder) < FILES


def test_an_ignored_signal_stays_ignored(folder: Path) -> None:
    command = ["sh", "-c", 'trap "" INT; exec "$@"', "sh", *PROGRAM, "--apply", "000", "001"]
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.readline()
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert (process.returncode, said) == (0, b"")
    assert all_whole(folder) == 2


MODULES = ["click.core", "rewriter.io.files", "rewriter.model.stages", "tree_sitter", "unidiff.patch"]


@pytest.mark.parametrize("module", MODULES)
def test_start_up(folder: Path, module: str) -> None:
    """Python tells which module it has just loaded; the signal comes right then, while it loads the next ones."""
    command = [sys.executable, "-X", "importtime", *PROGRAM[1:], "--apply", "."]
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    assert process.stderr is not None
    said = b""
    for line in process.stderr:
        if not line.startswith(b"import time:"):
            said += line
        elif line.split(b"|")[-1].strip() == module.encode():
            process.send_signal(signal.SIGINT)
    process.stderr.close()
    assert (process.wait(60), said) == (130, SAID)
    all_whole(folder)


@pytest.mark.parametrize("after", [1, FILES - 1, FILES])
def test_patch(folder: Path, after: int) -> None:
    """The old patch or the new one, and no other file."""
    (folder / "out.patch").write_text("old\n")
    code, said = stopped(["--patch=out.patch", "."], folder, signal.SIGINT, after, MOMENTS.uniform(0, 0.01))
    patch = (folder / "out.patch").read_text()
    assert (code, said) in [(130, SAID), (0, b"")]
    assert patch == "old\n" or patch.count("diff --git ") == FILES
    assert patch != "old\n" or code == 130
    assert all_whole(folder) == 0
    assert len(os.listdir(folder)) == FILES + 1


def _state(repository: Path) -> tuple[object, ...]:
    index = repository / ".git" / "index"
    files = sorted(path for path in repository.rglob("*") if ".git" not in path.parts)
    status = git(repository, "--no-optional-locks", "status", "--porcelain")
    return index.read_bytes(), index.stat().st_mtime_ns, files, status, git(repository, "rev-parse", "HEAD")


@pytest.mark.parametrize(
    ("number", "delay"),
    [*((signal.SIGINT, MOMENTS.uniform(0.0, 0.8)) for _ in range(4)), (signal.SIGTERM, 0.1), (signal.SIGTERM, 0.3)],
)
def test_branch(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: signal.Signals, delay: float
) -> None:
    """The branch is there as a whole or not at all; no lock, no scratch folder; index and work tree are untouched."""
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setenv("TMPDIR", str(scratch))
    before = _state(repository)
    code, said = stopped(["--branch", "."], repository, number, 12, delay)
    assert code in (0, 130, -number)
    assert code == 0 or said.endswith(SAID)
    assert b"Traceback" not in said
    assert _state(repository) == before
    assert os.listdir(scratch) == []
    assert list((repository / ".git").rglob("*.lock")) == []
    assert git(repository, "fsck", "--no-dangling") == ""
    if git(repository, "branch", "--list", "dfrewrite/rewrite"):
        assert git(repository, "log", "--format=%s", "main..dfrewrite/rewrite").count("\n") == 2
        assert {git(repository, "show", f"dfrewrite/rewrite:{n}/Dockerfile") for n in range(12)} == {SPLIT}
    else:
        assert code != 0


def _head(arguments: list[str], cwd: Path) -> tuple[bytes, int, bytes]:
    """What `dfrewrite … | head -1` shows, the exit code of the program, and what it said."""
    process = subprocess.Popen([*PROGRAM, *arguments], cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stderr is not None
    first = process.stdout.readline()
    process.stdout.close()
    said = process.stderr.read()
    process.stderr.close()
    return first, process.wait(60), said


def test_a_reader_that_goes_away_ends_a_dry_run_in_silence(folder: Path) -> None:
    first, code, said = _head(["."], folder)
    assert first.startswith(b"000/Dockerfile: 2 changes")
    assert (code, said) == (0, b"")


def test_a_reader_that_goes_away_does_not_keep_files_from_being_written(folder: Path) -> None:
    _, code, said = _head(["--apply", "--patch=out.patch", "."], folder)
    assert (code, said) == (0, b"")
    assert all_whole(folder) == FILES
    assert (folder / "out.patch").read_text().count("diff --git ") == FILES


def test_a_reader_that_goes_away_does_not_change_what_a_check_finds(folder: Path) -> None:
    (folder / f"{FILES - 1}" / "Dockerfile").write_text("FRM x\n")
    _, code, _ = _head(["--check", "."], folder)
    assert code == 2
