"""Variables at a point, shared between points: for a file of n lines that each set one, n settings are kept, not n².

A ``Scope`` is an immutable mapping. What is set on top of one gives another one, and both read the same journal: names
with the moments at which they got a value. Setting costs as much as what is set, looking up a search by bisection.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping
from itertools import chain

Value = str | None
"""None is set to something that the file does not tell."""

_MOST_FORKS = 16
"""Journals on the way to a value before a scope is written out anew: a search must not get longer and longer."""


class _Unset:
    """Stands in a journal for a name that was taken away."""


_UNSET = _Unset()
_Entry = Value | _Unset


class _Journal:
    """What was set on top of ``base``, each with its moment; only ever added to."""

    __slots__ = ("base", "blurs", "depth", "entries", "now")

    def __init__(self, base: Mapping[str, Value]) -> None:
        self.base = base
        self.depth: int = base._journal.depth + 1 if isinstance(base, Scope) else 0
        self.entries: dict[str, tuple[list[int], list[_Entry]]] = {}
        self.blurs: list[int] = []
        """Moments from which on nothing that was set before is known."""
        self.now = 0


class Scope(Mapping[str, Value]):
    """What is set at one moment. Iterates in the order in which names were first set."""

    __slots__ = ("_journal", "_moment")

    def __init__(self, base: Mapping[str, Value] | None = None) -> None:
        self._journal = _Journal(base if base is not None else {})
        self._moment = 0

    def setting(self, values: Mapping[str, Value]) -> Scope:
        """The scope behind an assignment of all ``values`` at once."""
        return self._noting(values) if values else self

    def without(self, name: str) -> Scope:
        """The scope behind ``unset``."""
        return self._noting({name: _UNSET}) if name in self else self

    def unknown(self) -> Scope:
        """The scope behind something that may have changed every value, but set no name that was not set."""
        after = self._next()
        after._journal.blurs.append(after._moment)
        return after

    def _noting(self, values: Mapping[str, _Entry]) -> Scope:
        after = self._next()
        entries, moment = after._journal.entries, after._moment
        for name, value in values.items():
            moments, noted = entries.setdefault(name, ([], []))
            moments.append(moment)
            noted.append(value)
        return after

    def _next(self) -> Scope:
        """The scope one moment later; a journal that has gone on without this one is left, and its end is our base."""
        if self._journal.now == self._moment:
            after = Scope.__new__(Scope)
            after._journal = self._journal
        else:
            after = Scope(dict(self) if self._journal.depth >= _MOST_FORKS else self)
        after._journal.now += 1
        after._moment = after._journal.now
        return after

    def _find(self, name: str) -> _Entry:
        """The value; _UNSET for a name that is not set."""
        scope: Mapping[str, Value] = self
        blurred = False
        while isinstance(scope, Scope):
            journal, moment = scope._journal, scope._moment
            found = journal.entries.get(name)
            at = bisect_right(found[0], moment) if found else 0
            since = found[0][at - 1] if found and at else 0
            blurred = blurred or bisect_right(journal.blurs, moment) > bisect_right(journal.blurs, since)
            if found and at:
                value = found[1][at - 1]
                return None if blurred and value is not _UNSET else value
            scope = journal.base
        entry = scope.get(name, _UNSET)
        return None if blurred and entry is not _UNSET else entry

    def __getitem__(self, name: str) -> Value:
        value = self._find(name)
        if isinstance(value, _Unset):
            raise KeyError(name)
        return value

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self._find(name) is not _UNSET

    def __iter__(self) -> Iterator[str]:
        names = dict.fromkeys(chain(self._journal.base, self._journal.entries))
        return (name for name in names if self._find(name) is not _UNSET)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __repr__(self) -> str:
        return f"Scope({dict(self)!r})"


class Layered(Mapping[str, Value]):
    """Two mappings read as one without a copy: a name of ``over`` hides that of ``under``."""

    __slots__ = ("_over", "_under")

    def __init__(self, under: Mapping[str, Value], over: Mapping[str, Value]) -> None:
        self._under = under
        self._over = over

    def __getitem__(self, name: str) -> Value:
        return self._over[name] if name in self._over else self._under[name]

    def __contains__(self, name: object) -> bool:
        return name in self._over or name in self._under

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys(chain(self._under, self._over)))

    def __len__(self) -> int:
        return sum(1 for _ in self)
