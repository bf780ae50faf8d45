"""Where a rewrite goes: the file itself, a patch, a git branch."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from rewriter.io.files import FileError, write_atomically
from rewriter.io.patch import patch_root, path_in_patch, with_git_header, write_patch
from rewriter.source import encode

if TYPE_CHECKING:
    from rewriter.session import Outcome


def apply(outcomes: list[Outcome]) -> list[str]:
    """Writes the files; returns what went wrong, one line each."""
    problems = []
    for outcome in outcomes:
        if outcome.path is not None and outcome.result is not None:
            try:
                write_atomically(outcome.path, encode(outcome.result.after), outcome.data)
            except FileError as error:
                problems.append(str(error))
    return problems


def write_patch_file(target: Path, outcomes: list[Outcome]) -> list[str]:
    """Writes one patch for all files."""
    parts, problems = [], []
    for outcome in outcomes:
        if outcome.path is not None:
            try:
                parts.append((path_in_patch(outcome.path, patch_root(outcome.path)), str(outcome.patch or "")))
            except FileError as error:
                problems.append(str(error))
    try:
        write_patch(target, parts)
    except FileError as error:
        problems.append(str(error))
    return problems


def git_diff(outcome: Outcome) -> str:
    """The diff of one file with git's header, as ``--patch`` writes it."""
    if outcome.path is None or outcome.patch is None:
        return str(outcome.patch or "")
    try:
        name = path_in_patch(outcome.path, patch_root(outcome.path))
    except FileError:
        name = str(outcome.path).lstrip("/")
    return with_git_header(name, str(outcome.patch))


def make_branch(name: str, outcomes: list[Outcome]) -> tuple[str, list[str]]:
    """A branch with one commit per transform; (what to say, what went wrong)."""
    # GitPython takes long to import: only here.
    from rewriter.io.git import Commit, GitRefused
    from rewriter.io.git import make_branch as branch

    commits = []
    made = {transform for o in outcomes if o.result for transform, _ in o.result.changes}
    # In the order of the chain: each commit holds the text behind its transform, which holds what came before.
    for transform in sorted(made, key=lambda transform: (transform.phase, transform.name)):
        files: dict[Path, bytes] = {}
        reasons: list[str] = []
        for outcome in outcomes:
            for step in outcome.result.steps if outcome.result is not None and outcome.path is not None else ():
                if step.transform.name == transform.name and step.changes and outcome.path is not None:
                    files[outcome.path] = encode(step.after)
                    for change in step.changes:
                        reasons.append(f"{outcome.shown}: {change.why}")
                        reasons += [f"To look at: {doubt}" for doubt in change.doubts]
        commits.append(Commit(transform.summary, "\n".join(reasons), files))
    paths = [outcome.path for outcome in outcomes if outcome.path is not None]
    try:
        tip = branch(paths[0].parent, name, commits)
    except (GitRefused, FileError) as error:
        return "", [str(error)]
    count = len(commits)
    return f"branch {name}: {count} commit{'s' if count > 1 else ''}, tip {tip[:12]}", []
