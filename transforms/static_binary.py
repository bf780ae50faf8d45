"""Take the distribution away from beneath a static program

Why: a program without a libc needs no distribution. scratch has nothing that could be attacked or grow old;
distroless adds certificates, time zones and /tmp where the program needs them.

Safe when: never, for nobody gets a shell in the image any more.

Review when: the program is built with CGO_ENABLED=0, or holds no C code and can be; what it reads and starts was seen
in its sources, or could not be seen: then distroless takes the place of scratch.

Leaves alone:
- final stages that do not stand on a distribution's own image, or that receive no program from another stage
- start commands that need a shell, and health checks that need a tool
- final stages with a RUN that does more than install certificates and time zones
- programs with C code, and those that are built with CGO_ENABLED=1
- programs that start other programs
- users and owners that only the distribution knows
"""

from collections.abc import Iterator

from rewriter import Change, Declined, Outcome, Phase, Situation, plan_bare

PHASE = Phase.COPIES
DEFAULT = False


def plan(situation: Situation) -> Iterator[Outcome]:
    """One change for the final stage, or the reason against it."""
    anchor = situation.model.final.from_.start
    bare = plan_bare(situation)
    if isinstance(bare, str):
        yield Declined(anchor, bare)
        return
    yield Change(bare.edits, bare.why, bare.evidence, anchor)
