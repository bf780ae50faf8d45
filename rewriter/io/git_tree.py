"""The files that one commit of a git repository holds; no work tree is needed or made."""

from __future__ import annotations

import stat
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from rewriter.context import MAX_FILES, MAX_READ
from rewriter.io.git_objects import GitObjects

_MAX_LINKS = 40  # as many as the kernel follows on the way to one file
_MAX_TARGET = 4095  # bytes of a link's target, as on a disk
_MAX_TREE = 32_000_000  # bytes of one folder's listing
_MAX_NAME = 1000  # characters of what names a commit
_MAX_REMEMBERED = 64_000_000  # bytes of contents kept
_MAX_ENTRIES = 4 * MAX_FILES  # entries of folders kept

_GITLINK = 0o160000
_LFS_POINTER = b"version https://git-lfs.github.com/spec/"


class Entry(NamedTuple):
    """What a name in a folder stands for: its mode (S_IFREG, S_IFDIR or S_IFLNK) and its object's id.

    The id is empty for a folder that git records and does not hold: a submodule, or `.git`.
    """

    mode: int
    oid: str

    @property
    def is_folder(self) -> bool:
        return self.mode == stat.S_IFDIR

    @property
    def is_file(self) -> bool:
        return self.mode == stat.S_IFREG


class Located(NamedTuple):
    """Where a path leads, all links resolved."""

    path: str
    entry: Entry


class GitTree:
    """All that one commit holds, read when it is asked for and each object once; contexts over its folders share it.

    `repository` is a bare repository or a folder of a work tree, of which only the objects are read; `commit` is
    whatever names a commit to git, or the id of a tree. Contents are as they are stored: filters, hooks and attributes
    of the repository are not looked at. A submodule is an empty folder, as it is in a fresh clone, and the top holds
    the folder `.git` that every clone has. Nothing raises: what is missing or damaged cannot be read.

    Keeps a git process until it is closed. Not for several threads at once.
    """

    def __init__(self, repository: Path, commit: str = "HEAD") -> None:
        self.label = f"{repository}@{commit}"
        self._objects = GitObjects(repository)
        self._commit = commit
        self._folders: dict[str, Mapping[str, Entry]] = {}
        self._entries_kept = 0
        self._contents: dict[str, bytes] = {}
        self._bytes_kept = 0

    def __enter__(self) -> GitTree:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Ends the git process; asked again, it is started again."""
        self._objects.close()

    @cached_property
    def root(self) -> Entry | None:
        """The top folder; None if there is no such repository or commit."""
        found = self._objects.get(self._commit + "^{tree}", _MAX_TREE) if len(self._commit) <= _MAX_NAME else None
        return Entry(stat.S_IFDIR, found.oid) if found is not None and found.kind == "tree" else None

    def entries(self, folder: Entry) -> Mapping[str, Entry]:
        """What lies right in a folder."""
        entries = self._folders.get(folder.oid)
        if entries is None:
            found = self._objects.get(folder.oid, _MAX_TREE) if folder.oid else None
            entries = _parse_tree(found.content, len(found.oid) // 2) if found and found.kind == "tree" else {}
            if self._entries_kept + len(entries) <= _MAX_ENTRIES:
                self._entries_kept += len(entries)
                self._folders[folder.oid] = entries
        return {".git": Entry(stat.S_IFDIR, ""), **entries} if folder is self.root else entries

    def walk(self, start: Entry, descend: Callable[[str], bool]) -> Iterator[tuple[str, Entry]]:
        """Everything below a folder, level by level and sorted, with its path from there; `descend` may skip folders.

        A commit can be made to hold more than could ever be listed: take no more than is wanted.
        """
        folders = [("", start)]
        for folder, node in folders:  # grows on the way
            for name, entry in sorted(self.entries(node).items()):
                path = f"{folder}/{name}" if folder else name
                yield path, entry
                if entry.is_folder and descend(path):
                    folders.append((path, entry))

    def locate(self, path: str, start: Entry) -> Located | None:
        """Where a clean path leads from a folder; None if nowhere, or on the way out of that folder."""
        todo = path.split("/")[::-1]
        names: list[str] = []
        nodes, links = [start], 0
        while todo:
            part = todo.pop()
            if part in ("", "."):
                continue
            if not nodes[-1].is_folder or (part == ".." and not names):
                return None
            if part == "..":
                names.pop()
                nodes.pop()
                continue
            entry = self.entries(nodes[-1]).get(part)
            if entry is None:
                return None
            if entry.mode != stat.S_IFLNK:
                names.append(part)
                nodes.append(entry)
                continue
            links += 1
            target = self._blob(entry, _MAX_TARGET)
            if not target or b"\0" in target or target.startswith(b"/") or links > _MAX_LINKS:
                return None
            todo.extend(target.decode("utf-8", "surrogateescape").split("/")[::-1])
        return Located("/".join(names), nodes[-1])

    def read(self, entry: Entry, limit: int = MAX_READ) -> bytes | None:
        """The content of a file; None if it has more than `limit` bytes, or if git holds but a pointer to it (LFS)."""
        content = self._blob(entry, limit) if entry.is_file else None
        return None if content is not None and content.startswith(_LFS_POINTER) else content

    def _blob(self, entry: Entry, limit: int) -> bytes | None:
        content = self._contents.get(entry.oid)
        if content is None:
            found = self._objects.get(entry.oid, limit)
            if found is None or found.kind != "blob":
                return None
            content = found.content
            if self._bytes_kept + len(content) <= _MAX_REMEMBERED:
                self._bytes_kept += len(content)
                self._contents[entry.oid] = content
        return content if len(content) <= limit else None


def _parse_tree(content: bytes, oid_size: int) -> Mapping[str, Entry]:
    """The entries of a tree object; what no file system could hold is left out, and so is all behind damage."""
    entries: dict[str, Entry] = {}
    at = 0
    while (end := content.find(b"\0", at)) > 0 and end + oid_size < len(content):
        mode, _, name = content[at:end].partition(b" ")
        at = end + 1 + oid_size
        entry = _entry(mode, content[end + 1 : at].hex())
        if entry is not None and name not in (b"", b".", b"..") and name.lower() != b".git" and b"/" not in name:
            entries[name.decode("utf-8", "surrogateescape")] = entry
    return entries


def _entry(mode: bytes, oid: str) -> Entry | None:
    kind = stat.S_IFMT(int(mode, 8)) if mode.isdigit() and b"8" not in mode and b"9" not in mode else 0
    if kind == _GITLINK:
        return Entry(stat.S_IFDIR, "")
    return Entry(kind, oid) if kind in (stat.S_IFREG, stat.S_IFDIR, stat.S_IFLNK) else None
