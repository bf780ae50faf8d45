"""What lies in a build context and is tied to one libc: binaries, installed modules, C sources, Prisma's targets."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from rewriter.manifests.verdicts import Remark

if TYPE_CHECKING:
    from typing import Literal

    from rewriter.context import BuildContext

    _Order = Literal["little", "big"]

_MOST_FILES = 400  # files opened
_MOST_BYTES = 16_000_000  # of one file: larger binaries are named as not looked into
_MOST_TOTAL = 100_000_000
_MOST_REMARKS = 50
_SOURCES = (".c", ".h", ".cc", ".cpp", ".cxx", ".hpp", ".hh")
_TEXT = frozenset(
    "dockerfile makefile license readme procfile gemfile rakefile vagrantfile jenkinsfile codeowners authors notice "
    "changelog pipfile brewfile cname copying contributing todo version owners containerfile".split()
)
_HEADERS = {
    "execinfo.h": "backtrace() is not in musl (libexecinfo-dev before Alpine 3.17)",
    "fts.h": "fts is not in musl (musl-fts-dev)",
    "obstack.h": "obstacks are not in musl (musl-obstack-dev)",
    "argp.h": "argp is not in musl (argp-standalone)",
    "error.h": "error() is not in musl",
    "ucontext.h": "getcontext() is not in musl (libucontext-dev)",
    "sys/cdefs.h": "sys/cdefs.h is not in musl (bsd-compat-headers)",
    "sys/queue.h": "sys/queue.h is not in musl (bsd-compat-headers)",
}
_INCLUDE = re.compile(r"^[ \t]{0,20}#[ \t]{0,20}include[ \t]{0,20}<([\w./]{1,80})>", re.MULTILINE)
_NAMES = re.compile(r"\b(__GLIBC__|open64|fopen64|stat64|lstat64|fstat64|lseek64|mallinfo|gnu_get_libc_version)\b")
_TARGETS = re.compile(r"binaryTargets[ \t]{0,9}=[ \t]{0,9}\[([^\]\n]{0,400})\]")


def context_risks(context: BuildContext, *, sources: bool = False) -> tuple[Remark, ...]:
    """What COPY may bring that runs on one libc only; with ``sources``, also what C and C++ files ask of glibc.

    At most a few hundred files are opened. A remark without a file speaks of the whole context.
    """
    look = _Look(context)
    found: list[Remark] = []
    files = context.files()
    if any("node_modules" in path.split("/") for path in files):
        reason = "node_modules lies in the context and is not ignored: its addons are for the libc of where it was made"
        found.append(Remark("node_modules", "node_modules", reason))
    for path in sorted(files, key=_interest):
        if len(found) >= _MOST_REMARKS or look.opened >= _MOST_FILES:
            break
        if "node_modules" in path.split("/"):
            continue
        found.extend(_one(path, look, sources=sources))
    if context.truncated:
        found.append(Remark("", "", "the context has more files than were looked at"))
    return tuple(found)


def _interest(path: str) -> tuple[int, str]:
    """Those first of which the name alone says something: the number of files that are opened is bounded."""
    name = posixpath.basename(path).lower()
    told = name.endswith((".node", ".so", ".whl", ".prisma")) or ".so." in name
    return (0 if told else 1 if "." not in name else 2, path)


def _one(path: str, look: _Look, *, sources: bool) -> list[Remark]:
    name = posixpath.basename(path)
    lowered = name.lower()
    extension = posixpath.splitext(lowered)[1]
    if extension == ".whl":
        if "linux" in lowered and "musllinux" not in lowered:
            return [Remark(name, path, "this wheel is for glibc")]
        return []
    if name.endswith(".prisma"):
        return _prisma(path, look)
    if extension in _SOURCES:
        return _source(path, look) if sources else []
    if extension in ("", ".node", ".so", ".bin", ".run", ".elf", ".out") or ".so." in lowered or "linux" in lowered:
        return _binary(path, lowered, look) if lowered not in _TEXT and not lowered.startswith(".") else []
    return []


class _Look:
    """Opens files, counted."""

    def __init__(self, context: BuildContext) -> None:
        self._context = context
        self.opened = 0
        self._bytes = 0

    def read(self, path: str, limit: int = _MOST_BYTES) -> bytes | None:
        """The content of a file; None when it is too large, or when enough was read."""
        if self._bytes >= _MOST_TOTAL:
            return None
        self.opened += 1
        content = self._context.read(path, limit)
        self._bytes += len(content or b"")
        return content

    def text(self, path: str) -> str:
        """The text of a small file, as far as it is text."""
        return (self.read(path, 1_000_000) or b"").decode("utf-8", "replace")


def _binary(path: str, lowered: str, look: _Look) -> list[Remark]:
    content = look.read(path)
    name = posixpath.basename(path)
    if content is None:
        return [Remark(name, path, "it is too large to be looked into, and may be a binary")]
    if content[:4] != b"\x7fELF":
        return []
    interpreter = elf_interpreter(content)
    if "musl" in interpreter or b"libc.musl-" in content:
        return []
    if interpreter:
        return [Remark(name, path, f"this program is linked to glibc ({interpreter[:60]})")]
    if lowered.endswith((".so", ".node")) or ".so." in lowered or b"libc.so.6\0" in content:
        if b"libc.so.6\0" in content:
            return [Remark(name, path, "this library is linked to glibc (libc.so.6)")]
        return [Remark(name, path, "this library was compiled elsewhere, for which libc was not seen")]
    return []


def elf_interpreter(content: bytes) -> str:
    """The loader that an ELF program names (PT_INTERP); "" for a static one, a library, or what is no ELF file."""
    if len(content) < 64 or content[:4] != b"\x7fELF" or content[4] not in (1, 2) or content[5] not in (1, 2):
        return ""
    order: _Order = "little" if content[5] == 1 else "big"

    def number(at: int, size: int) -> int:
        return int.from_bytes(content[at : at + size], order)

    wide = content[4] == 2
    start, size, count = (
        (number(32, 8), number(54, 2), number(56, 2))
        if wide
        else (
            number(28, 4),
            number(42, 2),
            number(44, 2),
        )
    )
    for at in range(start, start + size * min(count, 200), size or 1):
        if number(at, 4) == 3:
            offset, length = (
                (number(at + 8, 8), number(at + 32, 8)) if wide else (number(at + 4, 4), number(at + 16, 4))
            )
            return content[offset : offset + min(length, 300)].partition(b"\0")[0].decode("ascii", "replace")
    return ""


def _source(path: str, look: _Look) -> list[Remark]:
    text = look.text(path)
    found = [header for header in dict.fromkeys(_INCLUDE.findall(text)) if header in _HEADERS]
    remarks = [Remark(header, path, _HEADERS[header]) for header in found]
    if names := sorted(set(_NAMES.findall(text))):
        remarks.append(Remark(names[0], path, f"{', '.join(names[:3])}: musl has no such name, or none any more"))
    return remarks


def _prisma(path: str, look: _Look) -> list[Remark]:
    """Without binaryTargets the engine of where it is generated is taken; with them, musl has to be among them."""
    hit = _TARGETS.search(look.text(path))
    if hit is None or "musl" in hit[1]:
        return []
    targets = [part.strip(" \"'") for part in hit[1].split(",")]
    if targets == ["native"]:
        return []
    return [Remark("prisma", path, f"binaryTargets names {', '.join(targets[:3])}, and no target for musl")]
