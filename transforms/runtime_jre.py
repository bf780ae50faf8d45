"""Run Java on the JRE instead of the JDK

Why: the development kit brings a compiler, debuggers and their modules; a program that is compiled already runs on the
run-time environment of the same version, which is about half the size.

Safe when: never quite: what a program's dependencies do when it runs is not seen.

Review when: the start command runs java, no command of the file uses a tool of the JDK, and nothing that was seen
compiles at run time.

Leaves alone:
- images that are no JDK, and JDKs of which no JRE of the same version exists
- files that call a tool of the JDK or a build tool (javac, jar, jcmd, mvn, gradle)
- programs that compile when they run (JSP, javax.tools), or that are started with a debugger
- images whose start command is not seen to run java
- bases that another stage stands on, or that a compose, bake or CI file builds as a target
"""

from collections.abc import Iterator

from rewriter import Change, Declined, Outcome, Phase, Situation, plan_jre, swap_edits

PHASE = Phase.IMAGE


def plan(situation: Situation) -> Iterator[Outcome]:
    """One change for the final image's base, or the reason against it."""
    anchor = situation.model.final.root.from_.start
    swap = plan_jre(situation)
    if isinstance(swap, str):
        yield Declined(anchor, swap)
    elif swap is not None:
        yield Change(swap_edits(situation, swap), swap.why, swap.evidence, anchor, swap.announced)
