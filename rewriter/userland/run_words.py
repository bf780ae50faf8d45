"""What is known while one RUN is carried over: what it has installed so far, what it relies on, what is not certain."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rewriter.transform import Certainty, Evidence

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rewriter.model.run import Step
    from rewriter.model.state import State
    from rewriter.shell import Command, Script
    from rewriter.syntax import Instruction, Logical
    from rewriter.userland.carried import AlpineTarget

TABLE = "package table of 2026-11-23"


class RunWords:
    """Collects, command by command."""

    def __init__(
        self,
        instruction: Instruction,
        state: State,
        steps: tuple[Step, ...],
        target: AlpineTarget,
        logical: Logical,
        script: Script,
    ) -> None:
        self.instruction = instruction
        self.state = state
        self.steps = steps
        self.target = target
        self.logical = logical
        self.script = script
        self.cached = False
        """True when a cache mount keeps what apk downloads."""
        self.autoremoves = any(
            step.name in ("apt-get", "apt", "yum", "dnf", "sudo")
            and any(word in ("autoremove", "auto-remove", "autopurge") for word in step.argv[1:])
            for step in steps
        )
        self.owners: dict[str, set[str]] = {}
        """By Alpine package: for which packages of the RUN it is installed."""
        self.packages: dict[str, None] = {}
        self.removed: dict[str, None] = {}
        self.wants: dict[str, str] = {}
        self.users: dict[str, str] = {}
        self.groups: dict[str, str] = {}
        """Accounts made here, each with its number ("" = the next free one)."""
        self.group_words: dict[str, str] = {}
        """The groups among them, as they are written."""
        self.evidence: dict[Evidence, None] = {}

    def line(self, command: Command) -> int:
        """The line of the file in which a command starts."""
        at = self.logical.offset(command.start)
        return self.instruction.line + self.instruction.source.count("\n", self.instruction.start, at)

    def assume(self, fact: str, command: Command) -> None:
        """Something that the files could not show."""
        self.evidence[Evidence(fact, f"line {self.line(command)}", Certainty.ASSUMED)] = None

    def package(self, fact: str, certainty: str) -> None:
        """What stands for a package."""
        self.evidence[Evidence(fact, TABLE, Certainty.READ if certainty == "read" else Certainty.ASSUMED)] = None

    def want(self, package: str, reason: str, command: Command) -> None:
        """A package that has to be there before this RUN, unless it installs it itself in time."""
        if package not in self.target.has and package not in self.owners:
            self.wants.setdefault(package, f"line {self.line(command)} {reason}")

    def install(self, names: Iterable[str], owner: str, command: Command) -> None:
        """Alpine packages that are installed for a package."""
        for name in names:
            self.owners.setdefault(name, set()).add(owner)
            if not command.conditional:
                self.packages[name] = None
                self.removed.pop(name, None)

    def delete(self, names: Iterable[str], owner: str) -> list[str]:
        """Those of a package's names that nothing else of this RUN asked for: they are deleted again."""
        gone = []
        for name in names:
            owners = self.owners.get(name)
            if owners is None:
                continue
            owners.discard(owner)
            if not owners and name not in self.target.has:
                gone.append(name)
                del self.owners[name]
                self.packages.pop(name, None)
                self.removed[name] = None
        return gone
