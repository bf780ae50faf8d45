"""What a proof came to: the verdict, each difference with its evidence, and the measured sizes."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class Verdict(enum.Enum):
    """The five ends of a proof."""

    PROVEN = "proven"
    """Both build, and the new image does what the old one did, as far as the proof looked."""
    REPAIRED = "repaired"
    """The original builds but does not start; the new one starts."""
    DIFFERS = "differs"
    """The new image does not build, or does something else; the differences say what."""
    BASELINE_BROKEN = "baseline-broken"
    """The original does not build, so there is nothing to compare with."""
    NOT_RUN = "not-run"
    """No proof could be had; the reason says why."""

    @property
    def holds(self) -> bool:
        """True when the rewrite may be written."""
        return self in (Verdict.PROVEN, Verdict.REPAIRED)


class Kind(enum.Enum):
    """Where a difference was seen."""

    BUILD = "build"
    CONFIGURATION = "configuration"
    FILES = "files"
    START = "start"
    OUTPUT = "output"
    PORTS = "ports"
    HEALTH = "health"
    HTTP = "http"
    STOP = "stop"
    SMOKE = "smoke"


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that the new image does otherwise.

    ``what`` is one sentence that names the cause as far as it is known (``/app needs libc.so.6, which is not there``),
    ``subject`` the path, port, variable or field that it is about, ``evidence`` a few raw lines that show it.
    """

    kind: Kind
    what: str
    subject: str = ""
    evidence: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Measured:
    """One image, measured; sizes in bytes, times in seconds."""

    uncompressed: int
    """The sum of the layers' tar sizes, which is what an engine reports."""
    compressed: int | None
    """The sum of the layers, each gzipped at level 6: about what a registry stores and a pull transfers; None when it
    was not asked for."""
    layers: int
    build_seconds: float
    """The build as it was asked for, with whatever the engine had in its cache."""
    warm_seconds: float | None = None
    """The same build again, all of it from the cache; None when it was not measured."""


@dataclass(frozen=True, slots=True)
class Proof:
    """The verdict on one pair of Dockerfiles."""

    verdict: Verdict
    reason: str = ""
    """One sentence: why it was not run, what is broken, or the first difference."""
    differences: tuple[Difference, ...] = ()
    before: Measured | None = None
    after: Measured | None = None
    seen: tuple[str, ...] = ()
    """What was compared and found equal, for the reader of a report (``port 8080 answers GET / with 200``)."""
    not_seen: tuple[str, ...] = ()
    """What the proof could not look at, and why: a proof says what it does not cover."""
    engine: str = ""
    """Name and version of the engine."""
    log: str = ""
    """The end of the log of a build that failed, else empty."""


__all__ = ["Difference", "Kind", "Measured", "Proof", "Verdict"]
