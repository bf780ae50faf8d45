"""A client program of an engine: its commands run in limits, and none of its processes is lost sight of."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from rewriter.proof.engine import LABEL, BuildRequest, EngineError
from rewriter.proof.interrupt import held
from rewriter.proof.messages import one_line, text_of
from rewriter.proof.process import Child, Finished
from rewriter.proof.watch import Watch

SHORT_SECONDS = 60.0
"""For a command that only asks or removes something; past that, the engine counts as stuck."""
ANSWER_BYTES = 4_000_000
"""Kept of what such a command prints."""

CLIENT_SPEAKS = re.compile(r"^(?:docker: )?(?:Error response from daemon: |Error: |ERROR: )")
"""How a client begins what it says for itself, and not for a program in a container."""

_LOG_LINE = re.compile(r'^time="[^"]*" level=\w+ msg="(.*)"$')


class Client:
    """A program such as ``/usr/bin/docker``, called ``name`` in messages.

    ``builds`` and ``others`` are its processes that run, ``watch`` is who ends them when this process is killed.
    """

    def __init__(
        self, name: str, program: str, environment: Callable[[], Mapping[str, str]], folder: Path | None = None
    ) -> None:
        """``folder`` is where its processes run, but for builds: podman's monitor writes a file where it stands."""
        self.name = name
        self.program = program
        self.watch: Watch | None = None
        self.builds: set[Child] = set()
        self.others: set[Child] = set()
        self._environment = environment
        self._folder = folder

    def spawn(
        self, arguments: Sequence[str], keep: int = ANSWER_BYTES, *, stdin: bytes | None = None, builds: bool = False
    ) -> Child:
        """Start the program, for a build with both outputs as one. ``forget`` must follow. Raises EngineError."""
        with held():
            folder = self._folder if not builds and self._folder is not None and self._folder.is_dir() else None
            command = [self.program, *arguments]
            try:
                child = Child(command, self._environment(), keep=keep, stdin=stdin, merged=builds, folder=folder)
            except OSError as error:
                raise EngineError(f"{self.program} cannot be started: {error.strerror or error}") from error
            (self.builds if builds else self.others).add(child)
            if self.watch is not None:
                self.watch.began(child.group, builds=builds)
        return child

    def forget(self, child: Child) -> None:
        """Have done with a process, which is killed if it still runs."""
        with held():
            if child.runs:
                child.kill()
            self.builds.discard(child)
            self.others.discard(child)
            if self.watch is not None:
                self.watch.ended(child.group)

    def attempt(self, arguments: Sequence[str], seconds: float = SHORT_SECONDS, keep: int = ANSWER_BYTES) -> Finished:
        """Run the program to its end, at most so long; how it ends is the caller's concern."""
        child = self.spawn(arguments, keep)
        in_time = False
        try:
            in_time = child.wait(seconds)
        finally:
            self.forget(child)
        return child.finished(in_time=in_time)

    def ask(self, arguments: Sequence[str], seconds: float = SHORT_SECONDS) -> str:
        """What the program prints; EngineError when it fails or takes too long."""
        done = self.attempt(arguments, seconds)
        if done.exit_code != 0:
            raise EngineError(self.complaint(arguments, done, seconds))
        return text_of(done.stdout)

    def ask_json(self, arguments: Sequence[str]) -> Any:
        """The same, read as JSON."""
        try:
            return json.loads(self.ask(arguments))
        except ValueError as error:
            raise EngineError(f"`{self.name} {arguments[0]}` does not answer in JSON") from error

    def complaint(self, arguments: Sequence[str], done: Finished, seconds: float = SHORT_SECONDS) -> str:
        """One line on a command that failed."""
        words = " ".join(argument for argument in arguments[:2] if not argument.startswith("-"))
        if done.exit_code is None:
            return f"`{self.name} {words}` did not end within {seconds:.0f} seconds"
        return f"`{self.name} {words}` failed: {complaint_in(text_of(done.stderr)) or f'exit code {done.exit_code}'}"


def complaint_in(printed: str) -> str:
    """The one line of a client's words that says what is wrong: behind it may stand a hint, before it warnings."""
    lines = [line for line in printed.splitlines() if line.strip()]
    errors = [line for line in lines if CLIENT_SPEAKS.match(line)]
    return one_line(_LOG_LINE.sub(r"\1", (errors or lines or [""])[-1]))


def build_options(request: BuildRequest, tag: str, folder: Path, identity: str) -> list[str]:
    """The options of a build that docker, podman and buildah all take."""
    options = ["--label", f"{LABEL}={identity}", "--tag", tag, "--iidfile", str(folder / "id")]
    options += ["--file", str(folder / "Dockerfile")]
    for option, value in (("--target", request.target), ("--network", request.network)):
        options += [option, value] if value is not None else []
    options += ["--no-cache"] if request.no_cache else []
    for key, value in request.build_args.items():
        options += ["--build-arg", f"{key}={value}"]
    for option, values in (("--secret", request.secrets), ("--ssh", request.ssh)):
        for value in values:
            options += [option, value]
    return options


def context_of(request: BuildRequest, folder: Path) -> str:
    """The context's folder; an empty one where there is none."""
    # In full: a name such as -x would be an option.
    return os.path.abspath(request.context if request.context is not None else folder / "empty")
