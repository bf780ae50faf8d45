"""What the runtime of an interpreted application receives: its folders, with the dependencies that it runs with."""

from __future__ import annotations

from rewriter.planning.needs import DEV_TOOLS
from rewriter.planning.plan import Draft


def find_application(draft: Draft) -> str | None:
    """Fills in what is carried; a reason when it cannot be told, or when nothing would stay behind."""
    for step in draft.launch.all_steps:
        tool = step.name if step.name in DEV_TOOLS else draft.language.toolchain(step)
        if tool:
            line = step.instruction.line
            return f"the start command runs `{tool}` (line {line}): the image needs what it was built with"
    production = draft.language.production(draft.launch)
    if isinstance(production, str):
        return production
    if not production.left:
        return "everything that its build installs is there for run time: nothing would stay behind"
    draft.production = production
    draft.evidence += production.evidence
    for folder in production.folders:
        draft.carry(folder, folder)
    return None
