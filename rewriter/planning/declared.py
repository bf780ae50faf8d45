"""What the build context declares for the dependencies that a stage installs, and what of it could not be seen."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rewriter.ecosystems.go import GoStage
from rewriter.ecosystems.installs import installed_by, installs_of
from rewriter.manifests import Manifest, read_manifests
from rewriter.manifests.find import manifest_folders
from rewriter.manifests.reading import Unread, mapping, read_toml, string
from rewriter.model.launch import Launch, launch_of
from rewriter.planning.need_types import Declared
from rewriter.planning.swap import Base
from rewriter.situation import Situation

if TYPE_CHECKING:
    from rewriter.context import BuildContext


def declared_by(situation: Situation, base: Base, go: GoStage) -> Declared:
    """Reads what the installing commands of a stage take."""
    context, files = situation.context, go.files
    launch = launch_of(go.stage, files)
    installed = installed_by(installs_of(go, launch.all_steps if isinstance(launch, Launch) else ()), files)
    found = Declared(unseen=installed.unseen, ecosystems=frozenset(installed.ecosystems))
    manifests = installed.manifests
    if "java" in base.facts.programs(base.tag) and not any(m.ecosystem == "maven" for m in manifests.values()):
        for manifest in _of_the_project(situation, "maven", found):
            manifests.setdefault(manifest.path, manifest)
    found.manifests = installed.all
    if "cargo" in found.ecosystems and context is not None:
        found.built = frozenset(_of_rust(manifest.path, context) for manifest in manifests.values()) - {""}
    return found


def _of_rust(path: str, context: BuildContext) -> str:
    """The name of the program that a package of Rust is built into; empty when it names none."""
    if not path.endswith("Cargo.toml"):
        return ""
    data = read_toml(context, path)
    return "" if isinstance(data, Unread) else string(mapping(data.get("package")).get("name"))


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
