"""Clones against real git: nothing of a repository runs, commits repeat themselves, pushes need their lease."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from rewriter.bot.checkout import Bounds, Checkout, FileCommit, Person, PushRefused
from rewriter.bot.git_run import GitFailed, Remote

BOT = Person("Bot", "bot@example.com")
KEY = "k" * 32
ENVIRONMENT = {
    **{name: value for name, value in os.environ.items() if not name.startswith("GIT_")},
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_AUTHOR_NAME": "Jo",
    "GIT_AUTHOR_EMAIL": "jo@example.com",
    "GIT_COMMITTER_NAME": "Jo",
    "GIT_COMMITTER_EMAIL": "jo@example.com",
}


def git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=folder, env=ENVIRONMENT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.fixture
def origin(tmp_path: Path) -> Path:
    """A bare repository with two commits, and a work folder beside it."""
    work = tmp_path / "work"
    work.mkdir()
    git(work, "init", "--quiet", "--initial-branch=main")
    (work / "Dockerfile").write_bytes(b"FROM golang:1.18\r\nCMD true\r\n")
    (work / "run.sh").write_text("#!/bin/sh\n")
    (work / "run.sh").chmod(0o755)
    git(work, "add", ".")
    git(work, "commit", "--quiet", "-m", "one")
    (work / "more").write_text("x")
    git(work, "add", ".")
    git(work, "commit", "--quiet", "-m", "two")
    git(tmp_path, "clone", "--quiet", "--bare", "work", "origin.git")
    return tmp_path / "origin.git"


def _clone(origin: Path, folder: Path, bounds: Bounds | None = None) -> Checkout:
    checkout = Checkout(folder, bounds)
    checkout.clone(Remote(f"file://{origin}"), "main")
    return checkout


def test_a_clone_is_shallow_and_keeps_every_byte(origin: Path, tmp_path: Path) -> None:
    checkout = _clone(origin, tmp_path / "clone")
    assert checkout.head == git(origin, "rev-parse", "main")
    assert (checkout.folder / "Dockerfile").read_bytes() == b"FROM golang:1.18\r\nCMD true\r\n"
    assert git(checkout.folder, "rev-list", "--count", "HEAD") == "1"


def test_nothing_of_the_repository_runs(origin: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    work, mark = tmp_path / "work", tmp_path / "ran"
    hooks = tmp_path / "template" / "hooks"
    hooks.mkdir(parents=True)
    (hooks / "post-checkout").write_text(f"#!/bin/sh\ntouch {mark}\n")
    (hooks / "post-checkout").chmod(0o755)
    config = tmp_path / "config"
    config.write_text(
        f'[init]\n\ttemplateDir = {hooks.parent}\n[filter "evil"]\n\tsmudge = touch {mark}\n\trequired\n'
        f"[core]\n\tfsmonitor = touch {mark}\n\thooksPath = {hooks}\n"
    )
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(config))
    (work / ".gitattributes").write_text("* filter=evil\n")
    (work / ".gitmodules").write_text('[submodule "x"]\n\tpath = x\n\turl = ext::touch ran\n')
    git(work, "add", ".")
    git(work, "commit", "--quiet", "-m", "three")
    git(work, "push", "--quiet", str(origin), "main")
    checkout = _clone(origin, tmp_path / "clone")
    checkout.commits([FileCommit("x", {"more": b"y"})], BOT, KEY)
    assert (checkout.folder / "more").read_text() == "x"
    assert not mark.exists()
    assert not any((checkout.folder / ".git" / "hooks").glob("*"))


def test_the_same_commits_have_the_same_ids(origin: Path, tmp_path: Path) -> None:
    commits = [
        FileCommit("Swap\n\nWhy: x", {"Dockerfile": b"FROM a\n"}),
        FileCommit("Split", {"run.sh": b"#!/bin/bash\n"}),
    ]
    tips = [_clone(origin, tmp_path / name).commits(commits, BOT, KEY) for name in ("one", "two")]
    assert tips[0] == tips[1]
    one = tmp_path / "one"
    assert git(one, "log", "--format=%s|%ce|%ae", tips[0]).splitlines()[:2] == [
        "Split|bot@example.com|bot@example.com",
        "Swap|bot@example.com|bot@example.com",
    ]
    assert git(one, "log", "-1", "--format=%(trailers:key=Dfrewrite-Key,valueonly)", tips[0]) == KEY
    assert git(one, "ls-tree", tips[0], "run.sh").startswith("100755")
    assert git(one, "diff", "--name-only", checkout_head(one), tips[0]) == "Dockerfile\nrun.sh"


def checkout_head(folder: Path) -> str:
    return git(folder, "rev-parse", "HEAD")


def test_a_file_that_is_none_is_refused(origin: Path, tmp_path: Path) -> None:
    checkout = _clone(origin, tmp_path / "clone")
    for path in ("none", "../x", ".git/config"):
        with pytest.raises(GitFailed, match="is no file of the repository"):
            checkout.commits([FileCommit("x", {path: b""})], BOT, KEY)


def test_pushes_need_the_branch_where_it_was(origin: Path, tmp_path: Path) -> None:
    remote = Remote(f"file://{origin}")
    checkout = _clone(origin, tmp_path / "clone")
    first = checkout.commits([FileCommit("one", {"more": b"1"})], BOT, KEY)
    second = checkout.commits([FileCommit("two", {"more": b"2"})], BOT, KEY)
    checkout.push(remote, first, "dfrewrite/a/b", None)
    assert checkout.branches(remote, "dfrewrite") == {"dfrewrite/a/b": first}
    with pytest.raises(PushRefused) as caught:
        checkout.push(remote, second, "dfrewrite/a/b", None)
    assert caught.value.moved
    with pytest.raises(PushRefused) as caught:
        checkout.push(remote, second, "dfrewrite/a/b", second)
    assert caught.value.moved
    checkout.push(remote, second, "dfrewrite/a/b", first)
    assert checkout.branches(remote, "dfrewrite/a/b") == {"dfrewrite/a/b": second}
    assert checkout.branches(remote, "dfrewrite/a") == {"dfrewrite/a/b": second}
    assert checkout.branches(remote, "other") == {}


def test_a_forge_that_takes_no_push(origin: Path, tmp_path: Path) -> None:
    hook = origin / "hooks" / "pre-receive"
    hook.write_text("#!/bin/sh\necho 'the branch is protected' >&2\nexit 1\n")
    hook.chmod(0o755)
    checkout = _clone(origin, tmp_path / "clone")
    tip = checkout.commits([FileCommit("one", {"more": b"1"})], BOT, KEY)
    with pytest.raises(PushRefused, match=r"the push was refused: .*pre-receive hook declined") as caught:
        checkout.push(Remote(f"file://{origin}"), tip, "x", None)
    assert not caught.value.moved


def test_what_cannot_be_cloned_is_said_in_one_line(origin: Path, tmp_path: Path) -> None:
    for url, branch in ((f"file://{origin}", "none"), (f"file://{tmp_path}/no.git", "main"), ("ext::touch x", "main")):
        with pytest.raises(GitFailed) as caught:
            Checkout(tmp_path / f"clone-{branch}-{len(url)}").clone(Remote(url), branch)
        assert "\n" not in str(caught.value)
    assert not (tmp_path / "x").exists()


def test_a_repository_that_is_too_large(origin: Path, tmp_path: Path) -> None:
    (tmp_path / "work" / "large").write_bytes(os.urandom(3_000_000))
    git(tmp_path / "work", "add", ".")
    git(tmp_path / "work", "commit", "--quiet", "-m", "large")
    git(tmp_path / "work", "push", "--quiet", str(origin), "main")
    with pytest.raises(GitFailed, match="takes more than 2 MB"):
        _clone(origin, tmp_path / "clone", Bounds(bytes=2_000_000))


def test_a_forge_that_never_answers(tmp_path: Path) -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}/x.git"
        with pytest.raises(GitFailed, match=r"git fetch took longer than 1 s"):
            Checkout(tmp_path / "clone", Bounds(seconds=1.0)).clone(Remote(url, "bot", "s3cret"), "main")


def test_the_password_is_nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_TRACE_CURL", str(tmp_path / "trace"))
    monkeypatch.setenv("GITHUB_TOKEN", "s3cret")
    remote = Remote("http://127.0.0.1:9/x.git", "bot", "s3cret")
    assert "s3cret" not in repr(remote)
    with pytest.raises(GitFailed) as caught:
        Checkout(tmp_path / "clone").clone(remote, "main")
    assert "s3cret" not in str(caught.value)
    for path in tmp_path.rglob("*"):
        assert not path.is_file() or b"s3cret" not in path.read_bytes()
