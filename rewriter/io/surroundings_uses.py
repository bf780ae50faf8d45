"""What one line of a compose, bake or CI file says of a Dockerfile, and whether it speaks of a given one."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass

from rewriter.io.surroundings_folder import inside

UNKNOWN = "$"
"""Stands in a path or name for what is only known when the file is used. A real dollar sign is as good as unknown."""
ANY_TARGET = "*"
"""The key under which a target is kept whose name cannot be read: it may be any stage."""
DEFAULT_NAMES = ("Dockerfile", "dockerfile", "Containerfile")

_MAX_PATH = 4096
_TARGET = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,127}\Z")
_REMOTE = re.compile(r"[a-z][a-z0-9+.-]*://|github\.com/|gitlab\.com/|[\w.-]+@[\w.-]+:", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Use:
    """One build, as a file words it. None: it says nothing; texts may hold UNKNOWN."""

    where: str
    """The file, as it is shown."""
    folder: str
    """The real path of the folder that its paths start from."""
    context: str | None = None
    dockerfile: str | None = None
    targets: tuple[str, ...] = ()
    """Keys for Surroundings.targets."""
    beside_context: bool = True
    """The path of the Dockerfile starts from the context, not from the working directory."""
    script: bool = False
    """A command: its working directory is a guess."""
    wanders: bool = False
    """The file changes the working directory: the guess is worth nothing."""
    names_context: bool = False
    """The file has a say in what the context is."""
    commands: tuple[tuple[str, ...], ...] = ()
    mounts: tuple[str, ...] = ()
    health: tuple[tuple[str, ...], ...] = ()


def target_keys(name: str | None) -> tuple[str, ...]:
    """The keys for a target as it is written: lower case, or ANY_TARGET when its name cannot be read."""
    if not name:
        return ()
    return (name.lower(),) if _TARGET.match(name) else (ANY_TARGET,)


def fits(use: Use, dockerfile: str, root: str) -> tuple[bool, str | None]:
    """Whether `use` speaks, or may speak, of `dockerfile` (a real path); and the context, where it surely does."""
    context = (use.context or ".").removeprefix("dir://")
    if _REMOTE.match(context) or max(len(context), len(use.dockerfile or "")) > _MAX_PATH:
        return False, None
    apart = not use.beside_context and use.dockerfile
    names = (use.dockerfile,) if use.dockerfile else DEFAULT_NAMES
    paths = [name if apart else os.path.join(context, name) for name in names]
    if all(_known(part) for path in (context, *paths) for part in path.split("/")):
        try:
            found = _look(use, context, paths, dockerfile, root)
        except (OSError, ValueError):  # what no file system takes for a path names nothing
            return False, None
        if found is not None:
            return found
    return any(_may_end(dockerfile, path) for path in paths), None


def _look(use: Use, context: str, paths: list[str], dockerfile: str, root: str) -> tuple[bool, str | None] | None:
    """What the disk says; None when it cannot decide."""
    another = False
    # Compose and bake take paths from the first file of the command line or from the working directory: often the root.
    for base in dict.fromkeys((use.folder, root)):
        for path in paths:
            candidate = os.path.normpath(os.path.join(base, path))
            if not inside(candidate, root):
                continue
            real = os.path.realpath(candidate)
            if real == dockerfile:
                return True, os.path.normpath(os.path.join(base, context))
            if inside(real, root) and os.path.isfile(real):
                another = True
                break
        if another and not use.script:
            return False, None
    return (False, None) if not use.script or (another and not use.wanders) else None


def _may_end(dockerfile: str, path: str) -> bool:
    """Whether a path that starts from anywhere can lead to `dockerfile`: what is known of its end must be the same."""
    parts = [part for part in os.path.normpath(path).split("/") if part not in ("", ".", "..")]
    if path.startswith("/"):
        parts = parts[-1:]  # a checkout may lie anywhere
    known: list[str] = []
    for part in reversed(parts):
        if not _known(part):
            break
        known.append(part)
    return dockerfile.split(os.sep)[::-1][: len(known)] == known


def _known(part: str) -> bool:
    return not (UNKNOWN in part or "`" in part or part.startswith("~"))
