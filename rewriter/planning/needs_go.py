"""What Go's own commands and sources need of an Alpine userland."""

from __future__ import annotations

import posixpath

from rewriter.ecosystems.go import GoStage
from rewriter.ecosystems.go_build import GoCommand, parse_go
from rewriter.model.run import Step
from rewriter.planning.need_types import Needs
from rewriter.userland.runtime import program_package

# Dependency managers of the time before modules: they fetch with git whatever GOPROXY says.
_GIT_CALLERS = frozenset({"dep", "glide", "godep", "govendor", "gvt", "gopm"})
_DIRECT_FETCH = ("GOPRIVATE", "GONOPROXY", "GOINSECURE", "GOVCS")


def source_needs(go: GoStage, needs: Needs) -> None:
    """What the sources start by name: a swap without a split leaves them on the image."""
    if go.sources is None:
        return
    for file in go.sources.program(None).files:
        for started, line in file.programs:
            package = program_package(posixpath.basename(started), "alpine") if started else ""
            if started and posixpath.basename(started) in ("go", "gofmt", *go.made_names):
                continue
            if package is None:
                needs.vetoes.append(f"{file.path}:{line} starts `{started}`, which is not known on Alpine")
            elif package:
                needs.want(package, f"{file.path}:{line} starts {started}")


def go_command(step: Step, needs: Needs, go: GoStage, line: int) -> None:
    """What one command needs, when it is one of Go or of its dependency managers."""
    if step.name in _GIT_CALLERS:
        needs.want("git", f"{step.name} on line {line} fetches with it")
    command = parse_go(step)
    if command is None:
        return
    variables = step.variables
    if command.verb == "get" or any(variables.get(name) for name in _DIRECT_FETCH):
        needs.want("git", f"go {command.verb} on line {line} may fetch with it")
    proxy = variables.get("GOPROXY") or ""
    if command.verb in ("mod", "build", "install", "test", "run", "list") and proxy.split(",")[0] in ("direct", "off"):
        needs.want("git", f"GOPROXY={proxy} fetches with it")
    if go.version is not None and go.version < (1, 13) and not proxy and _downloads(command, go):
        needs.want("git", f"go {command.verb} on line {line} fetches with it: Go has a proxy since 1.13")
    if variables.get("GO111MODULE") == "off" and command.verb == "install":
        needs.want("git", f"go install on line {line} may fetch with it")
    if command.verb in ("build", "install", "test", "run") and _compiles_c(command, step, go):
        needs.want("build-base", f"go {command.verb} on line {line} needs a C compiler")
    if command.verb in ("build", "install") and _stamps(go):
        needs.want("git", "go build stamps the version from .git")
    if command.verb == "generate":
        _generate(needs, go, line)
    if command.verb == "test" and go.tests_start_programs:
        needs.vetoes.append(f"line {line}: the tests start programs that Alpine may not have")
    direct = ("GOPRIVATE=", "GONOPROXY=", "GOPROXY=direct")
    if command.verb == "env" and any(word is None or word.startswith(direct) for word in step.argv[2:]):
        needs.want("git", f"go env -w on line {line} may change where modules come from")
    if any(word in (variables.get("GOFLAGS") or "") for word in ("-race", "-linkmode", "-buildmode", "-msan", "-asan")):
        needs.vetoes.append(f"line {line}: GOFLAGS asks for what needs glibc or a C compiler")
    if "race" in command.flags or command.flags.get("buildmode") in ("plugin", "c-shared", "shared"):
        needs.vetoes.append(f"line {line}: `-race` and plugins need glibc")


def _downloads(command: GoCommand, go: GoStage) -> bool:
    """True for a command that fetches modules which the sources require and do not bring."""
    if command.verb not in ("mod", "build", "install", "test", "run", "list") or command.flags.get("mod") == "vendor":
        return False
    if go.sources is None:
        return any(copy.source.rpartition("/")[2] in ("go.mod", "go.sum") for copy in go.files.copies)
    return bool(go.requires(None))


def _compiles_c(command: GoCommand, step: Step, go: GoStage) -> bool:
    """True where Go calls a C compiler although the sources hold no C: asked for, or to rebuild runtime/cgo.

    Up to Go 1.19 the standard library came compiled and CGO_ENABLED=1 was the default without a compiler too; flags
    that make it compile again then fail (release notes of Go 1.20).
    """
    cgo = step.variables.get("CGO_ENABLED")
    if cgo == "0":
        return False
    linker = command.flags.get("ldflags") or ""
    if cgo == "1" or "external" in linker or "extld" in linker:
        return True
    rebuilding = frozenset({"a", "trimpath", "gcflags", "asmflags", "installsuffix", "buildmode", "msan", "asan"})
    return bool(rebuilding & set(command.flags)) and (go.version is None or go.version < (1, 20))


def _generate(needs: Needs, go: GoStage, line: int) -> None:
    """go generate runs what the sources say."""
    if go.sources is None:
        needs.vetoes.append(f"line {line}: `go generate` runs commands that could not be seen")
        return
    for file in go.sources.program(None).files:
        for word in file.generators:
            if word not in ("go", "gofmt") and word not in go.made_names:
                needs.vetoes.append(f"line {line}: `go generate` runs `{word}` ({file.path})")


def _stamps(go: GoStage) -> bool:
    """True when .git is copied in and somebody would notice that git is not there.

    Go 1.18 to 1.18.3 fail where they find .git but no git; later ones leave the stamp out (-buildvcs=auto), which
    only a program that reads its own build information can see.
    """
    context = go.files.context
    version = go.version
    if context is None or context.kind(".git") is None or version is None or version < (1, 18):
        return False
    if not any(copy.source == "." for copy in go.files.copies):
        return False
    if version[:2] == (1, 18) and version.patch is not None and version.patch <= 3:
        return True
    sources = go.sources
    return sources is not None and any("stamp" in file.uses for file in sources.program(None).files)
