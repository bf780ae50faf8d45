"""A Go toolchain that runs under any libc: the machine's own if it is static, else the static one of go.dev.

Alpine's libc is musl, so a toolchain that was linked to glibc does not start there. The one that the Go project
publishes as a module, for its own toolchain switching, is static since Go 1.21.
"""

from __future__ import annotations

import json
import os
import shutil
import struct
import subprocess
from pathlib import Path

from .machine import MachineError, go_env

FIRST_STATIC = (1, 21)
FALLBACK_VERSION = "go1.24.6"
PROGRAM_INTERPRETER = 3  # PT_INTERP: only a dynamic executable names a loader
NOT_NEEDED = ("api", "doc", "test")


def copy_toolchain(target: Path) -> None:
    """Copy a GOROOT whose programs are all static to ``target``, less what no build reads."""
    root = static_goroot()
    ignored = {str(root / name) for name in NOT_NEEDED}
    shutil.copytree(root, target, ignore=lambda folder, names: [n for n in names if f"{folder}/{n}" in ignored])
    for program in _programs(target):
        program.chmod(0o755)


def static_goroot() -> Path:
    """The GOROOT to copy: the machine's, or the published one of the same version (a newer one for an old Go)."""
    own = Path(go_env("GOROOT"))
    if not any(is_dynamic(program) for program in _programs(own)):
        return own
    fetched = _published(go_env("GOVERSION"))
    if any(is_dynamic(program) for program in _programs(fetched)):
        raise MachineError(f"the Go toolchain in {fetched} is not static, so it cannot serve in an alpine image")
    return fetched


def is_dynamic(program: Path) -> bool:
    """Whether a 64-bit little-endian ELF file asks for a loader."""
    data = program.read_bytes()
    if data[:4] != b"\x7fELF":
        return False
    (table,) = struct.unpack_from("<Q", data, 32)
    entry_size, entries = struct.unpack_from("<HH", data, 54)
    kinds = (struct.unpack_from("<I", data, table + index * entry_size)[0] for index in range(entries))
    return PROGRAM_INTERPRETER in kinds


def _programs(goroot: Path) -> list[Path]:
    tools = goroot / "pkg" / "tool" / f"{go_env('GOHOSTOS')}_{go_env('GOHOSTARCH')}"
    return sorted(path for folder in (goroot / "bin", tools) for path in folder.iterdir() if path.is_file())


def _published(version: str) -> Path:
    """Fetch a toolchain the way the go command does, as a module, and tell where it lies."""
    numbers = tuple(int(part) for part in version.removeprefix("go").split(".")[:2])
    wanted = version if numbers >= FIRST_STATIC else FALLBACK_VERSION
    platform = f"{go_env('GOHOSTOS')}-{go_env('GOHOSTARCH')}"
    command = ["go", "mod", "download", "-json", f"golang.org/toolchain@v0.0.1-{wanted}.{platform}"]
    environment = {**os.environ, "GOTOOLCHAIN": "local", "GOFLAGS": "-modcacherw"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    if done.returncode != 0:
        raise MachineError(f"no static Go toolchain to be had: {done.stdout}{done.stderr}")
    return Path(json.loads(done.stdout)["Dir"])
