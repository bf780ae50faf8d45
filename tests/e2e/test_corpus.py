"""benchmarks/corpus.py as a whole, over real repositories and with faults planted in a transform.

The faults are planted in a copy of the project, from which the program is then run as anybody would run it.
Many processes, and no engine: it is here because it takes its time.
"""

from __future__ import annotations

import json
import re
import shutil
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest

from benchmarks.corpus_parts.check import KINDS, ROOT, TEXT, Failure
from benchmarks.corpus_parts.outcomes import failures_of
from tests.corpus_files import GO, bare, lay_out

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.e2e

PLANTED = '''"""Fails on purpose, for a test of benchmarks/corpus.py.

Why: so that every kind of failure is seen.
Safe when: never.
Review when: never.
Leaves alone: what asks for nothing.
"""
import os
import signal

from rewriter import Phase

PHASE = Phase.COPIES
DEFAULT = False


def plan(situation):
    asked = {i.args for i in situation.dockerfile.instructions if i.name == "LABEL"}
    if "fault=crash" in asked:
        raise KeyError("planted")
    if "fault=context" in asked and situation.context and b"bad" in (situation.context.read("sub/trigger") or b""):
        raise LookupError("planted")
    if "fault=risky" in asked and str(situation.options.level.name) == "RISKY":
        raise ValueError("planted")
    if "fault=die" in asked:
        os.kill(os.getpid(), signal.SIGSEGV)
    while "fault=hang" in asked:
        pass
    return ()
'''


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project with the planted transform."""
    copy = tmp_path_factory.mktemp("project")
    for name in ("rewriter", "transforms", "tests/oracle", "tests/shapes", "benchmarks"):
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
    (copy / "transforms" / "planted.py").write_text(PLANTED)
    return copy


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    """A bare repository and a loose file."""
    root = tmp_path / "corpus"
    bare(root / "repo", {"Dockerfile": GO, "go.mod": "module a\n\ngo 1.18\n", "main.go": "package main\n", "b/x": ""})
    lay_out(root / "loose", {"a.Dockerfile": "FROM scratch\nCOPY a /\n", "b.Dockerfile": "NOTHING\n"})
    return root


class Run:
    """The program, started from a project over a corpus."""

    def __init__(self, project: Path, tmp_path: Path) -> None:
        self.project = project
        self.json = tmp_path / "out" / "outcomes.jsonl"
        self.failures = tmp_path / "out" / "failures"

    def command(self, *arguments: str | Path) -> list[str]:
        own = ["--json", str(self.json), "--failures", str(self.failures), "--jobs", "2"]
        return [sys.executable, str(self.project / "benchmarks" / "corpus.py"), *own, *map(str, arguments)]

    def __call__(self, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run(self.command(*arguments), cwd=self.project, capture_output=True, text=True, check=False)

    def wait_for_lines(self, process: subprocess.Popen[Any], count: int) -> None:
        """Waits until the program has written so many outcomes, or has ended."""
        while process.poll() is None and not (self.json.exists() and self.json.read_text().count("\n") >= count):
            time.sleep(0.01)

    def outcomes(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.json.read_text().splitlines()]


@pytest.fixture
def run(project: Path, tmp_path: Path) -> Run:
    return Run(project, tmp_path)


def test_a_clean_run_and_its_tables(run: Run, corpus: Path) -> None:
    done = run(corpus)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "3 files in 1 repositories and 1 folders, 3 distinct, 0 unreadable or too large" in done.stdout
    assert "3 outcomes, 2 read, 1 rejected" in done.stdout
    assert "unknown instruction …" in done.stdout
    for title in ("runs at level", "changed by", "declined at level risky", "the oracle's verdict", "dockerfile-parse"):
        assert title in done.stdout
    assert all(f"{words} " in done.stdout for words in KINDS.values())
    assert "runs: 4 of 4 (100.0 %)" in done.stderr
    keys = {(found["path"], bool(found["context"])): found["marks"] for found in run.outcomes()}
    assert set(keys) == {("Dockerfile", False), ("Dockerfile", True), ("a.Dockerfile", False), ("b.Dockerfile", False)}
    assert set(keys["Dockerfile", False]) == {TEXT, "safe", "review", "risky"}
    assert keys["Dockerfile", True]["review"]["changed"].keys() >= {"alpine_base", "split_stages"}
    assert set(keys["b.Dockerfile", False]) == {TEXT}


def test_a_run_goes_on_where_it_was(run: Run, corpus: Path, project: Path, tmp_path: Path) -> None:
    assert run(corpus, "--level", "safe").returncode == 0
    assert "nothing was run: all outcomes were there" in run(corpus, "--level", "safe").stdout
    lay_out(corpus, {"loose/c.Dockerfile": "FROM scratch\nCOPY c /\n"})
    assert "1 of 5 runs" in run(corpus, "--level", "safe").stdout
    assert "5 of 5 runs" in run(corpus, "--level", "safe", "--fresh").stdout
    assert "5 of 5 runs" in run(corpus).stdout  # at other levels
    changed = tmp_path / "changed"
    shutil.copytree(project, changed)
    with open(changed / "rewriter" / "edit.py", "a") as file:
        file.write("# changed\n")
    other = Run(changed, tmp_path)
    assert "5 of 5 runs" in other(corpus).stdout


def test_a_part_of_a_corpus(run: Run, corpus: Path) -> None:
    assert run(corpus, "--level", "risky", "--no-context").returncode == 0
    assert [found["context"] for found in run.outcomes()] == [""] * 3
    assert "1 distinct" in run(corpus, "--limit", "1").stdout
    sampled = run(corpus, "--sample", "1", "--fresh")
    digests = {found["digest"] for found in run.outcomes()}
    assert "1 distinct" in sampled.stdout
    run(corpus, "--sample", "1", "--fresh")
    assert {found["digest"] for found in run.outcomes()} == digests


def test_a_killed_run_is_taken_up_again(run: Run, tmp_path: Path) -> None:
    corpus = lay_out(tmp_path / "many", {f"{n}.Dockerfile": f"FROM scratch\nCOPY {n} /\n" for n in range(200)})
    process = subprocess.Popen(
        run.command(corpus), cwd=run.project, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    run.wait_for_lines(process, 5)
    process.send_signal(signal.SIGKILL)
    process.wait()
    with open(run.json, "a") as file:
        file.write('{"key": "cut o')
    there = run.json.read_text().count("\n")
    assert 5 <= there < 200
    done = run(corpus)
    assert f"{200 - there} of 200 runs" in done.stdout
    assert (done.returncode, len({found["key"] for found in run.outcomes()})) == (0, 200)


def test_what_kills_or_hangs_a_worker_is_recorded(run: Run, tmp_path: Path) -> None:
    corpus = lay_out(
        tmp_path / "corpus",
        {
            f"{n}.{fault}.Dockerfile": f"FROM scratch\nLABEL fault={fault}\nCOPY {n} /\n"
            for fault, count in {"die": 3, "hang": 1, "none": 5}.items()
            for n in range(count)
        },
    )
    # Seconds enough for a good file on a busy machine.
    done = run(corpus, "--seconds", "10", "--most-failures", "0", "--level", "risky")
    assert done.returncode == 1, done.stdout + done.stderr
    assert len(run.outcomes()) == 9
    for found in run.outcomes():
        fault = found["path"].split(".")[1]
        (failure,) = failures_of(found) or [Failure("", "", "", "")]
        assert (failure.kind, failure.what, failure.where, failure.mark) == {
            "die": ("died", "SIGSEGV", "transforms/planted.py:plan", "risky"),
            "hang": ("hung", "", "transforms/planted.py:plan", "risky"),
            "none": ("", "", "", ""),
        }[fault]
        assert TEXT in found["marks"]
    assert re.search(rf"{KINDS['died']} +3\n", done.stdout)
    assert re.search(rf"{KINDS['hung']} +1\n", done.stdout)
    assert "2 different failures" in done.stdout


def test_failures_become_minimal_reproducers(run: Run, tmp_path: Path) -> None:
    corpus = tmp_path / "corpus"
    others = "".join(f"RUN step {number} \\\n    && more\n" for number in range(20))
    bare(
        corpus / "repo",
        {
            "a/Dockerfile": f'# c\nFROM golang:1.18\n{others}LABEL fault=context\n{others}CMD ["a"]\n',
            "a/sub/trigger": "fine\nbad\nfine\n",
            "a/sub/other": "x",
            **{f"a/{n}.go": "package a" for n in range(30)},
        },
    )
    lay_out(
        corpus / "loose",
        {
            "crash.Dockerfile": f"FROM scratch\n{others}LABEL fault=crash\n",
            "crash-too.Dockerfile": f"FROM scratch\n{others}{others}LABEL fault=crash\nCOPY x /\n",
            "risky.Dockerfile": f"FROM scratch\n{others}LABEL fault=risky\n",
        },
    )
    done = run(corpus)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "3 different failures" in done.stdout
    notes = {path.parent: path.read_text() for path in run.failures.glob("*/failure.txt")}
    assert sorted(folder.name.partition("-")[0] for folder in notes) == ["crashed"] * 3
    texts = {}
    for folder, note in notes.items():
        assert "reproducer: minimal" in note
        (what,) = (line for line in note.splitlines() if line.startswith("what: "))
        texts[what] = ((folder / "before.Dockerfile").read_text(), note, folder)
    assert re.fullmatch(r"FROM \w\nLABEL fault=crash", texts["what: KeyError"][0])
    assert "runs that fail so: 6" in texts["what: KeyError"][1]  # two files at three levels
    assert "source: corpus/loose: crash.Dockerfile\n" in texts["what: KeyError"][1]
    assert "at: risky" in texts["what: ValueError"][1]
    text, note, folder = texts["what: LookupError"]
    assert re.fullmatch(r"FROM \w\nLABEL fault=context", text)
    assert "source: corpus/repo: a/Dockerfile, with its context" in note
    context = folder / "context"
    assert [path.relative_to(context).as_posix() for path in context.rglob("*") if path.is_file()] == ["sub/trigger"]
    assert (context / "sub" / "trigger").read_text() == "bad\n"
    # What was written can be run as it stands.
    stamp = (folder / "failure.txt").stat().st_mtime_ns
    assert "1 different failures" in Run(run.project, tmp_path / "again")(folder).stdout
    assert run(corpus).returncode == 1
    assert (folder / "failure.txt").stat().st_mtime_ns == stamp  # made for the same code already


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nothing"], "nothing is no folder"),
        (["."], "there is no file with the name of a Dockerfile"),
        ([".", "--jobs", "0"], "--jobs must be more than 0"),
        ([".", "--level", "bold"], "invalid choice"),
    ],
)
def test_wrong_use(run: Run, tmp_path: Path, arguments: list[str], message: str) -> None:
    (tmp_path / "empty").mkdir()
    done = subprocess.run(run.command(*arguments), cwd=tmp_path / "empty", capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert message in done.stderr


def test_a_worker_that_cannot_start(run: Run, corpus: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    shutil.copytree(run.project, broken)
    (broken / "tests" / "oracle" / "worker.py").write_text("raise SystemExit(1)\n")
    done = Run(broken, tmp_path)(corpus)
    assert done.returncode == 2
    assert "a worker does not start: RuntimeError: the worker does not start" in done.stderr


def test_an_interrupt(run: Run, tmp_path: Path) -> None:
    corpus = lay_out(tmp_path / "many", {f"{n}.Dockerfile": f"FROM scratch\nCOPY {n} /\n" for n in range(3000)})
    process = subprocess.Popen(
        run.command(corpus), cwd=run.project, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    run.wait_for_lines(process, 5)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate()
    assert process.returncode == 130
    assert "Traceback" not in errors
