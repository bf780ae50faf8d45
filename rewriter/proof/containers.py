"""Containers by the command lines of docker and podman, which are the same but for a few words.

The client stays attached to every container, and what the container prints is read here: nothing goes to a log of the
engine, so that no log can fill a disk, and head and tail are kept exactly.
"""

from __future__ import annotations

import math
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from rewriter.proof.cli_engine import ROUNDS_OF_REMOVAL, CommandEngine, labels_of
from rewriter.proof.clients import CLIENT_SPEAKS, SHORT_SECONDS, complaint_in
from rewriter.proof.engine import LABEL, ContainerState, EngineError, Output, RunRequest
from rewriter.proof.health import health_test
from rewriter.proof.interrupt import held
from rewriter.proof.messages import is_about_the_program, one_line, start_error, text_of
from rewriter.proof.process import DRAIN_SECONDS, Child

POLL_SECONDS = 0.05
HOST_NAME = "proof"
"""Of every container, so that a program that prints it prints the same; it resolves to the loopback address."""
NAMES_NO_PROGRAM = "the image names no program: it has neither ENTRYPOINT nor CMD"

_NOT_STARTED = ("created", "initialized", "configured")
# An image that names no program cannot even be made a container of.
_NO_PROGRAM = re.compile(r"no command(?: or entrypoint)? (?:specified|provided)|no command specified", re.IGNORECASE)
_NOT_FOUND_CODES = (126, 127)
_NOT_FOUND = re.compile(r"no such file|not found", re.IGNORECASE)


@dataclass(slots=True)
class _Attached:
    """A container of this proof and the client that reads it; neither for one that could not be made."""

    image: str
    child: Child | None = None
    failed: ContainerState | None = None


class ContainerEngine(CommandEngine):
    """Adds containers to an engine."""

    remove_words: ClassVar[tuple[str, ...]] = ("rm", "--force", "--volumes")
    attach_words: ClassVar[tuple[str, ...]] = ("start", "--attach")

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.unbounded: tuple[str, ...] = ()
        """Which of the limits (memory, processes) cannot be set for containers; asking for them could be an error."""
        self._attached: dict[str, _Attached] = {}

    # --- starting ---

    def start(self, request: RunRequest) -> str:
        """Start a container in the background, attached to its output; its id."""
        self._begin()
        with held():
            container = self._create(request)
        attached = self._attached[container]
        if attached.failed is not None:
            return container
        words = [*self.attach_words, *(["--interactive"] if request.stdin is not None else []), container]
        attached.child = self._client.spawn(words, self.limits.output // 2, stdin=request.stdin)
        self._await_start(container, attached, attached.child)
        return container

    def _create(self, request: RunRequest) -> str:
        if request.image not in self._images:
            # Docker 19.03 knows no --pull=never, and would fetch what is not there.
            self._client.ask(["image", "inspect", request.image])
        done = self._client.attempt(["create", *self._options(request), request.image, *(request.entrypoint or ())[1:]])
        if done.exit_code == 0:
            container = text_of(done.stdout).split()[-1]
            self._attached[container] = _Attached(request.image)
            return container
        complaint = text_of(done.stderr)
        if done.exit_code is None or _NO_PROGRAM.search(complaint) is None:
            raise EngineError(self._client.complaint(["create"], done, SHORT_SECONDS))
        container = f"none-{len(self._attached)}"
        failed = ContainerState(running=False, exit_code=127, error=NAMES_NO_PROGRAM)
        self._attached[container] = _Attached(request.image, failed=failed)
        return container

    def _options(self, request: RunRequest) -> list[str]:
        options = ["--label", f"{LABEL}={self.identity}", "--no-healthcheck", "--log-driver", "none"]
        if "memory" not in self.unbounded:
            options += ["--memory", str(self.limits.memory), "--memory-swap", str(self.limits.memory)]
        if "processes" not in self.unbounded:
            options += ["--pids-limit", str(self.limits.processes)]
        if request.network_of is not None:
            options += ["--network", f"container:{request.network_of}"]
        else:
            options += ["--network", "none", "--hostname", HOST_NAME, "--add-host", f"{HOST_NAME}:127.0.0.1"]
        for key, value in request.environment.items():
            options += ["--env", f"{key}={value}"]
        for folders, mode in ((request.mounts, ",readonly"), (request.writable, "")):
            for source, target in folders.items():
                if "," in source + target:
                    raise EngineError(f"a folder with a comma in its name cannot be shown in a container: {source}")
                options += ["--mount", f"type=bind,source={source},target={target}{mode}"]
        options += self._mount_options(request)
        if request.stdin is not None:
            options.append("--interactive")
        if request.entrypoint is not None:
            options += ["--entrypoint", request.entrypoint[0]]
        return options

    def _mount_options(self, request: RunRequest) -> list[str]:
        """What more it takes to show folders in a container."""
        return []

    def _await_start(self, container: str, attached: _Attached, child: Child) -> None:
        """Until the container runs, has ended, or could not be started."""
        deadline = time.monotonic() + SHORT_SECONDS
        while True:
            ended = not child.runs
            state = self._inspect(container)["State"]
            if str(state.get("Status", "")).lower() not in _NOT_STARTED:
                return
            if ended:
                attached.failed = _never_started(state, child)
                return
            if time.monotonic() > deadline:
                raise EngineError(f"{self.name} did not start a container within {SHORT_SECONDS:.0f} seconds")
            child.wait(POLL_SECONDS)

    # --- looking ---

    def state(self, container: str) -> ContainerState:
        """How a container is doing."""
        attached = self._known(container)
        if attached.failed is not None:
            return attached.failed
        state = self._inspect(container)["State"]
        running = bool(state.get("Running"))
        code = int(state.get("ExitCode", 0))
        memory = bool(state.get("OOMKilled"))
        return ContainerState(running, None if running else code, memory, one_line(str(state.get("Error") or "")))

    def wait(self, container: str, seconds: float) -> ContainerState:
        """The state when the container has ended, or after so many seconds."""
        attached = self._known(container)
        deadline = time.monotonic() + seconds
        if attached.child is not None:
            attached.child.wait(seconds)
        while (state := self.state(container)).running and time.monotonic() < deadline:
            time.sleep(POLL_SECONDS)
        return state

    def output(self, container: str) -> Output:
        """What it printed so far; all of it once it has ended."""
        attached = self._known(container)
        state = self.state(container)
        if attached.child is None or state.error:
            return Output(state.exit_code, b"", b"")
        if not state.running:
            attached.child.wait(DRAIN_SECONDS)
        done = attached.child.finished()
        return Output(state.exit_code, done.stdout, done.stderr, done.cut)

    def _known(self, container: str) -> _Attached:
        attached = self._attached.get(container)
        if attached is None:
            raise EngineError(f"no container {container[:12]} belongs to this proof")
        return attached

    def _inspect(self, container: str) -> dict[str, Any]:
        found: dict[str, Any] = self._client.ask_json(["container", "inspect", container])[0]
        return found

    # --- ending ---

    def stop(self, container: str) -> tuple[ContainerState, float]:
        """Send the stop signal, wait, kill; the end state and the seconds that it took."""
        attached = self._known(container)
        began = time.monotonic()
        if attached.failed is not None:
            return attached.failed, 0.0
        patience = math.ceil(self.limits.stop_seconds)
        self._client.attempt(["stop", "--time", str(patience), container], patience + SHORT_SECONDS)
        seconds = time.monotonic() - began
        state = self.wait(container, POLL_SECONDS)
        if state.running:
            self._client.attempt(["kill", container])
            state = self.wait(container, DRAIN_SECONDS)
        if state.running:
            raise EngineError(f"{self.name} cannot stop a container: it still runs after {seconds:.0f} seconds")
        return state, seconds

    def remove(self, container: str) -> None:
        """Kill and remove a container; one that is gone is no error."""
        attached = self._attached.pop(container, None)
        if attached is None or attached.failed is None or attached.child is not None:
            self._client.attempt([*self.remove_words, container])
        if attached is not None and attached.child is not None:
            self._client.forget(attached.child)

    def _remove_containers(self, identity: str) -> None:
        # Again, because a command that was cut off may still make one.
        for _ in range(ROUNDS_OF_REMOVAL):
            listed = self._containers(f"{LABEL}={identity}")
            if not listed:
                break
            self._client.attempt([*self.remove_words, *listed])
        self._attached.clear()

    def _containers(self, label: str) -> list[str]:
        return self._client.ask(["ps", "--all", "--quiet", "--no-trunc", "--filter", f"label={label}"]).split()

    def _inspect_images(self, label: str) -> list[dict[str, Any]]:
        listed = self._client.ask(["images", "--quiet", "--no-trunc", "--filter", f"label={label}"]).split()
        found = self._client.ask_json(["image", "inspect", *dict.fromkeys(listed)]) if listed else []
        return [image for image in found if isinstance(image, dict)]

    def _remove_image_words(self) -> list[str]:
        return ["image", "rm", "--force"]

    def _identities(self) -> set[str]:
        listed = self._containers(LABEL)
        inspected = self._client.ask_json(["container", "inspect", *listed]) if listed else []
        return super()._identities() | labels_of(inspected)

    # --- commands in containers ---

    def run(self, request: RunRequest, seconds: float) -> Output:
        """Run a container of the proof's own to its end, at most so long, and remove it."""
        container = self.start(request)
        try:
            state = self.wait(container, seconds)
            if state.error:
                return Output(state.exit_code, b"", state.error.encode())
            return replace(self.output(container), exit_code=state.exit_code)
        finally:
            self.remove(container)

    def execute(self, container: str, command: Sequence[str], seconds: float) -> Output:
        """Run a command in a running container; one that takes too long goes on there until the container ends."""
        done = self._client.attempt(["exec", container, *command], seconds, self.limits.output // 2)
        if done.exit_code not in (0, None, *_NOT_FOUND_CODES) and CLIENT_SPEAKS.match(text_of(done.stderr)):
            raise EngineError(self._client.complaint(["exec"], done, seconds))
        return Output(done.exit_code, done.stdout, done.stderr, done.cut)

    def check_health(self, container: str, seconds: float) -> Output | None:
        """Run the image's HEALTHCHECK once, at most so long or as it says itself; None when it has none."""
        image = self._client.ask_json(["image", "inspect", self._known(container).image])[0]
        test = health_test(image)
        if test is None:
            return None
        return self.execute(container, test.command, min(seconds, test.seconds))


def _never_started(state: dict[str, Any], child: Child) -> ContainerState:
    """Of a container whose program could not be started: the engine says why in the state, or the client does."""
    said = str(state.get("Error") or "") or complaint_in(text_of(child.finished().stderr))
    error = start_error(CLIENT_SPEAKS.sub("", said)) or "it could not be started"
    if error.startswith('exec: "": '):
        return ContainerState(running=False, exit_code=127, error=NAMES_NO_PROGRAM)
    if not is_about_the_program(error):
        raise EngineError(f"no container can be started: {error}")
    # Docker gives the exit code that a shell would; podman gives none.
    code = int(state.get("ExitCode") or 0) or (127 if _NOT_FOUND.search(error) else 126)
    return ContainerState(running=False, exit_code=code, error=error)
