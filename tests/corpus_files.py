"""Files and real git repositories for the tests of benchmarks/corpus.py."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

GO = 'FROM golang:1.18\nWORKDIR /app\n# build\nCOPY . .\nRUN go build -o /app/tea .\nENTRYPOINT ["/app/tea"]\n'


def git(folder: Path, *arguments: str) -> None:
    identity = ["-c", "user.name=Tester", "-c", "user.email=tester@example.org", "-c", "core.autocrlf=false"]
    subprocess.run(["git", "-C", str(folder), *identity, *arguments], check=True, capture_output=True)


def lay_out(folder: Path, files: Mapping[str, str | bytes]) -> Path:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder


def bare(folder: Path, files: Mapping[str, str | bytes]) -> Path:
    """A bare repository that holds the files."""
    work = lay_out(folder.with_name(folder.name + "-work"), files)
    git(work, "init", "-q")
    git(work, "add", "-A", "-f")
    git(work, "commit", "-q", "-m", "all")
    git(work, "clone", "-q", "--bare", ".", str(folder))
    shutil.rmtree(work)
    return folder
