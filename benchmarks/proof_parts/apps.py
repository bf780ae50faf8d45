"""Applications to prove: a Dockerfile with its folder, what an expert made of it if that is there, and what to ask.

An ``app.toml`` beside the Dockerfile may say more; all its keys may be left out::

    probes = ["/healthz", "POST /orders"]    # requests beside GET /
    smoke = ["python -m app --version"]      # commands that must end alike in both images
    environment = { GREETING = "hello" }     # for both containers
    build-args = { VERSION = "1.2" }
    start-seconds = 30                       # how long a container may take until it listens, or ends
    allowed = ["ENV NODE_ENV"]               # differences that the expert meant: an instruction, or ENV or LABEL NAME
"""

from __future__ import annotations

import hashlib
import os
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rewriter.proof.observation import How

DOCKERFILE = "Dockerfile"
BY_HAND = (".multistage", ".multi")
"""What the name of the expert's file adds to that of the original."""
SETTINGS = "app.toml"
PASSED_OVER = frozenset({".git", ".venv", "node_modules", "vendor", "__pycache__"})
_KEYS: dict[str, tuple[tuple[type, ...], object]] = {
    "probes": ((list,), []),
    "smoke": ((list,), []),
    "environment": ((dict,), {}),
    "build-args": ((dict,), {}),
    "allowed": ((list,), []),
    "start-seconds": ((int, float), None),
}
"""The types that a value may have, and what stands for a key that is not there."""
_EXPECTED = {list: "a list of strings", dict: "a table of strings", type(None): "a number"}


class AppError(Exception):
    """An application cannot be taken as it is; the message is one line."""


@dataclass(frozen=True, slots=True)
class App:
    """One application."""

    name: str
    """Its folder below the one that was searched, with the Dockerfile's name if that is another one."""
    dockerfile: Path
    by_hand: Path | None = None
    """The expert's Dockerfile for the same context."""
    how: How = field(default_factory=How)
    build_args: Mapping[str, str] = field(default_factory=dict)
    start_seconds: float | None = None
    allowed: frozenset[str] = frozenset()
    """Differences of the expert's image that are meant, as the proof names them."""

    @property
    def path(self) -> str:
        """Where its Dockerfile is, which no other application shares."""
        return os.path.realpath(self.dockerfile)

    @property
    def folder(self) -> Path:
        """The build context."""
        return self.dockerfile.parent

    def digest(self) -> str:
        """Short for all that the outcome depends on of the application: each file of its folder, and its name."""
        seen = hashlib.sha256(f"{self.dockerfile.name}\0".encode())
        for path in _files(self.folder):
            mode = path.lstat().st_mode
            data = os.readlink(path).encode() if path.is_symlink() else path.read_bytes() if path.is_file() else b""
            seen.update(f"{path.relative_to(self.folder)}\0{mode:o}\0{len(data)}\0".encode() + data)
        return seen.hexdigest()[:16]


def find_apps(root: Path) -> list[App]:
    """All applications in a folder and below it, by name. Raises AppError for an ``app.toml`` that cannot be read."""
    return sorted(_find(root), key=lambda app: app.name)


def _find(root: Path) -> Iterator[App]:
    for where, folders, files in os.walk(root):
        folders[:] = sorted(name for name in folders if name not in PASSED_OVER)
        names = {name.removesuffix(ending) for name in files for ending in BY_HAND if name.endswith(ending)}
        for name in sorted({DOCKERFILE, *names} & set(files)):
            yield _open(root, Path(where) / name)


def _open(root: Path, dockerfile: Path) -> App:
    folder = dockerfile.parent
    name = str(folder.relative_to(root)) if folder != root else root.resolve().name
    if dockerfile.name != DOCKERFILE:
        name = f"{name}/{dockerfile.name}"
    by_hand = (dockerfile.with_name(dockerfile.name + ending) for ending in BY_HAND)
    settings = _settings(folder / SETTINGS)
    try:
        how = How(settings["probes"], settings["smoke"], settings["environment"])
    except ValueError as error:
        raise AppError(f"{folder / SETTINGS}: {error}") from error
    return App(
        name,
        dockerfile,
        next((path for path in by_hand if path.is_file()), None),
        how,
        settings["build-args"],
        settings["start-seconds"],
        frozenset(settings["allowed"]),
    )


def _settings(path: Path) -> dict[str, Any]:
    """The file's keys, with what stands for one that is not there."""
    settings: dict[str, Any] = {name: empty for name, (_, empty) in _KEYS.items()}
    if not path.is_file():
        return settings
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise AppError(f"{path}: {error}") from error
    for name, value in found.items():
        if name not in _KEYS:
            raise AppError(f"{path}: {name} is no key of it")
        kind, empty = _KEYS[name]
        words = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
        if not isinstance(value, kind) or not all(isinstance(word, str) for word in words):
            raise AppError(f"{path}: {name} is not what belongs there: {_EXPECTED[type(empty)]}")
        settings[name] = value
    return settings


def _files(folder: Path) -> Iterator[Path]:
    """All files that a build may see, in one order."""
    for where, folders, files in os.walk(folder):
        # A link to a folder is listed among the folders, and is not walked into.
        links = [name for name in folders if (Path(where) / name).is_symlink()]
        folders[:] = sorted(name for name in folders if name != ".git")
        yield from (Path(where) / name for name in sorted((*files, *links)))
