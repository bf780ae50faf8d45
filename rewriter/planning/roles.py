"""Build time or run time: what each RUN command and each COPY of a Go stage leaves for the running system."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from rewriter.ecosystems.go import GoStage, Run
from rewriter.ecosystems.go_build import parse_go
from rewriter.model.files import Copy
from rewriter.model.run import Step
from rewriter.shell import Opaque
from rewriter.syntax import Instruction

# Commands that leave nothing a running service could want, wherever they stand in a build.
_BUILD_TOOLS = frozenset(
    "go gofmt git dep glide godep govendor gvt swag templ sqlc mockgen wire protoc buf golangci-lint golint "
    "gometalinter staticcheck goimports ginkgo gotestsum statik packr packr2 rice go-bindata pkger stringer "
    "easyjson strip ls cat echo printf env pwd which test [ [[ set cd export unset : true false exit sleep date "
    "uname head tail wc grep find du tree file id whoami umask trap sort uniq cut tr basename dirname nproc "
    "sha256sum md5sum".split()
)
STREAMS = frozenset({"/dev/stdout", "/dev/stderr"})
ZONES = "/usr/share/zoneinfo"
_SHAPING = frozenset("mkdir chown chmod touch ln".split())
_USERS = frozenset("useradd groupadd adduser addgroup usermod groupmod".split())
_CACHES = ("/var/lib/apt", "/var/cache", "/tmp", "/var/tmp", "/root/.cache", "/go/pkg", "/go/src")
_BUILD_PACKAGES = frozenset(
    "git gcc g++ make musl-dev libc-dev libc6-dev build-base build-essential pkg-config pkgconf pkgconfig cmake "
    "autoconf automake libtool bzr breezy mercurial subversion openssh openssh-client protobuf protobuf-dev "
    "protobuf-compiler protoc upx upx-ucl binutils gettext-dev linux-headers patch ncurses".split()
)
_CARRIED_PACKAGES = frozenset(
    {"ca-certificates", "tzdata", "bash", "curl", "wget", "gnupg", "unzip", "zip", "tar", "gzip", "xz", "xz-utils"}
)


@dataclass(slots=True)
class Roles:
    """The outcome of the sorting."""

    shaping: list[tuple[Run, tuple[Step, ...]]] = field(default_factory=list)
    """RUN instructions with the commands that shape the running system, to be repeated there."""
    users: list[Step] = field(default_factory=list)
    """The commands among them that create users and groups."""
    produced: list[tuple[str, Instruction]] = field(default_factory=list)
    """Absolute paths outside the sources that the stage puts there for run time."""
    packages: dict[str, str] = field(default_factory=dict)
    """Packages that the author installed and that may matter at run time, with their line."""
    refused: list[str] = field(default_factory=list)
    """What cannot be told: one reason each."""
    made: dict[str, str] = field(default_factory=dict)
    """Absolute paths among the sources that a RUN makes, with the line: run time may read them."""
    started: frozenset[str] = frozenset()
    """Programs that the start command uses: packages of these names are for run time."""


def sort_roles(go: GoStage, source_folders: tuple[str, ...], started: frozenset[str] = frozenset()) -> Roles:
    """Sorts every RUN of a stage (and its parents).

    ``source_folders`` hold sources and build outputs; ``started`` are programs that the start command is seen to use.
    """
    roles = Roles(started=started)
    for run in go.runs:
        if isinstance(run.steps, Opaque):
            roles.refused.append(f"line {run.instruction.line}: {run.steps.reason}")
            continue
        shaping = [step for step in run.steps if _sort(step, run, go, source_folders, roles)]
        if shaping:
            roles.shaping.append((run, tuple(shaping)))
    return roles


def _sort(step: Step, run: Run, go: GoStage, sources: tuple[str, ...], roles: Roles) -> bool:
    """Sorts one command; True when it is to be repeated in the runtime stage."""
    line = run.instruction.line
    if not step.argv:
        return False
    name = step.name
    if step.command is not None:
        for redirect in step.command.redirects:
            if redirect.operator in (">", ">>", "&>", ">|") and redirect.target is not None:
                _written(redirect.target.value(step.variables), step, sources, roles, line)
    if name in _USERS:
        roles.users.append(step)
        if not step.certain or None in step.argv:
            roles.refused.append(f"line {line}: `{name}` may run or not, or with words only known at run time")
        return True
    if name in ("apt-get", "apt", "apk"):
        _packages(step, roles, line)
        return False
    command = parse_go(step)
    if command is not None and command.flags.get("buildmode") in ("plugin", "c-shared", "shared"):
        roles.refused.append(
            f"line {line}: it builds a plugin or a shared library, and what loads it at run time cannot be told"
        )
    if _made_here(step, go) and not set(step.argv[1:]) <= _HARMLESS_ARGUMENTS:
        words = " ".join(word or "…" for word in (name, *step.argv[1:2]))
        roles.refused.append(f"line {line}: what `{words}` leaves for run time cannot be told")
        return False
    if name in _BUILD_TOOLS or name in go.tools or _made_here(step, go):
        if name == "find" and any(word in ("-delete", "-exec", "-execdir") for word in step.argv):
            roles.refused.append(f"line {line}: what `find` changes cannot be told")
        return False
    if name in _SHAPING or name in ("rm", "rmdir", "mv", "cp", "install", "tee", "sed"):
        return _file_command(step, go, sources, roles, line)
    if name == "setcap" or name == "upx":
        if name == "setcap":
            roles.refused.append(f"line {line}: `setcap` gives a file capabilities, which the copy is not seen to keep")
        return False
    shown = name or (step.command.words[0].raw if step.command and step.command.words else "a command")
    roles.refused.append(f"line {line}: what `{shown}` leaves for run time cannot be told")
    return False


_HARMLESS_ARGUMENTS = frozenset({"version", "--version", "-version", "-v", "-V", "help", "--help", "-help", "-h"})


def _made_here(step: Step, go: GoStage) -> bool:
    """True for a program of the stage's own module."""
    word = step.argv[0] or ""
    path = step.absolute(word) if "/" in word else None
    if path is not None:
        made = go.artefact_at(path)
    else:
        made = next((a for a in go.artefacts if posixpath.basename(a.path) == word), None)
    command = parse_go(made.step) if made is not None else None
    return command is not None and (command.verb == "build" or all(p.startswith(".") for p in command.packages))


def _written(target: str | None, step: Step, sources: tuple[str, ...], roles: Roles, line: int) -> None:
    path = step.absolute(target) if target is not None else None
    if path is None:
        roles.refused.append(f"line {line}: a file that it writes is only known at run time")
    elif _below(path, sources):
        roles.made[path] = f"line {line} writes it"
    elif path.startswith(("/dev/", "/root/.", "/etc/apt", "/etc/apk")) or _below(path, _CACHES):
        return
    else:
        roles.produced.append((path, step.instruction))


def _file_command(step: Step, go: GoStage, sources: tuple[str, ...], roles: Roles, line: int) -> bool:
    name = step.name
    parts = step.options_and_operands
    if parts is None:
        if name == "rm" and step.certain:
            return _unknown_rm(step, sources, roles, line)
        roles.refused.append(f"line {line}: `{name}` works on paths only known at run time")
        return False
    operands = parts[1]
    if name in ("chown", "chmod"):
        operands = operands[1:]
    if name == "sed" or name == "tee":
        return False if all(_in_sources(step, path, sources) for path in operands[1:]) else _refuse(roles, line, name)
    paths = [step.absolute(operand) for operand in operands]
    if any(path is None for path in paths):
        return _refuse(roles, line, name)
    known = [path for path in paths if path is not None]
    if name in ("rm", "rmdir"):
        return (
            False
            if all(_below(path, (*sources, *_CACHES, "/root", "/go")) for path in known)
            else _refuse(roles, line, name)
        )
    if name in ("cp", "mv", "install"):
        return _copied(step, known, go, sources, roles, line)
    if name == "ln":
        if known and (known[0] in STREAMS or _below(known[0], (ZONES,))):
            if known[0] not in STREAMS:
                roles.packages.setdefault("tzdata", f"line {line}")
            return True
        if any(go.artefact_at(path) is not None for path in known) or all(_below(p, sources) for p in known[-1:]):
            return False
        return _refuse(roles, line, name)
    if name in ("chmod", "touch") and all(_below(path, sources) or go.artefact_at(path) for path in known):
        return False  # what is copied keeps its mode
    if all(_below(path, ("/go", "/tmp", "/root")) and not _below(path, sources) for path in known):
        return False
    if not step.certain:
        return _refuse(roles, line, name)
    if name == "mkdir":
        # WORKDIR makes these itself, and a second mkdir without -p would fail.
        workdir = go.stage.final_state.workdir or "/"
        return not all(_below(workdir, (path,)) or _below(path, ("/go",)) for path in known)
    return True  # chown and the like shape the running system, inside the working directory too


def _unknown_rm(step: Step, sources: tuple[str, ...], roles: Roles, line: int) -> bool:
    """rm with globs: harmless when every path starts in caches or sources."""
    words = step.command.words[1:] if step.command is not None else ()
    for word in words:
        if not word.raw.startswith("-"):
            stem = re.split(r"[*?\[$`]", word.raw.strip("\"'"))[0]
            path = step.absolute(stem) if stem else None
            if path is None or not _below(path.rstrip("/"), (*sources, *_CACHES, "/root", "/go")):
                return _refuse(roles, line, "rm")
    return False


def _copied(step: Step, known: list[str], go: GoStage, sources: tuple[str, ...], roles: Roles, line: int) -> bool:
    target = known[-1]
    if _below(target, sources):
        into = go.files.is_folder_before(target, step.instruction) or len(known) > 2
        for source in known[:-1]:
            made = posixpath.join(target, posixpath.basename(source)) if into else target
            if go.artefact_at(made) is None:
                roles.made[made] = f"line {line} makes it"
        return False
    if _below(target, ("/tmp", "/go")):
        return False
    for source in known[:-1]:
        moved = posixpath.join(target, posixpath.basename(source))
        if go.artefact_at(target) is not None or go.artefact_at(moved) is not None:
            continue
        if len(known) > 2 or target.endswith("/bin"):
            roles.produced.append((moved, step.instruction))
        elif step.name == "install":
            return _refuse(roles, line, "install")
        else:
            into = go.files.is_folder_before(target, step.instruction)
            roles.produced.append((moved if into else target, step.instruction))
    return False


def _packages(step: Step, roles: Roles, line: int) -> None:
    parts = step.options_and_operands
    if parts is None:
        roles.refused.append(f"line {line}: the packages that `{step.name}` handles are only known at run time")
        return
    verb, *names = parts[1] or ("",)
    if verb in ("update", "clean", "autoclean", "autoremove", "upgrade", "dist-upgrade", "purge", "remove", "del", ""):
        return
    if verb not in ("install", "add"):
        roles.refused.append(f"line {line}: `{step.name} {verb}` is not understood")
        return
    virtual = any(option.startswith(("--virtual", "-t")) for option in parts[0])
    for name in names:
        plain = re.split(r"[=<>~@]", name)[0]
        if plain in _BUILD_PACKAGES or plain.endswith("-dev") or (virtual and plain.startswith(".")):
            if plain.endswith("-dev") and plain not in _BUILD_PACKAGES:
                roles.refused.append(
                    f"line {line}: {plain} is linked against, and which library run time needs is not mapped yet"
                )
        elif plain in _CARRIED_PACKAGES or plain in roles.started:
            roles.packages.setdefault(plain, f"line {line}")
        else:
            roles.refused.append(f"line {line}: whether run time needs the package {plain} cannot be told")


def _refuse(roles: Roles, line: int, name: str) -> bool:
    roles.refused.append(f"line {line}: what `{name}` does there may matter at run time")
    return False


def _in_sources(step: Step, word: str, sources: tuple[str, ...]) -> bool:
    path = step.absolute(word)
    return path is not None and _below(path, sources)


def _below(path: str, folders: tuple[str, ...]) -> bool:
    return any(path == folder or path.startswith(folder.rstrip("/") + "/") for folder in folders)


_GO_NAMES = re.compile(
    r"(?:\.|go\.(?:mod|sum|work)|.*\.go|vendor|cmd|pkg|internal|Makefile|Gopkg\.(?:toml|lock)|glide\.(?:yaml|lock)|Godeps(?:\.json)?|main)\Z"
)


def assets(copies: tuple[Copy, ...], sources: tuple[str, ...], is_source_only: dict[str, bool]) -> Iterator[Copy]:
    """Copies that bring something other than Go sources: they are carried to the runtime.

    ``is_source_only`` says of context folders that were seen whether they hold nothing but Go sources.
    """
    whole = any(copy.source == "." for copy in copies)
    for copy in copies:
        base = posixpath.basename(copy.source)
        if copy.instruction.flag("from") is not None or copy.source == ".":
            continue
        if copy.target is None and copy.destination in sources and not whole:
            whole = True  # the first folder that is copied to where the build runs: its sources
            continue
        if _GO_NAMES.match(base) or is_source_only.get(copy.source, False) or copy.target in sources:
            continue
        if copy.target is not None and _below(copy.target, sources) and base.startswith("."):
            continue
        yield copy
