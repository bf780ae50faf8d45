"""What the repository around a Dockerfile says of its stages and its command (compose, bake and CI files)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Who relies on what; each with the place that says so (``docker-compose.yml``)."""

    targets: Mapping[str, str] = field(default_factory=dict)
    """Stage names (lower case) that are built as targets, and where."""
    commands: tuple[tuple[tuple[str, ...], str], ...] = ()
    """Commands or entry points that replace the image's own, as words, and where."""
    mounts: tuple[tuple[str, str], ...] = ()
    """Container paths that a folder of the repository is mounted over, and where."""

    health: tuple[tuple[tuple[str, ...], str], ...] = ()
    """Commands that check the health of a container in its image, as words, and where."""

    def builder_of(self, name: str | None, index: int) -> str | None:
        """The place that builds a stage as its target, by name or number (``*``: a name that is not readable)."""
        by_name = (self.targets.get(name) or self.targets.get("*")) if name else None
        return by_name or self.targets.get(str(index))
