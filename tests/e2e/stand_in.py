"""What the makers of all stand-ins share: one engine, one scratch folder, and a label that says what an image is of."""

from __future__ import annotations

import shutil
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING

from .machine import MachineError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .engine import Engine

LABEL = "dfrewrite.e2e.recipe"
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt"


class Maker:
    """Makes stand-ins in one engine, in a scratch folder that is its own; ``recipe`` goes on each as a label."""

    def __init__(self, engine: Engine, recipe: str, scratch: Path) -> None:
        self.engine = engine
        self.scratch = scratch
        self._label = f"LABEL {LABEL}={recipe}"
        self._started = time.monotonic()

    def import_image(self, tags: tuple[str, ...], tar: Path, *changes: str) -> None:
        """An image of one layer, out of a root file system; the tar file is gone afterwards."""
        self.engine.import_image(tar, tags[0], (f"ENV PATH={PATH}", *changes, self._label))
        tar.unlink()
        self._name(tags)

    def build(self, tags: tuple[str, ...], context: Path, dockerfile: str) -> None:
        """An image by its Dockerfile."""
        self.engine.build(context, tags[0], f"{dockerfile}{self._label}\n")
        self._name(tags)

    def _name(self, tags: tuple[str, ...]) -> None:
        for alias in tags[1:]:
            self.engine.alias(tags[0], alias)
        size = self.engine.size(tags[0]) / 1e6
        now = time.monotonic()
        print(f"{' '.join(tags)}: {size:.1f} MB, made in {now - self._started:.0f} s", flush=True)
        self._started = now


def apt_install(*packages: str) -> str:
    """The RUN instruction of a Dockerfile that installs Debian packages and leaves nothing else behind."""
    return (
        "RUN apt-get update \\\n"
        f"    && apt-get install -y --no-install-recommends {' '.join(packages)} \\\n"
        "    && rm -rf /var/lib/apt/lists/*\n"
    )


def library_packages(programs: Iterable[Path]) -> list[str]:
    """The Debian packages whose shared libraries some programs and extension modules of this machine need."""
    names: set[str] = set()
    for program in programs:
        listing = subprocess.run(["ldd", str(program)], capture_output=True, text=True, check=False)
        names |= {line.split()[2] for line in listing.stdout.splitlines() if " => /" in line}
    found: set[str] = set()
    for name in sorted(names):
        # A package may have put the file in /lib, which is the same folder by another name.
        spellings = {name, name.removeprefix("/usr"), str(Path(name).resolve())}
        owners = subprocess.run(["dpkg", "-S", *sorted(spellings)], capture_output=True, text=True, check=False)
        found |= {line.split(":")[0] for line in owners.stdout.splitlines()}
    return sorted(found)


def command(*arguments: str, folder: Path | None = None) -> str:
    """What a command of this machine prints; it must be there, and succeed."""
    if shutil.which(arguments[0]) is None:
        raise MachineError(f"there is no {arguments[0]} on PATH: the stand-ins are made of the machine's own")
    done = subprocess.run(arguments, capture_output=True, text=True, check=False, cwd=folder)
    if done.returncode != 0:
        raise MachineError(f"`{' '.join(arguments)}` failed:\n{done.stdout[-3000:]}{done.stderr[-3000:]}")
    return done.stdout.strip()


def escaped(value: str) -> str:
    """A value as it stands between double quotes in a Dockerfile."""
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("$", "\\$")
