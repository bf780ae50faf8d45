"""Copy the program into the final stage that never receives it

Why: a file that is split already, but whose last stage has no COPY --from for the program that it starts, makes an
image that does not start.

Safe when: an earlier stage makes a program at exactly the path that the image starts.

Review when: only the program's name agrees, so the path was chosen by the entry point.

Leaves alone:
- files with one stage, and final stages that receive or make their program
- final stages whose start command cannot be told, or names nothing that an earlier stage makes
- programs that two stages make
- programs whose libc the final image does not have
"""

from collections.abc import Iterator

from rewriter import (
    Change,
    Declined,
    Finding,
    Outcome,
    Phase,
    Situation,
    copy_line,
    insert_before_configuration,
    plan_copies,
)

PHASE = Phase.COPIES


def plan(situation: Situation) -> Iterator[Outcome]:
    """One change for the final stage, or the reason against it."""
    final = situation.model.final
    missing = plan_copies(situation)
    if isinstance(missing, str):
        yield Declined(final.from_.start, missing)
        return
    yield Finding(missing.start.start, missing.finding)
    line = copy_line(final, missing.copy, missing.from_name)
    edit = insert_before_configuration(situation.dockerfile, final, line)
    yield Change((edit,), missing.why, missing.evidence, final.from_.start)
