"""What would be proposed for a clone: every Dockerfile rewritten as on the command line, one commit per transform."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from rewriter.bot.body import Change, Words, commit_messages, hunk_comments, pull_body, pull_title, sizes_of
from rewriter.bot.campaign import Campaign
from rewriter.bot.identity import WHOLE, Key
from rewriter.diff import make_patch
from rewriter.io.patch import quote_git_path
from rewriter.report.markup import seen
from rewriter.session import Exit, Outcome, Request, Session
from rewriter.source import encode

if TYPE_CHECKING:
    from rewriter.proof.verify import Verifier


@dataclass(frozen=True, slots=True)
class Prepared:
    """One proposal, as plain data: it survives the process that made it."""

    key: str
    path: str
    branch: str
    base: str
    """The hash of what was rewritten."""
    output: str
    """The hash of what it was rewritten to."""
    title: str
    body: str
    """Without the marker, which names the commit that is not made yet."""
    commits: list[tuple[str, dict[str, str]]]
    """Message, and the new text of each file (surrogates for bytes that are no UTF-8)."""
    before_bytes: int | None = None
    after_bytes: int | None = None
    measured: bool = False
    proven: bool = False
    diff: str = ""
    comments: list[tuple[str, int, int, str]] | None = None
    """For each hunk: path, first and last line of the new text, and why."""

    @property
    def files(self) -> set[str]:
        """The paths that it changes."""
        return {path for _, texts in self.commits for path in texts}


@dataclass(frozen=True, slots=True)
class Left:
    """A Dockerfile for which nothing is proposed, and why."""

    path: str
    why: str
    failed: bool = False
    """True when something went wrong, and not only nothing is to be done."""

    keeps: bool = False
    """True when an earlier proposal for it stays as it is: this time nothing can be said."""


def prepare(
    folder: Path, forge: str, repository: str, campaign: Campaign, verifier: Verifier | None = None
) -> tuple[list[Prepared], list[Left]]:
    """Rewrites all Dockerfiles of a clone. Never raises for what is wrong with one of them."""
    wished = campaign.rewrite
    request = Request(
        level=wished.level,
        select=wished.select,
        skip=wished.skip,
        extend_select=wished.extend_select,
        alpine=wished.alpine,
        runtime=wished.runtime,
        foreign=folder,
    )
    session = Session(request, verifier)
    changed: list[tuple[str, Outcome]] = []
    left: list[Left] = []
    for path in session.files([folder]):
        name = os.fspath(path.relative_to(folder))
        if not _is_text(name):
            left.append(Left(seen(name), "its path is no UTF-8, which no forge can show"))
            continue
        outcome = session.rewrite_file(path)
        if outcome.result is not None and outcome.patch is not None and outcome.code in (Exit.DONE, Exit.UNPROVEN):
            changed.append((name, outcome))
        else:
            left.append(_without(f"{folder}/", _left(name, outcome)))
    if campaign.pulls.group == "repository":
        groups = [(WHOLE, changed)] if changed else []
    else:
        groups = [(name, [(name, outcome)]) for name, outcome in changed]
    return [_prepared(Key(forge, repository, path, wished.recipe), group, campaign) for path, group in groups], left


def _is_text(name: str) -> bool:
    """Whether a path is UTF-8: what is not stands in it as surrogates."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def _without(folder: str, left: Left) -> Left:
    """What is said of a file without the name of our folder."""
    return replace(left, why=left.why.replace(folder, ""))


def _left(name: str, outcome: Outcome) -> Left:
    if outcome.error is not None:
        return Left(name, outcome.error, failed=outcome.code is Exit.FAULT, keeps=True)
    if outcome.skipped:
        return Left(name, "dfrewrite.toml says enabled = false")
    result = outcome.result
    if result is None:
        return Left(name, "nothing came of it", failed=True, keeps=True)
    if result.unsound:
        return Left(name, f"fault of dfrewrite: {result.unsound[0]}", failed=True, keeps=True)
    if result.ignored:
        return Left(name, f"its pragma asks to leave it alone ({result.ignored})")
    if outcome.proof is not None and not outcome.proof.verdict.holds:
        return Left(name, f"not proven: {outcome.proof.reason}", keeps=True)
    reasons = [declined.why for step in result.steps for declined in step.declined]
    return Left(name, reasons[0] if reasons else "nothing to change")


def _prepared(key: Key, group: Sequence[tuple[str, Outcome]], campaign: Campaign) -> Prepared:
    changes = [Change(name, outcome.result, outcome.proof) for name, outcome in group if outcome.result is not None]
    words = Words(campaign.pulls.title, campaign.pulls.body, campaign.pulls.commit)
    title, body = pull_title(changes, words), pull_body(changes, words)
    proven = all(outcome.proof is not None and outcome.proof.verdict.holds for _, outcome in group)
    before, after, measured = sizes_of(changes)
    return Prepared(
        key=key.digest,
        path=key.path,
        branch=key.branch(campaign.pulls.branch_prefix),
        base=_hash(outcome.data for _, outcome in group),
        # Not of the words: a new version of this program that says it otherwise is no reason to write to anybody.
        output=_hash(encode(change.result.after) for change in changes),
        title=title,
        body=body,
        commits=commit_messages(changes, words),
        before_bytes=before,
        after_bytes=after,
        measured=measured,
        proven=proven,
        diff="".join(str(make_patch(c.result.before, c.result.after, quote_git_path(c.path))) for c in changes),
        comments=[(change.path, *comment) for change in changes for comment in hunk_comments(change)],
    )


def _hash(contents: Iterable[bytes]) -> str:
    """Of several contents, in their order."""
    found = hashlib.sha256()
    for content in contents:
        found.update(b"%d:" % len(content))
        found.update(content)
    return found.hexdigest()
