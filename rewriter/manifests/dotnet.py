"""*.csproj, Directory.Packages.props, Directory.Build.props and packages.lock.json."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from rewriter.manifests.reading import (
    MOST_DEPENDENCIES,
    Unread,
    child_text,
    local_name,
    mapping,
    read_json,
    read_xml,
    string,
)
from rewriter.manifests.records import Dependency, Manifest

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

    from rewriter.context import BuildContext

PROPERTIES = (
    "RuntimeIdentifier",
    "RuntimeIdentifiers",
    "InvariantGlobalization",
    "PublishAot",
    "SelfContained",
    "PublishSingleFile",
    "TargetFramework",
    "TargetFrameworks",
    "PublishTrimmed",
    "UseAppHost",
)


def read_project(context: BuildContext, path: str) -> Manifest:
    """References with their versions, the properties that matter, and the projects that it refers to."""
    root = read_xml(context, path)
    if isinstance(root, Unread):
        return Manifest(path, "nuget", unread=root.reason)
    if local_name(root) != "Project":
        return Manifest(path, "nuget", unread="is not an MSBuild project")
    found: list[Dependency] = []
    settings: list[tuple[str, str]] = [("Sdk", root.get("Sdk", ""))]
    includes: list[str] = []
    for element in root.iter():
        name = local_name(element)
        if name in ("PackageReference", "PackageVersion"):
            found.extend(_reference(element, path))
        elif name in PROPERTIES:
            settings.append((name, (element.text or "").strip()))
        elif name == "ProjectReference" and (target := element.get("Include", "").replace("\\", "/")):
            includes.append(posixpath.normpath(posixpath.join(posixpath.dirname(path), target)))
    kept = tuple(setting for setting in settings if setting[1])
    return Manifest(path, "nuget", tuple(found[:MOST_DEPENDENCIES]), settings=kept, includes=tuple(includes[:200]))


def _reference(element: Element, path: str) -> tuple[Dependency, ...]:
    name = element.get("Include") or element.get("Update") or ""
    version = element.get("Version") or element.get("VersionOverride") or child_text(element, "Version")
    exact = version.strip("[]") if version and not set(version) & set("$*,()") else ""
    return (Dependency("nuget", name.lower(), exact, path),) if name else ()


def read_nuget_lock(context: BuildContext, path: str) -> Manifest:
    """packages.lock.json: the closure for each target framework; projects of the solution are left out."""
    data = read_json(context, path)
    if isinstance(data, Unread):
        return Manifest(path, "nuget", unread=data.reason)
    found: dict[tuple[str, str], Dependency] = {}
    for framework in mapping(data.get("dependencies")).values():
        for name, raw in mapping(framework).items():
            entry = mapping(raw)
            kind, version = string(entry.get("type")), string(entry.get("resolved"))
            if kind != "Project" and len(found) < MOST_DEPENDENCIES:
                one = Dependency("nuget", name.lower(), version, path, kind == "Direct")
                found.setdefault((one.name, version), one)
    return Manifest(path, "nuget", tuple(found.values()), complete=True)
