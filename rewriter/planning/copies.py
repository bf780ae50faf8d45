"""The COPY --from that an already multi-stage file lacks."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass

from rewriter.ecosystems.artefacts import Artefact
from rewriter.edit import Edit
from rewriter.model.launch import launch_of
from rewriter.model.stages import Stage
from rewriter.model.state import DEFAULT_PATH
from rewriter.planning.carry import PLAIN_PATH
from rewriter.planning.plan import CONFIGURATION, CopyFrom
from rewriter.situation import Situation
from rewriter.source import line_ending
from rewriter.syntax import Dockerfile, Instruction
from rewriter.transform import Certainty, Evidence
from rewriter.userland.runtime import program_package

_LAST_LINES = CONFIGURATION | {"USER"}
_RECEIVED = "the final stage receives what it starts"


@dataclass(frozen=True, slots=True)
class MissingCopy:
    """The line to add and what it rests on."""

    start: Instruction
    """ENTRYPOINT or CMD."""
    copy: CopyFrom
    from_name: str
    finding: str
    why: str
    evidence: tuple[Evidence, ...]


def plan_copies(situation: Situation) -> MissingCopy | str:
    """What the final stage lacks, or why nothing is added."""
    model = situation.model
    final = model.final
    if len(model.stages) == 1:
        return "the file has one stage: there is nothing to copy from"
    launch = launch_of(final, situation.files(final))
    if isinstance(launch, str):
        return launch
    step = launch.steps[0]
    word = step.argv[0] if step.argv else None
    if not word:
        return "what the image starts is only known at run time"
    image = final.root.image
    kind = "alpine" if image is not None and image.short_name == "alpine" else "slim"
    if "/" not in word and image is not None and image.repository != "scratch" and program_package(word, kind) == "":
        return f"{word} is a program of the base image"
    targets = _places(word, final, step.absolute(word) if "/" in word else None)
    if not targets:
        return f"where {word} is looked up is not known"
    if launch.shell and image is not None and image.repository == "scratch":
        return "its start command needs a shell, which scratch does not have"
    reasons = [_present(situation, final, target, bare="/" not in word) for target in targets]
    for reason in (_RECEIVED, *reasons):
        if reason and reason in reasons:
            return reason
    if len(launch.steps) > 1 or launch.scripts:
        return "its start command is a script of several commands"
    return _missing(situation, final, launch.instruction, word, targets)


def _places(word: str, final: Stage, absolute: str | None) -> tuple[str, ...]:
    if "/" in word:
        return (absolute,) if absolute is not None else ()
    return tuple(posixpath.join(folder, word) for folder in final.final_state.path_folders() or ())


def _present(situation: Situation, final: Stage, target: str, *, bare: bool) -> str | None:
    """Why the program may be there: something of the final stage (or its parents) could bring it."""
    language = situation.ecosystem(final)
    if language is not None and language.artefact_at(target) is not None:
        return "the final stage makes its program itself"
    if situation.files(final).origin(target) is not None:
        return f"{target} comes from the build context"
    numbered = [pair for stage in final.lineage for pair in stage.numbered()]
    for instruction, state in numbered:
        if instruction.name in ("COPY", "ADD"):
            raw = state.expand(instruction.operands[-1], instruction.escape)
            place = state.absolute(raw) if raw is not None else None
            if place is None or target == place or target.startswith(place.rstrip("/") + "/"):
                return _RECEIVED
    for instruction, _ in numbered:
        if instruction.name == "RUN" and (bare or not _only_packages(instruction)):
            return f"line {instruction.line}: a RUN of the final stage may make {target}"
    if final.root.image is None or not _bare(final):
        return f"the base image {final.root.image_word} may hold {target}"
    return None


def _only_packages(instruction: Instruction) -> bool:
    """True for a RUN that only installs packages or makes users and folders: none of them is the program."""
    from rewriter.model.run import steps
    from rewriter.model.state import State

    found = steps(instruction, State())
    harmless = frozenset("apk apt-get adduser addgroup useradd groupadd mkdir chown rm set".split())
    return isinstance(found, tuple) and all(step.name in harmless for step in found)


def _bare(final: Stage) -> bool:
    """True for a base image that is known to hold no programs but its distribution's own."""
    image = final.root.image
    return image is not None and (
        image.repository == "scratch"
        or image.short_name in ("alpine", "debian", "golang", "busybox", "ubuntu")
        or "distroless/static" in image.repository
    )


def _missing(
    situation: Situation, final: Stage, start: Instruction, word: str, targets: tuple[str, ...]
) -> MissingCopy | str:
    name = posixpath.basename(word)
    makers: list[tuple[Stage, Artefact]] = []
    for stage in situation.model.stages[: final.index]:
        language = situation.ecosystem(stage)
        made = language.artefacts if language is not None and not language.interpreted else ()
        makers += [(stage, a) for a in made if a.kind == "file" and posixpath.basename(a.path) == name]
    if not makers:
        return f"no earlier stage is seen to make {word}"
    if len(makers) > 1:
        return f"{name} is made in more than one place"
    stage, artefact = makers[0]
    target = (
        targets[0]
        if "/" in word
        else next((t for t in targets if posixpath.dirname(t) == "/usr/local/bin"), targets[0])
    )
    if "/" not in word and posixpath.dirname(target) not in DEFAULT_PATH.split(":"):
        return f"where {word} is looked up is not known"
    if situation.files(final).is_folder_before(target, final.instructions[-1]):
        return f"{target} is a folder in the final stage: the copy would land inside it"
    odd = next((path for path in (artefact.path, target) if not PLAIN_PATH.match(path)), None)
    if odd is not None:
        return f"{odd} holds characters that mean something else in a COPY line"
    libc = _libc_gap(situation, stage, final, artefact)
    if libc:
        return libc
    same = artefact.path == target
    certainty = Certainty.READ if same else Certainty.ASSUMED
    evidence = (
        Evidence(
            f"{artefact.path} is made in stage {stage.name or stage.index}", f"line {artefact.step.instruction.line}"
        ),
        Evidence(
            f"{target} is {'that path' if same else 'another path with the same name: the entry point decides'}",
            f"line {start.line}",
            certainty,
        ),
    )
    return MissingCopy(
        start,
        CopyFrom(artefact.path, target),
        stage.written_name or str(stage.index),
        f"{start.name} starts {word}, which the final stage never receives: the image does not start as it stands",
        f"The stage {stage.name or stage.index} makes {artefact.path}, "
        f"and nothing brought it to {target}, where {start.name} looks.",
        evidence,
    )


def _libc_gap(situation: Situation, maker: Stage, final: Stage, artefact: Artefact) -> str | None:
    if artefact.static:
        return None
    source, target = maker.root.image, final.root.image
    if source is None or target is None:
        return "the base images are only known at build time"
    if source.short_name != "golang":
        return "which libraries the program needs beside libc is not known there"
    musl = source.tag.find("alpine") >= 0
    if musl and target.short_name == "alpine":
        return None
    if not musl and target.short_name in ("debian", "golang") and "alpine" not in target.tag:
        suite = _suite(situation, maker)
        if suite is None:
            return f"which Debian release {maker.root.image_word} stands on is not known"
        if suite in target.tag:
            return None
        return f"the program may need a newer glibc than {target.repository}:{target.tag or 'latest'} has"
    return (
        f"the program is not proven static, and {final.root.image_word} has another libc than {maker.root.image_word}"
    )


def _suite(situation: Situation, stage: Stage) -> str | None:
    image = stage.root.image
    facts = situation.facts.image(image.short_name) if image is not None else None
    return facts.suite(image.tag or "latest") if image is not None and facts is not None else None


def insert_before_configuration(dockerfile: Dockerfile, stage: Stage, line: str) -> Edit:
    """The line before the configuration that ends the stage (USER, EXPOSE, CMD …)."""
    ending = line_ending(dockerfile.text)
    first: Instruction | None = None
    for instruction in reversed(stage.instructions):
        if instruction.name not in _LAST_LINES:
            break
        first = instruction
    if first is None:
        last = stage.instructions[-1] if stage.instructions else stage.from_
        closed = dockerfile.text[last.start : last.end].endswith("\n")
        return Edit(last.end, last.end, line + ending if closed else ending + line)
    at = dockerfile.attached_comments(first)
    return Edit(at, at, line + ending)
