"""What GitHub's replies say, in our words."""

from __future__ import annotations

from rewriter.bot.forge import AheadCommit, Pull, Remark, State
from rewriter.bot.shapes import Shape


def pull_of(shape: Shape) -> Pull:
    """A pull request, whole or as lists show it."""
    head, user = shape.inner("head"), shape.maybe("user")
    closed = State.MERGED if shape.text("merged_at", "") else State.CLOSED
    mergeable = shape.maybe_flag("mergeable")
    return Pull(
        number=shape.number("number"),
        state=State.OPEN if shape.text("state") == "open" else closed,
        title=shape.text("title"),
        body=shape.text("body", ""),
        branch=head.text("ref"),
        tip=head.text("sha"),
        base=shape.inner("base").text("ref"),
        url=shape.text("html_url"),
        author=user.text("login") if user is not None else "",
        labels=frozenset(each.text("name", "") for each in shape.each("labels")),
        draft=shape.flag("draft"),
        conflicted=None if mergeable is None else not mergeable,
    )


def commit_of(shape: Shape) -> AheadCommit:
    """A commit of a comparison."""
    commit = shape.inner("commit")
    committer = commit.maybe("committer")
    email = committer.text("email", "") if committer is not None else ""
    return AheadCommit(shape.text("sha"), email, commit.text("message"))


def lines_of(remark: Remark) -> dict[str, int | str]:
    """Where a remark belongs, in the words of a review."""
    if remark.first == remark.last:
        return {"line": remark.last}
    return {"line": remark.last, "start_line": remark.first, "start_side": "RIGHT"}
