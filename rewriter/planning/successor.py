"""An image that nobody maintains any more, and the one that took its place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rewriter.facts import Refusal, TagChoice, successor_tag
from rewriter.model.launch import launch_of, tested_programs
from rewriter.model.run import Step
from rewriter.planning.swap import Base, Swap, find_base, first_of, is_tool, looked_up, relied_on, written
from rewriter.shell import Opaque
from rewriter.situation import Situation
from rewriter.transform import Certainty, Evidence

if TYPE_CHECKING:
    from rewriter.planning.successor_system import Carried

_PATHS = ("/usr/local/openjdk-", "/usr/lib/jvm", "/docker-java-home")
"""Where the openjdk images keep Java. Source: the Dockerfiles of docker-library/openjdk, up to 2025-11."""


def plan_successor(situation: Situation) -> Swap | str | None:
    """The successor of the final image's base, or the reason against it; None for an image that needs none.

    Always a change of contract.
    """
    stage = situation.model.final
    if not _concerns(situation):
        return None
    base = find_base(situation, stage)
    if isinstance(base, str):
        return base
    choice = successor_tag(base.facts, base.tag, situation.facts)
    if isinstance(choice, Refusal):
        return choice.reason
    new_text = written(base, choice, "")
    if new_text is None:
        return f"its version comes from an ARG, which {choice.image}:{choice.tag} does not take"
    relied = relied_on(situation, stage)
    if relied:
        return relied
    for instruction in situation.dockerfile.instructions:
        named = next((path for path in _PATHS if path in instruction.logical.text), None)
        if named is not None:
            return f"line {instruction.line} names {named}, which lies elsewhere in {choice.image}"
    found = _system(situation, base, choice)
    user = stage.root.states[0].user
    if found.packages and user != "root":
        found.vetoes.append(f"its base runs as {user or 'an unknown user'}, who cannot install packages")
    if found.vetoes:
        return first_of(found.vetoes)
    contract = Evidence(
        f"{choice.image or base.facts.name}:{choice.tag} is built by somebody else, on another system: {choice.reason}",
        f"{choice.source}, {choice.date}",
        Certainty.CONTRACT,
    )
    why = f"{base.shown} is no longer maintained; {choice.image}:{choice.tag} is its successor."
    added = (Evidence(f"{name} is added: {reason}", "Dockerfile") for name, reason in found.packages.items())
    evidence = (looked_up(choice, base.facts.name), contract, *added)
    return Swap(base, new_text, choice, "successor", why, evidence, found.packages)


def _system(situation: Situation, base: Base, choice: TagChoice) -> Carried:
    """What the commands of the file need on the system of the successor."""
    # Imported here: few files have an image with a successor.
    from rewriter.planning.successor_system import Carried, System, carried

    stage = situation.model.final
    other = situation.facts.image(choice.image or base.facts.name) or base.facts
    before = System(base.facts.family(base.tag) or "", base.facts.suite(base.tag) or "")
    after = System(other.family(choice.tag) or "", choice.alpine or other.suite(choice.tag) or "")
    found = Carried()
    steps: list[Step] = []
    for run in situation.go(stage).runs:
        if isinstance(run.steps, Opaque):
            found.vetoes.append(f"line {run.instruction.line}: {run.steps.reason}")
        else:
            steps += run.steps
    launch = None if is_tool(stage) else launch_of(stage, situation.files(stage))
    if isinstance(launch, str):
        found.vetoes.append(launch)
    elif launch is not None:
        steps += launch.all_steps
    health = tested_programs(stage)
    if isinstance(health, Opaque):
        found.vetoes.append(f"its HEALTHCHECK is not understood: {health.reason}")
    else:
        steps += health
    more = carried(steps, before, after, base.facts.carries(base.tag))
    return Carried(more.packages, [*found.vetoes, *more.vetoes])


def _concerns(situation: Situation) -> bool:
    """True for an image that has a successor."""
    image = situation.model.final.root.image
    facts = situation.facts.image(image.short_name) if image is not None else None
    return facts is not None and facts.successor is not None
