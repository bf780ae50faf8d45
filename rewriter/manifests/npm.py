"""package.json, package-lock.json and npm-shrinkwrap.json."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from rewriter.manifests.reading import MOST_DEPENDENCIES, Unread, mapping, read_json, string, strings
from rewriter.manifests.records import Dependency, Manifest

if TYPE_CHECKING:
    from typing import Any

    from rewriter.context import BuildContext

_SECTIONS = ("dependencies", "optionalDependencies", "devDependencies", "peerDependencies")

# A package that depends on one of these compiles, or looks for a compiled file: the tools that do it.
NATIVE_TOOLS = frozenset(
    "node-gyp node-gyp-build node-gyp-build-optional-packages node-pre-gyp @mapbox/node-pre-gyp prebuild-install "
    "prebuild bindings nan node-addon-api napi-macros cmake-js node-gyp-install require-addon pkg-prebuilds "
    "prebuildify @mongodb-js/node-gyp neon-cli cargo-cp-artifact install-artifact-from-github".split()
)


def read_package_json(context: BuildContext, path: str) -> Manifest:
    """What the project itself asks for; never the whole closure. Scripts come as settings ``script:NAME``."""
    data = read_json(context, path)
    if isinstance(data, Unread):
        return Manifest(path, "npm", unread=data.reason)
    found: dict[str, Dependency] = {}
    for section in _SECTIONS:
        for name, wanted in mapping(data.get(section)).items():
            if name not in found and len(found) < MOST_DEPENDENCIES:
                found[name] = _asked_for(name, string(wanted), path, dev=section == "devDependencies")
    settings = [(f"script:{name}", string(value)) for name, value in mapping(data.get("scripts")).items()]
    settings += [(f"engine:{name}", string(value)) for name, value in mapping(data.get("engines")).items()]
    settings += [("packageManager", string(data.get("packageManager")))] if data.get("packageManager") else []
    settings += [("optionalDependencies", "yes")] if mapping(data.get("optionalDependencies")) else []
    spaces = data.get("workspaces")
    workspaces = strings(spaces) or strings(mapping(spaces).get("packages"))
    includes = tuple(posixpath.join(posixpath.dirname(path), space) for space in workspaces[:200])
    return Manifest(path, "npm", tuple(found.values()), settings=tuple(settings), includes=includes)


def _asked_for(name: str, wanted: str, path: str, *, dev: bool) -> Dependency:
    if wanted.startswith("npm:"):  # an alias: what is installed is another package
        name, _, wanted = wanted[4:].rpartition("@") if "@" in wanted[5:] else (wanted[4:], "", "")
    exact = wanted.lstrip("=v")
    return Dependency("npm", name.lower(), exact if _is_exact(exact) else "", path, origin=origin_of(wanted), dev=dev)


def _is_exact(version: str) -> bool:
    parts = version.split("-")[0].split("+")[0].split(".")
    return len(parts) == 3 and all(part.isascii() and part.isdigit() for part in parts)


def origin_of(wanted: str) -> str:
    """How a version text says that a package comes: "" from the registry, ``git``, ``url`` or ``path``."""
    lowered = wanted.lower()
    if lowered.startswith(("git+", "git:", "git@", "github:", "gitlab:", "bitbucket:", "ssh:")):
        return "git"
    if lowered.startswith(("file:", "link:", "workspace:", "portal:", "./", "../")):
        return "path"
    if lowered.startswith(("http:", "https:")):
        return "git" if lowered.partition("#")[0].endswith(".git") else "url"
    plain = lowered.count("/") == 1 and not lowered.startswith(("@", "npm:", "/", "~", "^", ">", "<", "=", "patch:"))
    return "git" if plain else ""


def split_name(text: str) -> tuple[str, str]:
    """``@scope/name`` and ``1.0.0`` of ``@scope/name@1.0.0``: the @ of a scope is no separator."""
    name, _, wanted = text[1:].partition("@")
    return text[:1] + name, wanted


def read_package_lock(context: BuildContext, path: str) -> Manifest:
    """A lock of npm: version 1 nests ``dependencies``, 2 and 3 list ``packages`` by their folder."""
    data = read_json(context, path)
    if isinstance(data, Unread):
        return Manifest(path, "npm", unread=data.reason)
    version = data.get("lockfileVersion", 1)
    packages = mapping(data.get("packages"))
    if version == 1 and not packages:
        dependencies = _nested(mapping(data.get("dependencies")), path)
    elif version in (1, 2, 3):
        dependencies = _listed(packages, path)
    else:
        return Manifest(path, "npm", unread=f"has the unknown lockfileVersion {str(version)[:20]}")
    if len(dependencies) > MOST_DEPENDENCIES:
        return Manifest(path, "npm", unread="names too many packages")
    return Manifest(path, "npm", tuple(dependencies), complete=True, settings=(("lockfileVersion", str(version)),))


def _listed(packages: dict[str, Any], path: str) -> list[Dependency]:
    root = mapping(packages.get(""))
    direct = {name for section in _SECTIONS for name in mapping(root.get(section))}
    found: list[Dependency] = []
    for folder, raw in packages.items():
        entry = mapping(raw)
        if not folder or entry.get("link") is True or "node_modules/" not in folder:
            continue  # the project itself and its workspaces
        if not for_linux(entry.get("os"), entry.get("cpu")):
            continue
        name = string(entry.get("name")) or folder.rpartition("node_modules/")[2]
        edges = {*mapping(entry.get("dependencies")), *mapping(entry.get("optionalDependencies"))}
        script = entry.get("hasInstallScript") is True
        # node-gyp without a script of one's own is a tool for the packages of others, as npm itself has it.
        native = (
            True if entry.get("gypfile") is True or edges & (NATIVE_TOOLS - {"" if script else "node-gyp"}) else None
        )
        if native is None and not script:
            native = False
        found.append(
            Dependency(
                "npm",
                name.lower(),
                string(entry.get("version")),
                path,
                direct=name in direct and folder.count("node_modules/") == 1,
                native=native,
                libc=libc_of(name, strings(entry.get("libc"))),
                origin=origin_of(string(entry.get("resolved"))) if _is_git(entry) else "",
                dev=entry.get("dev") is True,
            )
        )
    return found


def _is_git(entry: dict[str, Any]) -> bool:
    return string(entry.get("resolved")).startswith(("git+", "git:", "git@", "ssh:"))


def _nested(top: dict[str, Any], path: str) -> list[Dependency]:
    found: list[Dependency] = []
    todo = [(top, True)]
    while todo and len(found) <= MOST_DEPENDENCIES:
        level, direct = todo.pop()
        for name, raw in level.items():
            entry = mapping(raw)
            version = string(entry.get("version"))
            native = True if set(mapping(entry.get("requires"))) & NATIVE_TOOLS else None
            exact = version if _is_exact(version.rpartition("@")[2]) else ""
            # Version 1 lists what was hoisted beside what was asked for: not every entry at the top is direct.
            found.append(
                Dependency(
                    "npm",
                    name.lower(),
                    exact.rpartition("@")[2],
                    path,
                    direct=direct,
                    native=native,
                    libc=libc_of(name, ()),
                    origin=origin_of(version) if not exact else "",
                    dev=entry.get("dev") is True,
                )
            )
            if inner := mapping(entry.get("dependencies")):
                todo.append((inner, False))
    return found


def for_linux(systems: object, cpus: object) -> bool:
    """Whether an entry's ``os`` and ``cpu`` let it be installed on Linux on a usual processor."""
    return _allows(systems, ("linux",)) and _allows(cpus, ("x64", "arm64"))


def _allows(value: object, wanted: tuple[str, ...]) -> bool:
    listed = (value,) if isinstance(value, str) else value if isinstance(value, tuple) else strings(value)
    positive = [item for item in listed if not item.startswith("!")]
    if positive:
        return any(item in wanted or item == "any" for item in positive)
    return not all(f"!{item}" in listed for item in wanted)


def libc_of(name: str, stated: tuple[str, ...]) -> tuple[str, ...]:
    """The libcs that a package is for: as the lock states it, else as the name of a prebuilt package tells."""
    if stated:
        return tuple(item for item in stated if item in ("glibc", "musl"))
    words = set(name.lower().replace("/", "-").replace("_", "-").replace("@", "").split("-"))
    if not words & {"linux", "linuxmusl"}:
        return ()
    if words & {"musl", "linuxmusl", "musleabihf"}:
        return ("musl",)
    if words & {"gnu", "glibc", "gnueabihf"} or name.startswith(("@img/sharp-linux-", "@img/sharp-libvips-linux-")):
        return ("glibc",)
    return ()
