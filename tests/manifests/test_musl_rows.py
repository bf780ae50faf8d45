"""musl's incompatibilities that a manifest or the context shows, by number: one that has it, one that has not."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from rewriter.context import DictContext
from rewriter.manifests import read_manifests
from rewriter.manifests.musl import MuslVerdict, musl_verdict
from rewriter.manifests.risks import context_risks

if TYPE_CHECKING:
    from collections.abc import Mapping

R, D, NONE = "refused", "doubtful", "fine"


@dataclass(frozen=True)
class Case:
    """Files, the base image, and what is said of which name."""

    name: str
    image: str
    files: Mapping[str, str]
    expected: str
    about: str = ""
    version: str = ""


def package_lock(packages: Mapping[str, Mapping[str, object]], **root: str) -> str:
    entries = {"": {"dependencies": root}} | {f"node_modules/{name}": entry for name, entry in packages.items()}
    return json.dumps({"lockfileVersion": 3, "packages": entries})


def uv_lock(name: str, *files: str, version: str = "1.0") -> str:
    wheels = "".join(f'{{ url = "https://files.example/{file}" }},' for file in files)
    return f"""version = 1
[[package]]
name = "{name}"
version = "{version}"
source = {{ registry = "https://index.example/simple" }}
wheels = [{wheels}]
"""


def pom(*coordinates: str, plugin: str = "") -> str:
    dependencies = "".join(
        "<dependency><groupId>{}</groupId><artifactId>{}</artifactId><version>{}</version></dependency>".format(
            *coordinate.split(":")
        )
        for coordinate in coordinates
    )
    group, _, artifact = plugin.partition(":")
    plugins = f"<plugin><groupId>{group}</groupId><artifactId>{artifact}</artifactId></plugin>" if plugin else ""
    return (
        '<project xmlns="http://maven.apache.org/POM/4.0.0"><groupId>a</groupId><artifactId>b</artifactId>'
        f"<dependencies>{dependencies}</dependencies><build><plugins>{plugins}</plugins></build></project>"
    )


def csproj(*packages: str, **properties: str) -> str:
    references = "".join(f'<PackageReference Include="{name}" Version="1.0.0" />' for name in packages)
    values = "".join(f"<{name}>{value}</{name}>" for name, value in properties.items())
    return (
        f'<Project Sdk="Microsoft.NET.Sdk.Web"><PropertyGroup>{values}</PropertyGroup>'
        f"<ItemGroup>{references}</ItemGroup></Project>"
    )


def cargo_lock(*names: str) -> str:
    registry = "registry+https://github.com/rust-lang/crates.io-index"
    return "version = 3\n" + "".join(
        f'[[package]]\nname = "{name}"\nversion = "1.0.0"\nsource = "{registry}"\n' for name in names
    )


def go_mod(*modules: str) -> str:
    return (
        "module example.com/app\n\ngo 1.21\n\nrequire (\n" + "".join(f"\t{name} v1.0.0\n" for name in modules) + ")\n"
    )


def gemfile_lock(*gems: str, platforms: tuple[str, ...] = ("ruby",)) -> str:
    specs = "".join(f"    {gem}\n" for gem in gems)
    listed = "".join(f"  {platform}\n" for platform in platforms)
    return f"GEM\n  remote: https://gems.example.com/\n  specs:\n{specs}\nPLATFORMS\n{listed}\nDEPENDENCIES\n  rack\n"


def composer_lock(*extensions: str) -> str:
    require = dict.fromkeys(extensions, "*")
    return json.dumps({"packages": [{"name": "a/b", "version": "v1.0", "require": require}], "packages-dev": []})


SCRIPT = {"hasInstallScript": True, "version": "1.0.0"}

CASES = [
    Case("02-cgo", "golang", {"go.mod": go_mod("github.com/mattn/go-sqlite3")}, D, "github.com/mattn/go-sqlite3"),
    Case("02-pure", "golang", {"go.mod": go_mod("github.com/gin-gonic/gin")}, NONE),
    Case("03-stub", "golang", {"go.mod": go_mod("gorm.io/driver/sqlite")}, D, "gorm.io/driver/sqlite"),
    Case("03-pure", "golang", {"go.mod": go_mod("github.com/glebarez/sqlite")}, NONE),
    Case("04-addon", "node", {"package-lock.json": package_lock({"sodium-native": SCRIPT})}, R, "sodium-native"),
    Case(
        "04-unknown-addon",
        "node",
        {"package-lock.json": package_lock({"odd": SCRIPT | {"dependencies": {"node-gyp-build": "^4"}}})},
        R,
        "odd",
    ),
    Case("04-unknown-script", "node", {"package-lock.json": package_lock({"odd": SCRIPT})}, D, "odd"),
    Case(
        "04-old-addon",
        "node",
        {"package-lock.json": package_lock({"sharp": SCRIPT | {"version": "0.30.0"}})},
        D,
        "sharp",
    ),
    Case("04-not-grpc-js", "node", {"package-lock.json": package_lock({"@grpc/grpc-js": {"version": "1.9.0"}})}, NONE),
    Case("04-grpc", "node", {"package-lock.json": package_lock({"grpc": SCRIPT})}, R, "grpc"),
    Case(
        "04-tool-for-others",
        "node",
        {"package-lock.json": package_lock({"odd": {"version": "1.0.0", "dependencies": {"node-gyp": "^10"}}})},
        NONE,
    ),
    Case(
        "04-compiles",
        "node",
        {"package-lock.json": package_lock({"odd": SCRIPT | {"dependencies": {"node-gyp": "^10"}}})},
        R,
        "odd",
    ),
    Case(
        "04-macos-only",
        "node",
        {"package-lock.json": package_lock({"odd": SCRIPT | {"os": ["darwin"]}, "fsevents": SCRIPT})},
        NONE,
    ),
    Case(
        "05-glibc-only",
        "node",
        {"package-lock.json": package_lock({"@rollup/rollup-linux-x64-gnu": {"version": "4.0.0", "os": ["linux"]}})},
        R,
        "@rollup/rollup-linux-x64",
    ),
    Case(
        "05-both",
        "node",
        {
            "package-lock.json": package_lock(
                {
                    "@rollup/rollup-linux-x64-gnu": {"version": "4.0.0"},
                    "@rollup/rollup-linux-x64-musl": {"version": "4.0.0"},
                    "@img/sharp-linux-x64": {"version": "0.33.5", "libc": ["glibc"]},
                    "@img/sharp-linuxmusl-x64": {"version": "0.33.5", "libc": ["musl"]},
                    "lightningcss-linux-arm-gnueabihf": {"version": "1.0.0"},
                    "@esbuild/linux-x64": {"version": "0.20.0"},
                }
            )
        },
        NONE,
    ),
    Case(
        "05-sharp-glibc-only",
        "node",
        {"package-lock.json": package_lock({"@img/sharp-linux-x64": {"version": "0.33.5", "libc": ["glibc"]}})},
        R,
        "@img/sharp-linux-x64",
    ),
    Case("07-puppeteer", "node", {"package-lock.json": package_lock({"puppeteer": SCRIPT})}, R, "puppeteer"),
    Case(
        "07-core",
        "node",
        {"package-lock.json": package_lock({"puppeteer-core": {"version": "1.0.0"}})},
        D,
        "puppeteer-core",
    ),
    Case(
        "07-tests-only", "node", {"package-lock.json": package_lock({"cypress": SCRIPT | {"dev": True}})}, D, "cypress"
    ),
    Case("07-none", "node", {"package-lock.json": package_lock({"express": {"version": "4.0.0"}})}, NONE),
    Case(
        "07-python",
        "python",
        {"uv.lock": uv_lock("playwright", "playwright-1.0-py3-none-manylinux1_x86_64.whl")},
        R,
        "playwright",
    ),
    Case("08-prisma", "node", {"package-lock.json": package_lock({"prisma": SCRIPT})}, D, "prisma"),
    Case("08-none", "node", {"package-lock.json": package_lock({"knex": {"version": "3.0.0"}})}, NONE),
    Case("09-torch", "python", {"requirements.txt": "torch==1.2.0\n"}, R, "torch"),
    Case(
        "09-musl-wheel",
        "python",
        {"uv.lock": uv_lock("numpy", "numpy-1.0-cp312-cp312-musllinux_1_2_x86_64.whl")},
        NONE,
        version="3.12",
    ),
    Case(
        "09-other-python",
        "python",
        {"uv.lock": uv_lock("numpy", "numpy-1.0-cp312-cp312-musllinux_1_2_x86_64.whl")},
        R,
        "numpy",
        version="3.11",
    ),
    Case(
        "09-stable-abi",
        "python",
        {"uv.lock": uv_lock("cryptography", "cryptography-1.0-cp37-abi3-musllinux_1_1_x86_64.whl")},
        NONE,
        version="3.11",
    ),
    Case("09-pure", "python", {"uv.lock": uv_lock("odd", "odd-1.0-py3-none-any.whl")}, NONE),
    Case("09-no-wheel", "python", {"uv.lock": uv_lock("odd", "odd-1.0.tar.gz")}, R, "odd"),
    Case("09-known-sdist", "python", {"uv.lock": uv_lock("promise", "promise-2.3.tar.gz")}, NONE),
    Case("09-closure", "python", {"requirements.txt": "requests==2.31.0\n"}, R),
    Case(
        "09-hashed",
        "python",
        {"requirements.txt": "idna==3.6 \\\n    --hash=sha256:00\ncertifi==2024.2.2 --hash=sha256:01\n"},
        NONE,
    ),
    Case(
        "09-driver", "python", {"uv.lock": uv_lock("psycopg2", "psycopg2-2.9.9.tar.gz", version="2.9.9")}, R, "psycopg2"
    ),
    Case("10-conda", "python", {"environment.yml": "dependencies:\n  - numpy=1.26\n"}, R),
    Case("10-no-conda", "python", {"uv.lock": uv_lock("odd", "odd-1.0-py2.py3-none-any.whl")}, NONE),
    Case("11-jni", "eclipse-temurin", {"pom.xml": pom("org.rocksdb:rocksdbjni:6.29.4")}, R, "org.rocksdb:rocksdbjni"),
    Case("11-jni-musl", "eclipse-temurin", {"pom.xml": pom("org.rocksdb:rocksdbjni:7.10.2")}, D),
    Case(
        "11-snappy",
        "maven",
        {"pom.xml": pom("org.xerial.snappy:snappy-java:1.0.5")},
        R,
        "org.xerial.snappy:snappy-java",
    ),
    Case(
        "11-builder",
        "maven",
        {"pom.xml": pom(plugin="com.github.eirslett:frontend-maven-plugin")},
        R,
        "com.github.eirslett:frontend-maven-plugin",
    ),
    Case(
        "11-gradle",
        "gradle",
        {"build.gradle": "plugins { id 'com.google.protobuf' version '0.9.4' }\n"},
        R,
        "com.google.protobuf",
    ),
    Case("11-pure", "maven", {"pom.xml": pom("com.google.guava:guava:33.0.0-jre")}, D),
    Case("12-fonts", "eclipse-temurin", {"pom.xml": pom("org.jfree:jfreechart:1.5.4")}, D, "org.jfree:jfreechart"),
    Case("14-jemalloc", "ruby", {"Gemfile.lock": gemfile_lock("jemalloc (1.0.1)")}, R, "jemalloc"),
    Case("14-none", "ruby", {"Gemfile.lock": gemfile_lock("rack (3.0.0)")}, NONE),
    Case("16-iconv", "php", {"composer.lock": composer_lock("ext-iconv")}, D, "ext-iconv"),
    Case("16-none", "php", {"composer.lock": composer_lock("ext-json")}, NONE),
    Case("17-icu", "mcr.microsoft.com/dotnet/sdk", {"a.csproj": csproj("Serilog")}, D),
    Case(
        "17-client",
        "mcr.microsoft.com/dotnet/sdk",
        {"a.csproj": csproj("Microsoft.Data.SqlClient")},
        R,
        "microsoft.data.sqlclient",
    ),
    Case(
        "17-invariant",
        "mcr.microsoft.com/dotnet/sdk",
        {"a.csproj": csproj("Serilog", InvariantGlobalization="true")},
        NONE,
    ),
    Case(
        "18-identifier",
        "mcr.microsoft.com/dotnet/sdk",
        {"a.csproj": csproj(RuntimeIdentifier="linux-x64", InvariantGlobalization="true")},
        R,
    ),
    Case(
        "18-musl",
        "mcr.microsoft.com/dotnet/sdk",
        {"a.csproj": csproj(RuntimeIdentifier="linux-musl-x64", InvariantGlobalization="true")},
        NONE,
    ),
    Case("19-unknown-sys", "rust", {"Cargo.lock": cargo_lock("odd-sys")}, R, "odd-sys"),
    Case("19-openssl", "rust", {"Cargo.lock": cargo_lock("openssl-sys")}, D, "openssl-sys"),
    Case("19-bindgen", "rust", {"Cargo.lock": cargo_lock("clang-sys")}, R, "clang-sys"),
    Case("19-pure", "rust", {"Cargo.lock": cargo_lock("serde", "windows-sys")}, NONE),
    Case("19-old", "rust", {"Cargo.lock": cargo_lock("serde")}, R, version="1.43"),
    Case("19-new", "rust", {"Cargo.lock": cargo_lock("serde")}, NONE, version="1.70"),
    Case("22-haskell", "haskell", {"stack.yaml": "resolver: lts-20\n"}, R),
    Case("23-swift", "swift", {"Package.swift": "// swift-tools-version:5.5\n"}, R),
    Case("24-dart", "dart", {"pubspec.yaml": "name: app\n"}, R),
    Case(
        "25-nif",
        "elixir",
        {"mix.lock": '%{\n  "exla": {:hex, :exla, "0.6.0", "00", [:make, :mix], [], "hexpm", "0"},\n}\n'},
        R,
        "exla",
    ),
    Case(
        "25-pure",
        "elixir",
        {"mix.lock": '%{\n  "plug": {:hex, :plug, "1.15.0", "00", [:mix], [], "hexpm", "0"},\n}\n'},
        NONE,
    ),
    Case("26-oci8", "php", {"composer.lock": composer_lock("ext-oci8")}, R, "ext-oci8"),
    Case("26-sqlsrv", "php", {"composer.lock": composer_lock("ext-sqlsrv")}, D, "ext-sqlsrv"),
    Case("26-pdo", "php", {"composer.lock": composer_lock("ext-pdo_mysql")}, NONE),
    Case("27-oracle-python", "python", {"requirements.txt": "cx_Oracle\n"}, R, "cx-oracle"),
    Case("27-db2-node", "node", {"package-lock.json": package_lock({"ibm_db": SCRIPT})}, R, "ibm_db"),
    Case("27-oracle-go", "golang", {"go.mod": go_mod("github.com/godror/godror")}, R, "github.com/godror/godror"),
    Case("27-oracle-ruby", "ruby", {"Gemfile.lock": gemfile_lock("ruby-oci8 (2.2.12)")}, R, "ruby-oci8"),
    Case("27-jdbc", "eclipse-temurin", {"pom.xml": pom("com.oracle.database.jdbc:ojdbc11:23.3.0.23.09")}, D),
    Case("28-cuda", "python", {"requirements.txt": "nvidia-cudnn-cu12==9.1\n"}, R, "nvidia-cudnn-cu12"),
    Case("28-mkl", "python", {"requirements.txt": "mkl\n"}, R, "mkl"),
    Case("30-plugins", "rust", {"Cargo.lock": cargo_lock("pam-sys")}, R, "pam-sys"),
    Case("33-systemd", "python", {"requirements.txt": "systemd-python\n"}, R, "systemd-python"),
    Case("33-dbus-none", "rust", {"Cargo.lock": cargo_lock("zbus")}, NONE),
]


def judge(case: Case) -> MuslVerdict:
    return musl_verdict(read_manifests(DictContext(case.files)), image=case.image, version=case.version)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"row-{case.name}")
def test_row(case: Case) -> None:
    verdict = judge(case)
    outcome = R if verdict.refusals else D if verdict.doubts else NONE
    assert outcome == case.expected, verdict
    told = verdict.refusals if outcome == R else verdict.doubts
    if case.about:
        assert case.about in {remark.dependency for remark in told}
    for remark in told:
        assert remark.reason
        assert remark.where


@pytest.mark.parametrize("case", [case for case in CASES if case.name.startswith("11-") and case.expected == R])
def test_what_only_a_builder_runs_is_said_to_be_for_the_build(case: Case) -> None:
    builders = {"11-builder", "11-gradle"}
    assert {remark.phase for remark in judge(case).refusals} == ({"build"} if case.name in builders else {""})


def elf(interpreter: bytes = b"", needed: bytes = b"") -> bytes:
    """The smallest 64-bit ELF file that names a loader."""
    header = bytearray(64)
    header[:6] = b"\x7fELF\x02\x01"
    count = 1 if interpreter else 0
    header[32:40] = (64).to_bytes(8, "little")
    header[54:56], header[56:58] = (56).to_bytes(2, "little"), count.to_bytes(2, "little")
    program = bytearray(56)
    program[:4] = (3).to_bytes(4, "little")
    program[8:16], program[32:40] = (120).to_bytes(8, "little"), (len(interpreter) + 1).to_bytes(8, "little")
    return bytes(header) + bytes(program) + interpreter + b"\0" + needed


def elf32(interpreter: bytes) -> bytes:
    """The same with 32 bits, and the highest byte first."""
    header = bytearray(52)
    header[:6] = b"\x7fELF\x01\x02"
    header[28:32], header[42:44], header[44:46] = (64).to_bytes(4), (32).to_bytes(2), (1).to_bytes(2)
    program = bytearray(32)
    program[:4], program[4:8], program[16:20] = (3).to_bytes(4), (96).to_bytes(4), (len(interpreter) + 1).to_bytes(4)
    return bytes(header) + bytes(12) + bytes(program) + interpreter + b"\0"


GLIBC = elf(b"/lib64/ld-linux-x86-64.so.2")

RISKS: list[tuple[str, dict[str, bytes | str], set[str]]] = [
    ("01-program", {"bin/tool": GLIBC}, {"tool"}),
    ("01-musl-program", {"bin/tool": elf(b"/lib/ld-musl-x86_64.so.1")}, set()),
    ("01-program-of-32-bits", {"bin/tool": elf32(b"/lib/ld.so.1")}, {"tool"}),
    ("01-static-program", {"bin/tool": elf()}, set()),
    ("01-script", {"bin/tool": "#!/bin/sh\n"}, set()),
    ("01-library", {"lib/libx.so.1": elf(needed=b"libc.so.6\0")}, {"libx.so.1"}),
    ("01-musl-library", {"lib/libx.so": elf(needed=b"libc.musl-x86_64.so.1\0")}, set()),
    ("04-addon", {"build/addon.node": elf()}, {"addon.node"}),
    ("06-modules", {"node_modules/a/index.js": ""}, {"node_modules"}),
    ("06-ignored", {"node_modules/a/index.js": "", ".dockerignore": "node_modules\n"}, set()),
    (
        "08-targets",
        {"prisma/schema.prisma": 'generator c {\n  binaryTargets = ["debian-openssl-3.0.x"]\n}'},
        {"prisma"},
    ),
    ("08-musl", {"schema.prisma": 'binaryTargets = ["native", "linux-musl-openssl-3.0.x"]'}, set()),
    ("08-native", {"schema.prisma": 'binaryTargets = ["native"]'}, set()),
    ("08-default", {"schema.prisma": "generator client {}"}, set()),
    (
        "09-wheel",
        {"wheels/a-1-cp311-cp311-manylinux_2_17_x86_64.whl": b"PK"},
        {"a-1-cp311-cp311-manylinux_2_17_x86_64.whl"},
    ),
    ("09-musl-wheel", {"a-1-cp311-cp311-musllinux_1_2_x86_64.whl": b"PK"}, set()),
    ("09-pure-wheel", {"a-1-py3-none-any.whl": b"PK"}, set()),
    ("29-header", {"src/main.c": "#include <execinfo.h>\nint main(){}\n"}, {"execinfo.h"}),
    ("29-macro", {"src/a.cpp": "#ifdef __GLIBC__\n#endif\n"}, {"__GLIBC__"}),
    ("29-lfs64", {"src/a.c": "int f = open64(p, 0);\n"}, {"open64"}),
    ("29-none", {"src/main.c": "#include <stdio.h>\nint main(){}\n"}, set()),
    ("32-own-header", {"src/main.c": '#include "fts.h"\n'}, set()),
]


@pytest.mark.parametrize(("files", "expected"), [risk[1:] for risk in RISKS], ids=[f"row-{risk[0]}" for risk in RISKS])
def test_risk_of_the_context(files: dict[str, bytes | str], expected: set[str]) -> None:
    remarks = context_risks(DictContext(files), sources=True)
    assert {remark.dependency for remark in remarks} == expected


def test_sources_are_looked_at_only_when_asked() -> None:
    assert context_risks(DictContext({"a.c": "#include <fts.h>\n"})) == ()
