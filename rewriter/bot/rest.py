"""What the adapters of several forges share: parts of addresses, of requests, and of replies."""

from __future__ import annotations

import base64
import binascii
import urllib.parse

from rewriter.bot.forge import Repository, Unreachable
from rewriter.bot.shapes import Shape


def name_path(name: str) -> str:
    """``/repos/owner/name``, as GitHub and Gitea address a repository."""
    owner, _, repository = name.partition("/")
    return f"/repos/{urllib.parse.quote(owner, safe='')}/{urllib.parse.quote(repository, safe='')}"


def path_of(repository: Repository) -> str:
    """`name_path` of one that was found."""
    return name_path(repository.name)


def reviewers_body(reviewers: tuple[str, ...]) -> dict[str, list[str]]:
    """People and teams (``@owner/team``), as GitHub and Gitea are asked for them."""
    return {
        "reviewers": [name.removeprefix("@") for name in reviewers if "/" not in name],
        "team_reviewers": [name.rpartition("/")[2] for name in reviewers if "/" in name],
    }


def content_of(file: Shape, host: str) -> bytes | None:
    """The content of a file; None where it is not given. Raises Unreachable."""
    if file.text("encoding", "") != "base64":
        return None
    try:
        return base64.b64decode(file.text("content"))
    except binascii.Error:
        raise Unreachable(f"{host} gives a file in an odd encoding") from None
