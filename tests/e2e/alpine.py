"""The root file system of a stand-in for alpine: Debian's static busybox and musl, laid out as alpine lays them out.

There is no ``apk``, no ``adduser`` and no ``addgroup`` in it, so no image of these tests may call them.
"""

from __future__ import annotations

import io
import platform
import subprocess
import tarfile
from typing import TYPE_CHECKING

from .machine import MachineError, ca_bundle, ensure_packages, files_of

if TYPE_CHECKING:
    from pathlib import Path

    from .stand_in import Maker

VERSIONS = ("3.17", "3.16")
TAGS = tuple(f"alpine:{version}" for version in VERSIONS)
# A layer is the same bytes for the same contents, whenever it is made.
TIMESTAMP = 1_700_000_000
FOLDERS = (
    *("bin", "dev", "etc", "etc/ssl", "etc/ssl/certs", "home", "lib", "media", "mnt", "opt", "proc", "root", "run"),
    *("sbin", "srv", "sys", "usr", "usr/bin", "usr/lib", "usr/local", "usr/local/bin", "usr/sbin", "usr/share"),
    *("var", "var/cache", "var/lib", "var/log"),
)
DEBIAN_ONLY = ("dpkg", "dpkg-deb", "rpm", "rpm2cpio")
PASSWD = """\
root:x:0:0:root:/root:/bin/ash
bin:x:1:1:bin:/bin:/sbin/nologin
daemon:x:2:2:daemon:/sbin:/sbin/nologin
guest:x:405:100:guest:/dev/null:/sbin/nologin
nobody:x:65534:65534:nobody:/:/sbin/nologin
"""
GROUP = """\
root:x:0:root
bin:x:1:root,bin,daemon
daemon:x:2:root,bin,daemon
users:x:100:
nobody:x:65534:
"""
OS_RELEASE = """\
NAME="Alpine Linux"
ID=alpine
VERSION_ID={version}.0
PRETTY_NAME="Alpine Linux v{version} (stand-in)"
"""


def settings() -> object:
    """What of this machine the images hang on: nothing but the certificates, which are in all fingerprints."""
    return None


def make(maker: Maker) -> None:
    """One image for each version."""
    tar = maker.scratch / "root.tar"
    for version, tag in zip(VERSIONS, TAGS, strict=True):
        write_rootfs(tar, version)
        maker.import_image((tag,), tar, 'CMD ["/bin/sh"]')


def write_rootfs(target: Path, version: str) -> None:
    """Write the root file system of ``alpine:<version>`` as a tar file."""
    ensure_packages("busybox-static", "musl")
    loader = f"ld-musl-{platform.machine()}.so.1"
    busybox = _packaged("busybox-static", "busybox")
    with tarfile.open(target, "w") as tar:
        for folder in FOLDERS:
            _add(tar, folder, tarfile.DIRTYPE)
        for folder in ("tmp", "var/tmp"):
            _add(tar, folder, tarfile.DIRTYPE, mode=0o1777)
        _add_file(tar, "bin/busybox", busybox.read_bytes(), mode=0o755)
        for applet in _applets(busybox):
            _add(tar, applet, tarfile.SYMTYPE, link="/bin/busybox")
        _add_file(tar, f"lib/{loader}", _packaged("musl", "libc.so").read_bytes(), mode=0o755)
        _add(tar, f"lib/libc.musl-{platform.machine()}.so.1", tarfile.SYMTYPE, link=loader)
        _add_file(tar, "etc/ssl/certs/ca-certificates.crt", ca_bundle())
        _add(tar, "etc/ssl/cert.pem", tarfile.SYMTYPE, link="certs/ca-certificates.crt")
        _add_file(tar, "etc/passwd", PASSWD.encode())
        _add_file(tar, "etc/group", GROUP.encode())
        _add_file(tar, "etc/alpine-release", f"{version}.0\n".encode())
        _add_file(tar, "etc/os-release", OS_RELEASE.format(version=version).encode())


def _applets(busybox: Path) -> list[str]:
    listing = subprocess.run([str(busybox), "--list-full"], capture_output=True, text=True, check=True)
    return [line for line in listing.stdout.splitlines() if line.rpartition("/")[2] not in (*DEBIAN_ONLY, "busybox")]


def _packaged(package: str, name: str) -> Path:
    for path in files_of(package):
        if path.name == name and path.is_file():
            return path
    raise MachineError(f"the Debian package {package} brings no file {name}")


def _add_file(tar: tarfile.TarFile, name: str, data: bytes, mode: int = 0o644) -> None:
    _add(tar, name, tarfile.REGTYPE, mode=mode, data=data)


def _add(tar: tarfile.TarFile, name: str, kind: bytes, *, mode: int = 0o755, link: str = "", data: bytes = b"") -> None:
    member = tarfile.TarInfo(name)
    member.type, member.mode, member.linkname, member.size, member.mtime = kind, mode, link, len(data), TIMESTAMP
    tar.addfile(member, io.BytesIO(data))
