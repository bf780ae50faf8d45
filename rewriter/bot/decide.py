"""What is to be done about one key, decided from what the forge shows; see `decide`.

Pure, so that each rule can be read here and tested without a forge.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass

from rewriter.bot.forge import AheadCommit, Pull, State
from rewriter.bot.identity import PART, RETRY_LABEL, TRAILER, find_marker


class Do(enum.Enum):
    """What is to be done."""

    NOTHING = "nothing"
    OPEN = "open"
    """Push the branch and open a pull request."""
    UPDATE = "update"
    """Push the branch anew and change what the pull request says."""
    CLOSE = "close"
    """There is nothing left to propose: say so, close it, remove the branch."""
    REMOVE_BRANCH = "remove branch"
    """A branch of ours without a pull request, and nothing to propose."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What to do, and why, in words for a report."""

    do: Do
    why: str
    pull: Pull | None = None
    """The pull request that it is about; of one that is to be opened: the newest that there was."""
    expected: str | None = None
    """The commit that the branch must point to when it is pushed; None: there must be no such branch."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What the forge shows about one key."""

    pulls: tuple[Pull, ...]
    """Of the key's branch, in every state, the newest first."""
    tip: str | None
    """Of the branch; None when there is none."""
    ahead: tuple[AheadCommit, ...] = ()
    """What the branch has and its base has not, oldest first."""
    base: str = ""
    """The branch to propose to; empty where it cannot be another one."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What would be proposed: see `Marker`."""

    output: str
    proven: bool = False


def is_ours(commit: AheadCommit, committer: str, key: str) -> bool:
    """Whether a commit is one that we made for this key: it says so, and nobody committed it anew."""
    own = any(line.strip() == f"{TRAILER}: {key}" for line in commit.message.splitlines())
    return own and commit.committer.lower() == committer.lower()


def _touched(shown: Shown, committer: str, key: str) -> str:
    """What somebody else did to the branch, if anything; ``{}`` is where its name goes."""
    foreign = next((commit for commit in shown.ahead if not is_ours(commit, committer, key)), None)
    if foreign is not None:
        return f"pushed to {{}} ({foreign.id[:12]})"
    if shown.ahead and not _is_last(shown.ahead[-1]):
        return f"took a commit of ours from {{}} ({shown.ahead[-1].id[:12]})"
    return ""


def _is_last(commit: AheadCommit) -> bool:
    """Whether one of our commits is the last of those that we pushed together."""
    counted = (line.strip().removeprefix(f"{PART}: ") for line in commit.message.splitlines() if PART in line)
    return any(part.partition("/")[0] == part.partition("/")[2] for part in counted)


def decide(shown: Shown, wanted: Wanted | None, key: str, committer: str, *, recreate: bool = False) -> Decision:
    """What to do about a key. ``wanted`` is None when nothing is to be changed any more.

    The newest pull request has the last word. Open: it is updated if the output changed, or it conflicts, and nobody
    else pushed to its branch, or made it go to another one. Merged: nothing. Closed unmerged: never again, unless it
    carries `RETRY_LABEL` or ``recreate`` is set. A branch that holds somebody else's commit, or lacks one of ours, is
    never touched.
    """
    newest = next((pull for pull in shown.pulls if pull.state is State.OPEN), shown.pulls[0] if shown.pulls else None)
    touched = _touched(shown, committer, key)
    if newest is None or newest.state is not State.OPEN:
        if newest is not None and not recreate and RETRY_LABEL not in newest.labels:
            how = "was merged" if newest.state is State.MERGED else "was closed without being merged"
            return Decision(Do.NOTHING, f"#{newest.number} {how}", newest)
        if touched:
            return Decision(Do.NOTHING, f"somebody else {touched.format('its branch')}")
        if wanted is None:
            if shown.tip is not None and newest is None:
                return Decision(Do.REMOVE_BRANCH, "nothing to change; its branch is left over", None, shown.tip)
            return Decision(Do.NOTHING, "nothing to change")
        return Decision(Do.OPEN, "not proposed yet" if newest is None else "asked for once more", newest, shown.tip)
    if touched:
        return Decision(Do.NOTHING, f"somebody else {touched.format(f'#{newest.number}')}", newest)
    if shown.base not in ("", newest.base):
        return Decision(Do.NOTHING, f"#{newest.number} goes to {newest.base} now", newest)
    marker = find_marker(newest.body)
    if marker is None or marker.key != key:
        return Decision(Do.NOTHING, f"#{newest.number} is none of ours: its body does not name the key", newest)
    if wanted is None:
        return Decision(Do.CLOSE, "there is nothing to change any more", newest, shown.tip)
    if newest.conflicted:
        return Decision(Do.UPDATE, f"#{newest.number} conflicts with its base", newest, shown.tip)
    if shown.tip is not None and not shown.ahead:
        return Decision(Do.NOTHING, f"the branch of #{newest.number} has nothing of ours any more", newest)
    if marker.output != wanted.output:
        return Decision(Do.UPDATE, "the result changed", newest, shown.tip)
    if newest.draft and wanted.proven and not marker.proven:
        # Said once: who makes it a draft again has a reason.
        return Decision(Do.UPDATE, "it is proven now", newest, shown.tip)
    if shown.tip != marker.tip:
        return Decision(Do.UPDATE, "its branch does not hold what its body says", newest, shown.tip)
    return Decision(Do.NOTHING, f"#{newest.number} is up to date", newest)


@dataclass(frozen=True, slots=True)
class Remembered:
    """What the ledger says of a key where a branch is all that there can be."""

    tip: str
    """The commit that was pushed last."""
    output: str
    """The hash of what was proposed last."""


def decide_branch(
    shown: Shown,
    wanted: Wanted | None,
    remembered: Remembered | None,
    key: str,
    committer: str,
    *,
    recreate: bool = False,
) -> Decision:
    """`decide` where there are no pull requests: a branch of ours that is gone was merged or turned down."""
    touched = _touched(shown, committer, key)
    if touched:
        return Decision(Do.NOTHING, f"somebody else {touched.format('its branch')}")
    if wanted is None:
        if shown.tip is not None:
            return Decision(Do.REMOVE_BRANCH, "there is nothing to change any more", None, shown.tip)
        return Decision(Do.NOTHING, "nothing to change")
    if shown.tip is None:
        if remembered is not None and not recreate:
            return Decision(Do.NOTHING, "its branch was removed")
        return Decision(Do.OPEN, "not proposed yet")
    if remembered is not None and (remembered.tip, remembered.output) == (shown.tip, wanted.output):
        return Decision(Do.NOTHING, "its branch is up to date")
    return Decision(Do.UPDATE, "the result changed", None, shown.tip)
