"""Which files a program asked for, read from what strace writes, and which of the original's the new image lacks."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from posixpath import basename, isabs, join, normpath

_CALL = re.compile(r"(\w+)\((.*)\)\s+= (-?\d+|\?)(?:<[^>]*>)?(?: (E\w+))?")
_PATH = re.compile(r'"((?:[^"\\]|\\.)*)"')
_FOLDER = re.compile(r"(?:AT_FDCWD|\d+)<([^>]*)>$")
_UNFINISHED = " <unfinished ...>"
_RESUMED = re.compile(r"<\.\.\. \w+ resumed>\s*")
_MISSING, _DENIED = ("ENOENT", "ENOTDIR", "ELOOP"), ("EACCES", "EPERM")
_OPENS = ("open", "openat", "openat2", "execve", "execveat")

# What programs look for by habit, here or there, and do without.
_HABITS = re.compile(
    r"^/(?:proc|sys|dev|tmp|run)(?:/|$)|^/etc/(?:ld\.so\.|ld-musl|nsswitch\.conf|host\.conf|gai\.conf|resolv\.conf|hosts$)"
    r"|^/\.dfrewrite(?:/|$)|/locale(?:/|$|-archive)|/gconv(?:/|$)|/terminfo(?:/|$)|\.py[co]$|/__pycache__|/glibc-hwcaps/"
)
_SHARED_OBJECT = re.compile(r"\.so(?:\.[\d.]+)?$")
_KNOWN_NEEDS = re.compile(r"^/etc/(?:ssl|pki|mime\.types|passwd|group)|/zoneinfo(?:/|$)|^/usr/share/(?:mime|ca-)")
_SYSTEM = re.compile(r"^/(?:etc|usr(?!/local/|/src/)|bin|sbin|lib(?:32|64)?|var(?!/www/))(?:/|$)")
_DRIVER = re.compile(r"^/(?:bin|sbin|usr/bin|usr/sbin)/")


@dataclass(frozen=True, slots=True)
class Asked:
    """A path that a program named, as it did, and in full."""

    raw: str
    path: str
    executed: bool
    opened: bool
    error: str = ""


@dataclass
class Trace:
    """The paths that were there, and those that were not, in the order in which they were first asked for."""

    there: dict[str, Asked] = field(default_factory=dict)
    failed: dict[str, Asked] = field(default_factory=dict)

    @property
    def is_empty(self) -> bool:
        """True when nothing was traced: strace did not run."""
        return not self.there and not self.failed


@dataclass(frozen=True, slots=True)
class Lacking:
    """A file that the original had when it ran, and the new image has not, or does not let the program have."""

    path: str
    error: str
    executed: bool
    rank: int
    """0 for what surely matters, up to 4 for a system's file that programs look for by habit."""
    found_at: str = ""
    """Where the original found it, when that is another folder: the name is relative, the working folder another."""

    @property
    def clause(self) -> str:
        """As a sentence about a difference goes on."""
        if self.found_at:
            return f"the program looks for {self.path}, and the original finds it as {self.found_at}"
        if self.error in _DENIED:
            return f"the program may not {'run' if self.executed else 'open'} {self.path}, which the original may"
        if self.executed:
            return f"the new image cannot run {self.path}: it, its interpreter or its loader is missing"
        return f"the new image lacks {self.path}, which the old one opened"


def read_trace(lines: Iterable[str]) -> Trace:
    """Read the lines of ``strace -f -y -e trace=%file``; what is no call is skipped."""
    trace = Trace()
    pending: dict[str, str] = {}
    folders: dict[str, str] = {}
    for line in lines:
        pid, _, rest = line.rstrip("\n").partition(" ")
        rest = rest.lstrip()
        if rest.endswith(_UNFINISHED):
            pending[pid] = rest.removesuffix(_UNFINISHED)
            continue
        if (resumed := _RESUMED.match(rest)) is not None:
            rest = pending.pop(pid, "") + rest[resumed.end() :]
        call = _CALL.match(rest)
        if call is not None:
            _take(trace, call, pid, folders)
    return trace


def _take(trace: Trace, call: re.Match[str], pid: str, folders: dict[str, str]) -> None:
    name, arguments, result, error = call.groups()
    found = _PATH.search(arguments)
    if found is None or not found[1]:
        return
    raw = _unescaped(found[1])
    annotated = _FOLDER.search(arguments[: found.start()].rstrip(", "))
    if annotated is not None and "AT_FDCWD" in arguments[: found.start()]:
        folders[pid] = folders[""] = annotated[1]
    folder = annotated[1] if annotated else folders.get(pid, folders.get("", "/"))
    path = normpath(raw if isabs(raw) else join(folder, raw))
    if name == "chdir" and result == "0":
        folders[pid] = folders[""] = path
    asked = Asked(raw, path, name.startswith("execve"), name in _OPENS, error or "")
    if result.startswith("-"):
        trace.failed.setdefault(path, asked)
    elif path not in trace.there or (asked.opened and not trace.there[path].opened):
        trace.there[path] = asked


def _unescaped(text: str) -> str:
    if "\\" not in text:
        return text
    return (
        text.encode("latin-1", "replace")
        .decode("unicode_escape")
        .encode("latin-1", "replace")
        .decode("utf-8", "replace")
    )


def lacking(before: Trace, after: Trace, said: str = "") -> list[Lacking]:
    """What the original got and the new program did not, the most telling first.

    ``said`` is what the new program printed and answered: a file that is named there comes before all others.
    """
    by_name = {asked.raw: asked for asked in before.there.values() if not isabs(asked.raw)}
    libraries = {basename(path) for path in after.there if _SHARED_OBJECT.search(path)}
    found = []
    for path, asked in after.failed.items():
        original = before.there.get(path) or (by_name.get(asked.raw) if path not in before.failed else None)
        if original is None or path in after.there or asked.error not in (*_MISSING, *_DENIED):
            continue
        if _HABITS.search(path) or (_SHARED_OBJECT.search(path) and basename(path) in libraries):
            continue
        executed = asked.executed and original.executed
        # A shell tries the folders of PATH one after another, and runs the program of another one then.
        if _DRIVER.search(path) and not executed and any(basename(other) == basename(path) for other in after.there):
            continue
        elsewhere = original.path if original.path != path else ""
        found.append(Lacking(path, asked.error, executed, _rank(asked, executed, said), elsewhere))
    return sorted(found, key=lambda each: each.rank)


def _rank(asked: Asked, executed: bool, said: str) -> int:
    if asked.path in said or (len(asked.raw) > 3 and asked.raw in said):
        return 0
    if executed or _SHARED_OBJECT.search(asked.path):
        return 1
    if _KNOWN_NEEDS.search(asked.path):
        return 3
    return 4 if _SYSTEM.search(asked.path) else 2


def is_telling(each: Lacking) -> bool:
    """Whether it may be called the cause without anybody having named it."""
    return each.rank < 4


def named(lack: Sequence[Lacking], texts: Iterable[str]) -> Lacking | None:
    """The first of them whose path one of the texts names."""
    said = "\n".join(texts)
    return next((each for each in lack if each.path in said or basename(each.path) in said), None)
