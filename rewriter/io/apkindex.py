"""Alpine's package index: which names a repository has. Reads an APKINDEX, its .tar.gz, or a folder of them."""

from __future__ import annotations

import gzip
import io
import tarfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from rewriter.io.files import FileError, Unreadable, read_regular

MAX_INDEX = 300_000_000  # bytes, unpacked; that of Alpine's largest repository holds 10 million
MAX_PACKED = 50_000_000  # bytes
_MOST_FILES = 200
_MEMBER = "APKINDEX"
_GZIP = b"\x1f\x8b"


class NoIndexError(Exception):
    """Bytes that are no index: one line for the user."""


class PackageNames:
    """The names of some indexes.

    `plain`: packages, and what packages provide under another name. `prefixed`: what they provide with a prefix
    (`cmd:`, `so:`, `pc:`), which is no name that one would take for a package.
    """

    __slots__ = ("plain", "prefixed")

    def __init__(self, plain: Iterable[str] = (), prefixed: Iterable[str] = ()) -> None:
        self.plain = set(plain)
        self.prefixed = set(prefixed)

    def __contains__(self, name: str) -> bool:
        return name in (self.prefixed if ":" in name else self.plain)

    def add(self, other: PackageNames) -> None:
        """Take in the names of another."""
        self.plain |= other.plain
        self.prefixed |= other.prefixed


def parse_index(data: bytes) -> PackageNames:
    """The names in an APKINDEX or APKINDEX.tar.gz. Raises NoIndexError for anything else, also an empty one."""
    text = _unpacked(data) if data[:2] == _GZIP else data
    found = PackageNames()
    record: set[bytes] = set()
    for number, line in enumerate(text.split(b"\n"), 1):
        if not line:
            record = set()
            continue
        key, colon, value = line[:1], line[1:2], line[2:]
        if colon != b":" or not key.isalpha():
            raise NoIndexError(f"line {number} is not of an APKINDEX")
        if key in b"Pp":
            if key in record:
                raise NoIndexError(f"line {number} says {key.decode()}: a second time")
            record.add(key)
            _take(found, key, value, number)
    if not found.plain:
        raise NoIndexError("names no package")
    return found


def _take(found: PackageNames, key: bytes, value: bytes, number: int) -> None:
    try:
        words = value.decode("ascii").split()
    except UnicodeDecodeError:
        raise NoIndexError(f"line {number} is not of an APKINDEX") from None
    if key == b"P" and len(words) != 1:
        raise NoIndexError(f"line {number} names no package")
    for word in words:
        name = word if key == b"P" else word.split("=", 1)[0].split("<", 1)[0].split(">", 1)[0].split("~", 1)[0]
        (found.prefixed if ":" in name else found.plain).add(name)


def _unpacked(data: bytes) -> bytes:
    """The member APKINDEX. The file is a signature and an archive, each packed by itself, one behind the other."""
    try:
        with gzip.open(io.BytesIO(data)) as stream:
            archive = stream.read(MAX_INDEX + 1)
        if len(archive) > MAX_INDEX:
            raise NoIndexError(f"unpacks to more than {MAX_INDEX // 1_000_000} MB")
        with tarfile.open(fileobj=io.BytesIO(archive), mode="r:", ignore_zeros=True) as tar:
            for member in tar:
                # A sparse member may claim any size.
                if member.name == _MEMBER and member.isreg() and not member.issparse():
                    content = tar.extractfile(member)
                    return content.read() if content is not None else b""
    except (OSError, EOFError, OverflowError, ValueError, zlib.error, tarfile.TarError) as error:
        raise NoIndexError("is broken, or not all of it is there") from error
    raise NoIndexError(f"holds no {_MEMBER}")


def read_source(source: str, fetch: Callable[[str], bytes]) -> PackageNames:
    """The names in a file, all files of a folder, or at an http(s) address, for which ``fetch`` is called.

    Raises FileError or NoIndexError for what is no index, and what ``fetch`` raises.
    """
    if source.startswith(("http://", "https://")):
        try:
            return parse_index(fetch(source))
        except NoIndexError as error:
            raise NoIndexError(f"{shown(source)} {error}") from error
    found = PackageNames()
    path = Path(source)
    for file in _files(path):
        try:
            data = read_regular(file, MAX_PACKED if file.name.endswith(".gz") else MAX_INDEX)
            if data is None:
                raise Unreadable(file, "is too large for an index")
            found.add(parse_index(data))
        except OSError as error:
            reason = error.strerror or str(error)
            raise Unreadable(file, reason[:1].lower() + reason[1:]) from error
        except NoIndexError as error:
            raise Unreadable(file, str(error)) from error
    return found


def shown(source: str) -> str:
    """A source as it may be printed: a query may hold a token, and what stands before the host a password."""
    scheme, separator, rest = source.partition("?")[0].partition("#")[0].partition("://")
    if not separator:
        return source
    host, slash, path = rest.partition("/")
    return f"{scheme}://{host.rpartition('@')[2]}{slash}{path}"


def _files(path: Path) -> Iterator[Path]:
    """The file itself, or the files of a folder and those below that are named like an index."""
    if not path.is_dir():
        yield path
        return
    found = sorted(file for file in path.rglob(f"*{_MEMBER}*") if file.is_file())
    if not found:
        raise FileError(path, f"holds no file named like {_MEMBER} or {_MEMBER}.tar.gz")
    if len(found) > _MOST_FILES:
        raise FileError(path, f"holds more than {_MOST_FILES} indexes")
    yield from found
