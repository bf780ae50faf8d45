"""The slim tag of the final image's base: the same userland without compilers, headers and version control."""

from __future__ import annotations

from rewriter.facts import Refusal, slim_tag
from rewriter.model.launch import launch_of
from rewriter.planning.joint import stays_builder
from rewriter.planning.swap import Swap, find_base, first_of, is_tool, looked_up, relied_on, starts_by_itself, written
from rewriter.situation import Situation
from rewriter.transform import Evidence


def plan_slim(situation: Situation) -> Swap | str:
    """The slim swap of the final image's base, or the reason against it."""
    if situation.options.runtime not in (None, "slim"):
        return f"--runtime {situation.options.runtime} was asked for"
    stage = situation.model.final
    base = find_base(situation, stage)
    if isinstance(base, str):
        return base
    choice = slim_tag(base.facts, base.tag)
    if isinstance(choice, Refusal):
        return choice.reason
    if base.facts.kind != "distribution" and not base.facts.carries(base.tag):
        return f"what {base.shown} has and {choice.tag} lacks is not known"
    new_text = written(base, choice, "-slim")
    if new_text is None:
        return f"its version comes from an ARG, and {base.facts.name}:{choice.tag} is not that with -slim behind it"
    relied = relied_on(situation, stage, copies=False)
    if relied:
        return relied
    if stays_builder(situation):
        return "the split that follows leaves this base behind in the builder, where it may keep what it has"
    launch = None if starts_by_itself(base, stage) else launch_of(stage, situation.files(stage))
    if isinstance(launch, str):
        return f"{launch}: whoever uses it may need what slim lacks" if is_tool(stage) else launch
    # Imported here: most files have no slim tag to go to.
    from rewriter.planning.slim_stage import stage_needs
    from rewriter.userland.slim import archived

    needs = stage_needs(situation, base, launch)
    suite = base.facts.suite(base.tag) or ""
    if needs.packages and archived(suite):
        names = ", ".join(sorted(needs.packages))
        needs.vetoes.append(f"it would need {names}, and Debian {suite} is only in the archive any more")
    user = stage.root.states[0].user
    if needs.packages and user != "root":
        needs.vetoes.append(f"its base runs as {user or 'an unknown user'}, who cannot install packages")
    if needs.vetoes:
        return first_of(needs.vetoes)
    evidence = (
        looked_up(choice, base.facts.name),
        *base.place.evidence,
        *needs.evidence,
        *(Evidence(f"{package} is added: {reason}", "Dockerfile") for package, reason in needs.packages.items()),
    )
    why = f"{base.place.text} becomes {new_text}: the same release of Debian without compilers, headers and git."
    if base.facts.kind == "distribution":
        why = f"{base.place.text} becomes {new_text}: the same packages without documentation and translations."
    return Swap(base, new_text, choice, "slim", why, evidence, needs.packages)
