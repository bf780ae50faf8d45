"""What the build context declares for the dependencies that a stage installs, and what of it could not be seen."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rewriter.ecosystems.go import GoStage
from rewriter.manifests import Manifest, from_install_words, read_manifests
from rewriter.manifests.find import manifest_folders, read_with_references
from rewriter.model.launch import Launch, launch_of
from rewriter.planning.installs import installs_of
from rewriter.planning.need_types import Declared
from rewriter.planning.swap import Base
from rewriter.situation import Situation

if TYPE_CHECKING:
    from rewriter.context import BuildContext
    from rewriter.manifests.verdicts import Remark

_LARGEST = 2_000_000  # bytes of a Cargo.toml
_ALONE = frozenset({("pypi", "pip"), ("pypi", "setuptools"), ("pypi", "wheel")})
"""What installers are updated with: packages without machine code that bring no other ones."""


def declared_by(situation: Situation, base: Base, go: GoStage) -> Declared:
    """Reads what the installing commands of a stage take."""
    found = Declared()
    manifests: dict[str, Manifest] = {}
    context, files = situation.context, go.files
    named: list[Manifest] = []
    ecosystems: set[str] = set()
    launch = launch_of(go.stage, files)
    for install in installs_of(go, launch.all_steps if isinstance(launch, Launch) else ()):
        line = f"line {install.step.instruction.line}"
        ecosystems.add(install.ecosystem)
        if install.words:
            words = from_install_words(install.ecosystem, install.words)
            words = tuple(one for one in words if (one.ecosystem, one.name) not in _ALONE)
            if words:
                named.append(Manifest(line, words[0].ecosystem, words, complete=False))
        if not install.declared and install.files == ():
            continue
        if install.files is None or context is None:
            found.unseen.append((f"what `{install.step.name}` installs", line))
            continue
        read = list(read_with_references(context, install.files))
        folder = install.folder(files) if install.declared else None
        if folder is not None:
            read += read_manifests(context, folder)
        if install.declared and not any(manifest.ecosystem == install.ecosystem for manifest in read):
            found.unseen.append((f"what `{install.step.name}` installs", line))
        for manifest in read:
            if manifest.ecosystem == install.ecosystem:
                manifests.setdefault(manifest.path, manifest)
    if "java" in base.facts.programs(base.tag) and not any(m.ecosystem == "maven" for m in manifests.values()):
        for manifest in _of_the_project(situation, "maven", found):
            manifests.setdefault(manifest.path, manifest)
    found.manifests = (*manifests.values(), *named)
    found.ecosystems = frozenset(ecosystems)
    if "cargo" in ecosystems and context is not None:
        found.built = frozenset(_of_rust(manifest.path, context) for manifest in manifests.values()) - {""}
    return found


def _of_rust(path: str, context: BuildContext) -> str:
    """The name of the program that a package of Rust is built into; empty when it names none."""
    if not path.endswith("Cargo.toml"):
        return ""
    import tomllib

    try:
        package = tomllib.loads((context.read(path, _LARGEST) or b"").decode("utf-8")).get("package", {})
    except (ValueError, RecursionError):
        return ""
    name = package.get("name") if isinstance(package, dict) else None
    return name if isinstance(name, str) else ""


def _of_the_project(situation: Situation, ecosystem: str, found: Declared) -> Iterator[Manifest]:
    """What the context declares anywhere: an archive that is copied was built from some of it."""
    context = situation.context
    seen = False
    for folder in manifest_folders(context) if context is not None else ():
        for manifest in read_manifests(context, folder) if context is not None else ():
            if manifest.ecosystem == ecosystem:
                seen = True
                yield manifest
    if not seen:
        found.doubts.append("whether its archives bring libraries for glibc (JNI) could not be seen")


def remark_text(remark: Remark) -> str:
    """A remark on a dependency, as a clause."""
    if not remark.dependency:
        return remark.reason
    return f"{remark.dependency} ({remark.where}): {remark.reason}"
