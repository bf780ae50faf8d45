"""What Gitea's replies say, in our words.

Pull requests whose titles begin with `DRAFT` are drafts; elsewhere in this program a title is without it.
"""

from __future__ import annotations

from rewriter.bot.forge import AheadCommit, Pull, Repository, State
from rewriter.bot.shapes import Shape

DRAFT = "WIP: "
"""One of the prefixes that Gitea knows from its first version on."""


def is_of(pull: Shape, branch: str, source: Repository | None) -> bool:
    """Whether a pull request has that head. When a fork is gone, only who opened it tells whose it was."""
    head, base = pull.inner("head"), pull.inner("base")
    if head.text("label") != branch:
        return False
    home = head.maybe("repo")
    if source is None:
        return home is None or home.number("id") == base.number("repo_id")
    if home is not None:
        return home.text("full_name").partition("/")[0].lower() == source.owner.lower()
    author = pull.maybe("user")
    return author is not None and author.text("login", "").lower() == source.owner.lower()


def pull_of(shape: Shape) -> Pull:
    """A pull request; its title without what makes it a draft."""
    # The label is the branch even where that is gone, and the reference another one.
    head, user, draft = shape.inner("head"), shape.maybe("user"), shape.flag("draft")
    closed = State.MERGED if shape.flag("merged") else State.CLOSED
    mergeable = shape.maybe_flag("mergeable")
    title = shape.text("title")
    return Pull(
        number=shape.number("number"),
        state=State.OPEN if shape.text("state") == "open" else closed,
        title=title.removeprefix(DRAFT) if draft else title,
        body=shape.text("body", ""),
        branch=head.text("label"),
        tip=head.text("sha", ""),
        base=shape.inner("base").text("ref"),
        url=shape.text("html_url"),
        author=user.text("login", "") if user is not None else "",
        labels=frozenset(each.text("name", "") for each in shape.each("labels")),
        draft=draft,
        conflicted=None if mergeable is None else not mergeable,
    )


def commit_of(shape: Shape) -> AheadCommit:
    """A commit of a comparison."""
    commit = shape.inner("commit")
    committer = commit.maybe("committer")
    email = committer.text("email", "") if committer is not None else ""
    return AheadCommit(shape.text("sha"), email, commit.text("message"))
