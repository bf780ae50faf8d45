"""The words in which the judges answer, and what all of them ask of the facts."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rewriter.facts.dependencies import DEPENDENCIES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rewriter.facts.dependencies import Package
    from rewriter.manifests.records import Dependency, Manifest

MOST_REMARKS = 100  # nobody reads more, and a lock may hold thousands

_IMAGES = {
    "pypi": "python pypy",
    "npm": "node bun iojs",
    "rubygems": "ruby jruby",
    "packagist": "php composer",
    "maven": "openjdk java eclipse-temurin temurin amazoncorretto ibm-semeru-runtimes ibmjava sapmachine azul-zulu "
    "zulu-openjdk liberica-openjdk-debian maven gradle tomcat jetty tomee groovy clojure sbt",
    "cargo": "rust",
    "go": "golang",
    "hex": "elixir erlang",
    "swift": "swift",
    "pub": "dart",
    "haskell": "haskell",
    "julia": "julia",
    "cran": "r-base r-ver rstudio shiny",
    "conda": "miniconda3 anaconda3 micromamba mambaforge",
}
_ECOSYSTEM_OF = {image: ecosystem for ecosystem, images in _IMAGES.items() for image in images.split()}
LANGUAGES = {
    "swift": "Swift has no musl toolchain in its image",
    "pub": "what dart compiles is linked to glibc",
    "haskell": "the image's GHC links to glibc",
    "julia": "Julia's binaries are for glibc",
    "cran": "R packages are compiled where they are installed",
    "conda": "conda packages are for glibc only",
}


@dataclass(frozen=True, slots=True)
class Remark:
    """Something about one dependency: its name ("" for a whole file), the file that names it, and a clause.

    ``phase``: ``build`` where it matters only to the stage that builds, ``run`` only where the program runs, else "".
    """

    dependency: str
    where: str
    reason: str
    phase: str = ""

    def __post_init__(self) -> None:
        for name in ("dependency", "where", "reason"):
            object.__setattr__(self, name, shown(getattr(self, name)))

    def __str__(self) -> str:
        return f"{self.dependency} ({self.where}): {self.reason}" if self.dependency else self.reason


def shown(text: str) -> str:
    """Text on one short line: names come from files that anybody wrote, and go to terminals."""
    return "".join(char if char.isprintable() else "?" for char in text[:400])


@dataclass(slots=True)
class Findings:
    """What is gathered against musl; each remark once, in the order in which it was found."""

    refusals: dict[Remark, None] = field(default_factory=dict)
    doubts: dict[Remark, None] = field(default_factory=dict)

    def refuse(self, dependency: str, where: str, reason: str, phase: str = "") -> None:
        """Not on musl."""
        self.refusals[Remark(dependency, where, reason, phase)] = None

    def doubt(self, dependency: str, where: str, reason: str, phase: str = "") -> None:
        """On musl only if."""
        self.doubts[Remark(dependency, where, reason, phase)] = None


def ecosystem_of(image: str) -> str | None:
    """The registry that a base image's language uses; None for an image of no language, such as debian.

    ``image`` is a reference without tag: ``python``, ``docker.io/library/python``, ``mcr.microsoft.com/dotnet/sdk``.
    """
    parts = image.lower().split("@")[0].split("/")
    parts[-1] = parts[-1].partition(":")[0]
    if "dotnet" in parts:
        return "nuget"
    return _ECOSYSTEM_OF.get(parts[-1])


def relevant(manifests: Iterable[Manifest], image: str) -> tuple[Manifest, ...]:
    """The manifests that an image of this language installs from; all of them for an image of no language."""
    ecosystem = ecosystem_of(image)
    wanted = {ecosystem, "conda"} if ecosystem == "pypi" else {ecosystem}
    return tuple(one for one in manifests if ecosystem is None or one.ecosystem in wanted)


def known(dependency: Dependency) -> Package | None:
    """What the facts say of a dependency; nothing of one that does not come from the registry under that name."""
    if dependency.origin in ("path", "workspace"):
        return None
    return DEPENDENCIES.package(dependency.ecosystem, dependency.name)


def listed(names: Iterable[str], most: int = 5) -> str:
    """A few names for a sentence: ``a, b, c and 7 more``."""
    all_ = sorted(set(names))
    head = ", ".join(all_[:most])
    return head if len(all_) <= most else f"{head} and {len(all_) - most} more"
