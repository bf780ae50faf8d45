"""Makes a failing case small: delta debugging over its context's files, its instructions, lines and characters."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeVar

from rewriter.syntax import DockerfileError, parse

_T = TypeVar("_T")


class Case(NamedTuple):
    """A Dockerfile, and the files of its context; None: it is run without one."""

    text: str
    files: dict[str, bytes] | None = None


class Spent(Exception):
    """All tries are used up."""


def ddmin(items: Sequence[_T], fails: Callable[[list[_T]], bool]) -> list[_T]:
    """A part of the items that still fails and of which no single one can be left out (Zeller's ddmin).

    The whole is taken to fail and is not tried.
    """
    kept = list(items)
    if kept and fails([]):
        return []
    pieces = 2
    while len(kept) > 1:
        bounds = [len(kept) * number // pieces for number in range(pieces + 1)]
        spans = list(itertools.pairwise(bounds))
        alone = next((kept[a:b] for a, b in spans if fails(kept[a:b])), None) if pieces == 2 else None
        if alone is not None:
            kept, pieces = alone, 2
            continue
        without = next((kept[:a] + kept[b:] for a, b in spans if fails(kept[:a] + kept[b:])), None)
        if without is not None:
            kept, pieces = without, max(pieces - 1, 2)
        elif pieces >= len(kept):
            break
        else:
            pieces = min(len(kept), pieces * 2)
    return kept


class Reducer:
    """Reduces one case as long as `fails` says that it fails in the same way; `fails` may be asked `tries` times.

    `minimal` tells whether it came to the end: then no single file, line of a file, or character can be left out.
    """

    def __init__(self, fails: Callable[[Case], bool], tries: int = 5_000) -> None:
        self._fails = fails
        self._left = tries
        self._best = Case("")
        self.minimal = False

    def reduce(self, case: Case) -> Case:
        """The smallest case found; the one given if nothing can be left out. It is taken to fail."""
        self._best = case
        try:
            if case.files is not None:
                self._try(Case(case.text, None))
            before = None
            while before != self._best:
                before = self._best
                self._files()
                self._parts(_instructions(self._best.text))
                self._parts(self._best.text.splitlines(keepends=True))
                self._contents()
                self._parts(list(self._best.text))
            self.minimal = True
        except Spent:
            pass
        return self._best

    def _try(self, case: Case) -> bool:
        if self._left <= 0:
            raise Spent
        self._left -= 1
        if self._fails(case):
            self._best = case
            return True
        return False

    def _parts(self, parts: list[str]) -> None:
        files = self._best.files
        ddmin(parts, lambda kept: self._try(Case("".join(kept), files)))

    def _files(self) -> None:
        text, files = self._best
        if files:
            ddmin(list(files.items()), lambda kept: self._try(Case(text, dict(kept))))

    def _contents(self) -> None:
        for name in sorted(self._best.files or ()):
            self._content(name)

    def _content(self, name: str) -> None:
        text, files = self._best
        lines = (files or {})[name].splitlines(keepends=True)
        if lines:
            ddmin(lines, lambda kept: self._try(Case(text, {**(files or {}), name: b"".join(kept)})))


def _instructions(text: str) -> list[str]:
    try:
        return [text[node.start : node.end] for node in parse(text).nodes]
    except DockerfileError:
        return text.splitlines(keepends=True)
