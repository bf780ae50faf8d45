"""GitLab, by its REST API (v4): https://docs.gitlab.com/api/rest. Its merge requests are our pull requests."""

from __future__ import annotations

import urllib.parse
from collections.abc import Iterator

from rewriter.bot.forge import AheadCommit, Missing, NewPull, Pull, Remark, Repository, Tree, Unreachable
from rewriter.bot.forge_http import ForgeHttp
from rewriter.bot.gitlab_shapes import DRAFT, commit_of, project_of, pull_of
from rewriter.bot.rest import content_of
from rewriter.bot.shapes import Shape, items

_MOST_TREES = 200
"""Pages of a tree, of 100 entries each."""


def api_of(url: str) -> str:
    """The address of the API of a GitLab with these web pages."""
    return f"{url.rstrip('/')}/api/v4"


class GitLab:
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
            self._login = Shape(self._http.get("/user").data, "user").text("username")
        return self._login

    # --- repositories

    def of_owner(self, owner: str) -> Iterator[Repository]:
        """See Forge."""
        name = urllib.parse.quote(owner, safe="")
        if self._http.find(f"/groups/{name}", with_projects="false") is not None:
            pages = self._http.pages(f"/groups/{name}/projects", include_subgroups="true", with_shared="false")
        else:
            pages = self._http.pages(f"/users/{name}/projects")
        for page in pages:
            yield from map(self._project, items(page, "projects"))

    def search(self, words: str) -> Iterator[Repository]:
        """See Forge."""
        for page in self._http.pages("/projects", search=words, search_namespaces="true"):
            yield from map(self._project, items(page, "projects"))

    def repository(self, name: str) -> Repository | None:
        """See Forge."""
        return self.repository_again(urllib.parse.quote(name, safe=""), name)

    def repository_again(self, identifier: str, name: str) -> Repository | None:
        """See Forge."""
        reply = self._http.find(f"/projects/{identifier}")
        return self._project(Shape(reply.data, "project")) if reply is not None else None

    def _project(self, shape: Shape) -> Repository:
        return project_of(shape, self._host)

    # --- files and branches

    def file(self, repository: Repository, path: str, ref: str) -> bytes | None:
        """See Forge."""
        reply = self._http.find(f"{_of(repository)}/repository/files/{_quoted(path)}", ref=ref)
        if reply is None:
            return None
        found = Shape(reply.data, "file")
        return content_of(found, self._host)

    def tree(self, repository: Repository, ref: str) -> Tree | None:
        """See Forge."""
        blobs: dict[str, str] = {}
        pages = self._http.pages(f"{_of(repository)}/repository/tree", ref=ref, recursive="true")
        try:
            for number, page in enumerate(pages, 1):
                entries = items(page, "entries of a tree")
                blobs |= {each.text("path"): each.text("id") for each in entries if each.text("type") == "blob"}
                if number == _MOST_TREES:
                    return Tree(blobs, True)
        except Missing:
            return None
        return Tree(blobs, False)

    def tip(self, repository: Repository, branch: str) -> str | None:
        """See Forge."""
        reply = self._http.find(f"{_of(repository)}/repository/branches/{_quoted(branch)}")
        return Shape(reply.data, "branch").inner("commit").text("id") if reply is not None else None

    def ahead(
        self, repository: Repository, base: str, branch: str, *, source: Repository | None = None
    ) -> list[AheadCommit]:
        """See Forge."""
        query = {"from": base, "to": branch}
        if source is not None:
            query["from_project_id"] = repository.id
        found = Shape(self._http.get(f"{_of(source or repository)}/repository/compare", **query).data, "comparison")
        return [commit_of(each) for each in found.each("commits")]

    # --- merge requests

    def pulls(self, repository: Repository, branch: str, *, source: Repository | None = None) -> list[Pull]:
        """See Forge."""
        query = {"source_branch": branch, "state": "all", "order_by": "created_at", "sort": "desc"}
        found: list[Pull] = []
        for page in self._http.pages(f"{_of(repository)}/merge_requests", **query):
            mine = [each for each in items(page, "merge requests") if _is_of(each, repository, source)]
            found += map(pull_of, mine)
        return found

    def pull(self, repository: Repository, number: int) -> Pull | None:
        """See Forge."""
        reply = self._http.find(_pull(repository, number))
        return pull_of(Shape(reply.data, "merge request")) if reply is not None else None

    def open_pull(self, repository: Repository, new: NewPull, *, source: Repository | None = None) -> Pull:
        """See Forge."""
        body: dict[str, str | int] = {
            "source_branch": new.branch,
            "target_branch": new.base,
            "title": f"{DRAFT}{new.title}" if new.draft else new.title,
            "description": new.body,
        }
        if source is not None:
            body["target_project_id"] = int(repository.id)
        reply = self._http.send("POST", f"{_of(source or repository)}/merge_requests", body)
        return pull_of(Shape(reply.data, "merge request"))

    def change_pull(self, repository: Repository, number: int, *, title: str, body: str) -> None:
        """See Forge."""
        known = self.pull(repository, number)
        kept = f"{DRAFT}{title}" if known is not None and known.draft else title
        self._http.send("PUT", _pull(repository, number), {"title": kept, "description": body})

    def close_pull(self, repository: Repository, number: int) -> None:
        """See Forge."""
        self._http.send("PUT", _pull(repository, number), {"state_event": "close"})

    def comment(self, repository: Repository, number: int, text: str) -> None:
        """See Forge."""
        self._http.send("POST", f"{_pull(repository, number)}/notes", {"body": text})

    def label(self, repository: Repository, number: int, labels: tuple[str, ...]) -> None:
        """See Forge."""
        self._http.send("PUT", _pull(repository, number), {"add_labels": ",".join(labels)})

    def ask_review(self, repository: Repository, number: int, reviewers: tuple[str, ...]) -> None:
        """See Forge. GitLab asks people alone; who is not known is left out."""
        ids: list[int] = []
        for name in reviewers:
            found = self._http.get("/users", username=name.removeprefix("@")).data
            ids += [each.number("id") for each in items(found, "users")]
        if ids:
            self._http.send("PUT", _pull(repository, number), {"reviewer_ids": ids})

    def said(self, repository: Repository, number: int) -> list[str]:
        """See Forge."""
        pages = self._http.pages(f"{_pull(repository, number)}/notes")
        return [each.text("body", "") for page in pages for each in items(page, "notes")]

    def review(self, repository: Repository, pull: Pull, text: str, remarks: tuple[Remark, ...]) -> None:
        """See Forge. GitLab takes one discussion at a time, and the first one holds the text."""
        reply = self._http.get(_pull(repository, pull.number))
        commits = Shape(reply.data, "merge request").inner("diff_refs")
        shared = {name: commits.text(name) for name in ("base_sha", "start_sha", "head_sha")}
        for number, remark in enumerate(remarks):
            position = {"position_type": "text", "new_path": remark.path, "old_path": remark.path, **shared}
            body = remark.text if number else f"{remark.text}\n\n{text}"
            self._http.send(
                "POST",
                f"{_pull(repository, pull.number)}/discussions",
                {"body": body, "position": {**position, "new_line": remark.last}},
            )

    def ready(self, repository: Repository, number: int) -> None:
        """See Forge."""
        known = self.pull(repository, number)
        if known is not None and known.draft:
            self._http.send("PUT", _pull(repository, number), {"title": known.title})

    # --- forks and issues

    def fork(self, repository: Repository) -> Repository | None:
        """See Forge."""
        for page in self._http.pages(f"{_of(repository)}/forks", owned="true"):
            for found in map(self._project, items(page, "forks")):
                if found.owner.lower() == self.login().lower():
                    return found
        return None

    def make_fork(self, repository: Repository) -> Repository:
        """See Forge."""
        made = Shape(self._http.send("POST", f"{_of(repository)}/fork", {}).data, "project")
        found = self._project(made)
        if made.text("import_status", "finished") not in ("finished", "none") or not found.default_branch:
            raise Unreachable(f"{self._host} is still making the fork {found.name}")
        return found

    def before_push(self) -> None:
        """See Forge."""
        self._http.pace.before_write()

    def issues(self, repository: Repository, title: str) -> list[tuple[int, str]]:
        """See Forge."""
        pages = self._http.pages(f"{_of(repository)}/issues", state="opened", author_username=self.login())
        found = [each for page in pages for each in items(page, "issues")]
        return [(each.number("iid"), each.text("description", "")) for each in found if each.text("title") == title]

    def write_issue(self, repository: Repository, title: str, body: str, number: int | None) -> int:
        """See Forge."""
        path = f"{_of(repository)}/issues"
        if number is None:
            reply = self._http.send("POST", path, {"title": title, "description": body})
        else:
            reply = self._http.send("PUT", f"{path}/{number}", {"description": body})
        return Shape(reply.data, "issue").number("iid")


def _quoted(text: str) -> str:
    return urllib.parse.quote(text, safe="")


def _of(repository: Repository) -> str:
    return f"/projects/{repository.id}"


def _pull(repository: Repository, number: int) -> str:
    return f"{_of(repository)}/merge_requests/{number}"


def _is_of(pull: Shape, repository: Repository, source: Repository | None) -> bool:
    """Whether a merge request comes from there. When a fork is gone, only who opened it tells whose it was."""
    if source is None:
        return str(pull.number("source_project_id", 0)) == repository.id
    if source.id and pull.number("source_project_id", 0):
        return str(pull.number("source_project_id", 0)) == source.id
    author = pull.maybe("author")
    return author is not None and author.text("username", "").lower() == source.owner.lower()
