"""What BuildKit rejects once the lines are joined: unknown instructions and flags, wrong numbers of arguments.

Read from BuildKit at 73ed6825 (2026-08-21). A file that fails here cannot be built, so it is reported with line and
reason and never rewritten.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from rewriter.syntax.heredoc import opener_of
from rewriter.syntax.tree import Dockerfile, DockerfileError, Instruction
from rewriter.syntax.words import WordError

if TYPE_CHECKING:
    from collections.abc import Callable

_BOOLEAN = frozenset({"link", "parents", "keep-git-dir", "unpack"})
_REPEATABLE = frozenset({"mount", "device", "exclude"})
_COPY_FLAGS = frozenset({"chown", "chmod", "link", "exclude"})
FLAGS: dict[str, frozenset[str]] = {
    "FROM": frozenset({"platform"}),
    "RUN": frozenset({"mount", "network", "security", "device"}),
    "COPY": _COPY_FLAGS | {"from", "parents"},
    "ADD": _COPY_FLAGS | {"keep-git-dir", "checksum", "unpack"},
    "HEALTHCHECK": frozenset({"interval", "timeout", "start-period", "start-interval", "retries"}),
}
_CHOICES = {"network": frozenset({"default", "none", "host"}), "security": frozenset({"insecure", "sandbox"})}
_DURATIONS = frozenset({"interval", "timeout", "start-period", "start-interval"})
_DURATION = re.compile(r"([-+]?)(?:0|((?:(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:ns|us|µs|μs|ms|s|m|h))+))\Z")
_PART = re.compile(r"([0-9.]+)(ns|us|µs|μs|ms|s|m|h)")
_MILLISECONDS = {"ns": 1e-6, "us": 1e-3, "µs": 1e-3, "μs": 1e-3, "ms": 1.0, "s": 1e3, "m": 6e4, "h": 3.6e6}
_COUNT = re.compile(r"\+?[0-9]{1,10}\Z|-0+\Z")
_STAGE_NAME = re.compile(r"[a-z][a-z0-9-_.]*\Z")
_RESERVED_STAGES = frozenset({"context", "scratch"})


def validate(dockerfile: Dockerfile) -> None:
    """Raises DockerfileError for the first instruction that BuildKit would reject."""
    instructions = dockerfile.instructions
    if not instructions:
        raise DockerfileError(1, "file with no instructions")
    seen_from = False
    for instruction in instructions:
        check = _CHECKS.get(instruction.name)
        if check is None:
            raise DockerfileError(instruction.line, f"unknown instruction {instruction.keyword[:40]!r}")
        try:
            if instruction.flags:
                _check_flags(instruction)
            check(instruction)
        except WordError as error:
            raise DockerfileError(instruction.line, f"{instruction.name}: {error}") from None
        if instruction.name == "FROM":
            seen_from = True
        elif not seen_from and instruction.name != "ARG":
            raise DockerfileError(instruction.line, f"no build stage yet: {instruction.name} before FROM")
    if not seen_from:
        raise DockerfileError(instructions[-1].line, "no build stage: the file has no FROM")


def _check_flags(instruction: Instruction) -> None:
    known = FLAGS.get(instruction.name, frozenset())
    seen: set[str] = set()
    for flag in instruction.flags:
        if flag.name not in known:
            raise WordError(f"unknown flag --{flag.name}")
        if flag.name in seen and flag.name not in _REPEATABLE:
            raise WordError(f"duplicate flag --{flag.name}")
        seen.add(flag.name)
        if flag.name in _BOOLEAN:
            if flag.value is not None and flag.value.lower() not in ("true", "false"):
                raise WordError(f"expecting boolean value for flag --{flag.name}, not {flag.value!r}")
        elif flag.value is None:
            raise WordError(f"missing a value on flag --{flag.name}")
        else:
            _check_value(flag.name, flag.value)


def _check_value(name: str, value: str) -> None:
    if name in _CHOICES and value not in _CHOICES[name]:
        raise WordError(f"invalid value {value!r} for flag --{name}")
    if name in _DURATIONS and value and not _is_duration(value):
        raise WordError(f"invalid duration {value!r} for flag --{name}")
    if name == "retries" and value and not (_COUNT.match(value) and int(value) < 2**31):
        raise WordError(f"invalid number {value!r} for flag --{name}")


def _is_duration(value: str) -> bool:
    """A duration as Go writes it, none or a millisecond at least."""
    match = _DURATION.match(value)
    if match is None:
        return False
    total = sum(float(number) * _MILLISECONDS[unit] for number, unit in _PART.findall(match.group(2) or ""))
    return total == 0 or (total >= 1 and match.group(1) != "-")


def _from(instruction: Instruction) -> None:
    words = [word.text for word in instruction.words]
    if len(words) == 1:
        return
    if len(words) != 3 or words[1].upper() != "AS":
        raise WordError("requires either one argument, or three: FROM <source> [AS <name>]")
    name = words[2].lower()
    if not _STAGE_NAME.match(name):
        raise WordError(f"invalid name for build stage {words[2]!r}: must start with a letter, then a-z 0-9 - _ .")
    if name in _RESERVED_STAGES:
        raise WordError(f"{name!r} is reserved and cannot be the name of a stage")


def _copy(instruction: Instruction) -> None:
    if len(instruction.operands) < 2:
        raise WordError("requires at least two arguments, but only one was provided: no destination")
    if "<<" in instruction.operands[-1] and opener_of(instruction.operands[-1]) is not None:
        raise WordError("cannot accept a heredoc as destination")


def _some(instruction: Instruction) -> None:
    if not instruction.has_args:
        raise WordError("requires at least one argument")
    _form(instruction)


def _form(instruction: Instruction) -> None:
    if instruction.is_array:
        _ = instruction.json  # raises for an array of anything but strings


def _one(instruction: Instruction) -> None:
    if not instruction.has_args:
        raise WordError("requires exactly one argument")


def _pairs(instruction: Instruction) -> None:
    _ = instruction.pairs


def _volume(instruction: Instruction) -> None:
    if not instruction.operands:
        raise WordError("requires at least one argument")
    if any(not operand.strip() for operand in instruction.operands):
        raise WordError("specified can not be an empty string")


def _shell(instruction: Instruction) -> None:
    if not instruction.json:
        raise WordError("requires the arguments to be in JSON form")


def _healthcheck(instruction: Instruction) -> None:
    inner = instruction.trigger
    if inner is None:
        raise WordError("requires at least one argument")
    if inner.name == "NONE":
        if inner.has_args:
            raise WordError("NONE takes no arguments")
    elif inner.name != "CMD":
        raise WordError(f"unknown type {inner.keyword!r}: must be CMD or NONE")
    elif not inner.has_args or (inner.is_array and inner.json == ()):
        raise WordError("missing command after HEALTHCHECK CMD")
    else:
        _form(inner)


def _onbuild(instruction: Instruction) -> None:
    inner = instruction.trigger
    if inner is None:
        raise WordError("requires at least one argument")
    if inner.name in ("ONBUILD", "FROM", "MAINTAINER"):
        raise WordError(f"{inner.name} isn't allowed as an ONBUILD trigger")
    check = _CHECKS.get(inner.name)
    if check is None:
        raise WordError(f"unknown instruction {inner.keyword[:40]!r}")
    if inner.flags:
        _check_flags(inner)
    check(inner)


_CHECKS: dict[str, Callable[[Instruction], None]] = {
    "ADD": _copy,
    "ARG": _pairs,
    "CMD": _form,
    "COPY": _copy,
    "ENTRYPOINT": _form,
    "ENV": _pairs,
    "EXPOSE": _some,
    "FROM": _from,
    "HEALTHCHECK": _healthcheck,
    "LABEL": _pairs,
    "MAINTAINER": _one,
    "ONBUILD": _onbuild,
    "RUN": _some,
    "SHELL": _shell,
    "STOPSIGNAL": _one,
    "USER": _one,
    "VOLUME": _volume,
    "WORKDIR": _one,
}
