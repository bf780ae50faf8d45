"""Programs that the sources of the build context start by name, for languages whose sources are not parsed here.

Only lines that start a process are looked at, and only for names that somebody asks about: a line that is missed leaves
a doubt, which every swap names anyway; a line too many only installs a package.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterator
from dataclasses import dataclass

from rewriter.context import BuildContext
from rewriter.model.files import StageFiles

_SOURCES = (".py", ".js", ".mjs", ".cjs", ".ts", ".rb", ".php", ".pl", ".java", ".kt", ".ex", ".exs", ".rs", ".erb")
_STARTS = re.compile(
    rb"subprocess|os\.system|os\.popen|child_process|execa|exec\w{0,20}\s*\(|spawn\w{0,20}\s*\(|popen|system\s*\(|Open3"
    rb"|%x|shell_exec|proc_open|passthru|ProcessBuilder|getRuntime\(\)|System\.cmd|Command::new|check_output|check_call"
)
_STARTS_OR_QUOTES = re.compile(_STARTS.pattern + rb"|`")
_BACKTICKS_RUN = (".rb", ".erb", ".pl", ".php")
_COMMENTS = (b"#", b"//", b"*", b"/*")
_WORD = re.compile(rb"[\"'`\s(/]([A-Za-z][A-Za-z0-9_+.-]{0,40})(?=[\"'`\s),])")
_MOST_FILES = 3_000
_MOST_BYTES = 30_000_000
_LONGEST_LINE = 2_000
_SKIPPED = ("node_modules/", "vendor/", "dist/", "build/", "test/", "tests/", "__tests__/", "spec/")


@dataclass(frozen=True, slots=True)
class Mention:
    """A program's name on a line that starts a process; ``line`` counts from 1."""

    program: str
    path: str
    line: int


def mentions(files: StageFiles, programs: Container[str]) -> Iterator[Mention]:
    """Where sources that a stage copies start one of the programs; each name is told once.

    Tests and vendored folders are left out.
    """
    context = files.context
    if context is None:
        return
    told: set[str] = set()
    room = _MOST_BYTES
    names = (path for path in copied_files(context, files) if path.endswith(_SOURCES) and not _skipped(path))
    for count, path in enumerate(names):
        data = context.read(path) or b""
        room -= len(data)
        if count >= _MOST_FILES or room < 0:
            return
        starts = _STARTS_OR_QUOTES if path.endswith(_BACKTICKS_RUN) else _STARTS
        if not starts.search(data):
            continue
        for number, line in enumerate(data.split(b"\n"), start=1):
            if len(line) > _LONGEST_LINE or line.lstrip().startswith(_COMMENTS) or not starts.search(line):
                continue
            for match in _WORD.finditer(line):
                word = match[1].decode("ascii")
                if word in programs and word not in told:
                    told.add(word)
                    yield Mention(word, path, number)


def copied_files(context: BuildContext, files: StageFiles) -> Iterator[str]:
    """The files of the context that COPY and ADD bring; all of them where one of these cannot be told."""
    sources = {copy.source for copy in files.copies}
    everything = bool(sources & {"", "."})
    for path in context.files():
        folders = (path[:at] for at, char in enumerate(path) if char == "/")
        if everything or path in sources or any(folder in sources for folder in folders):
            yield path


def _skipped(path: str) -> bool:
    return any(path.startswith(folder) or f"/{folder}" in path for folder in _SKIPPED)
