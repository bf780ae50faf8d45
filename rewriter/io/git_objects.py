"""Reading the objects of a git repository by one long-lived process, without letting the repository run anything."""

from __future__ import annotations

import math
import os
import re
import select
import subprocess
import weakref
from pathlib import Path
from typing import NamedTuple

from rewriter.io.gitcmd import FOREIGN_VARIABLES, SAFE_OPTIONS, SAFE_VARIABLES

_PATIENCE = 60.0  # seconds that git may be silent before it is taken for dead
_HEADER = re.compile(rb"([0-9a-f]{40,64}) (blob|tree|commit|tag) ([0-9]+)\n")

# A partial clone lacks objects, and an older git fetches them when they are asked for, by whatever program the
# repository's configuration names. An object is what its id says, whatever refs/replace holds.
_VARIABLES = {**SAFE_VARIABLES, "GIT_ALLOW_PROTOCOL": "none", "GIT_NO_REPLACE_OBJECTS": "1"}


class GitObject(NamedTuple):
    """An object: its full id, what it is (`blob`, `tree`, `commit` or `tag`), and its bytes."""

    oid: str
    kind: str
    content: bytes


class GitObjects:
    """The objects of `repository`, which is a bare repository or a folder of a work tree.

    Nothing raises: what is missing or damaged cannot be read. The process is started when it is needed, again if it
    died, and ends with `close` or with this object. Not for several threads at once.
    """

    def __init__(self, repository: Path) -> None:
        self._repository = repository
        self._process: _Process | None = None
        self._refused: dict[str, float] = {}  # by name: the size that was too much, infinite for what is not there

    def get(self, name: str, limit: int) -> GitObject | None:
        """What an id, or an expression such as `main^{tree}`, stands for.

        None if it is missing, damaged or larger than `limit` bytes, or if git does not answer.
        """
        if self._refused.get(name, 0) > limit or "\n" in name:
            return None
        if self._process is None or self._process.ended:
            self.close()
            self._process = _start(self._repository)
        answer = self._process.ask(name, limit) if self._process is not None else None
        if isinstance(answer, GitObject):
            return answer
        self._refused[name] = math.inf if answer is None else answer
        return None

    def close(self) -> None:
        """Ends the process, if there is one; asked again, another is started."""
        if self._process is not None:
            self._process.end()
            self._process = None


def _start(repository: Path) -> _Process | None:
    environment = {name: value for name, value in os.environ.items() if name not in FOREIGN_VARIABLES}
    try:
        return _Process(
            subprocess.Popen(
                ["git", *SAFE_OPTIONS, "cat-file", "--batch"],
                cwd=repository,
                env=environment | _VARIABLES,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                bufsize=0,
            )
        )
    except (OSError, ValueError):
        return None


class _Process:
    """One run of `git cat-file --batch`."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self._process = process
        self._stdin = process.stdin
        self._stdout = process.stdout.fileno()
        self._poll = select.poll()
        self._poll.register(self._stdout, select.POLLIN)
        self._unread = bytearray()
        self.end = weakref.finalize(self, _end, process)

    @property
    def ended(self) -> bool:
        return not self.end.alive or self._process.poll() is not None

    def ask(self, name: str, limit: int) -> GitObject | int | None:
        """The object, its size in bytes if that is over the limit, or None. The process ends where it must."""
        try:
            self._stdin.write(os.fsencode(name) + b"\n")
            header = self._line()
            found = _HEADER.fullmatch(header)
            if found is None:  # "<name> missing"
                return None
            size = int(found[3])
            if size > limit:
                self.end()  # cheaper than to read all that is coming
                return size
            content = self._take(size)
            self._take(1)
        except (OSError, ValueError):
            self.end()
            return None
        return GitObject(found[1].decode("ascii"), found[2].decode("ascii"), content)

    def _line(self) -> bytes:
        while b"\n" not in self._unread:
            self._receive()
        return self._take(self._unread.index(b"\n") + 1)

    def _take(self, size: int) -> bytes:
        while len(self._unread) < size:
            self._receive()
        taken = bytes(self._unread[:size])
        del self._unread[:size]
        return taken

    def _receive(self) -> None:
        data = os.read(self._stdout, 1 << 16) if self._poll.poll(_PATIENCE * 1000) else b""
        if not data:
            raise OSError("git has ended, or does not answer")
        self._unread += data


def _end(process: subprocess.Popen[bytes]) -> None:
    with process:  # closes the pipes, and waits
        process.kill()
