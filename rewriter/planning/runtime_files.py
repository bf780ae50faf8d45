"""Which files of the image a Go program reads at run time, as far as its sources and its command line show."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from rewriter.ecosystems.go import Artefact, GoStage
from rewriter.ecosystems.go_file import GoFile
from rewriter.ecosystems.go_sources import Program
from rewriter.planning.launch import Launch
from rewriter.transform import Certainty, Evidence

_CONVENTIONAL = frozenset(
    "templates template tmpl views view static public assets asset web www html dist ui migrations migration db "
    "sql config configs conf etc locales locale i18n lang translations resources data certs swagger".split()
)
"""Folders that services usually read at run time; carried when a program reads paths that it computes."""

_CONFIG_EXTENSIONS = ("yaml", "yml", "json", "toml", "env", "ini", "properties", "hcl")
_NEVER = re.compile(r"(?:Dockerfile.*|go\.(?:mod|sum|work)|Makefile|.*\.go|\.git|\.dockerignore|docker-compose.*)\Z")


@dataclass(slots=True)
class RuntimeFiles:
    """Absolute paths in the builder with the reason for each, what stays in doubt, and vetoes."""

    paths: dict[str, str] = field(default_factory=dict)
    evidence: list[Evidence] = field(default_factory=list)
    vetoes: list[str] = field(default_factory=list)
    programs: dict[str, str] = field(default_factory=dict)
    """Programs that it starts by name, with the place."""
    made: dict[str, str] = field(default_factory=dict)
    """Paths among the sources that the build writes, with the place."""
    computed: bool = False
    """True when a program reads paths that it computes."""
    seen: bool = True
    """False when the sources of a program were not all to be seen."""
    computed_programs: bool = False
    certificates: str = ""
    """Where the program is seen to check certificates, else empty."""
    zones: str = ""
    """Where it is seen to load a time zone, else empty."""


def runtime_files(
    go: GoStage, artefacts: Iterable[Artefact], launch: Launch, made: Mapping[str, str] | None = None
) -> RuntimeFiles:
    """Looks through the sources of every program that is carried.

    ``made`` are paths among the sources that the build itself writes, with the place.
    """
    found = RuntimeFiles(made=dict(made or {}))
    workdir = go.stage.final_state.workdir
    for literal, where in _command_line(go, launch):
        _path(literal, where, workdir, go, found)
    for artefact in artefacts:
        program = go.program(artefact)
        if program is None:
            _unseen(found)
            continue
        _program(program, go, workdir, found)
        _dependencies(go, artefact, program, found)
    if not found.seen or found.computed:
        found.paths.update(found.made)  # it may read them; carrying too much is harmless
    found.paths = _outermost(_folded(found.paths, go, workdir))
    _unseen_arguments(go, launch, found)
    return found


def _folded(paths: dict[str, str], go: GoStage, workdir: str | None) -> dict[str, str]:
    """A file in a folder without Go sources brings the whole folder: its neighbours are read the same way."""
    folded: dict[str, str] = {}
    for path, reason in paths.items():
        parent = posixpath.dirname(path)
        beside = parent != workdir and go.files.kind(path) == "file" and go.files.kind(parent) == "dir"
        origin = go.files.origin(parent) if beside else None
        whole = origin not in (None, ".") and origin is not None and not _holds_sources(go, origin)
        folded.setdefault(parent if whole else path, reason)
    return folded


def _holds_sources(go: GoStage, folder: str) -> bool:
    context = go.files.context
    return context is None or any(path.startswith(folder + "/") and path.endswith(".go") for path in context.files())


def _unseen_arguments(go: GoStage, launch: Launch, found: RuntimeFiles) -> None:
    """Without the context, a path among the sources on the command line cannot be checked: it must not be lost."""
    if go.sources is not None and go.files.copies:
        return
    folders = [copy.target or copy.destination for copy in go.files.copies]
    for step in launch.all_steps:
        environment = [value for name, value in step.variables.items() if name not in ("PATH", "GOPATH", "PWD")]
        for word in (*step.argv[1:], *environment):
            value = (word or "").partition("=")[2] or word or ""
            if "/" not in value and not value.endswith(tuple("." + end for end in _CONFIG_EXTENSIONS)):
                continue
            path = step.absolute(value) if "://" not in value and not value.startswith("-") else None
            if path is not None and any(f and (path == f or path.startswith(f.rstrip("/") + "/")) for f in folders):
                unseen = f"{value} is given to the program, and could not be seen in the build context"
                found.vetoes.append(f"line {step.instruction.line}: {unseen}")


def _unseen(found: RuntimeFiles) -> None:
    found.seen = False
    doubt = Evidence(
        "which files the program reads at run time could not be seen: there are no Go sources in the build context",
        "build context",
        Certainty.ASSUMED,
    )
    if doubt not in found.evidence:
        found.evidence.append(doubt)


def _command_line(go: GoStage, launch: Launch) -> Iterator[tuple[str, str]]:
    """Words of the start command and values of ENV: both may name files."""
    for step in launch.all_steps:
        for word in step.argv[1:]:
            if word:
                yield word.partition("=")[2] or word, f"line {step.instruction.line}"
    for name, value in go.stage.final_state.env.items():
        if value and name not in ("PATH", "GOPATH") and "/" in value + "/" and len(value) < 200:
            yield value, f"ENV {name}"


def _program(program: Program, go: GoStage, workdir: str | None, found: RuntimeFiles) -> None:
    computed: list[str] = []
    names = [name for file in program.files for name in file.config_names]
    for file in program.files:
        for literal, line in file.literals.items():
            where = f"{file.path}:{line}"
            _path(literal, where, workdir, go, found)
            for name in names:
                for extension in _CONFIG_EXTENSIONS:
                    _path(posixpath.join(literal, f"{name}.{extension}"), where, workdir, go, found)
        if _generates(go):
            _maybe_generated(file, workdir, go, found)
        computed += [f"{call} in {file.path}:{line}" for call, line in file.reads]
        for started, line in file.programs:
            if started:
                found.programs.setdefault(started, f"{file.path}:{line}")
            else:
                found.computed_programs = True
                found.evidence.append(
                    Evidence("it starts programs whose names it computes", f"{file.path}:{line}", Certainty.ASSUMED)
                )
    whole, plugins = program.first("whole"), program.first("plugins")
    if whole:
        found.vetoes.append(f"{whole} reads its working directory as a whole")
    if plugins:
        found.vetoes.append(f"{plugins} loads plugins")
    found.certificates = found.certificates or program.first("certificates") or ""
    zones = program.first("zones")
    if zones and "time/tzdata" not in program.imports:
        found.zones = zones
    if computed:
        found.computed = True
        more = f" and {len(computed) - 1} more" if len(computed) > 1 else ""
        found.evidence.append(
            Evidence(f"it reads files at paths that it computes ({computed[0]}{more})", "sources", Certainty.ASSUMED)
        )
        _conventional(go, workdir, found)
    if not program.complete:
        found.seen = False
        found.evidence.append(Evidence("not all sources were looked at: too many", "sources", Certainty.ASSUMED))


_GENERATORS = frozenset({"swag", "templ", "packr", "packr2", "statik", "buf", "protoc", "sqlc"})


def _generates(go: GoStage) -> bool:
    """True when the build runs something that writes further files."""
    for run in go.runs:
        if isinstance(run.steps, tuple):
            for step in run.steps:
                if step.name in _GENERATORS or (step.name == "go" and "generate" in step.argv[1:2]):
                    return True
    return False


def _maybe_generated(file: GoFile, workdir: str | None, go: GoStage, found: RuntimeFiles) -> None:
    for literal, line in file.read_paths:
        path = posixpath.join(workdir or "/", literal)
        stem = posixpath.normpath(re.split(r"[*?\[{%]", path)[0])
        among = any(copy.target and stem.startswith(copy.target.rstrip("/") + "/") for copy in go.files.copies)
        if among and go.files.origin(stem) is None and posixpath.splitext(stem)[1][1:] not in _CONFIG_EXTENSIONS:
            unseen = f"{literal}, which is not in the build context: the build may make it"
            found.vetoes.append(f"{file.path}:{line} reads {unseen}")


def _dependencies(go: GoStage, artefact: Artefact, program: Program, found: RuntimeFiles) -> None:
    from rewriter.ecosystems.go_modules import tls_client

    requires = go.requires(artefact)
    client = next((path for path in (*requires, *sorted(program.imports)) if tls_client(path)), None)
    if client and not found.certificates:
        found.certificates = client
    outside = go.dependencies(artefact)
    if outside:
        fact = f"what its dependencies ({len(outside)}) read at run time was not looked at"
        found.evidence.append(Evidence(fact, "go.mod" if requires else "imports", Certainty.ASSUMED))


def _path(literal: str, where: str, workdir: str | None, go: GoStage, found: RuntimeFiles) -> None:
    """Adds the file or folder that a string names, if COPY brought one to that place."""
    text = literal.removeprefix("file://")
    if not text or len(text) > 300 or any(char in text for char in "\n\t\"'<>|\\"):
        return
    stem = re.split(r"[*?\[{%]", text)[0]
    if stem != text:
        stem = stem.rpartition("/")[0]
    if not stem or posixpath.normpath(stem) in (".", "/", "..") or _NEVER.match(posixpath.basename(stem.rstrip("/"))):
        return
    if stem.startswith("/"):
        path = posixpath.normpath(stem)
    elif workdir is not None:
        path = posixpath.normpath(posixpath.join(workdir, stem))
    else:
        return
    inside = [made for made in found.made if made == path or made.startswith(path + "/")]
    found.paths.update((made, found.made[made]) for made in inside)
    if path not in found.paths and _carries(path, go):
        found.paths[path] = where


def _carries(path: str, go: GoStage) -> bool:
    """True when the context puts something other than Go sources there."""
    kind = go.files.kind(path)
    if kind == "dir":
        origin = go.files.origin(path) or "."
        # A folder among whose files are sources is a package; a word that is its name is no path.
        package = _holds_sources(go, origin) and posixpath.basename(path).lower() not in _CONVENTIONAL
        return origin != "." and not package and not source_only(go, origin)
    return kind == "file"


def source_only(go: GoStage, folder: str) -> bool:
    """True when a folder of the context holds nothing but Go sources."""
    context = go.files.context
    if context is None:
        return False
    inside = [path for path in context.files() if path.startswith(folder + "/")]
    return bool(inside) and all(path.endswith(".go") or _NEVER.match(posixpath.basename(path)) for path in inside)


def _conventional(go: GoStage, workdir: str | None, found: RuntimeFiles) -> None:
    context = go.files.context
    if context is None or workdir is None:
        return
    for top in sorted({path.split("/")[0] for path in context.files()}):
        stem, extension = posixpath.splitext(top)
        config = stem in ("config", "conf", "settings", "app") and extension[1:] in _CONFIG_EXTENSIONS
        if top.lower() in _CONVENTIONAL or config:
            path = posixpath.join(workdir, top)
            if path not in found.paths and _carries(path, go):
                found.paths[path] = f"{top} is usually read at run time"


def _outermost(paths: dict[str, str]) -> dict[str, str]:
    """Paths that lie in no other carried folder."""
    return {
        path: reason
        for path, reason in sorted(paths.items())
        if not any(path != other and path.startswith(other + "/") for other in paths)
    }
