"""What the dependencies of a build context need of the system, as packages of Debian (slim) and of Alpine."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rewriter.facts.dependencies import numbers
from rewriter.manifests.musl_python import fits_musl
from rewriter.manifests.verdicts import MOST_REMARKS, Remark, ecosystem_of, known, listed, relevant, shown

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rewriter.facts.dependencies import Package
    from rewriter.manifests.records import Dependency, Manifest

# What buildpack-deps (and so the full image of a language) carries, as far as a dependency may need it: the packages of
# its own Dockerfiles, and the libraries and programs that these bring with them.
# Source: docker-library/buildpack-deps debian/bookworm, 2026-08; the libraries by the packages' own dependencies.
_FULL_IMAGE = frozenset(
    "ca-certificates curl gnupg netbase sq wget git mercurial openssh-client subversion procps autoconf automake bzip2 "
    "default-libmysqlclient-dev dpkg-dev file g++ gcc imagemagick libbz2-dev libc6-dev libcurl4-openssl-dev libdb-dev "
    "libevent-dev libffi-dev libgdbm-dev libglib2.0-dev libgmp-dev libjpeg-dev libkrb5-dev liblzma-dev "
    "libmagickcore-dev libmagickwand-dev libmaxminddb-dev libncurses5-dev libncursesw5-dev libpng-dev libpq-dev "
    "libreadline-dev libsqlite3-dev libssl-dev libtool libwebp-dev libxml2-dev libxslt-dev libxslt1-dev libyaml-dev "
    "make patch unzip xz-utils zlib1g-dev "
    "build-essential pkg-config python3 perl libpq5 libmariadb3 libsqlite3-0 libxml2 libxslt1.1 libyaml-0-2 libffi7 "
    "libffi8 libssl1.1 libssl3 libssl3t64 libcurl4 libmagic1 libglib2.0-0 libglib2.0-0t64 libgomp1 libgmp10 "
    "libcairo2 libcairo2-dev libpango-1.0-0 libpangoft2-1.0-0 libmagickwand-6.q16-6 libgssapi-krb5-2 libsasl2-2 "
    "libldap-2.4-2 libldap-2.5-0 libfontconfig1 fontconfig libdbus-1-3 openssl libicu-dev libcurl3 "
    "libcurl4t64 libfreetype6 libkrb5-3 libfontconfig1-dev libncurses6 libncursesw6 libmagickwand-7.q16-10".split()
)
# What the slim variants have all the same.
_SLIM_HAS = {
    "python": frozenset({"ca-certificates", "netbase", "tzdata"}),
    "rust": frozenset({"ca-certificates", "gcc", "libc6-dev"}),
    "ruby": frozenset({"ca-certificates", "libffi7", "libffi8", "libyaml-0-2", "libgmp10"}),
}
_ALPINE_HAS = {"rust": frozenset({"ca-certificates", "gcc", "musl-dev"}), "node": frozenset({"libstdc++"})}
_COMPILERS = {
    "apt": {"pypi": ("gcc", "libc6-dev"), "npm": ("python3", "make", "g++"), "rubygems": ("build-essential",)},
    "apk": {"pypi": ("gcc", "musl-dev"), "npm": ("python3", "make", "g++"), "rubygems": ("build-base",)},
}
_WITH_SLIM = frozenset({"pypi", "npm", "rubygems", "cargo", "hex"})


@dataclass(frozen=True, slots=True)
class Needs:
    """Packages to add, each with the dependency that needs it: ``build`` where it is installed, ``run`` where it runs.

    ``doubts``: what may be missing all the same; ``refusals``: why it cannot be told; ``unnamed``, which are doubts as
    well: libraries of run time whose packages are not known for the suite.
    """

    build: dict[str, str] = field(default_factory=dict)
    run: dict[str, str] = field(default_factory=dict)
    doubts: tuple[Remark, ...] = ()
    refusals: tuple[Remark, ...] = ()
    unnamed: tuple[Remark, ...] = ()


@dataclass(slots=True)
class _Gathering:
    kind: str
    suite: str
    has: frozenset[str]
    only: frozenset[str] | None
    build: dict[str, str] = field(default_factory=dict)
    run: dict[str, str] = field(default_factory=dict)
    doubts: dict[Remark, None] = field(default_factory=dict)
    refusals: dict[Remark, None] = field(default_factory=dict)
    unnamed: dict[Remark, None] = field(default_factory=dict)

    def add(self, into: dict[str, str], names: Iterable[str], why: str) -> None:
        for name in names:
            if name not in self.has and (self.only is None or name in self.only):
                into.setdefault(name, shown(why))

    def doubt(self, dependency: Dependency, reason: str) -> Remark:
        remark = Remark(dependency.name, dependency.where, reason)
        self.doubts[remark] = None
        return remark

    def done(self) -> Needs:
        build, run = dict(sorted(self.build.items())), dict(sorted(self.run.items()))
        remarks = (tuple(found)[:MOST_REMARKS] for found in (self.doubts, self.refusals, self.unnamed))
        return Needs(build, run, *remarks)


def slim_needs(manifests: Iterable[Manifest], *, image: str, suite: str, version: str = "") -> Needs:
    """What the slim variant of ``image`` lacks for these dependencies that the full image carried.

    ``suite`` is the Debian suite; a package whose name is not known for it is a doubt. Images without a slim variant
    (php, golang, …), and those of no language, lack nothing by being asked.
    """
    if (own := ecosystem_of(image)) not in _WITH_SLIM:
        return Needs()
    language = image.rpartition("/")[2].partition(":")[0]
    gathering = _Gathering("apt", suite, _SLIM_HAS.get(language, frozenset()), _FULL_IMAGE)
    return _gather(relevant(manifests, image), gathering, version if own == "pypi" else "")


def alpine_needs(manifests: Iterable[Manifest], *, image: str, version: str = "") -> Needs:
    """What the alpine variant of ``image`` lacks for these dependencies, in the names of Alpine's packages.

    It does not say whether they work on musl: see `musl_verdict`.
    """
    language = image.rpartition("/")[2].partition(":")[0]
    gathering = _Gathering("apk", "", _ALPINE_HAS.get(language, frozenset()), None)
    return _gather(relevant(manifests, image), gathering, version if ecosystem_of(image) == "pypi" else "")


def _gather(manifests: tuple[Manifest, ...], gathering: _Gathering, version: str) -> Needs:
    for ecosystem in sorted({manifest.ecosystem for manifest in manifests}):
        group = [manifest for manifest in manifests if manifest.ecosystem == ecosystem]
        locks = [manifest for manifest in group if manifest.complete and not manifest.unread]
        for manifest in group:
            if manifest.unread:
                remark = Remark("", manifest.path, f"{manifest.path} {manifest.unread}")
                gathering.refusals[remark] = None
        chosen = [one for one in group if one.complete or not locks or not _is_input(one)]
        unknown = [one for manifest in chosen for one in manifest.dependencies if _gather_one(one, gathering, version)]
        _unknown(unknown, gathering)
        if not locks and any(manifest.dependencies for manifest in group) and ecosystem != "maven":
            where = next(manifest.path for manifest in group if manifest.dependencies)
            reason = f"{where} does not show what its packages bring in turn"
            gathering.doubts[Remark("", where, reason)] = None
    return gathering.done()


def _is_input(manifest: Manifest) -> bool:
    """Whether a lock beside it says the same and more."""
    names = ("package.json", ".toml", "setup.py", "setup.cfg", "Pipfile", "Gemfile", "mix.exs", "composer.json")
    return manifest.path.endswith(names)


def _gather_one(dependency: Dependency, gathering: _Gathering, version: str) -> bool:
    """Puts down what one dependency needs; True when nothing is known of it."""
    if dependency.origin == "git":
        if dependency.ecosystem != "cargo":  # which fetches with a libgit2 of its own
            gathering.add(gathering.build, ("git", "ca-certificates"), f"{dependency.name} comes from a git repository")
        gathering.doubt(dependency, "it is built from a git repository, and what it needs was not seen")
        return False
    if dependency.origin:
        return False
    package = known(dependency)
    if package is None:
        return dependency.native is not False and not _has_binary(dependency, gathering.kind, version)
    wanted = _builds(package, dependency, gathering.kind, version)
    for phase, into in (("build", gathering.build), ("run", gathering.run)):
        if phase == "build" and not wanted:
            continue
        if phase == "run" and package.compiled and not (wanted or package.compiles(dependency.version)):
            continue  # its binary brings the libraries that a compiled one looks for
        if phase == "run" and gathering.kind == "apk" and "musl" in dependency.libc:
            continue  # likewise: sharp brings its libvips
        names = package.packages(f"{phase}-{gathering.kind}", gathering.suite)
        if names is None:
            reason = f"it needs a library whose package in {gathering.suite or 'this suite'} is not known"
            remark = gathering.doubt(dependency, reason)
            if phase == "run":
                gathering.unnamed[remark] = None
        gathering.add(into, names or (), _why(package, dependency, gathering.kind))
    if gathering.kind == "apt" and not wanted and _may_fall_back(package, dependency):
        gathering.doubt(dependency, "it fetches a binary while it is installed, and slim cannot compile it instead")
    if gathering.kind == "apk" and not package.pure and _old_for_python(package, dependency, version):
        gathering.doubt(dependency, f"{dependency.version} may have no wheel for Python {version}, and be compiled")
    return False


def _may_fall_back(package: Package, dependency: Dependency) -> bool:
    """Whether it looks for a binary of its own, outside of the registry, and compiles where there is none."""
    return dependency.ecosystem == "npm" and bool(package.packages("build-apt")) and dependency.native is not False


def _why(package: Package, dependency: Dependency, kind: str) -> str:
    return f"{dependency.name} needs it" if kind == "apk" or not package.compiled else f"{dependency.name} is compiled"


def _has_binary(dependency: Dependency, kind: str, version: str) -> bool:
    if kind == "apk":
        return any(fits_musl(wheel, version) for wheel in dependency.wheels)
    return "glibc" in dependency.libc


def _builds(package: Package, dependency: Dependency, kind: str, version: str) -> bool:
    """Whether the packages for compiling it are wanted.

    On glibc only where it has no binaries; on musl also where there is a doubt that a binary fits.
    """
    if dependency.native is False or _has_binary(dependency, kind, version):
        return False
    if dependency.ecosystem == "rubygems" and package.packages(f"build-{kind}"):
        # A gem with binaries is compiled all the same where the lock lists none for this libc.
        return ("glibc" if kind == "apt" else "musl") not in dependency.libc
    if package.compiles(dependency.version):
        return True
    verdict = package.verdict(dependency.version)
    return kind == "apk" and verdict is not None and verdict.kind == "doubt"


def _old_for_python(package: Package, dependency: Dependency, version: str) -> bool:
    """Wheels for musl and for Python 3.10 began in the same year: an older release has no wheel for a newer Python."""
    if dependency.ecosystem != "pypi" or dependency.wheels or not package.musl_since or not dependency.version:
        return False
    python = numbers(version)
    return len(python) > 1 and python >= (3, 10) and numbers(dependency.version) < numbers(package.musl_since)


def _unknown(dependencies: list[Dependency], gathering: _Gathering) -> None:
    """One doubt for all that nothing is known of, and compilers for those that are seen to compile."""
    for dependency in dependencies:
        sdist = bool(dependency.wheels) and dependency.native is None and dependency.ecosystem == "pypi"
        if not (dependency.native or sdist):
            continue
        compilers = _COMPILERS[gathering.kind].get(dependency.ecosystem, ())
        gathering.add(gathering.build, compilers, f"{dependency.name} may be compiled")
        gathering.doubt(dependency, "it is compiled, and the libraries that it needs are not known")
    rest = [one for one in dependencies if one.native is None and not one.wheels and _may_compile(one)]
    unshown = sorted({one.where for one in rest if one.where.endswith(("yarn.lock", "pnpm-lock.yaml"))})
    for where in unshown:
        gathering.doubts[Remark("", where, f"{where} does not show which packages run install scripts")] = None
    rest = [one for one in rest if one.where not in unshown]
    if rest:
        reason = f"whether these compile where they are installed is not known: {listed(one.name for one in rest)}"
        gathering.doubts[Remark("", rest[0].where, reason)] = None


def _may_compile(dependency: Dependency) -> bool:
    """Crates and Java libraries without a known C part do not; an extension of PHP always does."""
    if dependency.ecosystem == "packagist":
        return dependency.name.startswith("ext-")
    return dependency.ecosystem in ("pypi", "npm", "rubygems")
