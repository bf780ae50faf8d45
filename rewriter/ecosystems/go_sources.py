"""What Go sources show about run time: files read, programs started, certificates, time zones, cgo.

Only the packages that a program's main package reaches inside its own module are parsed (tree-sitter-go); what its
dependencies do is not looked at, and callers say so.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from rewriter.context import BuildContext
from rewriter.ecosystems.go_file import OTHER_SYSTEMS, GoFile, parse_go_file

LARGEST_FILE = 3_000_000
"""Bytes; a larger source counts as not read."""

MOST_FILES = 2_000
"""Source files read for one program; past that the picture is incomplete and says so."""

_ARCHITECTURES = frozenset(
    "386 amd64 arm arm64 loong64 mips mipsle mips64 mips64le ppc64 ppc64le riscv64 s390x".split()
)
_REPLACE = re.compile(r"^[ \t]*(?:replace[ \t]+)?(\S+)(?:[ \t]+v\S+)?[ \t]+=>[ \t]+(\.\.?/\S*)", re.MULTILINE)
_MODULE = re.compile(r'^[ \t]*module[ \t]+"?([^\s"]+)"?', re.MULTILINE)
_REQUIRE = re.compile(r"[ \t]*(?:require[ \t]+)?([^\s().]+\.[^\s()]+)[ \t]+(v[0-9]\S*)")
_NO_REQUIREMENT = re.compile(r"[ \t]*(?:replace|exclude|retract)(?=[\s(])[^(]*(?P<block>\()?")


@dataclass(frozen=True, slots=True)
class Module:
    """A go.mod: its folder in the context, the module path and what it requires."""

    folder: str
    path: str
    requires: dict[str, str]


@dataclass(frozen=True, slots=True)
class Program:
    """What the sources of one main package, and what it imports inside its module, show."""

    files: tuple[GoFile, ...]
    complete: bool

    def first(self, use: str) -> str | None:
        """Where something was first seen, as ``file:line``."""
        return next((f"{file.path}:{file.uses[use]}" for file in self.files if use in file.uses), None)

    @property
    def imports(self) -> frozenset[str]:
        """All import paths."""
        return frozenset().union(*(file.imports for file in self.files))


class GoSources:
    """The Go sources of a build context, parsed when asked for."""

    def __init__(self, context: BuildContext) -> None:
        self.context = context

    @cached_property
    def folders(self) -> dict[str, tuple[str, ...]]:
        """Folders with Go sources that a Linux build could use, tests and vendored code left out."""
        found: dict[str, list[str]] = {}
        for path in self.context.files():
            if path.endswith(".go") and not path.endswith("_test.go") and _counts(path):
                found.setdefault(posixpath.dirname(path) or ".", []).append(path)
        return {folder: tuple(paths) for folder, paths in found.items()}

    def module_of(self, folder: str) -> Module | None:
        """The module that a folder of the context belongs to."""
        while True:
            data = self.context.read(posixpath.normpath(posixpath.join(folder, "go.mod")))
            if data is not None:
                return _module(folder, data.decode("utf-8", "replace"))
            if folder in (".", ""):
                return None
            folder = posixpath.dirname(folder) or "."

    @cached_property
    def main_packages(self) -> tuple[str, ...]:
        """Folders whose package is ``main``."""
        return tuple(folder for folder in self.folders if any(f.package == "main" for f in self.package(folder)))

    def package(self, folder: str) -> tuple[GoFile, ...]:
        """The parsed files of a folder."""
        if folder not in self._parsed:
            files = (self._parse(path) for path in self.folders.get(folder, ()))
            self._parsed[folder] = tuple(file for file in files if file is not None)
        return self._parsed[folder]

    @cached_property
    def _unread(self) -> set[str]:
        """Files that could not be read or parsed: what they hold is not known."""
        return set()

    @cached_property
    def _parsed(self) -> dict[str, tuple[GoFile, ...]]:
        return {}

    def program(self, folder: str | None) -> Program:
        """A main package with what it reaches inside the module; None takes all packages of the context."""
        module = self.module_of(folder) if folder is not None else None
        todo = [folder] if folder is not None else list(self.folders)
        seen: dict[str, tuple[GoFile, ...]] = {}
        count = 0
        while todo and count <= MOST_FILES:
            current = todo.pop()
            if current in seen:
                continue
            seen[current] = self.package(current)
            count += len(seen[current])
            todo += [inner for file in seen[current] for inner in self._inner(file.imports, module)]
        files = tuple(file for package in seen.values() for file in package)
        unread = any(path in self._unread for folder in seen for path in self.folders.get(folder, ()))
        return Program(files, not todo and not self.context.truncated and not unread)

    @cached_property
    def _modules(self) -> tuple[tuple[str, str], ...]:
        """(module path, folder) of every module of the context, and of what ``replace`` points at; longest first."""
        found: dict[str, str] = {}
        for path in self.context.files():
            if posixpath.basename(path) != "go.mod" or "/vendor/" in f"/{path}":
                continue
            text = (self.context.read(path) or b"").decode("utf-8", "replace")
            folder = posixpath.dirname(path) or "."
            module = _module(folder, text)
            if module is not None:
                found[module.path] = folder
            for name, target in _REPLACE.findall(text):
                found[name] = posixpath.normpath(posixpath.join(folder, target))
        return tuple(sorted(found.items(), key=lambda item: -len(item[0])))

    def _inner(self, imports: frozenset[str], module: Module | None) -> Iterator[str]:
        for path in imports:
            home = next(((name, root) for name, root in self._modules if f"{path}/".startswith(f"{name}/")), None)
            if home is not None:
                folder = posixpath.normpath(posixpath.join(home[1], path[len(home[0]) + 1 :] or "."))
                if folder in self.folders:
                    yield folder
            elif module is None:
                # GOPATH style: an import that ends in a folder of the context is taken for it.
                yield from (folder for folder in self.folders if folder != "." and path.endswith("/" + folder))

    def _parse(self, path: str) -> GoFile | None:
        data = self.context.read(path, LARGEST_FILE)
        file = parse_go_file(path, data) if data is not None else None
        if data is None or (file is not None and not file.whole):
            self._unread.add(path)
        return file


def _counts(path: str) -> bool:
    parts = path.split("/")
    if any(part in ("vendor", "testdata", "node_modules") or part.startswith(("_", ".")) for part in parts):
        return False
    # Go looks at the last part of a name, and at the one before it when the last is an architecture.
    suffixes = parts[-1].removesuffix(".go").split("_")[1:]
    if suffixes and suffixes[-1] in _ARCHITECTURES:
        if suffixes[-1] not in ("amd64", "arm64"):
            return False
        suffixes.pop()
    return not (suffixes and suffixes[-1] in OTHER_SYSTEMS)


def _module(folder: str, text: str) -> Module | None:
    match = _MODULE.search(text)
    if match is None:
        return None
    return Module(folder, match.group(1), dict(_requirements(text)))


def _requirements(text: str) -> Iterator[tuple[str, str]]:
    """Module paths and versions, of single lines and of blocks."""
    elsewhere = False
    for line in text.split("\n"):
        code = line.partition("//")[0]
        other = _NO_REQUIREMENT.match(code)
        if elsewhere or other is not None:
            elsewhere = ")" not in code and (elsewhere or (other is not None and other["block"] is not None))
        elif (required := _REQUIRE.match(code)) is not None:
            yield required[1], required[2]
