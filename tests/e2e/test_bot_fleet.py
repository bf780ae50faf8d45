"""Two hundred repositories of every shape, visited again and again while their people do what people do."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from rewriter.bot.ledger import Visit
from tests.bot.fake.server import FakeForge
from tests.bot.fake.state import FakeRepository

from .bots import Bot
from .fleet import SHAPES, TEXT, Shape

pytestmark = pytest.mark.e2e

COUNT = int(os.environ.get("DFREWRITE_BOT_REPOSITORIES", "200"))
FEW = 80
"""What the dialects that are not the first one have to do with, unless it is said how many."""


def _fill(forge: FakeForge, count: int) -> dict[str, Shape]:
    """Each shape once, and the usual ones until there are enough; by the name of the repository."""
    usual = SHAPES[:3]
    shapes = [*SHAPES, *(usual[number % len(usual)] for number in range(count - len(SHAPES)))]
    found = {}
    for number, shape in enumerate(shapes):
        name = f"acme/{shape.name}-{number}"
        shape.change(forge.state.add(name, shape.files, **shape.more))
        found[name] = shape
    return found


def _about(visits: list[Visit], name: str) -> Visit:
    """The visit that says most of a repository."""
    mine = [visit for visit in visits if visit.name == name]
    ranked = sorted(mine, key=lambda visit: (visit.outcome != "opened", visit.outcome != "failed"))
    assert ranked, f"{name} was not visited"
    return ranked[0]


def test_a_fleet(forge: FakeForge, bot: Bot, kind: str, tmp_path: Path) -> None:
    bot.cap(per_run=1000, per_hour=1000, workers=4)
    shapes = _fill(forge, COUNT if kind == "github" or "DFREWRITE_BOT_REPOSITORIES" in os.environ else FEW)
    bot.run()
    _first_visit(shapes, bot.visits())
    opened = _open_pulls(forge)
    assert all(len(pulls) == 1 for pulls in opened.values())
    written = len(forge.writes())

    bot.run()
    assert len(forge.writes()) == written, "a rerun wrote something"
    assert _open_pulls(forge) == opened

    events = _Events(forge, [each for each in forge.state.repositories.values() if each.name.startswith("acme/go-")])
    bot.run()
    events.hold({visit.name: visit for visit in bot.visits()})
    written = len(forge.writes())
    bot.run()
    assert len(forge.writes()) == written, "a rerun wrote something"
    assert not list((tmp_path / "state").glob("clones-*"))


def _first_visit(shapes: dict[str, Shape], visits: list[Visit]) -> None:
    """Each repository came to what its shape says."""
    wrong = []
    for name, shape in shapes.items():
        if shape.outcome == "unseen":
            wrong += [f"{name} was visited"] if any(visit.name == name for visit in visits) else []
            continue
        visit = _about(visits, name)
        if visit.outcome != shape.outcome or shape.why not in visit.why:
            wrong.append(f"{name}: {visit.outcome}, {visit.why}")
    assert wrong == []


def _open_pulls(forge: FakeForge) -> dict[str, list[int]]:
    found = {}
    for repository in forge.state.repositories.values():
        numbers = [pull.number for pull in repository.pulls if pull.state == "open"]
        if numbers:
            found[repository.name] = numbers
    return found


class _Events:
    """What happens to some of the repositories between two runs, one thing to each."""

    def __init__(self, forge: FakeForge, repositories: list[FakeRepository]) -> None:
        names = "merged closed pushed changed obsolete renamed archived deleted rights trunk conflicted transferred"
        self._of = dict(zip(names.split(), repositories, strict=False))
        assert len(self._of) == 12, "too few repositories"
        self._tips = {}
        state = forge.state
        state.merge(self._of["merged"], self._of["merged"].pulls[0])
        state.close(self._of["closed"], self._of["closed"].pulls[0])
        self._of["pushed"].commit({"notes": "x"}, self._of["pushed"].pulls[0].branch)
        newer = TEXT.replace("1.18", "1.21")
        for name in ("merged", "closed", "pushed", "changed", "trunk"):
            self._of[name].commit({"Dockerfile": newer})
        self._of["obsolete"].commit({"Dockerfile": None, "go.mod": None})
        # Beside what the bot changes: its result is the same but for this, and the branch can no longer be merged.
        self._of["conflicted"].commit({"Dockerfile": TEXT.replace("FROM golang:1.18", "FROM golang:1.18 AS build")})
        for name, new in (("renamed", "acme/new-name"), ("transferred", "else/tides")):
            self._of[name].former.append(self._of[name].name)
            self._of[name].name = new
        self._of["archived"].archived = True
        self._of["deleted"].gone = True
        self._of["rights"].pushers.clear()
        trunk = self._of["trunk"]
        trunk.run("update-ref", "refs/heads/trunk", trunk.tip("main"))
        trunk.default_branch = "trunk"
        trunk.pulls[0].base = "trunk"  # as forges do when a branch gets another name
        self._tips = {name: each.tip(each.pulls[0].branch) for name, each in self._of.items()}

    def hold(self, visits: dict[str, Visit]) -> None:
        """Each of them came to what it should."""
        expected = {
            "merged": ("nothing", "#1 was merged", "merged"),
            "closed": ("nothing", "#1 was closed without being merged", "closed"),
            "pushed": ("nothing", "somebody else pushed to #1", "open"),
            "changed": ("updated", "", "open"),
            "obsolete": ("closed", "there is nothing to change any more", "closed"),
            "renamed": ("nothing", "#1 is up to date", "open"),
            "rights": ("left alone", "this identity may not push to it", "open"),
            "trunk": ("updated", "", "open"),
            "conflicted": ("updated", "#1 conflicts with its base", "open"),
        }
        for name, (outcome, why, state) in expected.items():
            repository = self._of[name]
            visit = visits[repository.name]
            assert (visit.outcome, repository.pulls[0].state) == (outcome, state), (
                f"{name}: {visit.outcome} {visit.why}"
            )
            assert why in visit.why, name
            assert len(repository.pulls) == 1, name
        for name in ("archived", "deleted", "transferred"):
            assert self._of[name].name not in visits, f"{name} was visited"
        for name in ("merged", "closed", "pushed", "renamed", "archived", "deleted", "rights", "transferred"):
            repository = self._of[name]
            assert repository.tip(repository.pulls[0].branch) == self._tips[name], f"{name} was pushed to"
        conflicted = self._of["conflicted"]
        assert not conflicted.conflicts(conflicted.pulls[0])
