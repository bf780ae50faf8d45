"""GitHub and GitHub Enterprise, by their REST API.

Source: https://docs.github.com/rest, API version 2022-11-28.
"""

from __future__ import annotations

import urllib.parse
from collections.abc import Iterator

from rewriter.bot.forge import (
    AheadCommit,
    ForgeError,
    NewPull,
    Pull,
    Refused,
    Remark,
    Repository,
    Tree,
    Unreachable,
)
from rewriter.bot.forge_http import ForgeHttp
from rewriter.bot.github_app import Installation
from rewriter.bot.github_shapes import commit_of, lines_of, pull_of
from rewriter.bot.rest import content_of, name_path, path_of, reviewers_body
from rewriter.bot.shapes import Shape, items

API_VERSION = "2022-11-28"
_MOST_COMMITS = 250
"""What GitHub lists of a comparison."""
_READY = "mutation($id: ID!) { markPullRequestReadyForReview(input: {pullRequestId: $id}) { clientMutationId } }"


def headers() -> dict[str, str]:
    """What every request says."""
    return {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": API_VERSION}


def api_of(url: str) -> str:
    """The address of the API of a GitHub with these web pages; empty is github.com."""
    host = urllib.parse.urlsplit(url).netloc.lower()
    return "https://api.github.com" if host in ("", "github.com", "www.github.com") else f"{url.rstrip('/')}/api/v3"


class GitHub:
    """See `rewriter.bot.forge.Forge`."""

    branches_only = False

    def __init__(self, http: ForgeHttp, host: str, installation: Installation | None = None) -> None:
        """``installation``: when it is an App that asks, and nobody with a name of their own."""
        self._http = http
        self._host = host
        self._installation = installation
        self._login = installation.login if installation is not None else ""

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
        if self._installation is not None:
            for page in self._http.pages("/installation/repositories"):
                found = map(self._repository, Shape(page, "installation").each("repositories"))
                yield from (each for each in found if each.owner.lower() == owner.lower())
            return
        name = urllib.parse.quote(owner, safe="")
        kind = Shape(self._http.get(f"/users/{name}").data, "owner").text("type")
        path = f"/orgs/{name}/repos" if kind == "Organization" else f"/users/{name}/repos"
        for page in self._http.pages(path, sort="full_name"):
            yield from map(self._repository, items(page, "repositories"))

    def search(self, words: str) -> Iterator[Repository]:
        """See Forge. GitHub shows the first 1,000."""
        for page in self._http.pages("/search/repositories", q=words):
            yield from map(self._repository, Shape(page, "search").each("items"))

    def repository(self, name: str) -> Repository | None:
        """See Forge."""
        reply = self._http.find(name_path(name))
        return self._repository(Shape(reply.data, "repository")) if reply is not None else None

    def repository_again(self, identifier: str, name: str) -> Repository | None:
        """See Forge. Asking by an id is not in GitHub's description; an old name is answered with a redirect."""
        found = self.repository(name)
        return found if found is not None and found.id == identifier else None

    def _repository(self, shape: Shape) -> Repository:
        rights = shape.maybe("permissions")
        return Repository(
            forge=self._host,
            id=str(shape.number("id")),
            name=shape.text("full_name"),
            default_branch=shape.text("default_branch", ""),
            clone_url=shape.text("clone_url"),
            archived=shape.flag("archived") or shape.flag("disabled"),
            fork=shape.flag("fork"),
            may_push=self._may_push(rights),
            size=shape.number("size", 0) * 1_000,
            topics=shape.texts("topics"),
        )

    def _may_push(self, rights: Shape | None) -> bool:
        if self._installation is not None:
            return self._installation.may_push()
        return rights is not None and rights.flag("push")

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
        try:
            reply = self._http.find(f"{path_of(repository)}/git/trees/{urllib.parse.quote(ref, safe='')}", recursive=1)
        except Refused as error:
            # It says nowhere else that there is no commit: the default branch has its name from the beginning.
            if "repository is empty" in str(error).lower():
                return Tree({}, False)
            raise
        if reply is None:
            return None
        found = Shape(reply.data, "tree")
        blobs = {each.text("path"): each.text("sha") for each in found.each("tree") if each.text("type") == "blob"}
        return Tree(blobs, found.flag("truncated"))

    def tip(self, repository: Repository, branch: str) -> str | None:
        """See Forge."""
        reply = self._http.find(f"{path_of(repository)}/git/ref/heads/{urllib.parse.quote(branch)}")
        return Shape(reply.data, "reference").inner("object").text("sha") if reply is not None else None

    def ahead(
        self, repository: Repository, base: str, branch: str, *, source: Repository | None = None
    ) -> list[AheadCommit]:
        """See Forge."""
        head = f"{source.owner}:{branch}" if source is not None else branch
        spec = f"{urllib.parse.quote(base, safe='')}...{urllib.parse.quote(head, safe=':')}"
        found = Shape(
            self._http.get(f"{path_of(repository)}/compare/{spec}", per_page=_MOST_COMMITS).data, "comparison"
        )
        return [commit_of(each) for each in found.each("commits")]

    # --- pull requests

    def pulls(self, repository: Repository, branch: str, *, source: Repository | None = None) -> list[Pull]:
        """See Forge."""
        head = f"{(source or repository).owner}:{branch}"
        found: list[Pull] = []
        for page in self._http.pages(
            f"{path_of(repository)}/pulls", head=head, state="all", sort="created", direction="desc"
        ):
            found += map(pull_of, items(page, "pull requests"))
        return [pull for pull in found if pull.branch == branch]

    def pull(self, repository: Repository, number: int) -> Pull | None:
        """See Forge."""
        reply = self._http.find(f"{path_of(repository)}/pulls/{number}")
        return pull_of(Shape(reply.data, "pull request")) if reply is not None else None

    def open_pull(self, repository: Repository, new: NewPull, *, source: Repository | None = None) -> Pull:
        """See Forge."""
        head = f"{source.owner}:{new.branch}" if source is not None else new.branch
        body = {"title": new.title, "body": new.body, "head": head, "base": new.base, "draft": new.draft}
        reply = self._http.send("POST", f"{path_of(repository)}/pulls", body)
        return pull_of(Shape(reply.data, "pull request"))

    def change_pull(self, repository: Repository, number: int, *, title: str, body: str) -> None:
        """See Forge."""
        self._http.send("PATCH", f"{path_of(repository)}/pulls/{number}", {"title": title, "body": body})

    def close_pull(self, repository: Repository, number: int) -> None:
        """See Forge."""
        self._http.send("PATCH", f"{path_of(repository)}/pulls/{number}", {"state": "closed"})

    def comment(self, repository: Repository, number: int, text: str) -> None:
        """See Forge."""
        self._http.send("POST", f"{path_of(repository)}/issues/{number}/comments", {"body": text})

    def label(self, repository: Repository, number: int, labels: tuple[str, ...]) -> None:
        """See Forge."""
        self._http.send("POST", f"{path_of(repository)}/issues/{number}/labels", {"labels": list(labels)})

    def ask_review(self, repository: Repository, number: int, reviewers: tuple[str, ...]) -> None:
        """See Forge."""
        self._http.send("POST", f"{path_of(repository)}/pulls/{number}/requested_reviewers", reviewers_body(reviewers))

    def said(self, repository: Repository, number: int) -> list[str]:
        """See Forge."""
        pages = self._http.pages(f"{path_of(repository)}/pulls/{number}/reviews")
        return [each.text("body", "") for page in pages for each in items(page, "reviews")]

    def review(self, repository: Repository, pull: Pull, text: str, remarks: tuple[Remark, ...]) -> None:
        """See Forge."""
        comments = [{"path": each.path, "body": each.text, "side": "RIGHT", **lines_of(each)} for each in remarks]
        body = {"commit_id": pull.tip, "body": text, "event": "COMMENT", "comments": comments}
        self._http.send("POST", f"{path_of(repository)}/pulls/{pull.number}/reviews", body)

    def ready(self, repository: Repository, number: int) -> None:
        """See Forge. The REST API cannot."""
        node = Shape(self._http.get(f"{path_of(repository)}/pulls/{number}").data, "pull request").text("node_id")
        # GitHub Enterprise has it beside the REST API, and not below it.
        address = f"{self._http.base.removesuffix('/v3')}/graphql"
        reply = self._http.send("POST", address, {"query": _READY, "variables": {"id": node}})
        if Shape(reply.data, "answer").each("errors"):
            raise ForgeError(f"{self._host} does not take the pull request as ready for review")

    # --- forks and issues

    def fork(self, repository: Repository) -> Repository | None:
        """See Forge."""
        reply = self._http.find(name_path(self.login() + "/" + repository.name.rpartition("/")[2]))
        if reply is None:
            return None
        parent = Shape(reply.data, "repository").maybe("parent")
        if parent is not None and str(parent.number("id")) == repository.id:
            return self._repository(Shape(reply.data, "repository"))
        # That name was taken, so the fork has another one.
        for page in self._http.pages(f"{path_of(repository)}/forks", sort="newest"):
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
        found: list[tuple[int, str]] = []
        for page in self._http.pages(f"{path_of(repository)}/issues", creator=self.login(), state="open"):
            for each in items(page, "issues"):
                if each.text("title") == title and each.maybe("pull_request") is None:
                    found.append((each.number("number"), each.text("body", "")))
        return found

    def write_issue(self, repository: Repository, title: str, body: str, number: int | None) -> int:
        """See Forge."""
        if number is None:
            reply = self._http.send("POST", f"{path_of(repository)}/issues", {"title": title, "body": body})
        else:
            reply = self._http.send("PATCH", f"{path_of(repository)}/issues/{number}", {"body": body})
        return Shape(reply.data, "issue").number("number")
