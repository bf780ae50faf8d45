"""The rule for Python: only what is seen to be without machine code or to have wheels for musl, nothing left unseen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rewriter.facts.dependencies import numbers
from rewriter.manifests.verdicts import known

if TYPE_CHECKING:
    from rewriter.manifests.records import Dependency, Manifest
    from rewriter.manifests.verdicts import Findings

_SLIM = "slim is the better base: "
_INPUTS = (".toml", ".py", ".cfg", "Pipfile")  # files that a lock is made from


def judge_python(manifests: list[Manifest], version: str, findings: Findings) -> None:
    """Puts down why Python packages are not seen to work on musl; nothing when all of them are."""
    locked = any(manifest.complete for manifest in manifests)
    for manifest in manifests:
        _python_settings(manifest, findings)
        if not manifest.dependencies or (locked and not manifest.complete and manifest.path.endswith(_INPUTS)):
            continue
        for dependency in manifest.dependencies:
            _python_one(dependency, version, findings)
        if not manifest.complete:
            findings.refuse("", manifest.path, f"{_SLIM}{manifest.path} does not show what its packages bring in turn")


def _python_one(dependency: Dependency, version: str, findings: Findings) -> None:
    """Puts down why a package is not seen to work on musl, or what it needs there."""
    package = known(dependency)
    verdict = package.verdict(dependency.version) if package is not None else None
    name, reason = dependency.name, ""
    if dependency.origin:
        reason = f"{name} comes from {dependency.origin} and is built where it is installed"
    elif dependency.native:
        if not any(fits_musl(wheel, version) for wheel in dependency.wheels):
            reason = f"{name} has no wheel for musl in {dependency.where}"
    elif verdict is None:
        if dependency.native is None:
            reason = f"{name} is not known to be without machine code or to have wheels for musl"
    elif package is not None and verdict.kind != "fine":
        # A package without machine code of its own, or with it in a wheel, may still need something of the system.
        builds = dependency.native is None and (package.compiled or package.packages("build-apk"))
        if verdict.kind == "doubt" and not builds:
            findings.doubt(name, dependency.where, verdict.reason, package.phase)
        else:
            reason = f"{name}: {verdict.reason}"
    elif package is not None and not package.pure and dependency.native is None and 0 < _minor(version) < 8:
        reason = f"{name} is not known to have wheels for musl for Python {version}"
    if reason:
        findings.refuse(name, dependency.where, _SLIM + reason)


def _minor(version: str) -> int:
    """8 for ``3.8.1``; 1 for Python 2; 0 when not known."""
    parts = numbers(version)
    if not parts:
        return 0
    return 1 if parts[0] < 3 else (parts[1] if len(parts) > 1 else 0)


def _python_settings(manifest: Manifest, findings: Findings) -> None:
    for name, value in manifest.settings:
        if name in ("ext_modules", "cffi_modules", "rust_extensions"):
            findings.refuse("", manifest.path, f"{_SLIM}the project compiles an extension of its own ({name})")
        elif name == "install_requires" or (name == "dependencies" and value == "dynamic"):
            findings.doubt("", manifest.path, "its dependencies are computed, and were not seen")
        elif name == "no-binary":
            findings.refuse("", manifest.path, f"{_SLIM}--no-binary has packages compiled: {value[:60]}")


def fits_musl(wheel: str, version: str) -> bool:
    """Whether a wheel is for musl on x86_64 and for this Python ("" or "3": any)."""
    parts = wheel.removesuffix(".whl").split("-")
    if len(parts) < 5 or "musllinux" not in parts[-1] or "x86_64" not in parts[-1]:
        return False
    wanted = numbers(version)
    if len(wanted) < 2 or parts[-3].startswith("py"):
        return True
    minors = [int(tag[3:]) for tag in parts[-3].split(".") if tag.startswith("cp3") and tag[3:].isdecimal()]
    return any(minor == wanted[1] or (parts[-2] == "abi3" and minor <= wanted[1]) for minor in minors)
