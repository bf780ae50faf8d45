"""What a transform yields, and how its level follows from its evidence."""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rewriter.edit import Edit
from rewriter.syntax.logical import Span

if TYPE_CHECKING:
    from rewriter.situation import Situation


class Level(enum.IntEnum):
    """How far a change can be trusted; computed from evidence, never set by hand."""

    SAFE = 1
    REVIEW = 2
    RISKY = 3

    def __str__(self) -> str:
        return self.name.lower()


class Certainty(enum.IntEnum):
    """How a fact is known."""

    READ = 1
    """It was read: in the Dockerfile, the build context or the catalogue."""
    ASSUMED = 2
    """The files could not show it; a person should look."""
    CONTRACT = 3
    """True, but the change alters what users of the image may rely on."""


_LEVELS = {Certainty.READ: Level.SAFE, Certainty.ASSUMED: Level.REVIEW, Certainty.CONTRACT: Level.RISKY}


@dataclass(frozen=True, slots=True)
class Evidence:
    """A fact, where it was read (``line 4``, ``go.mod``, a catalogue's date), and how certain it is."""

    fact: str
    where: str
    certainty: Certainty = Certainty.READ


def level_of(evidence: Iterable[Evidence]) -> Level:
    """The level that the weakest piece of evidence allows."""
    return _LEVELS[max((item.certainty for item in evidence), default=Certainty.READ)]


class Phase(enum.IntEnum):
    """The coarse order of transforms; within a phase the file name decides."""

    IMAGE = 1
    """Which image: a successor, a JRE."""
    BASE = 2
    """Which variant of it: alpine, slim."""
    STAGES = 3
    COPIES = 4


@dataclass(frozen=True, slots=True)
class Change:
    """One rewrite that makes sense as a whole: its edits, one sentence why, and what it relies on."""

    edits: tuple[Edit, ...]
    why: str
    evidence: tuple[Evidence, ...]
    anchor: int
    """File offset of the instruction that it is about: pragmas there speak for it."""
    announced: frozenset[str] = frozenset()
    """Differences of the image's configuration that it means to make, and that a proof lets pass: an instruction
    (``HEALTHCHECK``), ``ENV NAME`` or ``LABEL NAME``."""

    @property
    def level(self) -> Level:
        """Computed from the evidence."""
        return level_of(self.evidence)

    @property
    def doubts(self) -> tuple[str, ...]:
        """The facts that were not read, for the sentence beside the hunk."""
        return tuple(item.fact for item in self.evidence if item.certainty is not Certainty.READ)


@dataclass(frozen=True, slots=True)
class Declined:
    """A change not made: where (file offset) and why not, in one sentence."""

    anchor: int
    why: str


@dataclass(frozen=True, slots=True)
class Finding:
    """The Dockerfile is already wrong or weak there, whatever is rewritten."""

    anchor: int
    message: str


Outcome = Change | Declined | Finding
Plan = Callable[["Situation"], Iterable[Outcome]]


@dataclass(frozen=True, slots=True)
class Transform:
    """One file of ``transforms/``: its name, its page (the docstring), when it runs, and what it does."""

    name: str
    page: str
    phase: Phase
    default: bool
    plan: Plan

    @property
    def summary(self) -> str:
        """The first line of the page: commit subject and bullet of a pull request."""
        return self.page.strip().splitlines()[0]


__all__ = [
    "Certainty",
    "Change",
    "Declined",
    "Edit",
    "Evidence",
    "Finding",
    "Level",
    "Outcome",
    "Phase",
    "Plan",
    "Span",
    "Transform",
    "level_of",
]
