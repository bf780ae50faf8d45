"""One exchange over HTTP, with limits: on the time, the size of what comes, the attempts, and the patience.

httpx is loaded when the first request is made.
"""

from __future__ import annotations

import datetime
import socket
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

from rewriter import __version__
from rewriter.io.registry_errors import RegistryError, Unreachable
from rewriter.io.registry_headers import allowance, retry_after
from rewriter.io.registry_names import host_of

if TYPE_CHECKING:
    from types import TracebackType

    import httpx

TRANSIENT = frozenset({429, 502, 503, 504})
MOST_REDIRECTS = 5
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_LOCAL = ("all://localhost", "all://127.0.0.1", "all://[::1]")


@dataclass(frozen=True, slots=True)
class Times:
    """Seconds, and how often."""

    connect: float = 10.0
    read: float = 20.0
    """Until the next bytes come."""
    whole: float = 60.0
    """Of one request, from the connection to the last byte."""
    attempts: int = 3
    backoff: float = 0.3
    """Before the second attempt; twice as long before each further one."""
    longest_wait: float = 60.0
    """A server that wants to be left alone for longer is left alone for good."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came: `headers` by lower-case name; `body` as it was sent."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    url: str

    @property
    def content_type(self) -> str:
        """Lower case, without parameters."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    @property
    def location(self) -> str:
        """Where a redirect points to, as it is written; empty when it is none."""
        return self.headers.get("location", "") if self.status in _REDIRECTS else ""


@dataclass(frozen=True, slots=True)
class Ask:
    """One request. `limit`: bytes of the body; what is longer is an error. `form`: of a POST, never repeated."""

    url: str
    limit: int
    headers: Mapping[str, str] = field(default_factory=dict)
    method: str = "GET"
    form: Mapping[str, str] | None = None


class Http:
    """Makes requests one after the other. Redirects are answers as others: who asks decides."""

    def __init__(self, times: Times | None = None, tell: Callable[[str], None] = lambda _: None) -> None:
        """``tell`` is told, a line each, why it takes so long and when a registry's patience runs out."""
        self.times = times or Times()
        self.tell = tell
        self._client: httpx.Client | None = None
        self._sockets: list[socket.socket] = []
        self._late = threading.Event()
        """Set when the time of the request at hand is over."""
        self._told: set[str] = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close all connections."""
        if self._client is not None:
            self._client.close()
            self._client = None
        self._sockets.clear()

    def ask(self, request: Ask) -> Answer:
        """The answer, whatever its status. Reads are repeated when nothing came, or 429, 502, 503 or 504 did.

        Raises Unreachable when nothing came at all, else RegistryError: too slow, too much, cut off, or asked to come
        back later than `Times.longest_wait`.
        """
        host, attempts = host_of(request.url), self.times.attempts if request.form is None else 1
        for attempt in range(1, attempts + 1):
            pause = self.times.backoff * 2 ** (attempt - 1)
            try:
                answer = self._once(request, host)
            except Unreachable as error:
                if attempt == attempts or not error.soon:
                    raise
            else:
                self._tell_allowance(host, answer)
                if answer.status not in TRANSIENT:
                    return answer
                asked = retry_after(answer.headers.get("retry-after", ""), datetime.datetime.now(datetime.UTC))
                if asked is not None and asked > self.times.longest_wait:
                    reason = f"answers {answer.status} and asks to be left alone for {asked:,.0f} seconds"
                    raise RegistryError(f"{host} {reason}")
                if attempt == attempts:
                    return answer
                pause = max(pause, asked or 0.0)
                self.tell(f"{host} answers {answer.status}; asking again in {pause:.1f} s")
            time.sleep(pause)
        raise AssertionError("the last attempt returns or raises")

    def _once(self, request: Ask, host: str) -> Answer:
        import httpx

        client = self._open()
        client.cookies.clear()  # nobody is to be known again
        begun, cut = threading.Event(), threading.Event()
        self._late = cut
        watchdog = threading.Timer(self.times.whole, self._cut, (cut,))
        watchdog.daemon = True
        watchdog.start()
        try:
            with client.stream(
                request.method,
                request.url,
                headers=dict(request.headers),
                data=dict(request.form) if request.form is not None else None,
                extensions={"trace": self._remember_socket},
            ) as response:
                begun.set()
                return self._read(response, request, host, cut)
        except RegistryError:
            raise
        except httpx.TimeoutException as error:
            if isinstance(error, httpx.ConnectTimeout):
                raise Unreachable(host, "cannot be reached: no connection in time", soon=True) from None
            raise Unreachable(host, "takes too long to answer") from None
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
            # Their texts may hold an address with a token in it; the kind of the error says enough.
            if cut.is_set():
                raise Unreachable(host, f"takes longer than {self.times.whole:g} seconds") from None
            if begun.is_set():
                raise RegistryError(f"{host} broke off in the middle of its answer") from None
            raise Unreachable(host, f"cannot be reached: {_kind(error)}", soon=True) from None
        finally:
            watchdog.cancel()

    def _read(self, response: httpx.Response, request: Ask, host: str, cut: threading.Event) -> Answer:
        headers = {name.lower(): value for name, value in response.headers.items()}
        if headers.get("content-encoding", "identity").strip().lower() not in ("", "identity"):
            raise RegistryError(f"{host} answers in an encoding that was not asked for")
        body = bytearray()
        for chunk in response.iter_raw():
            body += chunk
            if len(body) > request.limit:
                raise RegistryError(f"{host} answers with more than {request.limit / 1_000_000:g} MB")
        if cut.is_set():
            raise Unreachable(host, f"takes longer than {self.times.whole:g} seconds")
        return Answer(response.status_code, headers, bytes(body), request.url)

    def _open(self) -> httpx.Client:
        """Raises RegistryError."""
        if self._client is None:
            import httpx

            try:
                self._client = httpx.Client(
                    timeout=httpx.Timeout(self.times.read, connect=self.times.connect),
                    # What comes is measured and hashed as it was sent.
                    headers={"User-Agent": f"dfrewrite/{__version__}", "Accept-Encoding": "identity"},
                    # Proxies of the environment are used, but not for this machine itself.
                    mounts=dict.fromkeys(_LOCAL),
                )
            except (ValueError, ImportError, OSError):
                # Not in its words: a proxy's address may hold a password.
                raise RegistryError("the proxy or the certificates that the environment names cannot be used") from None
        return self._client

    def _remember_socket(self, event: str, info: dict[str, Any]) -> None:
        """Keeps the sockets of new connections, so that the watchdog can end a read that waits on one."""
        if event in ("connection.connect_tcp.complete", "connection.start_tls.complete"):
            found = info["return_value"].get_extra_info("socket")
            self._sockets = [known for known in self._sockets if known.fileno() >= 0]
            if isinstance(found, socket.socket):
                self._sockets.append(found)
                if self._late.is_set():
                    self._cut(self._late)

    def _cut(self, cut: threading.Event) -> None:
        cut.set()
        for found in self._sockets:
            # Not the method of a TLS socket: that one would say goodbye first, and wait.
            with suppress(OSError):
                socket.socket.shutdown(found, socket.SHUT_RDWR)

    def _tell_allowance(self, host: str, answer: Answer) -> None:
        found = allowance(answer.headers)
        if found is not None and found.is_low and host not in self._told:
            self._told.add(host)
            self.tell(f"{host}: {found}")


def _kind(error: Exception) -> str:
    """What happened, in words of ours: of the system's errors its own, which name no address."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, OSError) and cause.strerror:
            words = cause.strerror.strip()
            return words[:1].lower() + words[1:]
        cause = cause.__cause__ or cause.__context__
    name = type(error).__name__
    return {"RemoteProtocolError": "it does not speak HTTP, or hung up"}.get(name, f"no connection ({name})")
