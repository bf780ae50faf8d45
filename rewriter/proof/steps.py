"""Which line of a Dockerfile a builder's step stands for: the steps that builders print are counted, not named."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rewriter.source import decode
from rewriter.syntax import Dockerfile, DockerfileError, Instruction, tile

# BuildKit counts what makes a layer or a folder; buildah counts everything.
COUNTED_BY_BUILDKIT = frozenset({"FROM", "RUN", "COPY", "ADD", "WORKDIR"})
_QUOTING = re.compile(r"[\s\\]+")


def tree_of(text: bytes) -> Dockerfile | None:
    """The Dockerfile that a builder was given; None for what is none."""
    try:
        return tile(decode(text))
    except DockerfileError:
        return None


def stages(dockerfile: Dockerfile) -> list[list[Instruction]]:
    """The instructions of each stage, its FROM first."""
    found: list[list[Instruction]] = []
    for instruction in dockerfile.instructions:
        if instruction.name == "FROM":
            found.append([instruction])
        elif found:
            found[-1].append(instruction)
    return found


def stage_of(name: str, dockerfile: Dockerfile) -> list[Instruction] | None:
    """The stage that BuildKit calls ``name``: its own name, or ``stage-1`` for a second without one; else None."""
    all_stages = stages(dockerfile)
    for index, stage in enumerate(all_stages):
        words = [word.text for word in stage[0].words]
        own = words[2].lower() if len(words) == 3 else f"stage-{index}"
        if own == name.lower():
            return stage
    return all_stages[0] if not name and len(all_stages) == 1 else None


def counted(steps: Sequence[Instruction], number: int, total: int) -> Instruction | None:
    """The step of that number, if the steps are as many as the builder says; triggers of a base image add to them."""
    return steps[number - 1] if len(steps) == total and 0 < number <= total else None


def spelled(text: str, dockerfile: Dockerfile) -> Instruction | None:
    """The one instruction that reads so, blanks and line continuations aside; None when there are several, or none."""
    wanted = _plain(text)
    found = [instruction for instruction in dockerfile.instructions if _plain(instruction.logical.text) == wanted]
    return found[0] if len(found) == 1 else None


def _plain(text: str) -> str:
    keyword, _, rest = text.strip().partition(" ")
    return _QUOTING.sub("", f"{keyword.upper()} {rest}")
