"""A build context that is a folder in a commit of a git repository, bare or not."""

from __future__ import annotations

import posixpath
import stat
from functools import cached_property

from rewriter.context import MAX_FILES, MAX_READ, Kind, has_below, in_git_folder
from rewriter.dockerignore import Dockerignore, clean_path
from rewriter.io.git_tree import Entry, GitTree, Located

_MAX_LOOKS = 4 * MAX_FILES  # entries looked at before the listing gives up; ignored ones cost time too


class GitContext:
    """The files of a folder of a commit, as the build of `dockerfile` sees them in a fresh clone (see BuildContext).

    Both paths begin at the top of the commit. As for a folder on the disk, `<name of the Dockerfile>.dockerignore`
    beside the Dockerfile takes the place of `.dockerignore`, no symbolic link is followed out of the context, and a
    folder that is not there is an empty one. A file that is kept in Git LFS is there and cannot be read.
    """

    def __init__(self, tree: GitTree, folder: str = "", dockerfile: str | None = None) -> None:
        self.label = f"{tree.label}:{clean_path(folder)}"
        self._tree = tree
        self._dockerfile = dockerfile
        located = tree.locate(clean_path(folder), tree.root) if tree.root is not None else None
        self._root = located if located is not None and located.entry.is_folder else None
        self._located: dict[str, Located | None] = {}

    @cached_property
    def dockerignore(self) -> Dockerignore:
        """The rules in force; their `problems` say whether Docker would refuse to build."""
        rules = self._own_rules() if self._dockerfile is not None else None
        if rules is None and self._root is not None:
            rules = self._rules(".dockerignore", self._root.entry)
        return rules or Dockerignore()

    def _own_rules(self) -> Dockerignore | None:
        top = self._tree.root
        folder, name = posixpath.split(clean_path(self._dockerfile or ""))
        beside = self._tree.locate(folder, top) if top is not None else None
        if beside is None:
            return None
        # Inside the context they may be a link to anywhere in the context, outside of it only to their own folder.
        root = self._root
        if root is not None and f"{beside.path}/".startswith(f"{root.path}/" if root.path else ""):
            path = posixpath.join(beside.path, name)[len(root.path) :]
            return self._rules(path + ".dockerignore", root.entry)
        return self._rules(name + ".dockerignore", beside.entry)

    def _rules(self, path: str, start: Entry) -> Dockerignore | None:
        found = self._tree.locate(path, start)
        content = self._tree.read(found.entry) if found is not None else None
        return None if content is None else Dockerignore(content.decode("utf-8", "surrogateescape"))

    @property
    def truncated(self) -> bool:
        """Whether `files` leaves some out: there are more than MAX_FILES, or too many ignored ones to look through."""
        return self._listing[1]

    def files(self) -> tuple[str, ...]:
        """See BuildContext. The shallowest ones, where there are too many."""
        return self._listing[0]

    def links(self) -> tuple[tuple[str, str], ...]:
        """See BuildContext."""
        found = ((path, self._locate(path)) for path in self._listing[2])
        return tuple((path, located.path if located is not None else "") for path, located in found)

    @cached_property
    def _listing(self) -> tuple[tuple[str, ...], bool, tuple[str, ...]]:
        if self._root is None:
            return (), False, ()
        files: list[str] = []
        links: list[str] = []
        truncated = False
        for looks, (path, entry) in enumerate(self._tree.walk(self._root.entry, self._descends)):
            if looks >= _MAX_LOOKS or len(files) > MAX_FILES:
                truncated = True
                break
            if not entry.is_folder and self._lists(path, entry):
                files.append(path)
            if entry.mode == stat.S_IFLNK and not in_git_folder(path) and not self.dockerignore.ignores(path):
                links.append(path)
        return tuple(sorted(files[:MAX_FILES])), truncated or len(files) > MAX_FILES, tuple(links)

    def _descends(self, folder: str) -> bool:
        return not in_git_folder(folder) and not self.dockerignore.prunes(folder)

    def _lists(self, path: str, entry: Entry) -> bool:
        if in_git_folder(path):
            return False
        if entry.is_file:
            return not self.dockerignore.ignores(path)
        found = self._visible(path)
        return found is not None and found.entry.is_file

    def read(self, path: str, limit: int = MAX_READ) -> bytes | None:
        """See BuildContext."""
        found = self._visible(clean_path(path))
        return self._tree.read(found.entry, limit) if found is not None else None

    def kind(self, path: str) -> Kind | None:
        """See BuildContext."""
        path = clean_path(path)
        if path == "":
            return "dir"
        found = self._locate(path)
        if found is None:
            return None
        if not found.entry.is_folder:
            return "file" if self._visible(path) else None
        if found.path == "" or self._visible(path):
            return "dir"
        return "dir" if found.path == path and self._shows_through(path) else None

    def _shows_through(self, folder: str) -> bool:
        """Whether an ignored folder holds something that an exception brings back."""
        return not self.dockerignore.prunes(folder) and has_below(self.files(), folder)

    def _visible(self, path: str) -> Located | None:
        """Where a clean path leads, if COPY can see both the path and what it leads to."""
        if self.dockerignore.ignores(path):
            return None
        found = self._locate(path)
        return None if found is None or (found.path != path and self.dockerignore.ignores(found.path)) else found

    def _locate(self, path: str) -> Located | None:
        if path not in self._located:
            self._located[path] = self._tree.locate(path, self._root.entry) if self._root is not None else None
        return self._located[path]
