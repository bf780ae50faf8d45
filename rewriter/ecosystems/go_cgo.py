"""What C code in a Go program means for its builder and its runtime."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from rewriter.ecosystems.artefacts import Artefact
from rewriter.ecosystems.go import GoStage
from rewriter.ecosystems.go_modules import at_least
from rewriter.facts import is_older_than
from rewriter.transform import Certainty, Evidence

MUSL_WITHOUT_LFS64 = "3.18"
"""First alpine release with musl 1.2.4, whose headers no longer declare the LFS64 names by default."""


@dataclass(frozen=True, slots=True)
class CgoVerdict:
    """``compiler``: a C compiler is needed on Alpine. ``veto``: why Alpine is refused. ``libraries``: C libraries
    beside libc are linked, and which of them run time needs is not known."""

    compiler: str = ""
    veto: str = ""
    libraries: str = ""
    evidence: tuple[Evidence, ...] = ()


def cgo_verdict(go: GoStage, artefacts: tuple[Artefact, ...], alpine: str | None) -> CgoVerdict:
    """Judges the programs that run, or with no artefacts all that the context holds."""
    if artefacts and all(artefact.static for artefact in artefacts):
        line = artefacts[0].step.instruction.line
        return CgoVerdict(evidence=(Evidence("CGO_ENABLED=0: no C code, no libc", f"line {line}"),))
    found = {cgo.what: cgo for artefact in (artefacts or (None,)) for cgo in go.cgo(artefact)}
    if not found:
        return CgoVerdict(evidence=tuple(_no_cgo(go, artefacts)))
    compiler, veto, libraries = "", "", ""
    for cgo in found.values():
        if cgo.module is None:
            veto = f"{cgo.where} has {cgo.what}: own C code is not known to work on musl"
            libraries = f"{cgo.where}: {cgo.what}" if " with " in cgo.what else libraries
        elif not cgo.module.bundled:
            veto = libraries = f"{cgo.what} ({cgo.where}) links C libraries"
        elif cgo.module.musl_from is None:
            veto = f"{cgo.what} ({cgo.where}) is C code that is not known to work on musl"
        elif (alpine is None or not is_older_than(alpine, MUSL_WITHOUT_LFS64)) and not at_least(
            cgo.version, cgo.module.musl_from
        ):
            version = cgo.version or "of unknown version"
            veto = f"{cgo.what} {version} does not compile on musl 1.2.4 (before {cgo.module.musl_from})"
        else:
            compiler = f"{cgo.what} is C code"
    evidence = tuple(Evidence(f"{cgo.what} uses cgo", cgo.where) for cgo in found.values())
    return CgoVerdict(compiler, veto, libraries, evidence)


def _no_cgo(go: GoStage, artefacts: tuple[Artefact, ...]) -> Iterator[Evidence]:
    if go.sources is None or not go.files.copies:
        unseen = "whether the program uses cgo (C code) could not be seen: there are no Go sources in the build context"
        yield Evidence(unseen, "build context", Certainty.ASSUMED)
        return
    yield Evidence("no cgo in the sources, and no module that is known to use it", "build context")
    programs = (go.program(artefact) for artefact in artefacts) if artefacts else iter((go.sources.program(None),))
    if any(program is not None and not program.complete for program in programs):
        yield Evidence("not all sources could be looked at for cgo", "build context", Certainty.ASSUMED)
    others = {path for artefact in (artefacts or (None,)) for path in go.dependencies(artefact)}
    if others:
        fact = f"its dependencies ({len(others)}) are none that are known to use cgo, but were not looked at"
        yield Evidence(fact, "build context", Certainty.ASSUMED)
