"""ELF files that ask for just what a test wants: a loader, libraries, symbol versions. They hold no code."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

X86_64, AARCH64 = 62, 183
GLIBC = "/lib64/ld-linux-x86-64.so.2"
MUSL = "/lib/ld-musl-x86_64.so.1"
GO_MAGIC = b"\xff Go buildinf:"
_NEEDED, _STRTAB, _STRSZ, _SONAME, _RPATH, _RUNPATH = 1, 5, 10, 14, 15, 29
_VERDEF, _VERDEFNUM, _VERNEED, _VERNEEDNUM = 0x6FFFFFFC, 0x6FFFFFFD, 0x6FFFFFFE, 0x6FFFFFFF
_PROGRAM, _STRINGS, _DYNAMIC, _VERSIONS, _VERSIONS_NEEDED = 1, 3, 6, 0x6FFFFFFD, 0x6FFFFFFE


@dataclass
class _Strings:
    data: bytes = b"\0"

    def add(self, text: str) -> int:
        """Its offset in the table."""
        offset = len(self.data)
        self.data += text.encode() + b"\0"
        return offset


@dataclass
class _Layout:
    """Parts of the file, each with where it starts."""

    data: bytearray
    sections: list[tuple[str, int, int, int, int, int]] = field(default_factory=list)
    """Name, type, offset, size, link and info."""

    def add(self, name: str, kind: int, content: bytes, info: int = 0, link: int = 1) -> int:
        while len(self.data) % 8:
            self.data.append(0)
        offset = len(self.data)
        self.data += content
        self.sections.append((name, kind, offset, len(content), link, info))
        return offset


def elf(
    *,
    interpreter: str | None = None,
    needed: Sequence[str] = (),
    soname: str = "",
    rpath: str = "",
    runpath: str = "",
    versions_needed: Mapping[str, Sequence[str]] | None = None,
    versions: Sequence[str] = (),
    machine: int = X86_64,
    kind: int = 3,
    holds: bytes = b"",
) -> bytes:
    """A 64-bit little-endian ELF file; ``kind`` 3 is ET_DYN, ``holds`` are bytes that lie in it somewhere."""
    strings = _Strings()
    tags = [(_NEEDED, strings.add(name)) for name in needed]
    tags += [
        (tag, strings.add(text)) for tag, text in ((_SONAME, soname), (_RPATH, rpath), (_RUNPATH, runpath)) if text
    ]
    need = _version_needs(versions_needed or {}, strings)
    provide = _version_definitions(versions, strings)
    layout = _Layout(bytearray(64 + 3 * 56))
    table = layout.add(".dynstr", _STRINGS, strings.data, link=0)
    if versions_needed:
        tags.append((_VERNEED, layout.add(".gnu.version_r", _VERSIONS_NEEDED, need, len(versions_needed))))
        tags.append((_VERNEEDNUM, len(versions_needed)))
    if versions:
        tags.append((_VERDEF, layout.add(".gnu.version_d", _VERSIONS, provide, len(versions))))
        tags.append((_VERDEFNUM, len(versions)))
    segments = [(1, 0, 0)]
    if tags:
        tags += [(_STRTAB, table), (_STRSZ, len(strings.data)), (0, 0)]
        content = b"".join(struct.pack("<QQ", tag, value) for tag, value in tags)
        segments.append((2, layout.add(".dynamic", _DYNAMIC, content), len(content)))
    if interpreter is not None:
        path = interpreter.encode() + b"\0"
        segments.append((3, layout.add(".interp", _PROGRAM, path), len(path)))
    if holds:
        layout.add(".rodata", _PROGRAM, holds)
    return _finish(layout, segments, machine, kind)


def _finish(layout: _Layout, segments: list[tuple[int, int, int]], machine: int, kind: int) -> bytes:
    names = _Strings()
    offsets = [names.add(section[0]) for section in layout.sections]
    own = names.add(".shstrtab")
    layout.add(".shstrtab", _STRINGS, names.data, link=0)
    headers = bytearray(64)
    for offset, (_, section, start, size, linked, info) in zip([*offsets, own], layout.sections, strict=True):
        headers += struct.pack("<IIQQQQIIQQ", offset, section, 0, start, start, size, linked, info, 1, 0)
    while len(layout.data) % 8:
        layout.data.append(0)
    place, count = len(layout.data), len(layout.sections) + 1
    data = layout.data + headers
    identity = b"\x7fELF\x02\x01\x01" + bytes(9)
    data[:64] = identity + struct.pack(
        "<HHIQQQIHHHHHH", kind, machine, 1, 0, 64, place, 0, 64, 56, len(segments), 64, count, count - 1
    )
    for index, (segment, start, size) in enumerate(segments):
        size = size or len(data)
        data[64 + 56 * index : 120 + 56 * index] = struct.pack(
            "<IIQQQQQQ", segment, 4, start, start, start, size, size, 8
        )
    return bytes(data)


def _version_needs(wanted: Mapping[str, Sequence[str]], strings: _Strings) -> bytes:
    data = b""
    for index, (library, versions) in enumerate(wanted.items()):
        last = index == len(wanted) - 1
        size = 16 + 16 * len(versions)
        data += struct.pack("<HHIII", 1, len(versions), strings.add(library), 16, 0 if last else size)
        for number, version in enumerate(versions):
            following = 0 if number == len(versions) - 1 else 16
            data += struct.pack("<IHHII", 0, 0, number + 2, strings.add(version), following)
    return data


def _version_definitions(versions: Sequence[str], strings: _Strings) -> bytes:
    data = b""
    for number, version in enumerate(versions):
        following = 0 if number == len(versions) - 1 else 28
        data += struct.pack("<HHHHIII", 1, 0, number + 1, 1, 0, 20, following)
        data += struct.pack("<II", strings.add(version), 0)
    return data


def go_program(*functions: str, holds: bytes = b"") -> bytes:
    """A static program as Go makes it, with the names of some functions in its table."""
    return elf(kind=2, holds=GO_MAGIC + b"\0" + b"".join(name.encode() + b"\0" for name in functions) + holds)


def glibc_loader(*folders: str) -> bytes:
    """A loader of glibc that was built to search some folders."""
    built_in = "".join(f"{each}/\0" for each in folders or ("/lib/x86_64-linux-gnu", "/usr/lib"))
    return elf(
        soname="ld-linux-x86-64.so.2", versions=["GLIBC_2.2.5"], holds=f"\0{built_in}/etc/ld.so.cache\0".encode()
    )


def library(soname: str, *versions: str, needed: Sequence[str] = ()) -> bytes:
    """A library."""
    return elf(soname=soname, versions=versions, needed=needed)


def cache(libraries: Mapping[str, str]) -> bytes:
    """An /etc/ld.so.cache: paths by name."""
    entries, strings = b"", b""
    start = 48 + 24 * len(libraries)
    for name, path in libraries.items():
        at = start + len(strings)
        strings += name.encode() + b"\0" + path.encode() + b"\0"
        entries += struct.pack("<iIIIQ", 0x0303, at, at + len(name) + 1, 0, 0)
    header = b"glibc-ld.so.cache1.1" + struct.pack("<II", len(libraries), len(strings)) + bytes(20)
    return header + entries + strings
