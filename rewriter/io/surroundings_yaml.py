"""YAML as nothing but texts, lists and tables, safe to read from anybody."""

from __future__ import annotations

from typing import TYPE_CHECKING, Union

if TYPE_CHECKING:
    from collections.abc import Mapping

Plain = Union[str, list["Plain"], dict[str, "Plain"], None]  # noqa: UP007 - it refers to itself

_MAX_DEPTH = 100
_MAX_MERGED = 50_000
_NULLS = frozenset(("", "~", "null", "Null", "NULL"))
_MERGE = "<<"


class YamlError(ValueError):
    """No YAML that can be read; says why in one line."""


def read_yaml(text: str) -> list[Plain]:
    """The documents of a text: every scalar as it is written, null as None, merge keys and anchors resolved.

    Tags mean nothing, save that ``!reset`` is null. Parts can be shared, but none holds itself. Raises YamlError.
    """
    import yaml  # only now: most repositories have nothing to read

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    builder = _Builder()
    try:
        # Events, not nodes: libyaml's composer recurses in C and crashes the interpreter on deep nesting.
        for event in yaml.parse(text, Loader=loader):
            builder.take(event)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        problem = " ".join(str(getattr(error, "problem", None) or "cannot be read").split())
        raise YamlError(f"line {mark.line + 1}: {problem}" if mark is not None else problem) from error
    except (RecursionError, UnicodeError) as error:
        raise YamlError("cannot be read") from error
    return builder.documents


class _Open:
    """A list or table that is not finished."""

    __slots__ = ("anchor", "content", "is_table", "merged", "pairs", "waiting")

    def __init__(self, is_table: bool, anchor: str | None) -> None:
        self.is_table = is_table
        self.anchor = anchor
        self.content: list[Plain] = []
        self.pairs: list[tuple[str | None, Plain]] = []
        self.merged: list[Plain] = []
        self.waiting: tuple[str | None, bool] | None = None
        """The key whose value comes next, and whether it is a merge key."""


class _Builder:
    def __init__(self) -> None:
        self.documents: list[Plain] = []
        self._open: list[_Open] = []
        self._anchors: dict[str, Plain] = {}
        self._merged = 0

    def take(self, event: object) -> None:
        kind = type(event).__name__
        if kind == "DocumentStartEvent":
            self._anchors = {}
        elif kind == "AliasEvent":
            # What is not finished has no name yet, so that nothing can hold itself.
            self._add(self._anchors.get(getattr(event, "anchor", "")), plain=False)
        elif kind == "ScalarEvent":
            self._scalar(event)
        elif kind in ("SequenceStartEvent", "MappingStartEvent"):
            if len(self._open) >= _MAX_DEPTH:
                raise YamlError("is nested too deeply")
            self._open.append(_Open(kind == "MappingStartEvent", getattr(event, "anchor", None)))
        elif kind in ("SequenceEndEvent", "MappingEndEvent"):
            done = self._open.pop()
            value: Plain = self._table(done) if done.is_table else done.content
            if done.anchor is not None:
                self._anchors[done.anchor] = value
            self._add(value, plain=False)

    def _scalar(self, event: object) -> None:
        text: str = getattr(event, "value", "")
        tag, anchor = getattr(event, "tag", None), getattr(event, "anchor", None)
        plain = not getattr(event, "style", None) and tag is None
        value = None if tag == "!reset" or (plain and text in _NULLS) else text
        if anchor is not None:
            self._anchors[anchor] = value
        self._add(value, plain)

    def _add(self, value: Plain, plain: bool) -> None:
        if not self._open:
            self.documents.append(value)
            return
        top = self._open[-1]
        if not top.is_table:
            top.content.append(value)
        elif top.waiting is None:
            top.waiting = (value if isinstance(value, str) else None, plain and value == _MERGE)
        else:
            key, merges = top.waiting
            top.waiting = None
            if merges:
                parts = value if isinstance(value, list) else [value]
                self._spend(len(parts))
                top.merged += parts
            else:
                top.pairs.append((key, value))

    def _table(self, done: _Open) -> dict[str, Plain]:
        table: dict[str, Plain] = {}
        # The first of several merged tables wins, and the table's own keys over all.
        for part in reversed(done.merged):
            if isinstance(part, dict):
                self._spend(len(part))
                table.update(part)
        table.update((key, value) for key, value in done.pairs if key is not None)
        return table

    def _spend(self, count: int) -> None:
        self._merged += count
        if self._merged > _MAX_MERGED:  # a few lines that merge one another double their content with each
            raise YamlError("merges too much")


def as_table(value: Plain) -> Mapping[str, Plain]:
    """The table, or an empty one for anything else."""
    return value if isinstance(value, dict) else {}


def as_text(value: Plain) -> str | None:
    """The text, or None for anything else."""
    return value if isinstance(value, str) else None


def as_list(value: Plain) -> list[Plain]:
    """The list, or an empty one for anything else."""
    return value if isinstance(value, list) else []
