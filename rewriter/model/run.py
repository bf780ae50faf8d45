"""What a RUN, CMD, ENTRYPOINT or HEALTHCHECK runs: its commands with working directory and variables."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from rewriter.limits import LONGEST_GROWTH, LONGEST_PATH
from rewriter.model.scope import Layered, Scope
from rewriter.shell import Command, Opaque, Script, ShellWord, parse_shell
from rewriter.shell_words import fields, resolve
from rewriter.syntax import Instruction, Logical, Span

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from rewriter.model.stages import Stage
    from rewriter.model.state import State

SHELLS = frozenset({"sh", "bash", "dash", "ash", "ksh", "zsh"})
_WRAPPERS = frozenset({"exec", "time", "nohup", "command", "builtin"})


@dataclass(frozen=True, slots=True)
class Step:
    """One command as it runs. An argument of None is only known at run time."""

    argv: tuple[str | None, ...]
    cwd: str | None
    variables: Mapping[str, str | None]
    instruction: Instruction
    command: Command | None = None
    """The shell command with its places; None for an exec form."""
    certain: bool = True
    """False when it may not run: inside if, a loop, ``$(…)`` or behind ``||``."""
    interpreter: str = ""
    """The shell that reads it, as the Dockerfile names it (``/bin/sh`` by default); empty within a further script."""

    @property
    def name(self) -> str:
        """Base name of the program, empty when it is not written out."""
        return posixpath.basename(self.argv[0]) if self.argv and self.argv[0] else ""

    @property
    def options_and_operands(self) -> tuple[tuple[str, ...], tuple[str, ...]] | None:
        """Words that start with ``-`` and the others, without the name; None when any word is unknown.

        An unquoted variable alone is the words that the shell splits it into.
        """
        known: list[str] = []
        for value, raw in self._with_raw[1:]:
            words = fields(raw, self.variables) if value is None else (value,)
            if words is None:
                return None
            known += words
        options = tuple(word for word in known if _is_option(word))
        return options, tuple(word for word in known if not _is_option(word))

    @property
    def unknown_words(self) -> tuple[str, ...]:
        """The words as they are written of which the value is only known at run time."""
        return tuple(raw for value, raw in self._with_raw if value is None)

    @property
    def _with_raw(self) -> tuple[tuple[str | None, str], ...]:
        """The words with how they are written; a wrapper before the command (``env``) is not among them."""
        words = self.command.words if self.command is not None else ()
        raw = [word.raw for word in words[len(words) - len(self.argv) :]] if words else [""] * len(self.argv)
        return tuple(zip(self.argv, raw, strict=True))

    def absolute(self, path: str) -> str | None:
        """A path made absolute against the working directory of the command."""
        return _below(self.cwd, path)


def _is_option(word: str) -> bool:
    return word.startswith("-") and word != "-"


def _below(folder: str | None, path: str) -> str | None:
    """A path from a folder; None when the folder is not known, or the path is longer than any can be."""
    if not path.startswith("/"):
        if folder is None:
            return None
        path = posixpath.join(folder, path)
    return posixpath.normpath(path) if len(path) <= LONGEST_PATH else None


@dataclass(frozen=True, slots=True)
class Run:
    """One RUN with the state before it and its commands."""

    instruction: Instruction
    state: State
    steps: tuple[Step, ...] | Opaque


def runs_of(stage: Stage) -> tuple[Run, ...]:
    """Every RUN of a stage and its parents, in order."""
    return tuple(
        Run(instruction, state, steps(instruction, state))
        for each in stage.lineage
        for instruction, state in each.numbered()
        if instruction.name == "RUN"
    )


def script_logical(instruction: Instruction) -> Logical | Opaque:
    """The text that a shell-form instruction hands to its shell, with a map to the file."""
    source, text = instruction.source, instruction.logical.text
    stop = instruction.args_start + len(instruction.args)
    if not instruction.heredocs:
        return instruction.logical.slice(source, instruction.args_start, stop)
    bodies: list[Span] = []
    only_heredoc = len(instruction.words) == 1 and len(instruction.heredocs) == 1
    if only_heredoc:
        heredoc = instruction.heredocs[0]
        first = source[heredoc.body.start : heredoc.body.end].lstrip("\t").partition("\n")[0]
        if (
            first.startswith("#!")
            and posixpath.basename(first[2:].split()[0] if first[2:].split() else "") not in SHELLS
        ):
            return Opaque("its heredoc is a script in another language")
        return Logical(source, tuple(_lines(source, heredoc.body, heredoc.chomp)))
    # A command with heredocs: the shell reads the line, then the bodies as the file has them.
    head = instruction.logical.slice(source, instruction.args_start, len(text)).pieces
    line_end = source.rfind("\n", 0, instruction.heredocs[0].body.start)
    bodies = [*head, Span(line_end, line_end + 1)]
    for heredoc in instruction.heredocs:
        bodies += [heredoc.body, heredoc.terminator]
    return Logical(source, tuple(bodies))


def _lines(source: str, span: Span, chomp: bool) -> Iterator[Span]:
    if not chomp:
        yield span
        return
    start = span.start
    while start < span.end:
        end = source.find("\n", start, span.end)
        end = span.end if end < 0 else end + 1
        while start < end and source[start] == "\t":
            start += 1
        yield Span(start, end)
        start = end


def shell_of(state: State) -> str | None:
    """Base name of the Bourne-like shell in force, or None for another interpreter (cmd, pwsh, python …)."""
    name = posixpath.basename(state.shell[0]) if state.shell and not _is_login(state.shell) else ""
    return name if name in SHELLS and state.shell[-1].startswith("-") and state.shell[-1].endswith("c") else None


def steps(instruction: Instruction, state: State) -> tuple[Step, ...] | Opaque:
    """The commands of a RUN, CMD, ENTRYPOINT or of a HEALTHCHECK's CMD."""
    if instruction.name == "HEALTHCHECK":
        if instruction.trigger is None or instruction.trigger.name != "CMD":
            return ()
        return steps(instruction.trigger, state)
    if instruction.json is not None:
        argv = tuple(string.value for string in instruction.json)
        if (
            len(argv) >= 3
            and posixpath.basename(argv[0]) in SHELLS
            and argv[1].startswith("-")
            and argv[1].endswith("c")
        ):
            if _is_login(argv[:2]):
                return Opaque(f"it runs in the login shell {' '.join(argv[:2])!r}, which reads profiles first")
            return script_steps(argv[2], instruction, state, argv[0])
        return (Step(argv, state.workdir, _environment(state), instruction),) if argv else ()
    if shell_of(state) is None:
        return Opaque(f"it runs in the shell {' '.join(state.shell)!r}")
    logical = script_logical(instruction)
    if isinstance(logical, Opaque):
        return logical
    return script_steps(logical.text, instruction, state, _shebang(logical.text) or state.shell[0])


def script_steps(text: str, instruction: Instruction, state: State, interpreter: str = "") -> tuple[Step, ...] | Opaque:
    """The commands of a shell text that runs at a state."""
    script = parse_shell(text)
    if isinstance(script, Opaque):
        return script
    return tuple(replace(step, interpreter=interpreter) for step in _Walker(state, instruction).walk(script))


def _shebang(text: str) -> str:
    """The program that a script's first line names, else empty: a heredoc with one is run by it and no SHELL."""
    words = text[2:].partition("\n")[0].split() if text.startswith("#!") else []
    return words[0] if words else ""


def _is_login(words: Sequence[str]) -> bool:
    return any(word == "--login" or (re.fullmatch(r"-[a-zA-Z]+", word) and "l" in word) for word in words[1:])


def _environment(state: State) -> Mapping[str, str | None]:
    return Layered(state.args, state.env)


@dataclass(slots=True)
class _Frame:
    cwd: str | None
    variables: Scope


class _Walker:
    """Follows ``cd``, assignments and ``export`` through a script; subshells keep theirs to themselves."""

    def __init__(self, state: State, instruction: Instruction) -> None:
        self.instruction = instruction
        self.frames: dict[tuple[int, ...], _Frame] = {(): _Frame(state.workdir, Scope(_environment(state)))}
        self.room = LONGEST_GROWTH

    def walk(self, script: Script) -> Iterator[Step]:
        for command in script.commands:
            frame = self._frame(command.subshell)
            certain = not command.conditional and not command.substitution
            for word in command.assignments:
                if not command.words:
                    self._assign(frame, word.raw, certain)
            if not command.words:
                yield Step((), frame.cwd, frame.variables, self.instruction, command, certain)
                continue
            argv = tuple(self._value(word.raw, frame.variables) for word in command.words)
            argv, inline = self._unwrapped(argv, command.assignments, frame.variables)
            variables = Layered(frame.variables, inline) if inline else frame.variables
            yield Step(argv, frame.cwd, variables, self.instruction, command, certain)
            self._follow(frame, argv, command.words, certain)

    def _frame(self, subshell: tuple[int, ...]) -> _Frame:
        if subshell not in self.frames:
            outer = self._frame(subshell[:-1])
            self.frames[subshell] = _Frame(outer.cwd, Scope(outer.variables))
        return self.frames[subshell]

    def _value(self, raw: str, variables: Mapping[str, str | None]) -> str | None:
        """What a word comes to; None when that is not known, or too long together with the words before it."""
        value = resolve(raw, variables)
        self.room -= max(len(value or "") - len(raw), 0)
        return value if self.room >= 0 else None

    def _assign(self, frame: _Frame, raw: str, certain: bool) -> None:
        name, _, value = raw.partition("=")
        frame.variables = frame.variables.setting({name: self._value(value, frame.variables) if certain else None})

    def _follow(self, frame: _Frame, argv: tuple[str | None, ...], words: tuple[ShellWord, ...], certain: bool) -> None:
        name = argv[0] if argv else None
        if name in ("cd", "pushd"):
            target = argv[1] if len(argv) > 1 else None
            if not certain or target is None or target.startswith("-") or frame.cwd is None:
                frame.cwd = target if certain and target and target.startswith("/") else None
            else:
                frame.cwd = _below(frame.cwd, target)
        elif name == "popd":
            frame.cwd = None
        elif name in ("export", "declare", "readonly", "local"):
            for word in words[1:]:
                if "=" in word.raw and not word.raw.startswith("-"):
                    self._assign(frame, word.raw, certain)
        elif name == "unset":
            for value in argv[1:]:
                if value:
                    frame.variables = frame.variables.without(value)
        elif name in ("source", ".", "eval"):
            frame.cwd = None
            frame.variables = frame.variables.unknown()

    def _unwrapped(
        self, argv: tuple[str | None, ...], assignments: tuple[ShellWord, ...], variables: Mapping[str, str | None]
    ) -> tuple[tuple[str | None, ...], dict[str, str | None]]:
        """The argv behind ``exec``, ``time``, ``env A=b`` …, and the variables set for this command alone."""
        inline: dict[str, str | None] = {}
        for word in assignments:
            name, _, value = word.raw.partition("=")
            inline[name] = self._value(value, variables)
        start = 0
        while start < len(argv) and (argv[start] in _WRAPPERS or argv[start] == "env"):
            behind = start + 1
            if argv[start] == "env":
                while behind < len(argv) and (text := argv[behind]) and "=" in text and not text.startswith("-"):
                    name, _, value = text.partition("=")
                    inline[name] = value
                    behind += 1
            following = argv[behind] if behind < len(argv) else "-"
            if following is not None and following.startswith("-"):
                break
            start = behind
        return argv[start:], inline
