"""Whether the code that runs imports a development dependency, which a prune would take away."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rewriter.ecosystems.node import NodeStage
    from rewriter.ecosystems.node_project import Project, Started

_LOADS = rb"""(?:\brequire\(\s*|\bfrom\s+|\bimport\(\s*|^[ \t]*import\s+)["']"""
_IMPORTS = re.compile(_LOADS + rb"((?:@[\w.-]+/)?[A-Za-z0-9_][\w.-]*)", re.MULTILINE)
_NAMES = re.compile(
    rb"""["'`](?:(?:npx|yarn|pnpm|bunx)\s+(?:exec\s+|run\s+)?)?((?:@[\w.-]+/)?[A-Za-z0-9_][\w.-]*)(?:/[\w./-]*|\s[^"'`\n]*)?["'`]"""
    rb"""|node_modules/(?:\.bin/)?((?:@[\w.-]+/)?[A-Za-z0-9_][\w.-]*)"""
)
_RELATIVE = re.compile(_LOADS + rb"""(\.[^"'\n]{0,300})["']""", re.MULTILINE)
_TYPES_ONLY = re.compile(rb"^[ \t]*(?:import|export)\s+type\b[^;\n]*", re.MULTILINE)
_FOR_TOOLS = re.compile(
    r"(?:^|/)(?:tests?|__tests__|__mocks__|spec|specs|e2e|cypress|stories|\.storybook|scripts|tools|docs|examples|"
    r"coverage|node_modules|\.husky|bench|benchmarks)/|\.(?:test|spec|stories|d|config|conf|setup)\.|"
    r"(?:^|/)(?:gulpfile|gruntfile|webpack|rollup|vite|jest|karma|babel|\.eslintrc|\.prettierrc|commitlint|tailwind|"
    r"postcss|next|nuxt|svelte|vue|astro|knexfile|cypress|playwright)[\w.-]*\.[cm]?[jt]sx?\Z",
    re.IGNORECASE,
)
_BUNDLERS = frozenset(
    "vite webpack webpack-cli rollup parcel parcel-bundler esbuild react-scripts @angular/cli @vue/cli-service next "
    "nuxt snowpack browserify tsup @sveltejs/kit astro gatsby @vercel/ncc gulp @rspack/core turbopack".split()
)
"""They put what is imported into their output."""
_BABEL = frozenset({"@babel/register", "@babel/node", "babel-register", "babel-node", "babel-cli"})
_CHECKS_TYPES = frozenset({"ts-node", "ts-node-dev", "tsnd"})
_COMPILES_ALONE = re.compile(
    r"\btsc\b(?![^&|;]{0,1000}--noEmit)|\b(?:babel|swc)\s[^&|;]{0,1000}(?:-d|--out-dir)|\btsup\b"
)
_LOADS_DRIVERS = frozenset({"sequelize", "sequelize-typescript", "typeorm", "knex", "@mikro-orm/core", "waterline"})
_DRIVERS = frozenset(
    "sqlite3 better-sqlite3 sql.js pg pg-native mysql mysql2 mariadb tedious mssql oracledb mongodb redis".split()
)
"""Sources: the pages on databases in the documentation of Sequelize, TypeORM and Knex, 2026-11."""
_PLAIN_WORDS = frozenset("standard tap ava chai jest mocha mock nock sinon debug serve open lint jsdoc vows".split())
"""Names of packages for development that are words of every day as well."""
_LARGEST = 1_000_000
_MOST = 5_000


_COMPILERS = frozenset("typescript ts-node tsx esbuild-register @swc/register jiti sucrase".split())
"""What reads a configuration that is written in TypeScript."""


def imported(node: NodeStage, project: Project, started: Started) -> str:
    """Why a development dependency is needed when the application runs; empty when none is seen to be.

    Where a bundler builds, what it takes in is not looked for again: then only the code that is not bundled counts,
    which cannot be told apart, and a file that is started as it lies in the context is looked at with what it requires.
    """
    development = frozenset(name for name in project.pruned if not name.startswith("@types/"))
    direct = frozenset(one.name for one in project.package.dependencies) - project.development
    problem = _configuration(node, project, started) or _driver(direct, project.development)
    problem = problem or _compiles(started, project.development)
    if problem:
        return problem
    bundles = bool(_BUNDLERS & {one.name for one in project.package.dependencies})
    # A compiler beside the bundler makes what runs on the server, which is not bundled.
    bundles = bundles and not any(_COMPILES_ALONE.search(text) for text in project.scripts.values())
    reached = tuple(_reached(node, project, started))
    for path in dict.fromkeys((*reached, *(() if bundles else _all(node, project)))):
        for name in _names(node, path):
            if name in development:
                return f"{path} imports {name}, a development dependency, which would be pruned"
    return ""


def named(node: NodeStage, project: Project, started: Started) -> Iterator[tuple[str, str]]:
    """Sources, each with a development dependency whose name is one of its strings (``transport: "pino-pretty"``).

    A library may load it by that name, often only where NODE_ENV asks for it.
    """
    development = project.development - _PLAIN_WORDS
    for path in dict.fromkeys((*_reached(node, project, started), *_all(node, project))):
        for name in sorted(_mentioned(node, path) & development):
            yield path, name


def _compiles(started: Started, development: frozenset[str]) -> str:
    """What compiles whenever it starts, with plug-ins or types of the development dependencies."""
    names = started.packages
    if names & _BABEL:
        plug = min((one for one in development if one.startswith(("@babel/", "babel-"))), default="")
        return f"{min(names & _BABEL)} needs {plug}, a development dependency, whenever it starts" if plug else ""
    types = min((one for one in development if one.startswith("@types/")), default="")
    checks = min(names & _CHECKS_TYPES, default="") if types and "--transpile-only" not in started.words else ""
    return f"{checks} needs {types}, a development dependency, whenever it starts" if checks else ""


def _driver(direct: frozenset[str], development: frozenset[str]) -> str:
    """A driver among the development dependencies, beside a library that loads drivers by the names of databases."""
    library, driver = min(direct & _LOADS_DRIVERS, default=""), min(development & _DRIVERS, default="")
    return f"{library} may load {driver}, a development dependency, by the name of its database" if driver else ""


def _configuration(node: NodeStage, project: Project, started: Started) -> str:
    """A development dependency in a file that configures what is started: it is read whenever that starts."""
    prefix = "" if project.origin == "." else f"{project.origin}/"
    for stem in sorted(started.stems):
        ours = re.compile(rf"{re.escape(prefix)}\.?{re.escape(stem)}(?:file|rc|[-.]config)[\w.-]*\.([cm]?[jt])s\Z")
        for path in project.context.files():
            found = ours.match(path)
            if found is None:
                continue
            needed = {*_names(node, path)} | (_COMPILERS if "t" in found[1] else frozenset())
            if needed & project.pruned:
                name = min(needed & project.pruned)
                return f"{path} needs {name}, a development dependency, whenever {stem} starts"
    return ""


def _all(node: NodeStage, project: Project) -> Iterator[str]:
    prefix = "" if project.origin == "." else f"{project.origin}/"
    paths = (p for p in project.context.files() if p.startswith(prefix) and node.is_code(p))
    for count, path in enumerate(path for path in paths if not _FOR_TOOLS.search(path[len(prefix) :])):
        if count >= _MOST:
            return
        yield path


def _reached(node: NodeStage, project: Project, started: Started) -> Iterator[str]:
    """The files of the context that the start command or a script names, and what they require by a relative path."""
    todo: list[str] = []
    texts = [(word, True) for word in started.words]
    texts += [(word, False) for text in project.scripts.values() for word in text.split()]
    for word, runs in texts:
        for candidate in (word, f"{word}.js", f"{word}/index.js"):
            origin = node.files.origin(posixpath.normpath(posixpath.join(project.folder, candidate)))
            if origin is not None and (runs or (node.is_code(origin) and not _FOR_TOOLS.search(origin))):
                todo.append(origin)
    seen = set(todo)
    for path in todo:  # grows on the way
        yield path
        for relative in _relative(node, path):
            for ending in ("", ".js", ".mjs", ".cjs", ".ts", "/index.js", "/index.ts"):
                inner = posixpath.normpath(posixpath.join(posixpath.dirname(path), relative + ending))
                if inner not in seen and len(seen) < _MOST and project.context.kind(inner) == "file":
                    seen.add(inner)
                    todo.append(inner)


def _text(node: NodeStage, path: str) -> bytes:
    context = node.files.context
    return (context.read(path, _LARGEST) if context is not None else None) or b""


def _names(node: NodeStage, path: str) -> Iterator[str]:
    text = _TYPES_ONLY.sub(b"", _text(node, path))
    return (match[1].decode("ascii", "replace").lower() for match in _IMPORTS.finditer(text))


def _mentioned(node: NodeStage, path: str) -> set[str]:
    """Strings of a source that could be names of packages, imports left out: what loads a package by its name."""
    text = _IMPORTS.sub(b"", _TYPES_ONLY.sub(b"", _text(node, path)))
    found = (match[1] or match[2] for match in _NAMES.finditer(text))
    return {name.decode("ascii", "replace").lower() for name in found}


def _relative(node: NodeStage, path: str) -> Iterator[str]:
    return (match[1].decode("utf-8", "replace") for match in _RELATIVE.finditer(_text(node, path)))
