"""One reading of a Dockerfile in the words of the package `dockerfile`, so that ours and theirs compare as they are."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable
from typing import NamedTuple

from rewriter.syntax import Dockerfile, DockerfileError, Instruction, parse

_LISTS = frozenset({"FROM", "EXPOSE", "COPY", "ADD", "VOLUME"})


class Command(NamedTuple):
    """One instruction. ``original`` is the joined line, with the heredocs behind it."""

    keyword: str
    trigger: str
    """The keyword behind ONBUILD."""
    json: bool
    original: str
    start: int
    end: int
    flags: tuple[str, ...]
    value: tuple[str, ...]
    heredocs: tuple[tuple[str, str], ...]
    """Name and body, tabs and all."""


class Rejected(NamedTuple):
    """The text is no Dockerfile; their answer names no line."""

    reason: str
    line: int = 0


Reading = tuple[Command, ...] | Rejected


def our_reading(text: str) -> Reading:
    """What our reader makes of a text."""
    try:
        return commands(parse(text))
    except DockerfileError as error:
        return Rejected(error.reason, error.line)


def commands(dockerfile: Dockerfile) -> tuple[Command, ...]:
    """Our tree in their words."""
    newlines = [match.start() for match in re.finditer("\n", dockerfile.text)]

    def line(offset: int) -> int:
        return bisect_left(newlines, offset) + 1

    return tuple(_command(instruction, line) for instruction in dockerfile.instructions)


def _command(instruction: Instruction, line: Callable[[int], int]) -> Command:
    source, trigger = instruction.source, None
    if instruction.name == "ONBUILD":
        trigger = instruction.trigger
    holder = trigger or instruction
    # The package gives the flags of the outer instruction only, and no heredocs behind ONBUILD.
    heredocs = () if trigger else tuple((h.name, source[h.body.start : h.body.end]) for h in instruction.heredocs)
    return Command(
        instruction.keyword,
        trigger.keyword if trigger else "",
        _json(holder),
        instruction.logical.text + "".join(["\n", *(f"{body}{name}\n" for name, body in heredocs)] if heredocs else []),
        line(instruction.start),
        line(max(instruction.start, instruction.end - 1)),
        _flags(instruction),
        _value(holder),
        heredocs,
    )


def _flags(instruction: Instruction) -> tuple[str, ...]:
    return tuple(f"--{flag.name}" + ("" if flag.value is None else f"={flag.value}") for flag in instruction.flags)


def _json(instruction: Instruction) -> bool:
    if instruction.name == "HEALTHCHECK":
        return instruction.trigger is not None and instruction.trigger.json is not None
    return instruction.json is not None


def _value(instruction: Instruction) -> tuple[str, ...]:
    if instruction.name == "HEALTHCHECK":
        inner = instruction.trigger
        return () if inner is None else (inner.keyword, *_value(inner))
    if instruction.json is not None:
        return tuple(string.value for string in instruction.json)
    if instruction.name in _LISTS:
        return instruction.operands
    if instruction.name in ("ENV", "LABEL"):
        return tuple(part for pair in instruction.pairs for part in (pair.key, pair.value or ""))
    if instruction.name == "ARG":
        return tuple(pair.key if pair.value is None else f"{pair.key}={pair.value}" for pair in instruction.pairs)
    return (instruction.args,) if instruction.args else ()
