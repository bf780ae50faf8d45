"""Dockerfiles that nobody writes: each ends in a rewrite, in being left alone with the reason, or in one clear line.

The shapes are those of ``benchmarks/scaling.py``, which measures how time and memory grow with them. Nothing here looks
at a clock: the sizes are such that a square algorithm would make the suite unbearable.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.scaling import SHAPES, Shape, around
from rewriter.discovery import chosen
from rewriter.model.stages import Model
from rewriter.model.state import State
from rewriter.report.text import render_text
from rewriter.session import Exit, Outcome, Request, Session
from rewriter.situation import Options
from rewriter.source import encode
from rewriter.syntax import parse
from rewriter.transform import Level
from tests.test_cli import ARTICLE, dfrewrite, git

LARGE = 50_000_000
OPTIONS = Options(level=Level.RISKY)
STOPS = "and dfrewrite stops there"
REFUSED = {
    "too many instructions": f"line 2001: there are more than 2,000 instructions, {STOPS}",
    "too many stages": f"line 501: there are more than 500 stages, {STOPS}",
    "too much in instructions": f"line 4: the instructions hold more than 500,000 characters, {STOPS}",
    "too many lines": f"line 50001: there are more than 50,000 lines, {STOPS}",
    "nothing but line ends": f"line 50001: there are more than 50,000 lines, {STOPS}",
    "a line that is too long": "line 4: line is longer than 65535 bytes",
    "too large a binary": "line 1: holds a NUL byte: a binary file?",
}
# These two are refused by their size when they are files; here they were read already.
REFUSED["too large a file of text"] = REFUSED["too many lines"]
REFUSED["too large a file of one line"] = "line 1: line is longer than 65535 bytes"
DEEP, WRONG = "its shell text is nested deeper than 150 levels", "its shell text could not be parsed"
NOT_UNDERSTOOD = {
    "a shell text that is too long": "its shell text is longer than 20,000 characters",
    "bytes that are not UTF-8": "its shell text is longer than 20,000 characters",
    **dict.fromkeys(
        ("nested ${:-} in RUN", "nested $(", "nested (", "nested {", "nested if", "nested quoted $("), DEEP
    ),
    **dict.fromkeys(("alternating quotes", "backticks", "open $(", "open (", "open ((", "open {", "open if"), WRONG),
    "nested $((": "a $(( in its shell text may be arithmetic or not",
}


def outcome_of(text: str) -> Outcome:
    """What comes of a Dockerfile without a context."""
    return Session(Request()).rewrite_data(encode(text), None, "Dockerfile", chosen(), None, OPTIONS)


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.name)
def test_every_shape_ends_in_order(shape: Shape) -> None:
    outcome = outcome_of(shape.text(shape.n))
    if shape.name in REFUSED:
        assert (outcome.code, outcome.error) == (Exit.UNUSABLE, REFUSED[shape.name])
        return
    assert (outcome.code, outcome.error) == (Exit.DONE, None)
    assert outcome.result is not None
    assert outcome.result.unsound == ()
    reasons = [declined.why for step in outcome.result.steps for declined in step.declined]
    if shape.name in NOT_UNDERSTOOD:
        assert f"line 4: {NOT_UNDERSTOOD[shape.name]}" in reasons[0]
    assert all("\n" not in line for line in render_text("Dockerfile", outcome.result, outcome.patch))


@pytest.mark.parametrize(
    ("lines", "value"),
    [
        ("ENV A=" + "a" * 10_000 + "\n", "a" * 10_000),
        ("ENV A=" + "a" * 10_000 + "\nENV A=$A$A\n", "a" * 20_000),
        ("ENV A=" + "a" * 10_000 + "\nENV A=$A$A$A\n", None),
        ("ENV A=a\n" + "ENV A=$A$A\n" * 14, "a" * 2**14),
        ("ENV A=a\n" + "ENV A=$A$A\n" * 15, None),
        ("ENV A=" + "a" * 10_000 + "\nENV B=$A C=$A A=$A\n", None),
        ("ENV A=" + "${X:-" * 100 + "a" + "}" * 100 + "\n", "a"),
        ("ENV A=" + "${X:-" * 101 + "a" + "}" * 101 + "\n", None),
        ("ENV A=a B=ab\nENV A=${B//" + "*" * 1000 + "b/x}\n", "x"),
    ],
)
def test_values_that_grow_are_not_followed_for_ever(lines: str, value: str | None) -> None:
    model = Model(parse(f"FROM scratch\n{lines}"), base_state=lambda _: State(base_known=True))
    assert model.final.final_state.env["A"] == value


def test_paths_longer_than_any_can_be_are_unknown() -> None:
    model = Model(parse("FROM scratch\n" + "WORKDIR folder\n" * 600), base_state=lambda _: State(base_known=True))
    folders = [state.workdir for state in model.final.states]
    assert folders[585] == "/folder" * 585
    assert folders[586:] == [None] * 15


def test_a_stage_that_copies_too_much_tells_nothing_of_the_rest() -> None:
    outcome = outcome_of(around("COPY " + " \\\n".join(f"a{n}" for n in range(2001)) + " /b/\n"))
    assert outcome.result is not None
    assert any("where a source of it lands cannot be told" in d.why for s in outcome.result.steps for d in s.declined)


@pytest.mark.parametrize(
    ("lines", "error"),
    [
        ("# syntax=a" + " " * 60_000 + "b\nFROM scratch\n", ""),
        ("# escape=" + " " * 60_000 + "\nFROM scratch\n", "line 1: invalid escape token ' ', does not match"),
        ("FROM scratch\nCOPY " + "[" * 60_000 + " /a/\n", ""),
        ("FROM scratch\nHEALTHCHECK --timeout=" + "1" * 60_000 + " CMD a\n", "line 2: HEALTHCHECK: invalid duration"),
    ],
    ids=["blanks in a directive", "a directive of blanks", "brackets that do not close", "digits without a unit"],
)
def test_long_words_that_end_otherwise_than_they_begin(lines: str, error: str) -> None:
    outcome = outcome_of(lines)
    assert (outcome.error or "").startswith(error)
    assert bool(outcome.error) == bool(error)


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
    done = _dfrewrite(str(path), str(link))
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr.decode().splitlines() == [f"error: {named}: is larger than 5 MB" for named in (path, link)]
    assert path.stat().st_size == len(content) * (LARGE // len(content))


def test_fifty_megabytes_on_standard_input_end_in_one_line() -> None:
    done = _dfrewrite("-", stdin=b"FROM scratch\n" + b"# c\n" * (LARGE // 4))
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr.decode() == "error: standard input is larger than 5 MB\n"


@pytest.mark.skipif(not os.path.exists("/dev/zero"), reason="needs a source without end")
def test_standard_input_without_end_is_not_waited_for(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "rewriter.cli", "-"]
    with open("/dev/zero", "rb") as endless:
        done = subprocess.run(command, cwd=tmp_path, stdin=endless, capture_output=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (2, b"", b"error: standard input is larger than 5 MB\n")


def test_a_large_file_of_a_repository_is_refused_too(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet")
    with (tmp_path / "Dockerfile").open("wb") as stream:
        stream.truncate(50_000_000_000)  # takes no room on the disk
    done = dfrewrite("--branch", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (2, "error: Dockerfile: is larger than 5 MB\n")


ODD_NAMES = ["a\nb", "\x1b]0;owned\x07", "-rf", "--apply", " ", "$(x)", "é", "\udcff", '"', "a\tb", "c:d", "*"]


def test_odd_names(tmp_path: Path) -> None:
    for name in ODD_NAMES:
        (tmp_path / f"{name}.Dockerfile").write_text(ARTICLE)
        (tmp_path / name).write_text("text")
    git(tmp_path, "init", "--quiet")
    done = dfrewrite("--patch=out.patch", "--apply", "--format=json", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert {file["path"].removesuffix(".Dockerfile") for file in json.loads(done.stdout)["files"]} == set(ODD_NAMES)
    git(tmp_path, "apply", "--reverse", "out.patch")
    assert {file.read_text() for file in tmp_path.glob("*.Dockerfile")} == {ARTICLE}


def test_odd_names_in_messages(tmp_path: Path) -> None:
    (tmp_path / "a\nb\x1b.Dockerfile").write_text("FRM x\n")
    done = dfrewrite(cwd=tmp_path)
    assert done.stderr == "error: a\\nb\\x1b.Dockerfile: line 1: unknown instruction 'FRM'\n"


def test_a_file_named_like_an_option(tmp_path: Path) -> None:
    (tmp_path / "--branch").write_text(ARTICLE)
    done = dfrewrite("--check", "--", "--branch", cwd=tmp_path)
    assert (done.returncode, done.stdout.splitlines()[-1]) == (1, "1 read, 1 would change")


def test_odd_folders(tmp_path: Path) -> None:
    """Pipes, devices and links in circles where files are looked for, and folders deeper than a path is long."""
    (tmp_path / "Dockerfile").write_text(ARTICLE)
    for name in (".dockerignore", "docker-compose.yml", "Makefile", "x.Dockerfile", "main.go"):
        os.mkfifo(tmp_path / name)
    for name, target in {"a": "b", "b": "a", "self": ".", "up": "..", "y.Dockerfile": "/dev/zero", "z.go": "/"}.items():
        (tmp_path / name).symlink_to(target)
    folder = os.open(tmp_path, os.O_RDONLY)
    for _ in range(800):
        os.mkdir("folder", dir_fd=folder)
        inner = os.open("folder", os.O_RDONLY, dir_fd=folder)
        os.close(folder)
        folder = inner
    os.close(folder)
    done = dfrewrite(cwd=tmp_path)
    assert done.returncode == 0
    assert done.stdout.startswith("Dockerfile: ")
    assert all(line.startswith("note: ") for line in done.stderr.splitlines())
    named = dfrewrite("x.Dockerfile", "y.Dockerfile", "a", cwd=tmp_path)
    assert named.stderr.splitlines() == [
        "error: x.Dockerfile: is a pipe, no file",
        "error: y.Dockerfile: is a device, no file",
        "error: a: is a symbolic link that leads back to itself",
    ]


@pytest.mark.parametrize(
    "rules",
    [
        "".join(f"**/a{n}/**/b*{n}\n" for n in range(500)),
        "some/folder/file\n" * 290_000,
        "**/" * 1_000 + "x\n" + "*a" * 500 + "\n" + "**a**b" * 500 + "\n",
        "[" + "a-z" * 10_000 + "]\n" + "[a" * 5_000 + "\n" + "(a|" * 500 + "\n",
        "*\n" + "".join(f"!a{n}/**\n" for n in range(1000)),
    ],
    ids=["many", "5 MB", "stars", "classes", "exceptions"],
)
def test_odd_dockerignore_files(tmp_path: Path, rules: str) -> None:
    (tmp_path / "Dockerfile").write_text(ARTICLE)
    (tmp_path / ".dockerignore").write_text(rules)
    for number in range(20):
        (tmp_path / ("a" * 50 + str(number))).touch()
    outcome = Session(Request()).rewrite_file(tmp_path / "Dockerfile")
    assert (outcome.code, outcome.error) == (Exit.DONE, None)


def test_a_context_that_is_not_there(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text(ARTICLE)
    done = dfrewrite("--context", "missing", cwd=tmp_path)
    assert done.returncode == 2
    assert "Directory 'missing' does not exist" in done.stderr
    (tmp_path / "dfrewrite.toml").write_text('context = "missing"\n')
    done = dfrewrite(cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.endswith("missing is no folder\n")
