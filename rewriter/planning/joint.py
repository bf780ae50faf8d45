"""Swap and split are one decision: what the swap must bring depends on whether the build leaves the image."""

from __future__ import annotations

from rewriter.ecosystems.runtime_base import Builder
from rewriter.model.stages import Stage
from rewriter.planning.alpine import plan_alpine
from rewriter.planning.split import plan_split, unfit
from rewriter.planning.swap import Swap
from rewriter.situation import Situation
from rewriter.transform import Phase, level_of


def planned_swap(situation: Situation) -> Swap | str:
    """The swap of the final image's base, seeing ahead to the split that may follow it."""
    stage = situation.model.final
    if stage.root.image is not None and stage.root.image.repository == "scratch":
        return "it is built from scratch: there is no base to swap"
    if situation.options.runtime == "slim":
        return "--runtime slim was asked for: builder and runtime keep Debian's libc"
    if Phase.STAGES in situation.ahead and _may_split(situation, stage):
        swap = plan_alpine(situation, stage, splits=True)
        if isinstance(swap, Swap) and _will_split(situation, swap):
            return swap
    return plan_alpine(situation, stage, splits=False)


def _may_split(situation: Situation, stage: Stage) -> bool:
    """False where no split can follow, whatever the base is: then there is nothing to see ahead to."""
    return unfit(situation, stage) is None and situation.ecosystem(stage) is not None


def stays_builder(situation: Situation) -> bool:
    """True where the final stage, as it stands, will be split into a builder and a runtime of another base."""
    stage = situation.model.final
    language = situation.ecosystem(stage) if Phase.STAGES in situation.ahead else None
    if language is None or language.interpreted:
        return False
    plan = plan_split(situation)
    return not isinstance(plan, str) and level_of(plan.evidence) <= situation.options.level


def _will_split(situation: Situation, swap: Swap) -> bool:
    builder = Builder(None, swap.choice.alpine, None, True, swap.evidence)
    plan = plan_split(situation, builder)
    return not isinstance(plan, str) and level_of(plan.evidence) <= situation.options.level
