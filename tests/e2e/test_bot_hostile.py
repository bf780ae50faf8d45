"""Repositories and forges that nobody should have, against whole runs of the bot with real git behind it."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from rewriter.bot.campaign import Source
from tests.bot.fake.server import Answer, Asked, FakeForge
from tests.bot.fake.state import FakePull, FakeRepository

from .bots import DIALECTS, TOKEN, Bot, token_variable
from .fleet import GO

pytestmark = pytest.mark.e2e

BRANCH = "dfrewrite/Dockerfile/default"


@pytest.fixture
def forge(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str) -> Iterator[FakeForge]:
    with FakeForge(tmp_path / "forge", *DIALECTS[kind]) as found:
        monkeypatch.setenv(token_variable(found), TOKEN)
        yield found


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


NEWER = {"Dockerfile": (GO["Dockerfile"] or "").replace("1.18", "1.21")}
OBSOLETE = {"Dockerfile": 'FROM scratch\nCOPY tides /\nCMD ["/tides"]\n'}


@pytest.mark.parametrize("files", [GO, NEWER, OBSOLETE])
def test_a_commit_of_ours_that_somebody_took_away_stays_away(forge: FakeForge, bot: Bot, files: dict[str, str]) -> None:
    """Who does not want the second transform puts the branch back to the first."""
    repository = forge.state.add("acme/tides", GO)
    bot.run()
    repository.run("update-ref", f"refs/heads/{BRANCH}", f"{repository.tip(BRANCH)}~1")
    theirs = repository.tip(BRANCH)
    repository.commit(files)
    assert bot.run() == {("acme/tides", "Dockerfile"): "nothing"}
    assert bot.why("acme/tides") == f"somebody else took a commit of ours from #1 ({theirs[:12]})"
    assert (repository.tip(BRANCH), repository.pulls[0].state) == (theirs, "open")


@pytest.mark.parametrize("files", [NEWER, OBSOLETE])
def test_what_goes_to_another_branch_now_is_left_alone(forge: FakeForge, bot: Bot, files: dict[str, str]) -> None:
    """A push on top of main would bring all of main's commits into it."""
    repository = forge.state.add("acme/tides", GO)
    repository.run("update-ref", "refs/heads/develop", repository.tip("main"))
    bot.run()
    before = repository.tip(BRANCH)
    repository.pulls[0].base = "develop"
    repository.commit(files)
    bot.run()
    assert bot.why("acme/tides") == "#1 goes to develop now"
    assert (repository.tip(BRANCH), repository.pulls[0].state) == (before, "open")


def test_a_commit_that_comes_just_before_it_is_closed_keeps_it_open(forge: FakeForge, bot: Bot) -> None:
    repository = forge.state.add("acme/tides", GO)
    bot.run()
    repository.commit(OBSOLETE)
    theirs: list[str] = []

    def trouble(asked: Asked) -> Answer | str | None:
        if asked.path.endswith(("/pulls/1", "/merge_requests/1")) and not theirs:
            theirs.append(repository.commit({"notes": "x"}, BRANCH))
        return None

    forge.trouble = trouble
    bot.run()
    assert bot.why("acme/tides") == f"somebody else pushed to #1 ({theirs[0][:12]})"
    assert repository.tip(BRANCH) == theirs[0]
    assert (repository.pulls[0].state, repository.pulls[0].comments) == ("open", [])


def test_a_pull_request_that_somebody_made_of_our_branch_is_theirs(forge: FakeForge, bot: Bot) -> None:
    repository = forge.state.add("acme/tides", GO)

    def trouble(_: Asked) -> Answer | str | None:
        if repository.tip(BRANCH) and not repository.pulls:
            repository.pulls.append(FakePull(1, "mine", "my words", BRANCH, "main", "kim"))
        return None

    forge.trouble = trouble
    assert bot.run() == {("acme/tides", "Dockerfile"): "nothing"}
    assert [(pull.title, pull.body) for pull in repository.pulls] == [("mine", "my words")]


def test_a_write_that_is_sent_elsewhere_is_not_done(forge: FakeForge, bot: Bot) -> None:
    """A repository that was renamed, or belongs to somebody else now."""
    repository = forge.state.add("acme/tides", GO)
    bot.run()
    repository.commit(OBSOLETE)
    away = Answer(301, {"message": "Moved Permanently"}, {"Location": "https://elsewhere.example/"})
    forge.trouble = lambda asked: away if asked.method != "GET" else None
    assert bot.run() == {("acme/tides", "Dockerfile"): "failed"}
    assert "answers 301: what was asked for has moved" in bot.why("acme/tides")
    assert repository.pulls[0].state == "open"


def test_a_stranger_who_copies_our_marker_is_nobody_of_ours(forge: FakeForge, bot: Bot) -> None:
    tides, waters = forge.state.add("acme/tides", GO), forge.state.add("acme/waters", GO)
    bot.set(opt_out=("acme/waters",))
    bot.run()
    fork = forge.state.fork(waters, "mallory")
    fork.commit({"x": "1"}, BRANCH)
    waters.pulls.append(FakePull(1, "evil", tides.pulls[0].body, BRANCH, "main", "mallory", source=fork))
    bot.set(opt_out=())
    assert bot.run()["acme/waters", "Dockerfile"] == "opened"
    assert [(pull.title, pull.author) for pull in waters.pulls][:1] == [("evil", "mallory")]
    assert waters.pulls[1].author == "bot"


def test_who_says_no_during_a_pause_is_heard(forge: FakeForge, bot: Bot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rewriter.bot.visit._FRESH", 1.5)
    repository = forge.state.add("acme/tides", GO)
    refused: list[Asked] = []

    def trouble(asked: Asked) -> Answer | str | None:
        if asked.method == "POST" and not refused:
            refused.append(asked)
            repository.commit({"dfrewrite.toml": "enabled = false\n"})
            return Answer(429, {"message": "Too many requests"}, {"Retry-After": "2"})
        return None

    forge.trouble = trouble
    bot.run()
    assert "its dfrewrite.toml says enabled = false" in [visit.why for visit in bot.visits()]
    assert repository.pulls == []


def test_a_pause_alone_keeps_nobody_from_it(forge: FakeForge, bot: Bot, monkeypatch: pytest.MonkeyPatch) -> None:
    """However often there is one."""
    monkeypatch.setattr("rewriter.bot.visit._FRESH", 1.5)
    repository = forge.state.add("acme/tides", GO)
    refused: list[Asked] = []

    def trouble(asked: Asked) -> Answer | str | None:
        if asked.method == "POST" and len(refused) < 4:
            refused.append(asked)
            return Answer(429, {"message": "Too many requests"}, {"Retry-After": "2"})
        return None

    forge.trouble = trouble
    assert bot.run() == {("acme/tides", "Dockerfile"): "opened"}
    assert len(repository.pulls) == 1


def test_a_listed_repository_that_was_given_away_is_not_touched(
    forge: FakeForge, bot: Bot, kind: str, tmp_path: Path
) -> None:
    repository = forge.state.add("acme/tides", GO)
    forge.state.add("acme/waters", GO)
    listed = tmp_path / "list"
    listed.write_text("acme/tides\nacme/waters\n")
    repository.former.append(repository.name)
    repository.name = "elsewhere/tides"
    bot.campaign = replace(bot.campaign, sources=(Source(kind, forge.url, file=str(listed)),))
    bot.run()
    assert {visit.name: visit.outcome for visit in bot.visits()} == {
        "elsewhere/tides": "left alone",
        "acme/waters": "opened",
    }
    assert repository.branches() == ["main"]


def test_a_list_of_nobody_is_nobody(forge: FakeForge, bot: Bot, kind: str, tmp_path: Path) -> None:
    forge.state.add("acme/tides", GO)
    listed = tmp_path / "list"
    listed.write_text("# nobody yet\n")
    source = Source(kind, forge.url, owners=("acme",), file=str(listed))
    bot.campaign = replace(bot.campaign, sources=(source,))
    assert bot.run() == {}


def test_a_thousand_branches_of_somebody_else_are_not_asked_about(forge: FakeForge, bot: Bot) -> None:
    repository = forge.state.add("acme/tides", GO)
    tip = repository.tip("main")
    lines = "".join(f"create refs/heads/dfrewrite/x/{number} {tip}\n" for number in range(1000))
    repository.run("update-ref", "--stdin", feed=lines.encode())
    assert bot.run() == {("acme/tides", "Dockerfile"): "opened"}
    assert len(forge.requests) < 30
