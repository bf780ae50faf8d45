"""Alpine's package index in all its forms, and files that only look like one."""

from __future__ import annotations

import gzip
import io
import tarfile
from pathlib import Path

import pytest

from rewriter.io.apkindex import NoIndexError, parse_index, read_source, shown
from rewriter.io.files import FileError, Unreadable

INDEX = b"""C:Q1aaaaaaaaaaaaaaaaaaaaaaaaaaa=
P:busybox
V:1.36.1-r5
A:x86_64
T:Size optimized toolbox of many common UNIX utilities
D:so:libc.musl-x86_64.so.1
p:cmd:busybox=1.36.1-r5 /bin/sh cmd:sh

P:libpq
p:so:libpq.so.5=5.15 postgresql-libs=15 pc:libpq>1

P:nodejs
p:nodejs-lts<20 node~18
"""


def archive(content: bytes = INDEX, name: str = "APKINDEX", kind: bytes = tarfile.REGTYPE) -> bytes:
    """As abuild makes it: a signature without an end, and the archive, each packed by itself."""
    packed = b""
    for member, data, whole in ((".SIGN.RSA.x.rsa.pub", b"s" * 256, False), (name, content, True)):
        out = io.BytesIO()
        with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as tar:
            info = tarfile.TarInfo(member)
            info.size, info.type = len(data), kind if whole else tarfile.REGTYPE
            tar.addfile(info, io.BytesIO(data))
        size = 512 + (len(data) + 511) // 512 * 512
        packed += gzip.compress(out.getvalue() if whole else out.getvalue()[:size])
    return packed


@pytest.mark.parametrize("data", [INDEX, INDEX.rstrip(b"\n"), archive()], ids=["plain", "no end of line", "packed"])
def test_names(data: bytes) -> None:
    names = parse_index(data)
    assert names.plain == {"busybox", "libpq", "nodejs", "postgresql-libs", "nodejs-lts", "node", "/bin/sh"}
    assert names.prefixed == {"cmd:busybox", "cmd:sh", "so:libpq.so.5", "pc:libpq"}
    for name in ("busybox", "postgresql-libs", "node", "cmd:sh", "so:libpq.so.5"):
        assert name in names
    for name in ("sh", "libpq.so.5", "bash", "cmd:bash", "", "busybox=1.36.1-r5"):
        assert name not in names


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "names no package"),
        (b"\n\n", "names no package"),
        (b"V:1\n", "names no package"),
        (b"<html>404</html>\n", "line 1 is not of an APKINDEX"),
        (b"P:a\nhello\n", "line 2 is not of an APKINDEX"),
        (b"P:a\n1:x\n", "line 2 is not of an APKINDEX"),
        (b"P:a\nP:b\n", "line 2 says P: a second time"),
        (b"P:a\np:x\np:y\n", "line 3 says p: a second time"),
        (b"P:\n", "line 1 names no package"),
        (b"P:a b\n", "line 1 names no package"),
        (b"P:\xff\n", "line 1 is not of an APKINDEX"),
        (archive()[:200], "is broken, or not all of it is there"),
        (archive()[:-20], "is broken, or not all of it is there"),
        (b"\x1f\x8bnonsense", "is broken, or not all of it is there"),
        (gzip.compress(b"no archive"), "is broken, or not all of it is there"),
        (archive(name="DESCRIPTION"), "holds no APKINDEX"),
        (archive(kind=tarfile.SYMTYPE), "holds no APKINDEX"),
        (gzip.compress(INDEX), "is broken, or not all of it is there"),
    ],
    ids=map(str, range(18)),  # what is packed holds the time of packing
)
def test_what_is_no_index(data: bytes, reason: str) -> None:
    with pytest.raises(NoIndexError) as caught:
        parse_index(data)
    assert str(caught.value) == reason


def test_a_small_file_that_unpacks_to_a_large_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rewriter.io.apkindex.MAX_INDEX", 1_000_000)
    with pytest.raises(NoIndexError, match="unpacks to more than 1 MB"):
        parse_index(gzip.compress(b"\0" * 2_000_000))


def never(address: str) -> bytes:
    raise AssertionError(f"{address} is not to be asked")


def test_files_and_folders(tmp_path: Path) -> None:
    (tmp_path / "main").mkdir()
    (tmp_path / "main" / "APKINDEX.tar.gz").write_bytes(archive())
    (tmp_path / "APKINDEX").write_bytes(b"P:bash\n")
    (tmp_path / "README").write_bytes(b"no index")
    assert "bash" in read_source(str(tmp_path / "APKINDEX"), never)
    both = read_source(str(tmp_path), never)
    assert "bash" in both
    assert "libpq" in both
    assert "libpq" not in read_source(str(tmp_path / "APKINDEX"), never)


def test_what_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match="no such file or directory"):
        read_source(str(tmp_path / "nothing"), never)
    with pytest.raises(FileError, match="holds no file named like APKINDEX"):
        read_source(str(tmp_path), never)
    (tmp_path / "APKINDEX").write_bytes(b"<html>")
    with pytest.raises(Unreadable, match="line 1 is not of an APKINDEX"):
        read_source(str(tmp_path / "APKINDEX"), never)
    with pytest.raises(Unreadable, match="line 1 is not of an APKINDEX"):
        read_source(str(tmp_path), never)


def test_a_file_that_is_too_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rewriter.io.apkindex.MAX_PACKED", 10)
    (tmp_path / "APKINDEX.tar.gz").write_bytes(archive())
    with pytest.raises(Unreadable, match="too large for an index"):
        read_source(str(tmp_path / "APKINDEX.tar.gz"), never)


def test_too_many_files(tmp_path: Path) -> None:
    for number in range(201):
        (tmp_path / f"APKINDEX.{number}").write_bytes(b"P:a\n")
    with pytest.raises(FileError, match="more than 200 indexes"):
        read_source(str(tmp_path), never)


def test_addresses() -> None:
    asked = []

    def fetch(address: str) -> bytes:
        asked.append(address)
        return archive()

    assert "libpq" in read_source("https://a.example/v3.20/APKINDEX.tar.gz", fetch)
    assert asked == ["https://a.example/v3.20/APKINDEX.tar.gz"]
    with pytest.raises(NoIndexError) as caught:
        read_source("https://a.example/x?token=geheim", lambda _: b"<html>")
    assert str(caught.value) == "https://a.example/x line 1 is not of an APKINDEX"
    assert shown("a?b") == "a?b"


def test_a_member_that_claims_to_be_huge() -> None:
    header = bytearray(tarfile.TarInfo("APKINDEX").tobuf())
    header[124:136] = b"\x80" + b"\xff" * 11  # a size below zero
    header[148:156] = b" " * 8
    header[148:156] = f"{sum(header):06o}\0 ".encode()
    with pytest.raises(NoIndexError):
        parse_index(gzip.compress(bytes(header) + bytes(1024)))
    sparse = tarfile.TarInfo("APKINDEX")
    sparse.pax_headers = {"GNU.sparse.size": "3000000000", "GNU.sparse.numblocks": "0", "GNU.sparse.map": ""}
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz", format=tarfile.PAX_FORMAT) as tar:
        tar.addfile(sparse)
    with pytest.raises(NoIndexError):
        parse_index(out.getvalue())


def test_what_is_printed_of_an_address() -> None:
    assert shown("http://u:pw@h:1/x?token=t#f") == "http://h:1/x"
    assert shown("http://h") == "http://h"
    assert shown("a@b/APKINDEX") == "a@b/APKINDEX"
