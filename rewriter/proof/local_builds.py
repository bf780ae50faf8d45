"""Builds without a daemon, as podman and buildah make them: what a RUN started lives in a session of its own.

Such a client leaves a RUN going when it is killed, or even asked to end. It writes the process id of each into a folder
of its temporary files, which are in the proof's folder; killing that process makes the client end in order.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING

from rewriter.proof import buildah_log, features
from rewriter.proof.cli_engine import CommandEngine
from rewriter.proof.clients import build_options, context_of
from rewriter.proof.identity import started

if TYPE_CHECKING:
    from rewriter.proof.engine import BuildRequest
    from rewriter.proof.messages import Failure
    from rewriter.syntax import Dockerfile

CLOCK_SLACK = 5.0
"""Seconds by which the clock may have been set since."""


class LocalBuilds(CommandEngine):
    """Builds by buildah, as a program of its own or in podman."""

    ends_with_its_programs = True
    _buildah: features.Version = features.NEWEST
    """The builder's version."""

    def lacks(self, dockerfile: Dockerfile) -> str | None:
        """What of a Dockerfile this engine does not know, or None; ``# syntax=`` is a comment to it."""
        return features.unknown_to_buildah(dockerfile, self._buildah) or features.not_granted(dockerfile)

    def _environment(self) -> dict[str, str]:
        # Temporary files go to the proof's folder, from where they are removed with it.
        return os.environ | ({"TMPDIR": str(self._folder)} if self._folder.is_dir() else {})

    def _build_command(self, request: BuildRequest, tag: str, folder: Path) -> list[str]:
        # In Docker's form of images: the OCI one knows neither HEALTHCHECK nor SHELL.
        options = [*build_options(request, tag, folder, self.identity), "--format", "docker"]
        if request.ignore_file is not None:
            options += ["--ignorefile", str(folder / "Dockerfile.dockerignore")]
        return ["build", *options, context_of(request, folder)]

    def _stop_programs_of_builds(self) -> None:
        for file in self._folder.glob("buildah*/pid"):
            with contextlib.suppress(OSError, ValueError):
                pid = int(file.read_text(encoding="ascii"))
                if _is_it(pid, file):
                    os.kill(pid, signal.SIGKILL)

    def _read_failure(self, log: str, dockerfile: Dockerfile | None) -> Failure:
        return buildah_log.read_failure(log, dockerfile)

    def _current_step(self, log: str, dockerfile: Dockerfile | None) -> tuple[str, int | None]:
        return buildah_log.current_step(log, dockerfile)


def _is_it(pid: int, file: Path) -> bool:
    """Whether a process is the one whose number was written down: head of a process-id namespace, begun before."""
    ticks = started(pid)
    if ticks is None or not _heads_a_namespace(pid):
        return False
    machine_began = time.time() - time.clock_gettime(time.CLOCK_BOOTTIME)
    return machine_began + ticks / os.sysconf("SC_CLK_TCK") <= file.stat().st_mtime + CLOCK_SLACK


def _heads_a_namespace(pid: int) -> bool:
    for line in Path(f"/proc/{pid}/status").read_text(encoding="utf-8", errors="replace").splitlines():
        if line.startswith("NSpid:"):
            numbers = line.split()[1:]
            return len(numbers) > 1 and numbers[-1] == "1"
    return False
