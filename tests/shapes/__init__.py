"""The shapes that Dockerfiles come in, each with a name: ``classes`` says which of them a text has.

The names were made by reading 10,804 distinct public Dockerfiles (2026-11). They serve to see that the cases of
``fixtures/_shapes`` hold every shape that real files have, and to sort files where something goes wrong. A name is
read from our own tree, so it says what a builder sees and not what the text looks like.
"""

from __future__ import annotations

from collections.abc import Mapping

from rewriter.syntax import DockerfileError
from tests.shapes import (
    bases,
    commands,
    comments,
    copies,
    forms,
    lines,
    packages,
    rejected,
    shell,
    stages,
    starts,
    values,
)
from tests.shapes.view import View

FAMILIES = (lines, comments, forms, starts, values, copies, stages, bases, shell, packages, commands)

DESCRIPTIONS: Mapping[str, str] = {
    **{name: sentence for family in FAMILIES for name, sentence in family.DESCRIPTIONS.items()},
    **rejected.DESCRIPTIONS,
}


def classes(text: str) -> frozenset[str]:
    """The names of all shapes that a Dockerfile has; one that starts with ``rejected:`` when it is none."""
    try:
        view = View(text)
    except DockerfileError as error:
        return frozenset({rejected.kind(error)})
    return frozenset(name for family in FAMILIES for name in family.found(view))
