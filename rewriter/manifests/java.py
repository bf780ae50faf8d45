"""pom.xml, build.gradle, build.gradle.kts and gradle/libs.versions.toml."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from rewriter.manifests.reading import (
    MOST_DEPENDENCIES,
    Unread,
    child_text,
    local_name,
    mapping,
    read_text,
    read_toml,
    read_xml,
    string,
)
from rewriter.manifests.records import Dependency, Manifest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from xml.etree.ElementTree import Element

    from rewriter.context import BuildContext

_MOST_PROPERTIES = 2_000
_GROUP = "[A-Za-z0-9_.-]{1,120}"
_COORDINATE = re.compile(rf"""["']({_GROUP}):({_GROUP})(?::([A-Za-z0-9_.$+{{}}-]{{1,80}}))?(?::[\w.-]{{1,40}})?["']""")
_MAP_FORM = re.compile(
    rf"""group\s{{0,9}}[:=]\s{{0,9}}["']({_GROUP})["']\s{{0,9}},\s{{0,9}}name\s{{0,9}}[:=]\s{{0,9}}["']({_GROUP})["']"""
    r"""(?:\s{0,9},\s{0,9}version\s{0,9}[:=]\s{0,9}["']([\w.-]{1,80})["'])?"""
)
_PLUGIN = re.compile(
    r"""\bid\s{0,9}\(?\s{0,9}["']([\w.-]{1,120})["']\)?(?:\s{1,9}version\s{0,9}\(?\s{0,9}["']([\w.-]{1,80})["'])?"""
)
_APPLY = re.compile(r"""\bapply\s{0,9}\(?\s{0,9}plugin\s{0,9}[:=]\s{0,9}["']([\w.-]{1,120})["']""")
_INCLUDE = re.compile(r"""["'](:?[\w:.-]{1,200})["']""")


def read_pom(context: BuildContext, path: str) -> Manifest:
    """Dependencies (not the managed ones), plugins and their executables' coordinates, modules. Never the closure."""
    root = read_xml(context, path)
    if isinstance(root, Unread):
        return Manifest(path, "maven", unread=root.reason)
    if local_name(root) != "project":
        return Manifest(path, "maven", unread="is not a Maven project")
    properties = _properties(root)
    found: list[Dependency] = []
    for element, kind in _coordinates(root):
        group = _resolved(child_text(element, "groupId"), properties)
        name = _resolved(child_text(element, "artifactId"), properties)
        version = _resolved(child_text(element, "version"), properties)
        if kind == "plugin" and not group:
            group = "org.apache.maven.plugins"
        if name and child_text(element, "scope") != "test":
            found.append(Dependency("maven", f"{group}:{name}", "" if "${" in version else version, path))
        if len(found) > MOST_DEPENDENCIES:
            return Manifest(path, "maven", unread="names too many packages")
    found += [Dependency("maven", name, version, path) for name, version in _executables(root, properties)]
    folder = posixpath.dirname(path)
    modules = [child.text or "" for element in _children(root, "modules") for child in element]
    includes = tuple(posixpath.normpath(posixpath.join(folder, module.strip())) for module in modules if module.strip())
    return Manifest(path, "maven", tuple(found), settings=_parent(root), includes=includes[:200])


def _children(root: Element, name: str) -> Iterator[Element]:
    return (child for child in root if local_name(child) == name)


def _properties(root: Element) -> dict[str, str]:
    found = {
        local_name(child): (child.text or "").strip()
        for element in _children(root, "properties")
        for child in list(element)[:_MOST_PROPERTIES]
    }
    for name in ("version", "groupId"):
        found.setdefault(f"project.{name}", child_text(root, name))
    return found


def _resolved(text: str, properties: dict[str, str]) -> str:
    """The text with its properties put in, a few rounds at most: they may name each other in a circle."""
    for _ in range(4):
        start = text.find("${")
        end = text.find("}", start)
        if start < 0 or end < 0 or len(text) > 500:
            break
        name = text[start + 2 : end]
        if name not in properties:
            break
        text = text[:start] + properties[name] + text[end + 1 :]
    return text


def _coordinates(root: Element) -> Iterator[tuple[Element, str]]:
    """Elements that name a dependency or a plugin, without those that are only managed (a BOM, pluginManagement)."""
    managed = {
        id(inner)
        for element in root.iter()
        if local_name(element) in ("dependencyManagement", "pluginManagement")
        for inner in element.iter()
    }
    for element in root.iter():
        name = local_name(element)
        if name in ("dependency", "plugin", "extension") and id(element) not in managed:
            yield element, name


def _executables(root: Element, properties: dict[str, str]) -> Iterator[tuple[str, str]]:
    """``protocArtifact`` and ``pluginArtifact``: programs that the build downloads as artefacts and runs."""
    for element in root.iter():
        if local_name(element) in ("protocArtifact", "pluginArtifact"):
            parts = _resolved((element.text or "").strip(), properties).split(":")
            if len(parts) >= 2:
                yield ":".join(parts[:2]), parts[2] if len(parts) > 2 and "${" not in parts[2] else ""


def _parent(root: Element) -> tuple[tuple[str, str], ...]:
    return tuple(
        ("parent", f"{child_text(element, 'groupId')}:{child_text(element, 'artifactId')}")
        for element in _children(root, "parent")
    )


def read_gradle(context: BuildContext, path: str) -> Manifest:
    """Coordinates written as text, and plugins by their id; what a script computes is not seen."""
    text = read_text(context, path, 1_000_000)
    if isinstance(text, Unread):
        return Manifest(path, "maven", unread=text.reason)
    text = without_comments(text)
    found: dict[str, Dependency] = {}
    for pattern in (_COORDINATE, _MAP_FORM):
        for group, name, version in pattern.findall(text):
            if "." in group or "-" in group or group == name:
                found.setdefault(f"{group}:{name}", _jar(group, name, version, path))
    for plugin, version in _PLUGIN.findall(text):
        found.setdefault(plugin, Dependency("maven", plugin, version, path))
    for plugin in _APPLY.findall(text):
        found.setdefault(plugin, Dependency("maven", plugin, "", path))
    catalogue = (("catalogue", "used"),) if re.search(r"\blibs\.", text) else ()
    return Manifest(path, "maven", tuple(found.values())[:MOST_DEPENDENCIES], settings=catalogue)


def _jar(group: str, name: str, version: str, path: str) -> Dependency:
    return Dependency("maven", f"{group}:{name}", "" if "$" in version or "{" in version else version, path)


def without_comments(text: str) -> str:
    """Source text of the C family without its comments; texts in quotes stay."""
    kept, at, length = [], 0, len(text)
    while at < length:
        char = text[at]
        if char in "\"'":
            end = at + 1
            while end < length and text[end] not in (char, "\n"):
                end += 2 if text[end] == "\\" else 1
            kept.append(text[at : end + 1])
            at = end + 1
        elif text.startswith("//", at):
            end = text.find("\n", at)
            at = length if end < 0 else end
        elif text.startswith("/*", at):
            end = text.find("*/", at)
            at = length if end < 0 else end + 2
        else:
            kept.append(char)
            at += 1
    return "".join(kept)


def read_gradle_settings(context: BuildContext, path: str) -> Manifest:
    """settings.gradle: the projects that a build includes."""
    text = read_text(context, path, 1_000_000)
    if isinstance(text, Unread):
        return Manifest(path, "maven", unread=text.reason)
    folder, includes = posixpath.dirname(path), []
    for line in without_comments(text).split("\n"):
        if line.strip().startswith(("include ", "include(", "include\t")):
            includes += [posixpath.join(folder, name.strip(":").replace(":", "/")) for name in _INCLUDE.findall(line)]
    return Manifest(path, "maven", includes=tuple(posixpath.normpath(one) for one in includes[:200]))


def read_version_catalogue(context: BuildContext, path: str) -> Manifest:
    """gradle/libs.versions.toml: libraries and plugins; which of them are used, only the scripts say."""
    data = read_toml(context, path)
    if isinstance(data, Unread):
        return Manifest(path, "maven", unread=data.reason)
    versions = mapping(data.get("versions"))
    found = []
    for raw in mapping(data.get("libraries")).values():
        if isinstance(raw, str):
            name, _, version = raw.rpartition(":") if raw.count(":") > 1 else (raw, "", "")
        else:
            entry = mapping(raw)
            name = string(entry.get("module")) or f"{string(entry.get('group'))}:{string(entry.get('name'))}"
            version = _catalogue_version(entry.get("version"), versions)
        found.append(Dependency("maven", name, version, path))
    for raw in mapping(data.get("plugins")).values():
        name, _, version = raw.partition(":") if isinstance(raw, str) else (string(mapping(raw).get("id")), "", "")
        version = version or _catalogue_version(mapping(raw).get("version"), versions)
        found.append(Dependency("maven", name, version, path))
    return Manifest(path, "maven", tuple(one for one in found if one.name)[:MOST_DEPENDENCIES])


def _catalogue_version(value: object, versions: dict[str, object]) -> str:
    if isinstance(value, str):
        return value
    table = mapping(value)
    reference = versions.get(string(table.get("ref"))) if table.get("ref") else table
    return reference if isinstance(reference, str) else string(mapping(reference).get("strictly"))
