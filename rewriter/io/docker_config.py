"""Credentials for registries, from where `docker login` puts them: Docker's config.json and its helpers.

A secret is never printed: not by ``repr``, not in an error.
"""

from __future__ import annotations

import base64
import binascii
import json
import os
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from rewriter.facts.images import HUB_NAMES
from rewriter.io.files import read_regular
from rewriter.io.registry_names import HUB

_HUB_KEY = "https://index.docker.io/v1/"
"""What Docker calls its own registry where it stores passwords."""
_MOST_CONFIG = 4_000_000  # bytes
_MOST_ANSWER = 100_000  # bytes of a helper's answer
_HELPER_SECONDS = 30
_TOKEN_USER = "<token>"
"""The user name with which a helper says that the secret is an identity token."""


class Credentials:
    """What to show to one registry: a user name with its secret, or an identity token."""

    __slots__ = ("identity_token", "secret", "user")

    def __init__(self, user: str, secret: str, identity_token: str = "") -> None:
        self.user = user
        self.secret = secret
        self.identity_token = identity_token

    def __repr__(self) -> str:
        return "Credentials(…)"


class DockerConfig:
    """What `docker login` left behind. Read when first asked; each registry is looked up once."""

    def __init__(self, folder: Path | None = None, tell: Callable[[str], None] = lambda _: None) -> None:
        """``folder``: where config.json is, by default what `DOCKER_CONFIG` says, else ~/.docker. ``tell`` is told, a
        line each, what could not be used: then the registry is asked without credentials."""
        self._folder = folder
        self._tell = tell
        self._content: Mapping[str, Any] | None = None
        self._known: dict[str, Credentials | None] = {}

    def credentials(self, host: str) -> Credentials | None:
        """What is stored for HOST[:PORT]; None when there is nothing."""
        if host not in self._known:
            self._known[host] = self._look_up(host)
        return self._known[host]

    def _look_up(self, host: str) -> Credentials | None:
        key = _HUB_KEY if host == HUB else host
        helper = self._helper(host)
        if helper:
            found = self._ask_helper(helper, key)
            if found is not None:
                return found
        entries = self._table("auths")
        wanted = set(HUB_NAMES) if host == HUB else {host}
        # The name itself comes before other spellings of it.
        for name in sorted(entries, key=lambda name: name != key):
            if (name == key or _host(name) in wanted) and isinstance(entries[name], dict):
                found = self._from_entry(name, entries[name])
                if found is not None:
                    return found
        return None

    def _helper(self, host: str) -> str:
        helpers = self._table("credHelpers")
        names = (_HUB_KEY, *HUB_NAMES) if host == HUB else (host,)
        own = next((helpers[name] for name in names if name in helpers), None)
        found = own if own is not None else self._read().get("credsStore", "")
        if not isinstance(found, str) or not found:
            return ""
        if not found.isascii() or not found.replace("-", "").replace("_", "").replace(".", "").isalnum():
            self._tell("Docker's config.json names a credential helper that cannot be called so; it is not asked")
            return ""
        return found

    def _ask_helper(self, helper: str, key: str) -> Credentials | None:
        program = f"docker-credential-{helper}"
        try:
            done = subprocess.run(
                [program, "get"], input=key.encode(), capture_output=True, timeout=_HELPER_SECONDS, check=False
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            slow = isinstance(error, subprocess.TimeoutExpired)
            reason = f"took longer than {_HELPER_SECONDS} seconds" if slow else "cannot be run"
            self._tell(f"{program} {reason}; {_host(key)} is asked without credentials")
            return None
        if done.returncode != 0:
            if b"credentials not found" not in done.stdout + done.stderr:
                self._tell(f"{program} failed (exit code {done.returncode}); no credentials from it for {_host(key)}")
            return None
        answer = _object(done.stdout[: _MOST_ANSWER + 1])
        user, secret = answer.get("Username"), answer.get("Secret")
        if not isinstance(user, str) or not isinstance(secret, str) or not secret:
            self._tell(f"{program} gave an answer that no helper gives; no credentials from it for {_host(key)}")
            return None
        return Credentials("", "", secret) if user == _TOKEN_USER else Credentials(user, secret)

    def _from_entry(self, name: str, entry: Mapping[str, Any]) -> Credentials | None:
        texts = {key: value for key, value in entry.items() if isinstance(value, str) and value}
        user, secret = texts.get("username", ""), texts.get("password", "")
        if "auth" in texts:
            try:
                both = base64.b64decode(texts["auth"], validate=True).decode()
            except (binascii.Error, ValueError):
                self._tell(f"Docker's config.json holds credentials for {_host(name)} that cannot be read")
                both = ""
            user, colon, secret = both.partition(":")
            if both and not colon:
                self._tell(f"Docker's config.json holds credentials for {_host(name)} that cannot be read")
                user = ""
            secret = secret.strip("\0")
        token = texts.get("identitytoken", "")
        return Credentials(user, secret, token) if user or token else None

    def _table(self, key: str) -> Mapping[str, Any]:
        found = self._read().get(key)
        return found if isinstance(found, dict) else {}

    def _read(self) -> Mapping[str, Any]:
        if self._content is None:
            self._content = {}
            folder = self._folder or Path(os.environ.get("DOCKER_CONFIG") or os.path.expanduser("~/.docker"))
            path = folder / "config.json"
            try:
                data = read_regular(path, _MOST_CONFIG)
                self._content = _strict_object(data or b"")
            except FileNotFoundError:
                pass
            except (OSError, ValueError, RecursionError):
                self._tell(f"{path} cannot be read; registries are asked without credentials")
        return self._content


def _strict_object(data: bytes) -> Mapping[str, Any]:
    """Raises ValueError for what is no JSON object."""
    found = json.loads(data)
    if not isinstance(found, dict):
        raise ValueError("no object")
    return found


def _object(data: bytes) -> Mapping[str, Any]:
    try:
        return _strict_object(data)
    except (ValueError, RecursionError):
        return {}


def _host(name: str) -> str:
    """A server's name in config.json without scheme and path, as Docker compares them."""
    return name.removeprefix("https://").removeprefix("http://").partition("/")[0]
