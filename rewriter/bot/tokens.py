"""Tokens, from the environment alone; and what a run must never print."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, MutableMapping

NAMES: Mapping[str, tuple[str, ...]] = {
    "github": ("GITHUB_TOKEN", "GH_TOKEN"),
    "gitlab": ("GITLAB_TOKEN",),
    "gitea": ("GITEA_TOKEN", "FORGEJO_TOKEN"),
}
"""What a kind of forge is usually given."""
_OWN = "DFREWRITE_TOKEN_"
PRIVATE_KEY = "DFREWRITE_APP_PRIVATE_KEY"
"""The key of a GitHub App itself (PEM), or the path of its file."""
DATABASE = "DFREWRITE_DATABASE"
"""The database that workers share, if not SQLite."""
_SECRETS = {PRIVATE_KEY, DATABASE, *(name for names in NAMES.values() for name in names)}
_TOKEN = re.compile("[!-~]+\\Z")
_USERS = {"github": "x-access-token", "gitlab": "oauth2", "gitea": "dfrewrite"}
"""Who a token is for git over HTTPS; the forges look at the password alone."""


class Token:
    """A personal or project token. See `rewriter.bot.forge_http.Credentials`."""

    def __init__(self, kind: str, secret: str) -> None:
        self._kind = kind
        self._secret = secret

    def __repr__(self) -> str:
        return f"Token({self._kind!r})"

    def headers(self) -> Mapping[str, str]:
        """See Credentials."""
        if not self._secret:
            return {}
        scheme = "token" if self._kind == "gitea" else "Bearer"
        return {"Authorization": f"{scheme} {self._secret}"}

    def git_password(self) -> tuple[str, str]:
        """See Credentials."""
        return _USERS[self._kind], self._secret


def take(environment: MutableMapping[str, str] | None = None) -> dict[str, str]:
    """The environment, from which all secrets of forges are removed by this: what is started later inherits none."""
    found = os.environ if environment is None else environment
    whole = dict(found)
    for name in whole:
        if name in _SECRETS or name.startswith(_OWN):
            del found[name]
    return whole


def token_for(kind: str, host: str, environment: Mapping[str, str] | None = None) -> Token | None:
    """The token of a forge: ``DFREWRITE_TOKEN_<HOST>``, else what its kind is usually given; None where there is none.

    The host is written in capitals with ``_`` for what is neither letter nor digit: ``DFREWRITE_TOKEN_GIT_EXAMPLE``.
    Raises CampaignError for what cannot be a token.
    """
    found = os.environ if environment is None else environment
    for name in (own_name(host), *NAMES[kind]):
        secret = found.get(name, "").strip()  # of a file that was read whole: a line end is no part of it
        if secret and not _TOKEN.match(secret):
            from rewriter.bot.campaign import CampaignError

            raise CampaignError(f"{name} holds no token: there is a space in it, or what is no ASCII")
        if secret:
            return Token(kind, secret)
    return None


def own_name(host: str) -> str:
    """The variable for one host's token alone."""
    return _OWN + "".join(c if c.isalnum() else "_" for c in host.upper())
