"""Small stand-ins for distributions and languages: the files that a start goes through, and nothing else."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Mapping

from tests.proof.elf_maker import GLIBC, MUSL, elf, glibc_loader, go_program, library
from tests.proof.saved import Files, link, program

LIB = "lib/x86_64-linux-gnu"
_PASSWD = "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534::/:/bin/false\n"
BUNDLE = "-----BEGIN CERTIFICATE-----\n" + "A" * 1000 + "\n"


def on_glibc(*needed: str, wants: str = "GLIBC_2.17") -> bytes:
    """A dynamic program of a Debian."""
    return elf(interpreter=GLIBC, needed=[*needed, "libc.so.6"], versions_needed={"libc.so.6": [wants]})


def on_musl(*needed: str) -> bytes:
    """A dynamic program of an Alpine."""
    return elf(interpreter=MUSL, needed=[*needed, "libc.musl-x86_64.so.1"])


GLIBC_SYSTEM: Files = {
    "lib64/ld-linux-x86-64.so.2": program(glibc_loader(f"/{LIB}", f"/usr/{LIB}")),
    f"{LIB}/libc.so.6": library("libc.so.6", "GLIBC_2.2.5", "GLIBC_2.17", "GLIBC_2.31"),
}
DEBIAN: Files = {
    **GLIBC_SYSTEM,
    "etc/os-release": 'ID=debian\nVERSION_ID="11"\n',
    "etc/passwd": _PASSWD,
    "etc/group": "root:x:0:\n",
    "usr/bin/dash": program(on_glibc()),
    "bin/sh": link("/usr/bin/dash"),
    "bin/bash": program(on_glibc()),
    "usr/bin/env": program(on_glibc()),
    "usr/bin/curl": program(on_glibc()),
    "usr/share/zoneinfo/Europe/Paris": "TZif",
    "etc/ssl/certs/ca-certificates.crt": BUNDLE,
}
ALPINE: Files = {
    "lib/ld-musl-x86_64.so.1": program(elf(soname="libc.musl-x86_64.so.1")),
    "etc/os-release": "ID=alpine\nVERSION_ID=3.17\n",
    "etc/passwd": _PASSWD,
    "etc/group": "root:x:0:\n",
    "bin/busybox": program(on_musl()),
    "bin/sh": link("/bin/busybox"),
    "usr/bin/env": link("/bin/busybox"),
    "etc/ssl/certs/ca-certificates.crt": BUNDLE,
}


def python(version: str = "3.11", system: Files = DEBIAN) -> Files:
    """A system with Python in /usr/local."""
    made = on_glibc(f"libpython{version}.so.1.0") if system is DEBIAN else on_musl()
    library_folder = f"usr/local/lib/python{version}"
    return {
        **system,
        f"usr/local/bin/python{version}": program(made),
        "usr/local/bin/python3": link(f"python{version}"),
        "usr/local/bin/python": link("python3"),
        f"{LIB}/libpython{version}.so.1.0": library(f"libpython{version}.so.1.0"),
        f"{library_folder}/os.py": "",
        f"{library_folder}/ssl.py": "",
        f"{library_folder}/zoneinfo.py": "",
        f"{library_folder}/urllib/request.py": "",
        f"{library_folder}/site-packages/README.txt": "",
    }


def node(system: Files = DEBIAN) -> Files:
    """A system with Node and npm."""
    npm = "usr/local/lib/node_modules/npm/bin/npm-cli.js"
    return {
        **system,
        "usr/local/bin/node": program(on_glibc() if system is DEBIAN else on_musl()),
        npm: program("#!/usr/bin/env node\n"),
        "usr/local/bin/npm": link(f"/{npm}"),
    }


def java(version: str = "17") -> Files:
    """A system with a Java run time."""
    return {
        **DEBIAN,
        "opt/java/bin/java": program(on_glibc()),
        "opt/java/release": f'IMPLEMENTOR="x"\nJAVA_VERSION="{version}"\n',
        "usr/bin/java": link("/opt/java/bin/java"),
    }


def class_file(version: int) -> bytes:
    """The head of a class file for Java ``version``."""
    return struct.pack(">IHH", 0xCAFEBABE, 0, 44 + version)


def jar(main: str | None, classes: Mapping[str, int]) -> bytes:
    """A jar with a main class and some classes, each for a version of Java."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        if main is not None:
            archive.writestr("META-INF/MANIFEST.MF", f"Manifest-Version: 1.0\r\nMain-Class: {main}\r\n")
        for name, version in classes.items():
            archive.writestr(f"{name.replace('.', '/')}.class", class_file(version))
    return buffer.getvalue()


SERVER = program(go_program("main.main", "net/http.(*Server).Serve", holds=b"/etc/ssl/certs/ca-certificates.crt"))
"""A server in Go, static, that only listens."""
