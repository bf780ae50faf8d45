"""Reports that are one document over all files: for a program, a reviewer, code scanning, a workflow, a browser.

Each is made file by file and says nothing of where it goes: it is printed as it comes, or kept in a file.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Protocol

from rewriter import __version__

if TYPE_CHECKING:
    from rewriter.report.as_html import Overview
    from rewriter.session import Outcome


class Document(Protocol):
    """Pieces of text with their line ends. ``start`` stands before all, and may be asked for when all is known."""

    def start(self) -> Iterator[str]:
        """What stands first."""

    def one(self, outcome: Outcome) -> Iterator[str]:
        """One file."""

    def end(self) -> Iterator[str]:
        """What stands last."""


class Items:
    """A list of JSON that is written item by item, byte for byte as json.dumps would with an indent of two."""

    def __init__(self, depth: int) -> None:
        self._indent = "\n" + " " * depth
        self.empty = True

    def item(self, value: Any) -> str:
        """The next one."""
        separator = "" if self.empty else ","
        self.empty = False
        # No string of a document holds a bare line end, so every line can be moved to the right.
        return separator + self._indent + json.dumps(value, indent=2).replace("\n", self._indent)

    def end(self) -> str:
        """The bracket that closes it."""
        return "]" if self.empty else f"{self._indent[:-2]}]"


class Json:
    """For a program."""

    def __init__(self) -> None:
        self._files = Items(4)

    def start(self) -> Iterator[str]:
        """The head of the document."""
        from rewriter.report.as_json import SCHEMA

        head = json.dumps({"schema": SCHEMA, "version": __version__}, indent=2).removesuffix("\n}")
        yield f'{head},\n  "files": ['

    def one(self, outcome: Outcome) -> Iterator[str]:
        """One file of the list."""
        from rewriter.report.as_json import as_json

        o = outcome
        yield self._files.item(as_json(o.shown, o.result, str(o.patch or ""), o.error, o.skipped, o.notes, o.proof))

    def end(self) -> Iterator[str]:
        """The end of the document."""
        yield f"{self._files.end()}\n}}\n"


class Markdown:
    """For a reviewer: what a pull request would say."""

    def start(self) -> Iterator[str]:
        """Nothing."""
        yield from ()

    def one(self, outcome: Outcome) -> Iterator[str]:
        """One section."""
        from rewriter.report.markdown import render_markdown
        from rewriter.report.markup import code, prose

        if outcome.result is None:
            yield f"## {code(outcome.shown)}\n\nLeft out: {prose(outcome.error or outcome.skipped)}.\n\n"
            return
        for line in render_markdown(outcome.shown, outcome.result, outcome.patch, outcome.proof):
            yield f"{line}\n"

    def end(self) -> Iterator[str]:
        """Nothing."""
        yield from ()


class Sarif:
    """For code scanning."""

    def __init__(self) -> None:
        from rewriter.discovery import all_transforms
        from rewriter.report.as_sarif import driver

        self._driver = driver(__version__, all_transforms())
        self._rules = [rule["id"] for rule in self._driver["rules"]]
        self._results = Items(8)
        self._told: list[dict[str, Any]] = []

    def start(self) -> Iterator[str]:
        """The tool and its rules."""
        from rewriter.report.as_sarif import SCHEMA

        run = {"tool": {"driver": self._driver}, "columnKind": "unicodeCodePoints"}
        log = json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2)
        head = log.removesuffix("\n    }\n  ]\n}")
        yield f'{head},\n      "results": ['

    def one(self, outcome: Outcome) -> Iterator[str]:
        """The results of one file."""
        from rewriter.report.as_sarif import notification, results

        name = outcome.name
        if outcome.error is not None:
            self._told.append(notification(name, outcome.error, "error"))
        if outcome.result is not None:
            self._told += [notification(name, f"fault of dfrewrite: {f}", "error") for f in outcome.result.unsound]
            yield from map(self._results.item, results(name, outcome.result, self._rules))

    def end(self) -> Iterator[str]:
        """What could not be read, and the end of the document."""
        told = {"executionSuccessful": not self._told, "toolExecutionNotifications": self._told}
        invocations = Items(8)
        one = invocations.item(told)
        yield f'{self._results.end()},\n      "invocations": [{one}{invocations.end()}\n    }}\n  ]\n}}\n'


class GitHub:
    """For a workflow of GitHub."""

    def start(self) -> Iterator[str]:
        """Nothing."""
        yield from ()

    def one(self, outcome: Outcome) -> Iterator[str]:
        """Commands, one a line."""
        from rewriter.report.as_github import command, render_github

        if outcome.error is not None:
            yield f"{command('error', outcome.name, outcome.error, title='dfrewrite: not read')}\n"
        if outcome.result is not None:
            for line in render_github(outcome.name, outcome.result, outcome.proof):
                yield f"{line}\n"

    def end(self) -> Iterator[str]:
        """Nothing."""
        yield from ()


class Page:
    """For a browser. It begins with what is known when all is done, so it is for files only."""

    def __init__(self) -> None:
        from rewriter.report.as_html import Overview

        self._overview: Overview = Overview()

    def start(self) -> Iterator[str]:
        """The head of the page, and the sums."""
        return self._overview.head(__version__)

    def one(self, outcome: Outcome) -> Iterator[str]:
        """One section."""
        why = outcome.error or outcome.skipped
        return self._overview.section(outcome.shown, outcome.result, outcome.patch, outcome.proof, why)

    def end(self) -> Iterator[str]:
        """The end of the page."""
        from rewriter.report.page import CLOSING

        yield CLOSING


PRINTED: dict[str, Callable[[], Document]] = {"json": Json, "markdown": Markdown, "sarif": Sarif, "github": GitHub}
"""By ``--format``."""
KEPT: dict[str, Callable[[], Document]] = {".html": Page, ".md": Markdown, ".json": Json, ".sarif": Sarif}
"""By the ending of ``--report``."""
