"""The base images that the tests' Dockerfiles name: pulled where that is possible, else made on this machine.

A test that pulls tests the network, and a machine without a registry could not run it. So where one small image
cannot be pulled, each base is made once, of what Debian and the machine have, and named as the real one:

* ``debian:bullseye-slim`` and ``debian:bookworm-slim``: one minimal Debian by debootstrap, see ``debian.py``;
* ``alpine:3.17`` and ``alpine:3.16``: Debian's static busybox and musl, see ``alpine.py``;
* ``golang:1.18`` and its variants: that same Debian (so that one glibc serves builder and runtime) or alpine, with
  the Go toolchain, see ``golang.py``;
* ``buildpack-deps:bookworm``: Debian with compilers and headers, see ``buildpack.py``;
* ``node:20`` and ``python:3.11``, full and slim: the machine's Node and Python, see ``node.py``, ``python_image.py``;
* ``debian:bullseye`` and ``debian:bookworm``: the slim Debian with its manuals, see ``debian_full.py``;
* ``openjdk:11``, JDK and JRE, full and slim: Debian's packages of OpenJDK 17, see ``openjdk.py``;
* ``eclipse-temurin:17`` and ``maven:3.9-eclipse-temurin-17``: Debian's OpenJDK and Maven, see ``temurin.py``;
* ``rust:1.80``: the machine's Rust toolchain on ``buildpack-deps``, see ``rust.py``.

The tags say Go 1.18, Java 11 and Debian 11; the stand-ins hold newer ones. What the tests ask does not hang on that:
does the rewritten file build, start and answer as the first one did, in an image without the toolchain? The sizes they
print are near the real ones, and not the same.

``python -m tests.e2e.base_images`` makes those that are missing. An image carries the fingerprint of its recipe in a
label; its family is made again when the recipe, what it is built on, the certificates or the machine's settings change.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from . import alpine, buildpack, debian, debian_full, golang, node, openjdk, python_image, rust, temurin
from .engine import Engine, EngineError
from .machine import ca_bundle
from .stand_in import LABEL, Maker

HERE = Path(__file__).parent
PROBE = alpine.TAGS[0]
PROBE_SECONDS = 30.0
SHARED_SOURCES = ("machine.py", "stand_in.py")


@dataclass(frozen=True)
class Family:
    """Images that are made together; ``needs`` are the families that they are built on."""

    tags: tuple[str, ...]
    make: Callable[[Maker], None]
    settings: Callable[[], object]
    sources: tuple[str, ...]
    needs: tuple[Family, ...] = ()

    @cached_property
    def fingerprint(self) -> str:
        """A name for what they are made of: another one means that they are to be made again."""
        sources = [(HERE / name).read_bytes() for name in (*SHARED_SOURCES, *self.sources)]
        settings = json.dumps([self.settings(), [each.fingerprint for each in self.needs]], sort_keys=True)
        return hashlib.sha256(b"\0".join([*sources, settings.encode(), ca_bundle()])).hexdigest()[:16]


DEBIAN = Family(debian.TAGS, debian.make, debian.settings, ("debian.py",))
ALPINE = Family(alpine.TAGS, alpine.make, alpine.settings, ("alpine.py",))
GOLANG = Family(golang.TAGS, golang.make, golang.settings, ("golang.py", "toolchain.py"), (DEBIAN, ALPINE))
BUILDPACK = Family(buildpack.TAGS, buildpack.make, buildpack.settings, ("buildpack.py",), (DEBIAN,))
NODE = Family(node.TAGS, node.make, node.settings, ("node.py",), (DEBIAN, BUILDPACK))
PYTHON = Family(python_image.TAGS, python_image.make, python_image.settings, ("python_image.py",), (DEBIAN, BUILDPACK))
DEBIAN_FULL = Family(debian_full.TAGS, debian_full.make, debian_full.settings, ("debian_full.py",), (DEBIAN,))
OPENJDK = Family(openjdk.TAGS, openjdk.make, openjdk.settings, ("openjdk.py",), (DEBIAN,))
TEMURIN = Family(temurin.TAGS, temurin.make, temurin.settings, ("temurin.py",), (DEBIAN,))
RUST = Family(rust.TAGS, rust.make, rust.settings, ("rust.py",), (DEBIAN, BUILDPACK))
FAMILIES = (DEBIAN, ALPINE, GOLANG, BUILDPACK, NODE, PYTHON, DEBIAN_FULL, OPENJDK, TEMURIN, RUST)


def make_all(engine: Engine) -> None:
    """Have every base image in the engine, which runs already."""
    make(engine, *FAMILIES)


def make_for(engine: Engine, tags: Iterable[str]) -> None:
    """Have the families that hold any of some tags."""
    wanted = set(tags)
    make(engine, *(family for family in FAMILIES if wanted & set(family.tags)))


def make(engine: Engine, *families: Family) -> None:
    """Have the images of some families, and of those that they are built on."""
    missing = [family for family in FAMILIES if _wants(families, family) and not _is_there(engine, family)]
    if not missing:
        return
    if engine.pull(PROBE, PROBE_SECONDS):
        for tag in (tag for family in missing for tag in family.tags):
            _pull(engine, tag)
        return
    for family in missing:
        with tempfile.TemporaryDirectory(prefix="base-", dir=engine.home) as scratch:
            family.make(Maker(engine, family.fingerprint, Path(scratch)))


def is_stand_in(engine: Engine, tag: str) -> bool:
    """Whether an image was made here and not pulled."""
    return engine.label(tag, LABEL) is not None


def _wants(families: Iterable[Family], family: Family) -> bool:
    return any(family is each or _wants(each.needs, family) for each in families)


def _is_there(engine: Engine, family: Family) -> bool:
    """An image of this engine that carries no fingerprint was pulled, and serves as it is."""
    return all(engine.has(tag) and engine.label(tag, LABEL) in (family.fingerprint, None) for tag in family.tags)


def _pull(engine: Engine, tag: str) -> None:
    started = time.monotonic()
    if not engine.pull(tag):
        raise EngineError(f"{PROBE} could be pulled, and {tag} could not")
    print(f"{tag}: {engine.size(tag) / 1e6:.1f} MB, pulled in {time.monotonic() - started:.0f} s", flush=True)


def main() -> None:
    """Make what is missing; an engine that had to be started for it is stopped again."""
    engine = Engine()
    mine = engine.start()
    try:
        make_all(engine)
    finally:
        if mine:
            engine.stop()


if __name__ == "__main__":
    main()
