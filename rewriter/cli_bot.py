"""``dfrewrite bot``: pull requests across repositories."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from rewriter.bot.campaign import Campaign

_EXTRA = "the bot needs more than the rewriting does: pip install 'dfrewrite[bot]'"


@click.group()
def bot() -> None:
    """Open, update and respect pull requests over many repositories."""


def _place_options(command: Any) -> Any:
    """Where the ledger and the queue are."""
    for option in (
        click.option("--folder", type=click.Path(path_type=Path, file_okay=False), help="For clones and SQLite files."),
        click.option("--database", default="", metavar="URL", help="PostgreSQL, for many workers (default: SQLite)."),
    ):
        command = option(command)
    return command


@bot.command()
@click.argument("repositories", nargs=-1)
@click.option("--campaign", type=click.Path(path_type=Path, exists=True, dir_okay=False), help="A dfrewrite-bot.toml.")
@click.option("--forge", type=click.Choice(["github", "gitlab", "gitea", "git", "folder"]), help="(default: github)")
@click.option("--url", default="", help="Of a forge that is not the public one.")
@click.option("--owner", "owners", multiple=True, help="All repositories of an organisation, group or user.")
@click.option("--file", default="", help="A file with one repository a line.")
@click.option("--search", default="", help="In the forge's own words, within the owners.")
@click.option("--dry-run", is_flag=True, help="Print what would be done, with the diffs; touch nothing.")
@click.option(
    "--run", "run_name", default="", metavar="NAME", help="(default: the one that was interrupted, or a new one)"
)
@click.option("--level", type=click.Choice(["safe", "review", "risky"]))
@click.option("--verify", is_flag=True, help="Propose only what was built and did its job.")
@click.option("--network", default="", metavar="MODE", help="Of the builds of --verify: host, none.")
@click.option("--recreate", is_flag=True, help="Propose again what was closed.")
@click.option("--ca-file", default="", help="Authorities to trust instead of the system's.")
@_place_options
def run(campaign: Path | None, dry_run: bool, run_name: str, ca_file: str, **asked: Any) -> int:
    """Visit repositories and propose what there is to propose.

    REPOSITORIES are names on the forge (acme/tides), addresses for plain git, or folders of clones. Tokens come from
    the environment alone: GITHUB_TOKEN, GITLAB_TOKEN, GITEA_TOKEN, or DFREWRITE_TOKEN_<HOST>.
    """
    _need_extra()
    import datetime

    from rewriter.bot.campaign import CampaignError
    from rewriter.bot.forge import ForgeError
    from rewriter.bot.run import Place, default_folder, look, told, tools_for, work
    from rewriter.bot.tokens import take
    from rewriter.terminal import say, write

    place = Place(asked.pop("folder") or default_folder(), asked.pop("database"))
    today = datetime.datetime.now(datetime.UTC).date().isoformat()
    try:
        chosen = _campaign(campaign, asked)
        with tools_for(chosen, place, certificates=ca_file, environment=take()) as tools:
            if dry_run:
                for task, found in look(tools, "dry-run"):
                    for line in told(task, found):
                        write(line)
                    _show_diffs(found)
                return 0
            name = tools.ledger.begin_run(chosen.name, today, tools.clock.now(), run_name)
            for outcome, count in sorted(work(tools, place, name, say).items()):
                write(f"{count:6,} {outcome}")
            return 2 if any(visit.failed for visit in tools.ledger.visits(name)) else 0
    except (CampaignError, ForgeError, OSError) as error:
        say(f"error: {error}")
        return 2


def _show_diffs(found: Any) -> None:
    from rewriter.bot.decide import Do
    from rewriter.terminal import write

    for plan in found.plans if not isinstance(found, str) else ():
        if plan.prepared is not None and plan.do in (Do.OPEN, Do.UPDATE):
            write(plan.prepared.diff)


def _campaign(path: Path | None, asked: dict[str, Any]) -> Campaign:
    """A campaign from a file, with the command line over it. Raises CampaignError."""
    from dataclasses import replace

    from rewriter.bot.campaign import Campaign, CampaignError, Source, load_campaign

    found = load_campaign(path) if path is not None else Campaign()
    named = asked["repositories"] or asked["owners"] or asked["file"] or asked["search"]
    if named:
        kind = asked["forge"] or "github"
        folders = tuple(asked["repositories"]) if kind == "folder" else ()
        source = Source(
            forge=kind,
            url=asked["url"],
            owners=(*asked["owners"], *folders),
            repositories=() if folders else tuple(asked["repositories"]),
            file=asked["file"],
            search=asked["search"],
        )
        found = replace(found, sources=(source,))
    if not found.sources:
        raise CampaignError("nothing names a repository: give names, --owner, --file or --campaign")
    if any(source.search and not source.owners for source in found.sources):
        raise CampaignError("a search needs --owner: repositories of others are never touched")
    rewrite = replace(found.rewrite, level=asked["level"]) if asked["level"] else found.rewrite
    rewrite = replace(rewrite, verify=asked["verify"] or rewrite.verify, network=asked["network"] or rewrite.network)
    pulls = replace(found.pulls, recreate=True) if asked["recreate"] else found.pulls
    return replace(found, rewrite=rewrite, pulls=pulls)


@bot.command()
@_place_options
def status(folder: Path | None, database: str) -> int:
    """Show all proposals and what became of them."""
    _need_extra()
    from rewriter.bot.ledger import Ledger
    from rewriter.bot.run import Place, default_folder
    from rewriter.terminal import say, write

    place = Place(folder or default_folder(), database)
    if not database and not (place.folder / "ledger.sqlite").exists():
        say(f"nothing was run yet in {place.folder}")
        return 0
    ledger = Ledger(place.ledger)
    for each in ledger.proposals():
        number = f" #{each.number}" if each.number else ""
        write(f"{each.state:8} {each.name}{number} {each.path}: {each.why} {each.url}".rstrip())
    ledger.close()
    return 0


def _need_extra() -> None:
    import importlib.util

    if any(importlib.util.find_spec(name) is None for name in ("dbos", "sqlalchemy")):
        raise click.ClickException(_EXTRA)
