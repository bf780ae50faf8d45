"""Cargo.toml and Cargo.lock."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from rewriter.manifests.reading import (
    MOST_DEPENDENCIES,
    Unread,
    mapping,
    read_toml,
    sequence,
    string,
    strings,
)
from rewriter.manifests.records import Dependency, Manifest

if TYPE_CHECKING:
    from typing import Any

    from rewriter.context import BuildContext

_LEGAL = re.compile(r"[\w-]+\Z")
_TABLES = ("dependencies", "build-dependencies")
# By their convention, crates named ``*-sys`` link a C library; some are called ``*-sys-rs`` or the like.
_BINDING = re.compile(r"-sys(?:-?(?:rs|next|\d+))?\Z")
_FINDERS = frozenset({"pkg-config", "system-deps", "vcpkg"})


def legal_name(name: str) -> bool:
    """Whether cargo takes a name for a package or a program."""
    return _LEGAL.match(name) is not None


def read_cargo_toml(context: BuildContext, path: str) -> Manifest:
    """What a crate or a workspace asks for; features come as settings ``features:NAME``."""
    data = read_toml(context, path)
    if isinstance(data, Unread):
        return Manifest(path, "cargo", unread=data.reason)
    package = mapping(data.get("package"))
    names = [string(table.get("name")) for table in (package, *map(mapping, sequence(data.get("bin"))))]
    illegal = next((name for name in names if name and not legal_name(name)), None)
    if illegal is not None:
        return Manifest(path, "cargo", unread=f"gives something the name {illegal[:60]!r}, which cargo does not take")
    workspace = mapping(data.get("workspace"))
    tables = [mapping(data.get(name)) for name in _TABLES] + [mapping(workspace.get("dependencies"))]
    for condition, target in mapping(data.get("target")).items():
        if ("windows" not in condition and "macos" not in condition) or "not(" in condition:
            tables += [mapping(mapping(target).get(name)) for name in _TABLES]
    found: list[Dependency] = []
    settings: list[tuple[str, str]] = []
    for table in tables:
        for name, wanted in table.items():
            found.append(_wants(name, wanted, path))
            settings += [
                (f"features:{found[-1].name}", feature) for feature in strings(mapping(wanted).get("features"))
            ]
    settings.append(("rust-version", string(package.get("rust-version"))))
    folder = posixpath.dirname(path)
    members = tuple(posixpath.normpath(posixpath.join(folder, one)) for one in strings(workspace.get("members"))[:200])
    kept = tuple(setting for setting in settings if setting[1])
    return Manifest(path, "cargo", tuple(found[:MOST_DEPENDENCIES]), settings=kept, includes=members)


def _wants(name: str, wanted: object, path: str) -> Dependency:
    table = mapping(wanted)
    version = wanted if isinstance(wanted, str) else string(table.get("version"))
    origin = next((kind for kind in ("git", "path") if table.get(kind)), "")
    real = (string(table.get("package")) or name).lower()
    exact = version[1:].strip() if version.startswith("=") and "," not in version else ""
    links = _BINDING.search(real) is not None
    return Dependency("cargo", real, exact, path, native=links or None, origin=origin, links=links)


def read_cargo_lock(context: BuildContext, path: str) -> Manifest:
    """The whole closure; the crates of the workspace itself, which have no source, are left out."""
    data = read_toml(context, path)
    if isinstance(data, Unread):
        return Manifest(path, "cargo", unread=data.reason)
    packages = [mapping(raw) for raw in sequence(data.get("package"))]
    if len(packages) > MOST_DEPENDENCIES:
        return Manifest(path, "cargo", unread="names too many packages")
    own = [entry for entry in packages if not entry.get("source")]
    direct = {name.partition(" ")[0] for entry in own for name in strings(entry.get("dependencies"))}
    found = [_locked(entry, direct, path) for entry in packages if entry.get("source") and string(entry.get("name"))]
    return Manifest(path, "cargo", tuple(found), complete=True)


def _locked(entry: dict[str, Any], direct: set[str], path: str) -> Dependency:
    name = string(entry.get("name"))
    origin = "git" if string(entry.get("source")).startswith("git+") else ""
    edges = {edge.partition(" ")[0] for edge in strings(entry.get("dependencies"))}
    links = _BINDING.search(name) is not None or bool(edges & _FINDERS)
    native = links or bool(edges & {"cc", "cmake", "bindgen"}) or None
    version = string(entry.get("version"))
    return Dependency("cargo", name.lower(), version, path, name in direct, native, origin=origin, links=links)
