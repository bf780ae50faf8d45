"""Programs without their symbol tables: smaller, and nothing that they do when they run hangs on these.

``-ldflags "-s -w"`` leaves out the symbol table and DWARF (``go doc cmd/link``, Go 1.26); binutils' strip takes both
out of a file. Stack traces of Go stay, since they come from a table of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rewriter.ecosystems.artefacts import Linkage
from rewriter.ecosystems.go import GoStage
from rewriter.ecosystems.go_build import parse_go
from rewriter.edit import Edit
from rewriter.model.run import script_logical
from rewriter.planning.render import insert_after, keyword
from rewriter.planning.started import started_from
from rewriter.shell import Opaque, parse_shell
from rewriter.transform import Certainty, Evidence

if TYPE_CHECKING:
    from rewriter.ecosystems.artefacts import Artefact
    from rewriter.ecosystems.ecosystem import Ecosystem
    from rewriter.model.run import Step
    from rewriter.planning.started import Started
    from rewriter.situation import Situation

_FLAGS = ' -ldflags "-s -w"'
_READS_SYMBOLS = frozenset({"debug/elf", "debug/gosym", "debug/dwarf", "debug/buildinfo"})
_BINUTILS = frozenset({"gcc", "g++", "build-essential", "build-base", "binutils"})


@dataclass(frozen=True, slots=True)
class Stripped:
    """The edit that leaves the symbols out, why, and what that rests on."""

    edit: Edit
    why: str
    evidence: tuple[Evidence, ...]


def plan_strip(situation: Situation) -> Stripped | str:
    """How the program that the final stage receives loses its symbols, or why it keeps them."""
    started = started_from(situation)
    if isinstance(started, str):
        return started
    artefact, line = started.artefact, started.artefact.step.instruction.line
    if artefact.linkage is Linkage.PORTABLE or artefact.kind != "file":
        return f"line {line}: {artefact.path} is no machine code"
    if isinstance(started.language, GoStage):
        edit = _linked_without(started.language, artefact)
    elif started.language.strippable:
        edit = _strip_line(situation, started)
    else:
        return f"line {line}: whether a program of {started.language.name} works without its symbols is not known"
    if isinstance(edit, str):
        return f"line {line}: {edit}"
    doubt = Evidence("debuggers and profilers find no symbols in the file any more", f"line {line}", Certainty.ASSUMED)
    return Stripped(edit, f"{artefact.path} is built without symbol table and debug information.", (doubt,))


def _linked_without(go: GoStage, artefact: Artefact) -> Edit | str:
    command, step = parse_go(artefact.step), artefact.step
    program = go.program(artefact)
    reading = program.imports & _READS_SYMBOLS if program is not None else frozenset()
    if reading:
        return f"the program imports {min(reading)}, and may read its own symbols"
    if command is None or not command.known:
        return "the build command is only known at run time"
    if "ldflags" in command.flags or "-ldflags" in (step.variables.get("GOFLAGS") or ""):
        return "it has -ldflags of its own"
    logical = script_logical(step.instruction) if step.instruction.json is None else Opaque("it is in exec form")
    script = parse_shell(logical.text) if not isinstance(logical, Opaque) else logical
    if isinstance(logical, Opaque) or isinstance(script, Opaque) or step.command is None:
        return "the RUN is in exec form, or is not understood"
    place = next((n for n, c in enumerate(script.commands) if c.start == step.command.start), None)
    verb = next((n for n, w in enumerate(step.command.words) if w.raw in ("build", "install", "get")), None)
    if place is None or verb is None:
        return "the words of the build command are not written out"
    words = [tuple(word.raw for word in each.words) for each in script.commands]
    words[place] = (*words[place][: verb + 1], "-ldflags", '"-s -w"', *words[place][verb + 1 :])
    end = logical.span(step.command.words[verb].start, step.command.words[verb].end).end
    return Edit(end, end, _FLAGS, commands=tuple(words))


def _strip_line(situation: Situation, started: Started) -> Edit | str:
    path, language = started.artefact.path, started.language
    if any(step.name in ("strip", "llvm-strip") for step in language.steps):
        return "the build strips already"
    if not _has_strip(situation, language):
        return "whether the builder has strip (binutils) is not known"
    made = [step.instruction for step in language.steps if _names(step, path)] or [started.artefact.step.instruction]
    line = f"{keyword(started.stage, 'RUN')} strip {path}"
    return insert_after(situation.dockerfile, made[-1], [line])


def _names(step: Step, path: str) -> bool:
    return any(word and step.absolute(word) == path for word in step.argv)


def _has_strip(situation: Situation, language: Ecosystem) -> bool:
    image = language.stage.root.image
    facts = situation.facts.image(image.short_name) if image is not None else None
    if image is not None and (image.short_name in ("rust", "gcc") or (facts and "full" in facts.carries(image.tag))):
        return True
    installs = (step for step in language.steps if step.name in ("apt-get", "apt", "apk"))
    return any(word in _BINUTILS for step in installs for word in step.argv)
