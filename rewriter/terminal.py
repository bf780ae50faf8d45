"""Printing: colours on a terminal, the very bytes in a pipe, and never an escape sequence from a Dockerfile.

Each format prints a file as soon as it is done, so that nothing has to be kept until the last one.
"""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING, Any, Protocol, TextIO

import click

from rewriter import __version__

if TYPE_CHECKING:
    from rewriter.proof.verdict import Proof
    from rewriter.report.text import Style
    from rewriter.session import Outcome

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


def visible(text: str) -> str:
    """Control characters shown, not obeyed: a Dockerfile must not steer the terminal of its reader."""
    return "".join(c if c.isprintable() or c == "\t" else c.encode("unicode_escape").decode() for c in text)


_LONGEST = 5_000  # characters that are said; more than any path has


def say(text: str) -> None:
    """One line on standard error."""
    click.echo(visible(text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"), err=True)


def write(text: str, *, end: str = "\n", err: bool = False) -> None:
    """Prints bytes as they were read; on a terminal control characters are shown instead."""
    if _stream(err).isatty():
        text = "\n".join(visible(line.rstrip("\r")) for line in text.split("\n"))
    _put(text + end, err)


def write_report(outcome: Outcome, *, err: bool) -> None:
    """The report on one file, in colours on a terminal."""
    from rewriter.report.text import render_text

    if outcome.result is not None:
        style = _style(err)
        lines = render_text(outcome.shown, outcome.result, outcome.patch, style, outcome.proof)
        _put("".join(f"{line}\n" for line in lines) + "\n", err)


def write_proof(proof: Proof, *, as_json: bool) -> None:
    """What building two Dockerfiles came to."""
    from rewriter.report.proof import proof_as_json, proof_lines

    text = json.dumps(proof_as_json(proof), indent=2) if as_json else "\n".join(proof_lines(proof, _style(False)))
    _put(f"{text}\n", False)


def _style(err: bool) -> Style:
    from rewriter.report.text import plain

    if not _stream(err).isatty():
        return plain
    return _uncoloured if os.environ.get("NO_COLOR") else _coloured


def _coloured(text: str, role: str) -> str:
    shown = _uncoloured(text, role)
    return click.style(shown, **_STYLES[role]) if role else shown


def _uncoloured(text: str, _role: str) -> str:
    return visible(text.rstrip("\r"))


def _stream(err: bool) -> TextIO:
    return sys.stderr if err else sys.stdout


def _put(text: str, err: bool) -> None:
    stream = _stream(err)
    stream.flush()
    if stream.isatty():
        data = text.encode(stream.encoding or "utf-8", "replace")
    else:
        data = text.encode("utf-8", "surrogateescape")
    stream.buffer.write(data)
    stream.buffer.flush()


class Format(Protocol):
    """A way to report on files, one after the other."""

    def show(self, outcome: Outcome) -> None:
        """Print one file."""

    def finish(self) -> None:
        """Print what belongs behind the last one."""


class Text:
    """For a person."""

    def __init__(self, *, err: bool = False) -> None:
        self._err = err

    def show(self, outcome: Outcome) -> None:
        """The diff, each hunk with its reason, what was left alone, findings, the forecast."""
        _show_troubles(outcome)
        if outcome.skipped:
            write(f"{outcome.shown}: left out, {outcome.skipped}", err=self._err)
        write_report(outcome, err=self._err)

    def finish(self) -> None:
        """Nothing more."""


class Diff:
    """A patch that ``git apply`` takes."""

    def __init__(self, *, err: bool = False) -> None:
        self._err = err

    def show(self, outcome: Outcome) -> None:
        """The diff."""
        from rewriter.io.patch import git_diff

        _show_troubles(outcome)
        _show_unproven(outcome)
        if outcome.patch is not None:
            write(git_diff(outcome.path, outcome.work_tree, str(outcome.patch)), end="", err=self._err)

    def finish(self) -> None:
        """Nothing more."""


class Json:
    """One document for a program, byte for byte as json.dumps would write it with an indent of two."""

    def __init__(self, *, err: bool = False) -> None:
        self._err = err
        self._count = 0

    def show(self, outcome: Outcome) -> None:
        """One file of the list."""
        from rewriter.report.as_json import as_json

        o = outcome
        file = json.dumps(
            as_json(o.shown, o.result, str(o.patch or ""), o.error, o.skipped, o.notes, o.proof), indent=2
        )
        # No string of a document holds a bare line end, so every line can be moved to the right.
        self._begin("\n    " if self._count == 0 else ",\n    ")
        write(file.replace("\n", "\n    "), end="", err=self._err)
        self._count += 1

    def finish(self) -> None:
        """The end of the document."""
        self._begin("")
        write("\n  ]\n}" if self._count else "]\n}", err=self._err)

    def _begin(self, separator: str) -> None:
        from rewriter.report.as_json import SCHEMA

        if self._count == 0:
            head = json.dumps({"schema": SCHEMA, "version": __version__}, indent=2).removesuffix("\n}")
            separator = f'{head},\n  "files": [{separator}'
        if separator:
            write(separator, end="", err=self._err)


class Markdown:
    """For a reviewer: what a pull request would say."""

    def __init__(self, *, err: bool = False) -> None:
        self._err = err

    def show(self, outcome: Outcome) -> None:
        """One section."""
        from rewriter.report.markdown import render_markdown
        from rewriter.report.markup import code, prose

        if outcome.result is None:
            why = prose(outcome.error or outcome.skipped)
            write(f"## {code(outcome.shown)}\n\nLeft out: {why}.\n", err=self._err)
            return
        for line in render_markdown(outcome.shown, outcome.result, outcome.patch, outcome.proof):
            write(line, err=self._err)

    def finish(self) -> None:
        """Nothing more."""


class Summary:
    """``--check``: what would change, and how many were read."""

    def __init__(self) -> None:
        self._read = self._changed = 0

    def show(self, outcome: Outcome) -> None:
        """A line if the file would change."""
        self._read += 1
        if outcome.error is not None:
            say(f"error: {outcome.shown}: {outcome.error}")
        _show_unproven(outcome)
        if outcome.patch is not None and outcome.result is not None:
            self._changed += 1
            write(f"would change {outcome.shown} ({', '.join(t.name for t, _ in outcome.result.changes)})")

    def finish(self) -> None:
        """The sum."""
        write(f"{self._read} read, {self._changed} would change")


FORMATS: dict[str, type[Text | Diff | Json | Markdown]] = {
    "text": Text,
    "diff": Diff,
    "json": Json,
    "markdown": Markdown,
}


def _show_unproven(outcome: Outcome) -> None:
    if outcome.proof is not None and not outcome.proof.verdict.holds:
        say(f"{outcome.shown}: {outcome.proof.verdict.value}: {outcome.proof.reason}")


def _show_troubles(outcome: Outcome) -> None:
    if outcome.error is not None:
        say(f"error: {outcome.shown}: {outcome.error}")
    for note in outcome.notes:
        say(f"note: {note}")
