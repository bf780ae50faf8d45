"""Cache mounts of apt and yum, and paths that a package has elsewhere on Alpine."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from rewriter.edit import Edit
from rewriter.userland.carried import Refused

if TYPE_CHECKING:
    from rewriter.syntax import Flag, Instruction

APK_CACHE = "/etc/apk/cache"
"""The folder that apk keeps downloads and indexes in when it is there (apk-tools, "apk cache")."""
_CACHES = ("/var/cache/apt", "/var/lib/apt", "/var/cache/yum", "/var/cache/dnf", "/var/lib/dnf")
_FIELD = re.compile(r"(?:(?<==)|(?<=,))(target|dst|destination)=([^,\s]+)")
_MOVED = {
    "/usr/bin/tini": "/sbin/tini",
    "/usr/bin/tini-static": "/sbin/tini-static",
    "/usr/sbin/nologin": "/sbin/nologin",
    "/usr/bin/bash": "/bin/bash",
}


def moved_path(path: str) -> str | None:
    """Where a program of Debian lies on Alpine (tini: its APKBUILD); None when it is not known to move."""
    return _MOVED.get(posixpath.normpath(path))


def carry_mounts(instruction: Instruction) -> tuple[Edit, ...] | Refused:
    """Points the cache mounts of a package manager at apk's cache: the first, and takes out any further one.

    With an edit that keeps a mount, installs of the RUN keep their downloads: `carry_run(…, cached=True)`.
    """
    edits: list[Edit] = []
    kept = False
    flags = instruction.flags
    for flag in flags:
        target = _target(flag)
        if target is None or not any(f"{target}/".startswith(f"{cache}/") for cache in _CACHES):
            continue
        if _type(flag) != "cache":
            return Refused(f"line {instruction.line}: `--mount` of {target} is not a cache")
        if "$" in target:
            return Refused(f"line {instruction.line}: the cache `{target}` is only known at build time")
        edit = _removed(instruction, flag) if kept else _retargeted(instruction, flag)
        if edit is None:
            return Refused(f"line {instruction.line}: `{flag.value}` could not be rewritten soundly")
        edits.append(edit)
        kept = True
    return _merged(edits)


def _fields(flag: Flag) -> dict[str, str]:
    if flag.name != "mount" or flag.value is None:
        return {}
    parts = (part.partition("=") for part in flag.value.split(","))
    return {key.strip().lower(): value for key, _, value in parts}


def _target(flag: Flag) -> str | None:
    fields = _fields(flag)
    found = fields.get("target") or fields.get("dst") or fields.get("destination")
    return posixpath.normpath(found.strip("\"'")) if found else None


def _type(flag: Flag) -> str:
    return _fields(flag).get("type", "bind")


def _retargeted(instruction: Instruction, flag: Flag) -> Edit | None:
    span = instruction.span(flag.start, flag.end)
    text = instruction.source[span.start : span.end]
    match = _FIELD.search(text)
    if match is None or text.count("\n") or match.group(2).strip("\"'") != match.group(2):
        return None
    return Edit(span.start + match.start(2), span.start + match.end(2), APK_CACHE)


def _removed(instruction: Instruction, flag: Flag) -> Edit | None:
    """From behind what stands before the flag to its end; the character before stays, so the edit is not empty."""
    before = len(instruction.logical.text[: flag.start].rstrip(" \t"))
    start = instruction.logical.offset(before - 1)
    end = instruction.span(flag.start, flag.end).end
    if any(start < comment.end and comment.start < end for comment in instruction.comments):
        return None
    return Edit(start, end, instruction.source[start])


def _merged(edits: list[Edit]) -> tuple[Edit, ...]:
    """Edits that share the character that one of them keeps are one."""
    result: list[Edit] = []
    for edit in edits:
        if result and edit.start < result[-1].end:
            before = result.pop()
            edit = Edit(before.start, edit.end, before.text)
        result.append(edit)
    return tuple(result)
