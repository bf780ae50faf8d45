"""The look inside: two saved images are read and compared, and no container is started."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rewriter.proof.configuration import compare_configuration
from rewriter.proof.inside.called import lost_calls
from rewriter.proof.inside.imports import lost_imports
from rewriter.proof.inside.modules import lost_modules
from rewriter.proof.inside.named_files import lost_files
from rewriter.proof.inside.needs import lost_needs
from rewriter.proof.inside.ownership import lost_rights
from rewriter.proof.inside.programs import changed_programs
from rewriter.proof.inside.start import follow_start
from rewriter.proof.inside.unbuilt import unbuilt_files
from rewriter.proof.verdict import Difference, Kind

if TYPE_CHECKING:
    from pathlib import Path

    from rewriter.proof.archive import Image
    from rewriter.proof.asked import Asked
    from rewriter.proof.inside.start import Side
    from rewriter.proof.inside.trail import Problem


@dataclass(frozen=True, slots=True)
class Looked:
    """What the look came to."""

    differences: tuple[Difference, ...]
    """What is worse in the new image than in the original; what keeps it from starting comes first."""
    before_broken: Difference | None
    """Why the original cannot start, by the same rules."""
    after_broken: Difference | None
    """Why the new image cannot start, whether or not the original can."""
    seen: tuple[str, ...]
    """What was found to be in order in the new image, one sentence each."""
    not_seen: tuple[str, ...]
    """What the look could not tell, one sentence each."""


def look(before: Image, after: Image, asked: Asked, context: Path | None = None) -> Looked:
    """Compares two images; ``asked`` says what the original's Dockerfile itself sets, ``context`` what COPY saw."""
    old, new = follow_start(before), follow_start(after)
    old_broken = _difference(old.trail.broken, Kind.START) if old.trail.broken else None
    new_broken = _difference(new.trail.broken, Kind.START) if new.trail.broken else None
    differences: list[Difference] = []
    if new_broken is not None and old_broken is None:
        differences.append(new_broken)
    differences += compare_configuration(old, new, asked)
    differences += [_difference(problem, Kind.START) for problem in _worse_parts(old, new)]
    differences += [_difference(problem, Kind.FILES) for problem in _worse_files(old, new, asked)]
    differences += [_difference(problem, Kind.FILES) for problem in unbuilt_files(old, new, context)]
    if before.files.left_out or after.files.left_out:
        new.trail.miss("some entries of the layers are none that a file system could hold, and were left out")
    unseen = new.trail.unseen if new_broken is not None else [*new.trail.unseen, *_only_before(old, new)]
    return Looked(tuple(dict.fromkeys(differences)), old_broken, new_broken, tuple(new.trail.seen), tuple(unseen))


def _worse_parts(before: Side, after: Side) -> list[Problem]:
    """Parts of the start that fail in the new image alone."""
    known = {problem.key for problem in before.trail.problems}
    return [problem for problem in after.trail.problems if problem.key not in known]


def _worse_files(before: Side, after: Side, asked: Asked) -> list[Problem]:
    found = [*lost_rights(before, after), *lost_needs(before, after), *lost_files(before, after, asked)]
    return [
        *changed_programs(before, after),
        *lost_imports(before, after),
        *lost_modules(before, after),
        *lost_calls(before, after),
        *found,
    ]


def _only_before(before: Side, after: Side) -> list[str]:
    """What could not be told of the original alone: then the comparison lacks it."""
    return [f"of the original: {sentence}" for sentence in before.trail.unseen if sentence not in after.trail.unseen]


def _difference(problem: Problem, kind: Kind) -> Difference:
    return Difference(kind, problem.what, problem.subject, problem.evidence)


__all__ = ["Looked", "look"]
