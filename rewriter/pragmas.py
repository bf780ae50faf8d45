"""``# dfrewrite: ignore[=NAME,…] [reason]`` and ``# dfrewrite: ignore-file [reason]``.

Above a FROM it speaks for the stage, above another instruction for that one, ``ignore-file`` anywhere for the file.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rewriter.syntax import Instruction, Trivia

if TYPE_CHECKING:
    from rewriter.edit import Edit
    from rewriter.model.stages import Model

_NAME = "dfrewrite"
_LOOKS_LIKE = re.compile(r"#\s*dfrewrite\s*:")
_PRAGMA = re.compile(r"#\s*dfrewrite:\s*(ignore-file|ignore)(?:=([\w,\s-]*?))?(?:\s+(.*))?\Z")


@dataclass(frozen=True, slots=True)
class Pragma:
    """One pragma: the span that it speaks for, the transforms that it silences (empty: all)."""

    start: int
    end: int
    names: frozenset[str]
    line: int

    def silences(self, name: str, edits: tuple[Edit, ...], anchor: int) -> bool:
        """True when a change of that transform touches what the pragma protects."""
        if self.names and name not in self.names:
            return False
        return self.start <= anchor < self.end or any(
            max(edit.start, self.start) < min(edit.end, self.end) or self.start < edit.start < self.end
            for edit in edits
        )


def ignored_file(model: Model) -> str | None:
    """The reason of an ``ignore-file`` pragma ("" when it gives none), or None."""
    if _NAME not in model.dockerfile.text:
        return None
    for node in model.dockerfile.nodes:
        match = _match(model, node) if isinstance(node, Trivia) and node.kind == "comment" else None
        if match and match.group(1) == "ignore-file":
            return (match.group(3) or "").strip()
    return None


def pragmas(model: Model) -> tuple[Pragma, ...]:
    """All ``ignore`` pragmas with what they speak for."""
    text = model.dockerfile.text
    if _NAME not in text:
        return ()
    found: list[Pragma] = []
    waiting: list[re.Match[str]] = []
    line, position = 1, 0
    for node in model.dockerfile.nodes:
        if isinstance(node, Instruction):
            if waiting:
                line, position = line + text.count("\n", position, node.start), node.start
                found += [Pragma(node.start, _end(model, node), _names(match), line) for match in waiting]
                waiting = []
        elif node.kind == "comment":
            match = _match(model, node)
            if match and match.group(1) == "ignore":
                waiting.append(match)
        elif node.kind == "blank":
            waiting = []
    return tuple(found)


def odd_pragmas(model: Model) -> tuple[tuple[int, str], ...]:
    """(line, what is odd) of comments that look like pragmas and say nothing: they must not be ignored in silence."""
    text = model.dockerfile.text
    if _NAME not in text:
        return ()
    known = {id(node) for node in _speaking(model)}
    found = []
    line, position = 1, 0
    for node in model.dockerfile.nodes:
        if isinstance(node, Trivia) and node.kind == "comment" and id(node) not in known:
            comment = text[node.start : node.end].strip()
            if _LOOKS_LIKE.match(comment):
                why = "speaks for nothing: no instruction follows it" if _PRAGMA.match(comment) else "is no pragma"
                line, position = line + text.count("\n", position, node.start), node.start
                found.append((line, f"{comment!r} {why}"))
    return tuple(found)


def _speaking(model: Model) -> list[Trivia]:
    """The pragma comments that an instruction follows, and those for the file."""
    speaking: list[Trivia] = []
    waiting: list[Trivia] = []
    for node in model.dockerfile.nodes:
        if isinstance(node, Instruction):
            speaking += waiting
            waiting = []
        elif node.kind == "blank":
            waiting = []
        elif node.kind == "comment" and (match := _match(model, node)):
            (speaking if match.group(1) == "ignore-file" else waiting).append(node)
    return speaking


def _match(model: Model, node: Trivia) -> re.Match[str] | None:
    return _PRAGMA.match(model.dockerfile.text[node.start : node.end].strip())


def _end(model: Model, instruction: Instruction) -> int:
    """Where what a pragma above an instruction speaks for ends."""
    stage = model.stage_of(instruction)
    if instruction.name == "FROM" and stage is not None and stage.instructions:
        return stage.instructions[-1].end
    return instruction.end


def _names(match: re.Match[str]) -> frozenset[str]:
    return frozenset(name.strip() for name in (match.group(2) or "").split(",") if name.strip())
