"""From a campaign to the forges that it names, each with its token, its pace and its way to git."""

from __future__ import annotations

import time
import urllib.parse
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from rewriter.bot.campaign import Campaign, CampaignError, Source
from rewriter.bot.forge import Forge, Repository
from rewriter.bot.forge_http import Credentials, ForgeHttp
from rewriter.bot.git_run import Remote
from rewriter.bot.github_app import APP_ID
from rewriter.bot.ledger import Ledger
from rewriter.bot.pace import Clock, Limits, SharedPace
from rewriter.bot.sources import by_owner, with_names
from rewriter.bot.tokens import NAMES, PRIVATE_KEY, Token, own_name, token_for

_PUBLIC = {"github": "https://github.com", "gitlab": "https://gitlab.com", "gitea": "https://codeberg.org"}


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


def spread(campaign: Campaign, environment: Mapping[str, str]) -> Campaign:
    """A campaign whose GitHub sources have one owner each, where an App is asked to work: it is installed at each owner
    by itself, and each is an identity of its own. Lists of names are read. Raises CampaignError."""
    sources: list[Source] = []
    for source in map(with_names, campaign.sources):
        as_app = source.forge == "github" and APP_ID in environment
        as_app = as_app and token_for("github", _host(source), environment) is None
        sources += by_owner(source) if as_app else [source]
    return replace(campaign, sources=tuple(sources))


def _host(source: Source) -> str:
    """Of the forge's web pages, with its port."""
    return urllib.parse.urlsplit(_url(source)).netloc.lower()


def _url(source: Source) -> str:
    return source.url or _PUBLIC[source.forge]


@dataclass(frozen=True)
class Connector:
    """Makes connections that share a ledger and a clock."""

    ledger: Ledger
    clock: Clock
    limits: Limits
    environment: Mapping[str, str] = field(repr=False)
    certificates: str = ""
    """A file of authorities to trust, instead of the system's."""
    tell: Callable[..., None] = lambda _name, **_fields: None
    """Of `rewriter.bot.events`."""

    def connect(self, source: Source) -> Connected:
        """Connections to one forge in the name of one identity share a pace. Raises CampaignError."""
        if source.forge in ("git", "folder"):
            from rewriter.bot.plain import PlainGit

            return Connected(PlainGit(self.certificates), "git", None, self.certificates)
        if source.forge == "github":
            return self._github(source)
        host = _host(source)
        token = token_for(source.forge, host, self.environment)
        if token is None:
            raise CampaignError(_no_token(source.forge, host))
        return self._gitlab(source, host, token) if source.forge == "gitlab" else self._gitea(source, host, token)

    def _gitlab(self, source: Source, host: str, token: Token) -> Connected:
        from rewriter.bot import gitlab

        identity = f"gitlab:{host}"
        http = self._http(gitlab.api_of(_url(source)), identity, token)
        return Connected(gitlab.GitLab(http, host), identity, token, self.certificates)

    def _gitea(self, source: Source, host: str, token: Token) -> Connected:
        from rewriter.bot import gitea

        identity = f"gitea:{host}"
        http = self._http(gitea.api_of(_url(source)), identity, token, page_size=gitea.PAGE_SIZE)
        return Connected(gitea.Gitea(http, host), identity, token, self.certificates)

    def _github(self, source: Source) -> Connected:
        from rewriter.bot import github
        from rewriter.bot.github_app import app_key, installation

        host, api, headers = _host(source), github.api_of(source.url), github.headers()
        token = token_for("github", host, self.environment)
        if token is not None:
            identity = f"github:{host}"
            forge = github.GitHub(self._http(api, identity, token, headers), host)
            return Connected(forge, identity, token, self.certificates)
        key = app_key(self.clock, self.environment)
        if key is None:
            raise CampaignError(_no_token("github", host, f"those of an App, {APP_ID} and {PRIVATE_KEY}"))
        (owner,) = source.owners
        found = installation(self._http(api, f"github-app:{host}", key, headers), owner, self.clock)
        identity = f"github:{host}:{owner.lower()}"
        forge = github.GitHub(self._http(api, identity, found, headers), host, found)
        return Connected(forge, identity, found, self.certificates)

    def _http(
        self,
        api: str,
        identity: str,
        credentials: Credentials,
        headers: Mapping[str, str] | None = None,
        page_size: tuple[str, int] = ("per_page", 100),
    ) -> ForgeHttp:
        return ForgeHttp(
            api,
            credentials,
            SharedPace(self.ledger, identity, self.clock, self.limits, self.tell),
            self.clock,
            # An answer is for whom it was given: another identity may not see the same.
            cache=OwnReplies(self.ledger, identity),
            certificates=self.certificates,
            headers=headers,
            page_size=page_size,
        )


def _no_token(kind: str, host: str, *others: str) -> str:
    names = ", or ".join((*NAMES[kind], own_name(host), *others))
    return f"there is no token for {host} in the environment: {names}"
