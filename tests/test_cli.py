"""The command line as a user sees it: the real program, real files, real git."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from rewriter.cli import COMMANDS
from rewriter.commands import commands
from rewriter.proof.verdict import Proof, Verdict
from rewriter.session import Request, Session
from rewriter.sinks import Branch

ARTICLE = """\
FROM golang:1.18
WORKDIR /build

COPY go.mod go.sum ./
RUN go mod download && go mod verify

COPY . ./
RUN go build -o ./myapp ./path/to/main

ENTRYPOINT ["/myapp"]
"""
SPLIT = """\
FROM golang:1.18-alpine3.17 AS builder
WORKDIR /build

COPY go.mod go.sum ./
RUN go mod download && go mod verify

COPY . ./
RUN go build -o ./myapp ./path/to/main

FROM alpine:3.17
COPY --from=builder /build/myapp /myapp
WORKDIR /build

ENTRYPOINT ["/myapp"]
"""


def dfrewrite(*arguments: str, cwd: Path, stdin: bytes = b"") -> subprocess.CompletedProcess[str]:
    """Runs the program in a folder; output is text with undecodable bytes kept."""
    command = [sys.executable, "-m", "rewriter.cli", *arguments]
    done = subprocess.run(command, cwd=cwd, input=stdin, capture_output=True, check=False, timeout=60)
    decode = [stream.decode("utf-8", "surrogateescape") for stream in (done.stdout, done.stderr)]
    return subprocess.CompletedProcess(done.args, done.returncode, *decode)


def git(folder: Path, *arguments: str) -> str:
    """The output of a git command; fails the test when git does."""
    return subprocess.run(["git", *arguments], cwd=folder, capture_output=True, check=True, text=True).stdout


@pytest.fixture
def article(tmp_path: Path) -> Path:
    """A folder with the article's Dockerfile."""
    (tmp_path / "Dockerfile").write_text(ARTICLE)
    return tmp_path


@pytest.fixture
def repository(article: Path) -> Path:
    """The same in a git repository with one commit."""
    git(article, "init", "--quiet", "--initial-branch=main")
    git(article, "config", "user.name", "Somebody")
    git(article, "config", "user.email", "somebody@example.com")
    git(article, "add", ".")
    git(article, "commit", "--quiet", "--message=first")
    return article


def test_a_dry_run_shows_the_diff_with_reasons_and_writes_nothing(article: Path) -> None:
    done = dfrewrite(cwd=article)
    assert done.returncode == 0
    assert "+FROM golang:1.18-alpine3.17 AS builder\n" in done.stdout
    assert "# split_stages [review]: " in done.stdout
    assert "line 10: ENTRYPOINT starts /myapp, which nothing makes" in done.stdout
    assert "965 MB → 7 MB (base images only" in done.stdout
    assert "\x1b" not in done.stdout
    assert (article / "Dockerfile").read_text() == ARTICLE


def test_apply_writes_what_the_dry_run_shows_and_a_second_run_nothing(article: Path) -> None:
    file = article / "Dockerfile"
    file.chmod(0o640)
    assert dfrewrite("--apply", cwd=article).returncode == 0
    assert file.read_text() == SPLIT
    assert file.stat().st_mode & 0o777 == 0o640
    assert dfrewrite("--apply", cwd=article).returncode == 0
    assert file.read_text() == SPLIT
    assert [path.name for path in article.iterdir()] == ["Dockerfile"]


def test_the_articles_own_release_can_be_asked_for(article: Path) -> None:
    dfrewrite("--apply", "--alpine", "3.16", cwd=article)
    assert (article / "Dockerfile").read_text() == SPLIT.replace("3.17", "3.16")


def test_check_tells_by_its_exit_code(article: Path) -> None:
    done = dfrewrite("--check", cwd=article)
    assert (done.returncode, done.stdout) == (
        1,
        "would change Dockerfile (alpine_base, split_stages)\n1 read, 1 would change\n",
    )
    dfrewrite("--apply", cwd=article)
    assert dfrewrite("--check", cwd=article).returncode == 0


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
@pytest.mark.parametrize("final", [True, False])
def test_git_takes_the_patch(repository: Path, ending: str, final: bool) -> None:
    text = ARTICLE.replace("\n", ending)
    (repository / "Dockerfile").write_bytes((text if final else text.rstrip()).encode())
    folder = repository / "a folder"
    folder.mkdir()
    (folder / "Dockerfile.dev").write_bytes(ARTICLE.replace("myapp", "other").encode())
    assert dfrewrite("--patch=out.patch", cwd=repository).returncode == 0
    git(repository, "apply", "out.patch")
    expected = SPLIT.replace("\n", ending)
    assert (repository / "Dockerfile").read_bytes() == (expected if final else expected.rstrip()).encode()
    assert (folder / "Dockerfile.dev").read_bytes() == SPLIT.replace("myapp", "other").encode()


def test_the_diff_format_is_a_patch_too(repository: Path) -> None:
    diff = dfrewrite("--format", "diff", cwd=repository).stdout
    subprocess.run(["git", "apply"], cwd=repository, input=diff.encode(), check=True)
    assert (repository / "Dockerfile").read_text() == SPLIT


def test_branch_makes_one_commit_per_transform_and_touches_nothing_else(repository: Path) -> None:
    done = dfrewrite("--branch", "Dockerfile", cwd=repository)
    assert done.returncode == 0
    subjects = git(repository, "log", "--format=%s", "main..dfrewrite/rewrite").splitlines()
    assert subjects == ["Split the build from the runtime", "Swap the base image to its alpine tag"]
    assert git(repository, "show", "dfrewrite/rewrite:Dockerfile") == SPLIT
    assert git(repository, "status", "--porcelain", "--branch").strip() == "## main"
    again = dfrewrite("--branch", "Dockerfile", cwd=repository)
    assert again.returncode == 2
    assert again.stderr.count("\n") == 1


def test_commits_of_several_files_follow_the_chain(repository: Path) -> None:
    (repository / "A.Dockerfile").write_text(ARTICLE.replace("golang:1.18", "golang:1.18-alpine"))
    git(repository, "add", ".")
    git(repository, "commit", "--quiet", "--message=second")
    assert dfrewrite("--branch", cwd=repository).returncode == 0
    assert git(repository, "show", "dfrewrite/rewrite:Dockerfile") == SPLIT
    assert git(repository, "show", "dfrewrite/rewrite:A.Dockerfile") == SPLIT


def test_branch_refuses_a_file_with_uncommitted_changes(repository: Path) -> None:
    (repository / "Dockerfile").write_text(ARTICLE + "# mine\n")
    done = dfrewrite("--branch=other", cwd=repository)
    assert done.returncode == 2
    assert "Dockerfile" in done.stderr
    assert git(repository, "branch", "--list", "other") == ""


def test_standard_input_gives_the_new_text_and_reports_beside_it(tmp_path: Path) -> None:
    done = dfrewrite("-", cwd=tmp_path, stdin=ARTICLE.encode())
    assert done.stdout == SPLIT
    assert "split_stages" in done.stderr
    assert dfrewrite("-", cwd=tmp_path, stdin=b"FRM x\n").returncode == 2
    assert dfrewrite("-", "--apply", cwd=tmp_path, stdin=b"").returncode == 2


def test_bad_files_get_one_line_and_the_rest_goes_on(article: Path) -> None:
    (article / "bad.Dockerfile").write_text("FROM a\nFRM b\n")
    (article / "binary.Dockerfile").write_bytes(b"\x7fELF\0\0\0")
    (article / "latin.Dockerfile").write_bytes(b"FROM scratch\n# caf\xe9\n")
    (article / "Dockerfile.d").mkdir()
    done = dfrewrite("--apply", ".", "missing", cwd=article)
    assert done.returncode == 2
    assert done.stderr.splitlines() == [
        "error: bad.Dockerfile: line 2: unknown instruction 'FRM'",
        "error: binary.Dockerfile: line 1: holds a NUL byte: a binary file?",
        "error: missing: does not exist",
    ]
    assert (article / "Dockerfile").read_text() == SPLIT


def test_levels_hold_changes_back_and_say_so(article: Path) -> None:
    done = dfrewrite("--apply", "--level", "safe", cwd=article)
    assert done.returncode == 0
    assert "not done, its level is review, above safe" in done.stdout
    assert (article / "Dockerfile").read_text() == ARTICLE


def test_select_and_skip(article: Path) -> None:
    dfrewrite("--apply", "--skip", "split_stages", cwd=article)
    assert (article / "Dockerfile").read_text() == ARTICLE.replace("golang:1.18", "golang:1.18-alpine3.17")
    unknown = dfrewrite("--select", "nonsense", cwd=article)
    assert unknown.returncode == 2
    names = "deprecated_base, runtime_jre, alpine_base, slim_base, split_stages, copy_artefacts"
    assert f"there is no transform 'nonsense'; there are {names}" in unknown.stderr


def test_pragmas_are_obeyed(article: Path) -> None:
    file = article / "Dockerfile"
    for pragma, expected in {
        "# dfrewrite: ignore\n": ARTICLE,
        "# dfrewrite: ignore-file legacy\n": ARTICLE,
        "# dfrewrite: ignore=split_stages\n": ARTICLE.replace("golang:1.18", "golang:1.18-alpine3.17"),
    }.items():
        file.write_text(pragma + ARTICLE)
        assert dfrewrite("--apply", cwd=article).returncode == 0
        assert file.read_text() == pragma + expected


def test_the_configuration_file_steers_and_the_command_line_wins(article: Path) -> None:
    config = article / "dfrewrite.toml"
    config.write_text('skip = ["split_stages"]\nalpine = "3.15"\n')
    assert "golang:1.18-alpine3.15" in dfrewrite(cwd=article).stdout
    assert "golang:1.18-alpine3.14" in dfrewrite("--alpine", "3.14", cwd=article).stdout
    config.write_text("enabled = false\n")
    assert "left out" in dfrewrite(cwd=article).stdout
    config.write_text('levle = "safe"\n')
    done = dfrewrite(cwd=article)
    assert done.returncode == 2
    assert "levle" in done.stderr
    assert "level" in done.stderr


def test_json_says_what_the_text_says(article: Path) -> None:
    report = json.loads(dfrewrite("--format", "json", cwd=article).stdout)
    (file,) = report["files"]
    assert [change["transform"] for change in file["changes"]] == ["alpine_base", "split_stages"]
    assert file["forecast"] == {
        "estimate": False,
        "before_mb": 965.22,
        "before_range_mb": [965.22, 965.22],
        "after_mb": 7.04,
        "after_range_mb": [7.04, 7.04],
    }
    assert file["findings"][0]["line"] == 10
    assert file["diff"].startswith("--- a/Dockerfile\n")


@pytest.mark.parametrize(
    "arguments",
    [
        ["--apply", "--branch"],
        ["--check", "--apply"],
        ["--level", "bold"],
        ["--build-arg", "novalue"],
        ["--alpine", "edge"],
        ["explain", "nothing"],
        ["facts", "show", "nothing:1"],
        ["--config", "missing.toml"],
        ["--probe", "/healthz"],
        ["--allow-broken-baseline"],
        ["--verify", "--smoke", "echo 'open"],
        ["--verify", "--engine", "kaniko"],
        ["--verify", "-"],
        ["prove", "Dockerfile"],
        ["prove", "Dockerfile", "missing"],
        ["prove", "Dockerfile", "binary"],
        ["prove", "--target", "none", "Dockerfile", "Dockerfile"],
        ["--verify", "--probe", "FOO BAR /x"],
        ["--verify", "--build-timeout", "nan"],
        ["--context", "/dev/null"],
    ],
)
def test_wrong_usage_exits_with_2(article: Path, arguments: list[str]) -> None:
    (article / "binary").write_bytes(b"FROM a\n\0")
    done = dfrewrite(*arguments, cwd=article)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


# A daemon that is not there: the same whether docker is installed or not.
NO_ENGINE = {"DOCKER_HOST": "unix:///no/such/socket", "DOCKER_CONTEXT": ""}


def test_nothing_is_written_that_could_not_be_proven(article: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in NO_ENGINE.items():
        monkeypatch.setenv(name, value)
    verify = ("--verify", "--engine", "docker")
    done = dfrewrite("--apply", *verify, cwd=article)
    assert done.returncode == 4
    assert (article / "Dockerfile").read_text() == ARTICLE
    assert "Dockerfile: nothing to change" in done.stdout
    assert "not done, it is not proven (not-run): no build engine can be used: " in done.stdout
    assert "Proof: not-run: no build engine can be used: " in done.stdout
    (file,) = json.loads(dfrewrite("--format", "json", *verify, cwd=article).stdout)["files"]
    assert (file["changed"], file["diff"], file["proof"]["verdict"]) == (False, "", "not-run")
    diff = dfrewrite("--format", "diff", *verify, cwd=article)
    assert (diff.returncode, diff.stdout) == (4, "")
    assert "Dockerfile: not-run: no build engine can be used: " in diff.stderr
    checked = dfrewrite("--check", *verify, cwd=article)
    assert checked.returncode == 4
    assert checked.stdout == "1 read, 0 would change\n"
    proven = dfrewrite("prove", "--engine", "docker", "Dockerfile", "Dockerfile", cwd=article)
    assert proven.returncode == 4
    assert proven.stdout.startswith("Proof: not-run: ")


@pytest.mark.parametrize(("proof", "commits"), [(None, 2), (Proof(Verdict.PROVEN), 1)])
def test_what_was_proven_as_a_whole_is_one_commit(repository: Path, proof: Proof | None, commits: int) -> None:
    outcome = Session(Request()).rewrite_file(repository / "Dockerfile")
    branch = Branch("rewrite")
    assert branch.take(replace(outcome, proof=proof)) == []
    assert branch.finish() == []
    assert int(git(repository, "rev-list", "--count", "HEAD..rewrite")) == commits
    assert git(repository, "show", "rewrite:Dockerfile") == SPLIT


def test_what_changes_nothing_needs_no_proof(article: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in NO_ENGINE.items():
        monkeypatch.setenv(name, value)
    (article / "Dockerfile").write_text("FROM alpine:3.20\nCMD true\n")
    done = dfrewrite("--verify", "--engine", "docker", cwd=article)
    assert done.returncode == 0
    assert "Proof" not in done.stdout


def test_the_other_commands(tmp_path: Path) -> None:
    assert dfrewrite("--version", cwd=tmp_path).stdout.startswith("dfrewrite, version ")
    assert "split_stages     Split the build from the runtime\n" in dfrewrite("list", cwd=tmp_path).stdout
    assert "Leaves alone:" in dfrewrite("explain", "split_stages", cwd=tmp_path).stdout
    assert "3.14, 3.15, 3.16, 3.17" in dfrewrite("facts", "show", "golang:1.18", cwd=tmp_path).stdout


def test_a_path_named_like_a_command_is_written_with_a_dot(tmp_path: Path) -> None:
    (tmp_path / "list").write_text(ARTICLE)
    assert "+FROM alpine:3.17" in dfrewrite("./list", cwd=tmp_path).stdout


def test_nothing_to_read_is_said(tmp_path: Path) -> None:
    done = dfrewrite(cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "no Dockerfile found\n")


def test_the_terminal_is_not_steered_by_a_dockerfile(article: Path) -> None:
    import pty

    (article / "Dockerfile").write_text(ARTICLE.replace("FROM", "# \x1b]0;owned\x07\nFROM"))
    leader, follower = pty.openpty()
    command = [sys.executable, "-m", "rewriter.cli"]
    with subprocess.Popen(command, cwd=article, stdout=follower, stderr=follower, close_fds=True) as process:
        os.close(follower)
        shown = b""
        while chunk := _read(leader):
            shown += chunk
        process.wait()
    os.close(leader)
    assert b"\x1b]0;" not in shown
    assert b"\\x1b]0;owned\\x07" in shown
    assert b"\x1b[32m" in shown


def test_colours_of_a_dockerfile_stay_in_a_patch_and_do_not_reach_a_terminal(repository: Path) -> None:
    import pty

    text = ARTICLE.replace("COPY . ./", "# \x1b[31mred\nCOPY . ./")
    (repository / "Dockerfile").write_text(text)
    diff = dfrewrite("--format", "diff", cwd=repository).stdout
    subprocess.run(["git", "apply"], cwd=repository, input=diff.encode(), check=True)
    assert (repository / "Dockerfile").read_text() == SPLIT.replace("COPY . ./", "# \x1b[31mred\nCOPY . ./")
    (repository / "Dockerfile").write_text("# dfrewrite: ignore-file \x1b[31mred\n" + ARTICLE)
    leader, follower = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "rewriter.cli"], cwd=repository, stdout=follower, stderr=follower, close_fds=True
    ):
        os.close(follower)
        shown = b""
        while chunk := _read(leader):
            shown += chunk
    os.close(leader)
    assert b"\\x1b[31mred" in shown
    assert b"\x1b[31m" not in shown


def _read(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, 65536)
    except OSError:
        return b""


def test_every_command_is_known_by_name_before_its_module_is_loaded() -> None:
    assert set(COMMANDS) == set(commands.commands)
