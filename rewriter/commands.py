"""Commands beside the rewriting itself: what there is, why, and what is known."""

from __future__ import annotations

import click

from rewriter.cli_bot import bot
from rewriter.cli_facts import facts
from rewriter.cli_proof import prove


@click.group()
def commands() -> None:
    """Commands beside the rewriting itself."""


commands.add_command(prove)
commands.add_command(facts)
commands.add_command(bot)


@commands.command(name="list")
def list_() -> None:
    """Show all transforms."""
    from rewriter.discovery import all_transforms

    for transform in all_transforms():
        click.echo(f"{transform.name:16} {transform.summary}{'' if transform.default else ' (opt-in)'}")


@commands.command()
@click.argument("name")
def explain(name: str) -> None:
    """Show the page of one transform."""
    from rewriter.discovery import UnknownTransformError, all_transforms, chosen

    try:
        chosen((name,))
    except UnknownTransformError as error:
        raise click.UsageError(str(error)) from None
    page = next(transform.page for transform in all_transforms() if transform.name == name)
    click.echo(f"{name}: {page.strip()}")
