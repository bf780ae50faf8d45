"""Buildah: builds and saves images. It has no containers that could be started and looked at: a proof is static."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from rewriter.proof.engine import ContainerState, EngineError, Limits, Output, RunRequest
from rewriter.proof.features import NEWEST, version_of
from rewriter.proof.local_builds import LocalBuilds

NO_CONTAINERS = "buildah builds images but runs no containers: with it, a proof only looks into the images"


class BuildahEngine(LocalBuilds):
    """A buildah that answers. Every method about containers raises EngineError with NO_CONTAINERS."""

    kind = "buildah"

    def __init__(self, program: str, version: str, limits: Limits, identity: str | None = None) -> None:
        super().__init__(program, version, limits, identity)
        self._buildah = version_of(version) or NEWEST

    def _save_command(self, image: str, target: Path) -> list[str]:
        return ["push", "--quiet", image, f"docker-archive:{target}"]

    def _remove_image_words(self) -> list[str]:
        return ["rmi", "--force"]

    def _inspect_images(self, label: str) -> list[dict[str, Any]]:
        listed = self._client.ask_json(["images", "--json", "--filter", f"label={label}"]) or []
        found = []
        for image in listed:
            inspected = self._client.ask_json(["inspect", "--type", "image", str(image["id"])])
            config = inspected["OCIv1"]["config"]
            found.append({"Id": image["id"], "RepoTags": image.get("names") or [], "Config": config})
        return found

    def _remove_containers(self, identity: str) -> None:
        """There are none."""

    # --- what buildah has not ---

    def start(self, request: RunRequest) -> str:
        """Raises EngineError."""
        _no_containers()

    def state(self, container: str) -> ContainerState:
        """Raises EngineError."""
        _no_containers()

    def wait(self, container: str, seconds: float) -> ContainerState:
        """Raises EngineError."""
        _no_containers()

    def output(self, container: str) -> Output:
        """Raises EngineError."""
        _no_containers()

    def stop(self, container: str) -> tuple[ContainerState, float]:
        """Raises EngineError."""
        _no_containers()

    def run(self, request: RunRequest, seconds: float) -> Output:
        """Raises EngineError."""
        _no_containers()

    def execute(self, container: str, command: Sequence[str], seconds: float) -> Output:
        """Raises EngineError."""
        _no_containers()

    def check_health(self, container: str, seconds: float) -> Output | None:
        """Raises EngineError."""
        _no_containers()

    def remove(self, container: str) -> None:
        """There is none, and one that is gone is no error."""


def _no_containers() -> NoReturn:
    raise EngineError(NO_CONTAINERS)
