"""Shell scripts of the build context that a command runs: by path, by the search path, by a shell or with `.`."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from dataclasses import dataclass, replace

from rewriter.model.files import StageFiles
from rewriter.model.run import SHELLS, Step, script_steps
from rewriter.model.state import DEFAULT_PATH, State
from rewriter.shell import Opaque
from rewriter.userland.slim_calls import Call, calls

_LARGEST = 1_000_000
"""Bytes of a script that is read."""
_DEEPEST = 4


@dataclass(frozen=True, slots=True)
class ContextScript:
    """A script that was read: its absolute path in the image, its file of the context, its commands."""

    path: str
    origin: str
    steps: tuple[Step, ...]


def context_scripts(step: Step, files: StageFiles, state: State) -> tuple[ContextScript, ...]:
    """The scripts that a command runs, and those that they run, each once. One that cannot be read is left out."""
    found: dict[str, ContextScript] = {}
    todo = [(step, 0)]
    while todo:
        caller, depth = todo.pop()
        for path in _paths(caller, state):
            script = _read(path, caller, files, state) if path not in found else None
            if script is not None:
                found[path] = script
                todo += [(inner, depth + 1) for inner in script.steps if depth < _DEEPEST]
    return tuple(found.values())


def _paths(step: Step, state: State) -> Iterator[str]:
    for call in calls(step):
        if not isinstance(call, Call) or call.asked or not call.argv or call.argv[0] is None:
            continue
        word: str | None = call.argv[0]
        if call.name in SHELLS:
            options = [option for option in call.argv[1:] if option and option.startswith("-")]
            operands = [operand for operand in call.argv[1:] if operand is None or operand[:1] not in ("-", "+")]
            word = operands[0] if operands and not any(option.endswith("c") for option in options) else None
        elif word in (".", "source"):
            word = call.argv[1] if len(call.argv) > 1 else None
        elif word is not None and "/" not in word:
            folders = (state.env.get("PATH") or DEFAULT_PATH).split(":")
            yield from (posixpath.join(folder, word) for folder in folders if folder.startswith("/"))
            continue
        path = step.absolute(word) if word is not None else None
        if path is not None:
            yield path


def _read(path: str, step: Step, files: StageFiles, state: State) -> ContextScript | None:
    origin = files.origin(path)
    if origin is None or files.context is None or files.context.kind(origin) != "file":
        return None
    data = files.context.read(origin, _LARGEST)
    if data is None or b"\0" in data[:1024]:
        return None
    text = data.decode("utf-8", "surrogateescape")
    first = text.partition("\n")[0].strip()
    words = [posixpath.basename(word) for word in first[2:].split()] if first.startswith("#!") else ["sh"]
    words = words[1:] if words[:1] == ["env"] else words
    if not words or words[0] not in SHELLS:
        return None
    inner = script_steps(text, step.instruction, replace(state, workdir=step.cwd))
    return None if isinstance(inner, Opaque) else ContextScript(path, origin, inner)
