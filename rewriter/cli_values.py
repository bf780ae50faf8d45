"""Values of command line options: each reader takes what click gives it and raises click.BadParameter."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click

FILE = click.Path(path_type=Path)


class Folder(click.Path):
    """A folder that is there: click's own type takes pipes and devices for one."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        """The path."""
        path = Path(os.fsdecode(super().convert(value, param, ctx)))
        if not path.is_dir():
            self.fail(f"{str(path)!r} is no folder", param, ctx)
        return path


FOLDER = Folder(exists=True, file_okay=False)


def names(_ctx: click.Context, _param: click.Parameter, value: tuple[str, ...]) -> tuple[str, ...] | None:
    """``a,b`` given any number of times; None when it was not."""
    found = tuple(name.strip() for part in value for name in part.split(",") if name.strip())
    return found if value else None


def pairs(_ctx: click.Context, _param: click.Parameter, value: tuple[str, ...]) -> dict[str, str]:
    """``K=V`` given any number of times."""
    found = {}
    for item in value:
        key, equals, text = item.partition("=")
        if not equals or not key:
            raise click.BadParameter(f"{item!r} is not of the form K=V")
        found[key] = text
    return found


def release(_ctx: click.Context, _param: click.Parameter, value: str | None) -> str | None:
    """``X.Y``."""
    parts = value.split(".") if value is not None else ["3", "0"]
    if len(parts) != 2 or not all(part.isascii() and part.isdigit() for part in parts):
        raise click.BadParameter(f"{value!r} is not of the form X.Y")
    return value


def report(_ctx: click.Context, _param: click.Parameter, value: str | None) -> Path | None:
    """A file whose ending says what is written into it."""
    if value is None:
        return None
    from rewriter.documents import KEPT

    path = Path(value)
    if path.suffix.lower() not in KEPT:
        raise click.BadParameter(f"{value!r} ends in none of {', '.join(KEPT)}")
    return path


def requests(_ctx: click.Context, _param: click.Parameter, value: tuple[str, ...]) -> tuple[str, ...] | None:
    """Requests, given any number of times; None when none was."""
    if not value:
        return None
    from rewriter.proof.observation import How

    try:
        return tuple(How(probes=value).probes) or None
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


def command_lines(_ctx: click.Context, _param: click.Parameter, value: tuple[str, ...]) -> tuple[str, ...] | None:
    """Commands, given any number of times; None when none was."""
    if not value:
        return None
    from rewriter.proof.observation import How

    try:
        return tuple(How(smoke=value).smoke) or None
    except ValueError as error:
        raise click.BadParameter(str(error)) from None
