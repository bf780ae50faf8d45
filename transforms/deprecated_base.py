"""Move from a deprecated base image to its successor

Why: an image that is no longer rebuilt keeps the holes of the day when that ended. The successor that its authors
name carries the same version, and is rebuilt.

Safe when: never: somebody else builds the successor, on another system, and who relies on the old one has to agree.

Review when: never, for the same reason; the level is always risky.

Leaves alone:
- images that have no successor, or that are pinned by digest
- tags of which the successor has no counterpart of the same version
- bases that another stage stands on or copies from, or that a compose, bake or CI file builds as a target
- files that name a path of the old image
- files that install packages not known on the successor's system, or that ask for a user number it has given away
"""

from collections.abc import Iterator

from rewriter import Change, Declined, Outcome, Phase, Situation, plan_successor, swap_edits

PHASE = Phase.IMAGE


def plan(situation: Situation) -> Iterator[Outcome]:
    """One change for the final image's base, or the reason against it."""
    anchor = situation.model.final.root.from_.start
    swap = plan_successor(situation)
    if isinstance(swap, str):
        yield Declined(anchor, swap)
    elif swap is not None:
        yield Change(swap_edits(situation, swap), swap.why, swap.evidence, anchor, swap.announced)
