"""What an image on buildpack-deps has and its slim variant has not: the tables in data/slim, one text file per suite.

The full python, node, ruby, rust, perl … images stand on `buildpack-deps:SUITE`, golang on `buildpack-deps:SUITE-scm`
and compilers; their slim variants stand on `debian:SUITE-slim`. A file says which packages that makes, layer by layer,
and what each brings; its form is told in rewriter/facts/slim_reader.py.
"""

from __future__ import annotations

from rewriter.facts.records import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

LAYERS = ("curl", "scm", "full", "go")
COMPUTED = ("bullseye", "bookworm", "trixie")
"""The suites that have a table, oldest first."""
_BELOW = {"curl": (), "scm": ("curl",), "full": ("curl", "scm"), "go": ("curl", "scm")}
_TRIPLETS = ("aarch64-linux-gnu", "arm-linux-gnueabihf", "arm-linux-gnueabi", "i386-linux-gnu", "powerpc64le-linux-gnu")
_MERGED = ("/bin/", "/sbin/", "/lib/", "/lib64/")
_DEEPEST = 12
"""Components of a path that are looked at; the tables have fewer."""
_MULTIARCH = "/usr/lib/x86_64-linux-gnu/"


class LostPackage(Record):
    """One package of the layers: `asked` when a recipe names it; `instead`: what to install for it (often itself)."""

    __slots__ = ("asked", "instead", "layer", "name", "needs")
    name: str
    layer: str
    asked: bool
    instead: str
    needs: tuple[str, ...]

    def __init__(self, name: str, layer: str, asked: bool, instead: str, needs: tuple[str, ...]) -> None:
        self._fill(name=name, layer=layer, asked=asked, instead=instead, needs=needs)


class SlimSuites(Record):
    """Of suites: `archived` ones, the `nearest` table of those without, `programs` ((suite, name) -> package).

    `man_pages`: suite -> beginnings of the names of packages that its slim image cannot install as it is.
    """

    __slots__ = ("archived", "man_pages", "nearest", "programs")
    archived: frozenset[str]
    nearest: Mapping[str, str]
    programs: Mapping[tuple[str, str], str]
    man_pages: Mapping[str, tuple[str, ...]]

    def __init__(
        self,
        archived: frozenset[str],
        nearest: Mapping[str, str],
        programs: Mapping[tuple[str, str], str],
        man_pages: Mapping[str, tuple[str, ...]],
    ) -> None:
        self._fill(archived=archived, nearest=nearest, programs=programs, man_pages=man_pages)


class SlimGap:
    """All that one file says. `packages` holds every package of the layers by name; the other tables lead to names."""

    __slots__ = (
        "as_of",
        "base",
        "brings",
        "go",
        "libraries",
        "links",
        "modules",
        "packages",
        "paths",
        "perl_base",
        "programs",
        "source",
        "suite",
    )

    def __init__(self) -> None:
        self.suite = ""
        self.source = ""
        self.as_of = ""
        self.base: frozenset[str] = frozenset()
        self.perl_base: frozenset[str] = frozenset()
        self.brings: dict[str, tuple[str, ...]] = {}
        self.packages: dict[str, LostPackage] = {}
        self.programs: dict[str, str] = {}
        self.libraries: dict[str, str] = {}
        self.links: dict[str, str] = {}
        self.modules: dict[str, str] = {}
        self.paths: dict[str, str] = {}
        self.go: frozenset[str] = frozenset()

    def lost(self, package: str, layers: Iterable[str]) -> bool:
        """Whether one of the layers has the package."""
        found = self.packages.get(package)
        if found is None:
            return False
        return any(
            found.layer == layer or found.layer in _BELOW.get(layer, ()) or (layer == "go" and package in self.go)
            for layer in layers
        )

    def lost_packages(self, layers: Iterable[str]) -> frozenset[str]:
        """All packages of the layers."""
        wanted = frozenset(layers)
        return frozenset(name for name in self.packages if self.lost(name, wanted))

    def closure(self, packages: Iterable[str]) -> frozenset[str]:
        """The packages and all of the layers that come with them by dependency."""
        found: set[str] = set()
        left = list(packages)
        while left:
            name = left.pop()
            if name in found:
                continue
            found.add(name)
            left += self.brings.get(name, ())
            known = self.packages.get(name)
            left += known.needs if known is not None else ()
        return frozenset(found)

    def path_package(self, path: str) -> str:
        """The package of the layers that a normalised absolute path belongs to; "" when it is of none."""
        path = "/".join(merged(path).split("/", _DEEPEST)[:_DEEPEST])
        folder, _, name = path.rpartition("/")
        if folder in ("/usr/bin", "/usr/sbin") and name in self.programs:
            return self.programs[name]
        if f"{folder}/" == _MULTIARCH or folder == "/usr/lib":
            library = self._library(name)
            if library:
                return library
        while path:
            if path in self.paths:
                return self.paths[path]
            path = path.rpartition("/")[0]
        return ""

    def libraries_from(self, beginning: str) -> tuple[str, ...]:
        """The packages of all shared libraries whose file name begins so."""
        return tuple(dict.fromkeys(owner for name, owner in self.libraries.items() if name.startswith(beginning)))

    def _library(self, name: str) -> str:
        """The package of `libX.so`, `libX.a`, `libX.so.5` or `libX.so.5.1`."""
        stem, dot, version = name.partition(".so")
        if name.startswith("lib") and not version and stem[3:] in self.links:
            return self.links[stem[3:]]
        if name.startswith("lib") and name.endswith(".a"):
            return self.links.get(name[3:-2], "")
        while dot and name not in self.libraries and "." in name:
            name = name.rpartition(".")[0]
        return self.libraries.get(name, "")


def merged(path: str) -> str:
    """A path as the tables write it: `/bin`, `/lib` … below `/usr`, and the folder of amd64 for that of any machine."""
    if path.startswith(_MERGED):
        path = f"/usr{path}"
    if path.startswith(("/usr/lib/", "/usr/include/")):
        head, _, rest = path[1:].partition("/")[2].partition("/")
        triplet, _, below = rest.partition("/")
        if triplet in _TRIPLETS:
            return f"/usr/{head}/x86_64-linux-gnu/{below}".rstrip("/")
    return path


_gaps: dict[str, SlimGap] = {}
_suites: list[SlimSuites] = []


def computed_suite(suite: str) -> str:
    """The suite whose table speaks for a suite: itself, else the nearest of Debian's, else bookworm."""
    return suite if suite in COMPUTED else slim_suites().nearest.get(suite, "bookworm")


def slim_gap(suite: str) -> SlimGap:
    """The table that speaks for a suite (see `computed_suite`), read once. Raises FactsError when its file is odd."""
    suite = computed_suite(suite)
    if suite not in _gaps:
        from rewriter.facts.slim_reader import parse_slim

        file = f"slim/{suite}.txt"
        _gaps[suite] = parse_slim(_shipped(file), file)
    return _gaps[suite]


def slim_suites() -> SlimSuites:
    """What is known of suites without a table, read once. Raises FactsError when the file is odd."""
    if not _suites:
        from rewriter.facts.slim_reader import parse_suites

        file = "slim/suites.txt"
        _suites.append(parse_suites(_shipped(file), file))
    return _suites[0]


def _shipped(file: str) -> str:
    from rewriter.facts.loader import read_shipped

    return read_shipped(file)
