"""The plan of one split, and the draft in which it comes together."""

from __future__ import annotations

from dataclasses import dataclass, field

from rewriter.ecosystems.go import Artefact, GoStage
from rewriter.model.stages import Stage
from rewriter.planning.launch import Launch
from rewriter.planning.role_types import Roles
from rewriter.planning.runtime_base import Builder, RuntimeBase
from rewriter.planning.runtime_paths import RuntimeFiles
from rewriter.situation import Situation
from rewriter.syntax import Instruction
from rewriter.transform import Certainty, Evidence, Finding

CONFIGURATION = frozenset({"EXPOSE", "LABEL", "MAINTAINER", "STOPSIGNAL", "HEALTHCHECK", "CMD", "ENTRYPOINT", "VOLUME"})
"""Instructions that say nothing to a build: they move to the runtime wherever they stand."""


@dataclass(frozen=True, slots=True)
class CopyFrom:
    """One COPY --from line: absolute paths, and the owner when the stage gave the path to somebody."""

    source: str
    target: str
    chown: str = ""


@dataclass(frozen=True, slots=True)
class SplitPlan:
    """Everything one split needs; ``render_split`` turns it into edits."""

    stage: Stage
    builder: Builder
    builder_name: str
    runtime: RuntimeBase
    runtime_name: str | None
    platform: str | None
    packages: tuple[str, ...]
    environment: tuple[str, ...]
    """ARG and ENV lines of the runtime, as they are written there."""
    first: tuple[str, ...]
    """RUN lines that shape the running system before WORKDIR: users and their homes."""
    shaping: tuple[str, ...]
    """The others."""
    shell: str | None
    copies: tuple[CopyFrom, ...]
    workdir: str | None
    workdir_is_users: bool
    """WORKDIR stands behind USER, so that its folder is that user's."""
    user: str | None
    moved: tuple[Instruction, ...]
    why: str
    evidence: tuple[Evidence, ...]
    findings: tuple[Finding, ...]


@dataclass(slots=True)
class Draft:
    """What is known of the stage, and what is collected on the way to a plan."""

    situation: Situation
    stage: Stage
    go: GoStage
    launch: Launch
    builder: Builder
    artefacts: tuple[Artefact, ...] = ()
    """The programs that are carried."""
    sources: tuple[str, ...] = ()
    """Folders of the image that hold sources."""
    roles: Roles = field(default_factory=Roles)
    reads: RuntimeFiles = field(default_factory=RuntimeFiles)
    copies: list[CopyFrom] = field(default_factory=list)
    evidence: list[Evidence] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    def doubt(self, fact: str, where: str) -> None:
        """Adds something that the files could not show."""
        self.evidence.append(Evidence(fact, where, Certainty.ASSUMED))

    def carry(self, source: str, target: str) -> None:
        """Adds a COPY --from once."""
        copy = CopyFrom(source, target)
        if copy not in self.copies:
            self.copies.append(copy)
