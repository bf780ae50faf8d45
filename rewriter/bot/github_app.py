"""A GitHub App as the identity: its key signs short-lived words of its own, and with these it gets a token for the
installation at each owner.

Source: https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app.
"""

from __future__ import annotations

import datetime
import os
import threading
from collections.abc import Mapping
from pathlib import Path

from rewriter.bot.campaign import CampaignError
from rewriter.bot.forge import Unreachable
from rewriter.bot.forge_http import ForgeHttp
from rewriter.bot.pace import Clock
from rewriter.bot.shapes import Shape, items
from rewriter.bot.tokens import PRIVATE_KEY

APP_ID = "DFREWRITE_APP_ID"
_VALID = 540  # seconds; GitHub takes at most 600
_SKEW = 60  # seconds that GitHub's clock may be behind ours
_EARLY = 300.0
"""Seconds before its end at which a token (it lives for an hour) is renewed: no push takes longer."""


class AppKey:
    """Shows who the App is. See `rewriter.bot.forge_http.Credentials`."""

    def __init__(self, app: str, key: str, clock: Clock) -> None:
        """``key``: PEM. Raises CampaignError for what is none."""
        self._app = app
        self._key = key
        self._clock = clock
        self.headers()

    def __repr__(self) -> str:
        return f"AppKey({self._app!r})"

    def headers(self) -> Mapping[str, str]:
        """See Credentials."""
        try:
            import jwt
        except ImportError:
            raise CampaignError("a GitHub App needs more than a token does: pip install 'dfrewrite[bot]'") from None

        now = int(self._clock.now())
        claims = {"iat": now - _SKEW, "exp": now + _VALID, "iss": self._app}
        try:
            signed = jwt.encode(claims, self._key, algorithm="RS256")
        except (jwt.PyJWTError, ValueError, TypeError):
            # Not from it: its words and its frames may hold the key.
            raise CampaignError(f"{PRIVATE_KEY} holds no private key of RSA, and names no file with one") from None
        return {"Authorization": f"Bearer {signed}"}

    def git_password(self) -> tuple[str, str]:
        """An App as such has no repositories."""
        return "", ""


class Installation:
    """An App where one owner has installed it. See `rewriter.bot.forge_http.Credentials`."""

    def __init__(self, http: ForgeHttp, number: int, login: str, clock: Clock) -> None:
        """``http``: in the name of the App. ``login``: of its pull requests and issues."""
        self._http = http
        self._number = number
        self.login = login
        self._clock = clock
        self._lock = threading.Lock()
        self._token = ""
        self._ends = 0.0
        self._may_push = False

    def __repr__(self) -> str:
        return f"Installation({self._number})"

    def headers(self) -> Mapping[str, str]:
        """See Credentials."""
        return {"Authorization": f"Bearer {self._renewed()}"}

    def git_password(self) -> tuple[str, str]:
        """See Credentials."""
        return "x-access-token", self._renewed()

    def may_push(self) -> bool:
        """Whether it may write contents and pull requests. What a repository says of permissions is not about Apps."""
        self._renewed()
        return self._may_push

    def _renewed(self) -> str:
        """The token; a new one where the old one ends soon."""
        with self._lock:
            if self._ends - _EARLY <= self._clock.now():
                reply = self._http.send("POST", f"/app/installations/{self._number}/access_tokens")
                found = Shape(reply.data, "token of an installation")
                rights = found.maybe("permissions")
                self._may_push = rights is not None and all(
                    rights.text(name, "") == "write" for name in ("contents", "pull_requests")
                )
                self._token, self._ends = found.text("token"), _seconds(found.text("expires_at"))
            return self._token


def _seconds(text: str) -> float:
    try:
        return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()
    except ValueError:
        raise Unreachable("the forge's answer has an odd end of a token") from None


def app_key(clock: Clock, environment: Mapping[str, str] | None = None) -> AppKey | None:
    """The App of the environment; None where there is none. Raises CampaignError."""
    found = os.environ if environment is None else environment
    app, key = found.get(APP_ID, ""), found.get(PRIVATE_KEY, "")
    if not app or not key:
        if app or key:
            raise CampaignError(f"a GitHub App needs both {APP_ID} and {PRIVATE_KEY}")
        return None
    if "-----BEGIN" not in key:
        try:
            key = Path(key).read_text("ascii")
        except (OSError, ValueError):
            raise CampaignError(f"{PRIVATE_KEY} holds no private key of RSA, and names no file with one") from None
    return AppKey(app, key, clock)


def installation(http: ForgeHttp, owner: str, clock: Clock) -> Installation:
    """The App at an owner. Raises CampaignError where it is not installed, and what forges raise."""
    for page in http.pages("/app/installations"):
        for each in items(page, "installations"):
            account = each.maybe("account")
            if account is not None and account.text("login", "").lower() == owner.lower():
                slug = Shape(http.get("/app").data, "App").text("slug")
                return Installation(http, each.number("id"), f"{slug}[bot]", clock)
    raise CampaignError(f"the GitHub App is not installed at {owner}")
