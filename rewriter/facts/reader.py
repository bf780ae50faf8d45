"""The form of the text files in data/, one per image. Nothing is believed: what is odd raises FactsError with its line.

Lines starting with `#` are comments. A line is a keyword and blank-separated values; what belongs to a version is
indented under it (see reader_versions.py). WHICH: the tags that a line speaks of, see conditions.py.

    image      NAME                               the repository on Docker Hub, or with its registry        (needed)
    source     TEXT                               where the tags were read                                  (needed)
    as-of      DATE                               the date of that list: what "still listed" refers to      (needed)
    collected  DATE                               when the file was made                                    (needed)
    suites     NAME…                              Debian and Ubuntu suites that occur as variants, oldest first
    others     WORD…                              words of variants that are neither a suite nor alpine[X.Y]
    builds     YEAR MMDD…                         all dates that occur in dated tags
    dated-slim YYYYMMDD                           dated tags have a `-slim` form since then
    eol-source TEXT                               where the ends of life were read
    kind       KIND                               distribution, language, runtime, service, database, build-tool, tool
    family     WHICH FAMILY                       the distribution's family, where no suite or alpine tells it
    carries    WHICH LAYER…                       layers of buildpack-deps: curl scm full; go: what golang adds to scm
    machines   WHICH MACHINE…                     what alone it is built for, in Docker's words: amd64, arm64 …
    packages   WHICH NAME…                        packages that the variant has by its own recipe
    programs   WHICH NAME…                        programs that the image's own layer brings
    user       WHICH NAME UID GID                 users that the image adds (UID or GID `-`: not known)
    config     WHICH KEY VALUE                    see config.py
    unread     WHICH REASON…                      tags of which the configuration is not known, for all `config` says
    trap       WHICH REASON…                      tags that exist and are never to be proposed
    successor  IMAGE REASON…                      the image that took its place
    refuse-alpine REASON…, refuse-slim REASON…    why no variant of it may be swapped so
    ratio      NUMBER                             unpacked size by compressed size, where only one is known
    version    NAME FIRST..LAST                   the bare tag; no LAST: still listed
    also       TAG FIRST..LAST                    a tag that existed although the versions do not say so, or other dates
    never      TAG…                               tags that never existed although the versions say so
    size       TAG MB COMPRESSED|- measured|estimate DATE SOURCE…      amd64; MB = 10^6 bytes
"""

from __future__ import annotations

from rewriter.facts.conditions import is_condition
from rewriter.facts.reader_versions import PARTS, VersionLines
from rewriter.facts.records import FactsError
from rewriter.facts.table import SizeRow, Table, Version
from rewriter.facts.values import OddLineError, megabytes, read_lines

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

_HEADS = {"image": "image", "source": "source", "eol-source": "eol_source"}
_DATES = {"as-of": "as_of", "collected": "collected"}
_NEEDED = ("image", "source", "as-of", "collected")
_CONFIG_KEYS = frozenset("env sets workdir user entrypoint cmd expose stopsignal volume".split())
_TEXTS = {"kind": 1, "ratio": 1, "successor": 2, "refuse-alpine": 1, "refuse-slim": 1}  # how many words at least
_KINDS = frozenset("distribution language runtime service database build-tool tool".split())
_SAID = {
    **dict.fromkeys(("family", "carries", "machines", "packages", "programs", "trap", "unread"), 1),
    "user": 3,
}
_MACHINES = frozenset("amd64 arm arm64 386 ppc64le riscv64 s390x".split())
FAMILIES = frozenset("debian ubuntu alpine rhel fedora amazon busybox windows scratch arch suse".split())
_LAYERS = frozenset("curl scm full go".split())


def parse(text: str, file: str, name: str | None = None) -> Table:
    """The table that `text` says; `file` is only named in errors. Raises FactsError.

    `name`: the image that it must be about (None: the one after which the file is called).
    """
    reader = _Reader()
    read_lines(text, file, reader.read, reader.finish)
    table = reader.table
    if table.image != (name if name is not None else file.removesuffix(".txt")):
        raise FactsError(file, 1, f"the file of image '{table.image}' has another name")
    for size in table.sizes.values():
        if table.find(size.tag) is None:
            raise FactsError(file, size.line, f"size of an unknown tag: {size.tag}")
    return table


class _Reader(VersionLines):
    """Reads the lines at the margin, and hands on those under a version."""

    def __init__(self) -> None:
        super().__init__(Table())
        self.version: Version | None = None

    def read(self, line: str, number: int) -> None:
        words = line.split()
        if not words:
            raise OddLineError("a line of blanks")
        key = words[0]
        if line[0] == " ":
            if self.version is None:
                raise OddLineError(f"'{key}' belongs under a version")
            if len(words) < 2:
                raise OddLineError(f"'{key}' says nothing")
            part = PARTS.get(key)
            if part is not None:
                part(self, self.version, words)
            else:
                self.variant(self.version, key, words)
            return
        if len(words) < 2:
            raise OddLineError(f"'{key}' says nothing")
        if key == "version":
            self._version(words)
        elif key == "size":
            self._size(words, line, number)
        elif key in _AFTER:
            _AFTER[key](self, words)
        elif self.version is not None:
            raise OddLineError(f"unknown keyword '{key}' (or it belongs above the versions)")
        elif key == "config":
            self._config(words, line)
        elif key in _SAID:
            self._says(key, words, line)
        else:
            self._head(key, words, line)

    def finish(self) -> None:
        for key in _NEEDED:
            if key not in self.seen:
                raise OddLineError(f"missing {key}")
        if not self.table.versions:
            raise OddLineError("no version")
        for version in self.table.versions.values():
            for name, _ in version.release:
                if name not in self.table.versions:
                    raise OddLineError(f"{version.name} stood for the unknown version {name}")
        self.fill_index()

    def _head(self, key: str, words: list[str], line: str) -> None:
        table = self.table
        if key == "builds":
            self._builds(words)
            return
        if key in ("suites", "others"):
            self._words(key, words)
            return
        self.once(key)
        if key in _HEADS:
            setattr(table, _HEADS[key], line.split(None, 1)[1])
        elif key in _DATES:
            setattr(table, _DATES[key], self.date(words[1]))
        elif key in _TEXTS:
            if len(words) <= _TEXTS[key] or (key == "kind" and words[1] not in _KINDS):
                raise OddLineError(f"malformed {key}")
            if key == "ratio":
                megabytes(words[1])
            table.texts[key] = line.split(None, 1)[1]
        elif key == "dated-slim":
            table.dated_slim = words[1]
        else:
            raise OddLineError(f"unknown keyword '{key}'")

    def _words(self, key: str, words: list[str]) -> None:
        for word in words[1:]:
            if word in self.known:
                raise OddLineError(f"duplicate word {word}")
            self.known |= {word}
        if key == "suites":
            self.table.suites += tuple(words[1:])

    def _which(self, word: str) -> tuple[str, ...]:
        conditions = tuple(word.split(","))
        for condition in conditions:
            if not is_condition(condition, self.known):
                raise OddLineError(f"unknown condition '{condition}'")
        return conditions

    def _config(self, words: list[str], line: str) -> None:
        if len(words) < 4 or words[2] not in _CONFIG_KEYS:
            raise OddLineError("a config line is: config WHICH KEY VALUE")
        if words[2] == "env" and "=" not in words[3]:
            raise OddLineError("an env value is: NAME=VALUE")
        self.table.configs.append((self._which(words[1]), words[2], line.split(None, 3)[3]))

    def _says(self, key: str, words: list[str], line: str) -> None:
        if len(words) < 2 + _SAID[key]:
            raise OddLineError(f"malformed {key}")
        known = {"family": FAMILIES, "carries": _LAYERS, "machines": _MACHINES}.get(key, frozenset())
        for word in words[2:] if known else ():
            if word not in known:
                raise OddLineError(f"unknown {key} '{word}'")
        if key == "user" and (len(words) != 5 or not all(word == "-" or word.isdecimal() for word in words[3:])):
            raise OddLineError("a user line is: user WHICH NAME UID GID")
        self.table.said.setdefault(key, []).append((self._which(words[1]), line.split(None, 2)[2]))

    def _version(self, words: list[str]) -> None:
        if len(words) != 3:
            raise OddLineError("a version line is: version NAME FIRST..LAST")
        name = words[1]
        if name in self.table.versions:
            raise OddLineError(f"duplicate version {name}")
        self.seen_here.clear()
        self.version = self.table.versions[name] = Version(name, *self.span(words[2]))

    def _also(self, words: list[str]) -> None:
        if len(words) != 3 or words[1] in self.table.also:
            raise OddLineError("an also line is: also TAG FIRST..LAST, each tag once")
        self.table.also[words[1]] = self.span(words[2])

    def _never(self, words: list[str]) -> None:
        for word in words[1:]:
            if word in self.table.never:
                raise OddLineError(f"duplicate never {word}")
            self.table.never.add(word)

    def _size(self, words: list[str], line: str, number: int) -> None:
        if len(words) < 7:
            raise OddLineError("missing source or date: size TAG MB COMPRESSED QUALITY DATE SOURCE")
        tag, quality, date = words[1], words[4], words[5]
        if tag in self.table.sizes:
            raise OddLineError(f"duplicate size of {tag}")
        if quality not in ("measured", "estimate"):
            raise OddLineError(f"unknown quality '{quality}'")
        self.date(date)
        compressed = None if words[3] == "-" else megabytes(words[3])
        source = line.split(None, 6)[6]
        self.table.sizes[tag] = SizeRow(tag, megabytes(words[2]), compressed, quality, date, source, number)

    def _builds(self, words: list[str]) -> None:
        year = words[1]
        for day in words[2:]:
            self.date(f"{year}-{day[:2]}-{day[2:]}")
            if year + day in self.table.builds:
                raise OddLineError(f"duplicate build {year}{day}")
            self.table.builds.add(year + day)


_AFTER: dict[str, Callable[[_Reader, list[str]], None]] = {"also": _Reader._also, "never": _Reader._never}
