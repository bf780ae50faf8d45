"""What became of the final image's base, and whether every name that was proposed is a known one."""

from __future__ import annotations

from collections.abc import Iterator

from rewriter.checks import new_packages, new_references
from rewriter.context import BuildContext
from rewriter.ecosystems.runtime_base import DISTROLESS_STATIC
from rewriter.facts.packages import known_apk
from rewriter.model.image_ref import parse_image
from rewriter.result import Result
from rewriter.situation import Situation

UNKNOWN = "unknown"
"""The outcome of a base that the catalogue does not tell of, and the image's name in its row."""
_SWAPS = {"alpine_base": "alpine", "slim_base": "slim", "runtime_jre": "jre", "deprecated_base": "successor"}


def base_outcome(result: Result, context: BuildContext | None) -> tuple[str, str]:
    """The image's name and what became of it: swaps joined by ``+``, ``split``, why neither is due, or ``refused``."""
    situation = Situation(result.before, context)
    image = situation.model.final.root.image
    if image is None:
        return UNKNOWN, "only known at build time"
    if image.repository == "scratch":
        return "scratch", "nothing to swap"
    facts = situation.facts.image(image.short_name)
    if facts is None:
        return UNKNOWN, "not in the catalogue"
    tag = image.tag or "latest"
    if facts.family(tag) == "alpine":
        return facts.name, "alpine already"
    swaps = [_SWAPS[step.transform.name] for step in result.steps if step.changes and step.transform.name in _SWAPS]
    if swaps:
        return facts.name, " + ".join(swaps)
    if any(step.changes for step in result.steps if step.transform.name == "split_stages"):
        return facts.name, "split"
    if not facts.has(tag):
        return facts.name, "a tag that is not in the catalogue"
    if "slim" in tag.split("-"):
        return facts.name, "slim already"
    return facts.name, "refused"


def odd_names(result: Result) -> Iterator[tuple[str, str]]:
    """(kind of failure, detail) for each proposed tag outside of the catalogue, each apk name outside of the list."""
    before, after = Situation(result.before), Situation(result.after)
    for name in new_references(before, after).names:
        image = parse_image(name)
        facts = after.facts.image(image.short_name)
        if image.repository != DISTROLESS_STATIC and (facts is None or not facts.has(image.tag or "latest")):
            yield "unknown-tag", name
    for package in new_packages(before, after).packages:
        # What the author installs on an alpine of his own is his to know.
        if package.name not in result.before and not known_apk(package.name, package.release):
            yield "unknown-package", f"{package.name} on {package.release}"
