"""Owners, permissions, setuid bits and capabilities that were lost on the way."""

from __future__ import annotations

import posixpath
import re
import stat
from collections.abc import Iterator
from typing import TYPE_CHECKING

from rewriter.proof.inside.accounts import EXECUTE, READ, WRITE, Identity, permissions
from rewriter.proof.inside.filesystem import Found
from rewriter.proof.inside.trail import Problem

if TYPE_CHECKING:
    from rewriter.proof.archive import Image
    from rewriter.proof.inside.filesystem import Node
    from rewriter.proof.inside.start import Side

_MOST_NODES = 2_000_000
_MOST_FOLDERS = 200_000
_SPECIAL = stat.S_ISUID | stat.S_ISGID
_SYSTEM = re.compile(r"/(?:usr/)?(?:bin|sbin|lib\w*|libexec|share)/")
_NOT_LOOKED_AT = ("/proc", "/sys", "/dev", "/tmp", "/run", "/var/tmp", "/var/lock", "/var/cache", "/var/lib", "/go")
_RELEASE = re.compile(r"^(?:ID|VERSION_ID)=.*$", re.MULTILINE)


def lost_rights(before: Side, after: Side) -> list[Problem]:
    """Privileges of files, and places where the user could write or read, that the new image does not have."""
    return [*_lost_privileges(before, after), *_lost_writing(before, after), *_lost_reading(before, after)]


def _lost_privileges(before: Side, after: Side) -> Iterator[Problem]:
    old, new = before.trail.entry, after.trail.entry
    reported: set[str] = set()
    if old is not None and new is not None and posixpath.basename(old.path) == posixpath.basename(new.path):
        lost = _less(old.node, new.node, after.identity)
        if lost:
            reported.add(new.path)
            yield _privilege(new.path, lost, old.node, new.node)
    same_system = _release(before.image) == _release(after.image)
    for path, node in before.image.files.walk("/", _MOST_NODES):
        if not node.is_file or not (node.mode & _SPECIAL or node.capability) or path in reported:
            continue
        if not same_system and _SYSTEM.match(path):
            continue  # another distribution has its own ideas of what is setuid
        twin = after.image.files.file(path)
        lost = _less(node, twin, after.identity) if twin is not None else ""
        if twin is not None and lost:
            yield _privilege(path, lost, node, twin)


def _less(old: Node, new: Node, who: Identity) -> str:
    """What of a file's privileges is gone; root needs no capabilities."""
    if old.capability and old.capability != new.capability and who.uid != 0:
        return "the capabilities"
    bits = old.mode & ~new.mode & _SPECIAL
    return {0: "", stat.S_ISUID: "the setuid bit", stat.S_ISGID: "the setgid bit"}.get(
        bits, "the setuid and setgid bits"
    )


def _privilege(path: str, lost: str, old: Node, new: Node) -> Problem:
    shown = [f"{permissions(node)} capability={node.capability.hex() or 'none'}" for node in (old, new)]
    evidence = (f"original: {shown[0]}", f"new: {shown[1]}")
    return Problem(f"{path} has lost {lost} that it has in the original", path, evidence, f"privilege {path}")


def _release(image: Image) -> list[str]:
    return _RELEASE.findall(image.text("/etc/os-release") or "")


def _lost_writing(before: Side, after: Side) -> Iterator[Problem]:
    """Folders made for data where the user could write: volumes, home, working directory, empty and named ones."""
    if after.identity.uid == 0 or before.identity.uid == 0:
        return
    reported: list[str] = []
    for path, why in _data_folders(before, after):
        if any(f"{path}/".startswith(f"{above}/") for above in reported) or not _may(before, path, WRITE):
            continue
        found = after.image.files.resolve(path)
        if _may(after, path, WRITE) or (not isinstance(found, Found) and not why):
            continue
        reported.append(path)
        old = before.image.files.find(path)
        shown = permissions(found.node) if isinstance(found, Found) else "not there"
        evidence = (f"original: {permissions(old) if old is not None else ''}", f"new: {shown}")
        what = f"{after.identity} may not write in {path}, where the original's user may{why}"
        yield Problem(what, path, evidence, f"write {path}")


def _data_folders(before: Side, after: Side) -> Iterator[tuple[str, str]]:
    """Paths, each with a clause that says why it matters even when the new image has no such folder."""
    for volume in sorted(before.image.config.volumes | after.image.config.volumes):
        yield posixpath.normpath(volume), " (a volume)"
    for path in (posixpath.normpath(before.cwd), before.identity.home):
        if path != "/":
            yield path, ""
    entry = after.trail.entry.path if after.trail.entry is not None else ""
    for path, node in before.image.files.walk("/", _MOST_FOLDERS):
        if not node.is_folder or path.startswith(_NOT_LOOKED_AT) or not _is_owner(before.identity, node):
            continue
        named = len(path) > 4 and entry and path.encode("utf-8", "surrogateescape") in after.contents.paths(entry)
        if named:
            yield path, f" ({entry} names it)"
        elif not any(child.is_file for child in (node.children or {}).values()):
            yield path, ""


def _is_owner(who: Identity, node: Node) -> bool:
    return node.uid == who.uid or (node.gid in {who.gid, *who.groups} and bool(node.mode & 0o020))


def _may(side: Side, path: str, wanted: int) -> bool:
    found = side.image.files.resolve(path)
    if not isinstance(found, Found):
        return False
    who = side.identity
    entering = who.may(found.node, EXECUTE) if found.node.is_folder else True
    return who.may_reach(found) and entering and who.may(found.node, wanted)


def _lost_reading(before: Side, after: Side) -> Iterator[Problem]:
    """Files of one's own that the user could read: those of the working directory, and at the same path anywhere."""
    if after.identity.uid == 0:
        return
    lost = [
        path for path, twin in _own_files(before, after) if not _may(after, path, READ) and _may(before, twin, READ)
    ]
    if lost:
        more = f" (and {len(lost) - 1} more)" if len(lost) > 1 else ""
        first = after.image.files.find(lost[0])
        evidence = (f"{lost[0]}: {permissions(first) if first is not None else ''}",)
        yield Problem(f"{after.identity} may not read {lost[0]}{more}", lost[0], evidence, "read")


def _own_files(before: Side, after: Side) -> Iterator[tuple[str, str]]:
    """Files of the new image outside of what systems bring, each with its path in the original."""
    cwd = posixpath.normpath(after.cwd)
    if cwd != "/":
        for path, node in after.image.files.walk(cwd, _MOST_FOLDERS):
            if node.is_file:
                yield path, posixpath.join(before.cwd, path[len(cwd) + 1 :])
    for path, node in after.image.files.walk("/", _MOST_FOLDERS):
        if node.is_file and not path.startswith((f"{cwd}/", *_NOT_LOOKED_AT)) and not _SYSTEM.match(path):
            yield path, path
