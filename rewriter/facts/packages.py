"""Packages of Debian, Ubuntu and Red Hat by their names on Alpine, and libraries that a compiled program needs.

The files are data/packages/*.txt; each is read when it is first asked for. Nothing is believed: what is odd raises
FactsError with its line. Lines starting with `#` are comments; each file needs `source TEXT` and `collected DATE`.

apt.txt, yum.txt
    is      NAME [RANGE] APK… [| NOTE]    the same under this name (in these releases of Alpine: `3.9..3.16`, `..3.15`)
    like    NAME [RANGE] APK… [| NOTE]    nearly the same, or not confirmed: a person should look
    drop    NAME REASON                   nothing of it is needed on Alpine
    omit    NAME REASON                   as drop, but a person should look
    refuse  NAME REASON                   cannot be carried over (reads on from "the package NAME")
    group   "NAME" APK…                   a group of packages (yum groupinstall)
alpine_names.txt
    newest  RELEASE                       what an unknown or floating release is taken for
    listed  RELEASE                       the release whose complete list was read
    NAME RANGE|* 2020|notes [RELEASE]     where it was read, and the newest release for which a recipe names it
runtime.txt
    suites  FAMILY SUITE…
    NAME FAMILY SUITE,…|* PACKAGE…        the libraries that a program linked with NAME needs at run time
programs.txt
    implicit NAME APK                     a program that full images have and alpine has in this package
    program  NAME APK                     a program that comes with a package
"""

from __future__ import annotations

from rewriter.facts.packages_files import Names, Table, read_names, read_programs, read_runtime, read_table
from rewriter.facts.records import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal

    Certainty = Literal["read", "assumed"]


class Mapped(Record):
    """The Alpine packages that stand for a package; `note` says what differs ("" = nothing known)."""

    __slots__ = ("certainty", "names", "note")
    names: tuple[str, ...]
    certainty: Certainty
    note: str

    def __init__(self, names: tuple[str, ...], certainty: Certainty, note: str = "") -> None:
        self._fill(names=names, certainty=certainty, note=note)


class Droppable(Record):
    """Nothing of the package is needed on Alpine, and why."""

    __slots__ = ("certainty", "reason")
    reason: str
    certainty: Certainty

    def __init__(self, reason: str, certainty: Certainty = "read") -> None:
        self._fill(reason=reason, certainty=certainty)


class Refused(Record):
    """The package cannot be carried over: `reason` reads on from its name ("needs systemd")."""

    __slots__ = ("reason",)
    reason: str

    def __init__(self, reason: str) -> None:
        self._fill(reason=reason)


Answer = Mapped | Droppable | Refused
_tables: dict[str, Table] = {}
_names: list[Names] = []
_runtime: list[dict[tuple[str, str, str], tuple[str, ...]]] = []
_programs: list[dict[str, tuple[str, str]]] = []
_OTHER_RELEASES = "has no counterpart in this release of Alpine"


def apk_for(name: str, release: str | None = None, family: str = "debian") -> Answer:
    """What stands for a package on Alpine. `release` ("3.18"): None is a floating or unknown one, taken for the newest.

    `family` is debian, ubuntu or rhel.
    """
    table = _table("yum" if family == "rhel" else "apt")
    at = _numbers(release)
    entries = table.packages.get(name)
    if entries is None:
        return _by_rule(name, at) if family != "rhel" else Refused("is not known by its name on Alpine")
    keyword, low, high, names, note = entries[0]
    if keyword == "drop":
        return Droppable(note)
    if keyword == "omit":
        return Droppable(note, "assumed")
    if keyword == "refuse":
        return Refused(note)
    for keyword, low, high, names, note in entries:
        if low <= at <= high and all(_known(apk, at) for apk in names):
            sure = keyword == "is" and all(_confirmed(apk, at) for apk in names)
            return Mapped(names, "read" if sure else "assumed", note)
    return Refused(f"{_OTHER_RELEASES} ({note})" if note else _OTHER_RELEASES)


def group_packages(name: str) -> tuple[str, ...] | None:
    """The Alpine packages of a yum group; None when it is not known."""
    return _table("yum").groups.get(name.strip().lower())


def known_apk(name: str, release: str | None = None) -> bool:
    """True when the shipped list has this Alpine package for the release (None: the newest)."""
    return _known(name, _numbers(release))


def runtime_library(name: str, family: str, suite: str) -> tuple[str, ...] | None:
    """The packages that a program compiled with `name` needs at run time; () when it needs none, None when unknown.

    `family` is debian, ubuntu or alpine, `suite` its release by name (`bookworm`, `jammy`) or number (`3.18`).
    """
    if not _runtime:
        _runtime.append(read_runtime(_text("runtime.txt"), "runtime.txt"))
    found = _runtime[0].get((name, family, suite))
    return found if found is not None else _runtime[0].get((name, family, "*"))


def program_apk(program: str, implicit: bool = True) -> str | None:
    """The Alpine package that brings a program; None when it is not known.

    With `implicit` false only what a Debian package of its own brings: what full images have is then left out.
    """
    if not _programs:
        _programs.append(read_programs(_text("programs.txt"), "programs.txt"))
    found = _programs[0].get(program)
    return found[1] if found is not None and (implicit or found[0] == "program") else None


def _by_rule(name: str, at: tuple[int, ...]) -> Answer:
    """The rules by which Alpine names what Debian names otherwise; only what the list of names has counts."""
    for candidate in _candidates(name):
        if _known(candidate, at):
            return Mapped((candidate,), "assumed", "found by its name")
    return Refused("is not known by its name on Alpine")


def _candidates(name: str) -> tuple[str, ...]:
    if name.startswith("lib") and name.endswith("-dev"):
        return (f"{name[3:-4]}-dev", name)
    if name.startswith("python3-"):
        return (f"py3-{name[8:]}",)
    if name.startswith("fonts-"):
        return (f"font-{name[6:]}",)
    stem = name.removesuffix("t64").rstrip("0123456789.").rstrip("-").rstrip("0123456789.")
    if name.startswith("lib") and stem != name and len(stem) > 4:
        return (stem[3:], f"{stem[3:]}-libs", stem)
    return ()


def _table(name: str) -> Table:
    if name not in _tables:
        _tables[name] = read_table(_text(f"{name}.txt"), f"{name}.txt")
    return _tables[name]


def _list() -> Names:
    if not _names:
        _names.append(read_names(_text("alpine_names.txt"), "alpine_names.txt"))
    return _names[0]


def _text(file: str) -> str:
    from rewriter.facts.loader import read_shipped

    return read_shipped(f"packages/{file}")


def _numbers(release: str | None) -> tuple[int, ...]:
    parts = (release or "").split(".")
    return tuple(int(part) for part in parts) if all(part.isdecimal() for part in parts) else _list().newest


def _known(apk: str, at: tuple[int, ...]) -> bool:
    entry = _list().entries.get(apk)
    return entry is not None and entry.first <= at <= entry.last


def _confirmed(apk: str, at: tuple[int, ...]) -> bool:
    """Listed then (or at most two releases earlier), or at most as new as the newest recipe that names it."""
    names = _list()
    entry = names.entries[apk]
    oldest = (names.listed[0], names.listed[1] - 2)
    return oldest <= at <= (max(entry.seen, names.listed) if entry.read else entry.seen)
