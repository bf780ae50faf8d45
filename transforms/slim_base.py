"""Swap the base image to its slim tag

Why: the full image carries compilers, version control and headers of a whole Debian; the slim tag of the same version
and the same Debian release has the same userland without them.

Safe when: no command calls anything that the slim tag lacks, or a package brings it back, and nothing is installed
whose needs were not seen.

Review when: the build context does not show what dependencies compile or load, or what the program starts.

Leaves alone:
- images that the catalogue does not know, that are pinned by digest, or that have no slim tag of that version
- images that are slim or alpine already, and those that the alpine tag suits
- stages that are thrown away: a smaller base there changes nothing in the image
- bases that another stage stands on, or that a compose, bake or CI file builds as a target
- images without ENTRYPOINT or CMD, which are tools for somebody else
- commands that compile with headers of the full image, and dependencies that do
- releases of Debian whose packages can no longer be installed, where a package would be needed
- files that read documentation or manual pages, which slim images leave out of every package
- images that start in a debugger: who debugs in them may need more than is seen
"""

from collections.abc import Iterator

from rewriter import Change, Declined, Outcome, Phase, Situation, plan_slim, swap_edits

PHASE = Phase.BASE


def plan(situation: Situation) -> Iterator[Outcome]:
    """One change for the final image's base, or the reason against it."""
    anchor = situation.model.final.root.from_.start
    swap = plan_slim(situation)
    if isinstance(swap, str):
        yield Declined(anchor, swap)
        return
    yield Change(swap_edits(situation, swap), swap.why, swap.evidence, anchor, swap.announced)
