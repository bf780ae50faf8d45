"""Requests to a forge: one client for an identity, with its pace, its limits and its manners.

A reply is JSON and its headers. What goes wrong is one of `rewriter.bot.forge`'s errors, in a line without a
secret. httpx is loaded when the first request is made.
"""

from __future__ import annotations

import datetime
import time
import urllib.parse
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from rewriter import __version__
from rewriter.bot.forge import Busy, Exists, ForgeError, Missing, Refused, Unreachable
from rewriter.bot.pace import LONGEST_PARK
from rewriter.bot.replies import json_of, limit_of, lowered, reason_of
from rewriter.io.registry_headers import next_link, retry_after

if TYPE_CHECKING:
    import httpx

    from rewriter.bot.pace import Clock, Pace

MOST_BYTES = 20_000_000
"""Of one reply: a tree of 100,000 files takes about 15 MB."""
MOST_PAGES = 1_000
_READ_ATTEMPTS = 3
_BACKOFF = 0.5  # seconds before a read is tried again; twice as long before the third time
_FIRST_PAUSE = 60.0  # seconds, when a forge says that it is too much and not for how long (GitHub's own advice)
_LONGEST_PAUSE = 3600.0
_SECONDS = 30.0
"""Until the next bytes of a reply come."""
_REPLY_SECONDS = 300.0
"""Until all of a reply has come."""
_REDIRECTS = frozenset({301, 302, 307, 308})
_MOST_REDIRECTS = 3
_ALREADY = ("already exist", "already been taken", "already open")


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


class ForgeHttp:
    """Talks to one forge in the name of one identity.

    Reads are tried three times; a write never is: whoever made it looks whether it was done. A redirect is followed for
    reads, and to the same host alone (a repository that was renamed), so that no other host sees who we are.
    """

    def __init__(
        self,
        base: str,
        credentials: Credentials,
        pace: Pace,
        clock: Clock,
        *,
        cache: Cache | None = None,
        certificates: str = "",
        headers: Mapping[str, str] | None = None,
        page_size: tuple[str, int] = ("per_page", 100),
    ) -> None:
        """``base``: the address of the API. ``certificates``: a file of authorities to trust, not the system's.
        ``page_size``: how a page's size is called, and the largest that is granted."""
        self.base = base.rstrip("/")
        self.credentials = credentials
        self.pace = pace
        self._clock = clock
        self._cache = cache
        self._certificates = certificates
        self._headers = dict(headers or {})
        self._page_size = page_size
        self._client: httpx.Client | None = None
        self._refusals = 0
        """How often in a row the forge wanted to be left alone without saying for how long."""

    @property
    def host(self) -> str:
        """Of the API, with its port."""
        return urllib.parse.urlsplit(self.base).netloc.lower()

    def close(self) -> None:
        """Closes all connections."""
        if self._client is not None:
            self._client.close()
            self._client = None

    # --- requests

    def get(self, path: str, **query: str | int) -> Reply:
        """Reads. Raises `Missing` and the other errors of a forge."""
        return self._read(self._address(path, query))

    def find(self, path: str, **query: str | int) -> Reply | None:
        """Reads what may not be there."""
        try:
            return self.get(path, **query)
        except Missing:
            return None

    def pages(self, path: str, **query: str | int) -> Iterator[Any]:
        """The items of all pages of a list, one after the other."""
        address: str | None = self._address(path, {**query, self._page_size[0]: self._page_size[1]})
        read: set[str] = set()
        for _ in range(MOST_PAGES):
            if address is None:
                return
            if address in read:
                raise ForgeError(f"{self.host} names a next page that was read already")
            read.add(address)
            reply = self._read(address)
            yield reply.data
            address = self._next(address, reply)

    def send(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Reply:
        """Writes; ``path`` may be a whole address of the same host. `Unreachable` says that nobody knows whether it was
        done."""
        self.pace.before_write()
        response = self._ask(method, self._address(path, {}), {}, body)
        self._judge(response)
        return Reply(json_of(response.content), lowered(response.headers))

    # --- the way of one request

    def _address(self, path: str, query: Mapping[str, str | int]) -> str:
        text = urllib.parse.urlencode(query)
        if self._is_ours(path):
            return path
        return f"{self.base}{path}{'?' if text else ''}{text}"

    def _next(self, address: str, reply: Reply) -> str | None:
        """The address of the next page; it must be the same host's."""
        try:
            found = next_link(reply.headers.get("link", ""))
        except ValueError:
            found = None
        if found is None:
            return None
        found = urllib.parse.urljoin(address, found)
        if not self._is_ours(found):
            raise ForgeError(f"{self.host} names a next page on another host")
        return found

    def _is_ours(self, address: str) -> bool:
        ours, theirs = urllib.parse.urlsplit(self.base), urllib.parse.urlsplit(address)
        return (ours.scheme, ours.netloc.lower()) == (theirs.scheme, theirs.netloc.lower())

    def _read(self, address: str) -> Reply:
        for attempt in range(1, _READ_ATTEMPTS + 1):
            self.pace.before_read()
            try:
                return self._once(address)
            except Unreachable:
                if attempt == _READ_ATTEMPTS:
                    raise
                self._clock.sleep(_BACKOFF * 2 ** (attempt - 1))
        raise AssertionError("the last attempt returns or raises")

    def _once(self, address: str) -> Reply:
        known = self._cache.get(address) if self._cache is not None else None
        conditions = {"If-None-Match": known[0]} if known is not None else {}
        response = self._ask("GET", address, conditions, None)
        for _ in range(_MOST_REDIRECTS):
            if response.status_code not in _REDIRECTS:
                break
            target = urllib.parse.urljoin(address, response.headers.get("location", ""))
            if not self._is_ours(target):
                raise Refused(f"{self.host} sends us to another host")
            response = self._ask("GET", target, {}, None)
        if response.status_code == 304 and known is not None:
            return Reply(json_of(known[1]), lowered(response.headers))
        self._judge(response)
        etag = response.headers.get("etag", "")
        if self._cache is not None and etag and "link" not in response.headers:
            self._cache.put(address, etag, response.content)
        return Reply(json_of(response.content), lowered(response.headers))

    def _ask(
        self, method: str, address: str, conditions: Mapping[str, str], body: Mapping[str, Any] | None
    ) -> httpx.Response:
        import httpx

        headers = {**self._headers, **self.credentials.headers(), **conditions}
        deadline = time.monotonic() + _REPLY_SECONDS
        try:
            with self._open().stream(method, address, headers=headers, json=body) as response:
                size = 0
                parts = []
                for part in response.iter_bytes():
                    size += len(part)
                    if time.monotonic() > deadline:
                        raise Unreachable(f"{self.host} takes too long to answer")
                    if size > MOST_BYTES:
                        raise ForgeError(f"{self.host} answers with more than {MOST_BYTES // 1_000_000} MB")
                    parts.append(part)
                plain = {k: v for k, v in response.headers.items() if k not in ("content-encoding", "content-length")}
                return httpx.Response(response.status_code, headers=plain, content=b"".join(parts))
        except httpx.TimeoutException:
            raise Unreachable(f"{self.host} takes too long to answer") from None
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
            # Not in its words, which may hold an address; and not from it, for it holds the request with its headers.
            raise Unreachable(f"{self.host} cannot be reached ({type(error).__name__})") from None

    def _open(self) -> httpx.Client:
        if self._client is None:
            import ssl

            import httpx

            verify: ssl.SSLContext | bool = True
            try:
                if self._certificates:
                    verify = ssl.create_default_context(cafile=self._certificates)
                agent = {"User-Agent": f"dfrewrite/{__version__}"}
                self._client = httpx.Client(timeout=_SECONDS, headers=agent, follow_redirects=False, verify=verify)
            except (OSError, ValueError):
                raise ForgeError("the proxy or the certificates that were named cannot be used") from None
        return self._client

    def _judge(self, response: httpx.Response) -> None:
        """Raises what a status stands for."""
        status = response.status_code
        if status < 300:
            self._refusals = 0
            return
        reason = reason_of(response.content)
        if status in (403, 429):
            self._park_if_asked(response, reason)
        if status < 400:
            raise Refused(f"{self.host} answers {status}: what was asked for has moved")
        if status == 401:
            raise Refused(f"{self.host} does not accept the token: {reason}")
        if status in (404, 410):
            raise Missing(f"{self.host} answers {status}: {reason}")
        if status >= 500:
            raise Unreachable(f"{self.host} answers {status}")
        if status in (409, 422) and any(words in reason.lower() for words in _ALREADY):
            raise Exists(f"{self.host}: {reason}")
        raise Refused(f"{self.host} answers {status}: {reason}")

    def _park_if_asked(self, response: httpx.Response, reason: str) -> None:
        """Parks the identity where the forge wants to be left alone, and raises `Busy`."""
        now, headers = self._clock.now(), response.headers
        wait = retry_after(headers.get("retry-after", ""), datetime.datetime.fromtimestamp(now, datetime.UTC))
        if wait is None and limit_of(headers, "remaining") == 0:
            reset = limit_of(headers, "reset")
            wait = max(0.0, reset - now) if reset is not None else None
        if wait is None:
            if response.status_code == 403 and "rate limit" not in reason.lower() and "abuse" not in reason.lower():
                return
            wait = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2**self._refusals)
            self._refusals += 1
        until = now + min(max(1.0, wait), LONGEST_PARK)
        self.pace.park(until)
        raise Busy(f"{self.host} asks to be left alone for {wait:,.0f} s: {reason}", until)
