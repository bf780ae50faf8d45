"""The outcome of sorting a stage's RUN commands into build time and run time."""

from __future__ import annotations

from dataclasses import dataclass, field

from rewriter.model.run import Run, Step
from rewriter.syntax import Instruction


@dataclass(slots=True)
class Roles:
    """What the RUN instructions of a stage mean for run time."""

    shaping: list[tuple[Run, tuple[Step, ...]]] = field(default_factory=list)
    """RUN instructions with the commands that shape the running system, to be repeated there."""
    users: list[Step] = field(default_factory=list)
    """The commands among them that create users and groups."""
    produced: list[tuple[str, Instruction]] = field(default_factory=list)
    """Absolute paths outside the sources that the stage puts there for run time."""
    made: dict[str, str] = field(default_factory=dict)
    """Absolute paths among the sources that a RUN makes, with the line: run time may read them."""
    removed: list[str] = field(default_factory=list)
    """Paths that a RUN takes away: what the context brought there is no longer there."""
    owned: list[str] = field(default_factory=list)
    """Paths among the sources that a RUN gives to somebody: run time uses them."""
    owners: list[tuple[str, Step]] = field(default_factory=list)
    """Names and numbers that chown gives paths to, root left out."""
    modes: list[tuple[str, Step]] = field(default_factory=list)
    """Folders whose mode a chmod sets."""
    packages: dict[str, str] = field(default_factory=dict)
    """Packages that the author installed and that may matter at run time, with their line."""
    recommends: bool = False
    """True when some of these were installed with what they recommend."""
    libraries: dict[str, str] = field(default_factory=dict)
    """Run-time packages of the libraries that were installed to be linked against, with the reason."""
    linked: list[str] = field(default_factory=list)
    """The packages that these were found for."""
    refused: list[str] = field(default_factory=list)
    """What cannot be told: one reason each."""
    system: tuple[str, str] = ("", "")
    """The distribution that the stage stands on (debian, alpine), and its suite or release."""
    started: frozenset[str] = frozenset()
    """Programs that the start command uses: packages of these names are for run time."""
