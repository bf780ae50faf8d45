"""The report as a page of HTML: a section for each Dockerfile, and before them what came of all."""

from __future__ import annotations

import heapq
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from rewriter.report.page import Html, bars, escaped, megabytes, opening, prose, table
from rewriter.report.proof import SIZES, size_rows
from rewriter.report.text import base_size
from rewriter.report.words import masked, placed

if TYPE_CHECKING:
    from unidiff.patch import PatchSet

    from rewriter.proof.verdict import Proof
    from rewriter.result import Forecast, Result

_MOST_DIFF = 2_000
"""Lines of a diff; the rest is counted."""
_MOST_LISTED = 100
_MOST_BARS = 40
_MOST_REASONS = 1_000
"""Kinds of reasons that are counted apart, so that memory stays flat over any number of files."""
_LONGEST_REASON = 300
_OWN = re.compile(r"`[^`\n]*`|'[^'\n]*'|\bline \d+")
"""What makes a reason one file's own."""
_PLACE = re.compile(r"^line \d+: ")


class Sizes(NamedTuple):
    """Of an image before and after, in MB."""

    before: float
    after: float
    measured: bool


def sizes_of(forecast: Forecast | None, proof: Proof | None) -> Sizes | None:
    """The sizes, if both are known: measured, or else forecast."""
    if proof is not None and proof.before is not None and proof.after is not None:
        return Sizes(proof.before.uncompressed / 1e6, proof.after.uncompressed / 1e6, True)
    if forecast is not None and forecast.before is not None and forecast.after is not None:
        return Sizes(forecast.before.likely, forecast.after.likely, False)
    return None


class Overview:
    """Draws the sections one after the other, and keeps of each what the head of the page sums up."""

    def __init__(self) -> None:
        self._files = self._changed = 0
        self._outcomes: Counter[tuple[str, str]] = Counter()
        self._sizes: dict[bool, tuple[int, float, float]] = {}
        """By whether they were measured: how many, and the sums before and after."""
        self._largest: list[tuple[float, int, str, Sizes]] = []

    def section(
        self, path: str, result: Result | None, patch: PatchSet | None, proof: Proof | None, why: str
    ) -> Iterator[str]:
        """One Dockerfile; ``why`` says why there is no result."""
        self._files += 1
        yield f'<section id="file-{self._files}">\n<h2><code>{escaped(path)}</code></h2>\n'
        if result is None:
            self._count("left out", why)
            yield f'<p class="warn">Left out: {prose(why)}</p>\n'
        else:
            self._take(path, result, proof)
            yield from (f"{line}\n" for line in _body(result, patch, proof))
        yield "</section>\n"

    def _take(self, path: str, result: Result, proof: Proof | None) -> None:
        if result.ignored:
            self._count("left alone, as its pragma asks", result.ignored)
        if result.unsound:
            self._count("fault of dfrewrite", "a change was thrown away")
        if proof is not None and not proof.verdict.holds:
            self._count(f"not proven: {proof.verdict.value}", proof.reason)
        for reason in {step.transform.summary for step in result.steps if step.changes}:
            self._count("changes", reason)
        for reason in {placed(step, item)[1] for step in result.steps for item in step.declined}:
            self._count("left alone", reason)
        for reason in {item.reason for step in result.steps for item in step.withheld}:
            self._count("not done", reason)
        if not result.changed:
            return
        self._changed += 1
        sizes = sizes_of(result.forecast, proof)
        if sizes is not None:
            count, before, after = self._sizes.get(sizes.measured, (0, 0.0, 0.0))
            self._sizes[sizes.measured] = count + 1, before + sizes.before, after + sizes.after
            entry = (sizes.before - sizes.after, -self._files, path, sizes)
            (heapq.heappush if len(self._largest) < _MOST_BARS else heapq.heappushpop)(self._largest, entry)

    def _count(self, outcome: str, reason: str) -> None:
        key = outcome, _OWN.sub("…", _PLACE.sub("", masked(reason)))[:_LONGEST_REASON]
        if key not in self._outcomes and len(self._outcomes) >= _MOST_REASONS:
            key = outcome, "other reasons"
        self._outcomes[key] += 1

    def head(self, version: str) -> Iterator[str]:
        """All before the sections."""
        yield opening("What dfrewrite makes of these Dockerfiles")
        plural = "" if self._files == 1 else "s"
        yield f"<p>{self._files:,} Dockerfile{plural} read, {self._changed:,} with changes.</p>\n"
        for measured, (count, before, after) in sorted(self._sizes.items(), reverse=True):
            left = f", {100 * after / before:.0f} % of it" if before else ""
            how = "measured by building" if measured else _FORECAST
            images = "1 image" if count == 1 else f"{count:,} images together"
            yield f"<p><strong>{megabytes(before)} → {megabytes(after)}</strong>{left}: {images}, {how}.</p>\n"
        yield from (f"{line}\n" for line in (*self._bars(), *self._table()))
        yield f'<p class="quiet">Made by dfrewrite {escaped(version)}.</p>\n'

    def _bars(self) -> Iterator[str]:
        if self._largest:
            how = "some measured, some forecast" if len(self._sizes) > 1 else _how(True in self._sizes)
            yield f"<h2>Sizes before and after, {how}</h2>"
            yield from bars(
                (_label(-number, path, sizes, told=len(self._sizes) == 1), sizes.before, sizes.after)
                for _, number, path, sizes in sorted(self._largest, reverse=True)
            )
            more = sum(count for count, _, _ in self._sizes.values()) - len(self._largest)
            if more:
                yield f'<p class="quiet">These win most; {more:,} more are below.</p>'

    def _table(self) -> Iterator[str]:
        if self._outcomes:
            yield "<h2>What came of them, and why</h2>"
            rows = sorted(self._outcomes.items(), key=lambda item: (item[0][0], -item[1], item[0][1]))
            shown = rows[:_MOST_LISTED]
            yield from table(
                ["Outcome", "Reason", "Files"], ([what, prose(why), f"{count:,}"] for (what, why), count in shown)
            )
            more = f" {len(rows) - len(shown):,} more reasons are not shown." if len(rows) > len(shown) else ""
            yield f'<p class="quiet">A file counts in each row that holds of it.{more}</p>'


_FORECAST = "a forecast of the base images alone: what the build makes is not counted"


def _how(measured: bool) -> str:
    return "measured" if measured else "forecast"


def _label(number: int, path: str, sizes: Sizes, *, told: bool) -> Html:
    """``told`` says that the heading says already how the sizes are known."""
    how = "" if told else f" <small>{_how(sizes.measured)}</small>"
    return Html(f'<a href="#file-{number}">{escaped(path)}</a>{how}')


def _body(result: Result, patch: PatchSet | None, proof: Proof | None) -> Iterator[str]:
    if result.ignored:
        yield f'<p class="quiet">Left alone, as its pragma asks ({prose(result.ignored)}).</p>'
        return
    if result.changed:
        yield from _sizes(result.forecast, proof)
        yield from _changes(result)
        if patch is not None:
            yield from _diff(patch)
    else:
        yield '<p class="quiet">Nothing to change.</p>'
    if result.findings:
        yield '<h3 class="warn">Findings</h3>'
        yield from _listed(f"line {finding.line}: {prose(finding.message)}" for finding in result.findings)
    yield from _left_alone(result)
    yield from _verified(proof, changed=result.changed)
    for fault in result.unsound:
        yield (
            f'<p class="bad"><strong>Fault of dfrewrite:</strong> {prose(fault)}; '
            "the change was thrown away, please report it.</p>"
        )


def _sizes(forecast: Forecast | None, proof: Proof | None) -> Iterator[str]:
    sizes = sizes_of(forecast, proof)
    if sizes is not None and sizes.measured:
        shown = f"{megabytes(sizes.before)} → {megabytes(sizes.after)}"
        yield f"<p><strong>{shown}</strong> <small>measured by building both</small></p>"
    elif forecast is not None:
        shown = f"{base_size(forecast.before)} → {base_size(forecast.after)}"
        yield f"<p><strong>{shown}</strong> <small>{_FORECAST}</small></p>"


def _changes(result: Result) -> Iterator[str]:
    told: set[str] = set()
    for step in result.steps:
        if not step.changes:
            continue
        yield f"<h3>{escaped(step.transform.summary)}</h3>"
        for change in step.changes:
            yield f"<p>{prose(change.why)} <small>{change.level}</small></p>"
            doubts = [doubt for doubt in change.doubts if doubt not in told]
            told.update(doubts)
            yield from _listed(f'<span class="warn">To look at:</span> {prose(doubt)}' for doubt in doubts)


def _diff(patch: PatchSet) -> Iterator[str]:
    _old, _new, *lines = str(patch).removesuffix("\n").split("\n")
    yield _pre(map(_diff_line, lines[:_MOST_DIFF]))
    if len(lines) > _MOST_DIFF:
        yield f'<p class="quiet">… and {len(lines) - _MOST_DIFF:,} more lines.</p>'


def _diff_line(line: str) -> Html:
    return _line(line.removesuffix("\r"), {"+": "add", "-": "remove", "@": "hunk"}.get(line[:1], "same"))


def _line(text: str, kind: str = "same") -> Html:
    return Html(f'<span class="{kind}">{escaped(text)}\n</span>')


def _left_alone(result: Result) -> Iterator[str]:
    lines = []
    for step in result.steps:
        name = escaped(step.transform.name)
        for declined in step.declined:
            line, why = placed(step, declined)
            lines.append(f"<code>{name}</code>, line {line}: {prose(why)}")
        for held in step.withheld:
            where = step.line(held.change.anchor)
            why = f"not done, {prose(held.reason)}. It would have been: {prose(held.change.why)}"
            lines.append(f"<code>{name}</code>, line {where}: {why}")
    yield from _folded("Left alone, and why", lines)


def _verified(proof: Proof | None, *, changed: bool) -> Iterator[str]:
    if proof is None:
        if changed:
            yield '<p class="quiet">Not verified by building: <code>--verify</code> builds, runs and compares both.</p>'
        return
    by = f" ({escaped(proof.engine)})" if proof.engine else ""
    reason = f": {prose(proof.reason)}" if proof.reason else ""
    look = "good" if proof.verdict.holds else "bad"
    yield f'<h3>Proof{by}</h3><p><strong class="{look}">{proof.verdict.value}</strong>{reason}</p>'
    yield from _listed(f"{each.kind.value}: {prose(each.what)}" for each in proof.differences)
    if proof.before is not None:
        yield from table(SIZES, size_rows(proof.before, proof.after))
    if proof.log and not proof.verdict.holds:
        log = _pre(map(_line, proof.log.splitlines()))
        yield f"<details><summary>The end of its log</summary>{log}</details>"
    yield from _folded("The same in both images", [prose(line) for line in proof.seen])
    yield from _folded("Not looked at", [prose(line) for line in proof.not_seen])


def _pre(lines: Iterable[Html]) -> str:
    return f"<pre><code>{''.join(lines)}</code></pre>"


def _folded(title: str, lines: list[str]) -> Iterator[str]:
    if lines:
        yield f"<details><summary>{title}</summary>"
        yield from _listed(lines)
        yield "</details>"


def _listed(lines: Iterable[str]) -> Iterator[str]:
    lines = list(lines)
    if lines:
        more = f"<li>and {len(lines) - _MOST_LISTED:,} more</li>" if len(lines) > _MOST_LISTED else ""
        yield f"<ul>{''.join(f'<li>{line}</li>' for line in lines[:_MOST_LISTED])}{more}</ul>"
