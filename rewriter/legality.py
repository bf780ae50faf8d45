"""What a sound change must also be: every COPY --from takes what its stage makes, every new tag exists."""

from __future__ import annotations

from collections.abc import Iterable

from rewriter.ecosystems.runtime_base import DISTROLESS_STATIC
from rewriter.model.stages import Stage
from rewriter.planning.bare import CERTIFICATES
from rewriter.situation import Situation
from rewriter.soundness import Unsound
from rewriter.syntax import Instruction


def check_legality(before: Situation, after: Situation) -> None:
    """Raises Unsound for an image or a COPY --from of the result that was not there before and cannot be right."""
    if any(stage.image_text is None for stage in after.model.stages) and all(
        stage.image_text is not None for stage in before.model.stages
    ):
        raise Unsound("an image can no longer be read")
    old_images = {stage.image_text for stage in before.model.stages}
    for stage in after.model.stages:
        if stage.image is not None and stage.image_text not in old_images:
            _image(stage, after)
    old_copies = {i.args for stage in before.model.stages for i in stage.instructions if i.flag("from") is not None}
    for stage in after.model.stages:
        for instruction in stage.instructions:
            if (
                instruction.name == "COPY"
                and instruction.flag("from") is not None
                and instruction.args not in old_copies
            ):
                _copy(stage, instruction, after)


def _image(stage: Stage, situation: Situation) -> None:
    image = stage.image
    if image is None or image.repository in ("scratch", DISTROLESS_STATIC):
        return
    facts = situation.facts.image(image.short_name)
    if facts is None or not facts.has(image.tag or "latest"):
        raise Unsound(f"the image {stage.image_text} is not in the catalogue")


def _copy(stage: Stage, instruction: Instruction, situation: Situation) -> None:
    source_stage = situation.model.find(instruction.flag("from") or "", stage.index)
    if source_stage is None:
        raise Unsound(f"{instruction.args}: there is no such stage before it")
    *sources, target = instruction.operands
    if any(char in source for source in sources for char in "*?["):
        raise Unsound(f"{instruction.args}: a pattern may match another file than meant")
    if target.endswith("/") or len(sources) != 1 or not target.startswith("/"):
        raise Unsound(f"{instruction.args}: whether the destination is a file or a folder is not said")
    language, files = situation.ecosystem(source_stage), situation.files(source_stage)
    if (
        (language is None or not (language.artefact_at(sources[0]) or sources[0] in language.installed))
        and files.origin(sources[0]) is None
        and not _made(sources[0], source_stage, situation)
        and not _in_its_image(sources[0], source_stage, situation)
    ):
        raise Unsound(f"{instruction.args}: nothing in the stage {source_stage.name} makes {sources[0]}")


def _in_its_image(path: str, stage: Stage, situation: Situation) -> bool:
    """True for the bundle of certificates in an image that is known to have it."""
    image = stage.root.image
    facts = situation.facts.image(image.short_name) if image is not None else None
    if path != CERTIFICATES or image is None or facts is None:
        return False
    tag = image.tag or "latest"
    return "curl" in facts.carries(tag) or "ca-certificates" in facts.packages(tag)


def _made(path: str, stage: Stage, situation: Situation) -> bool:
    """True when a COPY or a RUN of the stage names the path."""
    copies: Iterable[str | None] = (copy.target for copy in situation.files(stage).copies)
    folder = path.rstrip("/") + "/"
    for target in copies:
        if target and (target == path or path.startswith(target.rstrip("/") + "/") or target.startswith(folder)):
            return True
    for run in situation.runs(stage):
        if isinstance(run.steps, tuple):
            for step in run.steps:
                words = [word for word in step.argv if word]
                redirects = step.command.redirects if step.command is not None else ()
                words += [r.target.value(step.variables) or "" for r in redirects if r.target is not None]
                if any(
                    step.absolute(word) == path or path.startswith((step.absolute(word) or "\0") + "/")
                    for word in words
                ):
                    return True
    for instruction, state in stage.numbered():
        if instruction.name in ("COPY", "ADD"):
            target = state.expand(instruction.operands[-1], instruction.escape)
            if target is not None and state.absolute(target) == path:
                return True
    return False
