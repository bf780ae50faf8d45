"""What a stage needs of an Alpine userland, and what is known to be there: the words that the planners share."""

from __future__ import annotations

from dataclasses import dataclass, field

from rewriter.model.run import Step


@dataclass(slots=True)
class Needs:
    """Packages with the reason for each, and vetoes."""

    packages: dict[str, str] = field(default_factory=dict)
    vetoes: list[str] = field(default_factory=list)

    def want(self, package: str, reason: str) -> None:
        """Adds a package once; the first reason stays."""
        self.packages.setdefault(package, reason)


@dataclass(frozen=True, slots=True)
class Known:
    """What is known to be on the image, whatever its commands say."""

    own: frozenset[str] = frozenset()
    """Programs of the image itself, and of what it installs."""
    handled: frozenset[tuple[int, int]] = frozenset()
    """Commands that are carried over already: (start of the instruction, start of the command in its text)."""
    installed: frozenset[str] = frozenset()
    """Alpine packages."""
    users: frozenset[str] = frozenset()
    family: str = "debian"
    """Of the image that the commands were written for: debian, ubuntu or rhel."""

    def handles(self, step: Step) -> bool:
        """True for a command that is carried over already."""
        return step.command is not None and (step.instruction.start, step.command.start) in self.handled


NOTHING_KNOWN = Known()
