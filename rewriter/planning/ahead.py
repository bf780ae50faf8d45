"""Start commands that build before they start: what they build is built ahead, where that is safe."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace

from rewriter.ecosystems.artefacts import BuilderLine
from rewriter.ecosystems.ecosystem import Ecosystem
from rewriter.model.launch import Launch, launch_of
from rewriter.model.run import Step
from rewriter.planning.needs import DEV_TOOLS
from rewriter.planning.plan import Draft, Start
from rewriter.planning.ways import served_for_developers
from rewriter.situation import Situation
from rewriter.transform import Certainty, Evidence, Finding
from rewriter.userland.runtime import ROOT_NAMES
from rewriter.userland.slim_calls import Call, calls


def _called(launch: Launch) -> Iterator[Step]:
    """The commands of the launch, each with those that it calls by its words (``sh -c``, ``timeout``)."""
    for step in launch.all_steps:
        yield step
        for call in calls(step)[1:]:
            if isinstance(call, Call):
                yield replace(step, argv=call.argv, command=None)


def building_tool(language: Ecosystem, launch: Launch) -> tuple[str, Step] | None:
    """The word of a start command that builds, watches or debugs, with its command; None when none does."""
    for step in _called(launch):
        watches = step.name in DEV_TOOLS and step.name not in language.runners
        tool = step.name if watches else language.toolchain(step)
        if tool:
            return tool, step
    return None


def build_ahead(draft: Draft) -> str | None:
    """Gives the draft another start command where the first one builds; a reason when that cannot be done."""
    found = building_tool(draft.language, draft.launch)
    if found is None:
        return None
    tool, step = found
    line = step.instruction.line
    refusal = f"the start command runs `{tool}` (line {line}): the image needs the toolchain at run time"
    ahead = draft.language.ahead(draft.launch)
    if isinstance(ahead, str):
        return f"{refusal}; {ahead}" if ahead else refusal
    state, instruction = draft.stage.final_state, draft.launch.instruction
    if state.user not in ROOT_NAMES:
        return f"{refusal}; it runs as {state.user or 'an unknown user'}, who may not write what would be built ahead"
    end = instruction.args_start + len(instruction.args)
    single = len(draft.launch.steps) == 1 and (state.entrypoint is None or state.cmd is None)
    if not single or not instruction.logical.whole(instruction.args_start, end):
        return f"{refusal}; the command is more than one that builds and starts"
    started = replace(step, argv=ahead.command, command=None, interpreter="")
    draft.launch = replace(draft.launch, steps=(started,), shell=False)
    draft.language.promise(ahead.output, step)
    draft.lines += [BuilderLine(text) for text in ahead.lines]
    draft.start = Start(instruction, json.dumps(ahead.command))
    draft.evidence.append(Evidence(ahead.doubt, f"line {line}", Certainty.CONTRACT))
    return None


def built_at_start(situation: Situation) -> tuple[Finding, ...]:
    """What is weak about a start command that compiles, whether the stage is split or not."""
    stage = situation.model.final
    language = situation.ecosystem(stage)
    launch = launch_of(stage, situation.files(stage)) if language is not None else ""
    if language is None or isinstance(launch, str):
        return ()
    tool = next((tool for step in _called(launch) if (tool := language.toolchain(step))), "")
    if not tool:
        weak = served_for_developers(situation, stage)
        return (Finding(launch.instruction.start, weak),) if weak else ()
    advice = "build in a RUN and start what it makes, then the image needs no toolchain and starts at once"
    return (Finding(launch.instruction.start, f"`{tool}` works whenever the image starts: {advice}"),)
