"""The stand-ins for golang: the Go toolchain of the machine on Debian with a C compiler, and on alpine without one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .alpine import VERSIONS
from .machine import ca_bundle, go_env, go_settings
from .stand_in import CERTIFICATES, PATH, apt_install, escaped
from .toolchain import copy_toolchain

if TYPE_CHECKING:
    from .stand_in import Maker

DEBIAN_TAGS = ("golang:1.18", "golang:1.18-bullseye")
ALPINE_TAGS = tuple(f"golang:1.18-alpine{version}" for version in VERSIONS)
TAGS = (*DEBIAN_TAGS, *ALPINE_TAGS)
# A folder is the build's context: the toolchain in go/, the certificates in ca.crt.
ON_DEBIAN = (
    "FROM debian:bullseye-slim\n"
    + apt_install("ca-certificates", "curl", "gcc", "git", "libc6-dev", "make")
    + f"COPY ca.crt {CERTIFICATES}\n"
)


def settings() -> object:
    """What of this machine the images hang on: the version of Go and how it is set up."""
    return [go_env("GOVERSION"), go_settings()]


def make(maker: Maker) -> None:
    """All of them, laid out as in the official images."""
    copy_toolchain(maker.scratch / "go")
    (maker.scratch / "ca.crt").write_bytes(ca_bundle())
    variables = " ".join(f'{name}="{escaped(value)}"' for name, value in go_settings().items())
    lines = (
        "COPY go /usr/local/go\n"
        f"ENV GOPATH=/go PATH=/go/bin:/usr/local/go/bin:{PATH} {variables}\n"
        'RUN mkdir -p "$GOPATH/src" "$GOPATH/bin" && chmod -R 777 "$GOPATH"\n'
        "WORKDIR /go\n"
    )
    maker.build(DEBIAN_TAGS, maker.scratch, ON_DEBIAN + lines)
    for version, tag in zip(VERSIONS, ALPINE_TAGS, strict=True):
        maker.build((tag,), maker.scratch, f"FROM alpine:{version}\n{lines}")
