"""The dashboard: an issue that lists, for one owner, what is proposed and what is not."""

from __future__ import annotations

import re
import string
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rewriter.bot.campaign import CampaignError
from rewriter.bot.forge import Forge, Repository
from rewriter.bot.sources import belongs
from rewriter.bot.summary import Group, Summary, summarise
from rewriter.bot.survey import allowed_owners
from rewriter.bot.task import Tools
from rewriter.report.markup import code, escaped

MOST = 60_000
"""Characters; GitHub takes 65,536."""
TITLE = "dfrewrite: proposals"
_PLAIN = re.compile(r"https?://[\w.:/%~+-]+", re.ASCII)
"""An address that can be a link as it is."""
_MOST_PLACES = 20
"""Of one reason."""


@dataclass(frozen=True, slots=True)
class Dashboard:
    """Where one is kept."""

    forge: Forge
    owner: str
    repository: Repository


def find_dashboards(tools: Tools) -> list[Dashboard]:
    """Where the campaign asks for dashboards, one for each owner.

    Raises CampaignError for one outside of the owners that were named, and what forges raise.
    """
    wished, found = tools.campaign.pulls.dashboard, []
    for source, forge in enumerate(tools.forges if wished else ()):
        if forge.branches_only:
            continue
        owners = sorted(allowed_owners(tools.campaign, source))
        for owner in owners:
            name = string.Template(wished).safe_substitute(owner=owner)
            repository = forge.repository(name)
            if repository is None or not belongs(repository, owners):
                raise CampaignError(f"pull-request: the dashboard {name!r} is no repository of those that were named")
            found.append(Dashboard(forge, owner, repository))
    return found


def write_dashboards(tools: Tools, run: str, dashboards: Sequence[Dashboard]) -> None:
    """Writes them, in place of what they said before. Raises what forges raise."""
    if not dashboards:
        return
    visits, proposals = tools.ledger.visits(run), tools.ledger.proposals()
    for board in dashboards:
        forge, mine = board.forge, f"{board.owner.lower()}/"
        summary = summarise(
            run,
            [each for each in visits if each.forge == forge.host and each.name.lower().startswith(mine)],
            [each for each in proposals if each.forge == forge.host and each.name.lower().startswith(mine)],
        )
        title, body = f"{TITLE} for {board.owner}", render(summary)
        known = forge.issues(board.repository, title)
        number, before = known[0] if known else (None, "")
        if before.strip() != body.strip():
            number = forge.write_issue(board.repository, title, body, number)
        tools.events.tell("dashboard", repository=board.repository.name, number=number or 0)


def render(summary: Summary) -> str:
    """The body of the issue, of at most `MOST` characters."""
    parts = list(_parts(summary))
    body, left = "", MOST - 200
    for number, part in enumerate(parts):
        if len(part) > left:
            body += f"\n… cut here: {len(parts) - number:,} lines more than an issue can hold.\n"
            break
        body, left = f"{body}{part}\n", left - len(part) - 1
    return body


def _parts(summary: Summary) -> Iterator[str]:
    """Lines that may be cut between any two of them."""
    saved = summary.measured.saved + summary.forecast.saved
    states = ", ".join(f"{count:,} {escaped(state)}" for state, count in summary.states.items())
    yield f"Proposals: {states or 'none'}. Saved by those that are open or merged: {saved / 1e6:,.0f} MB."
    yield "Kept by the bot: what is written here is replaced by its next run.\n"
    opened = [each for each in summary.proposals if each.state == "open"]
    if opened:
        yield "## Open\n\n| repository | Dockerfile | proposal |\n| --- | --- | --- |"
        for each in opened:
            where = f"<{each.url}>" if _PLAIN.fullmatch(each.url) else ""
            yield f"| {code(each.name)} | {_cell(each.path)} | {where} |"
    yield from _groups("Failed", [group for group in summary.groups if group.failed])
    others = [group for group in summary.groups if not group.failed and group.outcome == "left alone"]
    yield from _groups("Left alone", others)


def _groups(title: str, groups: Sequence[Group]) -> Iterator[str]:
    if groups:
        yield f"\n## {title}\n"
    for group in groups:
        names = ", ".join(code(f"{place.name} {place.path}".strip()) for place in group.places[:_MOST_PLACES])
        more = len(group.places) - _MOST_PLACES
        yield f"* **{escaped(group.reason)}** ({len(group.places):,}): {names}" + (
            f" and {more:,} more" if more > 0 else ""
        )


def _cell(text: str) -> str:
    return code(text).replace("|", "\\|")
