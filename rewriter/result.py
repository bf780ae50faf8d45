"""What a rewrite came to: the only thing that reports and sinks see."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from rewriter.source import line_of
from rewriter.transform import Change, Declined, Finding, Transform


@dataclass(frozen=True, slots=True)
class ChangeId:
    """Names a change over several runs of the chain on one text: its transform, and the line that it is about.

    Two changes of one transform about one line share a name, and are left out or kept together.
    """

    transform: str
    line: int
    """1-based, in the original text."""


@dataclass(frozen=True, slots=True)
class Withheld:
    """A change that was planned but not made: above the level asked for, silenced by a pragma, or not proven."""

    transform: str
    change: Change
    reason: str


@dataclass(frozen=True, slots=True)
class Step:
    """One transform's outcome on one text; ``before == after`` when it changed nothing."""

    transform: Transform
    before: str
    after: str
    changes: tuple[Change, ...] = ()
    declined: tuple[Declined, ...] = ()
    withheld: tuple[Withheld, ...] = ()
    lines: Mapping[int, int] = field(default_factory=dict)
    """Lines of the original text for offsets of ``before``."""

    def line(self, offset: int) -> int:
        """1-based line of the original text that an offset of the text before this step came from."""
        return self.lines.get(offset) or line_of(self.before, offset)


@dataclass(frozen=True, slots=True)
class LocatedFinding:
    """A finding with its line in the original text."""

    line: int
    message: str
    transform: str = field(default="", compare=False)
    """Who found it; empty for what is said of a pragma. Two that find the same have found one thing."""


@dataclass(frozen=True, slots=True)
class BaseSize:
    """The size of a base image in megabytes (10^6 bytes, uncompressed), and the range in which it lies."""

    likely: float
    low: float
    high: float

    @property
    def estimate(self) -> bool:
        """True when it was not measured for this very image, and is to be shown as "about"."""
        return self.low != self.high


@dataclass(frozen=True, slots=True)
class Forecast:
    """Sizes of the base images before and after; None where nothing is known. Artefacts are not counted.

    Where a split leaves the builder behind, the base before is the builder's: what it built on top goes with it.
    """

    before: BaseSize | None
    after: BaseSize | None

    @property
    def estimate(self) -> bool:
        """True when one of the figures is an estimate."""
        return any(size is not None and size.estimate for size in (self.before, self.after))


@dataclass(frozen=True, slots=True)
class Result:
    """Everything about one Dockerfile."""

    before: str
    after: str
    steps: tuple[Step, ...] = ()
    findings: tuple[LocatedFinding, ...] = ()
    forecast: Forecast | None = None
    unsound: tuple[str, ...] = ()
    """Faults of ours: changes that were thrown away because a check failed."""
    ignored: str = ""
    """Why the whole file was left alone by its own wish (``ignore-file``), else empty."""

    @property
    def changed(self) -> bool:
        """True when the text after differs from the text before."""
        return self.before != self.after

    @property
    def changes(self) -> tuple[tuple[Transform, Change], ...]:
        """All changes made, in order."""
        return tuple((step.transform, change) for step in self.steps for change in step.changes)

    @property
    def change_ids(self) -> dict[ChangeId, Change]:
        """The changes made, in order, each under its name."""
        return {
            ChangeId(step.transform.name, step.line(change.anchor)): change
            for step in self.steps
            for change in step.changes
        }

    @property
    def announced(self) -> frozenset[str]:
        """Differences of the image's configuration that the changes mean to make."""
        return frozenset().union(*(change.announced for _, change in self.changes))

    def withdrawn(self, reason: str) -> Result:
        """This result with nothing done: every change is withheld for that reason."""
        steps = tuple(
            replace(
                step,
                after=step.before,
                changes=(),
                withheld=(*step.withheld, *(Withheld(step.transform.name, change, reason) for change in step.changes)),
            )
            for step in self.steps
        )
        return replace(self, after=self.before, steps=steps, forecast=None)


__all__ = ["BaseSize", "ChangeId", "Finding", "Forecast", "LocatedFinding", "Result", "Step", "Withheld"]
