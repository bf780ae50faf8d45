"""The fake forge as GitHub speaks: https://docs.github.com/rest, version 2022-11-28."""

from __future__ import annotations

import base64
import re
from typing import Any

from .server import Answer, Asked
from .state import FakeIssue, FakePull, FakeRepository, FakeState

_TIME = "2026-01-01T00:00:00Z"


def github(state: FakeState, asked: Asked, login: str, url: str) -> Answer:
    """The whole dialect."""
    if not login:
        return _error(401, "Bad credentials")
    path, method = asked.path, asked.method
    if path == "/user":
        return Answer(200, {"login": login, "id": 1, "type": "User"})
    if match := re.fullmatch(r"/users/([^/]+)", path):
        if not state.has_owner(match[1]):
            return _error(404, "Not Found")
        kind = "Organization" if match[1] in state.organisations else "User"
        return Answer(200, {"login": match[1], "id": 2, "type": kind})
    if match := re.fullmatch(r"/(?:orgs|users)/([^/]+)/repos", path):
        own = [each for each in state.repositories.values() if each.name.split("/")[0] == match[1] and not each.gone]
        return _page(asked, [_repository(each, login, url) for each in own], url)
    if path == "/installation/repositories":
        own = [each for each in state.repositories.values() if login in each.pushers and not each.gone]
        found = _page(asked, [_repository(each, "", url) for each in own], url)  # it says nothing of what an App may
        return Answer(200, {"total_count": len(own), "repositories": found.data}, found.headers)
    if path == "/api/graphql":
        return _ready(state, asked.body)
    if path == "/search/repositories":
        words = asked.query["q"].split()
        own = [each for each in state.repositories.values() if all(word in each.name for word in words)]
        found = _page(asked, [_repository(each, login, url) for each in own], url)
        return Answer(200, {"total_count": len(own), "incomplete_results": False, "items": found.data}, found.headers)
    if match := re.fullmatch(r"/repositories/(\d+)", path):
        by_id = state.repositories.get(int(match[1]))
        return Answer(200, _repository(by_id, login, url)) if by_id and not by_id.gone else _error(404, "Not Found")
    match = re.fullmatch(r"/repos/([^/]+/[^/]+)(/.*)?", path)
    repository = state.named(match[1]) if match else None
    if match is None or repository is None:
        return _error(404, "Not Found")
    if match[1] != repository.name and method == "GET":
        target = f"{url}/api/v3/repositories/{repository.id}"
        return Answer(301, {"message": "Moved Permanently", "url": target}, {"Location": target})
    if method != "GET" and repository.archived:
        return _error(403, "Repository was archived so is read-only.")
    rest = match[2] or ""
    if rest == "":
        return Answer(200, _repository(repository, login, url, whole=True))
    return _within(state, repository, rest, asked, login, url)


def _ready(state: FakeState, body: dict[str, Any]) -> Answer:
    """The one mutation that is asked for."""
    assert "markPullRequestReadyForReview" in body["query"]
    for repository in state.repositories.values():
        for pull in repository.pulls:
            if _node(repository, pull) == body["variables"]["id"]:
                pull.draft = False
                return Answer(200, {"data": {"markPullRequestReadyForReview": {"clientMutationId": None}}})
    return Answer(200, {"data": None, "errors": [{"message": "Could not resolve to a node"}]})


def _node(repository: FakeRepository, pull: FakePull) -> str:
    return f"PR_{repository.id}_{pull.number}"


def _within(state: FakeState, repository: FakeRepository, rest: str, asked: Asked, login: str, url: str) -> Answer:
    if match := re.fullmatch(r"/contents/(.+)", rest):
        ref = asked.query.get("ref", repository.default_branch)
        content = repository.run("show", f"{ref}:{match[1]}", check=False)
        sha = repository.run("rev-parse", "--verify", "--quiet", f"{ref}:{match[1]}", check=False)
        if not sha:
            return _error(404, "Not Found")
        shown = base64.b64encode(content.encode() + b"\n").decode()
        return Answer(200, {"type": "file", "encoding": "base64", "content": shown, "path": match[1], "sha": sha})
    if match := re.fullmatch(r"/git/trees/(.+)", rest):
        if not repository.tip(match[1]):
            return _error(409, "Git Repository is empty.") if not repository.branches() else _error(404, "Not Found")
        tree = {"sha": repository.tip(match[1]), "tree": repository.files(match[1]), "truncated": False}
        return Answer(200, tree)
    if match := re.fullmatch(r"/git/refs?/heads/(.+)", rest):
        return _reference(repository, match[1])
    if match := re.fullmatch(r"/compare/(.+)\.\.\.(.+)", rest):
        owner, _, branch = match[2].rpartition(":")
        source = state.fork(repository, owner) if owner and owner != repository.name.split("/")[0] else repository
        base, head = match[1], source.tip(branch)
        if source is not repository and head:
            repository.run("fetch", "--quiet", str(source.git), head)
        commits = [_commit(*each) for each in repository.ahead(base, head)]
        return Answer(200, {"ahead_by": len(commits), "commits": commits})
    if rest == "/pulls" and asked.method == "GET":
        owner, _, head = asked.query.get("head", "").partition(":")
        found = [
            each for each in repository.pulls if not head or (_owner(each, repository), each.branch) == (owner, head)
        ]
        return _page(asked, [_pull(repository, pull, url) for pull in reversed(found)], url)
    if rest == "/pulls":
        return _open(state, repository, asked.body, login, url)
    if rest == "/forks" and asked.method == "GET":
        forks = [each for each in state.repositories.values() if each.parent is repository]
        return _page(asked, [_repository(each, login, url) for each in forks], url)
    if rest == "/forks":
        return Answer(202, _repository(state.fork(repository, login), login, url, whole=True))
    if match := re.fullmatch(r"/(?:pulls|issues)/(\d+)(/.*)?", rest):
        pull = next((each for each in repository.pulls if each.number == int(match[1])), None)
        if pull is not None:
            return _of_pull(repository, pull, match[2] or "", asked, url)
    return _issues(repository, rest, asked, login, url) if rest.startswith("/issues") else _error(404, "Not Found")


def _issues(repository: FakeRepository, rest: str, asked: Asked, login: str, url: str) -> Answer:
    if rest == "/issues" and asked.method == "GET":
        mine = [each for each in repository.issues if each.author == asked.query.get("creator", each.author)]
        return _page(asked, [_issue(each) for each in mine], url)
    if rest == "/issues":
        issue = FakeIssue(len(repository.issues) + 1001, asked.body["title"], asked.body["body"], login)
        repository.issues.append(issue)
        return Answer(201, _issue(issue))
    found = next((each for each in repository.issues if rest == f"/issues/{each.number}"), None)
    if found is None:
        return _error(404, "Not Found")
    found.body = asked.body["body"]
    return Answer(200, _issue(found))


def _issue(issue: FakeIssue) -> dict[str, Any]:
    return {"number": issue.number, "title": issue.title, "body": issue.body, "state": "open"}


def _reference(repository: FakeRepository, branch: str) -> Answer:
    tip = repository.tip(branch)
    if not tip:
        return _error(404, "Not Found")
    return Answer(200, {"ref": f"refs/heads/{branch}", "object": {"type": "commit", "sha": tip}})


def _owner(pull: FakePull, repository: FakeRepository) -> str:
    return (pull.source or repository).name.split("/")[0]


def _open(state: FakeState, repository: FakeRepository, body: dict[str, Any], login: str, url: str) -> Answer:
    (owner, _, branch), base = body["head"].rpartition(":"), body["base"]
    forked = owner not in ("", repository.name.split("/")[0])
    source = state.fork(repository, owner) if forked else repository
    if not source.tip(branch) or not repository.tip(base):
        return _error(422, "Validation Failed", [{"resource": "PullRequest", "field": "head", "code": "invalid"}])
    if any(
        (_owner(p, repository), p.branch, p.state) == (source.name.split("/")[0], branch, "open")
        for p in repository.pulls
    ):
        message = f"A pull request already exists for {repository.name.split('/')[0]}:{branch}."
        return _error(422, "Validation Failed", [{"resource": "PullRequest", "code": "custom", "message": message}])
    pull = FakePull(
        len(repository.pulls) + 1, body["title"], body["body"], branch, base, login, draft=bool(body.get("draft"))
    )
    pull.source = source if forked else None
    repository.pulls.append(pull)
    return Answer(201, _pull(repository, pull, url))


def _of_pull(repository: FakeRepository, pull: FakePull, rest: str, asked: Asked, url: str) -> Answer:
    if rest == "" and asked.method == "GET":
        return Answer(200, _pull(repository, pull, url, whole=True))
    if rest == "" and asked.method == "PATCH":
        pull.title = asked.body.get("title", pull.title)
        pull.body = asked.body.get("body", pull.body)
        if asked.body.get("state") == "closed":
            pull.tip, pull.state = repository.head(pull), "closed"
        return Answer(200, _pull(repository, pull, url))
    if rest == "/comments":
        pull.comments.append(asked.body["body"])
        return Answer(201, {"id": len(pull.comments), "body": asked.body["body"]})
    if rest == "/reviews" and asked.method == "GET":
        return _page(asked, [{"id": n, "body": body} for n, body in enumerate(pull.reviews, 1)], url)
    if rest == "/reviews":
        return _review(repository, pull, asked)
    if rest == "/labels":
        pull.labels += [label for label in asked.body["labels"] if label not in pull.labels]
        return Answer(200, [{"name": label} for label in pull.labels])
    if rest == "/requested_reviewers":
        pull.reviewers += [*asked.body["reviewers"], *(f"/{team}" for team in asked.body["team_reviewers"])]
        return Answer(201, _pull(repository, pull, url))
    return _error(404, "Not Found")


def _review(repository: FakeRepository, pull: FakePull, asked: Asked) -> Answer:
    """Remarks must be about lines that the pull request adds, of the commit that is named."""
    if asked.body["commit_id"] != repository.head(pull):
        return _error(422, "Unprocessable Entity")
    for remark in asked.body["comments"]:
        added = repository.added(pull, remark["path"])
        if (
            not {*range(remark.get("start_line", remark["line"]), remark["line"] + 1)} & added
            or remark["side"] != "RIGHT"
        ):
            return _error(422, "Unprocessable Entity", [{"message": "Line could not be resolved"}])
        pull.remarks.append((remark["path"], remark["line"], remark["body"]))
    pull.reviews.append(asked.body["body"])
    return Answer(200, {"id": len(pull.reviews), "body": asked.body["body"]})


def _repository(repository: FakeRepository, login: str, url: str, *, whole: bool = False) -> dict[str, Any]:
    empty = not repository.branches()
    found = {
        "id": repository.id,
        "full_name": repository.name,
        "name": repository.name.split("/")[1],
        "default_branch": repository.default_branch,
        "clone_url": f"{url}/git/{repository.name}.git",
        "html_url": f"{url}/{repository.name}",
        "archived": repository.archived,
        "disabled": False,
        "fork": repository.fork,
        "size": 0 if empty else 1,
        "pushed_at": _TIME,
        "topics": repository.topics,
        "permissions": {"pull": True, "push": login in repository.pushers, "admin": False},
    }
    if whole and repository.parent is not None:
        found["parent"] = _repository(repository.parent, login, url)
    return found


def _pull(repository: FakeRepository, pull: FakePull, url: str, *, whole: bool = False) -> dict[str, Any]:
    tip, source = repository.head(pull) or pull.tip, pull.source or repository
    found = {
        "number": pull.number,
        "node_id": _node(repository, pull),
        "state": "open" if pull.state == "open" else "closed",
        "merged_at": _TIME if pull.state == "merged" else None,
        "title": pull.title,
        "body": pull.body,
        "draft": pull.draft,
        "html_url": f"{url}/{repository.name}/pull/{pull.number}",
        "user": {"login": pull.author},
        "labels": [{"name": label} for label in pull.labels],
        "head": {"ref": pull.branch, "sha": tip, "label": f"{source.name.split('/')[0]}:{pull.branch}"},
        "base": {"ref": pull.base, "sha": repository.tip(pull.base)},
    }
    if whole:
        found["mergeable"] = None if pull.state != "open" else not repository.conflicts(pull)
    return found


def _commit(identifier: str, email: str, message: str) -> dict[str, Any]:
    person = {"name": "x", "email": email, "date": _TIME}
    return {"sha": identifier, "commit": {"message": message, "author": person, "committer": person}}


def _page(asked: Asked, items: list[Any], url: str) -> Answer:
    size, page = int(asked.query.get("per_page", 30)), int(asked.query.get("page", 1))
    shown = items[(page - 1) * size : page * size]
    headers = {}
    if page * size < len(items):
        query = "&".join(f"{name}={value}" for name, value in {**asked.query, "page": str(page + 1)}.items())
        headers["Link"] = f'<{url}/api/v3{asked.path}?{query}>; rel="next"'
    return Answer(200, shown, headers)


def _error(status: int, message: str, errors: list[dict[str, str]] | None = None) -> Answer:
    data: dict[str, Any] = {"message": message, "documentation_url": "https://docs.github.com/rest"}
    return Answer(status, {**data, "errors": errors} if errors else data)
