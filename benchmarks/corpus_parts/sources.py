"""Where the files of a corpus come from: bare git repositories, work trees, and folders of loose files."""

from __future__ import annotations

import hashlib
import os
import posixpath
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Literal, NamedTuple, Protocol

from rewriter.context import BuildContext
from rewriter.io.context_dir import DirectoryContext
from rewriter.io.context_git import GitContext
from rewriter.io.files import MAX_DOCKERFILE, Unreadable, read_dockerfile
from rewriter.io.git_tree import GitTree
from rewriter.io.walk import find_dockerfiles, is_dockerfile_name

_MAX_ENTRIES = 2_000_000  # of one commit; it could be made to list without end
CONTEXT = "context"
"""The folder beside a loose file that is its build context, as in tests/fixtures."""


class Origin(NamedTuple):
    """A repository or a folder; `name` is how it is shown."""

    kind: Literal["git", "folder", "loose"]
    path: str
    name: str


class Item(NamedTuple):
    """A file with its content's digest; `identity` stands for its build context, and is empty for a run without."""

    origin: Origin
    path: str
    digest: str
    identity: str = ""

    @property
    def key(self) -> str:
        """The same for files that are the same and are built in the same context."""
        return f"{self.digest} {self.identity}".strip()


class Source(Protocol):
    """An origin that is open; paths are relative to it."""

    def names(self) -> Iterator[str]:
        """The paths of the files that have the name of a Dockerfile."""

    def read(self, path: str) -> bytes | None:
        """The bytes of a file; None if it cannot be read or is over MAX_DOCKERFILE bytes."""

    def identity(self, path: str) -> str:
        """What its build context holds, as a short text; empty if it has none."""

    def context(self, path: str) -> BuildContext | None:
        """Its build context."""

    def close(self) -> None:
        """Ends what was started."""


class GitSource:
    """A bare repository, at its HEAD; the context of a Dockerfile is its folder."""

    def __init__(self, origin: Origin) -> None:
        self._tree = GitTree(Path(origin.path))

    def names(self) -> Iterator[str]:
        root = self._tree.root
        if root is not None:
            for path, entry in islice(self._tree.walk(root, lambda folder: True), _MAX_ENTRIES):
                if entry.is_file and is_dockerfile_name(posixpath.basename(path)):
                    yield path

    def read(self, path: str) -> bytes | None:
        root = self._tree.root
        found = self._tree.locate(path, root) if root is not None else None
        return self._tree.read(found.entry, MAX_DOCKERFILE) if found is not None else None

    def identity(self, path: str) -> str:
        folder, name = posixpath.split(path)
        root = self._tree.root
        found = self._tree.locate(folder, root) if root is not None else None
        # The top alone holds `.git`.
        return f"{found.entry.oid}{'' if folder else '/'}:{name}" if found is not None else ""

    def context(self, path: str) -> BuildContext | None:
        return GitContext(self._tree, posixpath.dirname(path), path)

    def close(self) -> None:
        self._tree.close()


class FolderSource:
    """A work tree, as it lies on the disk; the context of a Dockerfile is its folder."""

    def __init__(self, origin: Origin) -> None:
        self._root = Path(origin.path)

    def names(self) -> Iterator[str]:
        for path in find_dockerfiles(self._root):
            yield path.relative_to(self._root).as_posix()

    def read(self, path: str) -> bytes | None:
        try:
            return read_dockerfile(self._root / path)
        except Unreadable:
            return None

    def identity(self, path: str) -> str:
        context = self.context(path)
        assert isinstance(context, DirectoryContext)
        seen = hashlib.sha256(path.encode("utf-8", "surrogateescape"))
        for name in context.files():
            try:
                status = os.stat(context.root / name)
            except OSError:
                continue
            seen.update(os.fsencode(f"{name}\0{status.st_size}\0{status.st_mtime_ns}\0"))
        return f"{context.root}:{seen.hexdigest()[:32]}"

    def context(self, path: str) -> BuildContext | None:
        return DirectoryContext((self._root / path).parent, self._root / path)

    def close(self) -> None:
        """Nothing is open."""


class LooseSource(FolderSource):
    """The files right in a folder; they have a context only if a folder of that name lies beside them."""

    def names(self) -> Iterator[str]:
        for entry in sorted(os.scandir(self._root), key=lambda entry: entry.name):
            if is_dockerfile_name(entry.name) and entry.is_file(follow_symlinks=False):
                yield entry.name

    def identity(self, path: str) -> str:
        return super().identity(path) if (self._root / CONTEXT).is_dir() else ""

    def context(self, path: str) -> BuildContext | None:
        return DirectoryContext(self._root / CONTEXT, self._root / path)


_SOURCES: dict[str, type[GitSource] | type[FolderSource]] = {
    "git": GitSource,
    "folder": FolderSource,
    "loose": LooseSource,
}


def open_source(origin: Origin) -> Source:
    """The source of an origin. Close it."""
    return _SOURCES[origin.kind](origin)


def find_origins(path: Path) -> Iterator[Origin]:
    """The repositories in a folder (or the one that it is), and the folders of loose files outside of them."""
    for folder, folders, files in os.walk(path):
        folders.sort()
        name = posixpath.normpath(posixpath.join(path.resolve().name, os.path.relpath(folder, path)))
        if {"HEAD", "objects", "refs"} <= {*folders, *files}:
            yield Origin("git", os.path.abspath(folder), name)
            folders.clear()
        elif ".git" in folders or ".git" in files:
            yield Origin("folder", os.path.abspath(folder), name)
            folders.clear()
        elif any(is_dockerfile_name(file) for file in files):
            yield Origin("loose", os.path.abspath(folder), name)


def find_items(origin: Origin, contexts: bool) -> Iterator[Item | None]:
    """Every file of an origin, with the identity of its context if it has one; None for one that cannot be read."""
    source = open_source(origin)
    try:
        for path in source.names():
            data = source.read(path)
            if data is None:
                yield None
                continue
            identity = source.identity(path) if contexts else ""
            yield Item(origin, path, hashlib.sha256(data).hexdigest()[:32], identity)
    finally:
        source.close()


class Shelf:
    """Keeps the source that was used last open: the files of one repository come one after another."""

    def __init__(self) -> None:
        self._origin: Origin | None = None
        self._source: Source | None = None

    def source(self, origin: Origin) -> Source:
        """The open source of an origin."""
        if self._source is None or self._origin != origin:
            self.close()
            self._origin, self._source = origin, open_source(origin)
        return self._source

    def close(self) -> None:
        """Closes what is open."""
        if self._source is not None:
            self._source.close()
        self._source = None
