"""What GitLab's replies say, in our words.

Merge requests whose titles begin with `DRAFT` are drafts; elsewhere in this program a title is without it.
"""

from __future__ import annotations

from rewriter.bot.forge import AheadCommit, Pull, Repository, State
from rewriter.bot.shapes import Shape

DRAFT = "Draft: "
_DEVELOPER = 30
"""The access level from which branches may be pushed: https://docs.gitlab.com/api/access_requests."""
_STATES = {"opened": State.OPEN, "locked": State.OPEN, "merged": State.MERGED, "closed": State.CLOSED}
_CONFLICT = {"conflict", "cannot_be_merged", "cannot_be_merged_recheck"}
_STILL_LOOKING = {"unchecked", "checking", "preparing"}
"""Of ``detailed_merge_status``, and of ``merge_status``, which GitLab 15.6 deprecated and older ones have alone:
https://docs.gitlab.com/api/merge_requests/#merge-status."""


def project_of(shape: Shape, host: str) -> Repository:
    """A project. Lists do not say what one may do in it."""
    levels = [0]
    rights = shape.maybe("permissions")
    for name in ("project_access", "group_access"):
        access = rights.maybe(name) if rights is not None else None
        levels.append(access.number("access_level", 0) if access is not None else 0)
    return Repository(
        forge=host,
        id=str(shape.number("id")),
        name=shape.text("path_with_namespace"),
        default_branch="" if shape.flag("empty_repo") else shape.text("default_branch", ""),
        clone_url=shape.text("http_url_to_repo"),
        archived=shape.flag("archived"),
        fork=shape.maybe("forked_from_project") is not None,
        may_push=max(levels) >= _DEVELOPER,
        topics=shape.texts("topics"),
    )


def pull_of(shape: Shape) -> Pull:
    """A merge request; its title without what makes it a draft."""
    author, draft, title = shape.maybe("author"), shape.flag("draft"), shape.text("title")
    return Pull(
        number=shape.number("iid"),
        state=_STATES.get(shape.text("state"), State.CLOSED),
        title=title.removeprefix(DRAFT) if draft else title,
        body=shape.text("description", ""),
        branch=shape.text("source_branch"),
        tip=shape.text("sha", ""),
        base=shape.text("target_branch"),
        url=shape.text("web_url"),
        author=author.text("username", "") if author is not None else "",
        labels=frozenset(shape.texts("labels")),
        draft=draft,
        conflicted=_conflicted(shape),
    )


def _conflicted(shape: Shape) -> bool | None:
    # A draft's detailed status is that it is one, whatever else there is.
    said = {shape.text("detailed_merge_status", ""), shape.text("merge_status", "")} - {""}
    if shape.flag("has_conflicts") or said & _CONFLICT:
        return True
    return None if said & _STILL_LOOKING or not said else False


def commit_of(shape: Shape) -> AheadCommit:
    """A commit of a comparison."""
    return AheadCommit(shape.text("id"), shape.text("committer_email", ""), shape.text("message", ""))
