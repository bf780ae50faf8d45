"""The build context: a read-only view of the files that a COPY can see."""

from __future__ import annotations

from bisect import bisect_left
from functools import cached_property
from typing import TYPE_CHECKING, Literal, Protocol

from rewriter.dockerignore import Dockerignore, clean_path

if TYPE_CHECKING:
    from collections.abc import Mapping

Kind = Literal["file", "dir"]

MAX_FILES = 50_000  # files that a context lists; a larger one is cut short and says so
MAX_READ = 1_000_000  # bytes that one read gives unless asked for more


class BuildContext(Protocol):
    """What COPY sees: regular files by their path relative to the context's root, `.dockerignore` applied.

    Paths are posix paths in any spelling: `./a`, `/a` and `../a` all mean `a`, as in a COPY. Bytes of a name that are
    not UTF-8 come and go as surrogate escapes. Nothing raises: what cannot be read is not there. Answers are
    remembered, so that asking twice costs nothing.
    """

    @property
    def label(self) -> str:
        """How to name this context to a person, such as the folder as the user wrote it."""

    @property
    def truncated(self) -> bool:
        """Whether `files` leaves files out, because there are more than MAX_FILES."""

    def files(self) -> tuple[str, ...]:
        """The sorted paths of the regular files, and of links to one; at most MAX_FILES, and nothing of `.git`."""

    def links(self) -> tuple[tuple[str, str], ...]:
        """The symbolic links among the files and folders that `files` looks through, each with the path of the context
        that it leads to; "" for one that leads nowhere, or out of the context."""

    def read(self, path: str, limit: int = MAX_READ) -> bytes | None:
        """The content of a file; None if it is not there, ignored, no regular file, or larger than `limit` bytes.

        A symbolic link is followed within the context and never out of it.
        """

    def kind(self, path: str) -> Kind | None:
        """What stands at `path`; None if nothing that COPY can see. The root is a folder; `.git` is answered for too.

        An ignored folder is there all the same when an exception brings back a file under it, as it is for Docker.
        """


class DictContext:
    """A context held in memory: path to content, text meaning UTF-8. A key that ends in `/` is an empty folder.

    `.dockerignore` is taken from the mapping itself.
    """

    def __init__(self, mapping: Mapping[str, bytes | str], label: str = "context") -> None:
        self.label = label
        self._contents = {
            clean_path(path): content.encode("utf-8", "surrogateescape") if isinstance(content, str) else content
            for path, content in mapping.items()
            if not path.endswith("/")
        }
        self._empty = {clean_path(path) for path in mapping if path.endswith("/")}

    @cached_property
    def dockerignore(self) -> Dockerignore:
        """The rules in force; their `problems` say whether Docker would refuse to build."""
        return Dockerignore(self._contents.get(".dockerignore", b"").decode("utf-8", "surrogateescape"))

    @cached_property
    def _files(self) -> tuple[str, ...]:
        return tuple(
            path for path in sorted(self._contents) if not in_git_folder(path) and not self.dockerignore.ignores(path)
        )

    @cached_property
    def _folders(self) -> frozenset[str]:
        """Every folder, seen or not."""
        folders = set(self._empty)
        for path in (*self._contents, *self._empty):
            folders.update(path[:at] for at, char in enumerate(path) if char == "/")
        return frozenset(folders)

    @property
    def truncated(self) -> bool:
        """Whether there are more than MAX_FILES files."""
        return len(self._files) > MAX_FILES

    def files(self) -> tuple[str, ...]:
        """See BuildContext."""
        return self._files[:MAX_FILES]

    def links(self) -> tuple[tuple[str, str], ...]:
        """See BuildContext."""
        return ()

    def read(self, path: str, limit: int = MAX_READ) -> bytes | None:
        """See BuildContext."""
        content = self._contents.get(clean_path(path))
        if content is None or len(content) > limit or self.dockerignore.ignores(path):
            return None
        return content

    def kind(self, path: str) -> Kind | None:
        """See BuildContext."""
        path = clean_path(path)
        if path == "":
            return "dir"
        if path in self._folders:
            return "dir" if not self.dockerignore.ignores(path) or has_below(self._files, path) else None
        return "file" if path in self._contents and not self.dockerignore.ignores(path) else None


def in_git_folder(path: str) -> bool:
    """Whether a clean path is git's own folder (or, in a worktree, the file that stands for it) or lies in one."""
    return ".git" in path.split("/")


def has_below(files: tuple[str, ...], folder: str) -> bool:
    """Whether sorted paths hold one that lies under `folder`."""
    at = bisect_left(files, folder + "/")
    return at < len(files) and files[at].startswith(folder + "/")
