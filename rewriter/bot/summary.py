"""What came of a run, for people: outcomes grouped by reason, proposals, and what they save. Pure."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rewriter.bot.ledger import Proposal, Visit

_NUMBERS = re.compile(r"#\d+")
_COMMITS = re.compile(r" ?\(?\b[0-9a-f]{12}\b\)?")
HOUR = 3600


@dataclass(frozen=True, slots=True)
class Place:
    """A Dockerfile, or a repository as a whole where ``path`` is empty."""

    name: str
    path: str
    why: str
    url: str


@dataclass(frozen=True, slots=True)
class Group:
    """Everything that came to the same for the same reason."""

    outcome: str
    reason: str
    failed: bool
    places: Sequence[Place]


@dataclass(frozen=True, slots=True)
class Saving:
    """Bytes of images before and after, summed over proposals."""

    proposals: int = 0
    before: int = 0
    after: int = 0

    @property
    def saved(self) -> int:
        """Bytes."""
        return self.before - self.after


@dataclass(frozen=True, slots=True)
class Summary:
    """All that a report says."""

    run: str
    repositories: int
    outcomes: dict[str, int]
    """How many files and repositories came to what, the most frequent first."""
    groups: Sequence[Group]
    """Failures first, then the largest."""
    states: dict[str, int]
    """Proposals of all runs by what became of them."""
    measured: Saving
    forecast: Saving
    """Of proposals that are open or merged."""
    hours: dict[int, int]
    """Pull requests opened, changed or closed, by hour since the epoch."""
    proposals: Sequence[Proposal] = field(repr=False)


def summarise(run: str, visits: Iterable[Visit], proposals: Sequence[Proposal]) -> Summary:
    """Puts the records of one run, and the proposals of all, together."""
    outcomes: Counter[str] = Counter()
    groups: dict[tuple[bool, str, str], list[Place]] = defaultdict(list)
    hours: Counter[int] = Counter()
    names: set[tuple[str, str]] = set()
    for visit in visits:
        names.add((visit.forge, visit.repository))
        outcomes[visit.outcome] += 1
        key = (visit.failed, visit.outcome, general(visit.why))
        groups[key].append(Place(visit.name, visit.path, visit.why, visit.url))
        if visit.outcome in ("opened", "updated", "closed"):
            hours[int(visit.at // HOUR)] += 1
    ordered = sorted(groups.items(), key=lambda item: (not item[0][0], -len(item[1]), item[0][1:]))
    alive = [each for each in proposals if each.state in ("open", "merged")]
    return Summary(
        run=run,
        repositories=len(names),
        outcomes=dict(outcomes.most_common()),
        groups=[Group(outcome, reason, failed, places) for (failed, outcome, reason), places in ordered],
        states=dict(Counter(each.state for each in proposals).most_common()),
        measured=_saving(each for each in alive if each.measured),
        forecast=_saving(each for each in alive if not each.measured),
        hours=dict(sorted(hours.items())),
        proposals=proposals,
    )


def general(why: str) -> str:
    """A reason without what is different in each case: numbers of pull requests and ids of commits."""
    return _COMMITS.sub("", _NUMBERS.sub("its pull request", why)).strip()


def _saving(proposals: Iterable[Proposal]) -> Saving:
    count = before = after = 0
    for each in proposals:
        if each.before_bytes is not None and each.after_bytes is not None:
            count, before, after = count + 1, before + each.before_bytes, after + each.after_bytes
    return Saving(count, before, after)


def as_data(summary: Summary) -> dict[str, Any]:
    """The summary as JSON; sizes in bytes, times in seconds since the epoch."""

    def saving(found: Saving) -> dict[str, int]:
        return {"proposals": found.proposals, "before": found.before, "after": found.after, "saved": found.saved}

    return {
        "run": summary.run,
        "repositories": summary.repositories,
        "outcomes": summary.outcomes,
        "proposals_by_state": summary.states,
        "saved": {"measured": saving(summary.measured), "forecast": saving(summary.forecast)},
        "writes_by_hour": {str(hour * HOUR): count for hour, count in summary.hours.items()},
        "groups": [
            {
                "outcome": group.outcome,
                "reason": group.reason,
                "failed": group.failed,
                "files": [
                    {"repository": place.name, "path": place.path, "why": place.why, "url": place.url}
                    for place in group.places
                ],
            }
            for group in summary.groups
        ],
        "proposals": [
            {
                "repository": each.name,
                "path": each.path,
                "state": each.state,
                "url": each.url,
                "branch": each.branch,
                "before": each.before_bytes,
                "after": each.after_bytes,
                "measured": each.measured,
                "why": each.why,
            }
            for each in summary.proposals
        ],
    }
