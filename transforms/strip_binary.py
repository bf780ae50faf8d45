"""Build the program without its symbols

Why: symbol table and debug information are a quarter and more of a program, and only debuggers and profilers read
them. Stack traces of Go do not need them.

Safe when: never, for whoever debugs or profiles inside the image loses the symbols.

Review when: the final stage receives the program from a stage that is seen to build it.

Leaves alone:
- files whose final stage receives no program from another stage
- bytecode, folders, and languages whose programs carry more behind their symbols
- builds with linker flags of their own, and those that strip already
- programs that read their own symbols
- build commands in exec form, or with words that only run time knows
"""

from collections.abc import Iterator

from rewriter import Change, Declined, Outcome, Phase, Situation, plan_strip

PHASE = Phase.COPIES
DEFAULT = False


def plan(situation: Situation) -> Iterator[Outcome]:
    """One change for the build, or the reason against it."""
    anchor = situation.model.final.from_.start
    stripped = plan_strip(situation)
    if isinstance(stripped, str):
        yield Declined(anchor, stripped)
        return
    yield Change((stripped.edit,), stripped.why, stripped.evidence, anchor)
