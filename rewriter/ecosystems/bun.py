"""Bun: an application that it runs from its sources, like Node; or a program with Bun in it (``bun build --compile``).

Such a program is Bun itself with the application appended: it asks for a glibc that every Debian since 11 has, and for
musl where it was built on Alpine. Sources: bun.sh/docs/bundler/executables, and the Dockerfiles in the folder dockerhub
of oven-sh/bun, 2026-08.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from rewriter.ecosystems.artefacts import Output, SystemNeeds
from rewriter.ecosystems.javascript import JavaScriptProgram, option, portable_bases
from rewriter.ecosystems.node import NodeStage

if TYPE_CHECKING:
    from rewriter.ecosystems.artefacts import Artefact
    from rewriter.ecosystems.runtime_base import Builder, RuntimeBase
    from rewriter.facts import Facts
    from rewriter.model.run import Step

_TOOLS = frozenset({"bun", "bunx"})
_OF_ANOTHER_SYSTEM = re.compile(r"bun-(?:darwin|windows)|-musl")


_BESIDE = frozenset(
    "@prisma/client sharp better-sqlite3 sqlite3 bcrypt argon2 canvas node-pty usb serialport @tensorflow/tfjs-node "
    "onnxruntime-node pino-pretty".split()
)
"""Packages that look for machine code or sources of theirs in node_modules. Sources: their own code, 2026-11."""
_ENVIRONMENTS = tuple(
    f".env{kind}{own}" for kind in ("", ".development", ".production", ".test") for own in ("", ".local")
)


class BunProgram(JavaScriptProgram):
    """A stage in which ``bun build --compile`` makes a program."""

    name = "Bun"
    beside = JavaScriptProgram.beside | _BESIDE
    # Programs look for these as Bun does. Source: bun.sh/docs/bundler/executables and bun.sh/docs/runtime/env.
    implied = (*_ENVIRONMENTS, "bunfig.toml")
    tools = _TOOLS
    settings = frozenset({"BUN_*"})
    caches = ("/root/.bun", "/home/bun/.bun")

    def outputs(self, step: Step) -> Iterator[Output]:
        """``--outfile``, or the name of the source without its ending."""
        words = [word for word in step.argv[1:] if word is not None]
        if step.name != "bun" or words[:1] != ["build"] or "--compile" not in words or step.cwd is None:
            return
        if _OF_ANOTHER_SYSTEM.search(option(words, "--target")):
            return
        source = next((word for word in words[1:] if re.search(r"\.[cm]?[jt]sx?\Z", word)), "")
        place = option(words, "--outfile") or posixpath.splitext(posixpath.basename(source))[0]
        if place:
            yield Output(step.absolute(place), None)

    def leaves(self, step: Step) -> str | None:
        """Running a source in the build writes what is not seen."""
        plain = [word for word in step.argv[1:] if word and not word.startswith("-")]
        outside = [word for word in step.argv[1:] if word and re.match(r"(?:--external|-e|--packages)(?:=|\Z)", word)]
        if step.name == "bun" and plain[:1] == ["build"] and "--compile" in step.argv and outside:
            return f"`bun build {outside[0]}` makes a program that looks for packages beside it"
        if step.name == "bun" and plain[:1] not in ([], ["install"], ["i"], ["add"], ["build"], ["test"], ["run"]):
            return f"what `bun {plain[0]}` leaves for run time cannot be told"
        return super().leaves(step)

    def toolchain(self, step: Step) -> str:
        """Bun itself, with a source."""
        return " ".join(word for word in step.argv[:2] if word) if step.name in _TOOLS else ""

    def bases(self, facts: Facts, builder: Builder, artefacts: tuple[Artefact, ...]) -> list[RuntimeBase]:
        """Debian, or the Alpine of the builder."""
        return portable_bases(facts, builder)

    def needs(self, base: RuntimeBase, builder: Builder) -> SystemNeeds:
        """On Alpine it is linked against the libraries of C++."""
        shared = ("libgcc", "libstdc++") if base.kind == "alpine" else ()
        return SystemNeeds(dict.fromkeys(shared, "programs of Bun need it"))


class BunStage(NodeStage):
    """An application that Bun runs from its sources."""

    name = "Bun"
    portable = True
    tools = NodeStage.tools | _TOOLS
    runners = NodeStage.runners | _TOOLS
    caches = (*NodeStage.caches, "/root/.bun", "/home/bun/.bun")
    settings = NodeStage.settings | {"BUN_INSTALL_CACHE_DIR"}

    def recognised(self) -> bool:
        """On the image of Bun."""
        image = self.stage.root.image
        return image is not None and image.short_name == "oven/bun"

    def toolchain(self, step: Step) -> str:
        """Installing at the start."""
        words = [word for word in step.argv if word]
        return " ".join(words[:2]) if words[1:2] in (["install"], ["i"], ["add"]) else ""
