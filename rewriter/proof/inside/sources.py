"""Bytes by offset: a file, a part of another source, or what a gzip stream holds; nothing is written to a disk."""

from __future__ import annotations

import os
import zlib
from bisect import bisect_right
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from pathlib import Path

READ_AHEAD = 256 * 1024
"""Bytes kept of a gzip stream behind the last read: the headers of a tar are read one by one."""
CHECKPOINT_EVERY = 4 * 1024**2
"""Unpacked bytes between two points from which a gzip stream can be read on; each keeps about 50 kB."""


class DamagedError(Exception):
    """Bytes that are not what they claim to be. The message is one clause."""


class Source(Protocol):
    """Something that is read by offset."""

    def read_at(self, offset: int, size: int) -> bytes:
        """So many bytes from there; fewer only at the end. Raises OSError and DamagedError."""


class FileSource:
    """An open file."""

    def __init__(self, path: Path) -> None:
        self._descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        self.size = os.fstat(self._descriptor).st_size

    def close(self) -> None:
        """Closes it; closing twice is no error."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def read_at(self, offset: int, size: int) -> bytes:
        """As Source."""
        return os.pread(self._descriptor, size, offset)


class Part:
    """Some bytes of another source."""

    def __init__(self, whole: Source, offset: int, size: int) -> None:
        self._whole = whole
        self._offset = offset
        self.size = size

    def read_at(self, offset: int, size: int) -> bytes:
        """As Source."""
        wanted = min(size, self.size - offset)
        return self._whole.read_at(self._offset + offset, wanted) if wanted > 0 else b""


class _Point(NamedTuple):
    """A place of a gzip stream from which it can be read on."""

    unpacked: int
    """Bytes that came out before it."""
    packed: int
    """Bytes that went in before it, those of ``waiting`` included."""
    machine: zlib._Decompress
    waiting: bytes


class Unzipped:
    """What a gzip stream holds, its members joined; read from the nearest point that was passed before."""

    def __init__(self, packed: Source, most: int) -> None:
        """Reading behind ``most`` unpacked bytes raises DamagedError."""
        self._packed = packed
        self._most = most
        self._now = _Point(0, 0, zlib.decompressobj(wbits=31), b"")
        self._points = [self._now._replace(machine=self._now.machine.copy())]
        self._ahead = b""
        """The bytes right before ``_now.unpacked``."""

    def read_at(self, offset: int, size: int) -> bytes:
        """As Source."""
        parts: list[bytes] = []
        while size > 0:
            self._seek(offset)
            begin = self._now.unpacked - len(self._ahead)
            part = self._ahead[offset - begin : offset - begin + size]
            if not part:
                break
            parts.append(part)
            offset += len(part)
            size -= len(part)
        return b"".join(parts)

    def length(self) -> int:
        """All its bytes, counted by reading on to the end."""
        self._seek(self._most)
        return self._now.unpacked

    def _seek(self, offset: int) -> None:
        """Makes ``_ahead`` hold the byte at ``offset``, unless the stream ends before."""
        if offset < self._now.unpacked - len(self._ahead):
            point = self._points[bisect_right(self._points, offset, key=lambda point: point.unpacked) - 1]
            self._now = point._replace(machine=point.machine.copy())
            self._ahead = b""
        while self._now.unpacked <= offset and self._step():
            pass

    def _step(self) -> bool:
        """Unpacks the next bytes; False at the end of the stream."""
        unpacked, packed, machine, waiting = self._now
        if len(waiting) < 2:
            more = self._packed.read_at(packed, 64 * 1024)
            packed += len(more)
            waiting += more
        if machine.eof:
            if not waiting.startswith(b"\x1f\x8b"):  # the end, or padding behind it
                return False
            machine = zlib.decompressobj(wbits=31)
        elif not waiting:
            raise DamagedError("its gzip stream ends too early")
        try:
            self._ahead = machine.decompress(waiting, READ_AHEAD)
        except zlib.error as error:
            raise DamagedError(f"its gzip stream is damaged ({error})") from error
        unpacked += len(self._ahead)
        if unpacked > self._most:
            raise DamagedError(f"it unpacks to more than the {self._most // 10**9} GB that are read")
        self._now = _Point(unpacked, packed, machine, machine.unused_data if machine.eof else machine.unconsumed_tail)
        if unpacked - self._points[-1].unpacked >= CHECKPOINT_EVERY:
            self._points.append(self._now._replace(machine=machine.copy()))
        return True
