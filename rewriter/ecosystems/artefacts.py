"""What a build makes for run time, and what that asks of the image that it runs on: the words of the protocol."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rewriter.model.run import Step
    from rewriter.syntax import Instruction
    from rewriter.transform import Evidence


class Linkage(enum.Enum):
    """What an artefact asks of the system that it runs on."""

    STATIC = "static"
    """Machine code without a libc: any Linux."""
    NATIVE = "native"
    """Machine code that is linked against the libc of the builder, and its release."""
    PORTABLE = "portable"
    """Bytecode or scripts: any system that has the interpreter."""


@dataclass(frozen=True, slots=True)
class Output:
    """Something that one command leaves behind for run time."""

    path: str | None
    """Absolute; None for files in ``folder`` whose names are not known."""
    folder: str | None = None
    origin: str | None = None
    """Folder of the context with the sources that it is made of, when known."""
    linkage: Linkage = Linkage.NATIVE
    kind: str = "file"
    """file or dir."""
    prefix: str = ""
    """What the names of the files in ``folder`` begin with."""


@dataclass(frozen=True, slots=True)
class Artefact:
    """A program, archive or folder that the stage makes and that run time may start."""

    path: str
    step: Step
    origin: str | None
    """Folder of the context with its sources, when known."""
    sure: bool
    """False when only the entry point says that it has this name."""
    linkage: Linkage = Linkage.NATIVE
    kind: str = "file"
    copied_from: str | None = None
    """The path that it was copied from with cp, for a second copy."""

    @property
    def static(self) -> bool:
        """True for machine code without a libc."""
        return self.linkage is Linkage.STATIC


@dataclass(frozen=True, slots=True)
class Links:
    """Libraries beside libc that the artefacts are linked against."""

    libraries: str = ""
    """What links C libraries whose run-time packages must come from the -dev packages of the stage; else empty."""
    evidence: tuple[Evidence, ...] = ()


@dataclass(slots=True)
class SystemNeeds:
    """Packages of the runtime with the reason for each, vetoes against the base, and what stays in doubt."""

    packages: dict[str, str] = field(default_factory=dict)
    vetoes: list[str] = field(default_factory=list)
    evidence: list[Evidence] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class BuilderLine:
    """A line that is put into the builder: before an instruction, behind one, or (neither) at the end of the build."""

    text: str
    before: Instruction | None = None
    behind: Instruction | None = None


@dataclass(frozen=True, slots=True)
class Ahead:
    """A start command that builds first (``go run``), taken apart into what builds ahead and what is started then."""

    lines: tuple[str, ...]
    """RUN lines that are put at the end of the build."""
    command: tuple[str, ...]
    """The new start command, in exec form."""
    output: Output
    """What these lines make."""
    doubt: str
    """What is different for those who use the image, a sentence's clause: such a change is `risky`."""


@dataclass(frozen=True, slots=True)
class Production:
    """How an interpreted application comes to lie in folders that the runtime can take.

    ``folders``: absolute path -> why it is carried. ``left``: what stays behind, a noun phrase for the sentence beside
    the hunk (``the compilers of apt-get``); empty when nothing does, and then there is no split.
    """

    folders: Mapping[str, str]
    left: str
    lines: tuple[BuilderLine, ...] = ()
    environment: tuple[str, ...] = ()
    """ENV lines that the runtime needs for it, without those of the stage."""
    programs: frozenset[str] = frozenset()
    """Names of the programs that lie in these folders and that the start command calls (``gunicorn``)."""
    evidence: tuple[Evidence, ...] = ()
