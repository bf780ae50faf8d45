"""The stand-in for what the full images of node and python are built on: Debian with compilers and headers.

The official one has more headers (ImageMagick's, MySQL's, …), which no application of these tests compiles against.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .machine import ca_bundle
from .stand_in import CERTIFICATES, apt_install

if TYPE_CHECKING:
    from .stand_in import Maker

TAGS = ("buildpack-deps:bookworm",)
PACKAGES = (
    *("autoconf", "automake", "bzip2", "ca-certificates", "curl", "dpkg-dev", "file", "g++", "gcc", "git", "gnupg"),
    *("libbz2-dev", "libc6-dev", "libcurl4-openssl-dev", "libffi-dev", "libjpeg-dev", "liblzma-dev", "libncurses-dev"),
    *("libpng-dev", "libpq-dev", "libreadline-dev", "libsqlite3-dev", "libssl-dev", "libtool", "libxml2-dev"),
    *("libxslt1-dev", "libyaml-dev", "make", "netbase", "openssh-client", "patch", "pkg-config", "procps", "python3"),
    *("tzdata", "unzip", "wget", "xz-utils", "zlib1g-dev"),
)


def settings() -> object:
    """What of this machine the image hangs on, beside its Debian: the certificates are in all fingerprints."""
    return None


def make(maker: Maker) -> None:
    """Debian's packages, and the certificates that the machine trusts."""
    maker.scratch.mkdir(exist_ok=True)
    (maker.scratch / "ca.crt").write_bytes(ca_bundle())
    text = f"FROM debian:bookworm-slim\n{apt_install(*PACKAGES)}COPY ca.crt {CERTIFICATES}\n"
    maker.build(TAGS, maker.scratch, text)
