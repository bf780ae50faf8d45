"""Printing: colours on a terminal, the very bytes in a pipe, and never an escape sequence from a Dockerfile.

Each format prints a file as soon as it is done, so that nothing has to be kept until the last one.
"""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING, Any, Protocol, TextIO

import click

from rewriter.report.words import visible

if TYPE_CHECKING:
    from rewriter.documents import Document
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


class Printed:
    """A document, printed as it comes."""

    def __init__(self, document: Document, *, err: bool = False) -> None:
        self._document = document
        self._err = err
        self._begun = False

    def show(self, outcome: Outcome) -> None:
        """One file."""
        self._begin()
        write("".join(self._document.one(outcome)), end="", err=self._err)

    def finish(self) -> None:
        """The end of the document."""
        self._begin()
        write("".join(self._document.end()), end="", err=self._err)

    def _begin(self) -> None:
        if not self._begun:
            self._begun = True
            write("".join(self._document.start()), end="", err=self._err)


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


def format_of(name: str, *, err: bool = False) -> Format:
    """A format by its name, to standard output or to standard error."""
    if name == "text":
        return Text(err=err)
    if name == "diff":
        return Diff(err=err)
    from rewriter.documents import PRINTED

    return Printed(PRINTED[name](), err=err)


def _show_unproven(outcome: Outcome) -> None:
    if outcome.proof is not None and not outcome.proof.verdict.holds:
        say(f"{outcome.shown}: {outcome.proof.verdict.value}: {outcome.proof.reason}")


def _show_troubles(outcome: Outcome) -> None:
    if outcome.error is not None:
        say(f"error: {outcome.shown}: {outcome.error}")
    for note in outcome.notes:
        say(f"note: {note}")
