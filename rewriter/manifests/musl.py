"""Whether what a build context installs works on musl, hence on Alpine.

The rule of each language follows from how it distributes machine code. Python: see `musl_python`. Node: no native addon
in a lock that shows everything. The others: no package that is known to fail; what cannot be seen is a doubt that
names it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from rewriter.facts.dependencies import numbers
from rewriter.manifests.musl_python import judge_python
from rewriter.manifests.verdicts import LANGUAGES, MOST_REMARKS, Findings, ecosystem_of, known, listed, relevant

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from rewriter.manifests.records import Dependency, Manifest
    from rewriter.manifests.verdicts import Remark


@dataclass(frozen=True, slots=True)
class MuslVerdict:
    """``refusals``: why not Alpine. ``doubts``: what it depends on, or what could not be seen. Neither: it works."""

    refusals: tuple[Remark, ...] = ()
    doubts: tuple[Remark, ...] = ()


def musl_verdict(
    manifests: Iterable[Manifest], *, image: str, version: str = "", production: bool = False
) -> MuslVerdict:
    """What stands against Alpine for a stage on ``image`` (without tag) that installs what the manifests name.

    Packages that a RUN names are passed in a `Manifest` of their own. ``version`` is that of the image's tag, "" when
    not known. ``production``: what is for development only is not installed. For an image of no language every
    manifest is judged by the rule of its own language.
    """
    findings = Findings()
    own = ecosystem_of(image)
    wanted = relevant(manifests, image)
    if production:
        wanted = tuple(map(_for_production, wanted))
    if own in LANGUAGES:
        findings.refuse("", image, LANGUAGES[own])
    elif own is not None and not wanted:
        findings.doubt("", image, f"no manifest of {own} packages was seen, so that what is installed is not known")
    for ecosystem in sorted({manifest.ecosystem for manifest in wanted}):
        group = [manifest for manifest in wanted if manifest.ecosystem == ecosystem]
        readable = [manifest for manifest in group if not manifest.unread]
        for manifest in group:
            if manifest.unread and ecosystem not in LANGUAGES:
                findings.refuse("", manifest.path, f"{manifest.path} {manifest.unread}")
        if ecosystem in LANGUAGES:
            findings.refuse("", group[0].path, LANGUAGES[ecosystem])
        elif rule := _RULES.get(ecosystem):
            rule(readable, version if ecosystem == own else "", findings)
    return MuslVerdict(tuple(findings.refusals)[:MOST_REMARKS], tuple(findings.doubts)[:MOST_REMARKS])


def _for_production(manifest: Manifest) -> Manifest:
    return replace(manifest, dependencies=tuple(one for one in manifest.dependencies if not one.dev))


def _by_facts(dependency: Dependency, findings: Findings) -> bool:
    """Puts down what the facts say of a dependency; False when they say nothing.

    What is for development only is installed but seldom run in the image: what speaks against it is a doubt.
    """
    package = known(dependency)
    verdict = package.verdict(dependency.version) if package is not None else None
    if package is None or verdict is None:
        return False
    if verdict.kind == "refuse" and not dependency.dev:
        findings.refuse(dependency.name, dependency.where, verdict.reason, package.phase)
    elif verdict.kind != "fine":
        findings.doubt(dependency.name, dependency.where, verdict.reason, package.phase)
    return True


# Node


def _node(manifests: list[Manifest], version: str, findings: Findings) -> None:
    locks = [manifest for manifest in manifests if manifest.complete]
    for lock in locks:
        unclear = [one for one in lock.dependencies if not _by_facts(one, findings) and one.native is not False]
        for dependency in unclear:
            if dependency.native:
                reason = "it compiles or fetches machine code, and is not known to work on musl"
                findings.refuse(dependency.name, lock.path, reason)
            elif dependency.origin not in ("", "path"):
                findings.doubt(dependency.name, lock.path, f"it comes from {dependency.origin}, and was not seen")
        _node_libcs(lock, findings)
        if lock.setting("lockfileVersion") in ("2", "3"):
            for dependency in unclear:
                if dependency.native is None:
                    findings.doubt(dependency.name, lock.path, "it runs an install script that is not known")
        elif unclear:
            findings.doubt("", lock.path, f"{lock.path} does not show which packages run install scripts")
    for manifest in manifests if not locks else ():
        for dependency in manifest.dependencies:
            _by_facts(dependency, findings)
        if manifest.dependencies:
            unseen = f"{manifest.path} has no lock file beside it, so that what its packages bring in turn is not seen"
            findings.doubt("", manifest.path, unseen)


def _node_libcs(lock: Manifest, findings: Findings) -> None:
    """Prebuilt packages that the lock has for glibc only: npm and its like would install nothing at all on musl."""
    families: dict[str, set[str]] = {}
    for dependency in lock.dependencies:
        for libc in dependency.libc:
            families.setdefault(_family(dependency.name), set()).add(libc)
    for family, libcs in sorted(families.items()):
        if libcs == {"glibc"} and (family.endswith("x64") or family.replace("arm64", "x64") not in families):
            if not family.endswith(("x64", "arm64")):
                continue  # processors that few build for, and no reason against the usual ones
            findings.refuse(family, lock.path, "the lock has its binary for glibc only")


def _family(name: str) -> str:
    """The name of a prebuilt package without its libc: ``@rollup/rollup-linux-x64``."""
    parts = name.lower().replace("linuxmusl", "linux").split("-")
    return "-".join(part for part in parts if part not in ("gnu", "glibc", "musl"))


# The others


def _ruby(manifests: list[Manifest], version: str, findings: Findings) -> None:
    locks = [manifest for manifest in manifests if manifest.complete]
    for manifest in locks or manifests:
        unknown = []
        for dependency in manifest.dependencies:
            if dependency.origin == "path":
                continue
            if dependency.libc == ("glibc",) and not dependency.wheels:
                findings.refuse(dependency.name, dependency.where, "the lock has it for glibc only")
            elif not _by_facts(dependency, findings) and dependency.native is not False:
                unknown.append(dependency.name)
        if unknown:
            reason = f"whether these gems compile is not known: {listed(unknown)}"
            findings.doubt("", manifest.path, reason)
        platforms = [value for name, value in manifest.settings if name == "platform"]
        if platforms and not any(value == "ruby" or "linux-musl" in value for value in platforms):
            reason = f"it is locked for {', '.join(platforms[:3])}, not for musl (bundle lock --add-platform)"
            findings.refuse("", manifest.path, reason)
    if manifests and not locks:
        findings.doubt("", manifests[0].path, "no Gemfile.lock was seen, so that not all gems are known")


def _rust(manifests: list[Manifest], version: str, findings: Findings) -> None:
    locks = [manifest for manifest in manifests if manifest.complete]
    if len(numbers(version)) > 1 and numbers(version) < (1, 44):
        findings.refuse("", "rust", f"rust {version} cannot build procedural macros on musl, which came with 1.44")
    for manifest in locks or manifests:
        for dependency in manifest.dependencies:
            if not _by_facts(dependency, findings) and dependency.links:
                findings.refuse(dependency.name, dependency.where, "it links a C library that is not known on musl")
    if manifests and not locks:
        findings.doubt("", manifests[0].path, "no Cargo.lock was seen, so that not all crates are known")


def _dotnet(manifests: list[Manifest], version: str, findings: Findings) -> None:
    invariant = any(one.setting("InvariantGlobalization").lower() == "true" for one in manifests)
    for manifest in manifests:
        for dependency in manifest.dependencies:
            _by_facts(dependency, findings)
        identifier = manifest.setting("RuntimeIdentifier")
        if identifier.startswith("linux-") and not identifier.startswith("linux-musl"):
            findings.refuse("", manifest.path, f"RuntimeIdentifier {identifier} makes a program for glibc")
        if manifest.setting("PublishAot").lower() == "true":
            findings.doubt("", manifest.path, "PublishAot links with clang, which Alpine's image lacks", "build")
    if manifests and not invariant:
        reason = "Alpine's images have neither ICU nor time zones, and InvariantGlobalization is not set"
        findings.doubt("", manifests[0].path, reason, "run")


def _java(manifests: list[Manifest], version: str, findings: Findings) -> None:
    for manifest in manifests:
        for dependency in manifest.dependencies:
            _by_facts(dependency, findings)
    if seen := [manifest for manifest in manifests if manifest.dependencies]:
        reason = f"{seen[0].path} does not show what its libraries bring in turn: JNI in them was not seen"
        findings.doubt("", seen[0].path, reason)


def _php(manifests: list[Manifest], version: str, findings: Findings) -> None:
    locks = [manifest for manifest in manifests if manifest.complete]
    for manifest in manifests:
        for dependency in manifest.dependencies:
            if not _by_facts(dependency, findings) and dependency.name.startswith("ext-"):
                findings.doubt(dependency.name, dependency.where, "this extension is not known on Alpine")
    if not locks and any(manifest.path.endswith("composer.json") for manifest in manifests):
        findings.doubt("", manifests[0].path, "no composer.lock was seen, so that not all extensions are known")


def _elixir(manifests: list[Manifest], version: str, findings: Findings) -> None:
    locks = [manifest for manifest in manifests if manifest.complete]
    for manifest in locks or manifests:
        for dependency in manifest.dependencies:
            if not _by_facts(dependency, findings) and dependency.native:
                findings.refuse(dependency.name, dependency.where, "it compiles, and is not known to work on musl")
    if manifests and not locks:
        findings.doubt("", manifests[0].path, "no mix.lock was seen, so that not all packages are known")


def _go(manifests: list[Manifest], version: str, findings: Findings) -> None:
    for manifest in manifests:
        for dependency in manifest.dependencies:
            _by_facts(dependency, findings)


_RULES: dict[str, Callable[[list[Manifest], str, Findings], None]] = {
    "pypi": judge_python,
    "npm": _node,
    "rubygems": _ruby,
    "cargo": _rust,
    "nuget": _dotnet,
    "maven": _java,
    "packagist": _php,
    "hex": _elixir,
    "go": _go,
}
