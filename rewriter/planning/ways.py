"""The ways in which a stage can be split: that of its language, and two more where it only serves a static site."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from rewriter.model.launch import launch_of
from rewriter.transform import Level, level_of

if TYPE_CHECKING:
    from rewriter.ecosystems.ecosystem import Ecosystem
    from rewriter.model.run import Step
    from rewriter.model.stages import Stage
    from rewriter.planning.plan import SplitPlan
    from rewriter.situation import Situation

_MAY_SERVE = frozenset("serve http-server vite python python3 npm yarn pnpm npx pnpx cross-env".split())

_MAY_DEVELOP = (_MAY_SERVE - {"python", "python3"}) | frozenset(
    "react-scripts craco vue-cli-service ng gatsby docusaurus astro next webpack webpack-dev-server parcel hugo mkdocs "
    "jekyll ember".split()
)

_PYTHON = frozenset({"python", "python3"})

Plan = Callable[["Ecosystem | None"], "SplitPlan | str"]


def best_way(situation: Situation, stage: Stage, plan: Plan) -> SplitPlan | str:
    """The first plan at the level that is asked for, else one above it, else the reason against them.

    nginx in the place of another server changes what users of the image may rely on: it comes first where that is
    asked for, and last where it is not.
    """
    language = situation.ecosystem(stage)
    launch = launch_of(stage, situation.files(stage)) if language is not None else ""
    if language is None or isinstance(launch, str) or not any(_may_serve(step) for step in launch.steps):
        return plan(language)
    # Imported here: most images serve no static site.
    from rewriter.ecosystems.static_find import site_ways

    sites = site_ways(situation, stage)
    if sites is None:
        return plan(language)
    if isinstance(sites, str):
        found = plan(language)
        return sites if isinstance(found, str) else found
    kept, instead = sites
    ways = (instead, kept, language) if situation.options.level is Level.RISKY else (kept, language, instead)
    plans = [(way, plan(way)) for way in ways]
    whole = [found for _, found in plans if not isinstance(found, str)]
    allowed = (found for found in whole if level_of(found.evidence) <= situation.options.level)
    best = next(allowed, whole[0] if whole else None)
    if best is not None:
        return best
    reasons = {id(way): found for way, found in plans if isinstance(found, str)}
    return f"{reasons[id(kept)]}; with nginx in its place: {reasons[id(instead)]}"


def _may_serve(step: Step) -> bool:
    return step.name in _MAY_SERVE and (step.name not in _PYTHON or "http.server" in step.argv)


def served_for_developers(situation: Situation, stage: Stage) -> str:
    """What is said of the development server that the image starts; empty when it starts none."""
    launch = launch_of(stage, situation.files(stage))
    if isinstance(launch, str) or not any(step.name in _MAY_DEVELOP for step in launch.steps):
        return ""
    from rewriter.ecosystems.static_find import started_for_developers

    return started_for_developers(situation, stage, launch)
