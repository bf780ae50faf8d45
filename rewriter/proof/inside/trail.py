"""What the start of one image reaches, noted on the way; two of them are compared."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rewriter.proof.inside.accounts import Identity
    from rewriter.proof.inside.filesystem import Found
    from rewriter.proof.inside.libraries import Closure

DEEPEST = 12
"""Programs that start one another before a chain is followed no further."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a start, or a part of it, fails. ``what`` is one sentence without its full stop."""

    what: str
    subject: str = ""
    evidence: tuple[str, ...] = ()
    key: str = ""
    """What tells it from another in an image built otherwise, whose paths may differ."""


@dataclass(frozen=True, slots=True)
class Call:
    """One program as it is started. A variable of None, or a ``cwd`` of None, is not known."""

    argv: tuple[str, ...]
    cwd: str | None
    environment: Mapping[str, str | None]
    identity: Identity
    depth: int = 0
    by_shell: bool = False
    """True when a shell starts it, which runs a text without ``#!`` by itself."""
    final: bool = True
    """True for what the container is there for; False for what runs before."""

    def then(self, argv: tuple[str, ...], *, by_shell: bool = False) -> Call:
        """What it starts in its turn, in its own place."""
        return replace(self, argv=argv, depth=self.depth + 1, by_shell=by_shell)


@dataclass(frozen=True, slots=True)
class Located:
    """An executable: the path by which it is started, with the links of its last part, and the file."""

    invoked: str
    found: Found


@dataclass(frozen=True, slots=True)
class Runtime:
    """A language's interpreter that runs a program of the image."""

    name: str
    """python, node, java, ruby, php, perl or dotnet."""
    version: str
    """As far as the files tell it; empty when they do not."""
    entry: str
    """The file that it runs first, links followed; empty when it is given otherwise."""
    search: tuple[str, ...] = ()
    """Folders where it looks for modules, in order."""
    program: Closure | None = None


@dataclass(slots=True)
class Trail:
    """What is known of one image's start."""

    argv: tuple[str, ...]
    core: tuple[str, ...] | None = None
    """The program that is started in the end, by its bare name, with its arguments; None when only running tells."""
    beside: list[str] = field(default_factory=list)
    """Commands that shells and their scripts run on the way to the last program, as they are written."""
    broken: Problem | None = None
    """The first thing that keeps the image from starting."""
    problems: list[Problem] = field(default_factory=list)
    """Parts that fail without ending the start for certain."""
    programs: dict[str, Closure] = field(default_factory=dict)
    """ELF programs that are started, by path."""
    texts: dict[str, str] = field(default_factory=dict)
    """Scripts that are run: their language by path."""
    runtimes: list[Runtime] = field(default_factory=list)
    seen: list[str] = field(default_factory=list)
    unseen: list[str] = field(default_factory=list)
    entry: Found | None = None
    """The file of the program that is started in the end."""

    def counterpart(self, other: Runtime) -> Runtime | None:
        """The runtime that does here what ``other`` does in the other image, by its file or as the last."""
        same = [each for each in self.runtimes if each.name == other.name]
        named = [each for each in same if posixpath.basename(each.entry) == posixpath.basename(other.entry)]
        return next(reversed(named or same), None)

    def see(self, sentence: str) -> None:
        if sentence not in self.seen:
            self.seen.append(sentence)

    def miss(self, sentence: str) -> None:
        if sentence not in self.unseen:
            self.unseen.append(sentence)
