"""The bot as a test runs it: one campaign against one forge, again and again."""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from rewriter.bot.campaign import Author, Campaign, Caps, Source
from rewriter.bot.ledger import Ledger, Visit
from rewriter.bot.run import Place, tools_for, work
from tests.bot.fake.gitea import gitea
from tests.bot.fake.github import github
from tests.bot.fake.gitlab import gitlab
from tests.bot.fake.server import Dialect, FakeForge

from .described import described

TOKEN = "t0ken-of-the-bot"


def token_variable(forge: FakeForge) -> str:
    """The variable that holds the token for it."""
    host = forge.url.removeprefix("http://").upper()
    return "DFREWRITE_TOKEN_" + host.replace(".", "_").replace(":", "_")


def files_with_token(folder: Path) -> list[Path]:
    """Where it stands, as it is or as git would send it."""
    pairs = (f"{user}:{TOKEN}".encode() for user in ("x-access-token", "oauth2", "dfrewrite"))
    forms = (TOKEN.encode(), *map(base64.b64encode, pairs))
    files = (path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    return [path for path in files if any(form in path.read_bytes() for form in forms)]


DIALECTS: dict[str, tuple[Dialect, str]] = {
    "github": (github, "/api/v3"),
    "gitlab": (gitlab, "/api/v4"),
    "gitea": (gitea, "/api/v1"),
}
"""The fake forge's, and where their APIs begin."""


@contextmanager
def judged_forge(folder: Path, kind: str) -> Iterator[FakeForge]:
    """A forge whose requests and replies are judged in the end."""
    with FakeForge(folder, *DIALECTS[kind]) as forge:
        yield forge
        assert forge.requests
        judge = described(kind)
        asked = [each for each in forge.requests if each.path not in forge.redirects]
        found = [objection for each in asked for objection in judge.objections(each)]
        found += [what for each, answer in forge.answers for what in judge.drift(each, answer)]
        assert not found, "\n".join(dict.fromkeys(found))


class Bot:
    """A campaign against a forge."""

    def __init__(self, forge: FakeForge, folder: Path, kind: str = "github") -> None:
        self.place = Place(folder)
        self.campaign = Campaign(
            sources=(Source(kind, forge.url, owners=("acme",)),),
            caps=Caps(seconds_between_writes=0.0, repository_seconds=20.0),
            author=Author("Bot", "bot@example.com"),
        )
        self.runs = 0

    def run(self) -> dict[tuple[str, str], str]:
        """What came of each file; a repository as a whole has an empty path."""
        self.runs += 1
        with tools_for(self.campaign, self.place) as tools:
            name = tools.ledger.begin_run(self.campaign.name, "today", 0.0, f"run-{self.runs}")
            work(tools, self.place, name)
        return {(visit.name, visit.path): visit.outcome for visit in self.visits()}

    def visits(self) -> list[Visit]:
        """Of the last run."""
        ledger = Ledger(self.place.ledger)
        try:
            return ledger.visits(f"run-{self.runs}")
        finally:
            ledger.close()

    def outcomes(self) -> Counter[str]:
        """Of the last run."""
        return Counter(visit.outcome for visit in self.visits())

    def why(self, name: str) -> str:
        """The one reason about a repository."""
        (found,) = (visit.why for visit in self.visits() if visit.name == name)
        return found

    def set(self, **pulls: object) -> None:
        """Changes what the campaign says of pull requests."""
        self.campaign = replace(self.campaign, pulls=replace(self.campaign.pulls, **pulls))  # type: ignore[arg-type]

    def cap(self, **caps: object) -> None:
        """Changes the campaign's caps."""
        self.campaign = replace(self.campaign, caps=replace(self.campaign.caps, **caps))  # type: ignore[arg-type]
