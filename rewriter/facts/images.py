"""The catalogue: what is known of an image, answered from its data file, read when first asked for and then kept."""

from __future__ import annotations

from rewriter.facts.records import Variants
from rewriter.facts.tags import numbers

TYPE_CHECKING = False
if TYPE_CHECKING:
    from rewriter.facts.records import ImageConfig, Size
    from rewriter.facts.table import Found, Table, Version


class Facts:
    """The images of one folder of data files; the shipped ones unless `folder` names another."""

    def __init__(self, folder: str | None = None) -> None:
        self._folder = folder
        self._images: dict[str, ImageFacts | None] = {}

    def image(self, name: str) -> ImageFacts | None:
        """The facts of an image, by its name without tag; None when it is unknown.

        "golang", "library/golang" and "docker.io/library/golang" are the same. Raises FactsError when the data file is
        not to be believed.
        """
        short = short_name(name)
        if short not in self._images:
            from rewriter.facts.loader import SHIPPED, load  # only who asks for an image pays for the reader

            table = load(short, self._folder or SHIPPED)
            self._images[short] = ImageFacts(table) if table is not None else None
        return self._images[short]


class ImageFacts:
    """What is known of one image.

    `source` says where the tags were read, `as_of` of which day that list is, `collected` when the file was made (ISO
    dates). A tag that is not listed any more is no longer rebuilt, but normally stays pullable. Tags that the data file
    leaves out (Windows variants, pre-releases) are unknown here although they existed.
    """

    __slots__ = ("_sizes", "_table", "as_of", "collected", "name", "source")

    def __init__(self, table: Table) -> None:
        self._table = table
        self._sizes: dict[str, Size | None] = {}
        self.name = table.image
        self.source = table.source
        self.as_of = table.as_of
        self.collected = table.collected

    def __repr__(self) -> str:
        return f"ImageFacts({self.name!r})"

    @property
    def versions(self) -> tuple[str, ...]:
        """All versions that have their own tag, newest first, moving names last."""
        return tuple(self._table.versions)

    def has(self, tag: str) -> bool:
        """Whether this exact tag ever existed."""
        return self._table.find(tag) is not None

    def listed(self, tag: str) -> bool:
        """Whether this exact tag was still listed on `as_of`, hence is rebuilt."""
        found = self._table.find(tag)
        return found is not None and not self.life(tag)[1]

    def life(self, tag: str) -> tuple[str, str]:
        """ISO dates of the tag's first and last listing ("" = still listed); ("", "") when there is no such tag.

        The dates of a patch's variant are those of the patch, cut by those of the variant; a dated tag (`-20230109`) is
        only told its build date, which for all but the newest stands for both.
        """
        found = self._table.find(tag)
        if found is None:
            return "", ""
        version = found.version
        first, last = version.first, version.last
        if found.build:
            builds = version.snapshots or [build for _, build in version.dated]
            first = f"{found.build[:4]}-{found.build[4:6]}-{found.build[6:]}"
            return first, last if found.build == max(builds) else first
        if found.patch:
            first, last = version.life_of(found.patch)
        if found.variant:
            row = version.rows[found.variant]
            first, last = max(first, row.first), min(last or "9", row.last or "9")
            last = "" if last == "9" else last
        return first, last

    def full_version(self, tag: str) -> str | None:
        """The version with its patch that a tag last stood for, as far as is known: "1.18-alpine3.15" is "1.18.8".

        None when the tag is unknown, or names no version (debian's `bookworm`).
        """
        found = self._table.find(tag)
        name = version_of(found) if found is not None else ""
        if found is None or found.build or not name:
            return None
        own = self._table.versions.get(name)
        if own is None:
            return name  # a patch
        row = own.rows.get(found.variant)
        patches = [patch for patch in own.patches if row is None or row.covers(patch)]
        return f"{name}.{patches[-1]}" if patches else name

    def variants(self, version: str) -> Variants | None:
        """What exists beside the bare tag `version` ("1.18", "1.18.4", "bookworm", "latest"); None when it never was.

        For a moving tag ("1", "latest") only what is still listed is told: the rest stands for older versions.
        """
        found = self._table.find(version)
        if found is None or found.variant or found.build:
            return None
        own, patch = found.version, found.patch
        rows = [
            name
            for name, row in own.rows.items()
            if not (patch and not row.covers(patch)) and not (own.release and row.last)
        ]
        over_time = own.suites_of(patch)
        bare = over_time[-1][0] if over_time else own.name if own.name in self._table.suites else None
        return Variants(
            alpine=self._alpine(own, rows),
            suites=tuple(suite for suite in self._table.suites if suite in rows or suite == bare),
            bare_suite=bare,
            bare_suites_over_time=over_time,
            maintained=self.listed(version),
            floating="alpine" in rows,
            floating_alpine=own.float_of(patch) or None,
            others=tuple(name for name in rows if name in self._table.others),
        )

    def _alpine(self, version: Version, rows: list[str]) -> tuple[str, ...]:
        if self.name == "alpine":  # its versions are the releases
            return (version.release[-1][0],) if version.release else (version.name,) if "." in version.name else ()
        numbered = (name[6:] for name in rows if name.startswith("alpine") and name != "alpine")
        return tuple(sorted(numbered, key=numbers))

    def size(self, tag: str) -> Size | None:
        """How big this image is; an estimate when only a relative was measured; None when the tag is unknown."""
        if tag not in self._sizes:
            from rewriter.facts.sizes import size_of

            self._sizes[tag] = size_of(self._table, tag)
        return self._sizes[tag]

    @property
    def config(self) -> ImageConfig:
        """The configuration of the newest bare tag."""
        return self.config_of("latest")

    def config_of(self, tag: str) -> ImageConfig:
        """The configuration that this tag carries; that of `latest` when the tag is unknown."""
        from rewriter.facts.config import config_for

        found = self._table.find(tag)
        return config_for(self._table, *((found.variant, version_of(found)) if found is not None else ("", "")))

    def end_of_life(self, version: str) -> tuple[str, str] | None:
        """The last day with free updates and whether that is "stated" or an "estimate"; None when it is not known."""
        own = self._table.versions.get(version)
        return (own.eol, own.eol_quality) if own is not None and own.eol else None

    @property
    def end_of_life_source(self) -> str:
        """Where the ends of life were read ("" when there are none)."""
        return self._table.eol_source


def short_name(name: str) -> str:
    """The name of an official image without registry and `library/`; another name comes back as it is."""
    for registry in ("docker.io/", "index.docker.io/", "registry-1.docker.io/", "registry.hub.docker.com/"):
        if name.startswith(registry):
            name = name[len(registry) :]
            break
    return name[8:] if name.startswith("library/") else name


def version_of(found: Found) -> str:
    """The version that a tag stands for, for a moving tag the last one that it stood for ("" = not known)."""
    version = found.version
    if found.patch:
        return f"{version.name}.{found.patch}"
    if not version.release:
        return version.name if numbers(version.name) else ""
    last = version.rows[found.variant].last if found.variant else version.last
    # A tag that left the list on the day when the next version came stands for the version before.
    return next((name for name, since in reversed(version.release) if not last or since < last), "")


CATALOGUE = Facts()
"""The shipped facts, one for the process."""
