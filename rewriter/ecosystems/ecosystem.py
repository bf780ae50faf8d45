"""What a language is to a split: the protocol that every file of this folder keeps, and what they all have in common.

One object stands for what one stage does in one language. A compiled language says which commands make what
(``outputs``) and what a start command reaches (``starts``); an interpreted one says how its dependencies come to lie
where the runtime can take them from (``production``). Both say what run time needs beside that.
"""

from __future__ import annotations

import posixpath
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar

from rewriter.ecosystems.artefacts import Ahead, Artefact, Links, Output, Production, SystemNeeds
from rewriter.ecosystems.transfers import removed_paths, transfers
from rewriter.model.run import runs_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rewriter.ecosystems.reads import RuntimeFiles
    from rewriter.ecosystems.runtime_base import Builder, RuntimeBase
    from rewriter.facts import Facts
    from rewriter.manifests import Manifest
    from rewriter.model.files import StageFiles
    from rewriter.model.launch import Launch
    from rewriter.model.run import Run, Step
    from rewriter.model.stages import Stage


class Ecosystem(ABC):
    """What one stage, with the stages it is built from, does in one language. See the module for the two kinds."""

    name: ClassVar[str]
    """As in a sentence: ``Rust``."""
    tools: ClassVar[frozenset[str]] = frozenset()
    """Commands of the build that leave nothing for run time beside ``outputs`` (or what ``production`` carries)."""
    packages: ClassVar[frozenset[str]] = frozenset()
    """Packages of the system that only a build in this language needs, beside compilers and ``-dev`` packages."""
    settings: ClassVar[frozenset[str]] = frozenset()
    """Names of ENV that only its build reads; a name that ends with ``*`` stands for all that begin so."""
    caches: ClassVar[tuple[str, ...]] = ()
    """Absolute folders of the toolchain: what is written there is nothing to run time."""
    folders: ClassVar[tuple[str, ...]] = ()
    """Absolute folders of the toolchain's own: PATH entries and what lies there stays behind, artefacts excepted."""
    source_names: ClassVar[tuple[str, ...]] = ()
    """Ends of the names of source files (``.rs``)."""
    build_files: ClassVar[frozenset[str]] = frozenset()
    """Names of further files that only the build reads (``Cargo.toml``)."""
    source_folders: ClassVar[frozenset[str]] = frozenset()
    """Names of folders that by custom hold sources (``src``)."""
    portable: ClassVar[bool] = False
    """True when all its artefacts run on any system that has its interpreter, whatever the builder's release."""
    fetched_tools: ClassVar[bool] = False
    """True when tools that its installer fetches are known to write sources only, as those of Go do."""
    strippable: ClassVar[bool] = False
    """True when its programs are plain ELF files that work the same without their symbols."""
    runners: ClassVar[frozenset[str]] = frozenset()
    """Tools that may stand in a start command because they only start the application (``npm``): it looks through."""
    interpreted: ClassVar[bool] = False
    """True when the application itself is carried, and not what a compiler makes of it."""
    self_contained: ClassVar[bool] = False
    """True when what is carried needs nothing of the system: of RUN only what ``concerns`` names is for run time."""

    refusal: str = ""
    """Why there is no split in its way, whatever else is found; empty when nothing speaks against it yet."""

    def __init__(self, stage: Stage, files: StageFiles, runs: tuple[Run, ...] | None = None) -> None:
        self.stage = stage
        self.files = files
        self.runs = runs_of(stage) if runs is None else runs
        """Every RUN of the stage and its parents, in order."""

    # What it makes

    @abstractmethod
    def outputs(self, step: Step) -> Iterator[Output]:
        """What one command leaves behind; nothing for commands of others, and for those of an interpreted language."""

    def recognised(self) -> bool:
        """Whether the stage really builds in this language; asked when its image or a command speaks for it."""
        return True

    def leaves(self, step: Step) -> str | None:
        """Whether a command is the language's own: "" when it leaves nothing but ``outputs``, a reason (a clause
        behind "line N: ") when what it leaves cannot be told, None when it is none of the language's commands."""
        return "" if step.name in self.tools else None

    def is_build_package(self, name: str) -> bool:
        """True for a package of the system that only its builds need; asked of what is no compiler."""
        return name in self.packages

    @cached_property
    def called(self) -> frozenset[str]:
        """Names of programs that its sources seem to start; for a language whose sources are carried."""
        from rewriter.ecosystems.build_packages import called_in_sources

        return called_in_sources(self)

    def concerns(self, step: Step) -> bool:
        """Whether run time may need what a command does to the system; asked of what is self-contained."""
        return True

    def repeats(self, step: Step) -> bool:
        """True for a command that sets up the running system, and is to be repeated in the runtime."""
        return False

    def is_code(self, path: str) -> bool:
        """True for a source file."""
        return path.endswith(self.source_names) if self.source_names else False

    def is_source(self, path: str) -> bool:
        """True for a file of the context that only the build reads."""
        return self.is_code(path) or posixpath.basename(path) in self.build_files

    @property
    def installed(self) -> tuple[str, ...]:
        """Absolute folders that its installers fill although no command names them (``/usr/local/bundle``)."""
        return ()

    # What it starts

    def starts(self, step: Step) -> tuple[str, ...] | str:
        """The words of a start command that reach something: its program, archives, folders. A reason refuses."""
        word = step.argv[0] if step.argv else None
        return (word,) if word else ()

    def toolchain(self, step: Step) -> str:
        """The word of a start command that needs the toolchain at run time (``go``, ``cargo``); else empty."""
        return step.name if step.name in self.tools else ""

    def ahead(self, launch: Launch) -> Ahead | str:
        """Where ``toolchain`` refuses a start command because it builds: how to build ahead; or why not, a clause
        (empty where nothing is known)."""
        return ""

    def promise(self, output: Output, step: Step) -> None:
        """Adds an artefact that a line which the plan puts into the builder will make."""
        if output.path is not None:
            made = Artefact(output.path, step, output.origin, True, output.linkage, output.kind)
            self._made[0][output.path] = made

    # What run time needs

    def reads(self, artefacts: tuple[Artefact, ...], launch: Launch, made: Mapping[str, str]) -> RuntimeFiles:
        """Files of the image that run time reads, programs that it starts, certificates, time zones; vetoes.

        ``made``: absolute paths among the sources that a RUN makes, with the place.
        """
        from rewriter.ecosystems.reads import RuntimeFiles

        return RuntimeFiles(made=dict(made))

    def links(self, artefacts: tuple[Artefact, ...], builder: Builder) -> Links:
        """C libraries that the artefacts are linked against."""
        return Links()

    def needs(self, base: RuntimeBase, builder: Builder) -> SystemNeeds:
        """Packages that the language's own dependencies need on a candidate for the runtime."""
        return SystemNeeds()

    @cached_property
    def manifests(self) -> tuple[Manifest, ...]:
        """The manifests and locks of the folders of the context in which its commands run."""
        from rewriter.manifests import read_manifests

        context = self.files.context
        if context is None:
            return ()
        cwds = dict.fromkeys(step.cwd for step in self.steps if step.cwd and step.name in self.tools)
        origins = dict.fromkeys(origin for cwd in cwds if (origin := self.files.origin(cwd)) is not None)
        found = {m.path: m for origin in origins for m in read_manifests(context, "" if origin == "." else origin)}
        return tuple(found.values())

    def bases(self, facts: Facts, builder: Builder, artefacts: tuple[Artefact, ...]) -> list[RuntimeBase] | None:
        """Its own candidates for the runtime, best first; None for the usual ones (alpine, debian slim)."""
        return None

    @property
    def literals(self) -> frozenset[str]:
        """All strings of the sources: a name of ENV among them is read at run time."""
        return frozenset()

    @property
    def sources_seen(self) -> bool:
        """True when the build context holds its sources."""
        return False

    # Interpreted languages

    def production(self, launch: Launch) -> Production | str:
        """For an interpreted language: what is carried and how; or why that cannot be told."""
        raise NotImplementedError

    # What they all have in common

    @property
    def steps(self) -> Iterator[Step]:
        """The commands of all RUN that were understood, in order."""
        for run in self.runs:
            if isinstance(run.steps, tuple):
                yield from run.steps

    @cached_property
    def _made(self) -> tuple[dict[str, Artefact], tuple[tuple[Output, Step], ...]]:
        made: dict[str, Artefact] = {}
        folders: list[tuple[Output, Step]] = []
        for step in self.steps:
            for output in self.outputs(step):
                if output.path is not None:
                    made[output.path] = Artefact(
                        output.path, step, output.origin, step.certain, output.linkage, output.kind
                    )
                elif output.folder is not None:
                    folders.append((output, step))
            for source, target in transfers(step, self.files):
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
        """What is made at known paths."""
        return tuple(self._made[0].values())

    def artefact_at(self, path: str) -> Artefact | None:
        """The artefact at an absolute path: known, or made into that folder under a name that was not seen."""
        known = self._made[0].get(path)
        if known is not None:
            return known
        for artefact in self.artefacts:
            if artefact.kind == "dir" and path.startswith(artefact.path.rstrip("/") + "/"):
                return artefact
        folder, name = posixpath.split(path)
        for output, step in reversed(self._made[1]):
            if output.folder == folder and name.startswith(output.prefix):
                return Artefact(path, step, self._origin_of(name), False, output.linkage)
        return None

    def _origin_of(self, name: str) -> str | None:
        """The folder of the context whose program likely has that name."""
        return None

    def artefact_named(self, name: str) -> Artefact | None:
        """The one known file of that base name."""
        files = (artefact for artefact in self.artefacts if artefact.kind == "file")
        found = [artefact for artefact in files if posixpath.basename(artefact.path) == name]
        return found[0] if len(found) == 1 else None

    @property
    def made_names(self) -> frozenset[str]:
        """Base names of all that its commands make: later commands of the build may call them."""
        return frozenset(posixpath.basename(path) for path in self._made[0])

    def own_program(self, artefact: Artefact) -> bool:
        """True for a program of the project itself, and not one that was fetched to help the build."""
        return True
