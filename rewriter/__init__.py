"""dfrewrite as a library: ``rewrite`` and what a transform may import.

Names are loaded when they are first used, so that ``dfrewrite --version`` stays as fast as a program without a tree.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rewriter.api import rewrite
    from rewriter.context import BuildContext, DictContext
    from rewriter.edit import Edit
    from rewriter.planning.ahead import built_at_start
    from rewriter.planning.bare import plan_bare
    from rewriter.planning.copies import insert_before_configuration, plan_copies
    from rewriter.planning.java import plan_jre
    from rewriter.planning.joint import planned_swap
    from rewriter.planning.render import copy_line, render_split
    from rewriter.planning.slim import plan_slim
    from rewriter.planning.split import plan_split
    from rewriter.planning.strip import plan_strip
    from rewriter.planning.successor import plan_successor
    from rewriter.planning.swap import swap_edits
    from rewriter.result import Forecast, LocatedFinding, Result, Step
    from rewriter.situation import Options, Situation
    from rewriter.surroundings import Surroundings
    from rewriter.syntax import DockerfileError
    from rewriter.transform import Certainty, Change, Declined, Evidence, Finding, Level, Outcome, Phase, Transform

__version__ = "0.1.0"

_HOMES = {
    "rewriter.api": "rewrite",
    "rewriter.context": "BuildContext DictContext",
    "rewriter.edit": "Edit",
    "rewriter.planning.copies": "insert_before_configuration plan_copies",
    "rewriter.planning.java": "plan_jre",
    "rewriter.planning.ahead": "built_at_start",
    "rewriter.planning.bare": "plan_bare",
    "rewriter.planning.joint": "planned_swap",
    "rewriter.planning.strip": "plan_strip",
    "rewriter.planning.render": "copy_line render_split",
    "rewriter.planning.slim": "plan_slim",
    "rewriter.planning.split": "plan_split",
    "rewriter.planning.successor": "plan_successor",
    "rewriter.planning.swap": "swap_edits",
    "rewriter.result": "Forecast LocatedFinding Result Step",
    "rewriter.situation": "Options Situation",
    "rewriter.surroundings": "Surroundings",
    "rewriter.syntax": "DockerfileError",
    "rewriter.transform": "Certainty Change Declined Evidence Finding Level Outcome Phase Transform",
}
_HOME_OF = {name: module for module, names in _HOMES.items() for name in names.split()}

__all__ = [
    "BuildContext",
    "Certainty",
    "Change",
    "Declined",
    "DictContext",
    "DockerfileError",
    "Edit",
    "Evidence",
    "Finding",
    "Forecast",
    "Level",
    "LocatedFinding",
    "Options",
    "Outcome",
    "Phase",
    "Result",
    "Situation",
    "Step",
    "Surroundings",
    "Transform",
    "built_at_start",
    "copy_line",
    "insert_before_configuration",
    "plan_bare",
    "plan_copies",
    "plan_jre",
    "plan_slim",
    "plan_split",
    "plan_strip",
    "plan_successor",
    "planned_swap",
    "render_split",
    "rewrite",
    "swap_edits",
]


def __getattr__(name: str) -> object:
    home = _HOME_OF.get(name)
    if home is None:
        raise AttributeError(f"module 'rewriter' has no attribute {name!r}")
    return getattr(import_module(home), name)
