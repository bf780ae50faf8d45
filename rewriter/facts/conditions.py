"""Which tags a line of a data file speaks of: its WHICH.

WHICH is one or more conditions that must all hold, joined by commas:

    *            all tags
    alpine       the tag is an alpine variant           debian       it is not
    slim         it is a slim one (and not alpine)      full         it is neither
    WORD         a word of the variant, or all of it    (`jre`, `onbuild`, `bullseye`)
    >=V  <=V     its version, compared as far as V is written; a version without patch stands for its newest
    !CONDITION   that does not hold
"""

from __future__ import annotations

from rewriter.facts.shapes import shape
from rewriter.facts.tags import all_numbers, is_release, numbers

FIXED = ("*", "alpine", "debian", "slim", "full")


def holds(conditions: tuple[str, ...], variant: str, version: str) -> bool:
    """Whether all conditions hold for a tag: its variant ("" = bare), its version ("" = the newest)."""
    return all(_holds(condition, variant, version) for condition in conditions)


def _holds(condition: str, variant: str, version: str) -> bool:
    if condition == "*":
        return True
    if condition[0] == "!":
        return not _holds(condition[1:], variant, version)
    if condition in FIXED:
        own = shape(variant)
        if condition in ("alpine", "debian"):
            return (own.alpine is not None) == (condition == "alpine")
        return own.slim if condition == "slim" else own.alpine is None and not own.slim
    if condition[:2] in (">=", "<="):
        bound, own_version = numbers(condition[2:]), all_numbers(version)
        # A version that is written with fewer numbers than the bound stands for its newest patch.
        if own_version[: len(bound)] == bound[: len(own_version)]:
            return condition[0] == ">" or len(own_version) >= len(bound)
        return own_version < bound if condition[0] == "<" else own_version > bound
    return variant == condition or condition in variant.split("-")


def is_condition(condition: str, known: frozenset[str]) -> bool:
    """Whether this is a condition that can be meant; `known` are the words of the file's variants."""
    condition = condition.removeprefix("!")
    if condition[:2] in (">=", "<="):
        return bool(numbers(condition[2:]))
    return condition in FIXED or condition in known or (condition[:6] == "alpine" and is_release(condition[6:]))
