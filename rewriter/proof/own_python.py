"""This machine's Python as something that can be shown in a container which holds nothing else."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

_ASK_SECONDS = 30.0
_LOADER = re.compile(r"ld(?:64)?[-.]")
# Run by the Python in question: the modules are those of the probe, some of which bring shared objects with them.
_SAY = """
import hashlib, json, select, socket, ssl, sysconfig, zlib
lines = [line.split(None, 5) for line in open("/proc/self/maps", errors="surrogateescape")]
objects = [words[5].rstrip("\\n") for words in lines if len(words) == 6 and "x" in words[1]]
folders = [sysconfig.get_path("stdlib"), sysconfig.get_path("platstdlib")]
print(json.dumps({"objects": objects, "folders": folders}))
"""


@dataclass(frozen=True, slots=True)
class Program:
    """A program of this machine: the words that start it, and the folders that must be shown for that."""

    command: tuple[str, ...]
    folders: tuple[str, ...]


def own_python() -> Program | str:
    """The Python that runs this, or one sentence why it cannot be shown in a container.

    What it needs is not guessed: its shared objects are those that are mapped into it when the probe's imports are
    done. Its loader is named in its command, so that it needs no ``/lib64`` where the container has none.
    """
    if not sys.platform.startswith("linux"):
        return "the containers run Linux, and this machine does not"
    executable = next((path for path in _executables() if path.is_file()), None)
    if executable is None:
        return f"{sys.executable} is no file"
    command = [str(executable), "-I", "-S"]
    try:
        said = subprocess.run([*command, "-c", _SAY], capture_output=True, check=True, timeout=_ASK_SECONDS)
        found = json.loads(said.stdout)
    except (OSError, subprocess.SubprocessError, ValueError):
        return f"{executable} cannot be started without its environment"
    objects = [path for path in found["objects"] if path.startswith("/") and ".so" in path]
    loader = loader_among(objects)
    if loader is None:
        return f"{executable} has no loader"
    libraries = sorted({os.path.dirname(path) for path in objects})
    folders = {str(executable.parent), *libraries, *found["folders"]}
    words = (loader, "--library-path", ":".join(libraries), *command)
    return Program(words, outermost(folder for folder in folders if os.path.isdir(folder)))


def _executables() -> Iterable[Path]:
    """Where the executable may be; that of a virtual environment is a link to it, or a copy that finds no library."""
    yield Path(sys.base_exec_prefix, "bin", f"python{sys.version_info.major}.{sys.version_info.minor}").resolve()
    yield Path(sys.executable).resolve()


def loader_among(objects: Iterable[str]) -> str | None:
    """The dynamic loader among shared objects, given by real paths: ld-linux-x86-64.so.2, ld-musl-…, ld64.so.2."""
    return next((path for path in objects if _LOADER.match(os.path.basename(path))), None)


def outermost(folders: Iterable[str]) -> tuple[str, ...]:
    """The folders that lie in none of the others, sorted."""
    kept: list[str] = []
    for folder in sorted({os.path.normpath(folder) for folder in folders}):
        if not any(f"{folder}/".startswith(f"{other}/") for other in kept):
            kept.append(folder)
    return tuple(kept)
