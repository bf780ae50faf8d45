"""Podman: builds with the buildah that it carries, and runs containers without a daemon."""

from __future__ import annotations

from pathlib import Path

from rewriter.proof.containers import ContainerEngine
from rewriter.proof.engine import Limits, RunRequest
from rewriter.proof.features import NEWEST, Version
from rewriter.proof.local_builds import LocalBuilds


class PodmanEngine(LocalBuilds, ContainerEngine):
    """A podman client that answers."""

    kind = "podman"
    remove_words = ("rm", "--force", "--volumes", "--time", "0")
    attach_words = ("start", "--attach", "--sig-proxy=false")

    def __init__(
        self,
        program: str,
        version: str,
        limits: Limits,
        identity: str | None = None,
        *,
        buildah: Version | None = None,
        unbounded: tuple[str, ...] = (),
    ) -> None:
        """``buildah`` is the version of the builder in it; ``unbounded`` names limits that it cannot set."""
        super().__init__(program, version, limits, identity)
        self._buildah = buildah or NEWEST
        self.unbounded = unbounded

    def _mount_options(self, request: RunRequest) -> list[str]:
        # Where SELinux guards files, a container may not read a folder of the machine that is not marked for it.
        return ["--security-opt", "label=disable"] if request.mounts or request.writable else []

    def _save_command(self, image: str, target: Path) -> list[str]:
        return ["save", "--format", "docker-archive", "--output", str(target), image]
