"""ELF files and what their loaders find: real files of the machine, and made ones that ask for one thing each."""

from __future__ import annotations

import io
import shutil
import struct
import subprocess
import sys
import time
from pathlib import Path

import pytest

from rewriter.proof.archive import Image
from rewriter.proof.elf import Damaged, Elf, read_elf
from rewriter.proof.inside.accounts import ROOT, Identity
from rewriter.proof.inside.filesystem import Found
from rewriter.proof.inside.libraries import Closure, Libraries
from tests.proof.elf_maker import AARCH64, GLIBC, MUSL, cache, elf, glibc_loader, go_program, library
from tests.proof.saved import Entry, Files, link, opened, program, text

LIB = "lib/x86_64-linux-gnu"
SYSTEM: Files = {
    "lib64/ld-linux-x86-64.so.2": program(glibc_loader()),
    f"{LIB}/libc.so.6": library("libc.so.6", "GLIBC_2.2.5", "GLIBC_2.17", "GLIBC_2.31"),
}
MUSL_SYSTEM: Files = {"lib/ld-musl-x86_64.so.1": program(elf(soname="libc.musl-x86_64.so.1"))}


def closure(image: Image, path: str, environment: dict[str, str] | None = None, who: Identity = ROOT) -> Closure:
    """What a program of an image loads."""
    libraries = Libraries(image, who, environment or {})
    found = image.files.resolve(path)
    assert isinstance(found, Found)
    read = libraries.elf(found.node)
    assert isinstance(read, Elf)
    return libraries.of_program(found.path, read)


def faults(tmp_path: Path, files: Files, environment: dict[str, str] | None = None, who: Identity = ROOT) -> list[str]:
    """What is missing for ``/app`` of an image."""
    with opened(tmp_path / "i.tar", files) as image:
        return [fault.what for fault in closure(image, "/app", environment, who).faults]


def app(*needed: str, rpath: str = "", runpath: str = "", wants: str = "GLIBC_2.17", interpreter: str = GLIBC) -> Entry:
    """A dynamic program that uses the C library and some others."""
    versions = {"libc.so.6": [wants]} if interpreter == GLIBC else {}
    libc = "libc.so.6" if interpreter == GLIBC else "libc.musl-x86_64.so.1"
    return program(
        elf(interpreter=interpreter, needed=[*needed, libc], rpath=rpath, runpath=runpath, versions_needed=versions)
    )


def test_the_python_that_runs_this() -> None:
    path = Path(sys.executable).resolve()
    if path.read_bytes()[:4] != b"\x7fELF":
        pytest.skip("this Python is no ELF file")
    with path.open("rb") as stream:
        found = read_elf(stream)
    assert isinstance(found, Elf)
    assert found.executable
    assert found.interpreter
    assert Path(found.interpreter).exists()
    assert any(name.startswith("libc.") for name in found.needed)


def test_a_real_library_provides_its_versions() -> None:
    libc = next(
        (Path(folder, "libc.so.6") for folder in ("/lib/x86_64-linux-gnu", "/lib64", "/lib/aarch64-linux-gnu")), None
    )
    if libc is None or not libc.exists():
        pytest.skip("no glibc at the usual places")
    with libc.open("rb") as stream:
        found = read_elf(stream)
    assert isinstance(found, Elf)
    assert found.soname == "libc.so.6"
    assert "GLIBC_2.17" in found.versions


@pytest.mark.parametrize(("flags", "static"), [([], False), (["-static"], True)])
def test_what_a_compiler_makes(tmp_path: Path, flags: list[str], static: bool) -> None:
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("no C compiler")
    source = tmp_path / "main.c"
    source.write_text('#include <stdio.h>\nint main(void) { puts("x"); return 0; }\n', encoding="utf-8")
    made = subprocess.run(
        [compiler, *flags, "-o", str(tmp_path / "app"), str(source)], capture_output=True, check=False
    )
    if made.returncode != 0:
        pytest.skip(f"the compiler cannot link {flags}")
    with (tmp_path / "app").open("rb") as stream:
        found = read_elf(stream)
    assert isinstance(found, Elf)
    assert found.is_static is static
    assert found.executable


def test_what_is_read() -> None:
    data = elf(
        interpreter=GLIBC,
        needed=["liba.so", "libb.so"],
        soname="self.so",
        rpath="/a:$ORIGIN/b",
        runpath="/c",
        versions_needed={"liba.so": ["A_1", "A_2"], "libb.so": ["B_1"]},
        versions=["V_1", "V_2"],
    )
    assert read_elf(io.BytesIO(data)) == Elf(
        machine=("EM_X86_64", 64, True),
        executable=True,
        interpreter=GLIBC,
        soname="self.so",
        needed=("liba.so", "libb.so"),
        rpath=("/a", "$ORIGIN/b"),
        runpath=("/c",),
        versions_needed={"liba.so": ("A_1", "A_2"), "libb.so": ("B_1",)},
        versions=frozenset({"V_1", "V_2"}),
    )


def test_damaged_files_are_told_and_end() -> None:
    good = elf(interpreter=GLIBC, needed=["liba.so"], versions_needed={"liba.so": ["A_1"]}, versions=["V"])
    assert isinstance(read_elf(io.BytesIO(b"")), Damaged)
    assert isinstance(read_elf(io.BytesIO(b"\x7fELF" + b"\xff" * 100)), Damaged)
    for position in range(0, len(good), 5):
        for value in (0, 1, 0x7F, 0xFF):
            data = bytearray(good)
            data[position] = value
            read_elf(io.BytesIO(bytes(data)))
        read_elf(io.BytesIO(good[:position]))


def test_tables_that_go_round_in_circles_end_at_once() -> None:
    good = elf(needed=["liba.so"], versions_needed={"liba.so": ["A_1"]}, versions=["V"])
    needed, provided = good.find(struct.pack("<HH", 1, 1)), good.find(struct.pack("<HHHH", 1, 0, 1, 1))
    for at, step in ((needed, 12), (needed + 16, 12), (provided, 16)):
        data = bytearray(good)
        struct.pack_into("<H", data, needed + 2, 65535)
        struct.pack_into("<i", data, at + step, 1)  # so far to the next: into the middle of itself
        for tag in (0x6FFFFFFD, 0x6FFFFFFF):
            struct.pack_into("<Q", data, good.find(struct.pack("<QQ", tag, 1)) + 8, 2**32 - 1)
        assert_ends(data)


def test_tables_that_claim_to_be_huge_end_at_once() -> None:
    good = bytearray(elf(interpreter=GLIBC, needed=["liba.so"]))
    tags = struct.pack("<QQ", 1, 1) * 1_000_000
    struct.pack_into("<QQQQ", good, 64 + 56 + 8, len(good), 0, 0, len(tags))
    assert_ends(good + tags)
    segments = struct.pack("<IIQQQQQQ", 2, 4, len(good), 0, 0, len(tags), len(tags), 8) * 65_000
    struct.pack_into("<Q", good, 32, len(good) + len(tags))
    struct.pack_into("<H", good, 56, 65_000)
    assert_ends(good + tags + segments)


def assert_ends(data: bytes | bytearray) -> None:
    """A file of any kind is read in well under a second."""
    began = time.monotonic()
    assert isinstance(read_elf(io.BytesIO(bytes(data))), Elf | Damaged)
    assert time.monotonic() - began < 1


def test_a_whole_closure(tmp_path: Path) -> None:
    files: Files = {
        **SYSTEM,
        "app": app("liba.so.1"),
        f"{LIB}/liba.so.1": library("liba.so.1", needed=["libb.so.2", "libc.so.6"]),
        "usr/lib/libb.so.2": library("libb.so.2"),
    }
    with opened(tmp_path / "i.tar", files) as image:
        found = closure(image, "/app")
    assert found.faults == []
    assert (found.libc, len(found.objects)) == ("glibc", 4)


def test_static_programs_need_nothing(tmp_path: Path) -> None:
    assert faults(tmp_path, {"app": program(go_program("main.main"))}) == []


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({}, "/app is linked against glibc, and the image has no libc: its loader"),
        (MUSL_SYSTEM, "/app is linked against glibc, and the image has musl: its loader"),
        (
            {f"{LIB}/libc.so.6": library("libc.so.6")},
            f"/app asks for the loader {GLIBC}, and /lib64 is not there",
        ),
        (
            {**SYSTEM, "lib64/ld-linux-x86-64.so.2": text("x", 0o644)},
            "root (0) may not execute /lib64/ld-linux-x86-64.so.2",
        ),
    ],
)
def test_loaders_that_are_missing(tmp_path: Path, files: Files, expected: str) -> None:
    (what,) = faults(tmp_path, {**files, "app": app()})
    assert expected in what


def test_musl_on_glibc(tmp_path: Path) -> None:
    (what,) = faults(tmp_path, {**SYSTEM, "app": app(interpreter=MUSL)})
    assert what == f"/app is linked against musl, and the image has glibc: its loader {MUSL} is not there"


@pytest.mark.parametrize(
    ("settings", "place", "environment"),
    [
        ({"runpath": "$ORIGIN/libs"}, "libs", {}),
        ({"rpath": "${ORIGIN}/libs"}, "libs", {}),
        ({"rpath": "/none:/opt/$LIB"}, f"opt/{LIB}", {}),
        ({}, "opt", {"LD_LIBRARY_PATH": "/none:/opt"}),
        ({}, "usr/lib", {}),
    ],
)
def test_where_glibc_looks(tmp_path: Path, settings: dict[str, str], place: str, environment: dict[str, str]) -> None:
    files = {**SYSTEM, "app": app("liba.so", **settings), f"{place}/liba.so": library("liba.so")}
    assert faults(tmp_path, files, environment) == []
    (what,) = faults(tmp_path, {**files, "app": app("liba.so"), f"{place}/liba.so": "no ELF"})
    assert what == "/app needs liba.so, which is not there"


def test_rpath_is_inherited_and_runpath_is_not(tmp_path: Path) -> None:
    files: Files = {
        **SYSTEM,
        "opt/liba.so": library("liba.so", needed=["libb.so"]),
        "opt/libb.so": library("libb.so"),
    }
    assert faults(tmp_path, {**files, "app": app("liba.so", rpath="/opt")}) == []
    assert faults(tmp_path, {**files, "app": app("liba.so", runpath="/opt")}) == [
        "/opt/liba.so needs libb.so, which is not there"
    ]


def test_the_cache_decides_and_not_the_settings_of_ldconfig(tmp_path: Path) -> None:
    files: Files = {
        **SYSTEM,
        "app": app("liba.so"),
        "usr/local/lib/liba.so": library("liba.so"),
        "etc/ld.so.conf.d/libc.conf": "/usr/local/lib\n",
    }
    assert faults(tmp_path, {**files, "etc/ld.so.cache": cache({"liba.so": "/usr/local/lib/liba.so"})}) == []
    (what,) = faults(tmp_path, {**files, "etc/ld.so.cache": cache({"libz.so": "/usr/lib/libz.so"})})
    assert what.endswith("lies in /usr/local/lib, a folder that /etc/ld.so.cache does not list (ldconfig was not run)")
    for damaged in (b"", b"glibc-ld.so.cache1.1", cache({"liba.so": "/x"})[:60], cache({"liba.so": "/x"})[:70]):
        assert len(faults(tmp_path, {**files, "etc/ld.so.cache": damaged})) == 1


def test_versions(tmp_path: Path) -> None:
    assert faults(tmp_path, {**SYSTEM, "app": app(wants="GLIBC_2.34")}) == [
        f"/app needs GLIBC_2.34, and /{LIB}/libc.so.6 provides GLIBC up to 2.31"
    ]
    unversioned = {**SYSTEM, f"{LIB}/libc.so.6": library("libc.so.6"), "app": app(wants="GLIBC_2.34")}
    assert faults(tmp_path, unversioned) == []
    other = {**SYSTEM, "app": app(wants="CXXABI_1.3.13")}
    assert faults(tmp_path, other)[0].endswith(f"/{LIB}/libc.so.6 has no CXXABI_* at all")


def test_machines(tmp_path: Path) -> None:
    arm = program(elf(machine=AARCH64, interpreter="/lib/ld-linux-aarch64.so.1"))
    assert faults(tmp_path, {**SYSTEM, "app": arm}) == ["/app is made for aarch64 (64 bit), and the image for amd64"]
    files = {**SYSTEM, "app": app("liba.so"), f"{LIB}/liba.so": elf(soname="liba.so", machine=AARCH64)}
    assert faults(tmp_path, files) == ["/app needs liba.so, which is not there"]
    assert faults(tmp_path, {**files, "usr/lib/liba.so": library("liba.so")}) == []


def test_musl(tmp_path: Path) -> None:
    files: Files = {**MUSL_SYSTEM, "app": app("liba.so", "libpthread.so.0", interpreter=MUSL)}
    assert faults(tmp_path, {**files, "usr/local/lib/liba.so": library("liba.so")}) == []
    elsewhere: Files = {**files, "opt/lib/liba.so": library("liba.so")}
    assert faults(tmp_path, {**elsewhere, "etc/ld-musl-x86_64.path": "/lib\n/opt/lib\n"}) == []
    assert faults(tmp_path, elsewhere) == [
        "/app needs liba.so, which lies in /opt/lib, where musl's loader does not look"
    ]
    of_glibc = elf(soname="liba.so", needed=["libc.so.6"], versions_needed={"libc.so.6": ["GLIBC_2.14"]})
    assert faults(tmp_path, {**files, "lib/liba.so": of_glibc}) == [
        "/lib/liba.so is linked against glibc, and it is loaded by a program that runs on musl"
    ]


def test_musl_under_the_name_of_glibcs_loader_is_not_judged(tmp_path: Path) -> None:
    files: Files = {**MUSL_SYSTEM, "lib64/ld-linux-x86-64.so.2": link("/lib/ld-musl-x86_64.so.1"), "app": app()}
    assert faults(tmp_path, files) == []


def test_a_user_must_be_able_to_read_libraries(tmp_path: Path) -> None:
    files: Files = {**SYSTEM, "app": app("liba.so"), f"{LIB}/liba.so": Entry(library("liba.so"), mode=0o600)}
    assert faults(tmp_path, files) == []
    assert faults(tmp_path, files, who=Identity(5, 5)) == ["/app needs liba.so, which is not there"]


def test_a_module_finds_what_its_program_has_loaded(tmp_path: Path) -> None:
    files: Files = {
        **SYSTEM,
        "app": app("libown.so", runpath="/opt"),
        "opt/libown.so": library("libown.so"),
        "module.so": elf(needed=["libown.so", "libother.so", "libc.so.6"]),
    }
    with opened(tmp_path / "i.tar", files) as image:
        libraries = Libraries(image, ROOT, {})
        node = image.files.file("/module.so")
        assert node is not None
        module = libraries.elf(node)
        assert isinstance(module, Elf)
        found = libraries.of_module("/module.so", module, closure(image, "/app"))
    assert [fault.what for fault in found.faults] == ["/module.so needs libother.so, which is not there"]
