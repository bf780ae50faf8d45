"""pyproject.toml, poetry.lock, uv.lock, Pipfile and Pipfile.lock."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rewriter.manifests.pypi import exact_version, marker_allows_linux, normal_name, requirement
from rewriter.manifests.reading import (
    MOST_DEPENDENCIES,
    Unread,
    mapping,
    read_json,
    read_toml,
    sequence,
    string,
    strings,
)
from rewriter.manifests.records import Dependency, Manifest

if TYPE_CHECKING:
    from typing import Any

    from rewriter.context import BuildContext

_SDISTS = (".tar.gz", ".zip", ".tar.bz2", ".tgz", ".tar.xz")


def read_pyproject(context: BuildContext, path: str) -> Manifest:
    """PEP 621, its optional groups, PEP 735 groups, and Poetry's tables; never the whole closure."""
    data = read_toml(context, path)
    if isinstance(data, Unread):
        return Manifest(path, "pypi", unread=data.reason)
    project, tool = mapping(data.get("project")), mapping(data.get("tool"))
    texts = [*strings(project.get("dependencies"))]
    for groups in (mapping(project.get("optional-dependencies")), mapping(data.get("dependency-groups"))):
        texts += [text for group in groups.values() for text in strings(group)]
    found = [one for text in texts for one in requirement(text, path) or ()]
    poetry = mapping(tool.get("poetry"))
    tables = [mapping(poetry.get("dependencies")), mapping(poetry.get("dev-dependencies"))]
    tables += [mapping(mapping(group).get("dependencies")) for group in mapping(poetry.get("group")).values()]
    found += [
        _poetry_wants(name, wanted, path) for table in tables for name, wanted in table.items() if name != "python"
    ]
    settings = [("build-backend", string(mapping(data.get("build-system")).get("build-backend")))]
    settings += [("build-requires", text) for text in strings(mapping(data.get("build-system")).get("requires"))]
    if "dependencies" in strings(project.get("dynamic")):
        settings.append(("dependencies", "dynamic"))
    kept = tuple(found[:MOST_DEPENDENCIES])
    return Manifest(path, "pypi", kept, settings=tuple(setting for setting in settings if setting[1]))


def _poetry_wants(name: str, wanted: object, path: str) -> Dependency:
    table = mapping(wanted)
    version = wanted if isinstance(wanted, str) else string(table.get("version"))
    origin = next((kind for kind in ("git", "url", "path") if table.get(kind)), "")
    exact = version if version[:1].isdigit() and version.count(".") >= 1 and "," not in version else ""
    exact = exact if exact and not set(exact) & set("*<>^~ |") else exact_version(version)
    return Dependency("pypi", normal_name(name), exact, path, origin=origin)


def read_poetry_lock(context: BuildContext, path: str) -> Manifest:
    """poetry.lock; the names of the distributions are in the package since 1.3, in ``metadata.files`` before."""
    data = read_toml(context, path)
    if isinstance(data, Unread):
        return Manifest(path, "pypi", unread=data.reason)
    packages = sequence(data.get("package"))
    files = mapping(mapping(data.get("metadata")).get("files"))
    found = []
    for entry in map(mapping, packages):
        name = string(entry.get("name"))
        listed = sequence(entry.get("files")) or sequence(files.get(name))
        names = tuple(string(mapping(item).get("file")) for item in listed)
        kind = string(mapping(entry.get("source")).get("type"))
        origin = {"git": "git", "url": "url", "directory": "path", "file": "path"}.get(kind, "")
        groups = strings(entry.get("groups"))
        dev = entry.get("category") == "dev" or (bool(groups) and "main" not in groups)
        found.append(locked(name, string(entry.get("version")), path, names, origin, dev=dev))
    return _lock(path, found, len(packages))


def read_uv_lock(context: BuildContext, path: str) -> Manifest:
    """uv.lock; the project itself and its workspace members are left out."""
    data = read_toml(context, path)
    if isinstance(data, Unread):
        return Manifest(path, "pypi", unread=data.reason)
    packages = sequence(data.get("package"))
    found = []
    for entry in map(mapping, packages):
        source = mapping(entry.get("source"))
        if source.keys() & {"editable", "virtual"}:
            continue
        names = [_file_name(mapping(wheel)) for wheel in sequence(entry.get("wheels"))]
        if sdist := mapping(entry.get("sdist")):
            names.append(_file_name(sdist))
        origin = next((kind for kind in ("git", "url", "path") if kind in source), "")
        origin = "path" if "directory" in source else origin
        found.append(locked(string(entry.get("name")), string(entry.get("version")), path, tuple(names), origin))
    return _lock(path, found, len(packages))


def _file_name(entry: dict[str, Any]) -> str:
    for key in ("filename", "url", "path"):
        if value := string(entry.get(key)):
            return value.rpartition("/")[2].partition("#")[0]
    return ""


def _lock(path: str, found: list[Dependency | None], count: int) -> Manifest:
    if count > MOST_DEPENDENCIES:
        return Manifest(path, "pypi", unread="names too many packages")
    kept = tuple(one for one in found if one is not None and one.name)
    return Manifest(path, "pypi", kept, complete=True)


def locked(
    name: str, version: str, where: str, files: tuple[str, ...], origin: str = "", *, dev: bool = False
) -> Dependency | None:
    """A locked package, judged by the names of its distributions; None when it has none for Linux."""
    wheels = [file for file in files if file.endswith(".whl")]
    sources = [file for file in files if file.endswith(_SDISTS)]
    if wheels and not sources and not any(_fits_linux(file) for file in wheels):
        return None  # for Windows or macOS only, behind a marker
    native: bool | None = None
    if any(file.endswith("-none-any.whl") for file in wheels):
        native = False
    elif any(_fits_linux(file) for file in wheels):
        native = True
    libc = tuple(
        libc
        for libc, mark in (("glibc", ("manylinux", "-linux_")), ("musl", ("musllinux",)))
        if any(sign in file for file in wheels for sign in mark)
    )
    return Dependency("pypi", normal_name(name), version, where, False, native, libc, files, origin, dev)


def _fits_linux(file: str) -> bool:
    return "linux" in file or file.endswith("-any.whl")


def read_pipfile_lock(context: BuildContext, path: str) -> Manifest:
    """Pipfile.lock: the sections ``default`` and ``develop``; distributions are known by their hashes only."""
    data = read_json(context, path)
    if isinstance(data, Unread):
        return Manifest(path, "pypi", unread=data.reason)
    found: list[Dependency | None] = []
    for section in ("default", "develop"):
        for name, raw in mapping(data.get(section)).items():
            entry = mapping(raw)
            if marker_allows_linux(string(entry.get("markers")).replace("'", '"')):
                found.append(_pipenv(name, entry, path, dev=section == "develop"))
    return _lock(path, found, len(found))


def _pipenv(name: str, entry: dict[str, Any], path: str, *, dev: bool) -> Dependency:
    origin = next((kind for kind in ("git", "path") if entry.get(kind)), "url" if entry.get("file") else "")
    version = exact_version(string(entry.get("version")))
    return Dependency("pypi", normal_name(name), version, path, entry.get("index") is not None, origin=origin, dev=dev)


def read_pipfile(context: BuildContext, path: str) -> Manifest:
    """What a Pipfile asks for."""
    data = read_toml(context, path)
    if isinstance(data, Unread):
        return Manifest(path, "pypi", unread=data.reason)
    tables = [mapping(data.get("packages")), mapping(data.get("dev-packages"))]
    found = [_poetry_wants(name, wanted, path) for table in tables for name, wanted in table.items()]
    return Manifest(path, "pypi", tuple(found[:MOST_DEPENDENCIES]))
