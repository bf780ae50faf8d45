"""From a campaign to the forges that it names, each with its token, its pace and its way to git."""

from __future__ import annotations

import os
import time
import urllib.parse
from dataclasses import dataclass, replace

from rewriter.bot.campaign import Campaign, CampaignError, Source
from rewriter.bot.forge import Forge, Repository
from rewriter.bot.forge_http import Credentials, ForgeHttp
from rewriter.bot.git_run import Remote
from rewriter.bot.ledger import Ledger
from rewriter.bot.pace import Clock, Limits, SharedPace
from rewriter.bot.sources import by_owner
from rewriter.bot.tokens import token_for


class OwnReplies:
    """The replies to one identity. See `rewriter.bot.forge_http.Cache`."""

    def __init__(self, ledger: Ledger, identity: str) -> None:
        self._ledger = ledger
        self._identity = identity

    def get(self, address: str) -> tuple[str, bytes] | None:
        """See Cache."""
        return self._ledger.get(f"{self._identity} {address}")

    def put(self, address: str, etag: str, body: bytes) -> None:
        """See Cache."""
        self._ledger.put(f"{self._identity} {address}", etag, body)


class WallClock:
    """The machine's own time."""

    def now(self) -> float:
        """See `rewriter.bot.pace.Clock`."""
        return time.time()

    def sleep(self, seconds: float) -> None:
        """See `rewriter.bot.pace.Clock`."""
        time.sleep(seconds)


@dataclass(frozen=True)
class Connected:
    """A forge with what git needs for it."""

    forge: Forge
    identity: str
    """Who asks: what one may do, and how fast, is no matter of another."""
    credentials: Credentials | None
    certificates: str = ""

    def remote(self, repository: Repository) -> Remote:
        """Where git clones from and pushes to."""
        if self.credentials is None or not repository.clone_url.startswith(("http://", "https://")):
            return Remote(repository.clone_url, certificates=self.certificates)
        user, password = self.credentials.git_password()
        return Remote(repository.clone_url, user, password, self.certificates)


def spread(campaign: Campaign) -> Campaign:
    """A campaign whose GitHub sources have one owner each, where an App is asked to work: it is installed at each owner
    by itself, and each is an identity of its own. Raises CampaignError."""
    from rewriter.bot.github_app import APP_ID

    sources: list[Source] = []
    for source in campaign.sources:
        host = urllib.parse.urlsplit(source.url or "https://github.com").netloc.lower()
        as_app = source.forge == "github" and APP_ID in os.environ and token_for("github", host) is None
        sources += by_owner(source) if as_app else [source]
    return replace(campaign, sources=tuple(sources))


def connect(campaign: Campaign, ledger: Ledger, clock: Clock, certificates: str = "") -> tuple[Connected, ...]:
    """One connection for each source; sources of one forge share a pace. Raises CampaignError."""
    limits = Limits(campaign.caps.seconds_between_writes, campaign.caps.writes_per_hour)
    return tuple(_connected(source, ledger, clock, limits, certificates) for source in campaign.sources)


def _connected(source: Source, ledger: Ledger, clock: Clock, limits: Limits, certificates: str) -> Connected:
    if source.forge in ("git", "folder"):
        from rewriter.bot.plain import PlainGit

        return Connected(PlainGit(), "git", None, certificates)
    if source.forge != "github":
        raise CampaignError(f"source: the forge {source.forge} is not spoken yet")
    return _github(source, ledger, clock, limits, certificates)


def _github(source: Source, ledger: Ledger, clock: Clock, limits: Limits, certificates: str) -> Connected:
    from rewriter.bot import github
    from rewriter.bot.github_app import app_key, installation

    url = source.url or "https://github.com"
    host = urllib.parse.urlsplit(url).netloc.lower()

    def http(identity: str, credentials: Credentials) -> ForgeHttp:
        pace = SharedPace(ledger, identity, clock, limits)
        # An answer is for whom it was given: another identity may not see the same.
        cache = OwnReplies(ledger, identity)
        api, headers = github.api_of(url), github.headers()
        return ForgeHttp(api, credentials, pace, clock, cache=cache, certificates=certificates, headers=headers)

    token = token_for(source.forge, host)
    if token is not None:
        identity = f"github:{host}"
        return Connected(github.GitHub(http(identity, token), host), identity, token, certificates)
    key = app_key(clock)
    if key is None:
        names = "GITHUB_TOKEN or GH_TOKEN, or those of an App"
        raise CampaignError(f"there is no token for {host} in the environment: {names}")
    (owner,) = source.owners
    found = installation(http(f"github-app:{host}", key), owner, clock)
    identity = f"github:{host}:{owner.lower()}"
    return Connected(github.GitHub(http(identity, found), host, found), identity, found, certificates)
