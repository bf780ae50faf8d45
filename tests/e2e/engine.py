"""A Docker engine of our own: started, used and stopped without touching one that the machine may already run.

It is Debian's ``docker.io`` (20.10 on Debian 12), with its socket, data and configuration in one cache folder. It
has no bridge and no packet filter rules, so a container has the host's network or none. That engine predates
heredocs and ``COPY --link``; ``# syntax=`` would make it fetch a front end. The Dockerfiles of the tests do without.

``python -m tests.e2e.engine start|stop|status`` keeps one running between test runs, which makes those faster.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .machine import cache_home, ensure_packages, files_of, proxies

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

LONGEST_SOCKET_PATH = 100
START_SECONDS = 60.0
STOP_SECONDS = 60.0
SERVE_SECONDS = 20.0
BUILD_CACHE_KEPT = "2GB"


class EngineError(RuntimeError):
    """The engine could not be had, or would not do what it was asked."""


class BuildFailedError(EngineError):
    """An image did not build; the message is the build's log."""


class DidNotStartError(EngineError):
    """A container ended, or never began, where a server should have answered."""

    def __init__(self, exit_code: int, output: str) -> None:
        super().__init__(f"exit code {exit_code}: {output}")
        self.exit_code = exit_code
        self.output = output


@dataclass(frozen=True)
class Answer:
    """What an HTTP server said."""

    status: int
    body: str


@dataclass(frozen=True)
class Service:
    """A server in a running container."""

    port: int

    def get(self, path: str) -> Answer:
        """Ask for ``path``; redirects are not followed and the machine's proxies not used."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request("GET", path)
            response = connection.getresponse()
            return Answer(response.status, response.read().decode())
        finally:
            connection.close()


class Engine:
    """One engine, told apart by its folder; ``start`` takes the one that runs there already, if any."""

    def __init__(self, home: Path | None = None) -> None:
        self.home = home or cache_home()
        self.socket = self.home / "docker.sock"
        self._pid_file = self.home / "dockerd.pid"
        self._log = self.home / "dockerd.log"
        self._client: Path | None = None

    # --- the daemon ---

    def start(self) -> bool:
        """Make the engine reachable; True if this call started it, and so its caller should stop it."""
        ensure_packages("docker.io")
        if self.is_reachable():
            return False
        if os.geteuid() != 0:
            raise EngineError("starting a Docker engine needs root")
        if len(str(self.socket)) > LONGEST_SOCKET_PATH:
            raise EngineError(f"{self.socket} is too long for a socket: name a shorter folder in DFREWRITE_E2E_HOME")
        self.home.mkdir(parents=True, exist_ok=True)
        (self.home / "daemon.json").write_text("{}\n", encoding="utf-8")
        with self._log.open("wb") as log:
            daemon = subprocess.Popen(
                self._daemon_command(), stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
        deadline = time.monotonic() + START_SECONDS
        while not self.is_reachable():
            if daemon.poll() is not None or time.monotonic() > deadline:
                daemon.terminate()
                tail = self._log.read_text(encoding="utf-8", errors="replace")[-3000:]
                raise EngineError(f"the Docker engine does not start on this machine; the end of its log:\n{tail}")
            time.sleep(0.2)
        return True

    def stop(self) -> None:
        """Stop the engine of this folder, and nothing else; no error if it does not run."""
        if not self.is_reachable():
            return
        pid = int(self._pid_file.read_text(encoding="utf-8"))
        os.kill(pid, signal.SIGTERM)
        deadline = time.monotonic() + STOP_SECONDS
        while self._pid_file.exists():
            if time.monotonic() > deadline:
                raise EngineError(f"the Docker engine, process {pid}, does not stop")
            time.sleep(0.1)
        # The daemon leaves this mount behind, and the folder could not be deleted.
        subprocess.run(["umount", str(self.home / "exec" / "netns" / "default")], capture_output=True, check=False)

    def is_reachable(self) -> bool:
        """Whether an engine answers at this folder's socket."""
        return self.socket.exists() and self._docker("version").returncode == 0

    def _daemon_command(self) -> list[str]:
        """The daemon keeps to its folder, and to a namespace of its own in a containerd that it may find running."""
        dockerd = _tool("dockerd")
        return [
            *(str(dockerd), f"--host=unix://{self.socket}", f"--config-file={self.home / 'daemon.json'}"),
            *(f"--data-root={self.home / 'data'}", f"--exec-root={self.home / 'exec'}", f"--pidfile={self._pid_file}"),
            *("--bridge=none", "--iptables=false", "--ip6tables=false", "--ip-forward=false", "--group=root"),
            *("--containerd-namespace=dfrewrite-e2e", "--containerd-plugins-namespace=dfrewrite-e2e-plugins"),
        ]

    # --- images ---

    def build(self, context: Path, tag: str, dockerfile: str | None = None) -> str:
        """Build ``tag`` from the context's Dockerfile, or from the text ``dockerfile``; the log is returned."""
        command = ["build", "--network=host", "--progress=plain", f"--tag={tag}"]
        for name in proxies():
            command.append(f"--build-arg={name}")
        if dockerfile is not None:
            command.append("--file=-")
        built = self._docker(*command, str(context), text_in=dockerfile)
        if built.returncode != 0:
            raise BuildFailedError(built.stdout + built.stderr)
        return built.stdout + built.stderr

    def import_image(self, tar: Path, tag: str, changes: tuple[str, ...]) -> None:
        """Make an image of one layer out of a root file system, with Dockerfile lines such as ``CMD …`` applied."""
        self._checked("import", *(f"--change={change}" for change in changes), str(tar), tag)

    def pull(self, tag: str, seconds: float | None = None) -> bool:
        """Fetch an image from its registry; False where it cannot be had, or not in so many seconds."""
        try:
            return self._docker("pull", "--quiet", tag, seconds=seconds).returncode == 0
        except subprocess.TimeoutExpired:
            return False

    def has(self, tag: str) -> bool:
        """Whether there is an image of that name."""
        return self._docker("image", "inspect", "--format={{.Id}}", tag).returncode == 0

    def size(self, tag: str) -> int:
        """The bytes of all the layers of an image."""
        return int(self._checked("image", "inspect", "--format={{.Size}}", tag))

    def label(self, tag: str, name: str) -> str | None:
        """A label of an image, or None where the image or the label is not there."""
        found = self._docker("image", "inspect", f'--format={{{{index .Config.Labels "{name}"}}}}', tag)
        return found.stdout.strip() or None if found.returncode == 0 else None

    def config(self, tag: str) -> dict[str, object]:
        """The configuration of an image, as the engine reports it."""
        found: dict[str, object] = json.loads(self._checked("image", "inspect", "--format={{json .Config}}", tag))
        return found

    def alias(self, tag: str, other: str) -> None:
        """Give the image ``tag`` the name ``other`` as well."""
        self._checked("tag", tag, other)

    def remove(self, *tags: str) -> None:
        """Forget images; one that is not there is no error."""
        self._docker("image", "rm", "--force", *tags)

    def prune(self) -> None:
        """Drop images without a name, and all of the build cache but its newest part."""
        self._docker("image", "prune", "--force")
        self._docker("builder", "prune", "--force", f"--keep-storage={BUILD_CACHE_KEPT}")

    # --- containers ---

    def run(self, tag: str, *command: str) -> subprocess.CompletedProcess[str]:
        """Run an image to its end, without a network."""
        return self._docker("run", "--rm", "--network=none", tag, *command)

    @contextlib.contextmanager
    def serve(self, tag: str, environment: Mapping[str, str] | None = None) -> Iterator[Service]:
        """Run an image whose server listens on ``$PORT``, until the with block ends."""
        port = _free_port()
        name = f"dfrewrite-e2e-{uuid.uuid4().hex[:12]}"
        variables = {**(environment or {}), "PORT": str(port)}
        options = [f"--env={key}={value}" for key, value in variables.items()]
        try:
            begun = self._docker("run", "--detach", "--network=host", f"--name={name}", *options, tag)
            if begun.returncode != 0:
                raise DidNotStartError(begun.returncode, begun.stderr)
            self._await_listening(name, port)
            yield Service(port)
        finally:
            self._docker("rm", "--force", "--volumes", name)

    def _await_listening(self, container: str, port: int) -> None:
        deadline = time.monotonic() + SERVE_SECONDS
        while not _accepts(port):
            state = self._checked("inspect", "--format={{.State.Running}} {{.State.ExitCode}}", container).split()
            if state[0] != "true" or time.monotonic() > deadline:
                logs = self._docker("logs", container)
                raise DidNotStartError(int(state[1]), logs.stdout + logs.stderr)
            time.sleep(0.1)

    # --- the client ---

    def _docker(
        self, *arguments: str, text_in: str | None = None, seconds: float | None = None
    ) -> subprocess.CompletedProcess[str]:
        if self._client is None:
            self._client = _tool("docker")
        environment = {key: value for key, value in os.environ.items() if not key.startswith("DOCKER_")} | {
            "DOCKER_HOST": f"unix://{self.socket}",
            "DOCKER_CONFIG": str(self.home / "client"),
            "DOCKER_BUILDKIT": "1",
        }
        return subprocess.run(
            [str(self._client), *arguments],
            input=text_in,
            capture_output=True,
            text=True,
            check=False,
            env=environment,
            timeout=seconds,
        )

    def _checked(self, *arguments: str) -> str:
        done = self._docker(*arguments)
        if done.returncode != 0:
            raise EngineError(f"`docker {' '.join(arguments)}` failed: {done.stderr}")
        return done.stdout


def _tool(name: str) -> Path:
    """A program of Debian's package, not the first on PATH: a client from elsewhere may lack the builder."""
    for path in files_of("docker.io", "docker-cli"):
        if path.name == name and path.parent.name in ("bin", "sbin"):
            return path
    raise EngineError(f"Debian's docker.io is not installed: it brings {name}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _accepts(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


def main() -> int:
    """Start, stop or look at the engine of the cache folder; ``status`` exits 1 where none runs."""
    parser = argparse.ArgumentParser(description="The engine of the end-to-end tests.")
    parser.add_argument("action", choices=["start", "stop", "status"])
    action = parser.parse_args().action
    engine = Engine()
    if action == "start":
        engine.start()
    elif action == "stop":
        engine.stop()
    running = engine.is_reachable()
    print(f"{engine.socket}: {'running' if running else 'not running'}")
    return 1 if action == "status" and not running else 0


if __name__ == "__main__":
    sys.exit(main())
