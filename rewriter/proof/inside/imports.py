"""Modules that a program imports at its start and that only the original has: Python and Node.

Only what nothing makes optional is read: import statements that stand in no ``try`` or ``if``, those of functions
included, which run late and fail as surely; in JavaScript, those that stand at the start of a line, or have nothing
close before them that looks like a condition. A name that neither image has as a file (a built-in module) says nothing.
"""

from __future__ import annotations

import ast
import posixpath
import re
import warnings
from collections.abc import Iterator
from typing import TYPE_CHECKING

from rewriter.proof.inside.runtimes.node import module_folders, resolve_module
from rewriter.proof.inside.runtimes.python import find_module
from rewriter.proof.inside.trail import Problem

if TYPE_CHECKING:
    from rewriter.proof.archive import Image
    from rewriter.proof.inside.start import Side
    from rewriter.proof.inside.trail import Runtime

_MOST_FILES = 200
_MOST_TEXT = 1_000_000
_REQUIRE = re.compile(
    r"^(?:(?:const|let|var)\s[^=;]{1,300}=\s*)?require\(\s*(['\"])([^'\"\n]{1,200})\1\s*\)"
    r"|^(?:import|export)\s(?:[^;'\"()]{0,1000}?\sfrom\s*)?(['\"])([^'\"\n]{1,200})\3",
    re.MULTILINE,
)
_LATE_REQUIRE = re.compile(r"\brequire\(\s*(['\"])([^'\"\n]{1,200})\1\s*\)")
_CONDITION = re.compile(r"\btry\b|\bif\b|\bcase\b|\bcatch\b|[?]|&&|[|][|]|NODE_ENV")
_CLOSE = 200
"""Characters before a ``require`` in which a condition is looked for."""


def lost_imports(before: Side, after: Side) -> list[Problem]:
    """A problem for each module that the new image's program imports and only the original has."""
    problems = []
    for runtime in after.trail.runtimes:
        old = before.trail.counterpart(runtime)
        if old is None or not runtime.entry or runtime.name not in ("python", "node"):
            continue
        if runtime.name == "python" and any("may add modules" in each for each in after.trail.unseen):
            continue
        there = imports(before.image, old)
        for key, (place, importer) in imports(after.image, runtime).items():
            if place is None and there.get(key, (None, ""))[0] is not None:
                name = key.partition(" of ")[0]
                problems.append(_problem(name, importer, str(there[key][0]), runtime, after.image))
    return problems


def imports(image: Image, runtime: Runtime) -> dict[str, tuple[str | None, str]]:
    """Where each imported module lies (None: nowhere), and which file imports it; the program's own files are read."""
    found: dict[str, tuple[str | None, str]] = {}
    todo = [runtime.entry]
    for path in todo:  # grows on the way
        node = image.files.file(path)
        data = image.read(node, _MOST_TEXT) if node is not None else None
        text = (data or b"").decode("utf-8", "replace")
        names = _python_names(text) if runtime.name == "python" else _node_names(text)
        for name in names:
            place = _place(image, runtime, name, path)
            key = name if not name.startswith(".") else f"{name} of {posixpath.basename(path)}"
            if key not in found:
                found[key] = (place, path)
            if place is not None and place not in todo and len(todo) < _MOST_FILES and _is_own(place, runtime):
                todo.append(place)
    return found


def _is_own(place: str, runtime: Runtime) -> bool:
    suffixes = (".py",) if runtime.name == "python" else (".js", ".mjs", ".cjs")
    foreign = ("/node_modules/", "/site-packages/", "/dist-packages/", "/lib/python")
    return place.endswith(suffixes) and not any(part in place for part in foreign)


def _place(image: Image, runtime: Runtime, name: str, importer: str) -> str | None:
    folder = posixpath.dirname(importer)
    if runtime.name == "node":
        return resolve_module(image, name, folder)
    if not name.startswith("."):
        return _python_file(image, find_module(image.files, name, (*runtime.search, folder)))
    return _python_file(image, find_module(image.files, name[1:], (folder,)))


def _python_file(image: Image, place: str | None) -> str | None:
    """A package is its ``__init__.py``, where it has one."""
    inside = f"{place}/__init__.py"
    return inside if place is not None and image.files.file(inside) is not None else place


def python_tree(text: str) -> ast.Module:
    """The syntax tree of a Python text; an empty one for a text that this Python cannot read."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ast.Module([], [])


def _python_names(text: str) -> Iterator[str]:
    """Dotted names; one dot in front for a module of the same package."""
    for statement in _unconditional(python_tree(text).body):
        if isinstance(statement, ast.Import):
            yield from (alias.name for alias in statement.names)
        elif isinstance(statement, ast.ImportFrom) and statement.module and statement.level <= 1:
            yield "." * statement.level + statement.module


def _unconditional(statements: list[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements, and those of functions, classes and ``with`` below them."""
    for statement in statements:
        yield statement
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.With | ast.AsyncWith):
            yield from _unconditional(statement.body)


def _node_names(text: str) -> Iterator[str]:
    late = (
        m for m in _LATE_REQUIRE.finditer(text) if not _CONDITION.search(text, max(0, m.start() - _CLOSE), m.start())
    )
    for name in (*(m.group(2) or m.group(4) for m in _REQUIRE.finditer(text)), *(m.group(2) for m in late)):
        if not name.startswith(("node:", "http:", "https:", "data:", "#")):
            yield name


def _problem(name: str, importer: str, place: str, runtime: Runtime, image: Image) -> Problem:
    evidence = [f"the original has it at {place}"]
    if runtime.name == "python":
        evidence += _other_versions(image, name, runtime)
    else:
        evidence.append(f"searched: {', '.join(module_folders(importer)[:4])}")
    return Problem(f"{importer} imports {name}, which is not there", name, tuple(evidence), f"import {name}")


def _other_versions(image: Image, name: str, runtime: Runtime) -> Iterator[str]:
    """Where a module lies for another Python than the one that runs."""
    first = name.partition(".")[0]
    libraries = dict.fromkeys(match[1] for each in runtime.search for match in [_LIBRARY.match(each)] if match)
    for library in libraries:
        for version in sorted(image.files.folder(library)):
            folder = f"{library}/{version}/site-packages"
            if folder not in runtime.search and first in image.files.folder(folder):
                yield f"it lies in {folder}, which Python {runtime.version} does not search"


_LIBRARY = re.compile(r"(.*/lib)/python\d")
