"""Which programs Go commands leave behind, and where.

``go build -o P`` writes P relative to the working directory, or P/<name> when P is a folder; without ``-o`` the name
is the last element of the main package's path (a ``/vN`` suffix skipped), the folder's name outside a module, or
the first file's name when files are listed; several packages without ``-o`` leave nothing. ``go install`` writes to
$GOBIN or $GOPATH/bin. Source: ``go help build``, ``go help install`` of Go 1.26.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import takewhile
from typing import TYPE_CHECKING, NamedTuple

from rewriter.ecosystems.artefacts import Ahead, Linkage
from rewriter.ecosystems.artefacts import Output as Made
from rewriter.ecosystems.go_sources import GoSources
from rewriter.model.files import StageFiles
from rewriter.model.run import Step
from rewriter.userland.runtime import is_common

if TYPE_CHECKING:
    from rewriter.ecosystems.go import GoStage

_VALUE_FLAGS = frozenset(
    "C asmflags buildmode buildvcs compiler covermode coverpkg exec gccgoflags gcflags installsuffix ldflags mod "
    "modfile o overlay p pgo pkgdir tags toolexec".split()
)
_PLAIN_WORD = re.compile(r"[A-Za-z0-9_./@=,:+-]+\Z")
_MAJOR_SUFFIX = re.compile(r"v[0-9]+\Z")


class GoVersion(NamedTuple):
    """A Go release as a tag names it; ``patch`` is None for the newest one."""

    major: int
    minor: int
    patch: int | None = None


def go_version(tag: str) -> GoVersion | None:
    """The release in a golang tag (``1.18-alpine3.17``), or None."""
    match = re.match(r"([0-9]+)\.([0-9]+)(?:\.([0-9]+))?(?![0-9])", tag)
    if match is None:
        return None
    return GoVersion(int(match.group(1)), int(match.group(2)), int(match.group(3)) if match.group(3) else None)


@dataclass(frozen=True, slots=True)
class GoCommand:
    """A ``go`` command taken apart."""

    verb: str
    flags: Mapping[str, str | None]
    """Flags without dashes; None for a flag whose value is unknown."""
    packages: tuple[str, ...]
    known: bool
    """False when a word that decides about the outcome is only known at run time."""
    cwd: str | None


@dataclass(frozen=True, slots=True)
class Output:
    """A program that a command makes, or (``path`` None) programs in ``folder`` whose names are not known."""

    step: Step
    path: str | None
    folder: str | None
    main_folder: str | None
    """The main package's folder in the context, when it is known."""


def parse_go(step: Step) -> GoCommand | None:
    """The ``go`` command of a step, or None for another program."""
    if step.name != "go" or len(step.argv) < 2:
        return None
    words = list(step.argv[1:])
    verb = words.pop(0)
    if verb is None:
        return GoCommand("", {}, (), False, step.cwd)
    flags: dict[str, str | None] = {}
    known = True
    while words:
        word = words[0]
        if word is None:
            name = _flag_name(step, len(words))
            if name is None:
                known = False  # it may be a flag, or the first package
                break
            flags[name] = None
            words.pop(0)
            continue
        if not word.startswith("-") or word == "-":
            break
        words.pop(0)
        name, equals, value = word.lstrip("-").partition("=")
        if equals:
            flags[name] = value
        elif name in _VALUE_FLAGS and words:
            flags[name] = words.pop(0)
        else:
            flags[name] = "true"
    packages = tuple(word for word in words if word is not None)
    known = known and len(packages) == len(words)
    cwd = step.cwd
    folder = flags.get("C")
    if folder:
        cwd = None if step.cwd is None else posixpath.normpath(posixpath.join(step.cwd, folder))
    return GoCommand(verb, flags, packages, known, cwd)


def _flag_name(step: Step, left: int) -> str | None:
    """The flag in ``-ldflags=-X=main.version=${VERSION}``: its name is written out, only its value is unknown."""
    if step.command is None:
        return None
    raw = step.command.words[-left].raw.strip("\"'")
    name, equals, _ = raw.partition("=")
    return name.lstrip("-") if raw.startswith("-") and equals and "$" not in name else None


def outputs(step: Step, files: StageFiles, sources: GoSources | None, version: GoVersion | None) -> Iterator[Output]:
    """The programs that one command leaves behind."""
    command = parse_go(step)
    if (
        command is None
        or command.flags.get("n") is not None
        or step.variables.get("GOOS", "linux") not in ("linux", None)
    ):
        return
    if command.verb == "build":
        yield from _build(step, command, files, sources)
    elif command.verb == "install" or (command.verb == "get" and _get_installs(command, step, version)):
        yield from _install(step, command, files, sources)


def _get_installs(command: GoCommand, step: Step, version: GoVersion | None) -> bool:
    """``go get`` built and installed up to Go 1.17 (release notes of 1.18)."""
    if "d" in command.flags or version is None:
        return False
    return version < (1, 18) or step.variables.get("GO111MODULE") == "off"


def _build(step: Step, command: GoCommand, files: StageFiles, sources: GoSources | None) -> Iterator[Output]:
    if command.flags.get("buildmode") in ("plugin", "c-shared", "c-archive", "archive", "shared"):
        return
    mains = _mains(command, files, sources)
    if "o" in command.flags:
        target = command.flags["o"]
        if not target or command.cwd is None:
            return
        path = posixpath.normpath(posixpath.join(command.cwd, target))
        if path == "/dev/null":
            return
        if not target.endswith("/") and not files.is_folder_before(path, step.instruction):
            yield Output(step, path, None, mains[0].folder if len(mains) == 1 else None)
            return
        yield from _into(step, path, mains, command.known)
        return
    if command.cwd is None or (len(mains) != 1 and command.known and sources is not None):
        return
    if len(mains) == 1 and command.known:
        yield from _into(step, command.cwd, mains, True)


def _install(step: Step, command: GoCommand, files: StageFiles, sources: GoSources | None) -> Iterator[Output]:
    gobin, gopath = step.variables.get("GOBIN"), step.variables.get("GOPATH")
    if gobin:
        folder = gobin
    elif gopath:
        folder = posixpath.join(gopath.split(":")[0], "bin")
    else:
        return
    yield from _into(step, posixpath.normpath(folder), _mains(command, files, sources), command.known)


def _into(step: Step, folder: str, mains: tuple[_Main, ...], known: bool) -> Iterator[Output]:
    for main in mains:
        if main.name is not None:
            yield Output(step, posixpath.join(folder, main.name), None, main.folder)
    if not known or not mains or any(main.name is None for main in mains):
        yield Output(step, None, folder, None)


class _Main(NamedTuple):
    name: str | None
    """The program's name; None when it is not known."""
    folder: str | None
    """Its folder in the context."""


def _mains(command: GoCommand, files: StageFiles, sources: GoSources | None) -> tuple[_Main, ...]:
    """The main packages that a command names."""
    packages = command.packages or (".",)
    if all(package.endswith(".go") for package in packages):
        first = posixpath.basename(packages[0]).removesuffix(".go")
        return (_Main(first, _folder(command.cwd, posixpath.dirname(packages[0]) or ".", files)),)
    return tuple(main for package in packages for main in _package(package, command, files, sources))


def _package(package: str, command: GoCommand, files: StageFiles, sources: GoSources | None) -> Iterator[_Main]:
    package = package.partition("@")[0]
    if not package.startswith((".", "/")):
        yield _Main(_last(package.removesuffix("/...")) if not package.endswith("/...") else None, None)
        return
    recursive = package.endswith("...")
    start = package.removesuffix("...").rstrip("/") or "."
    folder = _folder(command.cwd, start, files)
    if recursive:
        if sources is None or folder is None:
            yield _Main(None, None)
            return
        for main in sources.main_packages:
            if folder == "." or main == folder or main.startswith(folder + "/"):
                yield _Main(_name(posixpath.relpath(main, folder), main, command, sources), main)
        return
    yield _Main(_name(start, folder, command, sources), folder)


def _folder(cwd: str | None, relative: str, files: StageFiles) -> str | None:
    """The folder of the context that lies at a path of the image."""
    if cwd is None:
        return None
    return files.origin(posixpath.normpath(posixpath.join(cwd, relative)))


def _name(package: str, folder: str | None, command: GoCommand, sources: GoSources | None) -> str | None:
    """The program's name for ``./package`` that lies in a context folder."""
    module = sources.module_of(folder) if sources is not None and folder is not None else None
    if module is not None and folder is not None:
        inner = posixpath.relpath(folder, module.folder)
        return _last(module.path if inner == "." else posixpath.join(module.path, inner))
    inner = posixpath.normpath(package)
    if inner != "." and not inner.endswith(".."):
        return _last(inner)
    if command.cwd is not None and "/src/" in command.cwd and sources is not None and folder is not None:
        return posixpath.basename(command.cwd)  # no go.mod: GOPATH mode, named after the folder
    return None  # the working directory's own package: go.mod names it, and was not seen


def _last(path: str) -> str:
    parts = [part for part in path.split("/") if part]
    if len(parts) > 1 and _MAJOR_SUFFIX.match(parts[-1]):
        parts.pop()
    return parts[-1] if parts else ""


def build_for_run(go: GoStage, step: Step) -> Ahead | str:
    """``go build`` for a ``go run``: the flags and packages before the program's own arguments stay as they are.

    ``go run`` takes a package, or all leading words that end with ``.go``. Source: ``go help run`` of Go 1.26.
    """
    command = parse_go(step)
    if command is None or not command.known or not command.packages or "exec" in command.flags:
        return "what `go run` is given is only known at run time"
    sources = list(takewhile(lambda word: word.endswith(".go"), command.packages))
    packages = tuple(sources) or command.packages[:1]
    words = [word for word in step.argv[2:] if word is not None]
    arguments = tuple(words[len(words) - len(command.packages) + len(packages) :])
    flags = words[: len(words) - len(command.packages)]
    building = (*flags, *packages)
    if not packages[0].startswith(".") and not sources:
        return f"{packages[0]} is no package of the build context"
    if "race" in command.flags or not all(_PLAIN_WORD.match(word) for word in building):
        return "its words would need quoting in a RUN"
    mains = _mains(replace(command, packages=packages), go.files, go.sources)
    name = mains[0].name if len(mains) == 1 else None
    if name is None or is_common(name):
        return "the name of the program that it builds cannot be told"
    path = f"/usr/local/bin/{name}"
    static = Linkage.STATIC if step.variables.get("CGO_ENABLED") == "0" else Linkage.NATIVE
    line = f"RUN go build -o {path} {' '.join(building)}"
    doubt = "the program becomes process 1 in the place of `go run`, and gets the signals itself"
    return Ahead((line,), (path, *arguments), Made(path, None, mains[0].folder, static), doubt)
