"""What a Dockerfile itself asks of its image, told apart from what its base image brings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rewriter.model.stages import Model
    from rewriter.model.state import State
    from rewriter.syntax import Instruction


@dataclass(frozen=True, slots=True)
class Asked:
    """What the final stage and those that it is built from set. An empty one says nothing of the Dockerfile."""

    env: frozenset[str] = frozenset()
    """Names of variables."""
    path_folders: tuple[str, ...] = ()
    """Folders that ENV PATH adds, in order; those whose names are only known in a build are left out."""
    labels: frozenset[str] = frozenset()
    instructions: frozenset[str] = frozenset()
    """Names of the instructions in it that configure: EXPOSE, VOLUME, USER, WORKDIR, ENTRYPOINT, CMD …"""
    layers: int = 0
    """Layers that the Dockerfile puts on top of its base image, at most."""
    known: bool = True
    """False when an ENV or LABEL has a name that only a build knows: then any may be the file's own."""
    allowed: frozenset[str] = frozenset()
    """Differences that the rewrite announced: an instruction (``HEALTHCHECK``), or ``ENV NAME`` and ``LABEL NAME``."""

    def sets_variable(self, name: str) -> bool:
        """True when the Dockerfile sets it."""
        return name in self.env

    def allows(self, what: str) -> bool:
        """True when the rewrite announced that difference."""
        return what in self.allowed


_CONFIGURES = frozenset(
    {"EXPOSE", "VOLUME", "USER", "WORKDIR", "ENTRYPOINT", "CMD", "HEALTHCHECK", "STOPSIGNAL", "SHELL", "ONBUILD"}
)
_MAKES_A_LAYER = frozenset({"RUN", "COPY", "ADD", "WORKDIR"})


def asked_of(model: Model) -> Asked:
    """What the Dockerfile of a model sets for the image that it builds."""
    env: set[str] = set()
    labels: set[str] = set()
    folders: dict[str, None] = {}
    names: set[str] = set()
    known, layers = True, 0
    for instruction, state in _instructions(model):
        if instruction.name in _CONFIGURES:
            names.add(instruction.name)
        layers += instruction.name in _MAKES_A_LAYER
        if instruction.name not in ("ENV", "LABEL"):
            continue
        for pair in instruction.pairs:
            key = state.expand(pair.key, instruction.escape)
            if key is None:
                known = False
                continue
            (env if instruction.name == "ENV" else labels).add(key)
            if key == "PATH" and instruction.name == "ENV":
                folders |= dict.fromkeys(_folders(pair.value or "", state, instruction.escape))
    return Asked(frozenset(env), tuple(folders), frozenset(labels), frozenset(names), layers, known)


def _instructions(model: Model) -> Iterator[tuple[Instruction, State]]:
    for stage in model.final.lineage:
        yield from stage.numbered()


def _folders(value: str, state: State, escape: str) -> Iterator[str]:
    """The folders of a PATH's value that are written out; ``$PATH`` and what is not known are passed over."""
    for part in value.split(":"):
        if part.strip("\"'") in ("$PATH", "${PATH}"):
            continue
        folder = state.expand(part.strip("\"'"), escape)
        if folder is not None and folder.startswith("/") and ":" not in folder:
            yield folder
