"""From strings of a program to the files of the image that they name."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass, field

from rewriter.ecosystems.go import GoStage
from rewriter.planning.file_effects import below
from rewriter.transform import Evidence

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


def folded(paths: dict[str, str], go: GoStage, workdir: str | None) -> dict[str, str]:
    """A file in a folder without Go sources brings the whole folder: its neighbours are read the same way."""
    folded: dict[str, str] = {}
    for path, reason in paths.items():
        parent = posixpath.dirname(path)
        beside = parent != workdir and go.files.kind(path) == "file" and go.files.kind(parent) == "dir"
        origin = go.files.origin(parent) if beside else None
        whole = origin not in (None, ".") and origin is not None and not holds_sources(go, origin)
        folded.setdefault(parent if whole else path, reason)
    return folded


def holds_sources(go: GoStage, folder: str) -> bool:
    context = go.files.context
    return context is None or any(path.startswith(folder + "/") and path.endswith(".go") for path in context.files())


def add_path(
    literal: str, where: str, workdir: str | None, go: GoStage, found: RuntimeFiles, *, read: bool = False
) -> None:
    """Adds the file or folder that a string names, if COPY brought one to that place."""
    text = literal.removeprefix("file://")
    if not text or len(text) > 300 or any(char in text for char in "\n\t\"'<>|\\"):
        return
    stem = re.split(r"[*?\[{%]", text)[0]
    if stem != text:
        stem = stem.rpartition("/")[0]
    never = not read and _NEVER.match(posixpath.basename(stem.rstrip("/")))
    if not stem or posixpath.normpath(stem) in (".", "/", "..") or never:
        return
    if stem.startswith("/"):
        path = posixpath.normpath(stem)
    elif workdir is not None:
        path = posixpath.normpath(posixpath.join(workdir, stem))
    else:
        return
    inside = [made for made in found.made if below(made, (path,)) or below(path, (made,))]
    found.paths.update((made, found.made[made]) for made in inside)
    if path in found.paths:
        return
    if _carries(path, go) or (read and go.files.kind(path) == "file"):
        found.paths[path] = where
    elif go.files.kind(path) == "dir" and _holds_data(go, go.files.origin(path) or "."):
        found.packages[path] = where
    elif not inside and not text.startswith("/") and "/" in text.removeprefix("./"):
        # What it writes beside a file that keeps the folder in git: the folder must be there.
        parent = posixpath.dirname(path)
        if parent != workdir and _carries(parent, go):
            found.paths[parent] = where


def _holds_data(go: GoStage, folder: str) -> bool:
    """True for a package folder that holds data beside its sources."""
    context = go.files.context
    inside = (path for path in context.files() if path.startswith(folder + "/")) if context is not None else ()
    return folder != "." and any(posixpath.splitext(path)[1][1:] in _DATA_EXTENSIONS for path in inside)


def _carries(path: str, go: GoStage) -> bool:
    """True when the context puts something other than Go sources there."""
    kind = go.files.kind(path)
    if kind == "dir":
        origin = go.files.origin(path) or "."
        # A folder among whose files are sources is a package; a word that is its name is no path.
        package = holds_sources(go, origin) and posixpath.basename(path).lower() not in _CONVENTIONAL
        return origin != "." and not package and not source_only(go, origin)
    return kind == "file"


def source_only(go: GoStage, folder: str) -> bool:
    """True when a folder of the context holds nothing but Go sources."""
    context = go.files.context
    if context is None:
        return False
    inside = [path for path in context.files() if path.startswith(folder + "/")]
    return bool(inside) and all(path.endswith(".go") or _NEVER.match(posixpath.basename(path)) for path in inside)


def add_conventional(go: GoStage, workdir: str | None, found: RuntimeFiles) -> None:
    context = go.files.context
    if context is None or workdir is None:
        return
    for top in sorted({path.split("/")[0] for path in context.files()}):
        stem, extension = posixpath.splitext(top)
        config = stem in ("config", "conf", "settings", "app") and extension[1:] in CONFIG_EXTENSIONS
        loose = context.kind(top) == "file" and extension[1:] in _DATA_EXTENSIONS and not _TOOLING.match(top)
        data = top.lower() not in _DEVELOPMENT and not top.startswith(".") and not holds_sources(go, top)
        folder = context.kind(top) == "dir" and data
        if top.lower() in _CONVENTIONAL or config or loose or folder:
            path = posixpath.join(workdir, top)
            if path not in found.paths and _carries(path, go):
                found.paths[path] = f"{top} is usually read at run time"


def outermost(paths: dict[str, str]) -> dict[str, str]:
    """Paths that lie in no other carried folder."""
    return {
        path: reason
        for path, reason in sorted(paths.items())
        if not any(path != other and path.startswith(other + "/") for other in paths)
    }
