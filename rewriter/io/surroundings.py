"""Reads what the repository around a Dockerfile says of it: compose, bake and CI files."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rewriter.io.surroundings_folder import WORKFLOWS, Reading, inside, read_folder, shown
from rewriter.surroundings import Surroundings

if TYPE_CHECKING:
    from rewriter.io.surroundings_uses import Use

_FOLDERS = (
    *("docker", ".docker", "deploy", "deployment", "deployments", "build", "ci", ".ci", ".circleci", ".devcontainer"),
    *("scripts", "script", "hack", "compose", ".buildkite", WORKFLOWS),
)
"""Looked at in the root, besides the root itself and the folders on the way to the Dockerfile."""
_MAX_PARENTS = 30


@dataclass(frozen=True, slots=True)
class Found:
    """What was found for one Dockerfile."""

    surroundings: Surroundings
    context: Path | None
    """The folder that compose or bake files build it in; None when they say nothing, or not the same."""
    notes: tuple[str, ...]
    """What could not be read or decided, a line each."""


def look_around(dockerfile: Path, root: Path | None) -> Found:
    """What surrounds one Dockerfile; `root` is None outside of a repository. For several, keep a Repository."""
    return Repository(root if root is not None else dockerfile.parent).look_around(dockerfile)


class Repository:
    """A folder with Dockerfiles and with files that speak of them. Each is read once, and only when it is needed.

    Nothing is written or run, and no symbolic link is followed out of the folder.
    """

    def __init__(self, root: Path) -> None:
        self._root = os.path.realpath(root)
        self._readings: dict[str, Reading] = {}

    def look_around(self, dockerfile: Path) -> Found:
        """What surrounds one Dockerfile. What is wrong with a file becomes a note, never an exception."""
        beside = os.path.realpath(dockerfile.parent)
        real = os.path.realpath(os.path.join(beside, dockerfile.name))
        readings = [self._reading(folder) for folder in self._folders(beside)]
        notes = [note for reading in readings for note in reading.notes]
        # A compose file is the best witness to show, a script the worst.
        uses = [use for kind in ("compose", "bake", "ci") for reading in readings for use in getattr(reading, kind)]
        if not uses:
            return Found(Surroundings(), None, tuple(dict.fromkeys(notes)))
        from rewriter.io.surroundings_uses import fits  # only now: most repositories have nothing of the kind

        fitting = [(use, folder) for use in uses for speaks, folder in (fits(use, real, self._root),) if speaks]
        context = self._context(fitting, notes)
        return Found(_surroundings(use for use, _ in fitting), context, tuple(dict.fromkeys(notes)))

    def _folders(self, beside: str) -> Iterator[str]:
        """The Dockerfile's folder, the ones above it, and the usual ones."""
        folders = [beside]
        while folders[-1] != self._root and inside(folders[-1], self._root) and len(folders) < _MAX_PARENTS:
            folders.append(os.path.dirname(folders[-1]))
        usual = (os.path.join(self._root, name) for name in _FOLDERS)
        return iter(dict.fromkeys((*folders, self._root, *usual)))

    def _reading(self, folder: str) -> Reading:
        if folder not in self._readings:
            self._readings[folder] = read_folder(self._root, folder)
        return self._readings[folder]

    def _context(self, fitting: Iterable[tuple[Use, str | None]], notes: list[str]) -> Path | None:
        contexts: dict[str, str] = {}
        for use, folder in fitting:
            if folder is None or not use.names_context:
                continue
            if not inside(os.path.realpath(folder), self._root):
                notes.append(f"{use.where}: its build context lies outside of the repository and is not looked at")
            elif os.path.isdir(folder):
                contexts.setdefault(os.path.realpath(folder), use.where)
        if len(contexts) > 1:
            said = ", ".join(f"{shown(folder, self._root)} ({where})" for folder, where in contexts.items())
            notes.append(f"different build contexts are named, and none is taken: {said}")
        return Path(next(iter(contexts))) if len(contexts) == 1 else None


def _surroundings(uses: Iterable[Use]) -> Surroundings:
    targets: dict[str, str] = {}
    commands: dict[tuple[str, ...], str] = {}
    mounts: dict[str, str] = {}
    health: dict[tuple[str, ...], str] = {}
    for use in uses:
        for known, said in ((targets, use.targets), (mounts, use.mounts)):
            for item in said:
                known.setdefault(item, use.where)
        for words in use.commands:
            commands.setdefault(words, use.where)
        for words in use.health:
            health.setdefault(words, use.where)
    return Surroundings(targets, tuple(commands.items()), tuple(mounts.items()), tuple(health.items()))
