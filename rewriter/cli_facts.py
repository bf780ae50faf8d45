"""What the command line says about facts: `facts show`, `facts refresh`, and the options that ask registries."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from rewriter.cli_values import FILE

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rewriter.facts.overlay import Overlay
    from rewriter.io.config import Config
    from rewriter.io.registry import Registry
    from rewriter.io.registry_names import Reference
    from rewriter.io.registry_refresh import Wish
    from rewriter.session import Exit

CONFIG = click.Path(path_type=Path, exists=True, dir_okay=False)
_HOUR = 3600  # seconds


def check_options() -> list[click.Parameter]:
    """The options of the rewriting that ask the outside before anything is written."""
    several: dict[str, Any] = {"multiple": True}
    option = click.Option
    tags = "Ask the registry for each new image reference; without it, nothing is written."
    packages = "Look up new apk packages in this APKINDEX (file, folder or address; {release} is filled in)."
    return [
        option(["--check-tags/--no-check-tags"], default=None, help=tags),
        option(["--check-packages"], metavar="SOURCE", callback=_given, help=packages, **several),
        *_folder_options(),
    ]


def _folder_options() -> list[click.Parameter]:
    several: dict[str, Any] = {"multiple": True}
    option = click.Option
    mirror, insecure = "Asked before Docker Hub itself.", "May be asked by plain http."
    return [
        option(["--facts"], type=FILE, metavar="DIR", help="The folder of your own facts."),
        option(["--mirror"], metavar="ADDRESS", callback=_given, help=mirror, **several),
        option(["--insecure-registry"], metavar="HOST", callback=_hosts, help=insecure, **several),
    ]


def _given(_ctx: click.Context, _param: click.Parameter, value: tuple[str, ...]) -> tuple[str, ...] | None:
    """The values, None when there are none: then the configuration may speak."""
    return value or None


def _hosts(_ctx: click.Context, _param: click.Parameter, value: tuple[str, ...]) -> tuple[str, ...]:
    from rewriter.facts.overlay import is_registry

    for host in value:
        if not is_registry(host):
            raise click.BadParameter(f"{host!r} is not of the form HOST[:PORT]")
    return value


@click.group()
def facts() -> None:
    """What is known of images."""


@facts.command()
@click.argument("image")
@click.option("--facts", "folder", type=FILE, metavar="DIR", help="The folder of your own facts.")
@click.option("--config", type=CONFIG, metavar="FILE", help="Instead of dfrewrite.toml.")
def show(image: str, folder: Path | None, config: Path | None) -> None:
    """Show what the catalogue knows of IMAGE (golang:1.18)."""
    from rewriter.facts.show import describe
    from rewriter.io.config import load_config
    from rewriter.io.files import FileError
    from rewriter.io.registry_facts import facts_folder, facts_of

    try:
        own = facts_folder(folder, load_config(Path.cwd(), config).facts)
        text = describe(image, facts_of(own))
    except FileError as error:
        raise click.UsageError(str(error)) from None
    if text is None:
        raise click.UsageError(_visible(f"{image} is not in the catalogue"))
    click.echo(_visible(text))


def _visible(text: str) -> str:
    """A text whose control characters a terminal does not obey."""
    shown = (char if char.isprintable() or char == "\n" else char.encode("unicode_escape").decode() for char in text)
    return "".join(shown)


def _platforms(_ctx: click.Context, _param: click.Parameter, value: tuple[str, ...]) -> tuple[str, ...]:
    from rewriter.facts.overlay import is_platform
    from rewriter.io.registry_refresh import DEFAULT_PLATFORMS

    for platform in value:
        if not is_platform(platform):
            raise click.BadParameter(f"{platform!r} is not of the form OS/ARCHITECTURE[/VARIANT]")
    return value or DEFAULT_PLATFORMS


@facts.command(params=_folder_options())
@click.argument("images", nargs=-1, metavar="[IMAGE[:TAG]]…")
@click.option(
    "--platform", "platforms", multiple=True, callback=_platforms, help="Sizes for it (default: linux/amd64)."
)
@click.option(
    "--sizes", type=click.IntRange(min=0, max=10_000), metavar="N", help="Tags to read sizes of (default: 12)."
)
@click.option("--timeout", type=click.IntRange(min=1, max=_HOUR), metavar="SECONDS", help="Of each request (60).")
@click.option("--config", type=CONFIG, metavar="FILE", help="Instead of dfrewrite.toml.")
def refresh(
    images: tuple[str, ...],
    platforms: tuple[str, ...],
    sizes: int | None,
    timeout: int | None,
    config: Path | None,
    **asked: Any,
) -> int:
    """Ask the registries for the tags of each IMAGE, and the sizes of some of them; the folder of your own facts keeps
    them, and they win over the shipped ones.

    Without IMAGE, those that are in the folder already. With IMAGE:TAG, only that tag is looked at.

    Exit codes: 0 done, 2 at least one image is as it was before.
    """
    from rewriter.io.config import load_config
    from rewriter.io.files import FileError
    from rewriter.io.registry_errors import BadNameError
    from rewriter.io.registry_facts import facts_folder
    from rewriter.io.registry_folder import known_images
    from rewriter.io.registry_names import parse_reference
    from rewriter.io.registry_refresh import DEFAULT_SIZES, wishes
    from rewriter.session import Exit, worst
    from rewriter.terminal import say

    codes = [Exit.DONE]
    try:
        found = load_config(Path.cwd(), config)
        folder = facts_folder(asked["facts"], found.facts)
        names = images or tuple(known_images(folder))
    except FileError as error:
        say(f"error: {error}")
        return Exit.UNUSABLE
    if not names:
        say(f"there are no images in {folder} yet: name one, as in `dfrewrite facts refresh golang`")
    references: list[Reference] = []
    for name in names:
        try:
            references.append(parse_reference(name))
            if references[-1].digest:
                raise BadNameError(f"{references.pop()}: a digest never changes; name a tag, or the image alone")
        except BadNameError as error:
            say(f"error: {error}")
            codes.append(Exit.UNUSABLE)
    wanted = wishes(references, platforms, DEFAULT_SIZES if sizes is None else sizes)
    codes += _each(wanted, folder, found, asked, timeout) if wanted else []
    return worst(codes)


def _each(
    wanted: Sequence[Wish], folder: Path, config: Config, asked: dict[str, Any], timeout: int | None
) -> list[Exit]:
    """Refresh one image after the other; what fails is told and leaves its overlay as it was."""
    from rewriter.io.files import FileError
    from rewriter.io.registry_connect import connect, times
    from rewriter.io.registry_errors import RegistryError
    from rewriter.io.registry_http import Http
    from rewriter.session import Exit
    from rewriter.terminal import say

    codes = []
    with Http(times(timeout), say) as http:
        try:
            mirrors = asked["mirror"] or config.registry_mirrors or ()
            registry = connect(http, mirrors, asked["insecure_registry"])
        except RegistryError as error:
            say(f"error: {error}")
            return [Exit.UNUSABLE]
        for wish in wanted:
            try:
                _one(wish, folder, registry, click.echo)
            except (RegistryError, FileError) as error:
                say(f"error: {wish.repository.image}: {error}")
                codes.append(Exit.UNUSABLE)
    return codes


def _one(wish: Wish, folder: Path, registry: Registry, tell: Callable[[str], None]) -> None:
    """Raises RegistryError and FileError."""
    from rewriter.io.registry_connect import today
    from rewriter.io.registry_folder import read_overlay, write_overlay
    from rewriter.io.registry_refresh import differences, refreshed

    old = read_overlay(folder, wish.repository.image)
    new = refreshed(wish, old, registry, today())
    path = write_overlay(folder, new) if new != old else None
    tell(_told(new, differences(old, new), path))


def _told(new: Overlay, phrases: list[str], path: Path | None) -> str:
    changed = "; ".join(phrases) or "nothing changed"
    listed = f"{len(new.tags):,} tag{'' if len(new.tags) == 1 else 's'}, as of {new.as_of}"
    return f"{new.image}: {changed} ({listed}{f', written to {path}' if path else ''})"
