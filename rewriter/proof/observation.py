"""What is seen of a container that runs: everything that two images are compared by, and how to look."""

from __future__ import annotations

import base64
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from rewriter.proof.engine import ContainerState, Output


@dataclass(frozen=True, slots=True)
class How:
    """How both images are run and looked at. Raises ValueError for a probe or a smoke command that is none."""

    probes: Sequence[str] = ()
    """Requests beside ``GET /``: a path, or a method and a path."""
    smoke: Sequence[str] = ()
    """Command lines, split as a shell would split them, without a shell.

    They run in the container while its program runs; where the program has ended, in a container of their own, in
    place of entry point and command."""
    environment: Mapping[str, str] = field(default_factory=dict)
    smoke_seconds: float = 60.0
    """How long each of the commands may take."""
    request_seconds: float = 10.0
    """How long each answer may take."""

    def __post_init__(self) -> None:
        for line in self.smoke:
            self.words(line)
        for probe in self.probes:
            if not probe.strip() or len(request_of(probe).split()) != 2:
                raise ValueError(f"{probe!r} is no request: a path is expected, or a method and a path")

    @staticmethod
    def words(line: str) -> tuple[str, ...]:
        """The words of a command line."""
        try:
            words = tuple(shlex.split(line))
        except ValueError as error:
            raise ValueError(f"{line!r} is no command: {error}") from error
        if not words:
            raise ValueError("an empty line is no command")
        return words

    @property
    def requests(self) -> tuple[str, ...]:
        """``GET /`` and the probes, each once, each as method and path."""
        return tuple(dict.fromkeys(("GET /", *map(request_of, self.probes))))


def request_of(probe: str) -> str:
    """``/x`` or ``GET /x`` as ``GET /x``; a path without its slash gets one."""
    words = probe.split(None, 1)
    method, path = words if len(words) == 2 and words[0].isalpha() else ("GET", probe.strip())
    return f"{method.upper()} {path if path.startswith('/') else f'/{path}'}"


@dataclass(frozen=True, slots=True, order=True)
class Port:
    """A socket that listens."""

    protocol: str
    """tcp, udp or unix."""
    name: str
    """The port's number, or the path of a Unix socket."""
    scope: str
    """all, loopback, or one address; empty for a Unix socket."""
    host: str
    """Where to connect to from within."""

    @property
    def key(self) -> tuple[str, str]:
        """What makes it the same port."""
        return self.protocol, self.name

    @property
    def said(self) -> str:
        """As a sentence names it."""
        return f"the socket {self.name}" if self.protocol == "unix" else f"port {self.name}/{self.protocol}"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server answered to one request."""

    kind: str
    """http, bytes (something else than HTTP), closed (without a word), silent, refused, no-tls."""
    at: float
    """When, about: seconds since 1970."""
    text: str = ""
    """The first line of what is not HTTP."""
    status: int = 0
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    """Its start, as much as the probe keeps."""
    length: int = 0
    sha256: str = ""
    complete: bool = True
    certificate: bool = False

    def values(self, name: str) -> tuple[str, ...]:
        """The values of a header, in order."""
        return tuple(value for key, value in self.headers if key == name)


@dataclass(frozen=True, slots=True)
class Service:
    """A TCP port and what it answers: each request twice."""

    port: str
    tls: bool
    ready: float
    """Seconds from the first question to the first good answer."""
    answers: tuple[tuple[str, Answer, Answer], ...]


@dataclass(frozen=True, slots=True)
class Stopped:
    """The end of a container that was stopped."""

    state: ContainerState
    seconds: float
    killed: bool
    """True when it did not end on its stop signal."""


@dataclass(frozen=True, slots=True)
class Observation:
    """One container, from its start to its end."""

    ended: bool
    """True when the program ended by itself before it had settled."""
    state: ContainerState
    """When it had settled: it ended, listens, or just runs."""
    last: ContainerState
    """Before it was stopped: a server that dies of a request has ended here, and not there."""
    at: float
    """When it had settled: seconds since 1970."""
    seconds: float
    """From the start until then."""
    first: Output
    """What it had printed until then."""
    output: Output
    """All that it printed before it was stopped."""
    ports: tuple[Port, ...] | None = ()
    """None when nobody could look."""
    services: tuple[Service, ...] = ()
    health: Output | None = None
    """The last run of the HEALTHCHECK; None without one, or when the program had ended."""
    smoke: tuple[tuple[str, Output], ...] = ()
    stop: Stopped | None = None
    """None when it was not asked to stop."""
    not_seen: tuple[str, ...] = ()

    @property
    def failed_to_start(self) -> bool:
        """Whether the program could not be started at all: it, its interpreter or a library is not there."""
        code = self.state.exit_code
        return self.ended and (bool(self.state.error) or code in (126, 127) or self.was_not_executed)

    @property
    def was_not_executed(self) -> bool:
        """Whether the only words are the container runtime's: some start a process first and fail to replace it."""
        lines = (self.output.stdout + self.output.stderr).strip().splitlines()
        return self.ended and len(lines) == 1 and lines[0].startswith((b"exec /", b"standard_init_linux.go"))


def answers_of(first: Mapping[str, Any], second: Mapping[str, Any], now: float) -> tuple[Answer, Answer]:
    """The two answers to one request, as ``probe.ask`` gives them."""
    one = _answer(first, now, b"")
    return one, _answer(second, now, one.body)


def _answer(found: Mapping[str, Any], now: float, body: bytes) -> Answer:
    """An answer of the probe; ``body`` stands for one that is the same as the one before."""
    text = found.get("body")
    return Answer(
        kind=found["kind"],
        at=now,
        text=found.get("text", ""),
        status=found.get("status", 0),
        headers=tuple((name, value) for name, value in found.get("headers", ())),
        body=body if text is None else base64.b64decode(text),
        length=found.get("length", 0),
        sha256=found.get("sha256", ""),
        complete=found.get("complete", True),
        certificate=found.get("certificate", False),
    )
