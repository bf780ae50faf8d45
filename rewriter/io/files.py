"""Reading and writing single files: nothing is read that could block, nothing is written by halves."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from typing import TYPE_CHECKING

from rewriter.io.interruption import half_made, remove

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

MAX_DOCKERFILE = 5_000_000  # bytes; what is larger is no Dockerfile that a person wrote

_READ_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
_CREATE_FLAGS = os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)


class FileError(Exception):
    """A file that could not be dealt with: `path`, and the `reason` in one line."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path = path
        self.reason = reason


class Unreadable(FileError):
    """The file cannot be read."""


class Unwritable(FileError):
    """The file cannot be written; it is as it was."""


class Changed(FileError):
    """The file no longer holds what was read; it is left as it is."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, "has changed since it was read")


def read_dockerfile(path: Path) -> bytes:
    """The bytes of a Dockerfile, following symbolic links.

    Raises Unreadable: missing, a folder, no permission, a pipe, socket or device, a dangling or circular link, or more
    than MAX_DOCKERFILE bytes.
    """
    try:
        # Asked before it is opened: opening alone can set a device to work.
        _refuse_irregular(os.stat(path).st_mode)
        content = read_regular(path, MAX_DOCKERFILE)
    except (OSError, ValueError) as error:
        raise Unreadable(path, _say(path, error)) from error
    if content is None:
        raise Unreadable(path, f"is larger than {MAX_DOCKERFILE // 1_000_000} MB")
    return content


def read_regular(path: Path | str, limit: int, *, follow: bool = True) -> bytes | None:
    """The bytes of a regular file, or None if there are more than `limit`.

    Raises OSError, also for anything that is no regular file and, unless `follow`, for a symbolic link.
    """
    fd = os.open(path, _READ_FLAGS | (0 if follow else getattr(os, "O_NOFOLLOW", 0)))
    with contextlib.ExitStack() as stack:
        stack.callback(os.close, fd)
        status = os.fstat(fd)
        if not stat.S_ISREG(status.st_mode):
            raise OSError("is no regular file")
        if status.st_size > limit:
            return None
        # The size is not to be trusted: /proc says 0, and a log grows.
        with open(fd, "rb", closefd=False) as file:
            content = file.read(limit + 1)
    return content if len(content) <= limit else None


def write_atomically(path: Path, data: bytes, expected: bytes) -> None:
    """Replace the content of a file, all of it or nothing. Mode, owner and extended attributes stay; hard links part.

    A symbolic link stays one, its target is written. Whatever goes wrong, an interruption included, the old file stands
    and nothing lies beside it.

    Raises Changed if the file does not hold `expected`, Unwritable if it cannot be written or would change its owner.
    """
    try:
        target = os.path.realpath(path, strict=True)
        status = os.stat(target)
        _refuse_irregular(status.st_mode)
        # A read-only file could be replaced all the same, since that is a matter of its folder; its owner has said no.
        os.close(os.open(target, os.O_WRONLY))
        _refuse_changed(path, target, expected)
        if data != expected:
            _replace(target, [data], status, lambda: _refuse_changed(path, target, expected))
    except (OSError, ValueError) as error:
        raise Unwritable(path, _say(path, error)) from error


def write_output(path: Path, data: bytes) -> None:
    """Write a file that we make ourselves, such as a patch or a page: a new one, or in place of an older one.

    What is no regular file (`/dev/stdout`, a pipe) is written to as it stands. Raises Unwritable.
    """
    write_pieces(path, [data])


def write_pieces(path: Path, pieces: Iterable[bytes]) -> None:
    """`write_output`, of what need not be in memory at once. Raises Unwritable."""
    try:
        target = os.path.realpath(path)
        status = os.stat(target) if os.path.lexists(target) else None
        if status is None or stat.S_ISREG(status.st_mode):
            _replace(target, pieces, status, lambda: None)
        else:
            with open(path, "wb") as file:
                file.writelines(pieces)
    except (OSError, ValueError) as error:
        raise Unwritable(path, _say(path, error)) from error


def _replace(target: str, pieces: Iterable[bytes], like: os.stat_result | None, last_look: Callable[[], None]) -> None:
    """Put the pieces in the place of `target` by way of a file beside it; `last_look` may still refuse by raising."""
    folder = os.path.dirname(target)
    # The name is known before the file is there, so that no interruption can leave a file that nobody knows of.
    temporary = os.path.join(folder, f".dfrewrite-{os.urandom(8).hex()}.tmp")
    with half_made(temporary):
        try:
            fd = os.open(temporary, _CREATE_FLAGS, 0o666 if like is None else 0o600)
            with open(fd, "wb") as file:
                file.writelines(pieces)
                file.flush()
                if like is not None:
                    _take_over(fd, target, like)
                os.fsync(fd)
            last_look()
            os.replace(temporary, target)
        except BaseException:
            remove(temporary)
            raise
    _sync_folder(folder)


def _take_over(fd: int, target: str, like: os.stat_result) -> None:
    """Give the new file owner, mode and extended attributes of the old. Raises OSError if the owner would change."""
    made = os.fstat(fd)
    if (made.st_uid, made.st_gid) != (like.st_uid, like.st_gid):
        try:
            os.fchown(fd, like.st_uid, like.st_gid)
        except PermissionError as error:
            raise PermissionError("belongs to a user or group that it could not be given back to") from error
    os.fchmod(fd, stat.S_IMODE(like.st_mode))
    if not hasattr(os, "listxattr"):
        return
    with contextlib.suppress(OSError):  # a file system without them
        for name in os.listxattr(target):
            # Some belong to the system, and it alone may set them.
            with contextlib.suppress(OSError):
                os.setxattr(fd, name, os.getxattr(target, name))


def _sync_folder(folder: str) -> None:
    # The name survives a power cut only with its folder. Not every system lets a folder be opened for that.
    with contextlib.suppress(OSError):
        fd = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)


def _refuse_changed(path: Path, target: str, expected: bytes) -> None:
    if read_regular(target, len(expected)) != expected:
        raise Changed(path)


def _refuse_irregular(mode: int) -> None:
    for is_one, name in (
        (stat.S_ISDIR, "a folder"),
        (stat.S_ISFIFO, "a pipe"),
        (stat.S_ISSOCK, "a socket"),
        (stat.S_ISCHR, "a device"),
        (stat.S_ISBLK, "a device"),
    ):
        if is_one(mode):
            raise OSError(f"is {name}, no file")


def _say(path: Path, error: OSError | ValueError) -> str:
    """The reason in one line."""
    if isinstance(error, ValueError):
        return "is no possible file name"  # it holds a NUL
    if error.errno == errno.ELOOP:
        return "is a symbolic link that leads back to itself"
    if error.errno == errno.ENOENT:
        return "is a symbolic link to nothing" if os.path.islink(path) else "does not exist"
    return error.strerror[:1].lower() + error.strerror[1:] if error.strerror else str(error)
