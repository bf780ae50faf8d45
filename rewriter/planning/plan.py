"""The plan of one split, and the draft in which it comes together."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from rewriter.ecosystems.artefacts import Artefact, BuilderLine, Production
from rewriter.ecosystems.ecosystem import Ecosystem
from rewriter.ecosystems.reads import RuntimeFiles
from rewriter.ecosystems.runtime_base import Builder, RuntimeBase
from rewriter.model.launch import Launch
from rewriter.model.stages import Stage
from rewriter.planning.role_types import Roles
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
class Start:
    """A start command that is written anew: where it stands, and its new text."""

    instruction: Instruction
    text: str


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
    builder_lines: tuple[BuilderLine, ...]
    """What is put into the builder."""
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
    start: Start | None
    announced: frozenset[str]
    """Differences of the image's configuration that it means to make; see `Change.announced`."""
    why: str
    evidence: tuple[Evidence, ...]
    findings: tuple[Finding, ...]


def suffix(stage: Stage, moved: Iterable[Instruction]) -> list[Instruction]:
    """The moved instructions that end the file and can stay where they are."""
    ids = set(map(id, moved))
    found: list[Instruction] = []
    for instruction in reversed(stage.instructions):
        if id(instruction) not in ids:
            break
        found.insert(0, instruction)
    return found


def stays_in_place(stage: Stage, moved: Iterable[Instruction], instruction: Instruction) -> bool:
    """True for an instruction that no text is carried past."""
    return any(each is instruction for each in suffix(stage, moved))


@dataclass(slots=True)
class Draft:
    """What is known of the stage, and what is collected on the way to a plan."""

    situation: Situation
    stage: Stage
    language: Ecosystem
    launch: Launch
    builder: Builder
    artefacts: tuple[Artefact, ...] = ()
    """The programs that are carried."""
    sources: tuple[str, ...] = ()
    """Folders of the image that hold sources."""
    start: Start | None = None
    """The start command, where it is written anew."""
    lines: list[BuilderLine] = field(default_factory=list)
    """What is put into the builder, beside the lines of ``production``."""
    production: Production | None = None
    """For an interpreted language: what is carried and how it comes to lie there."""
    roles: Roles = field(default_factory=Roles)
    reads: RuntimeFiles = field(default_factory=RuntimeFiles)
    copies: list[CopyFrom] = field(default_factory=list)
    evidence: list[Evidence] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    @property
    def started_names(self) -> frozenset[str]:
        """Base names of programs that the runtime receives with the dependencies of an interpreted application."""
        return self.production.programs if self.production is not None else frozenset()

    def doubt(self, fact: str, where: str) -> None:
        """Adds something that the files could not show."""
        self.evidence.append(Evidence(fact, where, Certainty.ASSUMED))

    def carry(self, source: str, target: str) -> None:
        """Adds a COPY --from once."""
        copy = CopyFrom(source, target)
        if copy not in self.copies:
            self.copies.append(copy)
