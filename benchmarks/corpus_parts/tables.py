"""Adds up outcomes, and prints what they come to."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from benchmarks.corpus_parts.check import KINDS, TEXT, general
from benchmarks.corpus_parts.outcomes import Outcome, failures_of
from tests.shapes import DESCRIPTIONS

_MOST_ROWS = 40  # of reasons; the rest is added up in one row
_WIDEST = 100  # characters of a reason
_VERDICTS = ("equal", "both-reject", "known", "no-verdict", "disagree")
_SECOND = ("agrees", "not asked", "differs", "crashed")
_WITHOUT, _WITH = "no context", "context"
_BEFORE = "before"
_RUN_COLUMNS = (
    *("runs", "ignored", "changed", f"changed, {_WITHOUT}", f"changed, {_WITH}", "withheld", "with findings"),
    *("comments before", "comments after"),
)

Table = dict[str, Counter[str]]
"""Rows of counts by column."""


class Totals:
    """Sums over outcomes; nothing here grows with their number."""

    def __init__(self, levels: Sequence[str]) -> None:
        self.levels = tuple(levels)
        self.texts: Counter[str] = Counter()
        self.rejected: Counter[str] = Counter()
        self.classes: Counter[str] = Counter()
        self.runs: Table = {level: Counter() for level in levels}
        self.changed: Table = defaultdict(Counter)
        self.withheld: Table = defaultdict(Counter)
        self.declined: Table = defaultdict(Counter)
        self.findings: Table = defaultdict(Counter)
        self.oracle: Table = defaultdict(Counter)
        self.oracle_details: Table = defaultdict(Counter)
        self.second: Table = defaultdict(Counter)
        self.bases: Table = defaultdict(Counter)
        self.failures: Counter[str] = Counter()

    def add(self, found: Outcome) -> None:
        """Counts one outcome."""
        marks: Mapping[str, Any] = found["marks"]
        if not found["context"]:
            self._text(marks.get(TEXT, {}))
        for level in self.levels:
            if level in marks:
                self._level(level, marks[level], _WITH if found["context"] else _WITHOUT)
        self.failures.update(failure.kind for failure in failures_of(found))

    def _text(self, facts: Mapping[str, Any]) -> None:
        self.texts["distinct"] += 1
        self.texts["bytes"] += facts.get("bytes", 0)
        if facts.get("rejected"):
            self.texts["rejected"] += 1
            self.rejected[general(facts["rejected"])] += 1
        elif facts:
            self.texts["read"] += 1
        self.classes.update(facts.get("classes", ()))
        if "oracle" in facts:
            self._verdict(_BEFORE, facts["oracle"])
        if "second" in facts:
            self.second[facts["second"]][_BEFORE] += 1

    def _verdict(self, column: str, found: Sequence[str]) -> None:
        kind, detail = found
        self.oracle[kind][column] += 1
        if detail:
            self.oracle_details[f"{kind}: {detail}"][column] += 1

    def _level(self, level: str, facts: Mapping[str, Any], context: str) -> None:
        row = self.runs[level]
        row["runs"] += 1
        row["ignored"] += facts.get("ignored", False)
        row["changed"] += bool(facts.get("changed"))
        row[f"changed, {context}"] += bool(facts.get("changed"))
        row["withheld"] += bool(facts.get("withheld"))
        row["with findings"] += bool(facts.get("findings"))
        for column, count in zip(("comments before", "comments after"), facts.get("comments", ()), strict=False):
            row[column] += count
        for name, changes in facts.get("changed", {}).items():
            self.changed[name][level] += 1
            for change in sorted(set(changes)):
                self.changed[f"{name}: {change}"][level] += 1
        for name, reasons in facts.get("withheld", {}).items():
            for reason in sorted(set(reasons)):
                self.withheld[f"{name}: {reason}"][level] += 1
        for name, verdict in facts.get("oracle", {}).items():
            self._verdict(f"after {name}", verdict)
        for name, agreement in facts.get("second", {}).items():
            self.second[agreement][f"after {name}"] += 1
        if level == self.levels[-1]:  # the others say the same, and less
            self._reasons(facts, context)

    def _reasons(self, facts: Mapping[str, Any], context: str) -> None:
        if "base" in facts:
            name, came_of_it = facts["base"]
            self.bases[name]["runs"] += 1
            self.bases[name][came_of_it] += 1
        for name, reasons in facts.get("declined", {}).items():
            for reason in reasons:
                self.declined[f"{name}: {reason}"][context] += 1
        for finding in facts.get("findings", ()):
            self.findings[finding][context] += 1

    def lines(self) -> Iterator[str]:
        """All tables but that of what must be zero."""
        top = self.levels[-1]
        yield from table("rejected, because", _one_column(self.rejected), ["files"])
        yield from table("runs at level", self.runs, _RUN_COLUMNS, rank=False)
        yield from table("changed by", dict(sorted(self.changed.items())), self.levels, rank=False)
        yield from table("withheld", self.withheld, self.levels)
        yield from table(f"declined at level {top}, because", self.declined, [_WITHOUT, _WITH])
        outcomes = sorted({column for row in self.bases.values() for column in row} - {"runs"})
        yield from table(f"base images at level {top}", self.bases, ["runs", *outcomes], most=60)
        yield from table(f"findings at level {top}", self.findings, [_WITHOUT, _WITH])
        after = {column for row in (*self.oracle.values(), *self.second.values()) for column in row} - {_BEFORE}
        columns = [_BEFORE, *sorted(after)]
        yield from table("the oracle's verdict", {kind: self.oracle[kind] for kind in _VERDICTS}, columns, rank=False)
        yield from table("the oracle's verdict, in detail", self.oracle_details, columns)
        yield from table("dockerfile-parse", {kind: self.second[kind] for kind in _SECOND}, columns, rank=False)
        yield from table("shape", _one_column(self.classes), ["files"], most=len(self.classes))
        unseen = len(DESCRIPTIONS.keys() - self.classes.keys())
        yield from ("", f"{unseen} of {len(DESCRIPTIONS)} shapes are in no file") if self.classes else ()

    def zeros(self) -> Iterator[str]:
        """The table of what must be zero."""
        rows = {words: Counter(count=self.failures[kind]) for kind, words in KINDS.items()}
        yield from table("must be zero", rows, ["count"], rank=False)


def table(
    title: str, rows: Mapping[str, Counter[str]], columns: Sequence[str], rank: bool = True, most: int = _MOST_ROWS
) -> Iterator[str]:
    """A table as lines, with `rank` the largest rows first, `most` of them; nothing if there are no rows."""
    if not rows:
        return
    names = sorted(rows, key=lambda name: (-sum(rows[name].values()), name)) if rank else list(rows)
    shown = [(_fit(name), [rows[name][column] for column in columns]) for name in names[:most]]
    rest = names[most:]
    if rest:
        shown.append((f"({len(rest)} others)", [sum(rows[name][column] for name in rest) for column in columns]))
    yield ""
    yield from grid([title, *columns], [[name, *(f"{number:,}" for number in numbers)] for name, numbers in shown])


def _one_column(counts: Counter[str]) -> dict[str, Counter[str]]:
    return {name: Counter(files=count) for name, count in counts.items()}


def grid(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """Lines of columns: the first to the left, the others to the right."""
    lines = [head, *rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    for number, line in enumerate(lines):
        yield "  ".join(
            [line[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(line[1:], widths[1:], strict=True))]
        ).rstrip()
        if number == 0:
            yield "  ".join("-" * width for width in widths)


def _fit(text: str) -> str:
    return text if len(text) <= _WIDEST else text[: _WIDEST - 1] + "…"
