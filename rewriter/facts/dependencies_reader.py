"""Reads the data files about packages of npm, PyPI, Maven, …: line by line, and nothing odd is believed.

One statement a line, words separated by blanks, ``#`` beginning a comment line:

    ecosystem  pypi                       which registry; the first line
    source     KEY DATE text…             where something was read, and when; every statement below names a KEY
    pure       KEY NAME…                  no machine code, or none that is needed: the same on every libc
    musl       KEY NAME[>=VERSION]…       brings binaries for musl too (since VERSION)
    glibc      KEY NAME…                  brings binaries for glibc only, and is not known to compile on musl
    package    NAME KEY                   begins a block about one package:
      refuse   RANGE reason…              never on musl
      doubt    RANGE reason…              works only if …
      fine     RANGE reason…              known to work
      compiles RANGE                      has no binaries: it is compiled where it is installed, also on glibc
      phase    build|run                  matters only where it is built, or only where it runs
      build-apt, run-apt, build-apk, run-apk  [SUITE] NAME…
                                          packages that it needs; a Debian or Ubuntu suite where the name hangs on it

RANGE is ``*`` or conditions joined by commas: ``<0.33``, ``>=1.2,<2``.
"""

from __future__ import annotations

from rewriter.facts.dependencies import VERDICTS, Package, numbers
from rewriter.facts.tags import SUITES
from rewriter.facts.values import OddLineError, is_date, read_lines

TYPE_CHECKING = False
if TYPE_CHECKING:
    from rewriter.facts.dependencies import Kind

_NEEDS = ("build-apt", "run-apt", "build-apk", "run-apk")


def parse_dependencies(text: str, ecosystem: str, file: str) -> dict[str, Package]:
    """The packages in the text of a data file. Raises FactsError on anything odd."""
    reader = _Reader(ecosystem)
    read_lines(text, file, reader.read, reader.finish)
    return reader.packages


class _Reader:
    """Reads statement by statement; what belongs to one package is gathered in ``_block``."""

    def __init__(self, ecosystem: str) -> None:
        self._ecosystem = ecosystem
        self._declared = False
        self._sources: dict[str, tuple[str, str]] = {}
        self._used: set[str] = set()
        self.packages: dict[str, Package] = {}
        self._block: tuple[str, str] | None = None
        self._rules: list[tuple[Kind, str, str]] = []
        self._compiled: list[str] = []
        self._needs: list[tuple[str, str, tuple[str, ...]]] = []
        self._phase = ""

    def read(self, line: str, _number: int) -> None:
        """One line. Raises OddLineError."""
        words = line.split()
        if not words or words[0].startswith("#"):
            return
        if line[0] in " \t":
            self._inner(words)
            return
        self._close()
        key = words[0]
        if not self._declared:
            if words != ["ecosystem", self._ecosystem]:
                raise OddLineError(f"the first line is: ecosystem {self._ecosystem}")
            self._declared = True
        elif key == "source":
            self._source(words)
        elif key in ("pure", "musl", "glibc"):
            self._list(key, words)
        elif key == "package" and len(words) == 3:
            self._source_of(words[2])
            self._block = (self._new(words[1]), words[2])
        else:
            raise OddLineError(f"unknown or incomplete statement '{key}'")

    def finish(self) -> None:
        """Ends the last block. Raises OddLineError for a file without packages, or a source that nothing is from."""
        self._close()
        if not self.packages:
            raise OddLineError("the file names no package")
        if unused := set(self._sources) - self._used:
            raise OddLineError(f"source {min(unused)} is never used")

    def _source(self, words: list[str]) -> None:
        if len(words) < 4:
            raise OddLineError("a source line is: source KEY DATE text")
        if words[1] in self._sources:
            raise OddLineError(f"duplicate source {words[1]}")
        if not is_date(words[2]):
            raise OddLineError(f"malformed date '{words[2]}'")
        self._sources[words[1]] = (" ".join(words[3:]), words[2])

    def _source_of(self, key: str) -> tuple[str, str]:
        if key not in self._sources:
            raise OddLineError(f"missing source '{key}'")
        self._used.add(key)
        return self._sources[key]

    def _new(self, name: str) -> str:
        if name in self.packages:
            raise OddLineError(f"duplicate package {name}")
        if self._ecosystem != "maven" and self._ecosystem != "go" and name != name.lower():
            raise OddLineError(f"{name} is not in lower case")
        return name

    def _list(self, key: str, words: list[str]) -> None:
        if len(words) < 3:
            raise OddLineError(f"'{key}' names no package")
        source, date = self._source_of(words[1])
        for word in words[2:]:
            name, sign, since = word.partition(">=")
            if sign and (key != "musl" or not numbers(since)):
                raise OddLineError(f"malformed version in '{word}'")
            self.packages[self._new(name)] = Package(
                name, source, date, pure=key == "pure", musl_since=since, rules=_listed(key, since)
            )

    def _inner(self, words: list[str]) -> None:
        key = words[0]
        if self._block is None:
            raise OddLineError("an indented line outside of a package")
        if key in VERDICTS and len(words) > 2:
            self._rules.append((key, _range(words[1]), " ".join(words[2:])))  # type: ignore[arg-type]
        elif key == "compiles" and len(words) == 2:
            self._compiled.append(_range(words[1]))
        elif key == "phase" and len(words) == 2 and words[1] in ("build", "run") and not self._phase:
            self._phase = words[1]
        elif key in _NEEDS and len(words) > 1:
            suite = words[1] if words[1] in SUITES else ""
            names = tuple(words[2:] if suite else words[1:])
            if not names or any((kind, of) == (key, suite) for kind, of, _ in self._needs):
                raise OddLineError(f"'{key}' names no package, or speaks twice")
            self._needs.append((key, suite, names))
        else:
            raise OddLineError(f"unknown or incomplete statement '{key}'")

    def _close(self) -> None:
        if self._block is None:
            return
        (name, key), self._block = self._block, None
        if not (self._rules or self._compiled or self._needs):
            raise OddLineError(f"package {name} says nothing")
        source, date = self._sources[key]
        self.packages[name] = Package(
            name,
            source,
            date,
            phase=self._phase,
            rules=tuple(self._rules),
            compiled=tuple(self._compiled),
            needs=tuple(self._needs),
        )
        self._rules, self._compiled, self._needs, self._phase = [], [], [], ""


def _listed(key: str, since: str) -> tuple[tuple[Kind, str, str], ...]:
    if key == "pure":
        return (("fine", "*", "it has no machine code"),)
    if key == "glibc":
        return (("refuse", "*", "its binaries are for glibc only"),)
    if not since:
        return (("fine", "*", "it has binaries for musl"),)
    return (
        ("fine", f">={since}", f"it has binaries for musl since {since}"),
        ("refuse", f"<{since}", f"no binaries for musl are known before {since}"),
    )


def _range(word: str) -> str:
    for condition in word.split(",") if word != "*" else ():
        sign = condition[:2] if condition[1:2] == "=" else condition[:1]
        if sign not in ("<", "<=", ">", ">=", "==") or not condition[len(sign) :][:1].isdigit():
            raise OddLineError(f"malformed range '{word}'")
    return word
