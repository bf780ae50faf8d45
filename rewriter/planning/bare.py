"""A final stage without a distribution: for a program that is static, and needs nothing of one.

scratch has nothing at all; distroless static has certificates, time zones, /tmp and the users root, nobody and
nonroot. Source: GoogleContainerTools/distroless, base/README.md, 2026-08-21.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rewriter.ecosystems.go import GoStage
from rewriter.ecosystems.runtime_base import DISTROLESS_STATIC
from rewriter.edit import Edit
from rewriter.model.launch import tested_programs
from rewriter.model.run import steps
from rewriter.planning.image_place import image_span
from rewriter.planning.render import insert_before, keyword
from rewriter.planning.started import Started, started_from
from rewriter.transform import Certainty, Evidence
from rewriter.userland.runtime import ROOT_NAMES

if TYPE_CHECKING:
    from rewriter.ecosystems.reads import RuntimeFiles
    from rewriter.model.stages import Stage
    from rewriter.situation import Situation
    from rewriter.syntax import Instruction

CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt"
_DISTRIBUTIONS = frozenset({"alpine", "debian", "ubuntu", "busybox"})
_PLAIN = frozenset(
    "COPY ENV ARG EXPOSE LABEL MAINTAINER WORKDIR USER VOLUME STOPSIGNAL CMD ENTRYPOINT HEALTHCHECK RUN".split()
)
_DATA_PACKAGES = frozenset({"ca-certificates", "tzdata"})
_DISTROLESS_USERS = frozenset({"nobody", "nonroot"})


@dataclass(frozen=True, slots=True)
class BareRuntime:
    """The edits that take the distribution away, why, and what that rests on."""

    edits: tuple[Edit, ...]
    why: str
    evidence: tuple[Evidence, ...]


def plan_bare(situation: Situation) -> BareRuntime | str:
    """The final stage on scratch or distroless, or why it keeps its distribution."""
    final = situation.model.final
    image = final.root.image
    if image is None or final.parent is not None or image.short_name not in _DISTRIBUTIONS or image.digest:
        return f"the final stage does not stand on a distribution's own image ({final.image_word})"
    span = image_span(final)
    if span is None or "$" in final.image_word:
        return f"its image {final.image_word} is not written out"
    program = started_from(situation)
    if isinstance(program, str):
        return program
    if program.launch.shell or program.launch.wrappers:
        return "the start command needs a shell, or starts through another program"
    linked = _static(program)
    if isinstance(linked, str):
        return linked
    dropped = _dropped(final)
    if isinstance(dropped, str):
        return dropped
    installed = {package for _, names in dropped for package in names}
    reads = program.language.reads((program.artefact,), program.launch, {})
    problem = next(_needs_a_system(program, reads, final), None)
    if problem:
        return problem
    beyond = next(_beyond_scratch(reads, final, installed), None)
    bare = "distroless" if beyond or situation.options.runtime == "distroless" else "scratch"
    if bare == "scratch":
        copies = _certificates(situation, program, reads.certificates != "" or "ca-certificates" in installed)
    elif situation.options.runtime == "scratch":
        return f"scratch was asked for: {beyond}"
    else:
        copies = ()
    if copies is None:
        return "whether the builder has certificates to copy is not known"
    lines = [insert_before(situation.dockerfile, program.copy, [line]) for line in copies]
    static = [insert_before(situation.dockerfile, *line) for line in linked[0]]
    drops = [Edit(instruction.start, instruction.end, "", drops=True) for instruction, _ in dropped]
    new = "scratch" if bare == "scratch" else DISTROLESS_STATIC
    why = f"{final.image_word} becomes {new}: the program is static, and needs no distribution beneath it."
    shell = Evidence("nobody gets a shell in the image any more", "FROM", Certainty.ASSUMED)
    evidence = (*linked[1], *reads.evidence, shell)
    return BareRuntime((Edit(span.start, span.end, new), *drops, *lines, *static), why, evidence)


def _static(program: Started) -> tuple[list[tuple[Instruction, list[str]]], tuple[Evidence, ...]] | str:
    """The line that makes the program static, if it is not, with its place; and what shows that it can be."""
    artefact, line = program.artefact, program.artefact.step.instruction.line
    if artefact.static:
        return [], (Evidence("the program is built without a libc", f"line {line}"),)
    if not isinstance(program.language, GoStage):
        return f"line {line}: the program is not seen to be built without a libc"
    from rewriter.ecosystems.go_cgo import cgo_verdict

    if artefact.step.variables.get("CGO_ENABLED") is not None or "CGO_ENABLED" in artefact.step.instruction.text:
        return f"line {line}: CGO_ENABLED is set there, and not to 0"
    verdict = cgo_verdict(program.language, (artefact,), None)
    if verdict.veto or verdict.libraries or verdict.compiler:
        return verdict.veto or verdict.libraries or verdict.compiler
    added = [f"{keyword(program.stage, 'ENV')} CGO_ENABLED=0"]
    return [(artefact.step.instruction, added)], verdict.evidence


def _dropped(final: Stage) -> list[tuple[Instruction, tuple[str, ...]]] | str:
    """The RUN lines that only install certificates and time zones; a reason when another one needs a shell."""
    found: list[tuple[Instruction, tuple[str, ...]]] = []
    for instruction, state in final.numbered():
        if instruction.name not in _PLAIN:
            return f"line {instruction.line}: {instruction.name} means nothing without a shell"
        if instruction.name != "RUN":
            continue
        commands = steps(instruction, state)
        packages = tuple(_packages(commands)) if isinstance(commands, tuple) else None
        if packages is None or not packages or None in packages:
            return f"line {instruction.line}: a RUN needs a shell, and what it does would be lost"
        if any(line.lstrip().startswith("#") for line in instruction.text.splitlines()):
            return f"line {instruction.line}: the RUN holds a comment, which would be lost with it"
        found.append((instruction, tuple(name for name in packages if name)))
    return found


def _packages(commands: tuple[object, ...]) -> Iterator[str | None]:
    """The packages that commands install; None for a command that does something else, and for another package."""
    from rewriter.model.run import Step

    for step in commands:
        if not isinstance(step, Step):
            continue
        raws = [word.raw for word in step.command.words[1:]] if step.command is not None else []
        if step.name == "rm" and all(raw.startswith(("-", "/var/lib/apt/lists")) for raw in raws):
            continue
        parts = step.options_and_operands
        if parts is None or not step.certain:
            yield None
            continue
        verb, *names = parts[1] or ("",)
        if step.name in ("apt-get", "apk") and verb in ("update", "clean"):
            continue
        if step.name not in ("apt-get", "apk") or verb not in ("install", "add"):
            yield None
        yield from (name if name in _DATA_PACKAGES else None for name in names)


def _needs_a_system(program: Started, reads: RuntimeFiles, final: Stage) -> Iterator[str]:
    """What neither scratch nor distroless has."""
    user = (final.final_state.user or "").partition(":")[0]
    yield from reads.vetoes
    if reads.programs:
        name, where = next(iter(reads.programs.items()))
        yield f"{where} starts `{name}`"
    if reads.computed_programs:
        yield "the program starts others, whose names it computes"
    health = tested_programs(final)
    for step in health if isinstance(health, tuple) else ():
        word = step.argv[0] if step.argv else None
        if step.command is not None or not word or step.absolute(word) != program.path:
            yield f"line {step.instruction.line}: the HEALTHCHECK needs a tool"
    if user not in ROOT_NAMES and not user.isdigit() and user not in _DISTROLESS_USERS:
        yield f"USER {user} is not known there"
    for instruction in final.instructions:
        owner = instruction.flag("chown") or ""
        if not all(part.isdigit() or part in ROOT_NAMES for part in owner.split(":")):
            yield f"line {instruction.line}: the owner {owner} is not known there"


def _beyond_scratch(reads: RuntimeFiles, final: Stage, installed: set[str]) -> Iterator[str]:
    """What distroless static has and scratch has not."""
    user = (final.final_state.user or "").partition(":")[0]
    if reads.zones or final.final_state.env.get("TZ", "") != "" or "tzdata" in installed:
        yield f"time zones are needed ({reads.zones or 'TZ or tzdata in the Dockerfile'})"
    if reads.temporary:
        yield f"{reads.temporary} makes temporary files: there is no /tmp"
    if not reads.seen:
        yield "what the program needs of the system could not be seen"
    if user in _DISTROLESS_USERS:
        yield f"USER {user} is a name"


def _certificates(situation: Situation, program: Started, wanted: bool) -> tuple[str, ...] | None:
    """The COPY line for certificates where they may be checked; None when the builder may have none."""
    dependencies = isinstance(program.language, GoStage) and bool(program.language.requires(program.artefact))
    if not (wanted or dependencies):
        return ()
    image = program.stage.root.image
    facts = situation.facts.image(image.short_name) if image is not None else None
    tag = (image.tag or "latest") if image is not None else ""
    if facts is None or not ("curl" in facts.carries(tag) or "ca-certificates" in facts.packages(tag)):
        return None
    name = program.copy.flag("from")
    return (f"{keyword(program.stage, 'COPY')} --from={name} {CERTIFICATES} {CERTIFICATES}",)
