"""The stand-ins for rust: the machine's Rust toolchain on Debian with compilers, laid out as in the official images."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from .stand_in import PATH, command

if TYPE_CHECKING:
    from .stand_in import Maker

TAGS = ("rust:1.80", "rust:1.80-bookworm")
"""The tags of the full image; that one alone serves the tests."""
# What no build reads: documentation, and the sources and debuggers of editors.
LEFT_OUT = shutil.ignore_patterns(
    "doc", "man", "etc", "src", "rust-analyzer*", "*lldb*", "clippy-driver", "cargo-clippy"
)


def settings() -> object:
    """The version of the machine's Rust."""
    return command("rustc", "--version")


def make(maker: Maker) -> None:
    """The full image."""
    maker.scratch.mkdir(exist_ok=True)
    toolchain = Path(command("rustc", "--print", "sysroot"))
    shutil.copytree(toolchain, maker.scratch / "toolchain", symlinks=True, ignore=LEFT_OUT)
    cargo = "/usr/local/cargo"
    lines = (
        "FROM buildpack-deps:bookworm\n"
        "COPY toolchain /usr/local/rustup/toolchains/stable\n"
        f"ENV RUSTUP_HOME=/usr/local/rustup CARGO_HOME={cargo} PATH={cargo}/bin:{PATH} RUST_VERSION=1.80.0\n"
        f"RUN mkdir -p {cargo}/bin && ln -s /usr/local/rustup/toolchains/stable/bin/* {cargo}/bin/\n"
    )
    maker.build(TAGS, maker.scratch, lines)
