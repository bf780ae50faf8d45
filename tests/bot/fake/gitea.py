"""The fake forge as Gitea speaks, version 1.27: its own description, and the code behind it where that says little."""

from __future__ import annotations

import base64
import re
from typing import Any

from .server import Answer, Asked
from .state import FakeIssue, FakePull, FakeRepository, FakeState

_TIME = "2026-01-01T00:00:00Z"
_DRAFTS = ("WIP:", "[WIP]")
_TREE_PAGE = 1000


def gitea(state: FakeState, asked: Asked, login: str, url: str) -> Answer:
    """The whole dialect."""
    if not login:
        return _error(401, "user does not exist [uid: 0, name: ]")
    path = asked.path
    if path == "/user":
        return Answer(200, _user(login))
    if match := re.fullmatch(r"/orgs/([^/]+)", path):
        known = match[1] in state.organisations
        return Answer(200, {"id": 7, "name": match[1], "username": match[1]}) if known else _error(404, "not found")
    if match := re.fullmatch(r"/(?:orgs|users)/([^/]+)/repos", path):
        if not state.has_owner(match[1]):
            return _error(404, "not found")
        own = [each for each in state.repositories.values() if each.name.split("/")[0] == match[1] and not each.gone]
        return _page(asked, [_repository(each, login, url) for each in own], url)
    if path == "/repos/search":
        own = [each for each in state.repositories.values() if asked.query["q"] in each.name and not each.gone]
        found = _page(asked, [_repository(each, login, url) for each in own], url)
        return Answer(200, {"ok": True, "data": found.data}, found.headers)
    if match := re.fullmatch(r"/repositories/(\d+)", path):
        by_id = state.repositories.get(int(match[1]))
        return Answer(200, _repository(by_id, login, url)) if by_id and not by_id.gone else _error(404, "not found")
    match = re.fullmatch(r"/repos/([^/]+/[^/]+)(/.*)?", path)
    repository = state.named(match[1]) if match else None
    if match is None or repository is None:
        return _error(404, "The target couldn't be found.")
    if match[1] != repository.name:
        if asked.method != "GET":
            return _error(404, "The target couldn't be found.")
        return Answer(307, None, {"Location": f"{url}/api/v1/repos/{repository.name}{match[2] or ''}"})
    if asked.method != "GET" and repository.archived:
        return _error(423, f"{repository.name} is archived")
    rest = match[2] or ""
    if rest == "":
        return Answer(200, _repository(repository, login, url))
    return _within(state, repository, rest, asked, login, url)


def _within(state: FakeState, repository: FakeRepository, rest: str, asked: Asked, login: str, url: str) -> Answer:
    if match := re.fullmatch(r"/contents/(.+)", rest):
        return _content(repository, match[1], asked)
    if match := re.fullmatch(r"/git/trees/(.+)", rest):
        return _tree(repository, match[1], asked, url)
    if match := re.fullmatch(r"/branches/(.+)", rest):
        tip = repository.tip(match[1])
        return Answer(200, {"name": match[1], "commit": {"id": tip}}) if tip else _error(404, "branch does not exist")
    if match := re.fullmatch(r"/compare/(.+?)\.\.\.(.+)", rest):
        return _compare(state, repository, match[1], match[2])
    if rest == "/forks" and asked.method == "GET":
        forks = [each for each in state.repositories.values() if each.parent is repository]
        return _page(asked, [_repository(each, login, url) for each in forks], url)
    if rest == "/forks":
        return Answer(202, _repository(state.fork(repository, login), login, url))
    if rest == "/labels":
        if asked.method == "POST":
            repository.labels.append(asked.body["name"])
            return Answer(201, _label(repository, asked.body["name"], url))
        return _page(asked, [_label(repository, name, url) for name in repository.labels], url)
    if rest == "/pulls" and asked.method == "GET":
        return _page(asked, [_pull(repository, pull, login, url) for pull in reversed(repository.pulls)], url)
    if rest == "/pulls":
        return _open(state, repository, asked.body, login, url)
    if match := re.fullmatch(r"/(?:pulls|issues)/(\d+)(/.*)?", rest):
        pull = next((each for each in repository.pulls if each.number == int(match[1])), None)
        if pull is not None:
            return _of_pull(repository, pull, match[2] or "", asked, login, url)
    if rest.startswith("/issues"):
        return _issues(repository, rest, asked, login, url)
    return _error(404, "The target couldn't be found.")


def _content(repository: FakeRepository, path: str, asked: Asked) -> Answer:
    ref = asked.query.get("ref", repository.default_branch)
    sha = repository.run("rev-parse", "--verify", "--quiet", f"{ref}:{path}", check=False)
    if not sha:
        return _error(404, "object does not exist")
    content = repository.run("show", f"{ref}:{path}", check=False)
    shown = base64.b64encode(content.encode() + b"\n").decode()
    return Answer(200, {"type": "file", "encoding": "base64", "content": shown, "path": path, "name": path, "sha": sha})


def _tree(repository: FakeRepository, ref: str, asked: Asked, url: str) -> Answer:
    if not repository.tip(ref):
        return _error(400, "sha not found")
    entries, page = repository.files(ref), int(asked.query.get("page", 1))
    shown = entries[(page - 1) * _TREE_PAGE : page * _TREE_PAGE]
    tree: dict[str, Any] = {"sha": repository.tip(ref), "url": url, "page": page, "total_count": len(entries)}
    return Answer(200, {**tree, "truncated": page * _TREE_PAGE < len(entries), "tree": shown or None})


def _compare(state: FakeState, repository: FakeRepository, base: str, head: str) -> Answer:
    owner, _, branch = head.rpartition(":")
    source = state.fork(repository, owner) if owner and owner != repository.name.split("/")[0] else repository
    tip = source.tip(branch)
    if not tip:
        return _error(404, "could not find branch")
    if source is not repository:
        repository.run("fetch", "--quiet", str(source.git), tip)
    commits = [
        {"sha": sha, "commit": {"message": message, "committer": {"name": "x", "email": email, "date": _TIME}}}
        for sha, email, message in reversed(repository.ahead(base, tip))  # the newest first
    ]
    return Answer(200, {"total_commits": len(commits), "commits": commits})


def _open(state: FakeState, repository: FakeRepository, body: dict[str, Any], login: str, url: str) -> Answer:
    (owner, _, branch), base = body["head"].rpartition(":"), body["base"]
    forked = owner not in ("", repository.name.split("/")[0])
    source = state.fork(repository, owner) if forked else repository
    if not source.tip(branch) or not repository.tip(base):
        return _error(404, "The target couldn't be found.")
    for pull in repository.pulls:
        if (pull.source or repository, pull.branch, pull.state) == (source, branch, "open"):
            ids = f"[id: {pull.number}, issue_id: {pull.number}, head_repo_id: {source.id}]"
            return _error(409, f"pull request already exists for these targets {ids}")
    made = FakePull(len(repository.pulls) + 1, body["title"], body["body"], branch, base, login)
    made.source = source if forked else None
    repository.pulls.append(made)
    return Answer(201, _pull(repository, made, login, url))


def _of_pull(repository: FakeRepository, pull: FakePull, rest: str, asked: Asked, login: str, url: str) -> Answer:
    body = asked.body
    if rest == "" and asked.method == "GET":
        return Answer(200, _pull(repository, pull, login, url))
    if rest == "" and asked.method == "PATCH":
        pull.title, pull.body = body.get("title", pull.title), body.get("body", pull.body)
        if body.get("state") == "closed":
            pull.tip, pull.state = repository.head(pull), "closed"
        return Answer(201, _pull(repository, pull, login, url))
    if rest == "/comments":
        pull.comments.append(body["body"])
        return Answer(201, {"id": len(pull.comments), "body": body["body"]})
    if rest == "/labels":
        names = [repository.labels[number - 1] for number in body["labels"]]
        pull.labels += [name for name in names if name not in pull.labels]
        return Answer(200, [_label(repository, name, url) for name in pull.labels])
    if rest == "/requested_reviewers":
        pull.reviewers += [*body["reviewers"], *(f"/{team}" for team in body["team_reviewers"])]
        return Answer(201, [])
    if rest == "/reviews" and asked.method == "GET":
        return _page(asked, [{"id": n, "body": text} for n, text in enumerate(pull.reviews, 1)], url)
    if rest == "/reviews":
        for remark in body["comments"]:
            if remark["new_position"] not in repository.added(pull, remark["path"]):
                return _error(422, "line not found")
            pull.remarks.append((remark["path"], remark["new_position"], remark["body"]))
        pull.reviews.append(body["body"])
        return Answer(200, {"id": len(pull.reviews), "body": body["body"]})
    return _error(404, "The target couldn't be found.")


def _issues(repository: FakeRepository, rest: str, asked: Asked, login: str, url: str) -> Answer:
    if rest == "/issues" and asked.method == "GET":
        mine = [each for each in repository.issues if each.author == asked.query.get("created_by", each.author)]
        return _page(asked, [_issue(each) for each in mine], url)
    if rest == "/issues":
        repository.issues.append(
            FakeIssue(len(repository.issues) + 1001, asked.body["title"], asked.body["body"], login)
        )
        return Answer(201, _issue(repository.issues[-1]))
    found = next((each for each in repository.issues if rest == f"/issues/{each.number}"), None)
    if found is None:
        return _error(404, "issue does not exist")
    found.body = asked.body["body"]
    return Answer(201, _issue(found))


def _issue(issue: FakeIssue) -> dict[str, Any]:
    return {"number": issue.number, "title": issue.title, "body": issue.body, "user": _user(issue.author)}


def _user(login: str) -> dict[str, Any]:
    return {"id": 1, "login": login}


def _label(repository: FakeRepository, name: str, url: str) -> dict[str, Any]:
    return {"id": repository.labels.index(name) + 1, "name": name, "color": "0db7ed", "url": url}


def _repository(repository: FakeRepository, login: str, url: str) -> dict[str, Any]:
    return {
        "id": repository.id,
        "full_name": repository.name,
        "name": repository.name.split("/")[1],
        "owner": _user(repository.name.split("/")[0]),
        "default_branch": repository.default_branch,
        "clone_url": f"{url}/git/{repository.name}.git",
        "html_url": f"{url}/{repository.name}",
        "empty": not repository.branches(),
        "archived": repository.archived,
        "mirror": False,
        "fork": repository.fork,
        "parent": _repository(repository.parent, login, url) if repository.parent is not None else None,
        "size": 24,
        "topics": repository.topics,
        "permissions": {"pull": True, "push": login in repository.pushers, "admin": False},
    }


def _pull(repository: FakeRepository, pull: FakePull, login: str, url: str) -> dict[str, Any]:
    source = pull.source or repository
    there = bool(source.tip(pull.branch))
    home = None if source.gone else _repository(source, login, url)
    return {
        "number": pull.number,
        "state": "open" if pull.state == "open" else "closed",
        "merged": pull.state == "merged",
        "title": pull.title,
        "body": pull.body,
        "draft": pull.title.startswith(_DRAFTS),
        "mergeable": pull.state == "open" and not repository.conflicts(pull),
        "html_url": f"{url}/{repository.name}/pulls/{pull.number}",
        "user": _user(pull.author),
        "labels": [_label(repository, name, url) for name in pull.labels if name in repository.labels]
        + [{"id": 99, "name": name} for name in pull.labels if name not in repository.labels],
        "head": {
            "label": pull.branch,
            "ref": pull.branch if there else f"refs/pull/{pull.number}/head",
            "sha": repository.head(pull) or pull.tip,
            "repo_id": source.id,
            "repo": home,
        },
        "base": {
            "label": pull.base,
            "ref": pull.base,
            "sha": repository.tip(pull.base),
            "repo_id": repository.id,
            "repo": _repository(repository, login, url),
        },
    }


def _page(asked: Asked, found: list[Any], url: str) -> Answer:
    size, page = min(int(asked.query.get("limit", 30)), 50), int(asked.query.get("page", 1))
    shown = found[(page - 1) * size : page * size]
    headers = {"X-Total-Count": str(len(found))}
    if page * size < len(found):
        query = "&".join(f"{name}={value}" for name, value in {**asked.query, "page": str(page + 1)}.items())
        headers["Link"] = f'<{url}/api/v1{asked.path}?{query}>; rel="next",<{url}/api/v1{asked.path}>; rel="last"'
    return Answer(200, shown, headers)


def _error(status: int, message: str) -> Answer:
    return Answer(status, {"message": message, "url": "https://gitea.example/api/swagger"})
