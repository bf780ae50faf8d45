"""Repositories without a forge: a proposal is a branch, and lives as long as people let it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from rewriter.bot.campaign import Author, Campaign, Caps, Source
from rewriter.bot.decide import Do
from rewriter.bot.run import Place, tools_for
from rewriter.bot.sources import repositories
from rewriter.bot.task import Task
from rewriter.bot.visit import Visitor
from tests.bot.fake.state import FakeRepository, FakeState

BRANCH = "dfrewrite/Dockerfile/default"
TEXT = 'FROM golang:1.18\nWORKDIR /app\nCOPY . .\nRUN go build -o /app/tides .\nCMD ["/app/tides"]\n'
FILES = {"Dockerfile": TEXT, "go.mod": "module example.com/tides\n\ngo 1.18\n", "main.go": "package main\n"}

Run = Callable[[], list[tuple[str, str]]]


@pytest.fixture
def repository(tmp_path: Path) -> FakeRepository:
    return FakeState(tmp_path / "clones").add("acme/tides", FILES)


@pytest.fixture
def campaign(tmp_path: Path) -> Campaign:
    return Campaign(
        sources=(Source("folder", owners=(str(tmp_path / "clones"),)),),
        caps=Caps(seconds_between_writes=0.0),
        author=Author("Bot", "bot@example.com"),
    )


def _run(campaign: Campaign, tmp_path: Path) -> list[tuple[str, str]]:
    """One run without the queue; what was done about each plan, and why."""
    done = []
    with tools_for(campaign, Place(tmp_path / "state")) as tools:
        visitor = Visitor(tools)
        for source, found in repositories(tools.campaign, tools.forges):
            task = Task("run", source, found.id, found.name)
            survey = visitor.survey(task)
            for plan in survey.plans:
                if plan.do in (Do.OPEN, Do.UPDATE):
                    visitor.publish(task, survey, plan, visitor.push(task, survey, plan).tip)
                elif plan.do is Do.REMOVE_BRANCH:
                    visitor.close(task, survey, plan)
                done.append((plan.do.value, plan.why))
            visitor.forget(task)
    return done


@pytest.fixture
def run(campaign: Campaign, tmp_path: Path) -> Run:
    return lambda: _run(campaign, tmp_path)


def test_a_branch_is_pushed_once(repository: FakeRepository, run: Run) -> None:
    assert run() == [("open", "not proposed yet")]
    tip = repository.tip(BRANCH)
    assert "COPY --from=builder" in repository.run("show", f"{BRANCH}:Dockerfile")
    assert run() == [("nothing", "its branch is up to date")]
    repository.commit({"README.md": "x"})
    assert run() == [("nothing", "its branch is up to date")]
    assert repository.tip(BRANCH) == tip


def test_a_new_result_updates_it(repository: FakeRepository, run: Run) -> None:
    run()
    repository.commit({"Dockerfile": TEXT.replace("1.18", "1.21")})
    assert run() == [("update", "the result changed")]
    assert "golang:1.21-alpine" in repository.run("show", f"{BRANCH}:Dockerfile")


def test_a_branch_that_somebody_removed_stays_away(
    repository: FakeRepository, run: Run, campaign: Campaign, tmp_path: Path
) -> None:
    run()
    repository.run("update-ref", "-d", f"refs/heads/{BRANCH}")
    assert run() == [("nothing", "its branch was removed")]
    again = replace(campaign, pulls=replace(campaign.pulls, recreate=True))
    assert _run(again, tmp_path) == [("open", "not proposed yet")]


def test_a_branch_with_a_commit_of_somebody_else_is_left_alone(repository: FakeRepository, run: Run) -> None:
    run()
    theirs = repository.commit({"notes": "x"}, BRANCH)
    repository.commit({"Dockerfile": TEXT.replace("1.18", "1.21")})
    assert run() == [("nothing", f"somebody else pushed to its branch ({theirs[:12]})")]
    assert repository.tip(BRANCH) == theirs


def test_what_is_obsolete_is_removed(repository: FakeRepository, run: Run) -> None:
    run()
    repository.commit({"Dockerfile": 'FROM scratch\nCOPY tides /\nCMD ["/tides"]\n'})
    assert run() == [("remove branch", "there is nothing to change any more")]
    assert repository.branches() == ["main"]


def test_what_the_user_tells_git_counts_for_finding_as_little_as_for_cloning(
    run: Run, repository: FakeRepository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".gitconfig").write_text(f'[url "file:///elsewhere"]\n\tinsteadOf = file://{tmp_path}\n')
    monkeypatch.setenv("HOME", str(tmp_path))
    assert [what for what, _ in run()] == ["open"]
    assert BRANCH in repository.branches()


@pytest.mark.usefixtures("repository")
def test_nobody_else_on_the_machine_reads_what_a_run_keeps(run: Run, tmp_path: Path) -> None:
    run()
    assert (tmp_path / "state").stat().st_mode & 0o077 == 0
