"""From a campaign to the forges that it names, each with its token, its pace and its way to git."""

from __future__ import annotations

import time
import urllib.parse
from dataclasses import dataclass

from rewriter.bot.campaign import Campaign, CampaignError, Source
from rewriter.bot.forge import Forge, Repository
from rewriter.bot.forge_http import Credentials, ForgeHttp
from rewriter.bot.git_run import Remote
from rewriter.bot.ledger import Ledger
from rewriter.bot.pace import Clock, Limits, SharedPace
from rewriter.bot.tokens import token_for


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
    credentials: Credentials | None
    certificates: str = ""

    def remote(self, repository: Repository) -> Remote:
        """Where git clones from and pushes to."""
        if self.credentials is None or not repository.clone_url.startswith(("http://", "https://")):
            return Remote(repository.clone_url, certificates=self.certificates)
        user, password = self.credentials.git_password()
        return Remote(repository.clone_url, user, password, self.certificates)


def connect(campaign: Campaign, ledger: Ledger, clock: Clock, certificates: str = "") -> tuple[Connected, ...]:
    """One connection for each source; sources of one forge share a pace. Raises CampaignError."""
    limits = Limits(campaign.caps.seconds_between_writes, campaign.caps.writes_per_hour)
    return tuple(_connected(source, ledger, clock, limits, certificates) for source in campaign.sources)


def _connected(source: Source, ledger: Ledger, clock: Clock, limits: Limits, certificates: str) -> Connected:
    if source.forge in ("git", "folder"):
        from rewriter.bot.plain import PlainGit

        return Connected(PlainGit(), None, certificates)
    if source.forge != "github":
        raise CampaignError(f"source: the forge {source.forge} is not spoken yet")
    from rewriter.bot import github

    url = source.url or "https://github.com"
    host = urllib.parse.urlsplit(url).netloc.lower()
    token = token_for(source.forge, host)
    if token is None:
        raise CampaignError(f"there is no token for {host} in the environment: GITHUB_TOKEN, or GH_TOKEN")
    pace = SharedPace(ledger, f"github:{host}", clock, limits)
    http = ForgeHttp(
        github.api_of(url), token, pace, clock, cache=ledger, certificates=certificates, headers=github.headers()
    )
    return Connected(github.GitHub(http, host), token, certificates)
