"""One image's tags in memory, and the exact look-up of a tag in them.

A tag is VERSION[.PATCH][-VARIANT], or VERSION-DATE[-slim] (debian), or DATE (alpine's edge), or a variant alone, which
belongs to `latest`.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

LATEST = "latest"


class Row:
    """One variant of one version: its first and last listing (ISO, "" = still listed), and the patches that had it."""

    __slots__ = ("first", "last", "ranges")

    def __init__(self, first: str, last: str, ranges: tuple[tuple[int, int], ...]) -> None:
        self.first = first
        self.last = last
        self.ranges = ranges

    def covers(self, patch: str) -> bool:
        """Whether that patch had the variant; `patch` is one of the version's own, so it is a number."""
        number = int(patch)
        return any(low <= number <= high for low, high in self.ranges)


class Version:
    """One version (`1.18`, `bookworm`, `latest`) with all its tags; the meaning of the fields is told in reader.py."""

    __slots__ = (
        "dated",
        "eol",
        "eol_quality",
        "first",
        "floats",
        "last",
        "name",
        "patches",
        "release",
        "rows",
        "snapshots",
        "suite",
    )

    def __init__(self, name: str, first: str, last: str) -> None:
        self.name = name
        self.first = first
        self.last = last
        self.patches: dict[str, str] = {}
        self.suite: tuple[tuple[str, str], ...] = ()
        self.floats: tuple[tuple[str, str], ...] = ()
        self.release: tuple[tuple[str, str], ...] = ()
        self.rows: dict[str, Row] = {}
        self.dated: tuple[tuple[str, str], ...] = ()
        self.snapshots: tuple[str, ...] = ()
        self.eol = ""
        self.eol_quality = ""

    def life_of(self, patch: str) -> tuple[str, str]:
        """ISO dates of a patch's first and last listing: the next patch ends it ("" = still listed)."""
        first = self.patches[patch]
        number = int(patch)
        # Some old .0 tags were only listed when later patches already were.
        after = [date for other, date in self.patches.items() if int(other) > number and date > first]
        return first, after[0] if after else self.last

    def suites_of(self, patch: str) -> tuple[tuple[str, str], ...]:
        """(suite, ISO date since when) for all that the bare tag, or that of a patch ("" = none), stood for."""
        if not patch or not self.suite:
            return self.suite
        first, last = self.life_of(patch)
        steps = []
        for (suite, since), (_, until) in zip(self.suite, (*self.suite[1:], ("", "")), strict=True):
            if (not last or since < last) and (not until or until > first):
                steps.append((suite, max(since, first)))
        return tuple(steps)

    def float_of(self, patch: str) -> str:
        """The release that `-alpine` of this version, or of a patch ("" = none), last stood for ("" = not known)."""
        last = self.life_of(patch)[1] if patch else ""
        for release, since in reversed(self.floats):
            row = self.rows.get(f"alpine{release}")
            # Both can change on one day: then only the patches of the row tell which of the two came first.
            if not patch or ((not last or since <= last) and row is not None and row.covers(patch)):
                return release
        return ""


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
    """Where a tag stands: its version, the patch ("" = none), the variant ("" = bare), the build date ("" = none)."""

    __slots__ = ("build", "patch", "variant", "version")

    def __init__(self, version: Version, patch: str = "", variant: str = "", build: str = "") -> None:
        self.version = version
        self.patch = patch
        self.variant = variant
        self.build = build


class Table:
    """All that one data file says."""

    __slots__ = (
        "as_of",
        "builds",
        "collected",
        "configs",
        "dated_slim",
        "eol_source",
        "image",
        "others",
        "sizes",
        "source",
        "suites",
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
        self.others: tuple[str, ...] = ()
        self.builds: frozenset[str] = frozenset()
        self.configs: list[tuple[tuple[str, ...], str, str]] = []
        self.versions: dict[str, Version] = {}
        self.sizes: dict[str, SizeRow] = {}

    def find(self, tag: str) -> Found | None:
        """Where exactly this tag stands; None when it never did."""
        version = self.versions.get(tag)
        if version is not None:
            return Found(version)
        for head, rest in _splits(tag):
            found = self._find_version(head)
            if found is not None and self._completes(found, rest):
                return found
        latest = self.versions.get(LATEST)
        if latest is not None and tag in latest.rows:
            return Found(latest, variant=tag)
        for version in self.versions.values():
            if tag in version.snapshots:
                return Found(version, build=tag)
        return None

    def _find_version(self, head: str) -> Found | None:
        if head == LATEST:
            return None  # `latest-alpine` is no tag: the variants of `latest` stand alone
        version = self.versions.get(head)
        if version is not None:
            return Found(version)
        base, _, patch = head.rpartition(".")
        version = self.versions.get(base)
        return Found(version, patch) if version is not None and patch in version.patches else None

    def _completes(self, found: Found, rest: str) -> bool:
        if not rest:
            return True
        row = found.version.rows.get(rest)
        if row is not None:
            found.variant = rest
            return not found.patch or row.covers(found.patch)
        build, _, variant = rest.partition("-")
        if found.patch or not self._built(found.version, build):
            return False
        found.build, found.variant = build, variant
        return not variant or (variant == "slim" and variant in found.version.rows and self.dated_slim <= build)

    def _built(self, version: Version, build: str) -> bool:
        return build in self.builds and any(low <= build <= high for low, high in version.dated)


def _splits(tag: str) -> Iterator[tuple[str, str]]:
    """(head, rest) at no dash and at the first two: a version's own name may hold one dash (`rc-buggy`)."""
    if tag.endswith("-"):
        return
    yield tag, ""
    first = tag.find("-")
    if first < 0:
        return
    yield tag[:first], tag[first + 1 :]
    second = tag.find("-", first + 1)
    if second >= 0:
        yield tag[:second], tag[second + 1 :]
