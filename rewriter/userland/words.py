"""The words of one command, and what is written in the place of each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rewriter.userland.carried import Refusal
from rewriter.userland.cleaning import VARIABLES

if TYPE_CHECKING:
    from rewriter.model.run import Step
    from rewriter.shell import Command, ShellWord

AND = "&&"
"""Among replacements: ends one command and begins another."""


class Words:
    """A command's words with their values, from its program's name on (`exec`, `env A=b`, `sudo -E` skipped)."""

    def __init__(self, step: Step, command: Command) -> None:
        self.step = step
        self.command = command
        self.all = command.words
        self.values: tuple[str | None, ...] = (*(w.value() for w in self._wrapping(step)), *step.argv)
        self.slots: list[list[str]] = [[word.raw] for word in self.all]
        self.first = len(self.all) - len(step.argv)
        self.assignments_out: list[ShellWord] = []
        """Assignments before the name that are taken out."""
        self.sudo = False
        if self.first < len(self.all) and step.name == "sudo":
            self.sudo = True
            self.first += 1
            while self.first < len(self.all) and self._belongs_to_sudo(self.first):
                self.first += 1

    def _belongs_to_sudo(self, place: int) -> bool:
        """An option of sudo without value, or a setting of debconf, which goes."""
        raw = self.all[place].raw
        if raw.partition("=")[0] in VARIABLES:
            self.put(place)
            return True
        return raw in ("-E", "-n", "-H", "-S", "--")

    def _wrapping(self, step: Step) -> tuple[ShellWord, ...]:
        return self.all[: len(self.all) - len(step.argv)]

    @property
    def name(self) -> str:
        """Base name of the program, empty when it is not written out."""
        value = self.values[self.first] if self.first < len(self.all) else None
        return value.rpartition("/")[2] if value else ""

    @property
    def arguments(self) -> list[tuple[int, str]]:
        """(place, value) of each word behind the name. Raises Refusal for one that only run time knows."""
        return [(place, self.known(place)) for place in range(self.first + 1, len(self.all))]

    def known(self, place: int) -> str:
        """The value of a word. Raises Refusal."""
        value = self.values[place]
        if value is None:
            raise Refusal(f"`{self.all[place].raw}` of `{self.name}` is only known at run time")
        return value

    def put(self, place: int, *raws: str) -> None:
        """What is written instead of a word; nothing takes it out."""
        self.slots[place] = list(raws)

    def room_for_two(self, shown: str) -> None:
        """Raises Refusal where a command cannot become two: behind ``||``, in a pipe, with redirects or a wrapper."""
        if self.command.operator in ("||", "|") or self.command.redirects or self.first:
            raise Refusal(f"`{shown}` would become two commands where there is room for one")

    def drop_settings(self) -> None:
        """Takes out `DEBIAN_FRONTEND=noninteractive` before a command."""
        self.assignments_out = [w for w in self.command.assignments if w.raw.partition("=")[0] in VARIABLES]
        wrapping = self._wrapping(self.step)
        if wrapping and wrapping[0].raw == "env" and all(w.raw.partition("=")[0] in VARIABLES for w in wrapping[1:]):
            for place in range(len(wrapping)):
                self.put(place)

    @property
    def changed(self) -> bool:
        """True when any word is written otherwise."""
        return any(slot != [word.raw] for slot, word in zip(self.slots, self.all, strict=True))

    def promise(self) -> list[tuple[str, ...]]:
        """The raw words of the command, or commands, that stand there afterwards."""
        commands: list[list[str]] = [[]]
        for raw in (raw for slot in self.slots for raw in slot):
            if raw == AND:
                commands.append([])
            else:
                commands[-1].append(raw)
        return [tuple(command) for command in commands]
