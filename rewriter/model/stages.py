"""The stages of a Dockerfile, their graph, and the state at every point of them."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

from rewriter.limits import MOST_INSTRUCTIONS, MOST_STAGES, MOST_TEXT
from rewriter.model.expansion import ExpansionError, Variables, expand, expand_all
from rewriter.model.image_ref import ImageRef, parse_image
from rewriter.model.state import PREDEFINED_ARGS, State
from rewriter.syntax import DockerfileError

if TYPE_CHECKING:
    from rewriter.syntax import Dockerfile, Instruction

BaseState = Callable[[ImageRef], State]
"""What a base image brings with it; a State whose ``base_known`` is False when that is not known."""


def unknown_base(_: ImageRef) -> State:
    """A base image of which nothing is known."""
    return State(workdir=None, user=None, base_known=False)


class Stage:
    """One FROM and what follows it up to the next."""

    def __init__(self, model: Model, index: int, from_: Instruction, instructions: tuple[Instruction, ...]) -> None:
        self.model = model
        self.index = index
        self.from_ = from_
        self.instructions = instructions
        words = [word.text for word in from_.words]
        self.image_word = words[0]
        self.written_name = words[2] if len(words) == 3 else None
        self.name = words[2].lower() if len(words) == 3 else None

    def __repr__(self) -> str:
        return f"<Stage {self.index} {self.name or ''} FROM {self.image_word}>"

    @cached_property
    def image_text(self) -> str | None:
        """The image reference after expansion with the global arguments, or None when it is unknown."""
        try:
            values = Variables(self.model.global_args)
            return expand(self.image_word, values, self.from_.escape).value
        except ExpansionError:
            return None

    @cached_property
    def parent(self) -> Stage | None:
        """The earlier stage that it is built from."""
        if self.image_text is None:
            return None
        # BuildKit looks the written name up among lower-cased ones.
        return self.model.named(self.image_text, self.index)

    @cached_property
    def image(self) -> ImageRef | None:
        """The base image, or None for a stage built from another one or an unknown reference."""
        if self.image_text is None or self.parent is not None:
            return None
        return parse_image(self.image_text)

    @cached_property
    def root(self) -> Stage:
        """The first stage of its chain of parents: the one with the base image."""
        return self.lineage[0]

    @property
    def lineage(self) -> tuple[Stage, ...]:
        """Its chain of parents, oldest first, itself last."""
        chain = [self]
        while chain[-1].parent is not None:
            chain.append(chain[-1].parent)
        return tuple(reversed(chain))

    @cached_property
    def states(self) -> tuple[State, ...]:
        """The state before each instruction, and last the one at the stage's end."""
        waiting = []
        ancestor = self.parent
        while ancestor is not None and "states" not in ancestor.__dict__:
            waiting.append(ancestor)
            ancestor = ancestor.parent
        for ancestor in reversed(waiting):
            _ = ancestor.states  # oldest first, so that a long chain needs no deep recursion
        if self.parent is not None:
            state = replace(self.parent.states[-1], cmd_inherited=True)
        elif self.image is not None:
            state = self.model.base_state(self.image)
        else:
            state = State(workdir=None)
        states = [state]
        for instruction in self.instructions:
            state = state.after(instruction, self.model.build_args, self.model.global_args)
            states.append(state)
        return tuple(states)

    @property
    def final_state(self) -> State:
        """The state at the stage's end."""
        return self.states[-1]

    def state_at(self, instruction: Instruction) -> State:
        """The state before an instruction of this stage."""
        return self.states[self._positions[id(instruction)]]

    @cached_property
    def _positions(self) -> dict[int, int]:
        return {id(instruction): position for position, instruction in enumerate(self.instructions)}

    def numbered(self) -> Iterator[tuple[Instruction, State]]:
        """Each instruction with the state before it."""
        return zip(self.instructions, self.states, strict=False)

    @cached_property
    def sources(self) -> tuple[Stage, ...]:
        """Stages that it copies or mounts from."""
        found = []
        for instruction in self.instructions:
            for name in _from_names(instruction):
                stage = self.model.find(name, self.index)
                if stage is not None:
                    found.append(stage)
        return tuple(found)


def _from_names(instruction: Instruction) -> Iterator[str]:
    if instruction.name == "COPY":
        name = instruction.flag("from")
        if name:
            yield name
    for flag in instruction.flags:
        if flag.name == "mount" and flag.value:
            for part in flag.value.split(","):
                key, _, value = part.partition("=")
                if key.strip().lower() == "from":
                    yield value


class Model:
    """What a Dockerfile means, read lazily from its tree."""

    def __init__(
        self,
        dockerfile: Dockerfile,
        build_args: Mapping[str, str] | None = None,
        target: str | None = None,
        base_state: BaseState = unknown_base,
    ) -> None:
        """Raises DockerfileError for a file that is too large to be planned on (see ``rewriter.limits``)."""
        _check_size(dockerfile.instructions)
        self.dockerfile = dockerfile
        self.build_args = build_args or {}
        self.target = target
        self.base_state = base_state

    @cached_property
    def _split(self) -> tuple[tuple[Instruction, ...], tuple[Stage, ...]]:
        instructions = self.dockerfile.instructions
        starts = [i for i, instruction in enumerate(instructions) if instruction.name == "FROM"]
        ends = [*starts[1:], len(instructions)]
        stages = tuple(
            Stage(self, index, instructions[start], instructions[start + 1 : end])
            for index, (start, end) in enumerate(zip(starts, ends, strict=True))
        )
        return instructions[: starts[0]], stages

    @property
    def global_instructions(self) -> tuple[Instruction, ...]:
        """The ARG instructions before the first FROM."""
        return self._split[0]

    @property
    def stages(self) -> tuple[Stage, ...]:
        """All stages in order."""
        return self._split[1]

    @cached_property
    def global_args(self) -> dict[str, str | None]:
        """Arguments that FROM sees; None where the builder decides."""
        values: dict[str, str | None] = dict.fromkeys(PREDEFINED_ARGS)
        for instruction in self.global_instructions:
            pairs = instruction.pairs
            # One by one: each default sees the arguments before it.
            defaults = expand_all((pair.value or "" for pair in pairs), Variables(values), instruction.escape)
            for pair, default in zip(pairs, defaults, strict=True):
                values[pair.key] = self.build_args.get(pair.key, default if pair.value is not None else None)
        return values

    @cached_property
    def final(self) -> Stage:
        """The stage that a build makes: the target, else the last one."""
        wanted = self.find(self.target, len(self.stages)) if self.target else None
        return wanted or self.stages[-1]

    def find(self, name: str, before: int) -> Stage | None:
        """The stage that ``COPY --from=name`` means in the stage with index ``before``."""
        stage = self.named(name.lower(), before)
        if stage is not None:
            return stage
        number = int(name) if name.isascii() and name.isdecimal() and len(name) < 10 else before
        return self.stages[number] if number < before else None

    def named(self, name: str, before: int) -> Stage | None:
        """The latest stage of that (lower-case) name among those with an index below ``before``."""
        indexes = self._names.get(name, [])
        at = bisect_left(indexes, before)
        return self.stages[indexes[at - 1]] if at else None

    @cached_property
    def _names(self) -> dict[str, list[int]]:
        names: dict[str, list[int]] = {}
        for stage in self.stages:
            if stage.name is not None:
                names.setdefault(stage.name, []).append(stage.index)
        return names

    def needed(self) -> frozenset[int]:
        """Indexes of the stages that a build of the final one builds; BuildKit skips the others."""
        seen: set[int] = set()
        todo = [self.final]
        while todo:
            stage = todo.pop()
            if stage.index not in seen:
                seen.add(stage.index)
                todo.extend(stage.sources)
                if stage.parent is not None:
                    todo.append(stage.parent)
        return frozenset(seen)

    def stage_of(self, instruction: Instruction) -> Stage | None:
        """The stage that holds an instruction; None before the first FROM."""
        return self._homes.get(id(instruction))

    @cached_property
    def _homes(self) -> dict[int, Stage]:
        return {id(i): stage for stage in self.stages for i in (stage.from_, *stage.instructions)}


def _check_size(instructions: tuple[Instruction, ...]) -> None:
    stages = [instruction for instruction in instructions if instruction.name == "FROM"]
    for parts, most, name in ((instructions, MOST_INSTRUCTIONS, "instructions"), (stages, MOST_STAGES, "stages")):
        if len(parts) > most:
            raise DockerfileError(parts[most].line, f"there are more than {most:,} {name}, and dfrewrite stops there")
    text = 0
    for instruction in instructions:
        text += instruction.end - instruction.start
        if text > MOST_TEXT:
            reason = f"the instructions hold more than {MOST_TEXT:,} characters, and dfrewrite stops there"
            raise DockerfileError(instruction.line, reason)
