"""The form of the text files in data/, one per image. Nothing is believed: what is odd raises FactsError with its line.

Lines starting with `#` are comments. A line is a keyword and blank-separated values; what belongs to a version is
indented under it.

    image      NAME                               the repository on Docker Hub                            (needed)
    source     TEXT                               where the tags were read                                (needed)
    as-of      DATE                               the date of that list: what "still listed" refers to    (needed)
    collected  DATE                               when the file was made                                  (needed)
    suites     NAME…                              Debian suites that occur as variants, oldest first
    others     NAME…                              variants that are neither a suite nor alpine[X.Y]
    builds     YEAR MMDD…                         all dates that occur in dated tags
    dated-slim YYYYMMDD                           dated tags have a `-slim` form since then
    eol-source TEXT                               where the ends of life were read
    config     WHICH KEY VALUE                    see config.py
    version    NAME FIRST..LAST                   the bare tag; no LAST: still listed
      patches    P@DATE…                          NAME.P and its first listing; the next patch ends it
      suite      SUITE@DATE…                      what the bare tag stood for, since when
      floats     X.Y@DATE…                        which alpine the unnumbered `-alpine` stood for, since when
      release    VERSION@DATE…                    which version a moving tag (`latest`) stood for, since when
      eol        DATE stated|estimate             the last day with free updates
      dated      YYYYMMDD-YYYYMMDD,…              NAME-DATE exists for the builds in these ranges
      snapshots  YYYYMMDD…                        tags that are only a date
      VARIANT    FIRST..LAST [PATCHES]            NAME-VARIANT, and the patches that had it too (`0-3,5`; `-` = none)
    size       TAG MB COMPRESSED|- measured|estimate DATE SOURCE…      amd64; MB = 10^6 bytes
"""

from __future__ import annotations

from rewriter.facts.records import FactsError
from rewriter.facts.table import Row, SizeRow, Table, Version
from rewriter.facts.tags import is_release, numbers
from rewriter.facts.values import OddLineError, is_date, megabytes, ranges

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

_TEXTS = {"image": "image", "source": "source", "eol-source": "eol_source"}
_DATES = {"as-of": "as_of", "collected": "collected"}
_NEEDED = ("image", "source", "as-of", "collected")
_CONDITIONS = ("*", "alpine", "debian")
_CONFIG_KEYS = ("env", "sets", "workdir", "user", "entrypoint", "cmd")


def parse(text: str, file: str) -> Table:
    """The table that `text` says; `file` is only named in errors. Raises FactsError."""
    reader = _Reader()
    number = 0
    for number, line in enumerate(text.split("\n"), 1):
        if not line or line[0] == "#":
            continue
        try:
            reader.read(line, number)
        except OddLineError as odd:
            raise FactsError(file, number, str(odd)) from None
    try:
        reader.finish()
    except OddLineError as odd:
        raise FactsError(file, number, str(odd)) from None
    table = reader.table
    if file != f"{table.image}.txt":
        raise FactsError(file, 1, f"the file of image '{table.image}' has another name")
    for size in table.sizes.values():
        if table.find(size.tag) is None:
            raise FactsError(file, size.line, f"size of an unknown tag: {size.tag}")
    return table


class _Reader:
    def __init__(self) -> None:
        self.table = Table()
        self.version: Version | None = None
        self.seen: set[str] = set()
        self.dates: set[str] = set()
        self.builds: set[str] = set()

    def read(self, line: str, number: int) -> None:
        words = line.split()
        if not words:
            raise OddLineError("a line of blanks")
        key = words[0]
        if line[0] != " ":
            self._top(key, words, line, number)
        elif self.version is None:
            raise OddLineError(f"'{key}' belongs under a version")
        else:
            self._under(self.version, key, words)

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

    # lines at the margin

    def _top(self, key: str, words: list[str], line: str, number: int) -> None:
        table = self.table
        if len(words) < 2:
            raise OddLineError(f"'{key}' says nothing")
        if key == "version":
            self._version(words)
        elif key == "size":
            self._size(words, line, number)
        elif self.version is not None:
            raise OddLineError(f"unknown keyword '{key}' (or it belongs above the versions)")
        elif key == "config":
            self._config(words, line)
        elif key == "builds":
            self._builds(words)
        else:
            self._once(key)
            if key in _TEXTS:
                setattr(table, _TEXTS[key], line.split(None, 1)[1])
            elif key in _DATES:
                setattr(table, _DATES[key], self._date(words[1]))
            elif key == "suites":
                table.suites = tuple(words[1:])
            elif key == "others":
                table.others = tuple(words[1:])
            elif key == "dated-slim":
                table.dated_slim = words[1]
            else:
                raise OddLineError(f"unknown keyword '{key}'")

    def _config(self, words: list[str], line: str) -> None:
        if len(words) < 4 or words[2] not in _CONFIG_KEYS:
            raise OddLineError("a config line is: config WHICH KEY VALUE")
        conditions = tuple(words[1].split(","))
        for condition in conditions:
            bound = condition[2:] if condition[:2] in (">=", "<=") else ""
            known = numbers(bound) or condition in _CONDITIONS or condition in self.table.others
            if not known:
                raise OddLineError(f"unknown condition '{condition}'")
        if words[2] == "env" and "=" not in words[3]:
            raise OddLineError("an env value is: NAME=VALUE")
        self.table.configs.append((conditions, words[2], line.split(None, 3)[3]))

    def _version(self, words: list[str]) -> None:
        if len(words) != 3:
            raise OddLineError("a version line is: version NAME FIRST..LAST")
        name = words[1]
        if name in self.table.versions:
            raise OddLineError(f"duplicate version {name}")
        self.seen = {key for key in self.seen if key[0] != " "}
        self.table.builds = frozenset(self.builds)
        self.version = self.table.versions[name] = Version(name, *self._span(words[2]))

    def _size(self, words: list[str], line: str, number: int) -> None:
        if len(words) < 7:
            raise OddLineError("missing source or date: size TAG MB COMPRESSED QUALITY DATE SOURCE")
        tag, quality, date = words[1], words[4], words[5]
        if tag in self.table.sizes:
            raise OddLineError(f"duplicate size of {tag}")
        if quality not in ("measured", "estimate"):
            raise OddLineError(f"unknown quality '{quality}'")
        self._date(date)
        compressed = None if words[3] == "-" else megabytes(words[3])
        source = line.split(None, 6)[6]
        self.table.sizes[tag] = SizeRow(tag, megabytes(words[2]), compressed, quality, date, source, number)

    def _builds(self, words: list[str]) -> None:
        year = words[1]
        for day in words[2:]:
            self._date(f"{year}-{day[:2]}-{day[2:]}")
            if year + day in self.builds:
                raise OddLineError(f"duplicate build {year}{day}")
            self.builds.add(year + day)

    # lines under a version

    def _under(self, version: Version, key: str, words: list[str]) -> None:
        if len(words) < 2:
            raise OddLineError(f"'{key}' says nothing")
        part = _PARTS.get(key)
        if part is not None:
            part(self, version, words)
            return
        if not self._is_variant(key):
            raise OddLineError(f"unknown keyword '{key}'")
        self._once(" " + key)
        if len(words) > 3 or (len(words) == 2 and version.patches):
            raise OddLineError(f"a variant line is: {key} FIRST..LAST PATCHES")
        own = ranges(words[2], version.patches) if len(words) == 3 else ()
        version.rows[key] = Row(*self._span(words[1]), own)

    def _is_variant(self, key: str) -> bool:
        if key in self.table.suites or key in self.table.others:
            return True
        return key.startswith("alpine") and (key == "alpine" or is_release(key[6:]))

    def _patches(self, version: Version, words: list[str]) -> None:
        if version.rows:
            raise OddLineError("patches stand before the variants")
        for word in words[1:]:
            patch, _, date = word.partition("@")
            if not patch.isdecimal():
                raise OddLineError(f"malformed number '{patch}'")
            if patch in version.patches:
                raise OddLineError(f"duplicate patch {patch}")
            if version.patches and int(patch) < int(next(reversed(version.patches))):
                raise OddLineError(f"patch {patch} is out of order")
            version.patches[patch] = self._date(date)

    def _suite(self, version: Version, words: list[str]) -> None:
        for suite, _ in (history := self._history(words, version.suite)):
            if suite not in self.table.suites:
                raise OddLineError(f"unknown suite {suite}")
        version.suite = history

    def _floats(self, version: Version, words: list[str]) -> None:
        for release, _ in (history := self._history(words, version.floats)):
            if not is_release(release):
                raise OddLineError(f"malformed number '{release}'")
        version.floats = history

    def _release(self, version: Version, words: list[str]) -> None:
        version.release = self._history(words, version.release)

    def _eol(self, version: Version, words: list[str]) -> None:
        self._once(" eol")
        if len(words) != 3 or words[2] not in ("stated", "estimate"):
            raise OddLineError("an eol line is: eol DATE stated|estimate")
        if not self.table.eol_source:
            raise OddLineError("missing source: eol without eol-source")
        version.eol, version.eol_quality = self._date(words[1]), words[2]

    def _dated(self, version: Version, words: list[str]) -> None:
        pairs = list(version.dated)
        for word in ",".join(words[1:]).split(","):
            low, _, high = word.partition("-")
            for build in (low, high):
                if build not in self.builds:
                    raise OddLineError(f"unknown build '{build}'")
            pairs.append((low, high))
        version.dated = tuple(pairs)

    def _snapshots(self, version: Version, words: list[str]) -> None:
        for word in words[1:]:
            self._date(f"{word[:4]}-{word[4:6]}-{word[6:]}")
        version.snapshots += tuple(words[1:])

    # values

    def _history(self, words: list[str], before: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
        steps = list(before)
        for word in words[1:]:
            what, _, date = word.partition("@")
            if steps and self._date(date) < steps[-1][1]:
                raise OddLineError(f"{word} is out of order")
            steps.append((what, self._date(date)))
        return tuple(steps)

    def _span(self, word: str) -> tuple[str, str]:
        first, dots, last = word.partition("..")
        if not dots:
            raise OddLineError(f"malformed span '{word}': FIRST..LAST")
        self._date(first)
        if last and self._date(last) < first:
            raise OddLineError(f"malformed span '{word}': it ends before it begins")
        return first, last

    def _date(self, word: str) -> str:
        if word not in self.dates:  # the same few hundred dates come again and again
            if not is_date(word):
                raise OddLineError(f"malformed date '{word}'")
            self.dates.add(word)
        return word

    def _once(self, key: str) -> None:
        if key in self.seen:
            raise OddLineError(f"duplicate {key.strip()}")
        self.seen.add(key)


_PARTS: dict[str, Callable[[_Reader, Version, list[str]], None]] = {
    "patches": _Reader._patches,
    "suite": _Reader._suite,
    "floats": _Reader._floats,
    "release": _Reader._release,
    "eol": _Reader._eol,
    "dated": _Reader._dated,
    "snapshots": _Reader._snapshots,
}
