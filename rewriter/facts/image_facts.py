"""What is known of one image, asked by its tags."""

from __future__ import annotations

from rewriter.facts.records import ImageUser, Variants
from rewriter.facts.shapes import shape
from rewriter.facts.tags import DEBIAN_SUITES, UBUNTU_SUITES, numbers

TYPE_CHECKING = False
if TYPE_CHECKING:
    from rewriter.facts.overlay import Overlay
    from rewriter.facts.records import ImageConfig, Size
    from rewriter.facts.table import Found, Table, Version


class ImageFacts:
    """What is known of one image.

    `source` says where the tags were read, `as_of` of which day that list is, `collected` when the file was made (ISO
    dates). A tag that is not listed any more is no longer rebuilt, but normally stays pullable. Tags that the data file
    leaves out (Windows variants, pre-releases) are unknown here although they existed.
    """

    __slots__ = ("_siblings", "_sizes", "as_of", "collected", "name", "overlay", "source", "table")

    def __init__(self, table: Table, overlay: Overlay | None = None) -> None:
        self.table = table
        self.overlay = overlay
        self._sizes: dict[str, Size | None] = {}
        self._siblings: dict[str, tuple[str, ...]] = {}
        self.name = table.image
        self.source = table.source
        self.as_of = table.as_of
        self.collected = table.collected

    def __repr__(self) -> str:
        return f"ImageFacts({self.name!r})"

    @property
    def versions(self) -> tuple[str, ...]:
        """All versions that have their own tag, newest first, moving names last."""
        return tuple(self.table.versions)

    def has(self, tag: str) -> bool:
        """Whether this exact tag ever existed."""
        return self.table.find(tag) is not None

    def listed(self, tag: str) -> bool:
        """Whether this exact tag was still listed on `as_of`, hence is rebuilt.

        That a registry still holds a tag does not say so: it keeps what is no longer rebuilt as well.
        """
        found = self.table.find(tag)
        return found is not None and not self.life(tag)[1]

    def life(self, tag: str) -> tuple[str, str]:
        """ISO dates of the tag's first and last listing ("" = still listed); ("", "") when there is no such tag.

        The dates of a patch's variant are those of the patch, cut by those of the variant; a dated tag (`-20230109`) is
        only told its build date, which for all but the newest stands for both.
        """
        found = self.table.find(tag)
        if found is None:
            return "", ""
        if tag in self.table.also:
            return self.table.also[tag]
        version = found.version
        first, last = version.first, version.last
        if found.build:
            builds = version.snapshots or [build for _, build in version.dated]
            first = f"{found.build[:4]}-{found.build[4:6]}-{found.build[6:]}"
            return first, last if found.build == max(builds) else first
        if found.patch:
            first, last = version.life_of(found.patch)
        elif found.row is not None:
            return found.row.first, found.row.last
        if found.row is not None:
            first, last = max(first, found.row.first), min(last or "9", found.row.last or "9")
            last = "" if last == "9" else last
        return first, last

    def full_version(self, tag: str) -> str | None:
        """The version with its patch that a tag last stood for, as far as is known: "1.18-alpine3.15" is "1.18.8".

        None when the tag is unknown, or names no version (debian's `bookworm`).
        """
        found = self.table.find(tag)
        name = version_of(found) if found is not None else ""
        if found is None or found.build or not name:
            return None
        place = self.table.index.get(name)
        if place is None:
            return name
        own, patch = place
        if patch in own.patches:
            return name
        # A moving tag stood for another version, whose patches its own row does not tell.
        row = found.row if own is found.version else own.rows.get(found.variant)
        patches = [each for each in own.members(patch) if row is None or row.covers(own.patches[each].place)]
        return own.joined(patches[-1]) if patches else name

    def variants(self, version: str) -> Variants | None:
        """What exists beside the bare tag `version` ("1.18", "1.18.4", "bookworm", "latest"); None when it never was.

        For a moving tag ("1", "latest") only what is still listed is told: the rest stands for older versions.
        """
        found = self.table.find(version)
        if found is None or found.variant or found.build:
            return None
        own, patch = found.version, found.patch
        rows = self.siblings(found)
        over_time = tuple(step for step in own.history("", patch) if step[0] != "-")
        bare = self.suite(version)
        return Variants(
            alpine=self._alpine(own, rows),
            suites=tuple(suite for suite in self.table.suites if suite in rows or suite == bare),
            bare_suite=bare,
            bare_suites_over_time=over_time,
            maintained=self.listed(version),
            floating="alpine" in rows,
            floating_alpine=own.stood_for("alpine", patch) or None,
            others=tuple(name for name in rows if not name.startswith("alpine") and name not in self.table.suites),
        )

    def siblings(self, found: Found) -> tuple[str, ...]:
        """The variants that exist beside the bare tag of a version and patch; of a moving one those still listed."""
        own, patch = found.version, found.patch
        if found.base not in self._siblings:
            self._siblings[found.base] = tuple(
                name
                for name, row in own.rows.items()
                if not (own.moving and row.last)
                and (not patch or own.has(row, patch))
                and self.table.find(found.sibling(name)) is not None
            )
        return self._siblings[found.base]

    def _alpine(self, version: Version, rows: tuple[str, ...]) -> tuple[str, ...]:
        if self.name == "alpine":  # its versions are the releases
            return (version.release[-1][0],) if version.release else (version.name,) if "." in version.name else ()
        numbered = (name[6:].lstrip("-") for name in rows if name.startswith("alpine") and name != "alpine")
        return tuple(sorted((name for name in numbered if "-" not in name and numbers(name)), key=numbers))

    def size(self, tag: str) -> Size | None:
        """How big this image is; an estimate when only a relative was measured; None when the tag is unknown."""
        if tag not in self._sizes:
            from rewriter.facts.sizes import size_of

            self._sizes[tag] = size_of(self.table, tag, self.overlay)
        return self._sizes[tag]

    @property
    def config(self) -> ImageConfig:
        """The configuration of the newest bare tag."""
        return self.config_of("latest")

    @property
    def config_known(self) -> bool:
        """Whether the configuration was read somewhere; where not, `config` says nothing. See `config_known_of`."""
        return bool(self.table.configs)

    def config_known_of(self, tag: str) -> bool:
        """Whether the configuration of this very tag is known: that of very old tags may differ and was not read."""
        return self.config_known and self.has(tag) and not self.said("unread", tag)

    def config_of(self, tag: str) -> ImageConfig:
        """The configuration that this tag carries; that of `latest` when the tag is unknown. See `config_known`."""
        from rewriter.facts.config import config_for

        found = self.table.find(tag)
        return config_for(self.table, *((found.variant, version_of(found)) if found is not None else ("", "")))

    def suite(self, tag: str) -> str | None:
        """The Debian or Ubuntu suite that a tag stands on, the last known one; None when it is none or not known."""
        found = self.table.find(tag)
        if found is None:
            return None
        written = shape(found.variant).suite or (found.version.name if found.version.name in self.table.suites else "")
        known = written or found.version.stood_for(found.variant, found.patch)
        return known if known in DEBIAN_SUITES or known in UBUNTU_SUITES else None

    def is_slim(self, tag: str) -> bool:
        """Whether it is a variant that leaves out what its full image carries."""
        found = self.table.find(tag)
        return found is not None and shape(found.variant).slim

    def suites_over_time(self, tag: str) -> tuple[tuple[str, str], ...]:
        """(suite, ISO date since when) for all that a tag stood for; () when it is written in it, or not known."""
        found = self.table.find(tag)
        return found.version.history(found.variant, found.patch) if found is not None else ()

    @property
    def kind(self) -> str:
        """distribution, language, runtime, service, database, build-tool or tool ("" = not told)."""
        return self.table.texts.get("kind", "")

    def family(self, tag: str) -> str | None:
        """debian, ubuntu, alpine, rhel, fedora, amazon, busybox, windows, scratch, arch or suse; None: not known."""
        found = self.table.find(tag)
        if found is None:
            return None
        if shape(found.variant).alpine is not None:
            return "alpine"
        suite = self.suite(tag)
        if suite is not None:
            return "debian" if suite in DEBIAN_SUITES else "ubuntu"
        said = self.said("family", tag)
        return said[-1] if said else None

    def said(self, key: str, tag: str) -> list[str]:
        """The texts of all lines of a keyword that speak of this tag, in order."""
        from rewriter.facts.conditions import holds

        found = self.table.find(tag)
        if found is None:
            return []
        version = version_of(found)
        return [text for which, text in self.table.said.get(key, ()) if holds(which, found.variant, version)]

    def carries(self, tag: str) -> frozenset[str]:
        """The layers of buildpack-deps in it: `curl`, `scm`, `full`; `go` for the compilers that golang adds."""
        return frozenset(" ".join(self.said("carries", tag)).split())

    def machines(self, tag: str) -> frozenset[str]:
        """The machines that a tag is built for, where these are few (`amd64`); empty where nothing is told."""
        return frozenset(" ".join(self.said("machines", tag)).split())

    def packages(self, tag: str) -> tuple[str, ...]:
        """Packages of its distribution that it certainly has by its own recipe (not those of the base image)."""
        return tuple(dict.fromkeys(" ".join(self.said("packages", tag)).split()))

    def programs(self, tag: str) -> frozenset[str]:
        """Programs that the image's own layer brings (not those of its distribution)."""
        return frozenset(" ".join(self.said("programs", tag)).split())

    def users(self, tag: str) -> tuple[ImageUser, ...]:
        """Users that the image adds to those of its distribution, as far as they are known."""
        lines = [text.split() for text in self.said("user", tag)]
        return tuple(ImageUser(name, _number(uid), _number(gid)) for name, uid, gid in lines)

    def trap(self, tag: str) -> str:
        """Why this tag, although it exists, is not to be proposed ("" = nothing speaks against it)."""
        said = self.said("trap", tag)
        return said[-1] if said else ""

    @property
    def successor(self) -> tuple[str, str] | None:
        """The image that took the place of this one, and why; None when it has none."""
        image, _, reason = self.table.texts.get("successor", "").partition(" ")
        return (image, reason.strip()) if image else None

    @property
    def refuse_alpine(self) -> str:
        """Why no tag of it may become an alpine one ("" = nothing speaks against it in general)."""
        return self.table.texts.get("refuse-alpine", "")

    @property
    def refuse_slim(self) -> str:
        """Why no tag of it may become a slim one ("" = nothing speaks against it in general)."""
        return self.table.texts.get("refuse-slim", "")

    def end_of_life(self, version: str) -> tuple[str, str] | None:
        """The last day with free updates and whether that is "stated" or an "estimate"; None when it is not known."""
        own = self.table.versions.get(version)
        return (own.eol, own.eol_quality) if own is not None and own.eol else None

    @property
    def end_of_life_source(self) -> str:
        """Where the ends of life were read ("" when there are none)."""
        return self.table.eol_source


def version_of(found: Found) -> str:
    """The version that a tag stands for, for a moving tag the last one that it stood for ("" = not known)."""
    version = found.version
    if found.patch:
        return version.joined(found.patch)
    if not version.release:
        return version.name if numbers(version.name) or version.patches else ""
    last = found.row.last if found.row is not None else version.last
    # A tag that left the list on the day when the next version came stands for the version before.
    return next((name for name, since in reversed(version.release) if not last or since < last), "")


def _number(word: str) -> int | None:
    return int(word) if word != "-" else None
