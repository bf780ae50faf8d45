"""Finds the manifests of a folder, and what they refer to."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from rewriter.context import MAX_READ
from rewriter.manifests.records import Manifest

if TYPE_CHECKING:
    from collections.abc import Callable

    from rewriter.context import BuildContext

MOST_MANIFESTS = 300  # a monorepo has a few dozen
_MOST_BYTES = 40_000_000  # read of all manifests together
_MOST_REFERENCES = 2_000
_NAMES = {
    "go.mod": ("others", "read_go_mod"),
    "package.json": ("npm", "read_package_json"),
    "package-lock.json": ("npm", "read_package_lock"),
    "npm-shrinkwrap.json": ("npm", "read_package_lock"),
    "yarn.lock": ("npm_locks", "read_yarn_lock"),
    "pnpm-lock.yaml": ("npm_locks", "read_pnpm_lock"),
    "bun.lock": ("npm_locks", "read_bun_lock"),
    "bun.lockb": ("npm_locks", "read_bun_lock"),
    "requirements.txt": ("pypi", "read_requirements"),
    "pyproject.toml": ("pypi_locks", "read_pyproject"),
    "poetry.lock": ("pypi_locks", "read_poetry_lock"),
    "uv.lock": ("pypi_locks", "read_uv_lock"),
    "Pipfile": ("pypi_locks", "read_pipfile"),
    "Pipfile.lock": ("pypi_locks", "read_pipfile_lock"),
    "setup.py": ("pypi", "read_setup_py"),
    "setup.cfg": ("pypi", "read_setup_cfg"),
    "environment.yml": ("others", "read_conda"),
    "environment.yaml": ("others", "read_conda"),
    "pom.xml": ("java", "read_pom"),
    "build.gradle": ("java", "read_gradle"),
    "build.gradle.kts": ("java", "read_gradle"),
    "settings.gradle": ("java", "read_gradle_settings"),
    "settings.gradle.kts": ("java", "read_gradle_settings"),
    "libs.versions.toml": ("java", "read_version_catalogue"),
    "Cargo.toml": ("cargo", "read_cargo_toml"),
    "Cargo.lock": ("cargo", "read_cargo_lock"),
    "Gemfile.lock": ("rubygems", "read_gemfile_lock"),
    "gems.locked": ("rubygems", "read_gemfile_lock"),
    "Gemfile": ("rubygems", "read_gemfile"),
    "gems.rb": ("rubygems", "read_gemfile"),
    "composer.json": ("others", "read_composer_json"),
    "composer.lock": ("others", "read_composer_lock"),
    "mix.exs": ("others", "read_mix_exs"),
    "mix.lock": ("others", "read_mix_lock"),
    "packages.lock.json": ("dotnet", "read_nuget_lock"),
    "Directory.Packages.props": ("dotnet", "read_project"),
    "Directory.Build.props": ("dotnet", "read_project"),
}
_RECOGNISED = {
    "pubspec.yaml": "pub",
    "Package.swift": "swift",
    "stack.yaml": "haskell",
    "cabal.project": "haskell",
    "Project.toml": "julia",
    "renv.lock": "cran",
}
_PROJECTS = (".csproj", ".fsproj", ".vbproj")
_SOLUTION_PROJECT = re.compile(r'"([^"\n]{1,300}\.(?:cs|fs|vb)proj)"')
_FOR_DEVELOPERS = frozenset("dev develop development test tests testing doc docs lint ci local tools typing".split())


def is_manifest(path: str) -> bool:
    """Whether a file of this name is read, or at least recognised."""
    name = posixpath.basename(path)
    return name in _NAMES or name in _RECOGNISED or name.endswith((*_PROJECTS, ".cabal")) or _is_requirements(path)


def _is_requirements(path: str) -> bool:
    """``requirements.txt``, ``requirements-prod.txt``, ``requirements/base.txt``; not those for developers only."""
    folder, name = posixpath.split(path)
    stem, extension = posixpath.splitext(name)
    if extension != ".txt":
        return False
    words = set(re.split(r"[-_.]", stem.lower()))
    return ("requirements" in words or posixpath.basename(folder) == "requirements") and not words & _FOR_DEVELOPERS


def manifest_folders(context: BuildContext) -> tuple[str, ...]:
    """The folders that have a manifest, shallowest first; vendored and installed packages are passed over."""
    folders = {posixpath.dirname(path) for path in context.files() if is_manifest(path) and not _vendored(path)}
    return tuple(sorted(folders, key=lambda folder: (folder.count("/"), folder)))[:MOST_MANIFESTS]


def _vendored(path: str) -> bool:
    return not {"node_modules", "vendor", "site-packages", ".venv", "venv", "target"}.isdisjoint(path.split("/"))


def read_manifest(context: BuildContext, path: str) -> Manifest | None:
    """One file; None for one that is no manifest. Any other ``.txt`` or ``.pip`` is taken for a requirements file."""
    name = posixpath.basename(path)
    if name in _RECOGNISED or name.endswith(".cabal"):
        return Manifest(path, _RECOGNISED.get(name, "haskell"), unread="is recognised, but not read")
    if (reader := _reader(path)) is None:
        return None
    return reader(context, path)


def _reader(path: str) -> Callable[[BuildContext, str], Manifest] | None:
    """The function that reads a file; its module is imported here, so that only the languages in use are loaded."""
    from importlib import import_module

    name = posixpath.basename(path)
    module, function = _NAMES.get(name, ("", ""))
    if name.endswith(_PROJECTS):
        module, function = "dotnet", "read_project"
    elif not module and name.endswith((".txt", ".pip")):
        module, function = "pypi", "read_requirements"
    if not module:
        return None
    reader: Callable[[BuildContext, str], Manifest] = getattr(import_module(f"rewriter.manifests.{module}"), function)
    return reader


def read_manifests(context: BuildContext, folder: str = "") -> tuple[Manifest, ...]:
    """The manifests that lie in a folder, and those that they refer to, each once, in a steady order.

    References are workspaces, modules, included requirements and projects of a solution; they may form circles and
    may name files that are not there: those are passed over.
    """
    return read_with_references(context, _in_folder(context, folder.strip("/")))


def read_with_references(context: BuildContext, paths: tuple[str, ...]) -> tuple[Manifest, ...]:
    """These files and what they refer to, at most `MOST_MANIFESTS`."""
    todo, seen, found = list(paths), set[str](), list[Manifest]()
    bounded, references = _Bounded(context), 0
    targets = [path for path in context.files() if posixpath.basename(path) in _TARGETS and not _vendored(path)]
    del targets[MOST_MANIFESTS:]
    for path in todo:  # grows on the way
        path = posixpath.normpath(path)
        if path in seen or path.startswith("../") or len(found) >= MOST_MANIFESTS:
            continue
        seen.add(path)
        if context.kind(path) is None and path not in paths:
            continue
        if (manifest := read_manifest(bounded, path)) is None:
            continue
        found.append(manifest)
        references += len(manifest.includes)
        if references <= _MOST_REFERENCES:
            for include in manifest.includes:
                todo.extend(_referred(context, include, manifest.ecosystem, targets))
    return tuple(found)


class _Bounded:
    """The context, until enough of it was read."""

    def __init__(self, context: BuildContext) -> None:
        self._context = context
        self._left = _MOST_BYTES
        self.label = context.label
        self.truncated = context.truncated
        self.files = context.files
        self.links = context.links
        self.kind = context.kind

    def read(self, path: str, limit: int = MAX_READ) -> bytes | None:
        """See BuildContext."""
        content = self._context.read(path, min(limit, self._left))
        self._left -= len(content or b"")
        return content


def _in_folder(context: BuildContext, folder: str) -> tuple[str, ...]:
    prefix = f"{folder}/" if folder and folder != "." else ""
    paths = []
    for path in context.files():
        if not path.startswith(prefix):
            continue
        rest = path[len(prefix) :]
        here = "/" not in rest
        listed = rest.startswith("requirements/") and _is_requirements(path)
        if (here and is_manifest(path)) or listed or rest == "gradle/libs.versions.toml":
            paths.append(path)
        elif here and rest.endswith((".sln", ".slnx")):
            paths += _solution(context, path)
    return tuple(paths)


def _solution(context: BuildContext, path: str) -> list[str]:
    from rewriter.manifests.reading import Unread, read_text

    text = read_text(context, path, 1_000_000)
    if isinstance(text, Unread):
        return []
    projects = _SOLUTION_PROJECT.findall(text)[:MOST_MANIFESTS]
    found = [posixpath.normpath(posixpath.join(posixpath.dirname(path), one.replace("\\", "/"))) for one in projects]
    return [one for one in found if context.kind(one) == "file"]


def _referred(context: BuildContext, include: str, ecosystem: str, targets: list[str]) -> list[str]:
    """The files behind a reference: a file itself, or the manifests of the same language in a folder."""
    if context.kind(include) == "file":
        return [include]
    pattern = include.rstrip("/")
    names = _SIBLINGS.get(ecosystem, ())
    return [
        path
        for path in targets
        if posixpath.basename(path) in names and _matches(posixpath.dirname(path), posixpath.normpath(pattern))
    ]


_SIBLINGS = {
    "npm": ("package.json",),
    "maven": ("pom.xml", "build.gradle", "build.gradle.kts"),
    "cargo": ("Cargo.toml",),
    "pypi": ("pyproject.toml", "setup.py"),
}
_TARGETS = frozenset(name for names in _SIBLINGS.values() for name in names)


def _matches(folder: str, pattern: str) -> bool:
    """Whether a folder fits a workspace pattern: ``*`` within a name, ``**`` for any number of folders."""
    names, wanted = folder.split("/"), pattern.split("/")
    if "**" in wanted:
        before = wanted[: wanted.index("**")]
        return len(names) >= len(before) and all(map(_name_matches, names, before))
    return len(names) == len(wanted) and all(map(_name_matches, names, wanted))


def _name_matches(name: str, pattern: str) -> bool:
    head, star, tail = pattern.partition("*")
    if not star:
        return name == pattern
    return len(name) >= len(head) + len(tail) and name.startswith(head) and name.endswith(tail)
