"""What commands ask of an Alpine userland: packages to add, and words that cannot be carried over."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass, field

from rewriter.ecosystems.go import GoStage, Run
from rewriter.ecosystems.go_build import GoCommand, parse_go
from rewriter.model.run import Step
from rewriter.planning.file_effects import ZONES
from rewriter.planning.launch import Launch, is_builtin
from rewriter.shell import Opaque
from rewriter.userland.alpine import APPLETS, PACKAGES, alpine_gap, alpine_shell
from rewriter.userland.runtime import known_user, program_package

# Dependency managers of the time before modules: they fetch with git whatever GOPROXY says.
_GIT_CALLERS = frozenset({"dep", "glide", "godep", "govendor", "gvt", "gopm"})
_PROGRAM_FOLDERS = ("/usr/local", "/usr/bin", "/bin", "/opt", "/go/bin", "/sbin", "/usr/sbin")
_DEBIAN_FOLDERS = ("/usr/lib/", "/usr/share/", "/usr/include/", "/lib/", "/lib64/", "/etc/apt", "/var/lib/dpkg")
_DEBIAN_FILES = frozenset({"/etc/debian_version", "/etc/ld.so.conf", "/etc/bash.bashrc", "/etc/adduser.conf"})
DEV_TOOLS = frozenset(
    "air reflex CompileDaemon modd realize gin fresh dlv wgo gow nodemon watchexec entr arelo gowatch bee revel "
    "buffalo gdb strace make npm yarn godo gin-bin".split()
)
"""Commands that rebuild, watch or debug: an image that starts them is for development."""
_DIRECT_FETCH = ("GOPRIVATE", "GONOPROXY", "GOINSECURE", "GOVCS")


@dataclass(slots=True)
class Needs:
    """Packages with the reason for each, and vetoes."""

    packages: dict[str, str] = field(default_factory=dict)
    vetoes: list[str] = field(default_factory=list)

    def want(self, package: str, reason: str) -> None:
        """Adds a package once; the first reason stays."""
        self.packages.setdefault(package, reason)


def build_needs(go: GoStage) -> Needs:
    """What the RUN instructions of a stage need on Alpine that its golang image does not have."""
    needs = Needs()
    _owners(go, needs)
    for run in go.runs:
        line = run.instruction.line
        _mounts(run, needs)
        if isinstance(run.steps, Opaque):
            needs.vetoes.append(f"line {line}: {run.steps.reason}")
            continue
        if run.instruction.json is None and run.state.shell[0].endswith("bash"):
            needs.want("bash", f"SHELL names it (line {line})")
        for step in run.steps:
            _interpreter(step, needs)
            _command(step, needs, go, f"line {line}")
            _go_command(step, needs, go, line)
    return needs


def launch_needs(launch: Launch, health: tuple[Step, ...], go: GoStage) -> Needs:
    """What the start command, its scripts and the HEALTHCHECK need on Alpine."""
    needs = Needs()
    for name in sorted(launch.wrappers):
        if not go.stage.root.image or "alpine" not in go.stage.root.image.tag:
            needs.vetoes.append(f"`{name}` of the start command is not known to be there on Alpine")
    artefacts = {artefact.path for artefact in go.artefacts}
    for step in (*launch.all_steps, *health):
        _interpreter(step, needs)
        word = step.argv[0] if step.argv else None
        path = step.absolute(word) if word and "/" in word else None
        if path in artefacts or path in {script.path for script in launch.scripts}:
            continue
        if step.name in ("sh", "bash") and launch.scripts and step in launch.steps:
            if step.name == "bash":
                needs.want("bash", f"line {step.instruction.line} starts a script with it")
            continue
        _command(step, needs, go, f"line {step.instruction.line}")
    for script in launch.scripts:
        if script.interpreter == "bash":
            needs.want("bash", f"{script.origin} is run by it")
    state = go.stage.final_state
    if launch.instruction.json is None and state.shell[0].endswith("bash"):
        needs.want("bash", "SHELL names it for the start command")
    return needs


def source_needs(go: GoStage, needs: Needs) -> None:
    """What the sources start by name: a swap without a split leaves them on the image."""
    if go.sources is None:
        return
    for file in go.sources.program(None).files:
        for started, line in file.programs:
            package = program_package(posixpath.basename(started), "alpine") if started else ""
            if started and posixpath.basename(started) in ("go", "gofmt", *go.tools):
                continue
            if package is None:
                needs.vetoes.append(f"{file.path}:{line} starts `{started}`, which is not known on Alpine")
            elif package:
                needs.want(package, f"{file.path}:{line} starts {started}")


def _interpreter(step: Step, needs: Needs) -> None:
    package = alpine_shell(step.interpreter)
    line = step.instruction.line
    if package is None:
        needs.vetoes.append(f"line {line}: the shell {step.interpreter} is not known to be there on Alpine")
    elif package:
        needs.want(package, f"line {line} runs in it")


def _command(step: Step, needs: Needs, go: GoStage, where: str) -> None:
    name = step.name
    redirects = step.command.redirects if step.command is not None else ()
    targets = [redirect.target.value(step.variables) for redirect in redirects if redirect.target is not None]
    for word in (*step.argv[1:], *targets):
        if word and word.startswith(ZONES):
            needs.want("tzdata", f"{where} uses {ZONES}")
        elif word and (word.startswith(_DEBIAN_FOLDERS) or word in _DEBIAN_FILES):
            needs.vetoes.append(f"{where}: {word} may not exist on Alpine")
    if name in ("chown", "chgrp"):
        parts = step.options_and_operands
        for owner in (parts[1][0] if parts is not None and parts[1] else "").split(":"):
            if not known_user(owner, "alpine"):
                needs.vetoes.append(f"{where}: the owner {owner} is not known to exist on Alpine")
    if name in DEV_TOOLS:
        needs.vetoes.append(f"{where}: `{name}` runs further commands that are not looked at")
        return
    if name in ("go", "gofmt") or name in go.tools:
        return
    if is_builtin(name) and name not in APPLETS and name not in ("eval", "source", "."):
        return
    if _brings_programs(step):
        needs.vetoes.append(f"{where}: `{name}` brings programs that may need glibc")
    if step.argv and step.argv[0] and "/" in step.argv[0] and go.artefact_at(step.absolute(step.argv[0]) or ""):
        return
    gap = alpine_gap(step)
    if gap is not None:
        needs.vetoes.append(f"{where}: {gap}")
    elif name in PACKAGES:
        needs.want(PACKAGES[name], f"{where} calls {name}")


def _go_command(step: Step, needs: Needs, go: GoStage, line: int) -> None:
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


def _mounts(run: Run, needs: Needs) -> None:
    """Secrets of a build are for git: modules that are fetched from private repositories."""
    line = run.instruction.line
    mounts = [flag.value or "" for flag in run.instruction.flags if flag.name == "mount"]
    if any("type=ssh" in mount for mount in mounts):
        needs.want("git", f"line {line} mounts an ssh agent")
        needs.want("openssh-client", f"line {line} mounts an ssh agent")
    elif "netrc" in run.instruction.text:
        needs.want("git", f"line {line} mentions netrc")


def _owners(go: GoStage, needs: Needs) -> None:
    """Owners of COPY, and programs that come from elsewhere."""
    for stage in go.stage.lineage:
        for instruction in stage.instructions:
            target = instruction.operands[-1] if instruction.name in ("COPY", "ADD") else ""
            if instruction.flag("from") is not None and f"{target}/".startswith(_PROGRAM_FOLDERS):
                needs.vetoes.append(f"line {instruction.line}: what it copies to {target} may need glibc")
            owner = instruction.flag("chown") if instruction.name in ("COPY", "ADD") else None
            for name in (owner or "").split(":"):
                if not known_user(name, "alpine"):
                    needs.vetoes.append(f"line {instruction.line}: the owner {name} is not known to exist on Alpine")


def _brings_programs(step: Step) -> bool:
    """True for a download or an archive that goes to where programs lie."""
    words = [word for word in step.argv[1:] if word]
    return step.name in ("tar", "unzip", "curl", "wget") and any(
        word.startswith(_PROGRAM_FOLDERS) or (step.absolute(word) or "").startswith("/usr/local") for word in words
    )


def _generate(needs: Needs, go: GoStage, line: int) -> None:
    """go generate runs what the sources say."""
    if go.sources is None:
        needs.vetoes.append(f"line {line}: `go generate` runs commands that could not be seen")
        return
    for file in go.sources.program(None).files:
        for word in file.generators:
            if word not in ("go", "gofmt") and word not in go.tools:
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
