"""Shapes of COPY and ADD, and of the flags of all instructions."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from tests.shapes.tables import Table, row, search, sentences, table

if TYPE_CHECKING:
    from rewriter.model.stages import Stage
    from rewriter.syntax import Instruction
    from tests.shapes.view import View

_MOUNT_KEYS = (
    "source src from target dst destination id sharing readonly ro readwrite rw uid gid mode size required env z"
).split()

FLAGS: Table = {
    **table(
        r"""
        mount: no type -- A mount without a type.
            heads ~ --mount=(?!\S*type=)
        mount: several -- Several mounts in one RUN.
            heads ~ --mount=.*--mount=
        mount: variable -- A mount with a variable.
            heads ~ --mount=\S*\$
        copy: --chown -- COPY --chown.
            heads ~ (?i)^COPY\s.*--chown=
        copy: --chown of numbers -- Owner and group by number.
            heads ~ --chown=\d+:\d+
        copy: --chown of a variable -- An owner that a variable names.
            heads ~ --chown=\S*\$
        copy: --chmod -- COPY --chmod.
            heads ~ (?i)^COPY\s.*--chmod=
        copy: --chmod of letters -- COPY --chmod with letters.
            heads ~ --chmod=\S*[a-z]
        copy: --link -- COPY --link.
            heads ~ (?i)^COPY\s.*--link\b
        copy: --link of a value -- COPY --link=true.
            heads has --link=
        copy: --parents -- COPY --parents.
            heads ~ --parents\b
        copy: --exclude -- COPY --exclude.
            heads has --exclude=
        copy: several flags -- A COPY with more than one flag.
            heads ~ (?i)^COPY\s+--\S+\s+--
        add: --chown -- ADD --chown.
            heads ~ (?i)^ADD\s.*--chown=
        add: --chmod -- ADD --chmod.
            heads ~ (?i)^ADD\s.*--chmod=
        add: --link -- ADD --link.
            heads ~ (?i)^ADD\s.*--link\b
        add: --checksum -- ADD --checksum.
            heads has --checksum=
        add: --keep-git-dir -- ADD --keep-git-dir.
            heads has --keep-git-dir
        add: --unpack -- ADD --unpack.
            heads has --unpack
        flags: quoted value -- A flag whose value is in quotes.
            heads ~ --[\w-]+=[\"']
        """,
    ),
    **{
        f"run: --{flag}": row("heads", rf"(?i)^(?:ONBUILD\s+)?RUN\s.*--{flag}=", f"RUN --{flag}.")
        for flag in ("mount", "network", "security", "device")
    },
    **{
        f"mount: {kind}": row("heads", rf"--mount=\S*type=\"?{kind}", f"A mount of type {kind}.")
        for kind in ("bind", "cache", "secret", "ssh", "tmpfs")
    },
    **{
        f"mount: key {key}": row("heads", rf"--mount=(?:\S*,)?{key}\b", f"A mount with the key {key}.")
        for key in _MOUNT_KEYS
    },
}

FOUND = {
    **{
        f"{name}: {shape}": f"{name.upper()} {sentence}"
        for name in ("copy", "add")
        for shape, sentence in {
            "everything": "of the whole context.",
            "a file": "of one file.",
            "a folder": "of a path without a dot in its name.",
            "a folder with a slash": "of a path that ends in a slash.",
            "several sources": "of several sources.",
            "glob": "of a pattern.",
            "hidden file": "of a name that starts with a dot.",
            "leading slash": "of a source that starts with a slash.",
            "upwards": "of a path with `..`.",
            "variable": "with a variable in a path.",
            "quoted": "with quotes around a path, which the plain form keeps.",
            "to the working directory": "to `.` or `./`.",
            "to a relative path": "to another relative path.",
            "to a folder": "to a path that ends in a slash.",
            "to a name": "to a path that ends in no slash.",
            "to the root": "to `/`.",
            "to a path with a dot": "to a path that ends in `/.`.",
            "empty word": 'of `""`, which is nothing.',
            "doubled slash": "with `//` in a path.",
            "blanks": "of a path that holds blanks.",
        }.items()
    },
    "copy: from a stage by name": "COPY --from a named stage.",
    "copy: from a stage by number": "COPY --from=0.",
    "copy: from a stage in other case": "COPY --from spells the name of a stage with other capitals.",
    "copy: from an image": "COPY --from an image.",
    "copy: from a variable": "COPY --from with a variable.",
    "copy: from, same path": "COPY --from to the very path that it has there.",
    "copy: from, glob": "COPY --from of a pattern.",
    "copy: from, whole root": "COPY --from of `/`.",
    "copy: manifests first": "The list of dependencies is copied before the rest.",
    "copy: file by file": "Eight COPY or ADD in a row.",
    "copy: entrypoint script": "COPY of a start script.",
    "copy: of windows": "A path of Windows.",
    "add: address": "ADD of a URL.",
    "add: address of an archive": "ADD of an archive by its URL, which is not unpacked.",
    "add: address with a variable": "ADD of a URL that holds a variable.",
    "add: archive": "ADD of an archive, which is unpacked.",
    "add: git": "ADD of a git repository.",
    "add: for a copy": "ADD of plain files, where COPY would do.",
}

DESCRIPTIONS = FOUND | sentences(FLAGS)

_ARCHIVE = re.compile(r"\.(?:tar|tgz|tbz2?|txz|tar\.\w+|gz|bz2|xz)$")
_MANIFEST = re.compile(
    r"(?:^|/)(?:package(?:-lock|\*)?\.json|yarn\.lock|requirements\S*\.txt|Pipfile\S*|poetry\.lock|pyproject\.toml|go\.(?:mod|sum|\*)"
    r"|Gemfile\S*|pom\.xml|build\.gradle\S*|Cargo\.\w+|composer\.\w+|mix\.\w+|\S+\.(?:csproj|sln|cabal|sbt)|Package\.\w+|pubspec\.\w+)$"
)


def found(view: View) -> Iterator[str]:
    """The shapes of what is copied."""
    if view.parts["heads"]:
        yield from search(FLAGS, view)
    for stage in view.model.stages:
        in_a_row = 0
        manifests = False
        for instruction in stage.instructions:
            if instruction.name not in ("COPY", "ADD"):
                in_a_row = 0
                continue
            in_a_row += 1
            if in_a_row == 8:
                yield "copy: file by file"
            sources = instruction.operands[:-1]
            if manifests and "." in sources:
                yield "copy: manifests first"
            manifests = manifests or any(_MANIFEST.search(source) for source in sources)
    for name in ("COPY", "ADD"):
        for instruction in view.named.get(name, ()):
            yield from _paths(name.lower(), instruction)
    for stage in view.model.stages:
        for instruction in stage.instructions:
            if instruction.name == "COPY" and instruction.flag("from") is not None:
                yield from _from(stage, instruction)


def _paths(name: str, instruction: Instruction) -> Iterator[str]:
    *sources, destination = instruction.operands
    outside = instruction.flag("from") is not None
    if len(sources) > 1:
        yield f"{name}: several sources"
    if "$" in instruction.args:
        yield f"{name}: variable"
    if instruction.json is None and '"' in instruction.args:
        yield f"{name}: quoted"
    if "\\" in instruction.args or re.search(r"(?i)(?:^|\s)/?[a-z]:[/\\]", instruction.args):
        yield "copy: of windows"
    if any(operand in ("", '""', "''") for operand in instruction.operands):
        yield f"{name}: empty word"
    if re.search(r"[^:]//", instruction.args):
        yield f"{name}: doubled slash"
    if any(" " in operand for operand in instruction.operands):
        yield f"{name}: blanks"
    yield from _destination(name, destination)
    for source in sources:
        if not outside and not source.startswith("<<"):
            yield from (_added(source) if name == "add" else ())
            yield from _source(name, source)
        if "entrypoint" in source or source.endswith(".sh"):
            yield "copy: entrypoint script"


def _destination(name: str, destination: str) -> Iterator[str]:
    if destination.endswith("/."):
        yield f"{name}: to a path with a dot"
    if destination in (".", "./"):
        yield f"{name}: to the working directory"
    elif destination == "/":
        yield f"{name}: to the root"
    elif not destination.startswith(("/", "$", '"')):
        yield f"{name}: to a relative path"
    yield f"{name}: to a folder" if destination.endswith("/") else f"{name}: to a name"


def _source(name: str, source: str) -> Iterator[str]:
    base = posixpath.basename(source)
    if source in (".", "./", "/"):
        yield f"{name}: everything"
        return
    if re.search(r"[*?\[]", source):
        yield f"{name}: glob"
    elif source.endswith("/"):
        yield f"{name}: a folder with a slash"
    else:
        yield f"{name}: a file" if "." in base.lstrip(".") else f"{name}: a folder"
    if re.search(r"(?:^|/)\.\w", source):
        yield f"{name}: hidden file"
    if source.startswith("/"):
        yield f"{name}: leading slash"
    if ".." in source.split("/"):
        yield f"{name}: upwards"


def _added(source: str) -> Iterator[str]:
    if re.match(r"[\"']?(?:https?|ftp)://", source):
        yield "add: address"
        if "$" in source:
            yield "add: address with a variable"
        if _ARCHIVE.search(source) or source.endswith(".zip"):
            yield "add: address of an archive"
    elif _ARCHIVE.search(source):
        yield "add: archive"
    else:
        yield "add: for a copy"
    if re.search(r"^git@|\.git(?:#\S*)?[\"']?$|^git://", source):
        yield "add: git"


def _from(stage: Stage, instruction: Instruction) -> Iterator[str]:
    name = instruction.flag("from") or ""
    found_stage = stage.model.find(name, stage.index)
    if "$" in name:
        yield "copy: from a variable"
    elif found_stage is None:
        yield "copy: from an image"
    elif name.isdecimal():
        yield "copy: from a stage by number"
    else:
        yield "copy: from a stage by name"
        if found_stage.written_name != name:
            yield "copy: from a stage in other case"
    *sources, destination = instruction.operands
    if destination in sources:
        yield "copy: from, same path"
    if any(re.search(r"[*?\[]", source) for source in sources):
        yield "copy: from, glob"
    if "/" in sources:
        yield "copy: from, whole root"
