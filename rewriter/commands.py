"""Commands beside the rewriting itself: what there is, why, and what is known."""

from __future__ import annotations

import click

from rewriter.cli_proof import prove


@click.group()
def commands() -> None:
    """Commands beside the rewriting itself."""


commands.add_command(prove)


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


@commands.group()
def facts() -> None:
    """What is known of images."""


@facts.command()
@click.argument("image")
def show(image: str) -> None:
    """Show what the catalogue knows of IMAGE (golang:1.18)."""
    from rewriter.facts.show import describe

    text = describe(image)
    if text is None:
        raise click.UsageError(f"{image} is not in the catalogue")
    click.echo(text)
