"""The program that is started in the end: the same one, with the parts that it was built with."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rewriter.proof.inside.runtimes.java import read_jar
from rewriter.proof.inside.trail import Problem

if TYPE_CHECKING:
    from rewriter.proof.inside.start import Side

_STUBS = {
    b"go-sqlite3 requires cgo to work. This is a stub": "go-sqlite3 as a stub that fails at its first use",
}
"""Texts of libraries that stand in for their own C code when Go builds without cgo, and what they mean."""


_BUILD_INFO = re.compile(rb"path\t([^\n]+)\n(?:(?:mod|dep|=>)\t[^\n]*\n)*((?:build\t[^\n]*\n)+)")
"""What Go notes in a program of its build (runtime/debug.BuildInfo); Go 1.18 and later say how it was built."""
_BUILD_SETTING = re.compile(r"^build\t([^=\n]+)=(.*)$", re.MULTILINE)
_STAMP = re.compile(r"-X[ =]'?([\w./-]+\.\w+)=([^\s'\"\\]*)")
_NO_PACKAGE = ("command-line-arguments", "_/")
"""How Go calls a main package that is given by its files, or lies outside of any module."""


@dataclass(frozen=True, slots=True)
class _GoBuild:
    """How a program of Go was built."""

    package: str
    settings: Mapping[str, str]

    @property
    def tags(self) -> frozenset[str]:
        return frozenset(self.settings.get("-tags", "").strip('"').replace(" ", ",").split(",")) - {""}

    @property
    def stamps(self) -> dict[str, str]:
        """Variables that the linker set, with their values."""
        return dict(_STAMP.findall(self.settings.get("-ldflags", "")))


def changed_programs(before: Side, after: Side) -> list[Problem]:
    """A problem for a program that is built with less than the original's, or is another one of the same name."""
    return [*_stubs(before, after), *_go_builds(before, after), *_jars(before, after)]


def _stubs(before: Side, after: Side) -> Iterator[Problem]:
    for path in after.trail.programs:
        for text, meaning in _STUBS.items():
            if after.contents.holds(path, text) and not any(
                before.contents.holds(p, text) for p in before.trail.programs
            ):
                what = f"{path} is built without cgo and holds {meaning}"
                yield Problem(what, path, (text.decode(),), "cgo")


def _go_builds(before: Side, after: Side) -> Iterator[Problem]:
    """Another package, lost build tags, lost values of the linker: what shows on no page that is asked for."""
    old, new = _go_build(before), _go_build(after)
    if old is None or new is None or after.trail.entry is None:
        return
    path = after.trail.entry.path
    if old.package != new.package and not any(each.package.startswith(_NO_PACKAGE) for each in (old, new)):
        what = f"{path} is built of the package {new.package}, and the original's program of {old.package}"
        yield Problem(what, path, key="go package")
        return
    if old.tags != new.tags:
        had, has = (", ".join(sorted(each.tags)) or "none" for each in (old, new))
        yield Problem(f"{path} is built with the tags {has} and was built with {had}", path, key="go tags")
    if "-trimpath" in {*old.settings, *new.settings}:
        return  # then Go notes no -ldflags (golang.org/issue/52372)
    lost = [name for name, value in old.stamps.items() if value and not new.stamps.get(name)]
    if lost:
        evidence = tuple(f"original: -X {name}={old.stamps[name]}" for name in lost[:5])
        yield Problem(f"{path} is built without a value for {', '.join(lost[:3])}", path, evidence, "go values")


def _go_build(side: Side) -> _GoBuild | None:
    """How the program that is started in the end was built; None when Go did not make it, or does not say."""
    path = side.trail.entry.path if side.trail.entry is not None else None
    if path is None or path not in side.trail.programs or not side.contents.is_go(path):
        return None
    found = _BUILD_INFO.search(side.contents.of(path) or b"")
    if found is None:
        return None
    package, settings = (part.decode("utf-8", "replace") for part in found.groups())
    return _GoBuild(package, dict(_BUILD_SETTING.findall(settings)))


def _jars(before: Side, after: Side) -> Iterator[Problem]:
    """Of several jars, the wrong one may have been copied under the right name."""
    old = next((each.entry for each in before.trail.runtimes if each.name == "java" and each.entry), None)
    new = next((each.entry for each in after.trail.runtimes if each.name == "java" and each.entry), None)
    had = read_jar(before.image, old) if old else None
    has = read_jar(after.image, new) if new else None
    if had is None or has is None or old is None or new is None:
        return
    if had.main != has.main:
        evidence = (f"original: {old}: {had.main}", f"new: {new}: {has.main}")
        yield Problem(f"{new} starts the class {has.main}, and the original's jar {had.main}", new, evidence, "jar")
        return
    lost = sorted(had.classes - has.classes)
    if lost:
        more = f" (and {len(lost) - 1} more)" if len(lost) > 1 else ""
        what = f"{posixpath.basename(new)} lacks the class {lost[0]}{more} that the original's has"
        yield Problem(what, new, tuple(lost[:8]), "jar")
