"""The name of one proof, which says who made it, so that what a killed run left behind can be told from what is in use.

``v1-HOST-PID-START-TIME-CHANCE``: HOST stands for the boot and the process-id namespace of the maker, PID and START for
its process, TIME for the second it began. Every field is needed: an engine may be remote and serve several machines, a
container has process ids of its own, and process ids are given out again.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import tempfile
import time
from contextlib import suppress
from functools import cache
from pathlib import Path

_FORM = re.compile(r"v1-([0-9a-f]{12})-([0-9]+)-([0-9]+)-([0-9]+)-[0-9a-f]{8}\Z")

_PROGRAM = "dfrewrite-"
_ON_DISK = "/var/tmp"
FOLDER_PREFIX = f"{_PROGRAM}v1-"
LONGEST_PROOF = 7 * 24 * 3600
"""Seconds after which a proof of another machine, or from before a restart, counts as over: it cannot be asked."""


def new_identity() -> str:
    """A name for a proof by this process."""
    pid = os.getpid()
    return f"v1-{_host()}-{pid}-{started(pid) or 0}-{int(time.time())}-{secrets.token_hex(4)}"


def folder_of_all() -> Path:
    """The folder in which proofs have theirs: the one for temporary files, but on a disk: /tmp often is memory."""
    chosen = tempfile.gettempdir()
    may_be_memory = chosen == "/tmp" and "TMPDIR" not in os.environ
    return Path(_ON_DISK if may_be_memory and os.access(_ON_DISK, os.W_OK | os.X_OK) else chosen)


def folder_of(identity: str) -> Path:
    """Where a proof keeps its files while it runs: saved images among them, each as big as the image."""
    return folder_of_all() / f"{_PROGRAM}{identity}"


def identity_of(folder: Path) -> str:
    """The proof that a folder belongs to, by its name."""
    return folder.name.removeprefix(_PROGRAM)


def is_over(identity: str) -> bool:
    """True when the process that made a proof is surely gone; False for a name that is not of this form."""
    match = _FORM.match(identity)
    if match is None:
        return False
    host, pid, start, began = match[1], int(match[2]), int(match[3]), int(match[4])
    if host != _host():
        return time.time() - began > LONGEST_PROOF
    return not _runs(pid) or (start != 0 and started(pid) != start)


def started(pid: int) -> int | None:
    """When a process began, in clock ticks since the machine did; None where that cannot be told (only Linux says)."""
    with suppress(OSError, ValueError, IndexError):
        # The name in parentheses may hold anything, blanks and parentheses included.
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        return int(fields[19])
    return None


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return True


@cache
def _host() -> str:
    """The boot and the process-id namespace; where the kernel names neither, the machine alone."""
    parts = [os.uname().nodename]
    with suppress(OSError):
        parts.append(Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip())
    with suppress(OSError):
        parts.append(os.readlink("/proc/self/ns/pid"))
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]
