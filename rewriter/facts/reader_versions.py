"""The lines that stand, indented, under a `version NAME FIRST..LAST` of a data file.

    patches    P@DATE…                  NAME.P and its first listing; the next patch ends it (P@FIRST..LAST: that day)
    minors     none                     the starts of dotted patches (`4` of `4.0`) are no tags; without it they are
    bare       PATCHES                  the patches that are a tag without any variant, where not all are
    suite      SUITE@DATE…              what the bare tag stood for, since when (`-`: none of Debian's or Ubuntu's)
    floats     X.Y@DATE…                which alpine the unnumbered `-alpine` stood for, since when
    stands     VARIANT,… WHAT@DATE…     the same for other variants: a suite or an alpine release
    release    VERSION@DATE…            which version a moving tag (`latest`) stood for, since when
    eol        DATE stated|estimate     the last day with free updates
    dated      YYYYMMDD-YYYYMMDD,…      NAME-DATE exists for the builds in these ranges
    snapshots  YYYYMMDD…                tags that are only a date
    VARIANT    FIRST..LAST [PATCHES]    NAME-VARIANT, and the patches that had it too (`0-3,5`; `-` = none)

A patch that does not start with a digit is joined to NAME as it stands: `8` and `u212-b04`, `2` and `-7.3.1`.
"""

from __future__ import annotations

from rewriter.facts.table import Patch, Row, Table
from rewriter.facts.tags import is_release, numbers
from rewriter.facts.values import OddLineError, is_date, ranges

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from rewriter.facts.table import History, Version


class VersionLines:
    """Reads them, and holds what was seen so far; each method raises OddLineError."""

    def __init__(self, table: Table) -> None:
        self.table = table
        self.seen: set[str] = set()
        self.seen_here: set[str] = set()
        self.known: frozenset[str] = frozenset()
        self._dates: set[str] = set()
        self._spans: dict[str, tuple[str, str]] = {}
        self._variants: set[str] = set()

    def variant(self, version: Version, key: str, words: list[str]) -> None:
        """VARIANT FIRST..LAST [PATCHES]."""
        self._is_variant(key)
        if key in version.rows:
            raise OddLineError(f"duplicate {key}")
        if len(words) > 3 or (len(words) == 2 and version.patches):
            raise OddLineError(f"a variant line is: {key} FIRST..LAST PATCHES")
        own = ranges(words[2], version.patches) if len(words) == 3 else ()
        version.rows[key] = Row(*self.span(words[1]), own)

    def _is_variant(self, key: str) -> None:
        if key in self._variants:  # the same few come again and again
            return
        before = ""
        for word in key.split("-") if key not in self.known else ():
            release = (before == "alpine" or before in self.known) and bool(numbers(word))
            alpine = word == "alpine" or (word.startswith("alpine") and is_release(word[6:]))
            if word not in self.known and not alpine and not release:
                raise OddLineError(f"unknown keyword '{key}'")
            before = word
        self._variants.add(key)

    def patches(self, version: Version, words: list[str]) -> None:
        """The patches, in their order."""
        if version.rows:
            raise OddLineError("patches stand before the variants")
        for word in words[1:]:
            name, _, date = word.partition("@")
            if not any(char.isdecimal() for char in name) or "," in name:
                raise OddLineError(f"malformed number '{name}'")
            if name in version.patches:
                raise OddLineError(f"duplicate patch {name}")
            before = next(reversed(version.patches), "")
            if name.isdecimal() and before.isdecimal() and int(name) < int(before):
                raise OddLineError(f"patch {name} is out of order")
            first, dots, last = date.partition("..")
            if dots and last and self.date(last) < first:
                raise OddLineError(f"malformed span '{date}': it ends before it begins")
            version.patches[name] = Patch(len(version.patches), self.date(first), last if dots else None)

    def minors(self, version: Version, words: list[str]) -> None:
        """`minors none`."""
        self._once_here("minors")
        if words[1:] != ["none"]:
            raise OddLineError("a minors line is: minors none")
        version.whole = True

    def bare(self, version: Version, words: list[str]) -> None:
        """The patches without variant."""
        self._once_here("bare")
        if len(words) != 2:
            raise OddLineError("a bare line is: bare PATCHES")
        version.bare = Row("", "", ranges(words[1], version.patches))

    def suite(self, version: Version, words: list[str]) -> None:
        """What the bare tag stood for."""
        self._stands(version, "", words[1:])

    def floats(self, version: Version, words: list[str]) -> None:
        """What `-alpine` stood for."""
        for word in words[1:]:
            if not is_release(word.partition("@")[0]):
                raise OddLineError(f"malformed number '{word.partition('@')[0]}'")
        self._stands(version, "alpine", words[1:])

    def stands(self, version: Version, words: list[str]) -> None:
        """What other variants stood for."""
        if len(words) < 3:
            raise OddLineError("a stands line is: stands VARIANT,… WHAT@DATE…")
        for variant in words[1].split(","):
            self._is_variant(variant)
            self._stands(version, variant, words[2:])

    def _stands(self, version: Version, variant: str, words: list[str]) -> None:
        steps = self._history(words, version.stands.get(variant, ()))
        for what, _ in steps:
            if what != "-" and what not in self.table.suites and not is_release(what):
                raise OddLineError(f"unknown suite {what}")
        version.stands[variant] = steps

    def release(self, version: Version, words: list[str]) -> None:
        """What a moving tag stood for."""
        version.release = self._history(words[1:], version.release)

    def eol(self, version: Version, words: list[str]) -> None:
        """The end of life."""
        self._once_here("eol")
        if len(words) != 3 or words[2] not in ("stated", "estimate"):
            raise OddLineError("an eol line is: eol DATE stated|estimate")
        if not self.table.eol_source:
            raise OddLineError("missing source: eol without eol-source")
        version.eol, version.eol_quality = self.date(words[1]), words[2]

    def dated(self, version: Version, words: list[str]) -> None:
        """Ranges of builds."""
        pairs = list(version.dated)
        for word in ",".join(words[1:]).split(","):
            low, _, high = word.partition("-")
            for build in (low, high):
                if build not in self.table.builds:
                    raise OddLineError(f"unknown build '{build}'")
            pairs.append((low, high))
        version.dated = tuple(pairs)

    def snapshots(self, version: Version, words: list[str]) -> None:
        """Tags that are a date."""
        for word in words[1:]:
            self.date(f"{word[:4]}-{word[4:6]}-{word[6:]}")
        version.snapshots += tuple(words[1:])

    def fill_index(self) -> None:
        """All names of versions and patches, for the look-up; the starts of dotted patches among them."""
        index = self.table.index
        for version in self.table.versions.values():
            index[version.name] = (version, "")
        for version in self.table.versions.values():
            for patch in version.patches:
                self._index(version, patch)
                cut = -1 if version.whole else patch.rfind(".")
                while cut > 0:
                    version.minors.setdefault(patch[:cut], []).append(patch)
                    cut = patch.rfind(".", 0, cut)
            for minor in version.minors:
                if minor not in version.patches:
                    self._index(version, minor)

    def _index(self, version: Version, patch: str) -> None:
        name = version.joined(patch)
        if name in self.table.index:
            raise OddLineError(f"{name} stands under two versions")
        self.table.index[name] = (version, patch)

    # values

    def _history(self, words: list[str], before: History) -> History:
        steps = list(before)
        for word in words:
            what, _, date = word.partition("@")
            if steps and self.date(date) < steps[-1][1]:
                raise OddLineError(f"{word} is out of order")
            steps.append((what, self.date(date)))
        return tuple(steps)

    def span(self, word: str) -> tuple[str, str]:
        """FIRST..LAST, the latter "" when it is still listed."""
        if word not in self._spans:
            first, dots, last = word.partition("..")
            if not dots:
                raise OddLineError(f"malformed span '{word}': FIRST..LAST")
            self.date(first)
            if last and self.date(last) < first:
                raise OddLineError(f"malformed span '{word}': it ends before it begins")
            self._spans[word] = (first, last)
        return self._spans[word]

    def date(self, word: str) -> str:
        """The date, when it is one."""
        if word not in self._dates:  # the same few hundred dates come again and again
            if not is_date(word):
                raise OddLineError(f"malformed date '{word}'")
            self._dates.add(word)
        return word

    def once(self, key: str) -> None:
        """Raises when this keyword was read before."""
        if key in self.seen:
            raise OddLineError(f"duplicate {key}")
        self.seen.add(key)

    def _once_here(self, key: str) -> None:
        if key in self.seen_here:
            raise OddLineError(f"duplicate {key}")
        self.seen_here.add(key)


PARTS: dict[str, Callable[[VersionLines, Version, list[str]], None]] = {
    "patches": VersionLines.patches,
    "minors": VersionLines.minors,
    "bare": VersionLines.bare,
    "suite": VersionLines.suite,
    "floats": VersionLines.floats,
    "stands": VersionLines.stands,
    "release": VersionLines.release,
    "eol": VersionLines.eol,
    "dated": VersionLines.dated,
    "snapshots": VersionLines.snapshots,
}
