"""``dfrewrite bot status`` and ``bot report``: what came of the bot's runs."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from rewriter.bot.tokens import DATABASE

if TYPE_CHECKING:
    from rewriter.bot.ledger import Ledger
    from rewriter.bot.run import Place
    from rewriter.bot.summary import Summary

_EXTRA = "the bot needs more than the rewriting does: pip install 'dfrewrite[bot]'"
_DATABASES = ("postgresql://", "postgres://")
_FILE = click.Path(path_type=Path, dir_okay=False)


def need_extra() -> None:
    """Raises click.ClickException where what the bot needs is not installed."""
    import importlib.util

    if any(importlib.util.find_spec(name) is None for name in ("dbos", "sqlalchemy", "prometheus_client", "jwt")):
        raise click.ClickException(_EXTRA)


def place_options(command: Any) -> Any:
    """Where the ledger and the queue are."""
    for option in (
        click.option("--folder", type=click.Path(path_type=Path, file_okay=False), help="For clones and SQLite files."),
        # In the environment a password in it is in no list of processes.
        click.option(
            "--database",
            default="",
            envvar=DATABASE,
            metavar="URL",
            help=f"PostgreSQL, for many workers (default: {DATABASE}, else SQLite).",
        ),
    ):
        command = option(command)
    return command


def place_of(folder: Path | None, database: str) -> Place:
    """What the options say, or the usual folder."""
    from rewriter.bot.run import Place, default_folder

    if database and not database.startswith(_DATABASES):
        raise click.ClickException("a database is named as postgresql://user:password@host/name")
    return Place(folder or default_folder(), database)


def _ledger(place: Place) -> Ledger | None:
    """None, and a word about it, where nothing was run yet."""
    from rewriter.bot.database import DATABASE_ERRORS, words_of
    from rewriter.bot.ledger import Ledger
    from rewriter.terminal import say

    if not place.database and not (place.folder / "ledger.sqlite").exists():
        say(f"nothing was run yet in {place.folder}")
        return None
    try:
        return Ledger(place.ledger)
    except DATABASE_ERRORS as error:
        raise click.ClickException(words_of(error)) from None


@click.command()
@click.option("--json", "as_json", is_flag=True, help="All of it, for a program.")
@place_options
def status(folder: Path | None, database: str, as_json: bool) -> int:
    """Show all proposals, and what the last run came to."""
    need_extra()
    from rewriter.terminal import write

    ledger = _ledger(place_of(folder, database))
    if ledger is None:
        return 0
    summary = _summary(ledger, "")
    ledger.close()
    if as_json:
        _write_json(summary, None)
        return 0
    last = ""
    for each in sorted(summary.proposals, key=lambda each: each.state):
        if each.state != last:
            write(f"{each.state} ({summary.states[each.state]:,})")
            last = each.state
        write(f"  {each.name} {each.path}: {each.why} {each.url or each.branch}")
    if summary.run:
        counts = ", ".join(f"{count:,} {outcome}" for outcome, count in summary.outcomes.items())
        write(f"last run {summary.run}: {summary.repositories:,} repositories; {counts}")
    return 0


@click.command()
@click.option("--run", "run_name", default="", metavar="NAME", help="(default: the last one)")
@click.option("--html", type=_FILE, help="Write one page there.")
@click.option("--json", "json_file", type=_FILE, help="Write JSON there.")
@place_options
def report(run_name: str, html: Path | None, json_file: Path | None, folder: Path | None, database: str) -> int:
    """Tell what came of a run, by reason; without a file on standard output."""
    need_extra()
    from rewriter.io.files import Unwritable
    from rewriter.terminal import say

    ledger = _ledger(place_of(folder, database))
    if ledger is None:
        return 0
    known = ledger.runs()
    if run_name and run_name not in known:
        say(f"error: there was no run {run_name}; there were {', '.join(known[-10:]) or 'none'}")
        ledger.close()
        return 2
    summary = _summary(ledger, run_name)
    ledger.close()
    try:
        if html is not None:
            from rewriter.bot.as_page import render

            _write(html, render(summary))
        if json_file is not None:
            _write_json(summary, json_file)
    except Unwritable as error:
        say(f"error: {error}")
        return 2
    if html is None and json_file is None:
        _tell(summary)
    return 0


def _summary(ledger: Ledger, run: str) -> Summary:
    from rewriter.bot.summary import summarise

    run = run or next(reversed(ledger.runs()), "")
    return summarise(run, ledger.visits(run) if run else [], ledger.proposals())


def _tell(summary: Summary) -> None:
    from rewriter.terminal import write

    write(f"run {summary.run or '(none)'}: {summary.repositories:,} repositories")
    for how, saving in (("measured", summary.measured), ("forecast", summary.forecast)):
        if saving.proposals:
            count = f"{saving.proposals:,} proposal{'s' if saving.proposals > 1 else ''}"
            write(f"{saving.saved / 1e6:,.0f} MB saved by {count}, {how}")
    for group in summary.groups:
        write(f"\n{group.outcome}: {group.reason or '…'} ({len(group.places):,})")
        for place in group.places:
            write(f"  {place.name} {place.path} {place.url}".rstrip())


def _write_json(summary: Summary, path: Path | None) -> None:
    import json

    from rewriter.bot.summary import as_data
    from rewriter.terminal import write

    text = json.dumps(as_data(summary), indent=2)
    if path is None:
        write(text)
    else:
        _write(path, [text, "\n"])


def _write(path: Path, pieces: Iterable[str]) -> None:
    from rewriter.io.files import write_pieces

    write_pieces(path, (piece.encode("utf-8", "backslashreplace") for piece in pieces))
