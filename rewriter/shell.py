"""Shell text as commands, words, operators and redirects with their places, or ``Opaque`` when not understood.

tree-sitter-bash does the parsing, always on the logical text (the raw text of an instruction is not what the shell
sees). It is wrong without saying so in a few classes, measured over 33,866 distinct RUN bodies of public Dockerfiles
in 2026-11; after the repairs here 33,657 of the 33,667 accepted ones have the very words and redirects that mvdan/sh
reads (the other ten spell out ``time``), and 170 valid ones are refused:

* arguments that touch (``$A-$B.tar.gz``), and an assignment and the word that touches it, come as several: glued;
* words behind a redirect's target (``echo >&2 "msg"``) come as further targets: they are arguments;
* a redirect of the last command of a list comes as a redirect of the list: it is handed down;
* what stands behind ``<<EOF`` on its line comes as a part of the redirect: it is taken out;
* the rest is refused by ``shell_gate``.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from rewriter.limits import LONGEST_SCRIPT
from rewriter.shell_gate import distrust
from rewriter.shell_reader import Command, Redirect, ShellWord, read_commands

if TYPE_CHECKING:
    from tree_sitter import Parser

__all__ = ["Command", "Opaque", "Redirect", "Script", "ShellWord", "parse_shell"]


@dataclass(frozen=True, slots=True)
class Script:
    """A parsed shell text: its commands in order of appearance."""

    text: str
    commands: tuple[Command, ...]


@dataclass(frozen=True, slots=True)
class Opaque:
    """A text that is not understood, and why."""

    reason: str


@cache
def _parser() -> Parser:
    # Imported here: 20 ms that a file without shell text need not pay.
    import tree_sitter_bash
    from tree_sitter import Language, Parser

    return Parser(Language(tree_sitter_bash.language()))


class _Readings(dict[str, "Script | Opaque"]):
    """The last texts that were read: every step of a rewrite asks for the same ones again."""

    most = 200_000
    """Characters of texts that are kept."""
    size = 0

    def __missing__(self, text: str) -> Script | Opaque:
        if self.size + len(text) > self.most:
            self.clear()
            self.size = 0
        self.size += len(text)
        self[text] = reading = _read(text)
        return reading


_readings = _Readings()


def parse_shell(text: str) -> Script | Opaque:
    """The commands of a shell text."""
    return _readings[text]


def _read(text: str) -> Script | Opaque:
    if len(text) > LONGEST_SCRIPT:
        return Opaque(f"its shell text is longer than {LONGEST_SCRIPT:,} characters")
    try:
        data = text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return Opaque("its shell text holds half of a character")
    root = _parser().parse(data).root_node
    reason = distrust(root, data)
    if reason is not None:
        return Opaque(reason)
    return Script(text, read_commands(root, text, data))
