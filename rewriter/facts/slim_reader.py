"""The form of the text files in data/slim. Nothing is believed: what is odd raises FactsError with its line.

Lines starting with `#` are comments. What belongs to a package is indented under it.

    suite      NAME                  the Debian suite                                                       (needed)
    source     TEXT                  how the table was made                                                 (needed)
    as-of      DATE                  when                                                                   (needed)
    base       PACKAGE…              what debian:SUITE-slim itself has                                      (needed)
    perl-base  MODULE…               the Perl modules of that image; all others came with the package perl
    brings     PACKAGE PACKAGE…      a package of no layer, and those of the layers that it brings
    layer      curl|scm|full|go      begins a layer; each holds those before it, but go stands on scm
    package    NAME asked|pulled     asked: the layer's recipe names it; pulled: it came as a dependency
      instead    PACKAGE             which one to ask for when this is wanted
      needs      PACKAGE…            its dependencies among the packages of the layers
      programs   NAME…               in /usr/bin and /usr/sbin, alternatives included
      libraries  SONAME…
      links      NAME…               what `-lNAME` finds
      modules    NAME…               what pkg-config knows by it
      paths      PATH…               files and folders that are its alone; /usr/lib and /lib are one
    packages   NAME…                 in layer go only: its packages, which the layer full tells of

suites.txt has `source` and `as-of` too, and

    archived   SUITE…                `apt-get update` fails in images of these
    live       SUITE…                these were asked for as well
    nearest    SUITE SUITE…          the table of the first speaks for the others
    program    NAME PACKAGE SUITE…   what these suites have beside that table
    man-pages  SUITE PREFIX…         packages whose names begin so do not configure there without /usr/share/man/man1
"""

from __future__ import annotations

from rewriter.facts.records import FactsError
from rewriter.facts.slim_gap import COMPUTED, LAYERS, LostPackage, SlimGap, SlimSuites
from rewriter.facts.values import OddLineError, is_date, read_lines

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_LISTS = ("needs", "programs", "libraries", "links", "modules", "paths")


def parse_slim(text: str, file: str) -> SlimGap:
    """The table that `text` says; `file` is only named in errors. Raises FactsError."""
    reader = _Reader()
    read_lines(text, file, reader.read, reader.finish)
    if not file.endswith(f"{reader.gap.suite}.txt"):
        raise FactsError(file, 1, f"the file of suite '{reader.gap.suite}' has another name")
    return reader.gap


class _Reader:
    def __init__(self) -> None:
        self.gap = SlimGap()
        self.layer = ""
        self.seen: set[str] = set()
        self.package = ""
        self.parts: dict[str, dict[str, tuple[str, ...]]] = {}
        self.asked: set[str] = set()
        self.layers: dict[str, str] = {}

    def read(self, line: str, _number: int) -> None:
        words = line.split()
        if len(words) < 2:
            raise OddLineError(f"'{line.strip()}' says nothing")
        key = words[0]
        if line[0] == " ":
            self._part(key, words)
        elif key == "layer":
            self._layer(words)
        elif key == "package":
            self._package(words)
        elif key == "packages" and self.layer == "go":
            self.gap.go |= frozenset(words[1:])
            self.package = ""
        elif self.layer:
            raise OddLineError(f"unknown keyword '{key}' (or it belongs above the layers)")
        else:
            self._head(key, words, line)

    def _head(self, key: str, words: list[str], line: str) -> None:
        gap = self.gap
        if key == "base":
            gap.base |= self._new(words[1:], gap.base)
        elif key == "perl-base":
            gap.perl_base |= self._new(words[1:], gap.perl_base)
        elif key == "brings":
            if words[1] in gap.brings or len(words) < 3:
                raise OddLineError(f"duplicate or empty: brings {words[1]}")
            gap.brings[words[1]] = tuple(words[2:])
        elif key in self.seen:
            raise OddLineError(f"duplicate {key}")
        elif key == "suite" and len(words) == 2:
            gap.suite = words[1]
        elif key == "source":
            gap.source = line.split(None, 1)[1]
        elif key == "as-of" and len(words) == 2 and is_date(words[1]):
            gap.as_of = words[1]
        else:
            raise OddLineError(f"unknown or malformed keyword '{key}'")
        self.seen.add(key)

    def _new(self, words: list[str], before: frozenset[str]) -> frozenset[str]:
        if len(set(words)) != len(words) or before & set(words):
            raise OddLineError("a name stands twice")
        return frozenset(words)

    def _layer(self, words: list[str]) -> None:
        order = (LAYERS.index(self.layer) + 1) if self.layer else 0
        if order >= len(LAYERS) or words[1:] != [LAYERS[order]]:
            raise OddLineError(f"layers stand in the order {' '.join(LAYERS)}")
        self.layer, self.package = words[1], ""

    def _package(self, words: list[str]) -> None:
        if len(words) != 3 or words[2] not in ("asked", "pulled") or self.layer in ("", "go"):
            raise OddLineError("a package line is: package NAME asked|pulled, in a layer")
        if words[1] in self.parts or words[1] in self.gap.base:
            raise OddLineError(f"duplicate package {words[1]}")
        self.package = words[1]
        self.parts[self.package] = {}
        self.layers[self.package] = self.layer
        if words[2] == "asked":
            self.asked.add(self.package)

    def _part(self, key: str, words: list[str]) -> None:
        if not self.package:
            raise OddLineError(f"'{key}' belongs under a package")
        parts = self.parts[self.package]
        if key == "instead" and len(words) == 2 and key not in parts:
            parts[key] = (words[1],)
            return
        if key not in _LISTS:
            raise OddLineError(f"unknown or malformed keyword '{key}'")
        parts[key] = (*parts.get(key, ()), *words[1:])
        table: dict[str, str] | None = getattr(self.gap, key) if key != "needs" else None
        for word in words[1:]:
            if table is not None and table.setdefault(word, self.package) != self.package:
                raise OddLineError(f"{word} is said to be of {table[word]} too")
            if (key == "paths") != word.startswith("/"):
                raise OddLineError(f"malformed: {key} {word}")

    def finish(self) -> None:
        for key in ("suite", "source", "as-of", "base"):
            if key not in self.seen:
                raise OddLineError(f"missing {key}")
        if self.layer != "go" or not self.gap.go:
            raise OddLineError("missing layer go")
        for name, parts in self.parts.items():
            named = (*parts.get("instead", ()), *parts.get("needs", ()))
            self._known(named, name)
            instead = parts.get("instead", (name,))[0]
            self.gap.packages[name] = LostPackage(
                name, self.layers[name], name in self.asked, instead, parts.get("needs", ())
            )
        self._known(tuple(self.gap.go), "layer go")
        for name, brought in self.gap.brings.items():
            self._known(brought, name)

    def _known(self, names: tuple[str, ...], where: str) -> None:
        unknown = next((name for name in names if name not in self.parts), None)
        if unknown is not None:
            raise OddLineError(f"{where} names the unknown package {unknown}")


def parse_suites(text: str, file: str) -> SlimSuites:
    """What suites.txt says; `file` is only named in errors. Raises FactsError."""
    states: dict[str, str] = {}
    nearest: dict[str, str] = {}
    programs: dict[tuple[str, str], str] = {}
    man_pages: dict[str, tuple[str, ...]] = {}
    heads: set[str] = set()
    for number, line in enumerate(text.split("\n"), 1):
        words = line.split()
        if not line or line[0] == "#":
            continue
        key = words[0] if words else ""
        if key in ("archived", "live") and len(words) > 1:
            new: dict[Any, Any] = dict.fromkeys(words[1:], key)
            known: dict[Any, Any] = states
        elif key == "nearest" and len(words) > 2 and words[1] in COMPUTED:
            new, known = dict.fromkeys(words[2:], words[1]), nearest
        elif key == "program" and len(words) > 3:
            new, known = {(suite, words[1]): words[2] for suite in words[3:]}, programs
        elif key == "man-pages" and len(words) > 2:
            new, known = {words[1]: tuple(words[2:])}, man_pages
        elif key not in heads and len(words) > 1 and (key == "source" or (key == "as-of" and is_date(words[1]))):
            heads.add(key)
            continue
        else:
            raise FactsError(file, number, f"unknown or malformed line '{line.strip()}'")
        if known.keys() & new.keys():
            raise FactsError(file, number, f"duplicate in '{line.strip()}'")
        known.update(new)
    if heads != {"source", "as-of"}:
        raise FactsError(file, 1, "missing source or as-of")
    archived = frozenset(suite for suite, state in states.items() if state == "archived")
    return SlimSuites(archived, nearest, programs, man_pages)
