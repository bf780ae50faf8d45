"""Stand-ins for the base images that the tests' Dockerfiles name, made on this machine instead of pulled.

A test that pulls tests the network, and a machine without a registry could not run it. So each base is made once,
of what Debian and the machine have, and named as the real one:

* ``debian:bullseye-slim``: a minimal Debian by debootstrap, of the machine's own suite, less its manuals;
* ``golang:1.18`` and ``golang:1.18-bullseye``: that same Debian (so that one glibc serves builder and runtime) with
  a C compiler, git, certificates and the Go toolchain;
* ``alpine:3.17`` and ``alpine:3.16``: Debian's static busybox and musl, see ``alpine.py``;
* ``golang:1.18-alpine3.17`` and ``golang:1.18-alpine3.16``: those with the Go toolchain and no C compiler.

The tags say Go 1.18 and Debian 11; the stand-ins hold the machine's newer ones. What the tests ask does not hang on
that: does the rewritten file build, start and answer as the first one did, in an image without the toolchain? The
sizes they print are near the real ones, and not the same.

``python -m tests.e2e.base_images`` makes those that are missing. An image carries the fingerprint of its recipe in a
label; it is made again when the recipe, the Go version, the certificates or the machine's settings change.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

from . import alpine
from .engine import Engine
from .machine import (
    MachineError,
    ca_bundle,
    debian_mirror,
    debian_suite,
    ensure_packages,
    go_env,
    go_settings,
)
from .toolchain import copy_toolchain

LABEL = "dfrewrite.e2e.recipe"
DEBIAN = "debian:bullseye-slim"
GOLANG_DEBIAN = ("golang:1.18", "golang:1.18-bullseye")
ALPINE_VERSIONS = ("3.17", "3.16")
# As the slim images do: nobody reads manuals in a container, and apt fetches its lists anew.
LEFT_OUT = (
    *("usr/share/doc/*", "usr/share/info/*", "usr/share/locale/*", "usr/share/man/*"),
    *("var/cache/apt/*", "var/lib/apt/lists/*"),
)
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
# A folder named after the tag is the build's context: the toolchain in go/, the certificates in ca.crt.
GOLANG_ON_DEBIAN = f"""\
FROM {DEBIAN}
RUN apt-get update \\
    && apt-get install -y --no-install-recommends ca-certificates curl gcc git libc6-dev make \\
    && rm -rf /var/lib/apt/lists/*
COPY ca.crt /etc/ssl/certs/ca-certificates.crt
"""


def make_all(engine: Engine) -> None:
    """Make every stand-in that the engine lacks; the engine runs already."""
    recipe = fingerprint()
    with tempfile.TemporaryDirectory(prefix="base-", dir=engine.home) as scratch:
        maker = _Maker(engine, recipe, Path(scratch))
        maker.debian()
        for version in ALPINE_VERSIONS:
            maker.alpine(version)
        maker.golang(GOLANG_DEBIAN, GOLANG_ON_DEBIAN)
        for version in ALPINE_VERSIONS:
            maker.golang((f"golang:1.18-alpine{version}",), f"FROM alpine:{version}\n")


def fingerprint() -> str:
    """A name for what the stand-ins are made of: another one means that they are to be made again."""
    here = Path(__file__).parent
    sources = [(here / name).read_bytes() for name in ("alpine.py", "base_images.py", "machine.py", "toolchain.py")]
    settings = json.dumps([debian_suite(), go_env("GOVERSION"), go_settings()], sort_keys=True).encode()
    return hashlib.sha256(b"\0".join([*sources, settings, ca_bundle()])).hexdigest()[:16]


class _Maker:
    """Makes stand-ins in one engine, with one scratch folder; each method skips what is there already."""

    def __init__(self, engine: Engine, recipe: str, scratch: Path) -> None:
        self.engine = engine
        self.recipe = recipe
        self.scratch = scratch

    def debian(self) -> None:
        """Debian by debootstrap."""
        if self._has(DEBIAN):
            return
        started = time.monotonic()
        ensure_packages("debootstrap")
        suite = debian_suite()
        root, tar = self.scratch / "debian", self.scratch / "debian.tar"
        command = ["debootstrap", "--variant=minbase", suite, str(root)]
        mirror = debian_mirror(suite)
        _run([*command, mirror] if mirror else command)
        excluded = [f"--exclude=./{pattern}" for pattern in LEFT_OUT]
        _run(
            ["tar", "--numeric-owner", *excluded, "--exclude=./var/cache/apt/*", "-cf", str(tar), "-C", str(root), "."]
        )
        shutil.rmtree(root)
        self.engine.import_image(tar, DEBIAN, (f"ENV PATH={PATH}", 'CMD ["bash"]', self._label()))
        tar.unlink()
        self._say(DEBIAN, started)

    def alpine(self, version: str) -> None:
        """Alpine of busybox and musl."""
        tag = f"alpine:{version}"
        if self._has(tag):
            return
        started = time.monotonic()
        tar = self.scratch / "alpine.tar"
        alpine.write_rootfs(tar, version)
        self.engine.import_image(tar, tag, (f"ENV PATH={PATH}", 'CMD ["/bin/sh"]', self._label()))
        tar.unlink()
        self._say(tag, started)

    def golang(self, tags: tuple[str, ...], base: str) -> None:
        """One of the stand-ins above plus Go, laid out as in the official image."""
        if all(self._has(tag) for tag in tags):
            return
        started = time.monotonic()
        context = self.scratch / "golang"
        if not context.exists():
            copy_toolchain(context / "go")
            (context / "ca.crt").write_bytes(ca_bundle())
        self.engine.build(context, tags[0], base + self._go_lines())
        for alias in tags[1:]:
            self.engine.alias(tags[0], alias)
        self._say(" ".join(tags), started)

    def _go_lines(self) -> str:
        settings = " ".join(f'{name}="{_escaped(value)}"' for name, value in go_settings().items())
        return (
            "COPY go /usr/local/go\n"
            f"ENV GOPATH=/go PATH=/go/bin:/usr/local/go/bin:{PATH} {settings}\n"
            'RUN mkdir -p "$GOPATH/src" "$GOPATH/bin" && chmod -R 777 "$GOPATH"\n'
            "WORKDIR /go\n"
            f"{self._label()}\n"
        )

    def _label(self) -> str:
        return f"LABEL {LABEL}={self.recipe}"

    def _has(self, tag: str) -> bool:
        return self.engine.label(tag, LABEL) == self.recipe

    def _say(self, what: str, started: float) -> None:
        size = self.engine.size(what.split()[0]) / 1e6
        print(f"{what}: {size:.1f} MB, made in {time.monotonic() - started:.0f} s", flush=True)


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("$", "\\$")


def _run(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise MachineError(f"`{' '.join(command)}` failed:\n{done.stdout[-3000:]}{done.stderr[-3000:]}")


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
