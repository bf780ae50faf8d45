"""Which files of the image run time reads: from strings of a program and of its command line to paths."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rewriter.model.paths import below
from rewriter.transform import Certainty, Evidence
from rewriter.userland.runtime import TOOLS

if TYPE_CHECKING:
    from rewriter.ecosystems.ecosystem import Ecosystem
    from rewriter.model.launch import Launch

_CONVENTIONAL = frozenset(
    "templates template tmpl views view static public assets asset web www html dist ui migrations migration "
    "db sql config configs conf etc locales locale i18n lang translations resources data certs swagger".split()
)
"""Folders that services usually read at run time; carried when a program reads paths that it computes."""

CONFIG_EXTENSIONS = ("yaml", "yml", "json", "toml", "env", "ini", "properties", "hcl")
_DATA_EXTENSIONS = frozenset(
    "html htm tmpl gohtml txt json yaml yml toml ini conf cfg properties xml csv sql db sqlite pem crt key env "
    "ico png jpg svg css js wasm dat bin".split()
)
_DEVELOPMENT = frozenset(
    "docs doc test tests testdata vendor node_modules scripts script hack deploy deployment deployments k8s "
    "kubernetes helm chart charts build ci examples example tools api proto".split()
)
_TOOLING = re.compile(
    r"\.(?!env\Z)|(?:docker-compose|compose|codecov|mkdocs|skaffold|renovate|appveyor|package|tsconfig|webpack|yarn|"
    r"cloudbuild|buildspec|azure-pipelines|elm-package|readme|license|changelog)(?:[.-]|\Z)",
    re.IGNORECASE,
)
"""Files at the top of a repository that are for tools, not for its program."""
_NEVER = re.compile(r"(?:Dockerfile.*|Makefile|\.git|\.dockerignore|docker-compose.*)\Z")
_TOKEN = re.compile(r"[\w./*-]+")


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
    packages: dict[str, str] = field(default_factory=dict)
    """Folders that hold sources and other files, and are named in a program."""
    temporary: str = ""
    """Where the program is seen to make temporary files, else empty."""
    seen: bool = True
    """False when the sources of a program were not all to be seen."""
    computed_programs: bool = False
    certificates: str = ""
    """Where the program is seen to check certificates, else empty."""
    zones: str = ""
    """Where it is seen to load a time zone, else empty."""


def folded(paths: dict[str, str], language: Ecosystem, workdir: str | None) -> dict[str, str]:
    """A file in a folder without sources brings the whole folder: its neighbours are read the same way."""
    folded: dict[str, str] = {}
    for path, reason in paths.items():
        parent = posixpath.dirname(path)
        beside = parent != workdir and language.files.kind(path) == "file" and language.files.kind(parent) == "dir"
        origin = language.files.origin(parent) if beside else None
        whole = origin not in (None, ".") and origin is not None and not holds_sources(language, origin)
        folded.setdefault(parent if whole else path, reason)
    return folded


def holds_sources(language: Ecosystem, folder: str) -> bool:
    context = language.files.context
    return context is None or any(path.startswith(folder + "/") and language.is_code(path) for path in context.files())


def _only_built(path: str, language: Ecosystem) -> bool:
    """True for a file that no program reads: sources, manifests, what is for the image itself."""
    return language.is_source(path) or _NEVER.match(posixpath.basename(path)) is not None


def add_path(
    literal: str, where: str, workdir: str | None, language: Ecosystem, found: RuntimeFiles, *, read: bool = False
) -> None:
    """Adds the file or folder that a string names, if COPY brought one to that place."""
    text = literal.removeprefix("file://")
    if not text or len(text) > 300 or any(char in text for char in "\n\t\"'<>|\\"):
        return
    stem = re.split(r"[*?\[{%]", text)[0]
    if stem != text:
        stem = stem.rpartition("/")[0]
    never = not read and _only_built(stem.rstrip("/"), language)
    if not stem or posixpath.normpath(stem) in (".", "/", "..") or never:
        return
    if stem.startswith("/"):
        path = posixpath.normpath(stem)
    elif workdir is not None:
        path = posixpath.normpath(posixpath.join(workdir, stem))
    else:
        return
    if any(artefact.path == path for artefact in language.artefacts):
        return  # it is carried anyway, and what the context has there is overwritten
    inside = [made for made in found.made if below(made, (path,)) or below(path, (made,))]
    found.paths.update((made, found.made[made]) for made in inside)
    if path in found.paths:
        return
    if _carries(path, language) or (read and language.files.kind(path) == "file"):
        found.paths[path] = where
    elif language.files.kind(path) == "dir" and _holds_data(language, language.files.origin(path) or "."):
        found.packages[path] = where
    elif not inside and not text.startswith("/") and "/" in text.removeprefix("./"):
        # What it writes beside a file that keeps the folder in git: the folder must be there.
        parent = posixpath.dirname(path)
        if parent != workdir and _carries(parent, language):
            found.paths[parent] = where


def _holds_data(language: Ecosystem, folder: str) -> bool:
    """True for a package folder that holds data beside its sources."""
    context = language.files.context
    inside = (path for path in context.files() if path.startswith(folder + "/")) if context is not None else ()
    return folder != "." and any(posixpath.splitext(path)[1][1:] in _DATA_EXTENSIONS for path in inside)


def _carries(path: str, language: Ecosystem) -> bool:
    """True when the context puts something other than sources there."""
    kind = language.files.kind(path)
    if kind == "dir":
        origin = language.files.origin(path) or "."
        # A folder among whose files are sources is a package; a word that is its name is no path.
        package = holds_sources(language, origin) and posixpath.basename(path).lower() not in _CONVENTIONAL
        return origin != "." and not package and not source_only(language, origin)
    return kind == "file"


def source_only(language: Ecosystem, folder: str) -> bool:
    """True when a folder of the context holds nothing but sources."""
    context = language.files.context
    if context is None:
        return False
    inside = [path for path in context.files() if path.startswith(folder + "/")]
    return bool(inside) and all(_only_built(path, language) for path in inside)


def add_conventional(language: Ecosystem, workdir: str | None, found: RuntimeFiles) -> None:
    context = language.files.context
    if context is None or workdir is None:
        return
    for top in sorted({path.split("/")[0] for path in context.files()}):
        stem, extension = posixpath.splitext(top)
        config = stem in ("config", "conf", "settings", "app") and extension[1:] in CONFIG_EXTENSIONS
        loose = context.kind(top) == "file" and extension[1:] in _DATA_EXTENSIONS and not _TOOLING.match(top)
        loose = loose and not language.is_source(top)
        data = top.lower() not in _DEVELOPMENT and not top.startswith(".") and not holds_sources(language, top)
        folder = context.kind(top) == "dir" and data
        if top.lower() in _CONVENTIONAL or config or loose or folder:
            path = posixpath.join(workdir, top)
            if path not in found.paths and _carries(path, language):
                found.paths[path] = f"{top} is usually read at run time"


def implied_paths(names: Iterable[str], implied: Mapping[str, tuple[str, ...]], language: Ecosystem) -> dict[str, str]:
    """Files and folders that dependencies read in the working directory without being told, with the reason."""
    workdir = language.stage.final_state.workdir
    named = {place: name for name in sorted(names) for place in implied.get(name, ())}
    paths = {posixpath.join(workdir, place): name for place, name in named.items()} if workdir is not None else {}
    return {path: f"{name} reads it when it starts" for path, name in paths.items() if language.files.kind(path)}


def outermost(paths: dict[str, str]) -> dict[str, str]:
    """Paths that lie in no other carried folder."""
    return {
        path: reason
        for path, reason in sorted(paths.items())
        if not any(path != other and path.startswith(other + "/") for other in paths)
    }


def begin_reads(language: Ecosystem, launch: Launch, made: Mapping[str, str]) -> RuntimeFiles:
    """What the command line names; the sources are then to be asked."""
    found = RuntimeFiles(made=dict(made))
    workdir = language.stage.final_state.workdir
    for literal, where in _command_line(language, launch):
        add_path(literal, where, workdir, language, found)
    return found


def finish_reads(language: Ecosystem, launch: Launch, found: RuntimeFiles) -> RuntimeFiles:
    """What follows from what was found: neighbours, what carried scripts call, and what could not be checked."""
    if not found.seen or found.computed:
        found.paths.update(found.made)  # it may read them; carrying too much is harmless
    if found.computed:
        found.paths.update(found.packages)
    for path in [path for path in found.paths if path.endswith(".sh")]:
        _script(path, language, found)
    found.paths = outermost(folded(found.paths, language, language.stage.final_state.workdir))
    _unseen_arguments(language, launch, found)
    return found


def unseen(language: Ecosystem, found: RuntimeFiles) -> None:
    """Notes that the sources of a program were not there to be looked at."""
    found.seen = False
    doubt = Evidence(
        f"which files the program reads at run time could not be seen: there are no {language.name} sources in the "
        "build context",
        "build context",
        Certainty.ASSUMED,
    )
    if doubt not in found.evidence:
        found.evidence.append(doubt)


def _unseen_arguments(language: Ecosystem, launch: Launch, found: RuntimeFiles) -> None:
    """Without the context, a path among the sources on the command line cannot be checked: it must not be lost."""
    if language.sources_seen and language.files.copies:
        return
    folders = [copy.target or copy.destination for copy in language.files.copies]
    for step in launch.all_steps:
        environment = [value for name, value in step.variables.items() if name not in ("PATH", "GOPATH", "PWD")]
        for word in (*step.argv[1:], *environment):
            value = (word or "").partition("=")[2] or word or ""
            if "/" not in value and not value.endswith(tuple("." + end for end in CONFIG_EXTENSIONS)):
                continue
            path = step.absolute(value) if "://" not in value and not value.startswith("-") else None
            if path is not None and language.artefact_at(path) is not None:
                continue
            if path is not None and any(f and (path == f or path.startswith(f.rstrip("/") + "/")) for f in folders):
                unseen = f"{value} is given to the program, and could not be seen in the build context"
                found.vetoes.append(f"line {step.instruction.line}: {unseen}")


def _script(path: str, language: Ecosystem, found: RuntimeFiles) -> None:
    """Tools that a carried script names; what else it starts is not followed."""
    origin = language.files.origin(path)
    data = language.files.context.read(origin) if origin is not None and language.files.context is not None else None
    for word in _TOKEN.findall((data or b"").decode("utf-8", "replace")):
        if word in TOOLS:
            found.programs.setdefault(word, origin or path)


def _command_line(language: Ecosystem, launch: Launch) -> Iterator[tuple[str, str]]:
    """Words of the start command, its scripts and the HEALTHCHECK, and values of ENV: all may name files."""
    state = language.stage.final_state
    texts = [
        (instruction.args, instruction.line) for instruction in (state.healthcheck, launch.instruction) if instruction
    ]
    texts += [(script.text, launch.instruction.line) for script in launch.scripts]
    for text, line in texts:
        for token in _TOKEN.findall(text):
            yield token, f"line {line}"
    for step in launch.all_steps:
        for word in step.argv[1:]:
            if word:
                yield word.partition("=")[2] or word, f"line {step.instruction.line}"
    for name, value in language.stage.final_state.env.items():
        if value and name not in ("PATH", "GOPATH") and "/" in value + "/" and len(value) < 200:
            yield value, f"ENV {name}"
