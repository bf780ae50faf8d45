"""Where a rewrite goes: to whoever reads the report, into the file itself, a patch, a git branch.

A sink is handed every file as soon as its report is printed, keeps of it what it needs and no more, and is finished
behind the last one. Files are written one by one, each as a whole; a patch, a branch and a report are made at the end,
as a whole or not at all.
"""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, ParamSpec, Protocol

from rewriter.io.files import FileError, write_atomically, write_pieces
from rewriter.io.patch import patch_name, write_patch
from rewriter.session import Exit, worst
from rewriter.source import encode
from rewriter.terminal import say

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rewriter.documents import Document
    from rewriter.session import Outcome, Session
    from rewriter.terminal import Format
    from rewriter.transform import Transform

_P = ParamSpec("_P")


class Sink(Protocol):
    """Both methods return what went wrong, a line each; ``said`` is what to tell when all went well."""

    said: list[str]

    def take(self, outcome: Outcome) -> list[str]:
        """A file, with changes or without."""

    def finish(self) -> list[str]:
        """There are no more."""


class InPlace:
    """The files themselves."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def take(self, outcome: Outcome) -> list[str]:
        """Write one file, whole or not at all."""
        if outcome.path is None or outcome.result is None or outcome.patch is None:
            return []
        try:
            write_atomically(outcome.path, encode(outcome.result.after), outcome.data)
        except FileError as error:
            return [str(error)]
        return []

    def finish(self) -> list[str]:
        """All is done already."""
        return []


class PatchFile:
    """One patch for all files."""

    def __init__(self, target: Path) -> None:
        self.said: list[str] = []
        self._target = target
        self._parts: list[tuple[str, str]] = []

    def take(self, outcome: Outcome) -> list[str]:
        """Keep the diff of one file."""
        if outcome.path is None or outcome.patch is None:
            return []
        try:
            self._parts.append((patch_name(outcome.path, outcome.work_tree), str(outcome.patch)))
        except FileError as error:
            return [str(error)]
        return []

    def finish(self) -> list[str]:
        """Write the patch; an empty one where nothing changed."""
        try:
            write_patch(self._target, self._parts)
        except FileError as error:
            return [str(error)]
        return []


class Branch:
    """A git branch with one commit per transform."""

    def __init__(self, name: str) -> None:
        self.said: list[str] = []
        self._name = name
        self._texts: dict[Transform, dict[Path, bytes]] = {}
        self._reasons: dict[Transform, list[str]] = {}
        self._first: Path | None = None

    def take(self, outcome: Outcome) -> list[str]:
        """Keep the text behind each transform that changed one file, and why it did."""
        if outcome.path is None or outcome.result is None or outcome.patch is None:
            return []
        self._first = self._first or outcome.path
        last = next(step for step in reversed(outcome.result.steps) if step.changes)
        for step in outcome.result.steps:
            if step.changes:
                # What was proven was built as a whole: no commit holds a part of it.
                held = last if outcome.proof is not None else step
                self._texts.setdefault(held.transform, {})[outcome.path] = encode(held.after)
                reasons = self._reasons.setdefault(held.transform, [])
                for change in step.changes:
                    reasons.append(f"{outcome.shown}: {change.why}")
                    reasons += [f"To look at: {doubt}" for doubt in change.doubts]
        return []

    def finish(self) -> list[str]:
        """Make the branch; none where nothing changed."""
        if self._first is None:
            return []
        # GitPython takes long to import: only here.
        from rewriter.io.git import Commit, GitRefused, make_branch

        # In the order of the chain: each commit holds the text behind its transform, which holds what came before.
        order = sorted(self._texts, key=lambda transform: (transform.phase, transform.name))
        commits = [Commit(t.summary, "\n".join(self._reasons[t]), self._texts[t]) for t in order]
        try:
            tip = make_branch(self._first.parent, self._name, commits)
        except (GitRefused, FileError) as error:
            return [str(error)]
        plural = "s" if len(commits) > 1 else ""
        self.said.append(f"branch {self._name}: {len(commits)} commit{plural}, tip {tip[:12]}")
        return []


class ReportFile:
    """A report on all files, in a file of its own."""

    def __init__(self, target: Path, document: Document) -> None:
        import tempfile  # only here: it takes its time

        self.said: list[str] = []
        self._target = target
        self._document = document
        # Neither memory nor a folder of the user's holds what is not finished; an interruption leaves nothing of it.
        with ExitStack() as stack:
            self._kept = stack.enter_context(tempfile.TemporaryFile())
            self._open = stack.pop_all()
        self._trouble: list[str] = []

    def take(self, outcome: Outcome) -> list[str]:
        """Keep the part of one file."""
        if not self._trouble:
            try:
                self._kept.writelines(map(encode, self._document.one(outcome)))
            except OSError as error:
                self._trouble = [f"{self._target}: {error.strerror or error}"]
        return []

    def finish(self) -> list[str]:
        """Write the report."""
        with self._open:
            if not self._trouble:
                try:
                    self._kept.seek(0)
                    write_pieces(self._target, self._pieces())
                except (FileError, OSError) as error:
                    self._trouble = [str(error)]
        return self._trouble

    def _pieces(self) -> Iterator[bytes]:
        yield from map(encode, self._document.start())
        yield from iter(lambda: self._kept.read(_PIECE), b"")
        yield from map(encode, self._document.end())


_PIECE = 100_000


class Pass:
    """One pass over the files: each is printed and handed on as soon as it is done, and then forgotten."""

    def __init__(self, format_: Format, sinks: list[Sink], *, counts: bool = False) -> None:
        """``counts`` says that the sum is what is asked for: then it goes on even when nobody reads."""
        self.code = Exit.DONE
        self.changed = 0
        self.unheard = False
        """Whoever read what is printed has gone away."""
        self._format = format_
        self._sinks = sinks
        self._goes_on = counts or bool(sinks)

    def over(self, session: Session, paths: list[Path]) -> None:
        """Rewrite all files of the paths. What is only shown ends with its reader (`| head`), what writes does not."""
        found = False
        for path in session.files(paths):
            found = True
            self._file(session.rewrite_file(path))
            if self.unheard and not self._goes_on:
                return
        if not found:
            self.tell(say, "no Dockerfile found")
        self.tell(self._format.finish)
        for sink in self._sinks:
            self._troubles(sink.finish())
            for line in sink.said:
                self.tell(say, line)

    def count(self, code: Exit) -> None:
        """Take a code into account; the worst wins."""
        self.code = worst([self.code, code])

    def tell(self, printing: Callable[_P, None], *arguments: _P.args, **options: _P.kwargs) -> None:
        """Print something, if anybody still reads."""
        if self.unheard:
            return
        try:
            printing(*arguments, **options)
        except BrokenPipeError:
            self.unheard = True

    def _file(self, outcome: Outcome) -> None:
        self.count(outcome.code)
        self.tell(self._format.show, outcome)
        self.changed += outcome.patch is not None
        for sink in self._sinks:
            self._troubles(sink.take(outcome))

    def _troubles(self, troubles: list[str]) -> None:
        for trouble in troubles:
            self.count(Exit.UNUSABLE)
            self.tell(say, f"error: {trouble}")
