"""Requests to a forge: one client for an identity, with its pace, its limits and its manners.

A reply is JSON and its headers. What goes wrong is one of `rewriter.bot.forge`'s errors, in a line without a
secret. httpx is loaded when the first request is made.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    pass

MOST_BYTES = 20_000_000
"""Of one reply: a tree of 100,000 files takes about 15 MB."""
_READ_ATTEMPTS = 3
_FIRST_PAUSE = 60.0  # seconds, when a forge says that it is too much and not for how long (GitHub's own advice)
_LONGEST_PAUSE = 3600.0
_NEXT = re.compile(r'<([^>]+)>;\s*rel="next"')


class Credentials(Protocol):
    """What shows who we are. Its repr shows nothing."""

    def headers(self) -> Mapping[str, str]:
        """For a request to the API; may ask for a new token when the old one has run out."""

    def git_password(self) -> tuple[str, str]:
        """User and password for git over HTTPS."""


class Cache(Protocol):
    """Remembers replies with their ETag, so that an unchanged one costs nothing of the rate limit."""

    def get(self, address: str) -> tuple[str, bytes] | None:
        """ETag and body of the last reply."""

    def put(self, address: str, etag: str, body: bytes) -> None:
        """Remembers a reply."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What came of a request that went well."""

    data: Any
    """The JSON; None where there is no body."""
    headers: Mapping[str, str]
    """By lower-case name."""
