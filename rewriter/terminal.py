"""Printing: colours on a terminal, the very bytes in a pipe, and never an escape sequence from a Dockerfile."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable
from typing import Any

import click

_STYLES: dict[str, dict[str, Any]] = {
    "path": {"bold": True},
    "add": {"fg": "green"},
    "remove": {"fg": "red"},
    "hunk": {"fg": "cyan"},
    "note": {"fg": "blue"},
    "doubt": {"fg": "yellow"},
    "finding": {"fg": "yellow", "bold": True},
    "error": {"fg": "red", "bold": True},
}


def styled(text: str, role: str) -> str:
    return click.style(text, **_STYLES[role])


def visible(text: str) -> str:
    """Control characters shown, not obeyed: a Dockerfile must not steer the terminal of its reader."""
    return "".join(c if c.isprintable() or c == "\t" else c.encode("unicode_escape").decode() for c in text)


def write_lines(lines: Iterable[str], *, err: bool) -> None:
    for line in lines:
        write(line, err=err)


def write(text: str, *, end: str = "\n", err: bool = False) -> None:
    """Prints bytes as they were read; on a terminal control characters are shown instead."""
    stream = sys.stderr if err else sys.stdout
    if stream.isatty():
        text = click.unstyle(text) if os.environ.get("NO_COLOR") else text
        kept = "\n".join(_terminal_line(line) for line in text.split("\n"))
        click.echo(kept, nl=end == "\n", err=err)
        return
    stream.flush()
    stream.buffer.write(click.unstyle(text).encode("utf-8", "surrogateescape") + end.encode())
    stream.buffer.flush()


def _terminal_line(line: str) -> str:
    parts = re.split(r"(\x1b\[[0-9;]*m)", line)
    return "".join(part if n % 2 else visible(part.rstrip("\r")) for n, part in enumerate(parts))
