"""A build context that is a folder on the disk."""

from __future__ import annotations

import os
import posixpath
import stat
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from rewriter.context import MAX_FILES, MAX_READ, Kind, has_below, in_git_folder
from rewriter.dockerignore import Dockerignore, clean_path
from rewriter.io.files import read_regular

_MAX_LOOKS = 4 * MAX_FILES  # entries looked at before the listing gives up; ignored ones cost time too
_MAX_LINKS = 40  # as many as the kernel follows on the way to one file
_MAX_REMEMBERED = 64_000_000  # bytes of contents kept


class _Listing(NamedTuple):
    files: tuple[str, ...]
    links: tuple[str, ...]
    truncated: bool


class DirectoryContext:
    """The files of the folder `root`, as the build of `dockerfile` sees them (see BuildContext).

    `<name of the Dockerfile>.dockerignore` beside the Dockerfile takes the place of `.dockerignore` in `root`. A folder
    that is missing or may not be read is an empty one; no symbolic link is followed out of `root`.
    """

    def __init__(self, root: Path, dockerfile: Path | None = None) -> None:
        self.label = str(root)
        self.root = Path(os.path.realpath(root))
        self._dockerfile = dockerfile
        self._located: dict[str, tuple[str, int] | None] = {}
        self._contents: dict[str, bytes] = {}
        self._remembered = 0

    @cached_property
    def dockerignore(self) -> Dockerignore:
        """The rules in force; their `problems` say whether Docker would refuse to build."""
        if self._dockerfile is not None:
            beside = os.path.realpath(self._dockerfile.parent)
            # Inside the context it may be a link to anywhere in the context, outside of it only to its own folder.
            root = os.path.commonpath((self.root, beside))
            root = root if root == os.fspath(self.root) else beside
            own = os.path.relpath(os.path.join(beside, self._dockerfile.name + ".dockerignore"), root)
            rules = _read_rules(root, own)
            if rules is not None:
                return rules
        return _read_rules(os.fspath(self.root), ".dockerignore") or Dockerignore()

    @property
    def truncated(self) -> bool:
        """Whether `files` leaves some out: there are more than MAX_FILES, or too many ignored ones to look through."""
        return self._listing.truncated

    def files(self) -> tuple[str, ...]:
        """See BuildContext. The shallowest ones, where there are too many."""
        return self._listing.files

    def links(self) -> tuple[tuple[str, str], ...]:
        """See BuildContext."""
        found = ((path, self._locate(path)) for path in self._listing.links)
        return tuple((path, located[0] if located is not None else "") for path, located in found)

    def read(self, path: str, limit: int = MAX_READ) -> bytes | None:
        """See BuildContext."""
        found = self._visible(clean_path(path))
        if found is None or not stat.S_ISREG(found[1]):
            return None
        content = self._contents.get(found[0])
        if content is None:
            try:
                content = read_regular(self.root / found[0], limit, follow=False)
            except OSError:
                return None
            if content is None:
                return None
            self._remember(found[0], content)
        return content if len(content) <= limit else None

    def kind(self, path: str) -> Kind | None:
        """See BuildContext."""
        path = clean_path(path)
        found = self._locate(path)
        if path == "":
            return "dir"
        if found is None or not (stat.S_ISREG(found[1]) or stat.S_ISDIR(found[1])):
            return None
        if stat.S_ISREG(found[1]):
            return "file" if self._visible(path) else None
        if found[0] == "" or self._visible(path):
            return "dir"
        return "dir" if found[0] == path and self._shows_through(path) else None

    def _shows_through(self, folder: str) -> bool:
        """Whether an ignored folder holds something that an exception brings back."""
        return not self.dockerignore.prunes(folder) and has_below(self.files(), folder)

    def _visible(self, path: str) -> tuple[str, int] | None:
        """Where a clean path leads, if COPY can see both the path and what it leads to."""
        if self.dockerignore.ignores(path):
            return None
        found = self._locate(path)
        return None if found is None or (found[0] != path and self.dockerignore.ignores(found[0])) else found

    def _locate(self, path: str) -> tuple[str, int] | None:
        if path not in self._located:
            self._located[path] = _locate(os.fspath(self.root), path)
        return self._located[path]

    def _remember(self, path: str, content: bytes) -> None:
        if self._remembered + len(content) <= _MAX_REMEMBERED:
            self._contents[path] = content
            self._remembered += len(content)

    @cached_property
    def _listing(self) -> _Listing:
        """Level by level, so that what is cut off is what lies deepest, and always the same."""
        files: list[str] = []
        links: list[str] = []
        folders, looks = [""], 0
        for folder in folders:  # grows on the way
            for name, mode in _entries(self.root / folder):
                path = f"{folder}/{name}" if folder else name
                looks += 1
                if looks > _MAX_LOOKS or len(files) > MAX_FILES:
                    return _Listing(tuple(sorted(files[:MAX_FILES])), tuple(links), True)
                if in_git_folder(name):
                    continue
                if mode == stat.S_IFLNK and not self.dockerignore.ignores(path):
                    links.append(path)
                if mode == stat.S_IFDIR:
                    if not self.dockerignore.prunes(path):
                        folders.append(path)
                elif self._lists(path, mode):
                    files.append(path)
        return _Listing(tuple(sorted(files[:MAX_FILES])), tuple(links), len(files) > MAX_FILES)

    def _lists(self, path: str, mode: int) -> bool:
        if mode == stat.S_IFREG:
            return not self.dockerignore.ignores(path)
        found = self._visible(path) if mode == stat.S_IFLNK else None
        return found is not None and stat.S_ISREG(found[1])


def _read_rules(root: str, path: str) -> Dockerignore | None:
    found = _locate(root, path)
    if found is None or not stat.S_ISREG(found[1]):
        return None
    try:
        content = read_regular(os.path.join(root, found[0]), MAX_READ, follow=False)
    except OSError:
        return None
    return None if content is None else Dockerignore(content.decode("utf-8", "surrogateescape"))


def _entries(folder: Path) -> list[tuple[str, int]]:
    """The sorted names in a folder, each with what it is: S_IFDIR, S_IFREG, S_IFLNK, or 0 for anything else."""
    try:
        with os.scandir(folder) as entries:
            return sorted((entry.name, _mode(entry)) for entry in entries)
    except OSError:
        return []


def _mode(entry: os.DirEntry[str]) -> int:
    # The folder says it, as a rule, without a look at the entry.
    if entry.is_symlink():
        return stat.S_IFLNK
    if entry.is_dir(follow_symlinks=False):
        return stat.S_IFDIR
    return stat.S_IFREG if entry.is_file(follow_symlinks=False) else 0


def _locate(root: str, path: str) -> tuple[str, int] | None:
    """Where a clean path leads within `root`, its links resolved, and its mode; None if nowhere, or out of `root`."""
    todo = path.split("/")[::-1] if path else []
    done: list[str] = []
    mode, links = stat.S_IFDIR, 0
    while todo:
        part = todo.pop()
        if part in ("", "."):
            continue
        if not stat.S_ISDIR(mode) or (part == ".." and not done):
            return None
        if part == "..":
            done.pop()
            continue
        here = posixpath.join(root, *done, part)
        try:
            mode = os.lstat(here).st_mode
            if not stat.S_ISLNK(mode):
                done.append(part)
                continue
            target = os.readlink(here)
        except (OSError, ValueError):
            return None
        links += 1
        if target.startswith("/") or links > _MAX_LINKS:
            return None
        todo.extend(target.split("/")[::-1])
        mode = stat.S_IFDIR
    return "/".join(done), mode
