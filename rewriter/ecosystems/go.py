"""Go: what a stage builds, how it is linked, and what the program needs at run time."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

from rewriter.ecosystems.go_build import GoVersion, go_version, outputs, parse_go
from rewriter.ecosystems.go_modules import CgoModule, cgo_module
from rewriter.ecosystems.go_sources import GoSources, Program
from rewriter.model.files import StageFiles
from rewriter.model.run import Step, steps
from rewriter.model.stages import Stage
from rewriter.model.state import State
from rewriter.shell import Opaque
from rewriter.syntax import Instruction


@dataclass(frozen=True, slots=True)
class Artefact:
    """A program that the stage makes."""

    path: str
    step: Step
    main_folder: str | None
    """Its main package's folder in the context, when known."""
    sure: bool
    """False when only the entry point says that the program has this name."""
    copied_from: str | None = None
    """The path that it was copied from with cp, for a second copy of a program."""

    @property
    def static(self) -> bool:
        """True when it was built with CGO_ENABLED=0: no libc at all."""
        return self.step.variables.get("CGO_ENABLED") == "0"

    @property
    def flags(self) -> frozenset[str]:
        """Names of the flags of the go command that made it."""
        command = parse_go(self.step)
        return frozenset(command.flags) if command else frozenset()


@dataclass(frozen=True, slots=True)
class Cgo:
    """C code in a program: what it is and where that was read."""

    what: str
    where: str
    module: CgoModule | None
    version: str = ""


@dataclass(frozen=True, slots=True)
class Run:
    """One RUN with the state before it and its commands."""

    instruction: Instruction
    state: State
    steps: tuple[Step, ...] | Opaque


class GoStage:
    """What one stage (with the stages it is built from) does with Go."""

    def __init__(self, stage: Stage, files: StageFiles, sources: GoSources | None) -> None:
        self.stage = stage
        self.files = files
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

    @cached_property
    def runs(self) -> tuple[Run, ...]:
        """Every RUN of the stage and its parents, in order."""
        return tuple(
            Run(instruction, state, steps(instruction, state))
            for stage in self.stage.lineage
            for instruction, state in stage.numbered()
            if instruction.name == "RUN"
        )

    @cached_property
    def _made(self) -> tuple[dict[str, Artefact], tuple[tuple[str, Step], ...]]:
        made: dict[str, Artefact] = {}
        folders: list[tuple[str, Step]] = []
        for run in self.runs:
            if isinstance(run.steps, Opaque):
                continue
            for step in run.steps:
                for output in outputs(step, self.files, self.sources, self.version):
                    if output.path is not None:
                        made[output.path] = Artefact(output.path, step, output.main_folder, step.certain)
                    elif output.folder is not None:
                        folders.append((output.folder, step))
                for source, target in _transfers(step, self.files):
                    if source in made:
                        made[target] = replace(made[source], path=target, copied_from=source)
                        if step.name == "mv":
                            del made[source]
                for gone in removed_paths(step):
                    for path in [path for path in made if path == gone or path.startswith(gone.rstrip("/") + "/")]:
                        del made[path]
        return made, tuple(folders)

    @property
    def artefacts(self) -> tuple[Artefact, ...]:
        """The programs whose paths are known."""
        return tuple(self._made[0].values())

    def artefact_at(self, path: str) -> Artefact | None:
        """The program at an absolute path: known, or made into that folder under a name that was not seen."""
        known = self._made[0].get(path)
        if known is not None:
            return known
        for folder, step in reversed(self._made[1]):
            if folder == posixpath.dirname(path):
                return Artefact(path, step, self._named_main(posixpath.basename(path)), False)
        return None

    def _named_main(self, name: str) -> str | None:
        """The main package that is likely meant by a program's name."""
        mains = self.sources.main_packages if self.sources is not None else ()
        named = [folder for folder in mains if posixpath.basename(folder) == name]
        if len(named) == 1:
            return named[0]
        return mains[0] if len(mains) == 1 else None

    def artefact_named(self, name: str) -> Artefact | None:
        """The one known program of that base name."""
        found = [artefact for artefact in self.artefacts if posixpath.basename(artefact.path) == name]
        return found[0] if len(found) == 1 else None

    @property
    def tools(self) -> frozenset[str]:
        """Base names of all programs that Go commands of the stage make: its later commands may call them."""
        return frozenset(posixpath.basename(path) for path in self._made[0])

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
        folder = artefact.main_folder
        if folder is None and len(self.sources.main_packages) == 1:
            folder = self.sources.main_packages[0]
        return self.sources.program(folder)

    def requires(self, artefact: Artefact | None) -> dict[str, str]:
        """Modules that the program's go.mod requires, with versions."""
        if self.sources is None:
            return {}
        folder = artefact.main_folder if artefact is not None and artefact.main_folder is not None else "."
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


def removed_paths(step: Step) -> Iterator[str]:
    """What rm takes away; of a pattern, the folder that it starts in."""
    if step.name not in ("rm", "rmdir", "git") or (step.name == "git" and "clean" not in step.argv):
        return
    if step.name == "git":
        if step.cwd is not None:
            yield step.cwd
        return
    raws = [word.raw for word in step.command.words[-len(step.argv) + 1 :]] if step.command is not None else []
    for index, word in enumerate(step.argv[1:]):
        text = word if word is not None else re.split(r"[*?\[$`]", raws[index].strip("\"'"))[0] if raws else ""
        if text and not text.startswith("-"):
            path = step.absolute(text)
            if path is not None:
                yield path


def operands_of_install(step: Step) -> tuple[str, ...]:
    """The operands of install: -m, -o, -g and -t take the next word."""
    words = [word for word in step.argv[1:] if word is not None]
    found: list[str] = []
    while words:
        word = words.pop(0)
        if word in ("-m", "-o", "-g", "--mode", "--owner", "--group") and words:
            words.pop(0)
        elif not word.startswith("-"):
            found.append(word)
    return tuple(found)


def _transfers(step: Step, files: StageFiles) -> Iterator[tuple[str, str]]:
    """(from, to) of cp, mv and install of single files."""
    if step.name not in ("cp", "mv", "install", "ln") or step.options_and_operands is None:
        return
    options, operands = step.options_and_operands
    if step.name == "install":
        operands = operands_of_install(step)
    if len(operands) < 2 or "-d" in options:
        return
    *sources, last = operands
    target = step.absolute(last)
    if target is None:
        return
    into = last.endswith("/") or len(sources) > 1 or files.is_folder_before(target, step.instruction)
    for source in sources:
        absolute = step.absolute(source)
        if absolute is not None:
            yield absolute, posixpath.join(target, posixpath.basename(source)) if into else target
