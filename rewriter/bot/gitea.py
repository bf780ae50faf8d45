"""Gitea and Forgejo, by their API (v1): https://docs.gitea.com/api, https://forgejo.org/docs/latest/user/api-usage."""

from __future__ import annotations

import urllib.parse
from collections.abc import Iterator

from rewriter.bot.forge import (
    AheadCommit,
    NewPull,
    Pull,
    Remark,
    Repository,
    Tree,
    Unreachable,
)
from rewriter.bot.forge_http import ForgeHttp
from rewriter.bot.gitea_shapes import DRAFT, commit_of, is_of, pull_of
from rewriter.bot.rest import content_of, name_path, path_of, reviewers_body
from rewriter.bot.shapes import Shape, items

PAGE_SIZE = ("limit", 50)
"""What a Gitea grants unless its owner changed it."""
_MOST_TREES = 100
"""Pages of a tree, of 1,000 entries each."""
_COLOUR = "#0db7ed"
"""Of labels that are not there yet."""


def api_of(url: str) -> str:
    """The address of the API of a Gitea with these web pages."""
    return f"{url.rstrip('/')}/api/v1"


class Gitea:
    """See `rewriter.bot.forge.Forge`."""

    branches_only = False

    def __init__(self, http: ForgeHttp, host: str) -> None:
        self._http = http
        self._host = host
        self._login = ""

    @property
    def host(self) -> str:
        """See Forge."""
        return self._host

    def login(self) -> str:
        """See Forge."""
        if not self._login:
            self._login = Shape(self._http.get("/user").data, "user").text("login")
        return self._login

    # --- repositories

    def of_owner(self, owner: str) -> Iterator[Repository]:
        """See Forge."""
        name = urllib.parse.quote(owner, safe="")
        is_organisation = self._http.find(f"/orgs/{name}") is not None
        for page in self._http.pages(f"/orgs/{name}/repos" if is_organisation else f"/users/{name}/repos"):
            yield from map(self._repository, items(page, "repositories"))

    def search(self, words: str) -> Iterator[Repository]:
        """See Forge."""
        for page in self._http.pages("/repos/search", q=words):
            yield from map(self._repository, Shape(page, "search").each("data"))

    def repository(self, name: str) -> Repository | None:
        """See Forge."""
        reply = self._http.find(name_path(name))
        return self._repository(Shape(reply.data, "repository")) if reply is not None else None

    def repository_again(self, identifier: str, name: str) -> Repository | None:
        """See Forge."""
        reply = self._http.find(f"/repositories/{identifier}")
        return self._repository(Shape(reply.data, "repository")) if reply is not None else None

    def _repository(self, shape: Shape) -> Repository:
        rights = shape.maybe("permissions")
        return Repository(
            forge=self._host,
            id=str(shape.number("id")),
            name=shape.text("full_name"),
            default_branch="" if shape.flag("empty") else shape.text("default_branch", ""),
            clone_url=shape.text("clone_url"),
            # A mirror takes no pushes but those of its origin.
            archived=shape.flag("archived") or shape.flag("mirror"),
            fork=shape.flag("fork"),
            may_push=rights is not None and rights.flag("push"),
            size=shape.number("size", 0) * 1_000,
            topics=shape.texts("topics"),
        )

    # --- files and branches

    def file(self, repository: Repository, path: str, ref: str) -> bytes | None:
        """See Forge."""
        reply = self._http.find(f"{path_of(repository)}/contents/{urllib.parse.quote(path)}", ref=ref)
        if reply is None or isinstance(reply.data, list):
            return None
        found = Shape(reply.data, "file")
        return content_of(found, self._host) if found.text("type") == "file" else None

    def tree(self, repository: Repository, ref: str) -> Tree | None:
        """See Forge."""
        blobs: dict[str, str] = {}
        for page in range(1, _MOST_TREES + 1):
            path = f"{path_of(repository)}/git/trees/{urllib.parse.quote(ref, safe='')}"
            reply = self._http.find(path, recursive="true", page=page)
            if reply is None:
                return None
            found = Shape(reply.data, "tree")
            entries = found.each("tree")
            blobs |= {each.text("path"): each.text("sha") for each in entries if each.text("type") == "blob"}
            if not entries or not found.flag("truncated"):
                return Tree(blobs, False)
        return Tree(blobs, True)

    def tip(self, repository: Repository, branch: str) -> str | None:
        """See Forge."""
        reply = self._http.find(f"{path_of(repository)}/branches/{urllib.parse.quote(branch)}")
        return Shape(reply.data, "branch").inner("commit").text("id") if reply is not None else None

    def ahead(
        self, repository: Repository, base: str, branch: str, *, source: Repository | None = None
    ) -> list[AheadCommit]:
        """See Forge."""
        head = f"{source.owner}:{branch}" if source is not None else branch
        spec = f"{urllib.parse.quote(base)}...{urllib.parse.quote(head, safe='/:')}"
        found = Shape(self._http.get(f"{path_of(repository)}/compare/{spec}").data, "comparison")
        return [commit_of(each) for each in reversed(found.each("commits"))]

    # --- pull requests

    def pulls(self, repository: Repository, branch: str, *, source: Repository | None = None) -> list[Pull]:
        """See Forge. Gitea cannot be asked for those of a head: all of the repository are read."""
        found: list[Pull] = []
        for page in self._http.pages(f"{path_of(repository)}/pulls", state="all"):
            mine = [each for each in items(page, "pull requests") if is_of(each, branch, source)]
            found += map(pull_of, mine)
        return sorted(found, key=lambda pull: -pull.number)

    def pull(self, repository: Repository, number: int) -> Pull | None:
        """See Forge."""
        reply = self._http.find(f"{path_of(repository)}/pulls/{number}")
        return pull_of(Shape(reply.data, "pull request")) if reply is not None else None

    def open_pull(self, repository: Repository, new: NewPull, *, source: Repository | None = None) -> Pull:
        """See Forge."""
        head = f"{source.owner}:{new.branch}" if source is not None else new.branch
        title = f"{DRAFT}{new.title}" if new.draft else new.title
        body = {"title": title, "body": new.body, "head": head, "base": new.base}
        return pull_of(Shape(self._http.send("POST", f"{path_of(repository)}/pulls", body).data, "pull request"))

    def change_pull(self, repository: Repository, number: int, *, title: str, body: str) -> None:
        """See Forge."""
        known = self.pull(repository, number)
        kept = f"{DRAFT}{title}" if known is not None and known.draft else title
        self._http.send("PATCH", f"{path_of(repository)}/pulls/{number}", {"title": kept, "body": body})

    def close_pull(self, repository: Repository, number: int) -> None:
        """See Forge."""
        self._http.send("PATCH", f"{path_of(repository)}/pulls/{number}", {"state": "closed"})

    def comment(self, repository: Repository, number: int, text: str) -> None:
        """See Forge."""
        self._http.send("POST", f"{path_of(repository)}/issues/{number}/comments", {"body": text})

    def label(self, repository: Repository, number: int, labels: tuple[str, ...]) -> None:
        """See Forge. Gitea takes the ids of labels, which must be there."""
        known: dict[str, int] = {}
        for page in self._http.pages(f"{path_of(repository)}/labels"):
            known |= {each.text("name"): each.number("id") for each in items(page, "labels")}
        for name in labels:
            if name not in known:
                body = {"name": name, "color": _COLOUR}
                made = Shape(self._http.send("POST", f"{path_of(repository)}/labels", body).data, "label")
                known[name] = made.number("id")
        ids = [known[name] for name in labels]
        self._http.send("POST", f"{path_of(repository)}/issues/{number}/labels", {"labels": ids})

    def ask_review(self, repository: Repository, number: int, reviewers: tuple[str, ...]) -> None:
        """See Forge."""
        self._http.send("POST", f"{path_of(repository)}/pulls/{number}/requested_reviewers", reviewers_body(reviewers))

    def said(self, repository: Repository, number: int) -> list[str]:
        """See Forge."""
        pages = self._http.pages(f"{path_of(repository)}/pulls/{number}/reviews")
        return [each.text("body", "") for page in pages for each in items(page, "reviews")]

    def review(self, repository: Repository, pull: Pull, text: str, remarks: tuple[Remark, ...]) -> None:
        """See Forge."""
        comments = [{"path": each.path, "body": each.text, "new_position": each.last} for each in remarks]
        body = {"commit_id": pull.tip, "body": text, "event": "COMMENT", "comments": comments}
        self._http.send("POST", f"{path_of(repository)}/pulls/{pull.number}/reviews", body)

    def ready(self, repository: Repository, number: int) -> None:
        """See Forge."""
        known = self.pull(repository, number)
        if known is not None and known.draft:
            self._http.send("PATCH", f"{path_of(repository)}/pulls/{number}", {"title": known.title})

    # --- forks and issues

    def fork(self, repository: Repository) -> Repository | None:
        """See Forge."""
        for page in self._http.pages(f"{path_of(repository)}/forks"):
            for found in map(self._repository, items(page, "forks")):
                if found.owner.lower() == self.login().lower():
                    return found
        return None

    def make_fork(self, repository: Repository) -> Repository:
        """See Forge."""
        made = self._repository(Shape(self._http.send("POST", f"{path_of(repository)}/forks", {}).data, "repository"))
        if not made.default_branch or self.tip(made, repository.default_branch) is None:
            raise Unreachable(f"{self._host} is still making the fork {made.name}")
        return made

    def before_push(self) -> None:
        """See Forge."""
        self._http.pace.before_write()

    def issues(self, repository: Repository, title: str) -> list[tuple[int, str]]:
        """See Forge."""
        query = {"type": "issues", "state": "open", "created_by": self.login()}
        pages = self._http.pages(f"{path_of(repository)}/issues", **query)
        found = [each for page in pages for each in items(page, "issues")]
        return [(each.number("number"), each.text("body", "")) for each in found if each.text("title") == title]

    def write_issue(self, repository: Repository, title: str, body: str, number: int | None) -> int:
        """See Forge."""
        if number is None:
            reply = self._http.send("POST", f"{path_of(repository)}/issues", {"title": title, "body": body})
        else:
            reply = self._http.send("PATCH", f"{path_of(repository)}/issues/{number}", {"body": body})
        return Shape(reply.data, "issue").number("number")
