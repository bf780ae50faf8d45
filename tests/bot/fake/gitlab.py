"""The fake forge as GitLab speaks: https://docs.gitlab.com/api/rest, version 4."""

from __future__ import annotations

import base64
import re
import urllib.parse
from typing import Any

from .server import Answer, Asked
from .state import FakeIssue, FakePull, FakeRepository, FakeState

_DRAFTS = ("Draft:", "[Draft]", "(Draft)")
_STATES = {"open": "opened", "merged": "merged", "closed": "closed"}


def gitlab(state: FakeState, asked: Asked, login: str, url: str) -> Answer:
    """The whole dialect."""
    if not login:
        return Answer(401, {"message": "401 Unauthorized"})
    path = asked.path
    if path == "/user":
        return Answer(200, {"id": 1, "username": login, "name": login, "state": "active"})
    if path == "/users":
        known = asked.query["username"] if asked.query["username"] in state.people else None
        return Answer(200, [{"id": state.people.index(known) + 10, "username": known}] if known else [])
    if match := re.fullmatch(r"/groups/(.+?)(/projects)?", path):
        if match[1] not in state.organisations:
            return Answer(404, {"message": "404 Group Not Found"})
        own = [each for each in state.repositories.values() if each.name.startswith(f"{match[1]}/") and not each.gone]
        found = [_project(each, "", url) for each in own]
        return _page(asked, found, url) if match[2] else Answer(200, {"id": 5, "full_path": match[1]})
    if match := re.fullmatch(r"/users/([^/]+)/projects", path):
        if not state.has_owner(match[1]):
            return Answer(404, {"message": "404 User Not Found"})
        own = [each for each in state.repositories.values() if each.name.split("/")[0] == match[1] and not each.gone]
        return _page(asked, [_project(each, login, url) for each in own], url)
    if path == "/projects":
        own = [each for each in state.repositories.values() if asked.query["search"] in each.name and not each.gone]
        return _page(asked, [_project(each, login, url) for each in own], url)
    match = re.fullmatch(
        r"/projects/(\d+|[^/]+(?:/[^/]+)+?)(/(?:repository|merge_requests|fork|forks|issues)(?:/.*)?)?", path
    )
    repository = _named(state, match[1]) if match else None
    if match is None or repository is None:
        return Answer(404, {"message": "404 Project Not Found"})
    rest = match[2] or ""
    if rest == "":
        return Answer(200, _project(repository, login, url))
    # Whoever has opened a merge request may change it.
    free = rest == "/fork" or rest.startswith("/merge_requests/")
    if asked.method != "GET" and (repository.archived or not (free or login in repository.pushers)):
        return Answer(403, {"message": "403 Forbidden"})
    return _within(state, repository, rest, asked, login, url)


def _named(state: FakeState, name: str) -> FakeRepository | None:
    if not name.isdigit():
        return state.named(name)
    found = state.repositories.get(int(name))
    return found if found is not None and not found.gone else None


def _within(state: FakeState, repository: FakeRepository, rest: str, asked: Asked, login: str, url: str) -> Answer:
    if rest.startswith("/repository/"):
        return _of_git(state, repository, rest.removeprefix("/repository"), asked, url)
    if rest == "/fork":
        return Answer(201, {**_project(state.fork(repository, login), login, url), "import_status": "finished"})
    if rest == "/forks":
        forks = [each for each in state.repositories.values() if each.parent is repository and not each.gone]
        return _page(asked, [_project(each, login, url) for each in forks], url)
    if rest.startswith("/issues"):
        return _issues(repository, rest, asked, login, url)
    if rest == "/merge_requests" and asked.method == "GET":
        branch = asked.query.get("source_branch")
        found = [each for each in reversed(repository.pulls) if branch in (None, each.branch)]
        return _page(asked, [_pull(repository, each, url) for each in found], url)
    if rest == "/merge_requests":
        return _open(state, repository, asked.body, login, url)
    if match := re.fullmatch(r"/merge_requests/(\d+)(/.*)?", rest):
        pull = next((each for each in repository.pulls if each.number == int(match[1])), None)
        if pull is not None:
            return _of_pull(state, repository, pull, match[2] or "", asked, url)
    return Answer(404, {"message": "404 Not found"})


def _of_git(state: FakeState, repository: FakeRepository, rest: str, asked: Asked, url: str) -> Answer:
    query = asked.query
    if match := re.fullmatch(r"/files/(.+)", rest):
        path = urllib.parse.unquote(match[1])
        blob = repository.run("rev-parse", "--verify", "--quiet", f"{query['ref']}:{path}", check=False)
        if not blob:
            return Answer(404, {"message": "404 File Not Found"})
        content = repository.run("show", f"{query['ref']}:{path}", check=False)
        shown = base64.b64encode(content.encode() + b"\n").decode()
        return Answer(200, {"file_path": path, "encoding": "base64", "content": shown, "blob_id": blob})
    if rest == "/tree":
        if not repository.tip(query["ref"]):
            return Answer(404, {"message": "404 Tree Not Found"})
        entries = [
            {
                "id": each["sha"],
                "name": each["path"].rpartition("/")[2],
                "type": each["type"],
                "path": each["path"],
                "mode": each["mode"],
            }
            for each in repository.files(query["ref"])
        ]
        return _page(asked, entries, url)
    if match := re.fullmatch(r"/branches/(.+)", rest):
        name = urllib.parse.unquote(match[1])
        tip = repository.tip(name)
        found = {"name": name, "commit": {"id": tip}, "protected": False}
        return Answer(200, found) if tip else Answer(404, {"message": "404 Branch Not Found"})
    if rest == "/compare":
        target = state.repositories[int(query["from_project_id"])] if "from_project_id" in query else repository
        tip = repository.tip(query["to"])
        if not tip:
            return Answer(404, {"message": "404 Ref Not Found"})
        if target is not repository:
            target.run("fetch", "--quiet", str(repository.git), tip)
        commits = [
            {"id": sha, "committer_email": email, "message": message}
            for sha, email, message in target.ahead(query["from"], tip)
        ]
        return Answer(200, {"commits": commits, "diffs": [], "compare_timeout": False})
    return Answer(404, {"message": "404 Not found"})


def _open(state: FakeState, repository: FakeRepository, body: dict[str, Any], login: str, url: str) -> Answer:
    target = state.repositories[int(body.get("target_project_id", repository.id))]
    branch = body["source_branch"]
    if not repository.tip(branch):
        return Answer(400, {"message": {"source_branch": ["does not exist"]}})
    for pull in target.pulls:
        if (pull.source or target, pull.branch, pull.base, pull.state) == (
            repository,
            branch,
            body["target_branch"],
            "open",
        ):
            message = f"Another open merge request already exists for this source branch: !{pull.number}"
            return Answer(409, {"message": [message]})
    number = len(target.pulls) + 1
    made = FakePull(number, body["title"], body["description"], branch, body["target_branch"], login)
    made.source = repository if target is not repository else None
    target.pulls.append(made)
    return Answer(201, _pull(target, made, url))


def _of_pull(state: FakeState, repository: FakeRepository, pull: FakePull, rest: str, asked: Asked, url: str) -> Answer:
    body = asked.body
    if rest == "" and asked.method == "PUT":
        pull.title, pull.body = body.get("title", pull.title), body.get("description", pull.body)
        if body.get("state_event") == "close":
            pull.tip, pull.state = repository.head(pull), "closed"
        added = [name for name in body.get("add_labels", "").split(",") if name and name not in pull.labels]
        pull.labels += added
        pull.reviewers += [state.people[number - 10] for number in body.get("reviewer_ids", [])]
    if rest == "":
        return Answer(200, _pull(repository, pull, url))
    if rest == "/notes" and asked.method == "GET":
        said = [*pull.comments, *(text for _, _, text in pull.remarks)]
        return _page(asked, [{"id": number, "body": text} for number, text in enumerate(said, 1)], url)
    if rest == "/notes":
        pull.comments.append(body["body"])
        return Answer(201, {"id": len(pull.comments), "body": body["body"]})
    if rest == "/discussions":
        position = body["position"]
        if position["head_sha"] != repository.head(pull):
            return Answer(400, {"message": '400 Bad request - Note {:line_code=>["can\'t be blank"]}'})
        if position["new_line"] not in repository.added(pull, position["new_path"]):
            return Answer(400, {"message": '400 Bad request - Note {:line_code=>["must be a valid line code"]}'})
        pull.remarks.append((position["new_path"], position["new_line"], body["body"]))
        return Answer(201, {"id": f"{len(pull.remarks)}", "individual_note": False, "notes": []})
    return Answer(404, {"message": "404 Not found"})


def _issues(repository: FakeRepository, rest: str, asked: Asked, login: str, url: str) -> Answer:
    if rest == "/issues" and asked.method == "GET":
        mine = [each for each in repository.issues if each.author == asked.query.get("author_username", each.author)]
        return _page(asked, [_issue(each) for each in mine], url)
    if rest == "/issues":
        body = asked.body
        repository.issues.append(FakeIssue(len(repository.issues) + 1, body["title"], body["description"], login))
        return Answer(201, _issue(repository.issues[-1]))
    found = next((each for each in repository.issues if rest == f"/issues/{each.number}"), None)
    if found is None:
        return Answer(404, {"message": "404 Issue Not Found"})
    found.body = asked.body["description"]
    return Answer(200, _issue(found))


def _issue(issue: FakeIssue) -> dict[str, Any]:
    return {"iid": issue.number, "title": issue.title, "description": issue.body}


def _project(repository: FakeRepository, login: str, url: str) -> dict[str, Any]:
    """Without a login: as lists show it, which do not say what one may do."""
    found: dict[str, Any] = {
        "id": repository.id,
        "path_with_namespace": repository.name,
        "default_branch": repository.default_branch if repository.branches() else None,
        "empty_repo": not repository.branches(),
        "http_url_to_repo": f"{url}/git/{repository.name}.git",
        "web_url": f"{url}/{repository.name}",
        "archived": repository.archived,
        "topics": repository.topics,
    }
    if repository.parent is not None or repository.fork:
        found["forked_from_project"] = {"id": repository.parent.id if repository.parent is not None else 0}
    if login:
        level = {"access_level": 30 if login in repository.pushers else 20}
        found["permissions"] = {"project_access": None, "group_access": level}
    return found


def _pull(repository: FakeRepository, pull: FakePull, url: str) -> dict[str, Any]:
    source = pull.source or repository
    tip, base = repository.head(pull) or pull.tip, repository.tip(pull.base)
    conflicts = pull.state == "open" and repository.conflicts(pull)
    return {
        "id": repository.id * 1000 + pull.number,
        "iid": pull.number,
        "state": _STATES[pull.state],
        "title": pull.title,
        "description": pull.body,
        "draft": pull.title.startswith(_DRAFTS),
        "source_branch": pull.branch,
        "target_branch": pull.base,
        "source_project_id": None if source.gone else source.id,
        "target_project_id": repository.id,
        "sha": tip,
        "diff_refs": {"base_sha": base, "start_sha": base, "head_sha": tip},
        "detailed_merge_status": _status(pull, conflicts=conflicts),
        "has_conflicts": conflicts,
        "labels": list(pull.labels),
        "author": {"id": 1, "username": pull.author},
        "web_url": f"{url}/{repository.name}/-/merge_requests/{pull.number}",
    }


def _status(pull: FakePull, *, conflicts: bool) -> str:
    if pull.state != "open":
        return "not_open"
    return "draft_status" if pull.title.startswith(_DRAFTS) else "conflict" if conflicts else "mergeable"


def _page(asked: Asked, found: list[Any], url: str) -> Answer:
    size, page = int(asked.query.get("per_page", 20)), int(asked.query.get("page", 1))
    shown = found[(page - 1) * size : page * size]
    headers = {"x-page": str(page), "x-next-page": str(page + 1) if page * size < len(found) else ""}
    if page * size < len(found):
        query = urllib.parse.urlencode({**asked.query, "page": str(page + 1)})
        path = urllib.parse.quote(asked.path)
        headers["Link"] = f'<{url}/api/v4{path}?{query}>; rel="next", <{url}/api/v4{path}>; rel="first"'
    return Answer(200, shown, headers)
