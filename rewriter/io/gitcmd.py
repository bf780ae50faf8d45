"""Asking git something, without letting a repository run anything of its own."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

# A repository can name programs in its configuration that the most harmless command would start.
SAFE_OPTIONS = ("-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null")

# Inside a hook these point at the repository of the hook, which need not be the one that we were asked about.
FOREIGN_VARIABLES = (
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_COMMON_DIR",
    "GIT_INDEX_FILE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_NAMESPACE",
    "GIT_PREFIX",
)

SAFE_VARIABLES = {
    "GIT_OPTIONAL_LOCKS": "0",  # read the index, never write it on the way
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_NO_LAZY_FETCH": "1",  # a partial clone would go to the network for what it lacks
    "GIT_ALLOW_PROTOCOL": "none",  # and a git too old to know that would run what the repository names for it
    "GIT_LITERAL_PATHSPECS": "0",
    "GIT_GLOB_PATHSPECS": "0",
    "GIT_NOGLOB_PATHSPECS": "0",
    "GIT_ICASE_PATHSPECS": "0",
    "LC_ALL": "C",
}


def run_git(arguments: list[str], folder: Path, *, timeout: float = 60.0) -> subprocess.CompletedProcess[bytes]:
    """Run `git <arguments>` in `folder`.

    Raises OSError if there is no git or no folder, and subprocess.TimeoutExpired after `timeout` seconds.
    """
    environment = {name: value for name, value in os.environ.items() if name not in FOREIGN_VARIABLES}
    return subprocess.run(
        ["git", *SAFE_OPTIONS, *arguments],
        cwd=folder,
        env=environment | SAFE_VARIABLES,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=timeout,
        check=False,
    )


def ask_git(arguments: list[str], folder: Path, *, timeout: float = 60.0) -> bytes | None:
    """What `git <arguments>` prints in `folder`; None if git is missing, refuses, or takes over `timeout` seconds."""
    try:
        answer = run_git(arguments, folder, timeout=timeout)
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return None
    return answer.stdout if answer.returncode == 0 else None


def work_tree(folder: Path) -> Path | None:
    """The top of the git work tree that `folder` lies in; None if it lies in none."""
    answer = ask_git(["rev-parse", "--show-toplevel"], folder)
    return Path(os.fsdecode(answer.removesuffix(b"\n"))) if answer else None


class WorkTrees:
    """The git work trees that folders lie in. Git is asked once for each `.git` above them, not for each folder."""

    def __init__(self) -> None:
        self._tops: dict[str, Path | None] = {}

    def top(self, folder: Path) -> Path | None:
        """As `work_tree` says it."""
        start = os.path.realpath(folder)
        if ".git" in start.split(os.sep):
            return work_tree(folder)
        marked = next((path for path in _upwards(start) if os.path.lexists(os.path.join(path, ".git"))), None)
        if marked is None:
            return None
        if marked not in self._tops:
            self._tops[marked] = work_tree(Path(marked))
        return self._tops[marked]


def _upwards(folder: str) -> Iterator[str]:
    while True:
        yield folder
        above = os.path.dirname(folder)
        if above == folder:
            return
        folder = above
