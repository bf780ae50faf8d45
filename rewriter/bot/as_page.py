"""The report on a run as one page of HTML."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator

from rewriter.bot.ledger import Proposal
from rewriter.bot.summary import HOUR, Group, Saving, Summary
from rewriter.report.page import Html, bars, escaped, link, page, table

_MOST_BARS = 20
_WIDTH = 1000


def render(summary: Summary) -> Iterator[str]:
    """The page, piece by piece."""
    return page(f"dfrewrite bot: {summary.run}", _parts(summary))


def _parts(summary: Summary) -> Iterator[str]:
    yield from table(["what", "how many"], _totals(summary))
    if summary.outcomes:
        yield "<h2>Outcomes</h2>"
        yield from _counts([(name, count) for name, count in summary.outcomes.items()])
    sized = sorted((each for each in summary.proposals if _saved(each) > 0), key=_saved, reverse=True)
    if sized:
        yield "<h2>What is saved most</h2>"
        yield from bars(
            (f"{each.name} {each.path}", (each.before_bytes or 0) / 1e6, (each.after_bytes or 0) / 1e6)
            for each in sized[:_MOST_BARS]
        )
    if summary.hours:
        yield "<h2>Written to forges, by hour (UTC)</h2>"
        yield from _counts([(_hour(hour), count) for hour, count in summary.hours.items()])
    for group in summary.groups:
        yield from _group(group)
    if summary.proposals:
        yield "<h2>All proposals</h2>"
        head = ["repository", "Dockerfile", "state", "before", "after", ""]
        yield from table(head, map(_row, summary.proposals))


def _totals(summary: Summary) -> Iterator[list[str]]:
    yield ["repositories visited", f"{summary.repositories:,}"]
    for state, count in summary.states.items():
        yield [f"proposals {state}", f"{count:,}"]
    for how, saving in (("measured by building", summary.measured), ("forecast", summary.forecast)):
        if saving.proposals:
            yield [f"saved by {saving.proposals:,} proposals, {how}", _megabytes(saving)]


def _megabytes(saving: Saving) -> str:
    return f"{saving.saved / 1e6:,.0f} MB"


def _group(group: Group) -> Iterator[str]:
    kind = "bad" if group.failed else "quiet"
    count = f"{len(group.places):,}"
    yield f'<h3><span class="{kind}">{escaped(group.outcome)}</span> {escaped(group.reason or "…")} ({count})</h3>'
    opened = " open" if group.failed else ""
    yield f"<details{opened}><summary>where</summary>"
    yield from table(["repository", "Dockerfile", "why"], ([link(p.url, p.name), p.path, p.why] for p in group.places))
    yield "</details>"


def _row(each: Proposal) -> list[str]:
    how = "measured" if each.measured else "forecast" if each.before_bytes is not None else ""
    return [link(each.url, each.name), each.path, each.state, _size(each.before_bytes), _size(each.after_bytes), how]


def _size(size: int | None) -> str:
    return "-" if size is None else f"{size / 1e6:,.0f} MB"


def _saved(each: Proposal) -> int:
    return (each.before_bytes or 0) - (each.after_bytes or 0)


def _hour(hour: int) -> str:
    return datetime.datetime.fromtimestamp(hour * HOUR, datetime.UTC).strftime("%Y-%m-%d %H:00")


def _counts(rows: Iterable[tuple[str, int]]) -> Iterator[str]:
    """Bars of numbers, all on one scale."""
    rows = list(rows)
    most = max((count for _, count in rows), default=1) or 1
    yield '<div class="bars">'
    for label, count in rows:
        width = max(_WIDTH * count / most, 2)
        yield f'<div class="bar"><div class="label">{escaped(label)}</div><div class="sizes">{count:,}</div>'
        yield f'<svg viewBox="0 0 {_WIDTH} 20" preserveAspectRatio="none" role="img" aria-label="{count}">'
        yield Html(f'<rect class="after" y="4" height="12" width="{width:.1f}"/></svg></div>')
    yield "</div>"
