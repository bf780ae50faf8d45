"""``dfrewrite bot``: pull requests across repositories."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from rewriter.cli_bot_reports import need_extra, place_of, place_options, report, status

if TYPE_CHECKING:
    from rewriter.bot.campaign import Campaign, Source
    from rewriter.bot.events import Listener
    from rewriter.bot.run import Place
    from rewriter.bot.task import Tools


_MOST_REASONS = 10


@click.group()
def bot() -> None:
    """Open, update and respect pull requests over many repositories."""


@bot.command()
@click.argument("repositories", nargs=-1)
@click.option(
    "--campaign",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="A dfrewrite-bot.toml; names that are given here go before its own.",
)
@click.option("--forge", type=click.Choice(["github", "gitlab", "gitea", "git", "folder"]), help="(default: github)")
@click.option("--url", default="", help="Of a forge that is not the public one.")
@click.option("--owner", "owners", multiple=True, help="All repositories of an organisation, group or user.")
@click.option("--file", default="", help="A file with one repository a line.")
@click.option("--search", default="", help="In the forge's own words, within the owners.")
@click.option("--dry-run", is_flag=True, help="Print what would be done, with the diffs; touch nothing.")
@click.option(
    "--run", "run_name", default="", metavar="NAME", help="(default: the one that was interrupted, or a new one)"
)
@click.option("--set", "settings", multiple=True, metavar="KEY=VALUE", help="Of the campaign: caps.per-run=5.")
@click.option("--level", type=click.Choice(["safe", "review", "risky"]))
@click.option("--verify", is_flag=True, help="Propose only what was built and did its job.")
@click.option("--network", default="", metavar="MODE", help="Of the builds of --verify: host, none.")
@click.option("--recreate", is_flag=True, help="Propose again what was closed.")
@click.option("--log", type=click.Path(path_type=Path, dir_okay=False), help="Append what happens, as lines of JSON.")
@click.option("--metrics-port", type=click.IntRange(0, 65535), help="Serve metrics for Prometheus while it runs.")
@click.option("--metrics-address", default="127.0.0.1", help="(default: this machine alone)")
@click.option(
    "--ca-file",
    type=click.Path(exists=True, dir_okay=False),
    default=None,
    help="Authorities to trust instead of the system's.",
)
@place_options
def run(campaign: Path | None, dry_run: bool, run_name: str, ca_file: str | None, **asked: Any) -> int:
    """Visit repositories and propose what there is to propose.

    REPOSITORIES are names on the forge (acme/tides), addresses for plain git, or folders of clones. Tokens come from
    the environment alone: GITHUB_TOKEN, GITLAB_TOKEN, GITEA_TOKEN, or DFREWRITE_TOKEN_<HOST>; of a GitHub App
    DFREWRITE_APP_ID and DFREWRITE_APP_PRIVATE_KEY. The exit code is 2 where anything failed.
    """
    need_extra()
    from rewriter.bot.campaign import CampaignError
    from rewriter.bot.database import DATABASE_ERRORS, words_of
    from rewriter.bot.forge import ForgeError
    from rewriter.bot.run import tools_for
    from rewriter.bot.tokens import take
    from rewriter.terminal import say

    place = place_of(asked.pop("folder"), asked.pop("database"))
    watching = {name: asked.pop(name) for name in ("log", "metrics_port", "metrics_address")}
    try:
        chosen = _campaign(campaign, asked)
        with (
            _listeners(dry_run, chosen.name, **watching) as listeners,
            tools_for(chosen, place, certificates=ca_file or "", environment=take(), listeners=listeners) as tools,
        ):
            return _look(tools) if dry_run else _work(tools, place, run_name)
    except (CampaignError, ForgeError) as error:
        say(f"error: {error}")
    except OSError as error:
        say(f"error: {error.filename}: {error.strerror}" if error.filename and error.strerror else f"error: {error}")
    except DATABASE_ERRORS as error:
        say(f"error: {words_of(error)}")
    return 2


def _look(tools: Tools) -> int:
    """The dry run."""
    from rewriter.bot.dashboard import find_dashboards
    from rewriter.bot.run import look, told
    from rewriter.terminal import say, write

    seen = failed = 0
    for task, found in look(tools, "dry-run"):
        seen += 1
        failed += isinstance(found, str) or any(left.failed for left in found.left)
        for line in told(task, found):
            write(line)
        _show_diffs(found)
    if not seen:
        say("no repository was found")
    for board in find_dashboards(tools):
        write(f"would keep a dashboard in {board.repository.name}")
    return 2 if failed else 0


def _work(tools: Tools, place: Place, run_name: str) -> int:
    import datetime

    from rewriter.bot.run import work
    from rewriter.bot.summary import summarise
    from rewriter.io import interruption
    from rewriter.terminal import say, write

    today = datetime.datetime.now(datetime.UTC).date().isoformat()
    name = tools.ledger.begin_run(tools.campaign.name, today, tools.clock.now(), run_name)
    # Whatever is under way then is gone on with: a step is done again, or it was done.
    interruption.will_say(f"the same command goes on with the run {name}")
    outcomes = work(tools, place, name)
    for outcome, count in sorted(outcomes.items()):
        write(f"{count:6,} {outcome}")
    failed = [group for group in summarise(name, tools.ledger.visits(name), ()).groups if group.failed]
    for group in failed[:_MOST_REASONS]:
        first, more = group.places[0], len(group.places) - 1
        say(f"failed: {first.name}{f' and {more:,} more' if more else ''}: {group.reason}")
    if len(failed) > _MOST_REASONS:
        say(f"failed for {len(failed) - _MOST_REASONS:,} other reasons: dfrewrite bot report has all")
    return 2 if failed else 0


@contextlib.contextmanager
def _listeners(
    quiet: bool, campaign: str, *, log: Path | None, metrics_port: int | None, metrics_address: str
) -> Iterator[list[Listener]]:
    """What is told of the run as it goes on."""
    import sys

    from rewriter.bot.events import JsonLog
    from rewriter.bot.progress import Progress

    with contextlib.ExitStack() as ended:
        found: list[Listener] = []
        if not quiet:
            progress = Progress(sys.stderr)
            ended.callback(progress.end)
            found.append(progress)
        if log is not None:
            file = JsonLog(log, campaign=campaign, process=os.getpid())
            ended.callback(file.close)
            found.append(file)
        if metrics_port is not None:
            from rewriter.bot.metrics import Metrics

            try:
                metrics = Metrics(metrics_port, metrics_address)
            except OSError as error:
                raise OSError(error.errno, error.strerror, f"{metrics_address}:{metrics_port}") from None
            ended.callback(metrics.close)
            found.append(metrics)
        yield found


def _show_diffs(found: Any) -> None:
    from rewriter.bot.decide import Do
    from rewriter.terminal import write

    for plan in found.plans if not isinstance(found, str) else ():
        if plan.prepared is not None and plan.do in (Do.OPEN, Do.UPDATE):
            write(plan.prepared.diff)


def _campaign(path: Path | None, asked: dict[str, Any]) -> Campaign:
    """A campaign from a file, with the command line over it. Raises CampaignError."""
    from dataclasses import replace

    from rewriter.bot.campaign import CampaignError, load_campaign

    found = load_campaign(path, asked["settings"])
    if asked["repositories"] or asked["owners"] or asked["file"] or asked["search"]:
        found = replace(found, sources=(_source(found, asked),))
    elif asked["forge"] or asked["url"]:
        raise CampaignError("--forge and --url need names beside them, --owner, --file or --search")
    if not found.sources:
        raise CampaignError("nothing names a repository: give names, --owner, --file or --campaign")
    if any(source.search and not source.owners for source in found.sources):
        raise CampaignError("a search needs --owner: repositories of others are never touched")
    key = found.author.signing_key
    if key and not Path(key).expanduser().is_file():
        raise CampaignError(f"author: there is no file {key} to sign with")
    rewrite = replace(found.rewrite, level=asked["level"]) if asked["level"] else found.rewrite
    rewrite = replace(rewrite, verify=asked["verify"] or rewrite.verify, network=asked["network"] or rewrite.network)
    pulls = replace(found.pulls, recreate=True) if asked["recreate"] else found.pulls
    return replace(found, rewrite=rewrite, pulls=pulls)


def _source(campaign: Campaign, asked: dict[str, Any]) -> Source:
    """What the command line names; the forge and the filters are the campaign's, where it has one source.

    Raises CampaignError.
    """
    from dataclasses import replace

    from rewriter.bot.campaign import CampaignError, Source
    from rewriter.bot.values import check_url

    if len(campaign.sources) > 1:
        raise CampaignError("the campaign has several sources: names on the command line can take the place of one")
    try:
        check_url(asked["url"])
    except ValueError as error:
        raise CampaignError(f"--url {error}") from None
    own = campaign.sources[0] if campaign.sources else Source()
    forge = asked["forge"] or own.forge
    folders = tuple(asked["repositories"]) if forge == "folder" else ()
    return replace(
        own,
        forge=forge,
        url=asked["url"] or (own.url if forge == own.forge else ""),
        owners=(*asked["owners"], *folders),
        repositories=() if folders else tuple(asked["repositories"]),
        file=asked["file"],
        search=asked["search"],
    )


for command in (status, report):
    bot.add_command(command)
