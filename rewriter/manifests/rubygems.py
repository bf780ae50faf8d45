"""Gemfile.lock and Gemfile."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from rewriter.manifests.reading import MOST_DEPENDENCIES, Unread, read_text
from rewriter.manifests.records import Dependency, Manifest

if TYPE_CHECKING:
    from rewriter.context import BuildContext

_GEM = re.compile(r"""gem[ \t]{0,9}\(?[ \t]{0,9}["']([A-Za-z0-9_.-]{1,100})["']([^\n]{0,500})""")
_EXACT = re.compile(r"""^[ \t]{0,9},[ \t]{0,9}["']=?[ ]{0,3}(\d[\w.]{0,40})["']""")


def read_gemfile_lock(context: BuildContext, path: str) -> Manifest:
    """The closure; PLATFORMS comes as settings, one for each, and so does ``ruby``.

    A gem that is listed with platforms (``nokogiri (1.16.0-x86_64-linux)``) has binaries for these.
    """
    text = read_text(context, path)
    if isinstance(text, Unread):
        return Manifest(path, "rubygems", unread=text.reason)
    section, origin = "", ""
    gems: dict[str, list[str]] = {}
    origins: dict[str, str] = {}
    direct: set[str] = set()
    settings: list[tuple[str, str]] = []
    for line in text.split("\n"):
        if line and line[0] not in " \t":
            section = line.strip()
            origin = {"GIT": "git", "PATH": "path"}.get(section, "")
            continue
        word = line.strip()
        indent = len(line) - len(line.lstrip())
        if section in ("GEM", "GIT", "PATH") and indent == 4:
            name, _, version = word.partition(" (")
            gems.setdefault(name.lower(), []).append(version.rstrip(")"))
            origins[name.lower()] = origin
        elif section == "PLATFORMS" and word:
            settings.append(("platform", word))
        elif section == "DEPENDENCIES" and word:
            direct.add(word.partition(" ")[0].rstrip("!").lower())
        elif section == "RUBY VERSION" and word:
            settings.append(("ruby", word))
    if not gems and "GEM" not in text:
        return Manifest(path, "rubygems", unread="is not a Gemfile.lock")
    if len(gems) > MOST_DEPENDENCIES:
        return Manifest(path, "rubygems", unread="names too many packages")
    found = tuple(_gem(name, all_, path, name in direct, origins[name]) for name, all_ in gems.items())
    return Manifest(path, "rubygems", found, complete=True, settings=tuple(settings))


def _gem(name: str, versions: list[str], path: str, direct: bool, origin: str) -> Dependency:
    plain = min(versions, key=len)
    marks = [version.partition("-")[2] for version in versions if "-" in version]
    musl = any("linux-musl" in mark for mark in marks)
    gnu = any("linux" in mark and "musl" not in mark for mark in marks)
    libc = (("glibc",) if gnu else ()) + (("musl",) if musl else ())
    # Listed without a platform it can be compiled from source as well.
    source = any("-" not in version for version in versions)
    native = True if libc else None
    wheels = ("source",) if source and libc else ()
    return Dependency("rubygems", name, plain.partition("-")[0], path, direct, native, libc, wheels, origin)


def read_gemfile(context: BuildContext, path: str) -> Manifest:
    """The literal names of a Gemfile; what its Ruby code computes is not seen."""
    text = read_text(context, path, 1_000_000)
    if isinstance(text, Unread):
        return Manifest(path, "rubygems", unread=text.reason)
    found = []
    for line in text.split("\n"):
        if (hit := _GEM.match(line.strip())) is None:
            continue
        rest = hit[2]
        exact = _EXACT.match(rest)
        origin = "git" if re.search(r"\b(git|github):", rest) else "path" if re.search(r"\bpath:", rest) else ""
        found.append(Dependency("rubygems", hit[1].lower(), exact[1] if exact else "", path, origin=origin))
    return Manifest(path, "rubygems", tuple(found[:MOST_DEPENDENCIES]))
