"""The files of an image: its layers merged into one tree, links followed inside of it, contents read where they lie.

Nothing is unpacked. What no file system could hold (a path of over 4095 bytes, one that climbs out with ``..``) is left
out and counted, as an engine would refuse it.
"""

from __future__ import annotations

import stat
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from rewriter.proof.inside.tar import Member

LONGEST_PATH = 4095
"""Bytes of a path that Linux takes (PATH_MAX, less its NUL)."""
MOST_LINKS = 40
"""Links that Linux follows on the way to one file."""
_KINDS = {
    "0": stat.S_IFREG,
    "7": stat.S_IFREG,
    "S": stat.S_IFREG,
    "2": stat.S_IFLNK,
    "3": stat.S_IFCHR,
    "4": stat.S_IFBLK,
    "5": stat.S_IFDIR,
    "6": stat.S_IFIFO,
}
_WHITEOUT = ".wh."
_OPAQUE = ".wh..wh..opq"


class Node:
    """One file, folder, link or device. Hard links are the same node under several names."""

    __slots__ = ("children", "gid", "layer", "link", "mode", "offset", "size", "uid", "xattrs")

    def __init__(self, mode: int, layer: int) -> None:
        self.mode = mode
        self.uid = 0
        self.gid = 0
        self.size = 0
        self.layer = layer
        self.offset = -1
        self.link = ""
        self.xattrs: dict[str, bytes] | None = None
        self.children: dict[str, Node] | None = {} if stat.S_ISDIR(mode) else None

    @property
    def is_folder(self) -> bool:
        return self.children is not None

    @property
    def is_file(self) -> bool:
        return stat.S_ISREG(self.mode)

    @property
    def is_link(self) -> bool:
        return stat.S_ISLNK(self.mode)

    @property
    def capability(self) -> bytes:
        """The raw value of security.capability; empty without one."""
        return (self.xattrs or {}).get("security.capability", b"")


class Found(NamedTuple):
    """Where a path leads, all links followed."""

    path: str
    """Absolute, with no link in it."""
    node: Node
    via: tuple[Node, ...]
    """The folders that were passed on the way, those of links included."""


@dataclass(frozen=True, slots=True)
class NotFound:
    """Why a path leads nowhere: one clause (``/app/x is not there``)."""

    path: str
    why: str


class FileTree:
    """The merged files; filled layer by layer, then only read."""

    def __init__(self) -> None:
        self.root = Node(stat.S_IFDIR | 0o755, -1)
        self.entries = 0
        self.left_out = 0
        """Members that no file system would hold, or that stand below something that is no folder."""

    def apply(self, member: Member, layer: int) -> None:
        """Puts one member of a layer on top. Whiteouts take away what earlier layers brought, in whatever order."""
        self.entries += 1
        parts = [part for part in member.name.split("/") if part not in ("", ".")]
        if ".." in parts or len(member.name) > LONGEST_PATH or "\0" in member.name:
            self.left_out += 1
            return
        if not parts:
            if member.kind == "5":
                _describe(self.root, member, layer)
            return
        whiteout = parts[-1].startswith(_WHITEOUT)
        folder = self._folder(parts[:-1], layer, make=not whiteout)
        if folder is None:
            self.left_out += not whiteout
        elif parts[-1] == _OPAQUE:
            _drop_older(folder, layer)
        elif whiteout:
            if not parts[-1].startswith(".wh..wh."):
                _white_out(folder, parts[-1][len(_WHITEOUT) :], layer)
        else:
            self._put(folder, parts[-1], member, layer)

    def _folder(self, parts: list[str], layer: int, *, make: bool) -> Node | None:
        """The folder for a member; missing ones are made, links in between are followed inside of the image."""
        node = self.root
        for index, part in enumerate(parts):
            children = node.children
            if children is None:
                return None
            child = children.get(part)
            if child is None:
                if not make:
                    return None
                child = children[part] = Node(stat.S_IFDIR | 0o755, layer)
            elif child.is_link:
                found = self.resolve("/" + "/".join(parts[: index + 1]))
                if isinstance(found, NotFound):
                    return None
                child = found.node
            node = child
        return node if node.is_folder else None

    def _put(self, folder: Node, name: str, member: Member, layer: int) -> None:
        children = folder.children
        assert children is not None
        if member.kind == "1":
            target = self.resolve("/" + member.link, follow_last=False)
            if isinstance(target, NotFound) or target.node.is_folder:
                self.left_out += 1
            else:
                children[name] = target.node
            return
        kind = _KINDS.get(member.kind)
        if kind is None:
            self.left_out += 1
            return
        node = children.get(name)
        if node is None or not (node.is_folder and kind == stat.S_IFDIR):
            node = children[name] = Node(kind, layer)
        _describe(node, member, layer)

    # --- reading ---

    def resolve(self, path: str, cwd: str = "/", *, follow_last: bool = True) -> Found | NotFound:
        """Where a path leads as the kernel walks it, inside of the image."""
        if len(path) > LONGEST_PATH:
            return NotFound(path[:60] + "…", "the path is too long")
        start = path if path.startswith("/") else f"{cwd}/{path}"
        todo = start.split("/")[::-1]
        names: list[str] = []
        nodes = [self.root]
        via: list[Node] = []
        links = 0
        while todo:
            part = todo.pop()
            if part in ("", "."):
                continue
            here = nodes[-1]
            if here.children is None:
                return NotFound(path, f"/{'/'.join(names)} is no folder")
            via.append(here)
            if part == "..":
                if names:
                    names.pop()
                    nodes.pop()
                continue
            node = here.children.get(part)
            if node is None:
                return NotFound(path, f"/{'/'.join([*names, part])} is not there")
            if node.is_link and (todo or follow_last):
                links += 1
                if links > MOST_LINKS or len(todo) > LONGEST_PATH:
                    return NotFound(path, f"the links at /{'/'.join([*names, part])} lead in a circle")
                if node.link.startswith("/"):
                    names, nodes = [], [self.root]
                todo.extend(node.link.split("/")[::-1])
                continue
            names.append(part)
            nodes.append(node)
        if path.endswith("/") and not nodes[-1].is_folder:
            return NotFound(path, f"/{'/'.join(names)} is no folder")
        return Found("/" + "/".join(names), nodes[-1], tuple(via))

    def find(self, path: str, cwd: str = "/") -> Node | None:
        """The node at a path, links followed; None when it leads nowhere."""
        found = self.resolve(path, cwd)
        return found.node if isinstance(found, Found) else None

    def file(self, path: str, cwd: str = "/") -> Node | None:
        """The regular file at a path, links followed; None when there is none."""
        node = self.find(path, cwd)
        return node if node is not None and node.is_file else None

    def folder(self, path: str, cwd: str = "/") -> dict[str, Node]:
        """What lies right in a folder; empty when there is none."""
        node = self.find(path, cwd)
        return (node.children if node is not None else None) or {}

    def walk(self, path: str, most: int) -> Iterator[tuple[str, Node]]:
        """At most so many entries below a folder, with absolute paths, sorted; links are not followed."""
        top = self.resolve(path)
        if isinstance(top, NotFound) or top.node.children is None:
            return
        todo = [(top.path.rstrip("/"), top.node)]
        while todo:
            above, folder = todo.pop()
            inner = []
            for name, node in sorted((folder.children or {}).items()):
                if most <= 0:
                    return
                most -= 1
                yield f"{above}/{name}", node
                if node.is_folder:
                    inner.append((f"{above}/{name}", node))
            todo.extend(reversed(inner))


def _describe(node: Node, member: Member, layer: int) -> None:
    node.mode = stat.S_IFMT(node.mode) | member.mode
    node.uid, node.gid = member.uid, member.gid
    node.size = member.size if node.is_file else 0
    node.layer = layer
    node.offset = member.offset
    node.link = member.link if node.is_link else ""
    node.xattrs = member.xattrs


def _white_out(folder: Node, name: str, layer: int) -> None:
    children = folder.children
    node = children.get(name) if children is not None else None
    if children is None or node is None:
        return
    if node.layer < layer:
        del children[name]
    elif node.is_folder:
        _drop_older(node, layer)


def _drop_older(folder: Node, layer: int) -> None:
    """Takes away all below a folder that earlier layers brought."""
    todo = [folder]
    while todo:
        children = todo.pop().children or {}
        for name in [name for name, node in children.items() if node.layer < layer]:
            del children[name]
        todo.extend(node for node in children.values() if node.is_folder)
