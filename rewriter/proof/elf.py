"""What an ELF file asks of the image that it runs in: machine, loader, libraries and their symbol versions.

It is read as a loader reads it, by its program headers and its dynamic segment: section headers may be missing or lie.
pyelftools knows the structures. A file may be hostile: each table is read to an end of our own, and whatever is raised
on the way means that the file is damaged.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, BinaryIO

if TYPE_CHECKING:
    from elftools.elf.structs import ELFStructs

MAGIC = b"\x7fELF"
_MOST_SEGMENTS = 128
_MOST_ENTRIES = 4000
"""Of the dynamic segment, and of the tables of versions together; the biggest that were seen have some 400."""
_LONGEST_STRING = 4096
_WEAK = 2
"""VER_FLG_WEAK: the loader does without this version."""

MACHINES = {
    "amd64": {("EM_X86_64", 64, True), ("EM_386", 32, True)},
    "386": {("EM_386", 32, True)},
    "arm64": {("EM_AARCH64", 64, True), ("EM_ARM", 32, True)},
    "arm": {("EM_ARM", 32, True)},
    "ppc64le": {("EM_PPC64", 64, True)},
    "s390x": {("EM_S390", 64, False)},
    "riscv64": {("EM_RISCV", 64, True)},
    "mips64le": {("EM_MIPS", 64, True)},
    "loong64": {("EM_LOONGARCH", 64, True)},
}
"""What runs on an architecture as images name it: machine, bits, little-endian. 64-bit kernels run the 32-bit kind."""


@dataclass(frozen=True, slots=True)
class Elf:
    """One ELF file."""

    machine: tuple[str, int, bool]
    """As pyelftools names it, bits, little-endian."""
    executable: bool
    """True for what the kernel would start: ET_EXEC or ET_DYN."""
    interpreter: str | None = None
    """PT_INTERP: the loader that the kernel starts instead."""
    soname: str = ""
    needed: tuple[str, ...] = ()
    rpath: tuple[str, ...] = ()
    runpath: tuple[str, ...] = ()
    versions_needed: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Symbol versions that must be there, by library."""
    versions: frozenset[str] = frozenset()
    """Symbol versions that it provides itself."""

    @property
    def is_static(self) -> bool:
        """True when it needs neither loader nor library."""
        return self.interpreter is None and not self.needed

    @property
    def wants_glibc(self) -> bool:
        """True when it was linked against glibc: nothing else has versions of these names."""
        return any(version.startswith("GLIBC_") for each in self.versions_needed.values() for version in each)


@dataclass(frozen=True, slots=True)
class Damaged:
    """Why a file is not read as ELF: one clause."""

    why: str


def read_elf(stream: BinaryIO) -> Elf | Damaged:
    """What an ELF file says. The stream is left open."""
    from elftools.common.exceptions import ELFError
    from elftools.construct.core import ConstructError

    # The rest are what comes of offsets and numbers that are nonsense.
    surprises = (LookupError, ValueError, TypeError, AttributeError, OverflowError, MemoryError, AssertionError)
    try:
        return _File(stream).elf()
    except (ELFError, ConstructError, struct.error, OSError, *surprises) as error:
        return Damaged(f"it is damaged ({type(error).__name__})")


class _File:
    """An ELF file, opened as far as its header."""

    def __init__(self, stream: BinaryIO) -> None:
        from elftools.elf.structs import ELFStructs

        self._stream = stream
        ident = self._bytes(0, 16)
        if len(ident) < 16 or not ident.startswith(MAGIC) or ident[4] not in (1, 2) or ident[5] not in (1, 2):
            raise ValueError
        self._structs: ELFStructs = ELFStructs(little_endian=ident[5] == 1, elfclass=32 * ident[4])
        self._structs.create_basic_structs()
        self._header = self._parse("Elf_Ehdr", 0)
        self._structs.create_advanced_structs(
            self._header["e_type"], self._header["e_machine"], self._header["e_ident"]["EI_OSABI"]
        )
        self._segments = [
            self._parse("Elf_Phdr", self._header["e_phoff"] + index * self._header["e_phentsize"])
            for index in range(min(self._header["e_phnum"], _MOST_SEGMENTS))
        ]
        self._tags: dict[str, list[int]] = {}
        self._entries = 0
        """Of the tables of versions, those that were read."""

    def elf(self) -> Elf:
        by_kind = {segment["p_type"]: segment for segment in self._segments}
        if "PT_DYNAMIC" in by_kind:
            self._read_tags(by_kind["PT_DYNAMIC"])
        interpreter = None
        if "PT_INTERP" in by_kind:
            start, size = by_kind["PT_INTERP"]["p_offset"], by_kind["PT_INTERP"]["p_filesz"]
            path = self._bytes(start, min(size, _LONGEST_STRING))
            interpreter = path.rstrip(b"\0").decode("utf-8", "surrogateescape")
        return Elf(
            machine=(str(self._header["e_machine"]), self._structs.elfclass, self._structs.little_endian),
            executable=self._header["e_type"] in ("ET_EXEC", "ET_DYN"),
            interpreter=interpreter,
            soname="".join(self._named("DT_SONAME")[:1]),
            needed=self._named("DT_NEEDED"),
            rpath=_folders(self._named("DT_RPATH")),
            runpath=_folders(self._named("DT_RUNPATH")),
            versions_needed=self._versions_needed(),
            versions=self._versions(),
        )

    def _read_tags(self, segment: Any) -> None:
        size = self._structs.Elf_Dyn.sizeof()
        for index in range(min(segment["p_filesz"] // size, _MOST_ENTRIES)):
            tag = self._parse("Elf_Dyn", segment["p_offset"] + index * size)
            if tag["d_tag"] == "DT_NULL":
                break
            self._tags.setdefault(str(tag["d_tag"]), []).append(tag["d_val"])

    def _versions_needed(self) -> dict[str, tuple[str, ...]]:
        needed: dict[str, tuple[str, ...]] = {}
        for at, library in self._chain("Elf_Verneed", "vn_next", "DT_VERNEED", "DT_VERNEEDNUM"):
            versions = self._linked("Elf_Vernaux", "vna_next", at + library["vn_aux"], library["vn_cnt"])
            strong = [self._string(one["vna_name"]) for _, one in versions if not one["vna_flags"] & _WEAK]
            needed[self._string(library["vn_file"])] = tuple(strong)
        return needed

    def _versions(self) -> frozenset[str]:
        # The first name of an entry is the version; others are those that it goes on from.
        entries = self._chain("Elf_Verdef", "vd_next", "DT_VERDEF", "DT_VERDEFNUM")
        names = [self._parse("Elf_Verdaux", at + entry["vd_aux"]) for at, entry in entries]
        return frozenset(self._string(name["vda_name"]) for name in names)

    def _chain(self, structure: str, link: str, table: str, number: str) -> Iterator[tuple[int, Any]]:
        """The entries of a table that two dynamic tags describe, each with where it stands."""
        if table in self._tags and number in self._tags:
            yield from self._linked(structure, link, self._offset(self._tags[table][0]), self._tags[number][0])

    def _linked(self, structure: str, link: str, at: int, count: int) -> Iterator[tuple[int, Any]]:
        """Entries of which each says how far it is to the next."""
        for _ in range(count):
            self._entries += 1
            if self._entries > _MOST_ENTRIES:
                raise OverflowError
            entry = self._parse(structure, at)
            yield at, entry
            if entry[link] == 0:
                break
            at += entry[link]

    def _named(self, tag: str) -> tuple[str, ...]:
        """What dynamic tags of a kind name."""
        return tuple(self._string(value) for value in self._tags.get(tag, ()))

    def _string(self, at: int) -> str:
        text, end, _ = self._bytes(self._offset(self._tags["DT_STRTAB"][0]) + at, _LONGEST_STRING).partition(b"\0")
        if not end:
            raise ValueError
        return text.decode("utf-8", "surrogateescape")

    def _offset(self, address: int) -> int:
        """Where in the file lies what is loaded to an address."""
        for segment in self._segments:
            start = segment["p_vaddr"]
            if segment["p_type"] == "PT_LOAD" and start <= address < start + segment["p_filesz"]:
                return int(address - start + segment["p_offset"])
        raise LookupError

    def _parse(self, structure: str, at: int) -> Any:
        from elftools.common.utils import struct_parse

        return struct_parse(getattr(self._structs, structure), self._stream, at)

    def _bytes(self, at: int, size: int) -> bytes:
        self._stream.seek(at)
        return self._stream.read(size)


def _folders(values: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(folder for value in values for folder in value.split(":"))
