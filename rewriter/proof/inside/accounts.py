"""Who a container runs as, by the image's passwd and group files, and what that user may do with a file.

The rules are those of moby's ``user.GetExecUser`` (moby/sys/user, 2024-10) and of path_resolution(7).
"""

from __future__ import annotations

import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rewriter.proof.archive import Image
    from rewriter.proof.inside.filesystem import Found, Node

READ, WRITE, EXECUTE = 4, 2, 1
_MOST_ID = 2**31 - 1
_MOST_ACCOUNTS = 100_000


@dataclass(frozen=True, slots=True)
class Account:
    """A line of /etc/passwd."""

    name: str
    uid: int
    gid: int
    home: str


@dataclass(frozen=True, slots=True)
class Identity:
    """The user and the groups of a process."""

    uid: int
    gid: int
    groups: frozenset[int] = frozenset()
    """Further groups."""
    name: str = ""
    """As passwd names the user; empty for a bare number."""
    home: str = "/"

    def __str__(self) -> str:
        return f"{self.name} ({self.uid})" if self.name else f"user {self.uid}"

    def may(self, node: Node, wanted: int) -> bool:
        """Whether it may read, write, execute (for a folder: enter); root may all but execute what nobody may."""
        if self.uid == 0:
            return bool(wanted != EXECUTE or node.is_folder or node.mode & 0o111)
        if node.uid == self.uid:
            granted = node.mode >> 6
        elif node.gid == self.gid or node.gid in self.groups:
            granted = node.mode >> 3
        else:
            granted = node.mode
        return granted & wanted == wanted

    def may_reach(self, found: Found) -> bool:
        """Whether it may enter every folder on the way."""
        return all(self.may(folder, EXECUTE) for folder in found.via)


@dataclass(frozen=True, slots=True)
class NoIdentity:
    """Why an engine would not start a container: one clause."""

    why: str


ROOT = Identity(0, 0, name="root", home="/root")


def accounts(image: Image) -> tuple[Account, ...]:
    """The lines of /etc/passwd that are well formed."""
    found = []
    for fields in _lines(image, "/etc/passwd"):
        if len(fields) >= 4 and _is_number(fields[2]) and _is_number(fields[3]):
            home = fields[5] if len(fields) > 5 and fields[5] else "/"
            found.append(Account(fields[0], int(fields[2]), int(fields[3]), home))
    return tuple(found)


def identity(image: Image, user: str) -> Identity | NoIdentity:
    """Who ``USER user`` is: ``name``, ``uid``, ``name:group`` …; empty is user 0."""
    wanted, _, wanted_group = user.partition(":")
    wanted = wanted or "0"
    number = int(wanted) if _is_number(wanted) else None
    account = next((each for each in accounts(image) if each.name == wanted or each.uid == number), None)
    if account is None and number is None:
        return NoIdentity(f"the user {wanted!r} is not in /etc/passwd")
    if number is not None and number > _MOST_ID:
        return NoIdentity(f"the user id {number} is out of range")
    uid, gid = (account.uid, account.gid) if account is not None else (number or 0, 0)
    name, home = (account.name, account.home) if account is not None else ("", "/")
    groups = [fields for fields in _lines(image, "/etc/group") if len(fields) >= 3 and _is_number(fields[2])]
    if wanted_group:
        group = next((int(fields[2]) for fields in groups if wanted_group in (fields[0], fields[2])), None)
        if group is None and not _is_number(wanted_group):
            return NoIdentity(f"the group {wanted_group!r} is not in /etc/group")
        return Identity(uid, group if group is not None else int(wanted_group), frozenset(), name, home)
    member = [int(fields[2]) for fields in groups if len(fields) > 3 and name and name in fields[3].split(",")]
    return Identity(uid, gid, frozenset(member), name, home)


def permissions(node: Node) -> str:
    """As ``ls -l`` shows them, with the owners' numbers: ``-rwxr-x--- 0:0``."""
    return f"{stat.filemode(node.mode)} {node.uid}:{node.gid}"


def _lines(image: Image, path: str) -> list[list[str]]:
    text = image.text(path) or ""
    lines = text.split("\n")[:_MOST_ACCOUNTS]
    return [line.strip().split(":") for line in lines if line.strip() and not line.startswith("#")]


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 12
