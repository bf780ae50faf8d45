"""What a container of the image starts: ENTRYPOINT and CMD joined, scripts of the context looked into."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from dataclasses import dataclass, replace

from rewriter.model.files import StageFiles
from rewriter.model.run import SHELLS, Step, script_steps, steps
from rewriter.model.stages import Stage
from rewriter.model.state import State
from rewriter.shell import Opaque
from rewriter.syntax import Instruction

WRAPPERS = frozenset({"tini", "dumb-init", "su-exec", "gosu"})
_BUILTINS = frozenset(
    ": . [ [[ break case cd continue echo eval exec exit export false getopts hash kill local printf pwd read "
    "return set shift source test trap true type ulimit umask unset wait".split()
)


@dataclass(frozen=True, slots=True)
class Script:
    """An entry script of the build context."""

    path: str
    """Absolute path in the image."""
    origin: str
    """Path in the context."""
    interpreter: str
    """Base name of what its first line names: sh, bash …"""
    steps: tuple[Step, ...]
    text: str = ""


@dataclass(frozen=True, slots=True)
class Launch:
    """The start command: the instruction that decides it and the commands that run."""

    instruction: Instruction
    steps: tuple[Step, ...]
    shell: bool
    """True when a shell is needed to start it."""
    scripts: tuple[Script, ...] = ()
    wrappers: frozenset[str] = frozenset()
    """Programs like tini and su-exec that only start another one; they are looked through."""

    @property
    def all_steps(self) -> Iterator[Step]:
        """The commands of the start command and of its scripts."""
        yield from self.steps
        for script in self.scripts:
            yield from script.steps


def launch_of(stage: Stage, files: StageFiles) -> Launch | str:
    """What a stage's image starts, or why that cannot be told (one clause)."""
    state = stage.final_state
    instruction = state.entrypoint or state.cmd
    if instruction is None:
        return "it has neither ENTRYPOINT nor CMD: nothing says what the image is for"
    started = _started(state, instruction)
    if isinstance(started, Opaque):
        return f"{started.reason} (line {instruction.line})"
    if not started:
        return f"{instruction.name} on line {instruction.line} starts nothing"
    program = started[0].argv[0] if instruction.json is not None and started[0].argv else None
    if program and " " in program:
        return f"{instruction.name} on line {instruction.line} is one word with spaces, and no program: {program!r}"
    scripts: list[Script] = []
    wrappers: set[str] = set()
    unwrapped = tuple(_unwrapped(step, wrappers) for step in started)
    for step in unwrapped:
        script = _script(step, state, files)
        if isinstance(script, str):
            return script
        if script is not None:
            scripts.append(script)
    shell = instruction.json is None or any(step.command is not None for step in started)
    seen = tuple(replace(s, steps=tuple(_unwrapped(step, wrappers) for step in s.steps)) for s in scripts)
    return Launch(instruction, unwrapped, shell, seen, frozenset(wrappers))


def _unwrapped(step: Step, wrappers: set[str]) -> Step:
    """The command behind an init (``tini -- app``) or a change of user (``su-exec user app``)."""
    argv = step.argv
    while argv and argv[0] is not None and posixpath.basename(argv[0]) in WRAPPERS:
        name = posixpath.basename(argv[0])
        rest = argv[1:]
        while rest and rest[0] is not None and rest[0].startswith("-"):
            rest = rest[1:]
        rest = rest[1:] if name in ("su-exec", "gosu") else rest
        if not rest:
            break
        wrappers.add(name)
        argv = rest
    return replace(step, argv=argv)


def _started(state: State, instruction: Instruction) -> tuple[Step, ...] | Opaque:
    found = steps(instruction, state)
    if isinstance(found, Opaque) or instruction.name != "ENTRYPOINT" or instruction.json is None:
        return found
    if state.cmd is None or state.cmd.json is None or not found:
        return found
    # An exec-form CMD gives further arguments to an exec-form ENTRYPOINT.
    if found[0].command is None:
        arguments = tuple(string.value for string in state.cmd.json)
        return (Step((*found[0].argv, *arguments), found[0].cwd, found[0].variables, instruction),)
    return found


def _script(step: Step, state: State, files: StageFiles) -> Script | str | None:
    """The script that a command runs; a reason when it cannot be seen; None when it runs none."""
    argv = step.argv
    if step.name in SHELLS and len(argv) > 1 and argv[1] is not None and not argv[1].startswith("-"):
        argv = argv[1:]
        by_shell = True
    else:
        by_shell = False
    name = argv[0] if argv else None
    if name is None:
        return None
    if "/" not in name and not by_shell:
        found = _on_path(name, state, files)
        if found is None and name.endswith(".sh") and _copied_as(name, files):
            return f"the script {name!r} that it starts is not in the build context"
        if found is None:
            return None
        name = found
    path = step.absolute(name)
    origin = files.origin(path) if path is not None else None
    if path is None or origin is None:
        if by_shell or name.endswith(".sh"):
            return f"the script {name!r} that it starts is not in the build context"
        return None
    data = files.context.read(origin) if files.context is not None else None
    if data is None or b"\0" in data[:1024]:
        return None
    text = data.decode("utf-8", "surrogateescape")
    first = text.partition("\n")[0].strip()
    words = first[2:].split() if first.startswith("#!") else []
    interpreter = posixpath.basename(words[0]) if words else "sh"
    if interpreter == "env" and len(words) > 1:
        interpreter = words[1]
    if interpreter not in SHELLS:
        return f"the script {origin} is run by {interpreter!r}"
    inner = script_steps(text, step.instruction, state)
    if isinstance(inner, Opaque):
        return f"the script {origin} is not understood: {inner.reason}"
    return Script(path, origin, interpreter, tuple(_with_arguments(each, argv[1:]) for each in inner), text)


def _copied_as(name: str, files: StageFiles) -> bool:
    """True when a COPY brings a file of that name, which is then not the base image's own."""
    return any(copy.source.rpartition("/")[2] == name for copy in files.copies)


def _on_path(name: str, state: State, files: StageFiles) -> str | None:
    """The path of a script of the context that a bare name finds in a folder of PATH; None when there is none."""
    for folder in state.path_folders() or ():
        path = posixpath.join(folder, name)
        origin = files.origin(path)
        if origin is not None and files.context is not None and files.context.kind(origin) == "file":
            return path
    return None


def _with_arguments(step: Step, arguments: tuple[str | None, ...]) -> Step:
    """``exec "$@"`` in a script starts what the script was given."""
    raws = [word.raw for word in step.command.words] if step.command is not None else []
    if '"$@"' not in raws and "$@" not in raws:
        return step
    offset = len(raws) - len(step.argv)
    argv: list[str | None] = []
    for word, raw in zip(step.argv, raws[offset:], strict=False):
        argv += arguments if raw in ('"$@"', "$@") else [word]
    return replace(step, argv=tuple(argv[1:] if argv[:1] == ["exec"] else argv))


def is_builtin(name: str) -> bool:
    """True for what every shell does itself."""
    return name in _BUILTINS


def tested_programs(stage: Stage) -> tuple[Step, ...] | Opaque:
    """The commands of the HEALTHCHECK in force."""
    state = stage.final_state
    return steps(state.healthcheck, state) if state.healthcheck is not None else ()
