"""go.mod, composer.json, composer.lock, mix.exs, mix.lock, and environment.yml."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from rewriter.manifests.pypi import requirement
from rewriter.manifests.reading import (
    MOST_DEPENDENCIES,
    Unread,
    mapping,
    read_json,
    read_text,
    sequence,
    string,
)
from rewriter.manifests.records import Dependency, Manifest

if TYPE_CHECKING:
    from rewriter.context import BuildContext

_MIX_LOCK = re.compile(
    r"""^\s{0,9}"([a-z0-9_]{1,100})":\s{0,9}\{:(hex|git),\s{0,9}(?::[a-z0-9_]{1,100}|"[^"\n]{0,300}"),\s{0,9}"([^"\n]{0,100})\""""
)
_MIX_DEP = re.compile(r"""\{:([a-z][a-z0-9_]{0,100}),([^\n]{0,200})""")
_QUOTED_VERSION = re.compile(r"""^\s{0,9}"(?:==\s{0,3})?(\d[\w.]{0,40})\"""")


def read_go_mod(context: BuildContext, path: str) -> Manifest:
    """The required modules; since go 1.17 the indirect ones stand there too, so that it is complete."""
    text = read_text(context, path, 1_000_000)
    if isinstance(text, Unread):
        return Manifest(path, "go", unread=text.reason)
    found: list[Dependency] = []
    settings: list[tuple[str, str]] = []
    block = ""
    for line in text.split("\n"):
        code, _, comment = line.partition("//")
        words = code.split()
        if not words:
            continue
        if words == [")"]:
            block = ""
        elif len(words) == 2 and words[1] == "(":
            block = words[0]
        elif words[0] in ("go", "toolchain", "module") and len(words) == 2 and not block:
            settings.append((words[0], words[1]))
        elif (wanted := words if block == "require" else words[1:] if words[0] == "require" else []) and len(
            wanted
        ) == 2:
            direct = "indirect" not in comment
            found.append(Dependency("go", wanted[0].strip('"'), wanted[1].removeprefix("v"), path, direct))
    if not any(name == "module" for name, _ in settings):
        return Manifest(path, "go", unread="names no module")
    minor = dict(settings).get("go", "").split(".")
    complete = len(minor) > 1 and minor[0] == "1" and minor[1].isdecimal() and int(minor[1]) >= 17
    return Manifest(path, "go", tuple(found[:MOST_DEPENDENCIES]), complete, settings=tuple(settings))


def read_composer_json(context: BuildContext, path: str) -> Manifest:
    """What a PHP project asks for; extensions (``ext-gd``) are among the dependencies."""
    data = read_json(context, path)
    if isinstance(data, Unread):
        return Manifest(path, "packagist", unread=data.reason)
    wanted = mapping(data.get("require"))
    names = [name for name in {**wanted, **mapping(data.get("require-dev"))} if name != "php"][:MOST_DEPENDENCIES]
    found = tuple(Dependency("packagist", name.lower(), "", path, dev=name not in wanted) for name in names)
    return Manifest(path, "packagist", found)


def read_composer_lock(context: BuildContext, path: str) -> Manifest:
    """The closure, and every extension that one of the packages asks for."""
    data = read_json(context, path)
    if isinstance(data, Unread):
        return Manifest(path, "packagist", unread=data.reason)
    found: dict[str, Dependency] = {}
    entries = [(key, mapping(raw)) for key in ("packages", "packages-dev") for raw in sequence(data.get(key))]
    for key, entry in entries[:MOST_DEPENDENCIES]:
        name, version, dev = string(entry.get("name")).lower(), string(entry.get("version")), key == "packages-dev"
        if name:
            found[name] = Dependency("packagist", name, version.lstrip("v"), path, False, dev=dev)
        for need in mapping(entry.get("require")):
            if need.startswith("ext-"):
                found.setdefault(need.lower(), Dependency("packagist", need.lower(), "", path, False, dev=dev))
    for need in mapping(data.get("platform")):
        if need.startswith("ext-"):
            found[need.lower()] = Dependency("packagist", need.lower(), "", path)
    return Manifest(path, "packagist", tuple(found.values()), complete=True)


def read_mix_lock(context: BuildContext, path: str) -> Manifest:
    """The closure of an Elixir project."""
    text = read_text(context, path)
    if isinstance(text, Unread):
        return Manifest(path, "hex", unread=text.reason)
    found = []
    for line in text.split("\n"):
        if hit := _MIX_LOCK.match(line):
            # Packages that bring C say so by the build tool (make) or by what they build it with.
            native = any(
                sign in line for sign in ("[:make", ":make,", "{:elixir_make", "{:rustler", "{:cc_precompiler")
            )
            version, origin = ("", "git") if hit[2] == "git" else (hit[3], "")
            found.append(Dependency("hex", hit[1], version, path, False, native, origin=origin))
        elif line.strip() not in ("%{", "}", ""):
            return Manifest(path, "hex", unread=f"has a line that cannot be understood: {line.strip()[:60]}")
    return Manifest(path, "hex", tuple(found[:MOST_DEPENDENCIES]), complete=True)


def read_mix_exs(context: BuildContext, path: str) -> Manifest:
    """The literal dependencies of a mix.exs."""
    text = read_text(context, path, 1_000_000)
    if isinstance(text, Unread):
        return Manifest(path, "hex", unread=text.reason)
    found = []
    for line in text.split("\n"):
        for name, rest in _MIX_DEP.findall(line.partition("#")[0]):
            exact = _QUOTED_VERSION.match(rest)
            origin = "git" if re.search(r"\b(git|github):", rest) else "path" if "path:" in rest else ""
            found.append(Dependency("hex", name, exact[1] if exact else "", path, origin=origin))
    return Manifest(path, "hex", tuple(found[:MOST_DEPENDENCIES]))


def read_conda(context: BuildContext, path: str) -> Manifest:
    """An environment.yml: conda packages, whose binaries are for glibc, and the list for pip in it."""
    text = read_text(context, path, 1_000_000)
    if isinstance(text, Unread):
        return Manifest(path, "conda", unread=text.reason)
    found: list[Dependency] = []
    inside, pip_at = False, -1
    for line in text.split("\n"):
        word = line.partition(" #")[0].strip()
        indent = len(line) - len(line.lstrip(" "))
        if not word or word.startswith("#"):
            continue
        if indent == 0 and not word.startswith("-"):
            inside, pip_at = word == "dependencies:", -1
        elif inside and word.startswith("- "):
            item = word[2:].strip("\"' ")
            if item == "pip:":
                pip_at = indent
            elif pip_at >= 0 and indent > pip_at:
                found.extend(requirement(item, path) or ())
            else:
                pip_at = -1
                name, _, version = item.rpartition("::")[2].replace("==", "=").partition("=")
                found.append(Dependency("conda", name.strip(" <>").lower(), version.partition("=")[0], path))
    if not found:
        return Manifest(path, "conda", unread="names no dependencies that can be understood")
    return Manifest(path, "conda", tuple(found[:MOST_DEPENDENCIES]))
