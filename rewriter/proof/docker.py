"""Docker: builds with BuildKit, by buildx where the client has it and else by the builder in an old daemon."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from rewriter.proof import buildkit_log, features
from rewriter.proof.clients import build_options, context_of
from rewriter.proof.containers import ContainerEngine
from rewriter.proof.engine import LABEL, BuildRequest, Limits
from rewriter.proof.messages import Failure, text_of

if TYPE_CHECKING:
    from rewriter.syntax import Dockerfile

FRONT_END_SECONDS = 90.0
"""For fetching the image that ``# syntax=`` names."""


class DockerEngine(ContainerEngine):
    """A docker client with a daemon that answers it."""

    kind = "docker"

    def __init__(
        self,
        program: str,
        version: str,
        limits: Limits,
        identity: str | None = None,
        *,
        buildx: bool = False,
        buildkit: features.Version | None = None,
    ) -> None:
        """``buildkit`` is the builder's version where it tells; else it follows from the daemon's ``version``."""
        super().__init__(program, version, limits, identity)
        self._buildx = buildx
        engine = features.version_of(version)
        self._buildkit = buildkit or (features.buildkit_of_engine(engine) if engine else features.NEWEST)
        self._front_ends: dict[str, bool] = {}

    def _environment(self) -> dict[str, str]:
        return os.environ | {
            "DOCKER_BUILDKIT": "1",
            "DOCKER_CLI_HINTS": "false",
            # Attestations are no part of what a person builds to run, and change what is saved.
            "BUILDX_NO_DEFAULT_ATTESTATIONS": "1",
            "NO_COLOR": "1",
        }

    def lacks(self, dockerfile: Dockerfile) -> str | None:
        """What of a Dockerfile this engine does not know, or None."""
        known = features.dockerfile_of_buildkit(self._buildkit)
        image = features.front_end(dockerfile)
        if image is not None:
            if not self._has_front_end(image):
                named = f"its Dockerfile names a front end (# syntax={image})"
                return f"{named} that the engine would have to fetch, and cannot"
            known = features.front_end_version(image)
        return features.unknown_to_dockerfile(dockerfile, known) or features.not_granted(dockerfile)

    def _has_front_end(self, image: str) -> bool:
        """Whether a front end is there or can be fetched: BuildKit keeps it where nobody can look, so it is tried."""
        if image not in self._front_ends:
            self._begin()
            folder = Path(tempfile.mkdtemp(prefix="front-end-", dir=self._folder))
            (folder / "Dockerfile").write_text(f"# syntax={image}\nFROM scratch\nLABEL {LABEL}={self.identity}\n")
            done = self._client.attempt([*self._build_words(), "--progress=plain", str(folder)], FRONT_END_SECONDS)
            missing = "resolve image config for" in text_of(done.stderr) and done.exit_code != 0
            self._front_ends[image] = done.exit_code is not None and not missing
        return self._front_ends[image]

    def _build_words(self) -> list[str]:
        return ["buildx", "build", "--load"] if self._buildx else ["build"]

    def _build_command(self, request: BuildRequest, tag: str, folder: Path) -> list[str]:
        options = build_options(request, tag, folder, self.identity)
        return [*self._build_words(), "--progress=plain", *options, context_of(request, folder)]

    def _save_command(self, image: str, target: Path) -> list[str]:
        return ["save", "--output", str(target), image]

    def _stop_programs_of_builds(self) -> None:
        """The daemon cancels a build whose client is gone, RUN and all."""

    def _read_failure(self, log: str, dockerfile: Dockerfile | None) -> Failure:
        return buildkit_log.read_failure(log, dockerfile)

    def _current_step(self, log: str, dockerfile: Dockerfile | None) -> tuple[str, int | None]:
        return buildkit_log.current_step(log, dockerfile)
