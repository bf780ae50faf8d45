"""yarn.lock (version 1 and berry) and pnpm-lock.yaml, read line by line as their shapes are fixed; bun.lock as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from rewriter.manifests.npm import NATIVE_TOOLS, for_linux, libc_of, origin_of, split_name
from rewriter.manifests.reading import MOST_DEPENDENCIES, Unread, mapping, read_json, read_text, sequence, string
from rewriter.manifests.records import Dependency, Manifest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rewriter.context import BuildContext


_MOST_LINES = 5_000  # of one entry


class _Line(NamedTuple):
    indent: int
    key: str
    value: str


def read_yarn_lock(context: BuildContext, path: str) -> Manifest:
    """Blocks headed by what was asked for; install scripts are not shown by either version."""
    text = read_text(context, path)
    if isinstance(text, Unread):
        return Manifest(path, "npm", unread=text.reason)
    berry = "\n__metadata:" in "\n" + text
    if not berry and "# yarn lockfile v1" not in text:
        return Manifest(path, "npm", unread="is not a yarn.lock of a known version")
    found: list[Dependency] = []
    for head, lines in _blocks(text):
        if head.startswith("__metadata"):
            continue
        entry = _yarn_entry(head, lines, path) if len(lines) <= _MOST_LINES else None
        if entry is None:
            return Manifest(path, "npm", unread=f"has an entry that cannot be understood: {head[:60]}")
        if entry.origin != "workspace" and _by_conditions(lines):
            found.append(entry)
        if len(found) > MOST_DEPENDENCIES:
            return Manifest(path, "npm", unread="names too many packages")
    return Manifest(path, "npm", tuple(found), complete=True, settings=(("yarn", "berry" if berry else "1"),))


def _blocks(text: str) -> Iterator[tuple[str, list[_Line]]]:
    head, lines = "", list[_Line]()
    for raw in text.split("\n"):
        stripped = raw.strip()
        if not stripped or stripped.startswith("#"):
            continue
        indent = len(raw) - len(raw.lstrip(" "))
        if indent == 0:
            if head:
                yield head, lines
            head, lines = stripped.removesuffix(":"), []
        elif len(lines) <= _MOST_LINES:
            key, value = _pair(stripped)
            lines.append(_Line(indent, key, value))
    if head:
        yield head, lines


def _pair(text: str) -> tuple[str, str]:
    """``key: value``, ``key "value"`` or ``"key": value``, without the quotes."""
    if text[:1] in "\"'" and (end := text.find(text[0], 1)) > 0:
        key, rest = text[1:end], text[end + 1 :]
    else:
        at = min((text.find(mark) for mark in (": ", " ") if mark in text), default=-1)
        key, rest = (text, "") if at < 0 else (text[:at], text[at:])
    return key.removesuffix(":"), rest.lstrip(": ").strip().strip("\"'")


def _yarn_entry(head: str, lines: list[_Line], path: str) -> Dependency | None:
    first = head.split(", ")[0].strip("\"'")
    name, wanted = split_name(first)
    top = {line.key: line.value for line in lines if line.indent == 2}
    resolution = top.get("resolution", "")
    if "@" not in first[1:] or not name or "version" not in top:
        return None
    if resolution:
        name, wanted = split_name(resolution)
        if wanted.startswith("workspace:") or top.get("linkType") == "soft":
            return Dependency("npm", name.lower(), where=path, origin="workspace")
    elif wanted.startswith("npm:"):
        name, _ = split_name(wanted[4:])
    native = True if _edges(lines, 2) & NATIVE_TOOLS else None
    origin = origin_of(top.get("resolved", "") if _git_address(top.get("resolved", "")) else _plain(wanted))
    return Dependency("npm", name.lower(), top["version"], path, False, native, libc_of(name, ()), (), origin)


def _git_address(address: str) -> bool:
    return address.startswith(("git", "ssh:")) or ".git#" in address


def _plain(wanted: str) -> str:
    return "" if wanted.startswith(("npm:", "patch:", "virtual:")) else wanted


def _by_conditions(lines: list[_Line]) -> bool:
    """Berry writes ``conditions: os=linux & cpu=x64 & libc=musl``."""
    text = next((line.value for line in lines if line.indent == 2 and line.key == "conditions"), "")
    wanted = dict(part.strip("() ").partition("=")[::2] for part in text.split("&") if "=" in part and "|" not in part)
    return for_linux(wanted.get("os", ()), wanted.get("cpu", ()))


def read_pnpm_lock(context: BuildContext, path: str) -> Manifest:
    """The ``packages`` of a pnpm-lock.yaml (versions 5 to 9); ``snapshots`` of version 9 hold the edges."""
    text = read_text(context, path)
    if isinstance(text, Unread):
        return Manifest(path, "npm", unread=text.reason)
    version = next((line[16:].strip(" '\"") for line in text.split("\n") if line.startswith("lockfileVersion:")), "")
    if version.partition(".")[0] not in ("5", "6", "7", "8", "9"):
        return Manifest(path, "npm", unread=f"has the unknown lockfileVersion {version[:20] or '(none)'}")
    sections = _sections(text)
    native = {
        key.partition("(")[0] for key, at in sections.get("snapshots", {}).items() if _edges(at, 4) & NATIVE_TOOLS
    }
    found = []
    for key, lines in sections.get("packages", {}).items():
        name, exact = _pnpm_name(key)
        if not name:
            return Manifest(path, "npm", unread=f"has an entry that cannot be understood: {key[:60]}")
        top = {line.key: line.value for line in lines if line.indent == 4}
        if for_linux(_flow(top.get("os", "")), _flow(top.get("cpu", ""))):
            seen = True if key in native or _edges(lines, 4) & NATIVE_TOOLS else None
            if seen is None and version[0] != "9" and top.get("requiresBuild") != "true":
                seen = False  # up to version 8 of the lock an entry says so when it runs a script
            found.append(_pnpm_entry(key, (name, exact), top, path, seen))
        if len(found) > MOST_DEPENDENCIES:
            return Manifest(path, "npm", unread="names too many packages")
    return Manifest(path, "npm", tuple(found), complete=True, settings=(("pnpm", version),))


def _pnpm_entry(key: str, what: tuple[str, str], top: dict[str, str], path: str, native: bool | None) -> Dependency:
    name, exact = what
    libc = libc_of(name, _flow(top.get("libc", "")))
    git = "repo:" in top.get("resolution", "") or "codeload.github.com" in key
    dev = top.get("dev") == "true"
    return Dependency("npm", name.lower(), exact, path, False, native, libc, (), "git" if git else "", dev)


def _edges(lines: list[_Line], indent: int) -> set[str]:
    """What an entry depends on; ``indent`` is where its own keys stand."""
    inside, found = False, set()
    for line in lines:
        if line.indent <= indent:
            inside = line.indent == indent and line.key in ("dependencies", "optionalDependencies")
        elif inside:
            found.add(line.key)
    return found


def _sections(text: str) -> dict[str, dict[str, list[_Line]]]:
    """Section, then entry, then its lines."""
    sections: dict[str, dict[str, list[_Line]]] = {}
    section: dict[str, list[_Line]] = {}
    entry: list[_Line] = []
    for raw in text.split("\n"):
        stripped = raw.strip()
        if not stripped or stripped.startswith("#"):
            continue
        indent = len(raw) - len(raw.lstrip(" "))
        if indent == 0:
            section = sections.setdefault(stripped.removesuffix(":"), {})
        elif indent == 2:
            entry = section.setdefault(_pair(stripped)[0], [])
        elif len(entry) <= _MOST_LINES:
            entry.append(_Line(indent, *_pair(stripped)))
    return sections


def _flow(value: str) -> tuple[str, ...]:
    """The members of ``[a, b]``."""
    return tuple(part.strip(" '\"") for part in value.strip("[] ").split(",") if part.strip(" '\""))


def _pnpm_name(key: str) -> tuple[str, str]:
    """``/@scope/name@1.0.0(peer@2)``, ``name@1.0.0``, ``/name/1.0.0_peer@2``: name and version."""
    plain = key.removeprefix("/").partition("(")[0]
    if "@" in plain[1:] and not _slashed(plain):
        name, version = split_name(plain)
        return name, version if version[:1].isdigit() else ""
    parts = plain.split("/")
    size = 2 if plain.startswith("@") else 1
    if len(parts) <= size:
        return "", ""
    return "/".join(parts[:size]), parts[size].partition("_")[0]


def _slashed(plain: str) -> bool:
    """Whether the version follows a slash, as in versions 5 of the lock."""
    parts = plain.split("/")
    size = 2 if plain.startswith("@") else 1
    return len(parts) > size and parts[size][:1].isdigit() and "@" not in "/".join(parts[:size])[1:]


def read_bun_lock(context: BuildContext, path: str) -> Manifest:
    """``packages`` of a bun.lock: by its place the name and version, the registry, what is known of it, and a hash."""
    data = read_json(context, path, commas=True)
    if isinstance(data, Unread):
        return Manifest(path, "npm", unread=data.reason)
    packages = mapping(data.get("packages"))
    if data.get("lockfileVersion") not in (0, 1):
        return Manifest(path, "npm", unread=f"has the unknown lockfileVersion {str(data.get('lockfileVersion'))[:20]}")
    if len(packages) > MOST_DEPENDENCIES:
        return Manifest(path, "npm", unread="names too many packages")
    entries = (sequence(entry) for entry in packages.values())
    found = tuple(one for entry in entries if (one := _bun_entry(entry, path)) is not None)
    return Manifest(path, "npm", found, complete=True, settings=(("bun", str(data["lockfileVersion"])),))


def _bun_entry(entry: list[object], path: str) -> Dependency | None:
    name, wanted = split_name(string(entry[0])) if entry else ("", "")
    told = next((mapping(part) for part in entry if isinstance(part, dict)), {})
    if not name or wanted.startswith("workspace:") or not for_linux(told.get("os"), told.get("cpu")):
        return None
    edges = {*mapping(told.get("dependencies")), *mapping(told.get("optionalDependencies"))}
    native = True if edges & NATIVE_TOOLS else None
    origin = origin_of(wanted)
    return Dependency("npm", name.lower(), "" if origin else wanted, path, False, native, libc_of(name, ()), (), origin)
