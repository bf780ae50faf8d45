"""The direction of the house, held by its imports: read with ast, nothing is run.

Transforms know only the public names of ``rewriter``; nothing in ``rewriter`` knows a transform; only a few modules
touch the outside; what is slow to import is imported where it is used; modules and functions stay short.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pytest

import rewriter

ROOT = Path(rewriter.__file__).resolve().parent.parent
MOST_MODULE_LINES = 300
MOST_FUNCTION_LINES = 50

# Modules that may touch files, processes or the terminal. Everything else in rewriter is pure.
OUTSIDE = ("rewriter/io/", "rewriter/proof/", "rewriter/bot/")
# What is decided by the bot, and what it is decided from, is as pure as the rest.
PURE_OF_THE_BOT = tuple(
    f"rewriter/bot/{name}.py" for name in ("body", "decide", "forge", "identity", "shapes", "summary")
)
OUTSIDE_MODULES = {
    "rewriter/cli.py",
    "rewriter/cli_bot.py",
    "rewriter/cli_bot_reports.py",
    "rewriter/cli_facts.py",
    "rewriter/cli_proof.py",
    "rewriter/cli_values.py",
    "rewriter/commands.py",
    "rewriter/session.py",
    "rewriter/sinks.py",
    "rewriter/terminal.py",
    "rewriter/facts/loader.py",
}

# Files, processes, networks, clocks and chance.
IMPURE = set(
    "os pathlib subprocess shutil socket tempfile glob fnmatch fileinput stat select selectors asyncio threading "
    "multiprocessing concurrent signal urllib http ftplib smtplib ssl requests httpx git click sys time datetime "
    "random secrets uuid getpass platform locale logging sqlite3 dbm shelve pickle webbrowser ctypes mmap fcntl".split()
)
IMPURE_CALLS = {"open", "input", "print", "exec", "eval", "breakpoint"}

# Third-party modules that are slow to load, and where each may be imported at all.
HEAVY = {
    "git": ("rewriter/io/git.py",),
    "httpx": ("rewriter/io/registry_http.py", "rewriter/bot/forge_http.py"),
    "dbos": ("rewriter/bot/workflow.py",),
    "sqlalchemy": ("rewriter/bot/database.py", "rewriter/bot/ledger.py", "rewriter/bot/tables.py"),
    "prometheus_client": ("rewriter/bot/metrics.py",),
    "jwt": ("rewriter/bot/github_app.py",),
    "yaml": ("rewriter/io/",),
    "unidiff": ("rewriter/diff.py", "rewriter/session.py", "rewriter/report/", "rewriter/sinks.py", "rewriter/io/"),
    "dockerfile_parse": ("rewriter/soundness.py",),
    "elftools": ("rewriter/proof/",),
    "tree_sitter": ("rewriter/shell.py", "rewriter/ecosystems/"),
    "tree_sitter_bash": ("rewriter/shell.py",),
    "tree_sitter_go": ("rewriter/ecosystems/",),
}
# Modules that are themselves imported only where they are needed, and so may import at their top.
LATE_MODULES = {
    "rewriter/io/git.py": {"git"},
    "rewriter/bot/workflow.py": {"dbos"},
    "rewriter/bot/database.py": {"sqlalchemy"},
    "rewriter/bot/ledger.py": {"sqlalchemy"},
    "rewriter/bot/metrics.py": {"prometheus_client"},
    "rewriter/bot/tables.py": {"sqlalchemy"},
}

# What a transform may import of the standard library: words for types, nothing that decides or touches anything.
FOR_TRANSFORMS = {"__future__", "collections", "dataclasses", "functools", "itertools", "typing"}

LONG_MODULES: dict[str, str] = {}
LONG_FUNCTIONS: dict[str, str] = {}


@dataclass(frozen=True)
class Import:
    """One imported module, and whether it is imported when the importing module is."""

    module: str
    names: tuple[str, ...]
    line: int
    at_top: bool

    @property
    def package(self) -> str:
        return self.module.partition(".")[0]


@dataclass(frozen=True)
class Module:
    """One source file."""

    path: Path

    @property
    def name(self) -> str:
        return self.path.relative_to(ROOT).as_posix()

    @cached_property
    def text(self) -> str:
        return self.path.read_text(encoding="utf-8")

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text)

    @cached_property
    def imports(self) -> tuple[Import, ...]:
        return tuple(_imports(self.tree, at_top=True))


def _imports(node: ast.AST, *, at_top: bool) -> Iterator[Import]:
    """Imports below a node; those under ``if TYPE_CHECKING`` are never run and are left out."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import):
            yield from (Import(alias.name, (), child.lineno, at_top) for alias in child.names)
        elif isinstance(child, ast.ImportFrom):
            assert child.level == 0, f"line {child.lineno}: a relative import"
            yield Import(child.module or "", tuple(alias.name for alias in child.names), child.lineno, at_top)
        elif isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
            for other in child.orelse:
                yield from _imports(other, at_top=at_top)
        else:
            inside = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
            yield from _imports(child, at_top=at_top and not inside)


def _modules(folder: str) -> list[Module]:
    return [Module(path) for path in sorted((ROOT / folder).rglob("*.py"))]


REWRITER = _modules("rewriter")
TRANSFORMS = [module for module in _modules("transforms") if module.path.name != "__init__.py"]
PURE = [
    m
    for m in REWRITER
    if m.name in PURE_OF_THE_BOT or (not m.name.startswith(OUTSIDE) and m.name not in OUTSIDE_MODULES)
]


def _named(module: Module) -> str:
    return module.name


def test_something_is_looked_at() -> None:
    assert len(TRANSFORMS) >= 3
    assert len(PURE) > 30
    assert {module.name for module in REWRITER} >= OUTSIDE_MODULES


@pytest.mark.parametrize("module", TRANSFORMS, ids=_named)
class TestTransforms:
    def test_import_only_public_names(self, module: Module) -> None:
        for found in module.imports:
            if found.package == "rewriter":
                assert found.module == "rewriter", f"line {found.line}: {found.module} is not public"
                assert set(found.names) <= set(rewriter.__all__), f"line {found.line}"
            else:
                assert found.package in FOR_TRANSFORMS, f"line {found.line}: {found.module}"

    def test_lie_flat(self, module: Module) -> None:
        assert module.path.parent == ROOT / "transforms"
        assert 20 <= len(module.text.splitlines()) <= 120


@pytest.mark.parametrize("module", REWRITER, ids=_named)
class TestRewriter:
    def test_names_no_transform(self, module: Module) -> None:
        names = {transform.path.stem for transform in TRANSFORMS}
        for node in ast.walk(module.tree):
            assert not names & _words(node), f"line {getattr(node, 'lineno', 0)}"

    def test_imports_no_transform(self, module: Module) -> None:
        if module.name != "rewriter/discovery.py":
            assert [found.line for found in module.imports if found.package == "transforms"] == []

    def test_imports_what_is_slow_where_it_is_used(self, module: Module) -> None:
        for found in module.imports:
            if found.package in HEAVY and found.package not in LATE_MODULES.get(module.name, set()):
                assert not found.at_top, f"line {found.line}: {found.module} at module level"

    def test_imports_third_parties_in_their_place(self, module: Module) -> None:
        for found in module.imports:
            if found.package in HEAVY:
                assert module.name.startswith(HEAVY[found.package]), f"line {found.line}: {found.module}"
            elif found.package == "click":
                command_line = module.name.startswith(("rewriter/cli", "rewriter/commands", "rewriter/terminal"))
                assert command_line, f"line {found.line}"
            else:
                known = found.package in sys.stdlib_module_names or found.package in ("rewriter", "transforms")
                assert known, f"line {found.line}: {found.module} is no dependency that has a place"


@pytest.mark.parametrize("module", PURE, ids=_named)
class TestPure:
    def test_imports_nothing_that_touches_the_outside(self, module: Module) -> None:
        for found in module.imports:
            assert found.package not in IMPURE, f"line {found.line}: {found.module}"

    def test_imports_no_module_that_does(self, module: Module) -> None:
        for found in module.imports:
            if found.package != "rewriter" or found.module == "rewriter.facts.loader":
                continue
            for name in (found.module, *(f"{found.module}.{name}" for name in found.names)):
                path = name.replace(".", "/")
                pure = (
                    f"{path}.py" in PURE_OF_THE_BOT
                    or name.rpartition(".")[0].replace(".", "/") + ".py" in PURE_OF_THE_BOT
                )
                assert pure or not f"{path}/".startswith(OUTSIDE), f"line {found.line}: {name}"
                assert f"{path}.py" not in OUTSIDE_MODULES, f"line {found.line}: {name}"

    def test_calls_nothing_that_does(self, module: Module) -> None:
        for node in ast.walk(module.tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                assert node.func.id not in IMPURE_CALLS, f"line {node.lineno}: {node.func.id}()"
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "io":
                assert node.attr in ("BytesIO", "StringIO"), f"line {node.lineno}"


def _words(node: ast.AST) -> set[str]:
    """Strings and identifiers of one node."""
    fields = (getattr(node, name, None) for name in ("id", "attr", "arg", "name", "asname", "module"))
    words = {word for word in fields if isinstance(word, str)}
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        words.add(node.value)
    return {part for word in words for part in (word, *word.split("."))}


def test_shipped_data_is_read_through_one_loader() -> None:
    readers = [m.name for m in REWRITER if "__file__" in m.text or "importlib.resources" in m.text]
    assert readers == ["rewriter/facts/loader.py"]


def _length(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of a function, its docstring and decorators not counted."""
    start, end = node.lineno, node.end_lineno or node.lineno
    first = node.body[0]
    documented = (
        isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str)
    )
    return end - start + 1 - ((first.end_lineno or first.lineno) - first.lineno + 1 if documented else 0)


def _long_modules() -> dict[str, int]:
    sizes = {module.name: len(module.text.splitlines()) for module in [*REWRITER, *TRANSFORMS]}
    return {name: size for name, size in sizes.items() if size > MOST_MODULE_LINES}


def _long_functions() -> dict[str, int]:
    found = {}
    for module in [*REWRITER, *TRANSFORMS]:
        for node in ast.walk(module.tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and _length(node) > MOST_FUNCTION_LINES:
                found[f"{module.name}:{node.name}"] = _length(node)
    return found


def test_modules_are_short_or_have_a_reason() -> None:
    assert {name: size for name, size in _long_modules().items() if name not in LONG_MODULES} == {}
    assert set(LONG_MODULES) - set(_long_modules()) == set(), "no longer needed"


def test_functions_are_short_or_have_a_reason() -> None:
    assert {name: size for name, size in _long_functions().items() if name not in LONG_FUNCTIONS} == {}
    assert set(LONG_FUNCTIONS) - set(_long_functions()) == set(), "no longer needed"
