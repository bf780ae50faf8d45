"""Loaders: where glibc's and musl's look for libraries, by what the image holds of them."""

from __future__ import annotations

import posixpath
import re
import struct
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rewriter.proof.archive import Image
    from rewriter.proof.elf import Elf
    from rewriter.proof.inside.filesystem import Found

MUSL_LOADER = re.compile(r"ld-musl-(.+)\.so\.1")
_MUSL_FOLDERS = "/lib:/usr/local/lib:/usr/lib"

_FOLDER = re.compile(rb"(?<=\0)(/[A-Za-z0-9_.+/-]{2,200}/)(?=\0)")
_CACHE_PATH = re.compile(rb"(/[A-Za-z0-9_.+/-]{0,200}ld\.so\.cache)\0")
_CACHE_MAGIC = b"glibc-ld.so.cache1.1"
_HEADER_SIZE = 48
_ENTRY_SIZE = 24
_MOST_CACHE = 16 * 1024**2
_MOST_ENTRIES = 100_000
_DEFAULT_FOLDERS = ["/lib64", "/usr/lib64", "/lib", "/usr/lib"]


class System:
    """One loader of one image."""

    def __init__(self, image: Image, interpreter: str, found: Found) -> None:
        musl = MUSL_LOADER.fullmatch(posixpath.basename(interpreter))
        real = posixpath.basename(found.path)
        self.stand_in = not musl and ("musl" in real or "gcompat" in real)
        """True for musl under the name of glibc's loader, as gcompat does it: nobody knows what works with it."""
        self.libc = "musl" if musl or self.stand_in else "glibc"
        self._cached: Mapping[str, list[str]] = {}
        if self.libc == "musl":
            name = musl.group(1) if musl else "*"
            listed = image.text(f"/etc/ld-musl-{name}.path") or _MUSL_FOLDERS
            self.folders = [folder for folder in re.split(r"[:\n]", listed) if folder]
            self._libdir = "lib"
        else:
            loader = image.read(found.node, 8 * 1024**2) or b""
            self.folders = built_in_folders(loader)
            self._cached = cached_libraries(image, loader)
            self._libdir = self.folders[0].lstrip("/")

    def candidates(self, name: str, chain: list[tuple[str, Elf]], library_path: str) -> Iterator[str]:
        """Where a library is looked for, in order; ``chain`` is who needs it, who needed that, up to the program."""
        listed = [folder for folder in re.split("[:;]", library_path) if folder]
        own_path, own = chain[0]
        if self.libc == "musl":
            yield from (f"{folder}/{name}" for folder in listed)
            for path, elf in chain:
                yield from self._expanded((*elf.rpath, *elf.runpath), path, name)
        else:
            if not own.runpath:
                for path, elf in chain:
                    if not elf.runpath:
                        yield from self._expanded(elf.rpath, path, name)
            yield from (f"{folder}/{name}" for folder in listed)
            yield from self._expanded(own.runpath, own_path, name)
            yield from self._cached.get(name, [])
        yield from (f"{folder}/{name}" for folder in self.folders)

    def _expanded(self, folders: tuple[str, ...], path: str, name: str) -> Iterator[str]:
        origin = posixpath.dirname(path)
        for folder in folders:
            for token, value in (("ORIGIN", origin), ("LIB", self._libdir), ("PLATFORM", "x86_64")):
                folder = folder.replace(f"${{{token}}}", value).replace(f"${token}", value)
            if folder:
                yield f"{folder}/{name}"


def built_in_folders(loader: bytes) -> list[str]:
    """The folders that a glibc loader searches last, in its order, by the strings in it."""
    found = dict.fromkeys(match.group(1).decode().rstrip("/") for match in _FOLDER.finditer(loader))
    return [folder for folder in found if "/lib" in folder and "locale" not in folder] or _DEFAULT_FOLDERS


def cached_libraries(image: Image, loader: bytes) -> dict[str, list[str]]:
    """The libraries of the cache that a loader reads: paths by name. Empty when there is no cache of glibc.

    The format is that of glibc's sysdeps/generic/dl-cache.h, ``struct cache_file_new``; the numbers are the machine's,
    here little-endian or big-endian by what makes sense of the header.
    """
    where = _CACHE_PATH.search(loader)
    node = image.files.file(where.group(1).decode() if where else "/etc/ld.so.cache")
    data = image.read(node, _MOST_CACHE) if node is not None else None
    start = data.find(_CACHE_MAGIC) if data else -1
    if data is None or start < 0 or len(data) < start + _HEADER_SIZE:
        return {}
    order = "<" if struct.unpack_from("<I", data, start + 20)[0] <= _MOST_ENTRIES else ">"
    (number,) = struct.unpack_from(f"{order}I", data, start + 20)
    found: dict[str, list[str]] = {}
    for index in range(min(number, _MOST_ENTRIES)):
        offset = start + _HEADER_SIZE + index * _ENTRY_SIZE
        if offset + _ENTRY_SIZE > len(data):
            break
        _, name_at, path_at = struct.unpack_from(f"{order}iII", data, offset)
        name, path = (_string(data, start + at) for at in (name_at, path_at))
        if name and path.startswith("/"):
            found.setdefault(name, []).append(path)
    return found


def _string(data: bytes, at: int) -> str:
    end = data.find(b"\0", at, at + 4096)
    return data[at:end].decode("utf-8", "surrogateescape") if end > at else ""
