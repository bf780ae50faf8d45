"""What the runtime of an interpreted application receives: its folders, with the dependencies that it runs with."""

from __future__ import annotations

from rewriter.ecosystems.build_packages import COMPILING, left_behind, loads_by_name
from rewriter.planning.plan import Draft


def find_application(draft: Draft) -> str | None:
    """Fills in what is carried; a reason when it cannot be told, or when nothing would stay behind."""
    production = draft.language.production(draft.launch)
    if isinstance(production, str):
        return production
    left = left_behind(draft.language)
    compiler = min(draft.language.called & COMPILING, default="") if left else ""
    if compiler:
        return f"its sources seem to start `{compiler}` at run time, which may need {', '.join(left)}"
    loads = loads_by_name(draft.language) if left else ""
    if loads:
        return f"{loads} loads a library by its name, which may lead nowhere without {', '.join(left)}"
    if not production.left:
        return "everything that its build installs is there for run time: nothing would stay behind"
    draft.production = production
    draft.evidence += production.evidence
    for folder in production.folders:
        draft.carry(folder, folder)
    return None
