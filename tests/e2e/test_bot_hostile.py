"""Repositories and forges that nobody should have, against whole runs of the bot with real git behind it."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.bot.fake.server import FakeForge
from tests.bot.fake.state import FakeRepository

from .bots import DIALECTS, TOKEN, Bot, token_variable
from .fleet import GO

pytestmark = pytest.mark.e2e

BRANCH = "dfrewrite/Dockerfile/default"


@pytest.fixture
def forge(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeForge]:
    with FakeForge(tmp_path / "forge", *DIALECTS["github"]) as found:
        monkeypatch.setenv(token_variable(found), TOKEN)
        yield found


@pytest.fixture
def bot(forge: FakeForge, tmp_path: Path) -> Bot:
    return Bot(forge, tmp_path / "state")


def _commit(repository: FakeRepository, tree: str, when: int) -> None:
    """A commit as git itself would not make it."""
    person = f"Jo <jo@example.com> {when} +0000"
    content = f"tree {tree}\nauthor {person}\ncommitter {person}\n\nodd\n".encode()
    made = repository.run("hash-object", "-t", "commit", "-w", "--literally", "--stdin", feed=content)
    repository.run("update-ref", "refs/heads/main", made)


def _rename(repository: FakeRepository, folder: bytes) -> None:
    """Puts all files into a folder whose name need not be UTF-8."""
    lines = repository.run("ls-tree", "main").splitlines()
    index = {**os.environ, "GIT_INDEX_FILE": str(repository.git / "odd-index")}
    entries = b"".join(
        b"%s %s\t%s/%s\0" % (mode.encode(), blob.encode(), folder, name.encode())
        for line in lines
        for (mode, _, blob), name in [(line.split()[:3], line.partition("\t")[2])]
    )
    subprocess.run(
        ["git", "update-index", "-z", "--index-info"], cwd=repository.git, env=index, input=entries, check=True
    )
    tree = subprocess.run(["git", "write-tree"], cwd=repository.git, env=index, capture_output=True, check=True).stdout
    _commit(repository, tree.decode().strip(), 1_700_000_000)


@pytest.mark.parametrize("when", [0, 12_345, 32_503_680_000, 2**62])
def test_a_commit_may_be_of_any_time(forge: FakeForge, bot: Bot, when: int) -> None:
    repository = forge.state.add("acme/tides", GO)
    _commit(repository, repository.run("rev-parse", "main^{tree}"), when)
    assert bot.run() == {("acme/tides", "Dockerfile"): "opened"}
    tip = repository.tip(BRANCH)
    assert bot.run() == {("acme/tides", "Dockerfile"): "nothing"}
    assert repository.tip(BRANCH) == tip


def test_a_path_that_is_no_text_is_left_alone(forge: FakeForge, bot: Bot) -> None:
    repository = forge.state.add("acme/tides", GO)
    _rename(repository, b"gr\xf6\xdfe")
    assert bot.run() == {("acme/tides", "gr\\udcf6\\udcdfe/Dockerfile"): "left alone"}
    assert bot.why("acme/tides") == "its path is no UTF-8, which no forge can show"


def test_a_branch_whose_name_is_no_text_is_in_nobodys_way(forge: FakeForge, bot: Bot) -> None:
    repository = forge.state.add("acme/tides", GO)
    odd = [b"git", b"update-ref", b"refs/heads/dfrewrite/\xff\xfe/default", repository.tip("main").encode()]
    subprocess.run(odd, cwd=repository.git, check=True)
    assert bot.run() == {("acme/tides", "Dockerfile"): "opened"}


def test_a_fault_of_ours_is_told_as_one(forge: FakeForge, bot: Bot, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever it is: the repository must not be missing from the report, nor the run be called a success."""
    forge.state.add("acme/tides", GO)

    def fails(*_: object) -> None:
        raise ZeroDivisionError("oops")

    monkeypatch.setattr("rewriter.bot.survey._opts_out", fails)
    forge.state.repositories[1].commit({"dfrewrite.toml": "enabled = true\n"})
    assert bot.run() == {("acme/tides", ""): "failed"}
    assert bot.why("acme/tides") == "fault of dfrewrite: ZeroDivisionError: oops"
    assert all(visit.failed for visit in bot.visits())
