"""Build time or run time: what each RUN command and each COPY of a Go stage leaves for the running system."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from rewriter.ecosystems.go import GoStage, Run
from rewriter.ecosystems.go_build import parse_go
from rewriter.model.files import Copy
from rewriter.model.run import Step
from rewriter.planning.file_effects import FileEffects, below
from rewriter.planning.role_types import Roles
from rewriter.shell import Opaque

# Commands that leave nothing a running service could want, wherever they stand in a build.
_BUILD_TOOLS = frozenset(
    "go gofmt git dep glide godep govendor gvt swag templ sqlc mockgen wire protoc buf golangci-lint golint "
    "gometalinter staticcheck goimports ginkgo gotestsum statik packr packr2 rice go-bindata pkger stringer "
    "easyjson strip ls cat echo printf env pwd which test [ [[ set cd export unset : true false exit sleep date "
    "uname head tail wc grep find du tree file id whoami umask trap sort uniq cut tr basename dirname nproc "
    "sha256sum md5sum".split()
)
_USERS = frozenset("useradd groupadd adduser addgroup usermod groupmod".split())
_BUILD_PACKAGES = frozenset(
    "git gcc g++ make musl-dev libc-dev libc6-dev build-base build-essential pkg-config pkgconf pkgconfig cmake "
    "autoconf automake libtool bzr breezy mercurial subversion openssh openssh-client protobuf protobuf-dev "
    "protobuf-compiler protoc upx upx-ucl binutils gettext-dev linux-headers patch ncurses".split()
)
GNU_PACKAGES = frozenset({"coreutils", "findutils", "grep", "sed", "diffutils", "gawk", "tar", "gzip", "procps"})
"""What busybox does as well, with fewer options: who starts any program may mean one of theirs."""
_CARRIED_PACKAGES = GNU_PACKAGES | frozenset(
    {"ca-certificates", "tzdata", "bash", "curl", "wget", "gnupg", "unzip", "zip", "xz", "xz-utils"}
)


def sort_roles(
    go: GoStage,
    source_folders: tuple[str, ...],
    started: frozenset[str] = frozenset(),
    system: tuple[str, str] = ("", ""),
) -> Roles:
    """Sorts every RUN of a stage (and its parents).

    ``source_folders`` hold sources and build outputs; ``started`` are programs that the start command is seen to use;
    ``system`` is the distribution of the stage and its suite or release.
    """
    roles = Roles(started=started, system=system)
    effects = FileEffects(go, source_folders, roles)
    for run in go.runs:
        if isinstance(run.steps, Opaque):
            roles.refused.append(f"line {run.instruction.line}: {run.steps.reason}")
            continue
        shaping = [step for step in run.steps if _sort(step, run, go, effects, roles)]
        if shaping:
            roles.shaping.append((run, tuple(shaping)))
    return roles


def _sort(step: Step, run: Run, go: GoStage, effects: FileEffects, roles: Roles) -> bool:
    """Sorts one command; True when it is to be repeated in the runtime stage."""
    line = run.instruction.line
    if not step.argv:
        return False
    name = step.name
    if step.command is not None:
        for redirect in step.command.redirects:
            if redirect.operator in (">", ">>", "&>", ">|") and redirect.target is not None:
                effects.written(step, redirect.target.value(step.variables), appends=redirect.operator == ">>")
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
    if name == "git" and _fetches(step):
        roles.refused.append(f"line {line}: what `git {step.argv[1]}` brings may matter at run time")
        return False
    if command is not None and command.verb == "env" and _sets_odd(step):
        roles.refused.append(f"line {line}: `go env -w` changes how the build goes, which is not followed")
    if name in _BUILD_TOOLS or name in go.tools or _made_here(step, go):
        if name == "find" and any(word in ("-delete", "-exec", "-execdir") for word in step.argv):
            roles.refused.append(f"line {line}: what `find` changes cannot be told")
        return False
    if name in effects.names:
        return effects.look(step)
    if name == "upx":
        return False
    if name == "setcap":
        roles.refused.append(f"line {line}: `setcap` gives a file capabilities, which the copy is not seen to keep")
        return False
    shown = name or (step.command.words[0].raw if step.command and step.command.words else "a command")
    roles.refused.append(f"line {line}: what `{shown}` leaves for run time cannot be told")
    return False


_HARMLESS_SETTINGS = ("GO111MODULE=", "GOPROXY=", "GOSUMDB=", "GONOSUMDB=", "GOPRIVATE=", "GOINSECURE=", "GONOPROXY=")


def _sets_odd(step: Step) -> bool:
    """True for ``go env -w`` of more than where modules come from."""
    return "-w" in step.argv and any(w is None or not w.startswith(_HARMLESS_SETTINGS) for w in step.argv[3:])


def _fetches(step: Step) -> bool:
    """True for git commands that bring files to somewhere else than the build's own folders."""
    if not any(verb in step.argv[1:2] for verb in ("clone", "archive", "lfs")):
        return False
    words = [word for word in step.argv[2:] if word and not word.startswith("-")]
    target = step.absolute(words[1]) if len(words) > 1 else step.cwd
    return target is None or not below(target, ("/go", "/tmp"))


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
                _linked(plain, roles, line)
        elif plain in _CARRIED_PACKAGES or plain in roles.started:
            roles.packages.setdefault(plain, f"line {line}")
        else:
            roles.refused.append(f"line {line}: whether run time needs the package {plain} cannot be told")


def _linked(name: str, roles: Roles, line: int) -> None:
    """The libraries that a program linked against a package needs at run time, of the same distribution and suite."""
    from rewriter.facts.packages import runtime_library

    family, suite = roles.system
    libraries = runtime_library(name, family, suite) if family and suite else None
    if libraries is None:
        system = f"{family} {suite}".strip() or "this system"
        roles.refused.append(f"line {line}: which library of {system} run time needs for {name} is not known")
        return
    roles.linked.append(name)
    for library in libraries:
        roles.libraries.setdefault(library, f"line {line} links against {name}")


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
        if copy.target is not None and below(copy.target, sources) and base.startswith("."):
            continue
        yield copy
