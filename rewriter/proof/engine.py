"""What the proof asks of a build engine: one small protocol that docker, podman and buildah answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from rewriter.syntax import Dockerfile

LABEL = "dfrewrite.proof"
"""On every image and container that a proof makes; its value names the proof, so that all of it can be removed."""


class EngineError(Exception):
    """The engine could not do what a proof needs: no fault of either Dockerfile. The message is one line."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a proof may take; times in seconds, sizes in bytes."""

    build_seconds: float = 1800.0
    start_seconds: float = 20.0
    """How long a container may take until it listens, or ends by itself."""
    stop_seconds: float = 10.0
    """How long it may take to end after its stop signal; then it is killed."""
    memory: int = 2_000_000_000
    """Of each container; a build on classic Docker knows no such limit, which the documentation says."""
    output: int = 1_000_000
    """Kept of what a container or a build prints; the rest is read and thrown away."""
    processes: int = 1024


@dataclass(frozen=True, slots=True)
class BuildRequest:
    """One build as the user would start it."""

    dockerfile: bytes
    context: Path | None
    """The folder that COPY sees; None for an empty one."""
    ignore_file: bytes | None = None
    """The text of a ``<Dockerfile>.dockerignore``, which goes before the context's own ``.dockerignore``."""
    target: str | None = None
    build_args: Mapping[str, str] = field(default_factory=dict)
    secrets: Sequence[str] = ()
    """As ``--secret`` takes them."""
    ssh: Sequence[str] = ()
    network: str | None = None
    """``host`` or ``none`` for the RUN commands; None for the engine's default."""
    no_cache: bool = False
    """Run every instruction, whatever the engine has in its cache."""


@dataclass(frozen=True, slots=True)
class Built:
    """An image: its id, and how long the build took in seconds."""

    image: str
    seconds: float


@dataclass(frozen=True, slots=True)
class BuildFailed:
    """A build that ended otherwise: one line why, the Dockerfile's line if the engine names it, the end of the log."""

    reason: str
    line: int | None = None
    log: str = ""
    in_time: bool = True
    """False when it was ended because it took too long."""


@dataclass(frozen=True, slots=True)
class RunRequest:
    """A container to start. Without a network but loopback; nothing published, nothing mounted."""

    image: str
    environment: Mapping[str, str] = field(default_factory=dict)
    network_of: str | None = None
    """Another container whose network namespace is shared."""
    entrypoint: Sequence[str] | None = None
    """Replaces entry point and command, for what a proof itself runs."""
    mounts: Mapping[str, str] = field(default_factory=dict)
    """Folders of this machine to show read-only in the container: source to target."""
    writable: Mapping[str, str] = field(default_factory=dict)
    """Folders of this machine that the container may write to, for what a proof itself runs: source to target."""
    stdin: bytes | None = None


@dataclass(frozen=True, slots=True)
class ContainerState:
    """A container at one moment."""

    running: bool
    exit_code: int | None
    """None while it runs."""
    out_of_memory: bool = False
    error: str = ""
    """What the engine says when it could not even start it."""


@dataclass(frozen=True, slots=True)
class Output:
    """What a container or a command printed, cut at the limit, and its exit code (None: killed at the time limit)."""

    exit_code: int | None
    stdout: bytes
    stderr: bytes
    cut: bool = False


class Engine(Protocol):
    """A build engine. Every method raises EngineError for what is the engine's own fault."""

    name: str
    version: str
    limits: Limits

    def lacks(self, dockerfile: Dockerfile) -> str | None:
        """What of a Dockerfile this engine does not know (``it knows no heredocs``), or None."""

    def build(self, request: BuildRequest, name: str) -> Built | BuildFailed:
        """Build, with LABEL on the image; ``name`` (before, after) tells it apart in what ``--keep`` keeps."""

    def save(self, image: str, target: Path) -> None:
        """Write the image as a ``docker save`` or OCI archive."""

    def scratch(self) -> Path:
        """A folder for files of the proof, on this machine and readable by its user alone; ``clean`` removes it."""

    def start(self, request: RunRequest) -> str:
        """Start a container in the background; its id. One whose program cannot be started is an id too: see state.

        An image that the engine does not have is an EngineError: nothing is ever pulled here.
        """

    def state(self, container: str) -> ContainerState:
        """How a container is doing."""

    def wait(self, container: str, seconds: float) -> ContainerState:
        """The state when the container has ended, or after so many seconds."""

    def output(self, container: str) -> Output:
        """What it printed so far."""

    def stop(self, container: str) -> tuple[ContainerState, float]:
        """Send the stop signal, wait (Limits.stop_seconds), kill; the end state and the seconds that it took."""

    def run(self, request: RunRequest, seconds: float) -> Output:
        """Run a container of the proof's own to its end, at most so long, and remove it."""

    def execute(self, container: str, command: Sequence[str], seconds: float) -> Output:
        """Run a command in a running container."""

    def check_health(self, container: str, seconds: float) -> Output | None:
        """Run the image's HEALTHCHECK once, at most so long; None when it has none."""

    def remove(self, container: str) -> None:
        """Kill and remove a container; one that is gone is no error."""

    def clean(self, *, keep_images: bool = False) -> None:
        """Remove everything that carries this proof's LABEL, whatever happened before. Never raises."""
