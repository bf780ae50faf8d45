"""Which files of the image a Go program reads at run time, as far as its sources and its command line show."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from rewriter.ecosystems.go_file import GoFile
from rewriter.ecosystems.go_sources import Program
from rewriter.ecosystems.reads import (
    CONFIG_EXTENSIONS,
    RuntimeFiles,
    add_conventional,
    add_path,
    begin_reads,
    finish_reads,
    implied_paths,
    unseen,
)
from rewriter.transform import Certainty, Evidence
from rewriter.userland.runtime import TOOLS

if TYPE_CHECKING:
    from rewriter.ecosystems.artefacts import Artefact
    from rewriter.ecosystems.go import GoStage
    from rewriter.model.launch import Launch

_BEEGO = ("conf", "views", "static")
_GOFRAME = ("manifest/config", "config", "resource")
_IMPLIED = {
    **dict.fromkeys(("github.com/beego/beego", "github.com/beego/beego/v2", "github.com/astaxie/beego"), _BEEGO),
    **dict.fromkeys(("github.com/gogf/gf", "github.com/gogf/gf/v2"), _GOFRAME),
    "github.com/revel/revel": ("conf", "app/views", "public"),
    "github.com/joho/godotenv": (".env",),
}
"""What frameworks read in the working directory by themselves. Source: their documentation, 2026-11."""
_TOOLCHAIN = frozenset({"go/build", "go/importer", "golang.org/x/tools/go/packages"})


def runtime_files(
    go: GoStage, artefacts: Iterable[Artefact], launch: Launch, made: Mapping[str, str] | None = None
) -> RuntimeFiles:
    """Looks through the sources of every program that is carried.

    ``made`` are paths among the sources that the build itself writes, with the place.
    """
    found = begin_reads(go, launch, made or {})
    workdir = go.stage.final_state.workdir
    for artefact in artefacts:
        program = go.program(artefact)
        if program is None:
            unseen(go, found)
            continue
        _program(program, go, workdir, found)
        _dependencies(go, artefact, program, found)
    return finish_reads(go, launch, found)


def _program(program: Program, go: GoStage, workdir: str | None, found: RuntimeFiles) -> None:
    names = [name for file in program.files for name in file.config_names]
    for file in program.files:
        _named_files(file, names, go, workdir, found)
        if "TZ" in file.literals:
            found.zones = found.zones or f"{file.path}:{file.literals['TZ']}"
    _started_programs(program, found)
    _needs_of(program, found)
    computed = [f"{call} in {file.path}:{line}" for file in program.files for call, line in file.reads]
    if computed:
        found.computed = True
        more = f" and {len(computed) - 1} more" if len(computed) > 1 else ""
        fact = f"it reads files at paths that it computes ({computed[0]}{more})"
        found.evidence.append(Evidence(fact, "sources", Certainty.ASSUMED))
        add_conventional(go, workdir, found)


def _named_files(file: GoFile, names: list[str], go: GoStage, workdir: str | None, found: RuntimeFiles) -> None:
    """Files that strings of a source name; ``names`` are configuration files without extension."""
    for literal, line in file.literals.items():
        where = f"{file.path}:{line}"
        add_path(literal, where, workdir, go, found)
        for name in names:
            for extension in CONFIG_EXTENSIONS:
                add_path(posixpath.join(literal, f"{name}.{extension}"), where, workdir, go, found)
    for literal, line in file.read_paths:
        add_path(literal, f"{file.path}:{line}", workdir, go, found, read=True)
    if _generates(go):
        _maybe_generated(file, workdir, go, found)


def _started_programs(program: Program, found: RuntimeFiles) -> None:
    for file in program.files:
        for started, line in file.programs:
            if started:
                found.programs.setdefault(started, f"{file.path}:{line}")
            else:
                found.computed_programs = True
                fact = "it starts programs whose names it computes"
                found.evidence.append(Evidence(fact, f"{file.path}:{line}", Certainty.ASSUMED))
    if found.computed_programs:
        # A string that is the name of a tool may be what is started.
        for file in program.files:
            for literal, line in file.literals.items():
                if literal in TOOLS:
                    found.programs.setdefault(literal, f"{file.path}:{line}")


def _needs_of(program: Program, found: RuntimeFiles) -> None:
    """What a program needs of the system, and what it cannot do without."""
    whole, plugins = program.first("whole"), program.first("plugins")
    if whole:
        found.vetoes.append(f"{whole} reads its working directory as a whole")
    if plugins:
        found.vetoes.append(f"{plugins} loads plugins")
    found.certificates = found.certificates or program.first("certificates") or ""
    found.temporary = found.temporary or program.first("temporary") or ""
    toolchain = program.imports & _TOOLCHAIN
    if toolchain:
        found.vetoes.append(f"the program imports {min(toolchain)}, which needs the toolchain at run time")
    base = next(
        (name for name in ("GOPATH", "GOROOT", "GOLANG_VERSION") for f in program.files if name in f.literals), ""
    )
    if base:
        found.vetoes.append(f"the program names {base}, which the golang image sets")
    zones = program.first("zones")
    if zones and "time/tzdata" not in program.imports:
        found.zones = zones
    if not program.complete:
        found.seen = False
        found.evidence.append(Evidence("not all sources could be looked at", "sources", Certainty.ASSUMED))


_GENERATORS = frozenset({"make", "swag", "templ", "packr", "packr2", "statik", "buf", "protoc", "sqlc"})


def _generates(go: GoStage) -> bool:
    """True when the build runs something that writes further files."""
    for run in go.runs:
        if isinstance(run.steps, tuple):
            for step in run.steps:
                if step.name in _GENERATORS or (step.name == "go" and step.argv[1:2] in (("generate",), ("run",))):
                    return True
    return False


def _maybe_generated(file: GoFile, workdir: str | None, go: GoStage, found: RuntimeFiles) -> None:
    for literal, line in file.read_paths:
        path = posixpath.join(workdir or "/", literal)
        stem = posixpath.normpath(re.split(r"[*?\[{%]", path)[0])
        among = any(copy.target and stem.startswith(copy.target.rstrip("/") + "/") for copy in go.files.copies)
        if among and go.files.origin(stem) is None and posixpath.splitext(stem)[1][1:] not in CONFIG_EXTENSIONS:
            unseen = f"{literal}, which is not in the build context: the build may make it"
            found.vetoes.append(f"{file.path}:{line} reads {unseen}")


def _dependencies(go: GoStage, artefact: Artefact, program: Program, found: RuntimeFiles) -> None:
    from rewriter.ecosystems.go_modules import tls_client

    requires = go.requires(artefact)
    client = next((path for path in (*requires, *sorted(program.imports)) if tls_client(path)), None)
    if client and not found.certificates:
        found.certificates = client
    found.paths.update(implied_paths(requires, _IMPLIED, go))
    outside = go.dependencies(artefact)
    if outside:
        fact = f"what its dependencies ({len(outside)}) read at run time was not looked at"
        found.evidence.append(Evidence(fact, "go.mod" if requires else "imports", Certainty.ASSUMED))
