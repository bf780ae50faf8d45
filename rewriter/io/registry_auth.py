"""Authentication as registries ask for it: basic, or a token from where the challenge points to."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable
from typing import TYPE_CHECKING
from urllib.parse import urlencode, urlsplit

from rewriter.io.registry_errors import Denied, RegistryError
from rewriter.io.registry_headers import Challenge, challenges
from rewriter.io.registry_http import Ask, Http
from rewriter.io.registry_names import follow, host_of, is_plain

if TYPE_CHECKING:
    from collections.abc import Collection

    from rewriter.io.docker_config import Credentials

_MOST_TOKEN = 1_000_000  # bytes of a token server's answer
_DEFAULT_LIFE = 60  # seconds, where a token server says nothing
_MARGIN = 10  # seconds before its end in which a token is not used any more
_CLIENT = "dfrewrite"


class Authenticator:
    """Remembers, for the origin of each registry and each repository, what it wants to be shown.

    A password is only ever sent to the registry that it belongs to, or to the token server that this registry names.
    """

    def __init__(self, http: Http, credentials: Callable[[str], Credentials | None], insecure: Collection[str]) -> None:
        """``credentials`` knows them by HOST[:PORT]; ``insecure`` are hosts that may be asked by plain http."""
        self._http = http
        self._credentials = credentials
        self._insecure = insecure
        self._known: dict[tuple[str, str], tuple[str, float]] = {}

    def header(self, base: str, path: str) -> str | None:
        """The Authorization header for a repository at an endpoint, if one is known and still good."""
        value, end = self._known.get((base, path), ("", 0.0))
        return value if value and time.monotonic() < end else None

    def meet(self, base: str, path: str, header: str) -> None:
        """Gets the Authorization header that a 401 with this WWW-Authenticate header asks for; `header` then has it.

        Raises Denied when there is nothing to show, RegistryError when the token server fails.
        """
        host = host_of(base)
        found = {challenge.scheme: challenge for challenge in reversed(challenges(header))}
        credentials = self._credentials(host)
        if "bearer" in found:
            token, life = self._token(found["bearer"], base, path, credentials)
            value = f"Bearer {token}"
        elif "basic" in found:
            if credentials is None or not credentials.user:
                raise Denied(f"{host} asks for a password: `docker login {host}` stores one")
            value, life = _basic(credentials), float("inf")
        else:
            raise Denied(f"{host} asks for an authentication that is not known here")
        self._known[base, path] = value, time.monotonic() + life

    def _token(self, challenge: Challenge, base: str, path: str, credentials: Credentials | None) -> tuple[str, float]:
        """A token, and the seconds for which it may be used."""
        host, said = host_of(base), challenge.parameters
        realm = follow(base, said.get("realm", ""), what="the address of a token server")
        if not said.get("realm") or not realm.startswith(("https://", "http://")) or "://" not in said["realm"]:
            raise RegistryError(f"{host} names no token server")
        if realm.startswith("http:") and not is_plain(host_of(realm), self._insecure):
            raise RegistryError(f"{host} names a token server on plain http, which is not asked")
        query = {"scope": said.get("scope") or f"repository:{path}:pull"}
        if said.get("service"):
            query["service"] = said["service"]
        if credentials is not None and credentials.identity_token:
            form = {"grant_type": "refresh_token", "client_id": _CLIENT, **query}
            request = Ask(realm, _MOST_TOKEN, method="POST", form={**form, "refresh_token": credentials.identity_token})
        else:
            joint = "&" if urlsplit(realm).query else "?"
            headers = {"Authorization": _basic(credentials)} if credentials is not None and credentials.user else {}
            request = Ask(f"{realm}{joint}{urlencode(query)}", _MOST_TOKEN, headers)
        return self._read_token(request, host, known=credentials is not None)

    def _read_token(self, request: Ask, host: str, *, known: bool) -> tuple[str, float]:
        answer = self._http.ask(request)
        server = host_of(request.url)
        if answer.status in (400, 401, 403, 404) and known:
            raise Denied(f"{server}, the token server of {host}, refuses the stored credentials ({answer.status})")
        if answer.status in (401, 403):
            raise Denied(f"{server}, the token server of {host}, asks for a password: `docker login {host}` stores one")
        if answer.status != 200:
            raise RegistryError(f"{server}, the token server of {host}, answers {answer.status}")
        try:
            content = json.loads(answer.body)
            token = content.get("token") or content["access_token"]
            life = content.get("expires_in") or _DEFAULT_LIFE
        except (ValueError, KeyError, AttributeError, RecursionError):
            token, life = None, 0
        # What is put into a header must be one: a token of two lines would add another.
        if not isinstance(token, str) or not token.isascii() or not token.isprintable() or not token or " " in token:
            raise RegistryError(f"{server}, the token server of {host}, gives no token")
        if isinstance(life, bool) or not isinstance(life, int | float) or not 0 < life < 10**9:
            life = _DEFAULT_LIFE
        return token, max(life - _MARGIN, life / 2)


def _basic(credentials: Credentials) -> str:
    both = f"{credentials.user}:{credentials.secret}".encode()
    return f"Basic {base64.b64encode(both).decode()}"
