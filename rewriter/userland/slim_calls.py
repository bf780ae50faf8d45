"""Which programs one command of a RUN or CMD calls: itself, and those that it is told to call by its words.

`xargs`, `env`, `sudo`, `timeout` and their like run the words behind their own options; `sh -c` and `su -c` run a text;
`find -exec` runs the words up to `;` or `+`; `which` and `command -v` only ask, but what follows depends on the answer.
"""

from __future__ import annotations

import posixpath
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rewriter.model.run import SHELLS
from rewriter.shell import Opaque, parse_shell
from rewriter.shell_words import resolve

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from rewriter.model.run import Step
    from rewriter.shell import Command

Argv = tuple[str | None, ...]

# Options that take their value as the next word, and how many operands stand before the command.
_RUNNERS: dict[str, tuple[str, int]] = {
    "catchsegv": ("", 0),
    "chroot": ("", 1),
    "chrt": ("", 1),
    "dumb-init": ("r", 0),
    "eatmydata": ("", 0),
    "env": ("uCS", 0),
    "exec": ("a", 0),
    "fakeroot": ("lsib", 0),
    "flock": ("wEc", 1),
    "gosu": ("", 1),
    "ionice": ("cn", 0),
    "nice": ("n", 0),
    "nohup": ("", 0),
    "runuser": ("ugGcs", 0),
    "setpriv": ("", 0),
    "setsid": ("", 0),
    "stdbuf": ("ioe", 0),
    "su-exec": ("", 1),
    "sudo": ("ughpCDRTrt", 0),
    "taskset": ("", 1),
    "time": ("fo", 0),
    "timeout": ("sk", 1),
    "tini": ("pe", 0),
    "unbuffer": ("", 0),
    "watch": ("n", 0),
    "xargs": ("nPIdLsaE", 0),
    "xvfb-run": ("neflpsw", 0),
    "builtin": ("", 0),
    "command": ("", 0),
}
_LONG_VALUES = frozenset(
    "--signal --kill-after --max-args --max-procs --delimiter --arg-file --user --group --adjustment --unset --chdir "
    "--input --output --error --interval --class --classdata --replace --max-lines --reuid --regid --timeout".split()
)
_ASKING = frozenset({"which", "type", "hash"})
_MARK = "@braces@"
_MOST_CALLS = 400
_DEEPEST = 8


@dataclass(frozen=True, slots=True)
class Call:
    """One program with its words. `in_shell`: a shell reads the words, so its builtins come first."""

    argv: Argv
    in_shell: bool
    piped: bool = False
    """The output of another command is its input."""
    asked: bool = False
    """Nothing is run: the command asks whether the program is there."""

    @property
    def name(self) -> str:
        """Base name of the program; empty when it is not written out."""
        return posixpath.basename(self.argv[0]) if self.argv and self.argv[0] else ""


@dataclass(frozen=True, slots=True)
class Unread:
    """A text that a command hands to a shell and that is not understood."""

    reason: str


def calls(step: Step) -> tuple[Call | Unread, ...]:
    """All programs that a step calls by its words, the step's own first."""
    command = step.command
    argv = step.argv if command is None else _braced(step.argv, command, step.variables)
    first = Call(argv, command is not None, bool(command and command.operator in ("|", "|&")))
    found: list[Call | Unread] = []
    left: list[tuple[Call | Unread, int]] = [(first, 0)]
    while left and len(found) < _MOST_CALLS:
        call, depth = left.pop()
        found.append(call)
        if isinstance(call, Call) and not call.asked and depth < _DEEPEST:
            left += [(inner, depth + 1) for inner in _inner(call, step.variables)][::-1]
    if left:
        found.append(Unread("it calls more commands than are looked at"))
    return tuple(found)


def _braced(argv: Argv, command: Command, variables: Mapping[str, str | None]) -> Argv:
    """The words with `{}` of find and xargs filled in; the reader of words leaves braces open for fear of `{a,b}`."""
    raws = command.words[len(command.words) - len(argv) :]
    # Where `"$@"` stood for several words, a word's place says nothing about how it was written.
    if None not in argv or len(raws) != len(argv) or any("$@" in written.raw for written in raws):
        return argv
    filled = [
        _MARK.join(parts) if value is None and len(parts := written.raw.split("{}")) > 1 else None
        for value, written in zip(argv, raws, strict=True)
    ]
    values = (resolve(text, variables) if text is not None else None for text in filled)
    return tuple(
        value if found is None else found.replace(_MARK, "{}") for value, found in zip(argv, values, strict=True)
    )


def _inner(call: Call, variables: Mapping[str, str | None]) -> Iterator[Call | Unread]:
    name, argv = call.name, call.argv
    if name in _ASKING or (name == "command" and any(word in ("-v", "-V") for word in argv[1:3])):
        yield from (Call((word,), call.in_shell, asked=True) for word in argv[1:] if word and word[0] != "-")
    elif name == "find":
        yield from _of_find(argv)
    elif name in SHELLS or name in ("su", "runuser", "flock", "eval", "trap"):
        yield from _text(call, variables)
    if name in _RUNNERS and name != "su":
        behind = _behind(argv, *_RUNNERS[name])
        if behind and not (name == "command" and argv[1] in ("-v", "-V")):
            yield Call(behind, call.in_shell and name in ("command", "builtin", "exec", "time"), call.piped)


def _behind(argv: Argv, valued: str, operands: int) -> Argv:
    """The words behind a runner's own options, assignments and operands."""
    at, left = 1, operands
    while at < len(argv):
        word = argv[at]
        if word == "--":
            return argv[at + 1 + left :]
        if word is not None and word.startswith("-") and word != "-":
            takes = (len(word) == 2 and word[1] in valued) or word in _LONG_VALUES
            at += 2 if takes else 1
        elif word is not None and _assigns(word):
            at += 1
        elif left:
            at, left = at + 1, left - 1
        else:
            break
    return argv[at:]


def _assigns(word: str) -> bool:
    name, equals, _ = word.partition("=")
    return bool(equals) and name.isidentifier()


def _of_find(argv: Argv) -> Iterator[Call]:
    start = 0
    for at, word in enumerate(argv):
        if word in ("-exec", "-execdir", "-ok", "-okdir"):
            start = at + 1
        elif start and word in (";", "+"):
            yield Call(argv[start:at], False)
            start = 0
    if start:
        yield Call(argv[start:], False)


def _text(call: Call, variables: Mapping[str, str | None]) -> Iterator[Call | Unread]:
    """The commands of `sh -c TEXT`, `su USER -c TEXT`, `eval TEXT` and `trap TEXT SIGNAL`."""
    argv = call.argv
    if call.name == "eval":
        text = None if None in argv[1:] else " ".join(word for word in argv[1:] if word)
    elif call.name == "trap":
        text = argv[1] if len(argv) > 2 and argv[1] != "-" else ""
    else:
        at = next((at for at, word in enumerate(argv[1:], 1) if word and _hands_over(word)), None)
        if at is None:
            return
        text = argv[at + 1] if at + 1 < len(argv) else ""
    if text is None:
        yield Unread(f"the text that `{call.name}` runs is only known at run time")
        return
    script = parse_shell(text)
    if isinstance(script, Opaque):
        yield Unread(f"the text that `{call.name}` runs: {script.reason}")
        return
    for command in script.commands:
        if command.words:
            words = tuple(word.value(variables) for word in command.words)
            yield Call(_braced(words, command, variables), True, command.operator in ("|", "|&"))


def _hands_over(word: str) -> bool:
    """True for `-c`, `-ec`, `-lc` and `--command`."""
    return word == "--command" or (word.startswith("-") and not word.startswith("--") and word.endswith("c"))
