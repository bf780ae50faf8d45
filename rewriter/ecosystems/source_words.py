"""What the sources of a program say in their strings and calls, for languages without a parser here.

Comments are left out, strings are taken as they are written, and calls are found by their names. What is
missed that way is missed in one direction only: a string in dead code brings a file too many. Names of calls are each
language's own, see its file.
"""

from __future__ import annotations

import posixpath
import re
from bisect import bisect_left
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from rewriter.ecosystems.reads import RuntimeFiles, add_conventional, add_path, begin_reads, finish_reads, unseen
from rewriter.transform import Certainty, Evidence
from rewriter.userland.runtime import TOOLS

if TYPE_CHECKING:
    from rewriter.context import BuildContext
    from rewriter.ecosystems.ecosystem import Ecosystem
    from rewriter.model.launch import Launch

MOST_FILES = 5_000
MOST_BYTES = 50_000_000  # of all sources together
_LARGEST = 1_000_000  # bytes of one source
# Each alternative fails on its own line, or at once: what ends further down is looked for by `_literals`. A backslash
# outside of a string takes the next character with it, so that of an open string only the first quote is tried.
_STRINGS = re.compile(
    r'//[^\n]*|(?P<open>/\*|r#+")|"(?P<text>(?:[^"\\\n]|\\.)*+)"|\'(?:[^\'\\\n]|\\.)\'|\\.', re.DOTALL
)
_ALL_QUOTES = re.compile(
    r"//[^\n]*|(?P<open>/\*)|(?P<quote>[\"'`])(?P<text>(?:(?!(?P=quote))[^\\\n]|\\[^\n])*+)(?P=quote)|\\."
)


_OF_A_JDK = frozenset("javac jar jps jcmd jmap jstack jstat jinfo jshell jlink jpackage jdb".split())


@dataclass(frozen=True, slots=True)
class Calls:
    """Names of calls, as patterns over the text of a source; each may be None where a language has none."""

    reads: re.Pattern[str] | None = None
    """Opens a file; group ``path``: its string, empty where the path is computed."""
    starts: re.Pattern[str] | None = None
    """Starts another program; group ``program``: its string, empty where it is computed."""
    certificates: re.Pattern[str] | None = None
    """Talks TLS as a client, and looks for the system's certificates."""
    zones: re.Pattern[str] | None = None
    """Loads time zones from the system."""
    temporary: re.Pattern[str] | None = None
    """Makes temporary files."""
    whole: re.Pattern[str] | None = None
    """Serves or walks its working directory as a whole."""
    all_quotes: bool = False
    """True for a language whose strings stand in three kinds of quotes (JavaScript)."""


@dataclass(frozen=True)
class Source:
    """One file: its path in the context, its text, and its strings with their lines (from 1)."""

    path: str
    text: str
    literals: Mapping[str, int]

    @cached_property
    def _line_ends(self) -> list[int]:
        return [match.start() for match in re.finditer("\n", self.text)]

    def where(self, offset: int) -> str:
        """The place of an offset of the text, as ``file:line``."""
        return f"{self.path}:{bisect_left(self._line_ends, offset) + 1}"


def sources_of(language: Ecosystem, skipped: frozenset[str], *, all_quotes: bool) -> Iterator[Source]:
    """The sources of the context; those below a folder of a name in ``skipped`` are left out."""
    context = language.files.context
    for path in _paths(context, language, skipped) if context is not None else ():
        data = context.read(path, _LARGEST) if context is not None else None
        if data is None or b"\0" in data[:1024]:
            continue
        text = data.decode("utf-8", "replace")
        yield Source(path, text, _literals(text, _ALL_QUOTES if all_quotes else _STRINGS))


def _paths(context: BuildContext, language: Ecosystem, skipped: frozenset[str]) -> Iterator[str]:
    count = 0
    for path in context.files():
        if language.is_code(path) and not skipped & set(path.split("/")[:-1]):
            count += 1
            if count > MOST_FILES:
                return
            yield path


def _literals(text: str, pattern: re.Pattern[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    missing: set[str] = set()  # ends that do not come any more
    line, at, place = 1, 0, 0
    while (match := pattern.search(text, place)) is not None:
        string, opening, place = match["text"], match["open"], match.end()
        if opening:
            ending = "*/" if opening == "/*" else opening[:0:-1]  # r##" ends with "##
            end = text.find(ending, place) if ending not in missing else -1
            if end < 0:
                missing.add(ending)
                place = match.start() + 1
                continue
            string, place = None if opening == "/*" else text[place:end], end + len(ending)
        if string and len(string) <= 1_000:
            line += text.count("\n", at, match.start())
            at = match.start()
            found.setdefault(string, line)
    return found


def source_reads(
    language: Ecosystem,
    launch: Launch,
    made: Mapping[str, str],
    sources: tuple[Source, ...],
    calls: Calls,
    *,
    generates: bool = False,
) -> RuntimeFiles:
    """What the command line and the sources name; see `RuntimeFiles`.

    ``generates``: the build may write files that are read: one that is not in the context must not be lost.
    """
    found = begin_reads(language, launch, made)
    workdir = language.stage.final_state.workdir
    if not sources:
        unseen(language, found)
        return finish_reads(language, launch, found)
    computed: list[str] = []
    for source in sources:
        for literal, line in source.literals.items():
            add_path(literal, f"{source.path}:{line}", workdir, language, found)
        computed += _called(source, calls, language, found)
        if generates:
            _maybe_generated(source, calls, language, found)
    if computed:
        found.computed = True
        more = f" and {len(computed) - 1} more" if len(computed) > 1 else ""
        fact = f"it reads files at paths that it computes ({computed[0]}{more})"
        found.evidence.append(Evidence(fact, "sources", Certainty.ASSUMED))
        add_conventional(language, workdir, found)
    return finish_reads(language, launch, found)


def _maybe_generated(source: Source, calls: Calls, language: Ecosystem, found: RuntimeFiles) -> None:
    workdir = language.stage.final_state.workdir or "/"
    for match in calls.reads.finditer(source.text) if calls.reads is not None else ():
        path = posixpath.normpath(posixpath.join(workdir, match["path"] or ""))
        among = any(copy.target and path.startswith(copy.target.rstrip("/") + "/") for copy in language.files.copies)
        if match["path"] and among and language.files.kind(path) is None and path not in found.made:
            what = f"reads {match['path']}, which is not in the build context: the build may make it"
            found.vetoes.append(f"{source.where(match.start())} {what}")
            return


def _called(source: Source, calls: Calls, language: Ecosystem, found: RuntimeFiles) -> Iterator[str]:
    """Notes what the calls of one source ask for; yields the reads whose paths are computed, with their places."""
    for match in calls.reads.finditer(source.text) if calls.reads is not None else ():
        path, where = match["path"], source.where(match.start())
        if path:
            add_path(path, where, language.stage.final_state.workdir, language, found, read=True)
        else:
            yield f"{match.group().strip()} in {where}"
    for match in calls.starts.finditer(source.text) if calls.starts is not None else ():
        where = source.where(match.start())
        if match["program"]:
            found.programs.setdefault(match["program"], where)
        elif not found.computed_programs:
            found.computed_programs = True
            fact = "it starts programs whose names it computes"
            found.evidence.append(Evidence(fact, where, Certainty.ASSUMED))
    if found.computed_programs:
        # A string that is the name of a tool may be what is started.
        for literal, line in source.literals.items():
            if literal in TOOLS or literal in _OF_A_JDK:
                found.programs.setdefault(literal, f"{source.path}:{line}")
    found.certificates = found.certificates or _first(source, calls.certificates)
    found.zones = found.zones or _first(source, calls.zones)
    found.temporary = found.temporary or _first(source, calls.temporary)
    whole = _first(source, calls.whole)
    if whole:
        found.vetoes.append(f"{whole} reads its working directory as a whole")


def _first(source: Source, pattern: re.Pattern[str] | None) -> str:
    match = pattern.search(source.text) if pattern is not None else None
    return source.where(match.start()) if match is not None else ""
