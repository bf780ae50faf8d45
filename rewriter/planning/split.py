"""One split, planned whole: what the runtime stage is, what it receives, and what moves there."""

from __future__ import annotations

from rewriter.ecosystems.ecosystem import Ecosystem
from rewriter.ecosystems.runtime_base import Builder, builder_of
from rewriter.facts.images import ImageFacts
from rewriter.model.launch import Launch, launch_of
from rewriter.model.run import Step
from rewriter.model.stages import Stage
from rewriter.planning.ahead import build_ahead
from rewriter.planning.application import find_application
from rewriter.planning.assemble import assemble
from rewriter.planning.carry import carry_files, source_folders
from rewriter.planning.image_place import image_span, version_doubt
from rewriter.planning.plan import Draft, SplitPlan
from rewriter.planning.programs import find_programs
from rewriter.planning.roles import sort_roles
from rewriter.planning.runtime_choice import choose_runtime
from rewriter.planning.ways import best_way
from rewriter.situation import Situation


def plan_split(situation: Situation, builder: Builder | None = None) -> SplitPlan | str:
    """The split of the final stage, or the reason against it.

    ``builder`` stands for a base that a swap is about to give the stage; None takes the stage's own.
    """
    stage = situation.model.final
    problem = unfit(situation, stage)
    return problem or best_way(situation, stage, lambda language: _plan(situation, language, builder))


def _plan(situation: Situation, language: Ecosystem | None, builder: Builder | None) -> SplitPlan | str:
    draft = _begin(situation, language, builder)
    if isinstance(draft, str):
        return draft
    problem = build_ahead(draft)
    problem = problem or (find_application(draft) if draft.language.interpreted else find_programs(draft))
    if problem:
        return problem
    draft.sources = source_folders(draft)
    started = {step.name for step in draft.launch.all_steps} | draft.launch.wrappers
    base = draft.builder
    system = ("alpine", base.alpine or "") if base.musl else (base.family, base.suite or "")
    draft.roles = sort_roles(draft.language, draft.sources, frozenset(started), system)
    if draft.roles.refused:
        first, *others = draft.roles.refused
        return first + (f" (and {len(others)} more)" if others else "")
    draft.reads = draft.language.reads(draft.artefacts, draft.launch, draft.roles.made)
    if draft.reads.vetoes:
        return draft.reads.vetoes[0]
    links = draft.language.links(draft.artefacts, draft.builder)
    if links.libraries and not draft.roles.linked:
        return f"{links.libraries}: which C libraries run time needs is not seen (no -dev package is installed)"
    if links.libraries:
        names = ", ".join(draft.roles.linked)
        draft.doubt(f"{links.libraries}: the libraries that it links are taken to be those of {names}", "Dockerfile")
    draft.evidence += [*links.evidence, *draft.reads.evidence]
    problem = carry_files(draft)
    if problem:
        return problem
    runtime = choose_runtime(draft)
    return runtime if isinstance(runtime, str) else assemble(draft, *runtime)


def _begin(situation: Situation, language: Ecosystem | None, builder: Builder | None) -> Draft | str:
    stage, image = situation.model.final, situation.model.final.image
    if image is None:
        return f"its base image {stage.image_word} is only known at build time"
    if language is None:
        return _nothing_built(situation, stage)
    if language.refusal:
        return language.refusal
    if image.digest:
        return f"{stage.root.image_word} is pinned by digest: another tag would drop the pin"
    facts = situation.facts.image(image.short_name)
    if facts is None:
        return f"{stage.root.image_word} is none of the images in the catalogue"
    if builder is None:
        found = builder_of(
            facts, image, situation.options.alpine, not language.interpreted and _pinnable(stage), language.portable
        )
        if isinstance(found, str):
            return found
        builder = found
    launch = launch_of(stage, situation.files(stage))
    if isinstance(launch, str):
        launch = _of_the_image(stage, language, facts) or launch
    if isinstance(launch, str):
        return launch
    draft = Draft(situation, stage, language, launch, builder)
    draft.evidence += [*version_doubt(stage), *builder.evidence]
    return draft


def _of_the_image(stage: Stage, language: Ecosystem, facts: ImageFacts) -> Launch | None:
    """The start command of the image itself, where the file says none and the runtime is that same image."""
    state, tag = stage.final_state, stage.image.tag if stage.image is not None else ""
    inherited = facts.config_of(tag or "latest").cmd if facts.config_known_of(tag or "latest") else ()
    if not language.interpreted or not inherited or state.cmd is not None or state.entrypoint is not None:
        return None
    return Launch(stage.from_, (Step(inherited, state.workdir, state.env, stage.from_),), False)


def _nothing_built(situation: Situation, stage: Stage) -> str:
    if len(situation.model.stages) > 1:
        return "already multi-stage: the final stage does not compile anything"
    if not any(instruction.name == "RUN" for instruction in stage.instructions):
        return "it has no RUN: nothing is built in it"
    return f"on {stage.image_word}, no RUN is seen to build an application, or to install its dependencies"


def _pinnable(stage: Stage) -> bool:
    """True when the tag is written out in the FROM, where it can be edited."""
    return "$" not in stage.image_word and image_span(stage) is not None


def unfit(situation: Situation, stage: Stage) -> str | None:
    """Why the stage as such cannot be split, whatever it builds; None when nothing speaks against it."""
    model = situation.model
    surroundings = situation.options.surroundings
    if stage is not model.stages[-1]:
        return "the target is not the last stage: a stage behind it would change what the file builds by default"
    if stage.parent is not None:
        return f"the final stage is built on the stage {stage.image_word}, whose instructions cannot be moved out of it"
    if any(instruction.name == "ONBUILD" for instruction in stage.instructions):
        return "ONBUILD: what child images run in it is not known"
    by = surroundings.builder_of(stage.name, stage.index)
    if by:
        return f"the stage {stage.name or stage.index} is built as a target by {by}: its content must stay"
    platform = stage.from_.flag("platform")
    if platform and "$" in platform:
        return f"--platform={platform} builds for another platform than it runs on, which is not followed yet"
    return None
