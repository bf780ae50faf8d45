"""A RUN of Debian, Ubuntu or Red Hat in Alpine's words: edited in place, word by word, or refused with the word.

What is written is read again and compared with what was meant before it is handed out.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING

from rewriter.model.run import script_logical
from rewriter.shell import Command, Opaque, parse_shell
from rewriter.userland.carried import AlpineTarget, Carried, Refusal, Refused
from rewriter.userland.dropping import Dropper, Unit, shown
from rewriter.userland.layout import Layout
from rewriter.userland.run_words import RunWords
from rewriter.userland.translate import Verdict, foreign, translate
from rewriter.userland.verified import Expected, differs
from rewriter.userland.words import Words

if TYPE_CHECKING:
    from rewriter.edit import Edit
    from rewriter.model.run import Step
    from rewriter.model.state import State
    from rewriter.syntax import Instruction

__all__ = ["AlpineTarget", "Carried", "Refused", "carry_run"]

_FEEDERS = frozenset({"echo", "printf", "yes", "cat"})
_NEVER_FAIL = frozenset({"echo", "printf", "true", ":"})
_TRIVIAL = frozenset({"true", ":", "exit"})


def carry_run(
    instruction: Instruction, state: State, steps: tuple[Step, ...], target: AlpineTarget, cached: bool = False
) -> Carried | Refused | None:
    """A RUN in Alpine's words; None when nothing in it belongs to Debian or Red Hat.

    `steps` are those of `rewriter.model.run.steps`. `cached`: a cache mount of it keeps what apk downloads.
    """
    if instruction.json is not None:
        odd = next((step for step in steps if foreign(step)), None)
        if odd is None:
            return None
        return Refused(f"line {instruction.line}: `{odd.name}` stands in a JSON form")
    logical = script_logical(instruction)
    if isinstance(logical, Opaque):
        return Refused(f"line {instruction.line}: {logical.reason}")
    script = parse_shell(logical.text)
    if isinstance(script, Opaque):
        return Refused(f"line {instruction.line}: {script.reason}")
    run = RunWords(instruction, state, steps, target, logical, script)
    run.cached = cached
    return _Carry(run).result()


class _Carry:
    """The commands of one RUN with what becomes of each."""

    def __init__(self, run: RunWords) -> None:
        self.run = run
        self.layout = Layout(run.instruction, run.logical)
        self.words: dict[int, Words] = {}
        self.dropped: set[int] = set()
        self.handled: set[int] = set()
        self.at: Command | None = None
        self._within: dict[int, list[Command]] = {}
        """By start of a unit: the commands in its substitutions."""

    def result(self) -> Carried | Refused | None:
        run = self.run
        try:
            self._translate()
            if not self.handled:
                return None
            return self._edited()
        except Refusal as refusal:
            line = run.line(self.at) if self.at is not None else run.instruction.line
            return Refused(f"line {line}: {refusal}")

    def _translate(self) -> None:
        commands = self.run.script.commands
        if len(commands) != len(self.run.steps):
            raise Refusal("its commands and its steps are not the same")
        for index, (command, step) in enumerate(zip(commands, self.run.steps, strict=True)):
            self.at = command
            words = Words(step, command)
            verdict = translate(self.run, words)
            if verdict is Verdict.KEPT:
                continue
            if command.substitution:
                raise Refusal(f"`{shown(command)}` stands in a substitution")
            self.handled.add(command.start)
            if verdict is Verdict.DROPPED:
                self.dropped.add(index)
            elif verdict is Verdict.CHANGED:
                self.words[index] = words
        self.at = None

    def _units(self) -> list[tuple[Unit, list[int]]]:
        """The pipelines, with the places of their commands."""
        units: list[tuple[Unit, list[int]]] = []
        for index, command in enumerate(self.run.script.commands):
            if command.substitution:
                if units:
                    self._within.setdefault(units[-1][0].start, []).append(command)
                continue
            if units and command.operator in ("|", "|&"):
                unit, places = units[-1]
                units[-1] = (Unit(unit.start, command.end, (*unit.commands, command)), [*places, index])
            else:
                units.append((Unit(command.start, command.end, (command,)), [index]))
        return units

    def _edited(self) -> Carried | Refused:
        units = self._units()
        gone = [self._whole(unit, places) for unit, places in units if self.dropped.intersection(places)]
        if self._nothing_left(units):
            return self._all_gone()
        trivial = {u.start: u for u, _ in units if len(u.commands) == 1 and u.commands[0].name in _TRIVIAL}
        sure = self._sure(units)
        dropper = Dropper(self.layout, gone, trivial, sure, strict=self._strict())
        dropper.run()
        self._edit_words()
        expected = [Expected.of(c, self.words.get(index)) for index, c in self._outside([*gone, *dropper.also])]
        edits = self.layout.edits()
        promised = tuple(words for item in expected for words in item.words)
        why = differs(self.run, edits, expected)
        if why is not None:
            return Refused(f"line {self.run.instruction.line}: its commands could not be rewritten soundly ({why})")
        for at in dropper.decides:
            self._decides(at, sure)
        return self._carried(edits=edits, promised=promised)

    def _outside(self, units: list[Unit]) -> list[tuple[int, Command]]:
        """The commands that do not stand in one of the units, with their places."""
        ordered = sorted(units, key=lambda unit: unit.start)
        starts = [unit.start for unit in ordered]
        return [
            (index, command)
            for index, command in enumerate(self.run.script.commands)
            if not (at := bisect_right(starts, command.start)) or command.end > ordered[at - 1].end
        ]

    def _all_gone(self) -> Carried | Refused:
        """Nothing remains; a comment would go with it."""
        run = self.run
        source = run.instruction.source
        for start, end in run.instruction.comments:
            return Refused(f"line {run.instruction.line}: nothing of it remains but `{source[start:end].strip()}`")
        return self._carried(drops=True)

    def _whole(self, unit: Unit, places: list[int]) -> Unit:
        """A unit of which a command goes: all of them have to."""
        self.at = unit.commands[-1]
        last = places[-1]
        inner = next((c for c in self._within.get(unit.start, ()) if c.start < unit.end), None)
        if inner is not None:
            raise Refusal(f"`{shown(inner)}` runs within `{shown(unit.commands[-1])}`, which Alpine does not have")
        for index, command in zip(places, unit.commands, strict=True):
            feeds = command.name in _FEEDERS and last in self.dropped and not command.redirects
            if index not in self.dropped and not feeds:
                raise Refusal(f"`{shown(command)}` stands in a pipe with what Alpine does not have")
            self.dropped.add(index)
            self.handled.add(command.start)
        self.at = None
        return unit

    def _nothing_left(self, units: list[tuple[Unit, list[int]]]) -> bool:
        """True when all that is left are settings of the shell."""
        commands = self.run.script.commands
        left = [command for index, command in enumerate(commands) if index not in self.dropped]
        between, at = "", 0
        for unit, _ in units:
            between += self.run.script.text[at : unit.start]
            at = unit.end
        plain = not (between + self.run.script.text[at:]).strip(" \t\n\\;&|")
        return plain and all(command.name in ("set", "true", ":") and not command.redirects for command in left)

    def _edit_words(self) -> None:
        for index, words in self.words.items():
            self.at = words.command
            assert index not in self.dropped
            run_out: list[int] = []
            for place, (slot, word) in enumerate(zip(words.slots, words.all, strict=True)):
                if slot:
                    self._cut(words, run_out)
                    run_out = []
                    self.layout.replace(word, " ".join(slot))
                else:
                    if run_out and not self._adjacent(words, run_out[-1], place):
                        self._cut(words, run_out)
                        run_out = []
                    run_out.append(place)
            self._cut(words, run_out)
            for word in words.assignments_out:
                self.layout.cut_ahead(word.start, word.end)
        self.at = None

    def _adjacent(self, words: Words, before: int, place: int) -> bool:
        """False where a redirect or a line's end stands between two words."""
        start, end = words.all[before], words.all[place]
        return self.layout.blanks_before(end.start) == start.end and self.layout.one_line(start.start, end.end)

    def _cut(self, words: Words, places: list[int]) -> None:
        if places and places[0] == 0:
            self.layout.cut_ahead(words.all[0].start, words.all[places[-1]].end)
        elif places:
            self.layout.cut_words([words.all[place] for place in places])

    def _decides(self, at: int, sure: set[int]) -> None:
        """A command whose failure was hidden by a clean-up behind it."""
        kept = [c for index, c in enumerate(self.run.script.commands) if index not in self.dropped and c.end <= at]
        if not kept or at in sure:
            return
        last = kept[-1]
        alone = last.end == at and last.operator in ("", ";", "\n") and not last.conditional and not last.subshell
        if not (alone and self._strict()):
            self.run.assume(f"`{shown(last)}` now decides whether the instruction succeeds", last)

    def _sure(self, units: list[tuple[Unit, list[int]]]) -> set[int]:
        """Where lists end of which every command is translated, taken out, or never fails."""
        ends: set[int] = set()
        before: Unit | None = None
        for unit, _ in units:
            ours = all(c.start in self.handled or c.name in _NEVER_FAIL for c in unit.commands)
            ours = ours and not self.run.script.text[: unit.start].rstrip().endswith("!")
            first = unit.commands[0]
            chained = before is not None and first.operator in ("&&", "||")
            if ours and (not chained or (before is not None and before.end in ends)):
                ends.add(unit.end)
            before = unit
        return ends

    def _strict(self) -> bool:
        """True when the shell ends at the first failure: `set -e`, or an option of SHELL."""
        options = [word for word in self.run.state.shell[1:] if word.startswith("-")]
        for command in self.run.script.commands:
            if command.name == "set":
                options += [word.raw for word in command.words[1:]]
        return any("e" in word.partition("=")[0] for word in options if word.startswith("-") and word[1:2] != "-") or (
            "errexit" in options
        )

    def _carried(
        self, edits: tuple[Edit, ...] = (), promised: tuple[tuple[str, ...], ...] = (), drops: bool = False
    ) -> Carried:
        run = self.run
        return Carried(
            edits,
            promised,
            frozenset(self.handled),
            tuple(run.packages),
            tuple(run.removed),
            tuple(run.evidence),
            drops,
            dict(run.wants),
            frozenset(run.users),
            frozenset(run.groups),
        )
