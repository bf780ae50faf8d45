"""One image's tags in memory, and the exact look-up of a tag in them.

A tag is VERSION[.PATCH][-VARIANT], or VERSION-DATE[-slim] (debian), or DATE (alpine's edge), or a variant alone, which
belongs to `latest`.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

LATEST = "latest"
LONGEST_TAG = 128  # characters, by the rules of registries

History = tuple[tuple[str, str], ...]


class Row:
    """One variant of one version: its first and last listing (ISO, "" = still listed), and the patches that had it.

    `ranges` are places in the version's list of patches, both ends included.
    """

    __slots__ = ("first", "last", "ranges")

    def __init__(self, first: str, last: str, ranges: tuple[tuple[int, int], ...]) -> None:
        self.first = first
        self.last = last
        self.ranges = ranges

    def covers(self, place: int) -> bool:
        """Whether the patch at that place had the variant."""
        return any(low <= place <= high for low, high in self.ranges)


class Patch:
    """A patch of a version: its place among them, its first and last listing (ISO; `last` None: the next ends it)."""

    __slots__ = ("first", "last", "place")

    def __init__(self, place: int, first: str, last: str | None) -> None:
        self.place = place
        self.first = first
        self.last = last


class Version:
    """One version (`1.18`, `bookworm`, `latest`) with all its tags; the meaning of the fields is told in reader.py."""

    __slots__ = (
        "bare",
        "dated",
        "eol",
        "eol_quality",
        "first",
        "last",
        "minors",
        "name",
        "patches",
        "release",
        "rows",
        "snapshots",
        "stands",
        "whole",
    )

    def __init__(self, name: str, first: str, last: str) -> None:
        self.name = name
        self.first = first
        self.last = last
        self.patches: dict[str, Patch] = {}
        self.minors: dict[str, list[str]] = {}
        self.whole = False
        self.bare: Row | None = None
        self.stands: dict[str, History] = {}
        self.release: History = ()
        self.rows: dict[str, Row] = {}
        self.dated: tuple[tuple[str, str], ...] = ()
        self.snapshots: tuple[str, ...] = ()
        self.eol = ""
        self.eol_quality = ""

    @property
    def moving(self) -> bool:
        """Whether it stood for one version after the other (`latest`, `lts`); a code name (`iron`) does not."""
        return len({name for name, _ in self.release}) > 1

    def joined(self, patch: str) -> str:
        """The full name of a patch ("" = none): a patch that starts with a digit is joined by a dot."""
        return f"{self.name}.{patch}" if patch[:1].isdecimal() else f"{self.name}{patch}"

    def members(self, patch: str) -> list[str]:
        """The patches that a patch, or the start of some (`4` of `4.0` and `4.1`), stands for; all of them for ""."""
        return list(self.patches) if not patch else [patch] if patch in self.patches else self.minors[patch]

    def has(self, row: Row | None, patch: str) -> bool:
        """Whether a patch, or the start of one, had the variant of that row (None = all had it)."""
        return row is None or any(row.covers(self.patches[each].place) for each in self.members(patch))

    def life_of(self, patch: str) -> tuple[str, str]:
        """ISO dates of the first and last listing of a patch: the next one ends it ("" = still listed)."""
        if patch not in self.patches:
            lives = [self.life_of(each) for each in self.minors[patch]]
            ends = [last for _, last in lives]
            return min(first for first, _ in lives), "" if "" in ends else max(ends)
        own = self.patches[patch]
        if own.last is not None:
            return own.first, own.last
        # Some old .0 tags were only listed when later patches already were.
        after = (each.first for each in self.patches.values() if each.place > own.place and each.first > own.first)
        return own.first, next(after, self.last)

    def history(self, variant: str, patch: str) -> History:
        """What a variant ("" = bare) stood for, as (suite or alpine release, ISO date since when); () = not known."""
        steps = self.stands.get(variant, ())
        if not patch or not steps:
            return steps
        first, last = self.life_of(patch)
        kept = []
        for (what, since), (_, until) in zip(steps, (*steps[1:], ("", "")), strict=True):
            # Both can change on one day: then only the patches of the row tell which of the two came first.
            same_day = bool(last) and since == last and self._had(variant, what, patch)
            if (not last or since < last or same_day) and (not until or until > first):
                kept.append((what, max(since, first)))
        return tuple(kept)

    def _had(self, variant: str, what: str, patch: str, unknown: bool = False) -> bool:
        row = self.rows.get(f"{variant}{what}") or self.rows.get(f"{variant}-{what}")
        return unknown if row is None or not what[:1].isdecimal() else self.has(row, patch)

    def stood_for(self, variant: str, patch: str) -> str:
        """The last of `history` that the rows do not deny ("" = not known)."""
        steps = self.history(variant, patch)
        while steps and patch and not self._had(variant, steps[-1][0], patch, unknown=True):
            steps = steps[:-1]
        return steps[-1][0] if steps else ""


class SizeRow:
    """One measurement in MB (`compressed` None: not known), with its quality, ISO date, source and line in the file."""

    __slots__ = ("compressed", "date", "line", "megabytes", "quality", "source", "tag")

    def __init__(
        self, tag: str, megabytes: float, compressed: float | None, quality: str, date: str, source: str, line: int
    ) -> None:
        self.tag = tag
        self.megabytes = megabytes
        self.compressed = compressed
        self.quality = quality
        self.date = date
        self.source = source
        self.line = line


class Found:
    """Where a tag stands: its version, the patch ("" = none), the variant ("" = bare), the build date ("" = none).

    `row` is that of the variant (None: the bare tag).
    """

    __slots__ = ("build", "patch", "row", "variant", "version")

    def __init__(
        self, version: Version, patch: str = "", variant: str = "", row: Row | None = None, build: str = ""
    ) -> None:
        self.version = version
        self.patch = patch
        self.variant = variant
        self.row = row
        self.build = build

    @property
    def base(self) -> str:
        """The tag without its variant (`latest` when it is a variant alone)."""
        return self.version.joined(self.patch)

    def sibling(self, variant: str) -> str:
        """How another variant ("" = the bare tag) of the same version and patch is written."""
        base = self.base
        return base if not variant else variant if base == LATEST else f"{base}-{variant}"


class Table:
    """All that one data file says."""

    __slots__ = (
        "also",
        "as_of",
        "builds",
        "collected",
        "configs",
        "dated_slim",
        "eol_source",
        "image",
        "index",
        "never",
        "only",
        "said",
        "sizes",
        "source",
        "suites",
        "texts",
        "versions",
    )

    def __init__(self) -> None:
        self.image = ""
        self.source = ""
        self.as_of = ""
        self.collected = ""
        self.eol_source = ""
        self.dated_slim = ""
        self.suites: tuple[str, ...] = ()
        self.builds: set[str] = set()
        self.configs: list[tuple[tuple[str, ...], str, str]] = []
        self.texts: dict[str, str] = {}
        self.said: dict[str, list[tuple[tuple[str, ...], str]]] = {}
        self.versions: dict[str, Version] = {}
        self.index: dict[str, tuple[Version, str]] = {}
        self.also: dict[str, tuple[str, str]] = {}
        self.never: set[str] = set()
        self.only: frozenset[str] | None = None  # a registry's whole list, when it was seen
        self.sizes: dict[str, SizeRow] = {}

    def find(self, tag: str) -> Found | None:
        """Where exactly this tag stands; None when it never did."""
        if len(tag) > LONGEST_TAG or tag in self.never or (self.only is not None and tag not in self.only):
            return None
        for head, rest in _splits(tag):
            place = self.index.get(head)
            if place is None:
                continue
            found = self._completed(tag, *place, rest)
            if found is not None:
                return found
        latest = self.versions.get(LATEST)
        if latest is not None and tag in latest.rows:
            return Found(latest, variant=tag, row=latest.rows[tag])
        for version in self.versions.values():
            if tag in version.snapshots:
                return Found(version, build=tag)
        return None

    def _completed(self, tag: str, version: Version, patch: str, rest: str) -> Found | None:
        row = version.rows.get(rest)
        if not rest:
            if not patch or version.has(version.bare, patch) or tag in self.also:
                return Found(version, patch)
        elif version.name == LATEST:
            return None  # `latest-alpine` is no tag: the variants of `latest` stand alone
        elif row is not None and (not patch or version.has(row, patch)):
            return Found(version, patch, rest, row)
        elif tag in self.also:
            return Found(version, patch, rest, row or Row(*self.also[tag], ()))
        build, _, variant = rest.partition("-")
        if patch or not build or not self._built(version, build):
            return None
        row = version.rows.get(variant)
        if variant and (variant != "slim" or row is None or self.dated_slim > build):
            return None
        return Found(version, "", variant, row, build)

    def _built(self, version: Version, build: str) -> bool:
        return build in self.builds and any(low <= build <= high for low, high in version.dated)


def _splits(tag: str) -> Iterator[tuple[str, str]]:
    """(head, rest) at no dash and at each dash, the longest head first: a version's own name may hold dashes."""
    if tag.endswith("-"):
        return
    yield tag, ""
    dash = tag.rfind("-")
    while dash > 0:
        yield tag[:dash], tag[dash + 1 :]
        dash = tag.rfind("-", 0, dash)
