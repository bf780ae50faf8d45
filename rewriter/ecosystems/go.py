"""Go: what a stage builds, how it is linked, and what the program needs at run time."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from rewriter.ecosystems import go_build
from rewriter.ecosystems.artefacts import Ahead, Artefact, Linkage, Links, Output, SystemNeeds
from rewriter.ecosystems.ecosystem import Ecosystem
from rewriter.ecosystems.go_build import GoVersion, go_version, parse_go
from rewriter.ecosystems.go_modules import CgoModule, cgo_module

if TYPE_CHECKING:
    from rewriter.ecosystems.go_sources import GoSources, Program
    from rewriter.ecosystems.reads import RuntimeFiles
    from rewriter.ecosystems.runtime_base import Builder, RuntimeBase
    from rewriter.model.files import StageFiles
    from rewriter.model.launch import Launch
    from rewriter.model.run import Run, Step
    from rewriter.model.stages import Stage

_HARMLESS_SETTINGS = ("GO111MODULE=", "GOPROXY=", "GOSUMDB=", "GONOSUMDB=", "GOPRIVATE=", "GOINSECURE=", "GONOPROXY=")
_TOOLCHAIN = re.compile(r"go (?:run|build|test)\b")
_LIBRARIES = frozenset({"plugin", "c-shared", "shared"})


@dataclass(frozen=True, slots=True)
class Cgo:
    """C code in a program: what it is and where that was read."""

    what: str
    where: str
    module: CgoModule | None
    version: str = ""


class GoStage(Ecosystem):
    """What one stage (with the stages it is built from) does with Go."""

    name = "Go"
    tools = frozenset(
        "go gofmt dep glide godep govendor gvt swag templ sqlc mockgen wire protoc buf golangci-lint golint "
        "gometalinter staticcheck goimports ginkgo gotestsum statik packr packr2 rice go-bindata pkger stringer "
        "easyjson".split()
    )
    packages = frozenset("bzr breezy mercurial subversion ncurses".split())
    settings = frozenset(
        "GO111MODULE GOPROXY GOPRIVATE GONOPROXY GONOSUMDB GONOSUMCHECK GOSUMDB GOFLAGS GOOS GOARCH GOARM GOARM64 "
        "GOAMD64 GOPATH GOBIN GOCACHE GOMODCACHE GOROOT GOTOOLCHAIN GOEXPERIMENT GOINSECURE GOVCS GOLANG_VERSION "
        "CGO_*".split()
    )
    caches = ("/go/pkg", "/go/src", "/root/.config/go")
    folders = ("/go", "/usr/local/go")
    source_names = (".go",)
    fetched_tools = True
    build_files = frozenset("go.mod go.sum go.work Gopkg.toml Gopkg.lock glide.yaml glide.lock Godeps.json".split())
    source_folders = frozenset("vendor cmd pkg internal Godeps main".split())

    def __init__(
        self, stage: Stage, files: StageFiles, sources: GoSources | None, runs: tuple[Run, ...] | None = None
    ) -> None:
        super().__init__(stage, files, runs)
        self.sources = sources

    @property
    def is_go(self) -> bool:
        """True for a stage on an official golang image."""
        return self.stage.root.image is not None and self.stage.root.image.short_name == "golang"

    @cached_property
    def version(self) -> GoVersion | None:
        """The Go release of the base image, when its tag names one."""
        image = self.stage.root.image
        return go_version(image.tag) if image is not None else None

    def outputs(self, step: Step) -> Iterator[Output]:
        """The programs of ``go build``, ``go install`` and the old ``go get``."""
        linkage = Linkage.STATIC if step.variables.get("CGO_ENABLED") == "0" else Linkage.NATIVE
        for output in go_build.outputs(step, self.files, self.sources, self.version):
            yield Output(output.path, output.folder, output.main_folder, linkage)

    def leaves(self, step: Step) -> str | None:
        """Go's commands leave programs; a shared library, and settings, may be asked for by anything."""
        command = parse_go(step)
        if command is not None and command.flags.get("buildmode") in _LIBRARIES:
            return "it builds a plugin or a shared library, and what loads it at run time cannot be told"
        if command is not None and command.verb == "env" and _sets_odd(step):
            return "`go env -w` changes how the build goes, which is not followed"
        return super().leaves(step)

    def toolchain(self, step: Step) -> str:
        """``go`` itself, also as an argument of something that is started, and the debugger."""
        words = [word for word in step.argv if word]
        if step.name == "go":
            return words[0]
        return next((w for w in words if posixpath.basename(w) in ("go", "dlv") or _TOOLCHAIN.match(w)), "")

    def ahead(self, launch: Launch) -> Ahead | str:
        """``go run`` builds into a temporary folder and starts that."""
        from rewriter.ecosystems.go_build import build_for_run

        step = launch.steps[0]
        word = step.argv[1:2]
        if step.name != "go" or word != ("run",):
            return ""
        return build_for_run(self, step)

    def own_program(self, artefact: Artefact) -> bool:
        """What ``go install`` and ``go get`` bring from elsewhere are tools of the build."""
        command = parse_go(artefact.step)
        return command is not None and (command.verb == "build" or all(p.startswith(".") for p in command.packages))

    def _origin_of(self, name: str) -> str | None:
        mains = self.sources.main_packages if self.sources is not None else ()
        named = [folder for folder in mains if posixpath.basename(folder) == name]
        if len(named) == 1:
            return named[0]
        return mains[0] if len(mains) == 1 else None

    @cached_property
    def tests_start_programs(self) -> bool:
        """True when a test in the context imports os/exec."""
        context = self.files.context
        if context is None or self.sources is None:
            return False
        tests = (path for path in context.files() if path.endswith("_test.go") and "/vendor/" not in f"/{path}")
        return any(b'"os/exec"' in (context.read(path) or b"") for path in tests)

    def program(self, artefact: Artefact) -> Program | None:
        """What the sources of a program show; None when they are not to be seen."""
        if self.sources is None or not self.files.copies:
            return None
        folder = artefact.origin
        if folder is None and len(self.sources.main_packages) == 1:
            folder = self.sources.main_packages[0]
        return self.sources.program(folder)

    def requires(self, artefact: Artefact | None) -> dict[str, str]:
        """Modules that the program's go.mod requires, with versions."""
        if self.sources is None:
            return {}
        folder = artefact.origin if artefact is not None and artefact.origin is not None else "."
        module = self.sources.module_of(folder)
        return module.requires if module is not None else {}

    def dependencies(self, artefact: Artefact | None) -> tuple[str, ...]:
        """Modules (before modules: import paths) of others that a program is built from."""
        required = self.requires(artefact)
        if required or self.sources is None:
            return tuple(path for path in required if not path.startswith("golang.org/x/"))
        program = self.program(artefact) if artefact is not None else self.sources.program(None)
        own = {posixpath.basename(folder) for folder in self.sources.folders}
        imports = program.imports if program is not None else frozenset()
        return tuple(p for p in sorted(imports) if "." in p.split("/")[0] and posixpath.basename(p) not in own)

    def cgo(self, artefact: Artefact | None) -> Iterator[Cgo]:
        """C code that a program (or, for None, anything in the context) is known to use."""
        for path, version in self.requires(artefact).items():
            module = cgo_module(path)
            if module is not None:
                yield Cgo(path, "go.mod", module, version)
        if self.sources is None:
            return
        program = self.program(artefact) if artefact is not None else self.sources.program(None)
        for file in program.files if program is not None else ():
            if "C" in file.imports:
                libraries = f" with {file.c_libraries}" if file.c_libraries else ""
                yield Cgo(f'import "C"{libraries}', file.path, None)
            for path in file.imports:
                module = cgo_module(path)
                if module is not None and not any(path.startswith(name) for name in self.requires(artefact)):
                    yield Cgo(path, file.path, module)

    def reads(self, artefacts: tuple[Artefact, ...], launch: Launch, made: Mapping[str, str]) -> RuntimeFiles:
        """By what the sources of the programs say."""
        from rewriter.ecosystems.go_reads import runtime_files

        return runtime_files(self, artefacts, launch, made)

    def links(self, artefacts: tuple[Artefact, ...], builder: Builder) -> Links:
        """By cgo in the sources and in the modules that are known to use it."""
        from rewriter.ecosystems.go_cgo import cgo_verdict

        verdict = cgo_verdict(self, artefacts, builder.alpine)
        return Links(verdict.libraries, verdict.evidence)

    def needs(self, base: RuntimeBase, builder: Builder) -> SystemNeeds:
        """Certificates on Debian's slim image, which has none: a dependency may check them."""
        from rewriter.ecosystems.go_modules import opens_no_connections

        unknown = (path for path in self.requires(None) if not opens_no_connections(path))
        if base.kind == "slim" and not all(map(self._vendored_without_client, unknown)):
            return SystemNeeds({"ca-certificates": "its dependencies may check certificates"})
        return SystemNeeds()

    def _vendored_without_client(self, module: str) -> bool:
        """True for a module whose sources lie in a vendor folder, and call no client that checks certificates."""
        from rewriter.ecosystems.go_modules import CLIENT

        context = self.files.context
        found = [path for path in context.files() if f"vendor/{module}/" in path] if context is not None else []
        read = (context.read(path) or b"" for path in found if path.endswith(".go")) if context is not None else ()
        return bool(found) and not any(CLIENT.search(data) for data in read)

    @cached_property
    def literals(self) -> frozenset[str]:
        """All strings of the sources."""
        if self.sources is None:
            return frozenset()
        return frozenset(literal for file in self.sources.program(None).files for literal in file.literals)

    @property
    def sources_seen(self) -> bool:
        """True when the context holds Go sources."""
        return self.sources is not None


def _sets_odd(step: Step) -> bool:
    """True for ``go env -w`` of more than where modules come from."""
    return "-w" in step.argv and any(w is None or not w.startswith(_HARMLESS_SETTINGS) for w in step.argv[3:])
