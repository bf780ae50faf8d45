"""Reads an edited RUN again, and tells in what it is not what was meant."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rewriter.edit import Edit, splice
from rewriter.model.run import script_logical
from rewriter.shell import Command, Opaque, parse_shell
from rewriter.syntax import DockerfileError, Instruction, parse_alone

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rewriter.userland.run_words import RunWords
    from rewriter.userland.words import Words


@dataclass(frozen=True, slots=True)
class Expected:
    """What a command is to be afterwards: its words (several commands where it becomes several), and all else."""

    words: tuple[tuple[str, ...], ...]
    assignments: tuple[str, ...]
    redirects: tuple[tuple[str, str], ...]
    conditional: bool
    depth: int

    @classmethod
    def of(cls, command: Command, words: Words | None) -> Expected:
        """From a command and the replacements of its words; without any, the command as it stands."""
        left = words.assignments_out if words is not None else []
        return cls(
            tuple(words.promise()) if words is not None else (tuple(word.raw for word in command.words),),
            tuple(word.raw for word in command.assignments if word not in left),
            tuple((r.operator, r.target.raw if r.target is not None else "") for r in command.redirects),
            command.conditional,
            len(command.subshell),
        )


def differs(run: RunWords, edits: tuple[Edit, ...], expected: Sequence[Expected]) -> str | None:
    """What is wrong with the edited instruction, or None."""
    before = run.instruction
    local = [Edit(edit.start - before.start, edit.end - before.start, edit.text) for edit in edits]
    if any(edit.start <= 0 or edit.end > len(before.text) for edit in local):
        return "an edit leaves it"
    text = splice(before.text, local)
    after = _read(text, before.escape)
    if after is None:
        return "it does not parse"
    logical = script_logical(after)
    script = parse_shell(logical.text) if not isinstance(logical, Opaque) else logical
    if isinstance(script, Opaque):
        return script.reason
    found = [Expected.of(command, None) for command in script.commands]
    meant = [single for item in expected for single in _singles(item)]
    if meant != found:
        odd = next((pair for pair in zip(meant, found, strict=False) if pair[0] != pair[1]), None)
        return f"`{' '.join(odd[1].words[0])}` was not meant" if odd else "there are more or fewer commands"
    lost = Counter(_comments(before.text)) - Counter(_comments(text))
    return "a comment is lost" if lost else None


def _singles(item: Expected) -> list[Expected]:
    if len(item.words) == 1:
        return [item]
    return [Expected((words,), item.assignments if not i else (), item.redirects if i == len(item.words) - 1 else (),
                     item.conditional, item.depth) for i, words in enumerate(item.words)]  # fmt: skip


def _read(text: str, escape: str) -> Instruction | None:
    try:
        instructions = parse_alone(text, escape)
    except DockerfileError:
        return None
    return instructions[0] if len(instructions) == 1 else None


def _comments(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.lstrip().startswith("#")]
