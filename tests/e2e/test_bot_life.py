"""Whole runs of the bot against a forge on loopback, in three dialects, with real git behind it."""

from __future__ import annotations

import base64
import subprocess
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from rewriter.bot.campaign import CampaignError, PullRequests, Rewrite, Source
from rewriter.bot.connect import WallClock
from rewriter.bot.identity import RETRY_LABEL, find_marker
from rewriter.bot.run import look, tools_for
from rewriter.bot.schedule import Schedule, window_of
from tests.bot.fake.server import Answer, Asked, FakeForge
from tests.bot.fake.state import FakePull, FakeRepository

from .bots import DIALECTS, TOKEN, Bot, files_with_token, token_variable
from .described import described
from .fleet import GO

pytestmark = pytest.mark.e2e

BRANCH = "dfrewrite/Dockerfile/default"


def _opens(asked: Asked) -> bool:
    return asked.method == "POST" and asked.path.endswith(("/pulls", "/merge_requests"))


def _only(repository: FakeRepository) -> FakePull:
    (pull,) = repository.pulls
    return pull


def test_a_pull_request_is_opened_once(forge: FakeForge, bot: Bot, kind: str) -> None:
    repository = forge.state.add("acme/tides", GO)
    bot.set(labels=("docker",), reviewers=("jo", "@acme/team"))
    assert bot.run() == {("acme/tides", "Dockerfile"): "opened"}
    pull = _only(repository)
    assert (pull.branch, pull.base, pull.author, pull.draft) == (BRANCH, "main", "bot", False)
    assert pull.title == "Split the build from the runtime in Dockerfile: about 965 MB to 7 MB"
    # GitLab asks no teams.
    assert (pull.labels, pull.reviewers) == (["docker"], ["jo"] if kind == "gitlab" else ["jo", "/team"])
    marker = find_marker(pull.body)
    assert marker is not None
    assert marker.tip == repository.tip(BRANCH)
    log = repository.run("log", "--format=%s|%ce", f"main..{BRANCH}").splitlines()
    assert log == [
        "Split the build from the runtime|bot@example.com",
        "Swap the base image to its alpine tag|bot@example.com",
    ]
    assert repository.run("diff", "--name-only", "main", BRANCH) == "Dockerfile"
    assert "COPY --from=builder /app/tides /app/tides" in repository.run("show", f"{BRANCH}:Dockerfile")
    before = len(forge.writes())
    assert bot.run() == {("acme/tides", "Dockerfile"): "nothing"}
    assert len(forge.writes()) == before


def test_what_was_closed_stays_closed(forge: FakeForge, bot: Bot) -> None:
    repository = forge.state.add("acme/tides", GO)
    bot.run()
    forge.state.close(repository, _only(repository))
    repository.commit({"Dockerfile": (GO["Dockerfile"] or "") + "EXPOSE 80\n"})
    bot.run()
    assert bot.why("acme/tides") == "#1 was closed without being merged"
    _only(repository).labels.append(RETRY_LABEL)
    bot.run()
    assert [pull.state for pull in repository.pulls] == ["closed", "open"]
    forge.state.close(repository, repository.pulls[1])
    bot.run()
    assert len(repository.pulls) == 2
    bot.set(recreate=True)
    bot.run()
    assert len(repository.pulls) == 3


def test_what_was_merged_is_done(forge: FakeForge, bot: Bot) -> None:
    repository = forge.state.add("acme/tides", GO)
    bot.run()
    forge.state.merge(repository, _only(repository))
    repository.commit({"Dockerfile": GO["Dockerfile"]})  # and somebody takes it back
    bot.run()
    assert bot.why("acme/tides") == "#1 was merged"
    assert len(repository.pulls) == 1


def test_a_new_result_updates_it(forge: FakeForge, bot: Bot) -> None:
    repository = forge.state.add("acme/tides", GO)
    bot.run()
    old = repository.tip(BRANCH)
    repository.commit({"Dockerfile": (GO["Dockerfile"] or "").replace("1.18", "1.21")})
    assert bot.run() == {("acme/tides", "Dockerfile"): "updated"}
    assert repository.tip(BRANCH) != old
    assert "golang:1.21-alpine" in repository.run("show", f"{BRANCH}:Dockerfile")
    marker = find_marker(_only(repository).body)
    assert marker is not None
    assert marker.tip == repository.tip(BRANCH)
    assert bot.run() == {("acme/tides", "Dockerfile"): "nothing"}


def test_what_is_closed_while_it_is_updated_stays_closed(forge: FakeForge, bot: Bot) -> None:
    repository = forge.state.add("acme/tides", GO)
    bot.run()
    pull, old = _only(repository), repository.tip(BRANCH)

    def somebody_closes_it(_: Asked) -> None:
        if pull.state == "open" and repository.tip(BRANCH) != old:  # pushed, and its words are not changed yet
            forge.state.close(repository, pull)

    forge.trouble = somebody_closes_it
    repository.commit({"Dockerfile": (GO["Dockerfile"] or "").replace("1.18", "1.21")})
    assert bot.run() == {("acme/tides", "Dockerfile"): "nothing"}
    assert _only(repository) is pull


@pytest.mark.parametrize("closed", [False, True])
def test_another_prefix_of_branches_proposes_nothing_twice(forge: FakeForge, bot: Bot, closed: bool) -> None:
    repository = forge.state.add("acme/tides", GO)
    bot.run()
    if closed:
        forge.state.close(repository, _only(repository))
    bot.set(branch_prefix="other")
    assert bot.run() == {("acme/tides", "Dockerfile"): "left alone"}
    assert len(repository.pulls) == 1
    bot.set(branch_prefix="other", recreate=True)
    assert bot.run() == {("acme/tides", "Dockerfile"): "opened"}


def test_another_recipe_for_the_same_file_is_an_update(forge: FakeForge, bot: Bot) -> None:
    """As when the catalogue of images learns of a newer one."""
    repository = forge.state.add("acme/tides", GO)
    bot.run()
    bot.campaign = replace(bot.campaign, rewrite=replace(bot.campaign.rewrite, alpine="3.16"))
    assert bot.run() == {("acme/tides", "Dockerfile"): "updated"}
    assert "golang:1.18-alpine3.16" in repository.run("show", f"{BRANCH}:Dockerfile")
    assert bot.run() == {("acme/tides", "Dockerfile"): "nothing"}
    assert len(repository.pulls) == 1


def test_one_forge_that_wants_a_pause_holds_up_no_other(
    forge: FakeForge, bot: Bot, kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with FakeForge(tmp_path / "other", *DIALECTS[kind]) as other:
        monkeypatch.setenv(token_variable(other), TOKEN)
        bot.campaign = replace(bot.campaign, sources=(*bot.campaign.sources, Source(kind, other.url, owners=("acme",))))
        bot.cap(workers=1)
        for number in range(3):
            forge.state.add(f"acme/slow-{number}", GO)
            other.state.add(f"acme/quick-{number}", GO)
        order: list[str] = []
        refused: list[Asked] = []

        def trouble(asked: Asked) -> Answer | str | None:
            if asked.method == "POST" and not refused:
                refused.append(asked)
                return Answer(429, {"message": "Too many requests"}, {"Retry-After": "5"})
            order.extend(["slow"] if _opens(asked) else [])
            return None

        forge.trouble = trouble
        other.trouble = lambda asked: order.append("quick") if _opens(asked) else None
        bot.run()
    assert order == ["quick"] * 3 + ["slow"] * 3


def test_outside_of_its_window_nothing_is_written(forge: FakeForge, bot: Bot, monkeypatch: pytest.MonkeyPatch) -> None:
    """The window opens three seconds after the run began; the clock of the bot stands a minute before it."""
    forge.state.add("acme/tides", GO)
    begin = time.time()
    ahead = 60 * 60 * 8 - 3 - begin % (60 * 60 * 24)  # what makes it three seconds to eight
    monkeypatch.setattr(WallClock, "now", lambda _: time.time() + ahead)
    bot.campaign = replace(bot.campaign, schedule=Schedule((window_of("08:00-09:00"),)))
    written: list[float] = []
    forge.trouble = lambda asked: written.append(time.time() - begin) if asked.method != "GET" else None
    assert bot.run() == {("acme/tides", "Dockerfile"): "opened"}
    assert min(written) >= 3.0


def test_what_is_obsolete_is_closed(forge: FakeForge, bot: Bot) -> None:
    repository = forge.state.add("acme/tides", GO)
    bot.run()
    repository.commit({"Dockerfile": 'FROM scratch\nCOPY tides /\nCMD ["/tides"]\n'})
    outcomes = bot.run()
    assert outcomes["acme/tides", "Dockerfile"] == "closed"
    assert (_only(repository).state, _only(repository).comments) == (
        "closed",
        ["Closed by dfrewrite: there is nothing to change any more."],
    )
    assert repository.branches() == ["main"]


def test_what_is_pushed_while_it_is_closed_is_not_lost(forge: FakeForge, bot: Bot) -> None:
    repository = forge.state.add("acme/tides", GO)
    bot.run()
    pull, old = _only(repository), repository.tip(BRANCH)

    def somebody_pushes(_: Asked) -> None:
        if pull.comments and repository.tip(BRANCH) == old:  # the bot has looked, and is about to close and remove
            repository.commit({"notes": "x"}, BRANCH)

    forge.trouble = somebody_pushes
    repository.commit({"Dockerfile": 'FROM scratch\nCOPY tides /\nCMD ["/tides"]\n'})
    bot.run()
    assert pull.state == "closed"
    assert "notes" in [each["path"] for each in repository.files(BRANCH)]


def test_a_branch_with_a_commit_of_somebody_else_is_left_alone(forge: FakeForge, bot: Bot) -> None:
    repository = forge.state.add("acme/tides", GO)
    bot.run()
    theirs = repository.commit({"notes": "x"}, BRANCH)
    repository.commit({"Dockerfile": (GO["Dockerfile"] or "").replace("1.18", "1.21")})
    bot.run()
    assert bot.why("acme/tides") == f"somebody else pushed to #1 ({theirs[:12]})"
    assert repository.tip(BRANCH) == theirs


def test_a_repository_with_another_name_is_the_same(forge: FakeForge, bot: Bot) -> None:
    repository = forge.state.add("acme/tides", GO)
    bot.run()
    repository.former.append(repository.name)
    repository.name = "acme/waters"
    assert bot.run() == {("acme/waters", "Dockerfile"): "nothing"}


def test_repositories_that_are_not_touched(forge: FakeForge, bot: Bot) -> None:
    forge.state.add("acme/empty")
    forge.state.add("acme/other", {"README.md": "x"})
    forge.state.add("acme/archived", GO, archived=True)
    forge.state.add("acme/forked", GO, fork=True)
    forge.state.add("acme/theirs", GO, pushers=set())
    forge.state.add("acme/out", {**GO, "dfrewrite.toml": "enabled = false\n"})
    forge.state.add("acme/pragma", {**GO, "Dockerfile": f"# dfrewrite: ignore-file\n{GO['Dockerfile']}"})
    forge.state.add("else/tides", GO)
    bot.set(opt_out=("acme/listed",))
    forge.state.add("acme/listed", GO)
    bot.run()
    assert {visit.name: visit.why for visit in bot.visits()} == {
        "acme/empty": "it is empty",
        "acme/other": "it has no Dockerfile",
        "acme/theirs": "this identity may not push to it",
        "acme/out": "its dfrewrite.toml says enabled = false",
        "acme/pragma": "its pragma asks to leave it alone (# dfrewrite: ignore-file)",
        "acme/listed": "it is on the list of those that opt out",
    }
    assert forge.writes() == []
    assert all(each.branches() in ([], ["main"]) for each in forge.state.repositories.values())


def test_a_repository_that_was_named_and_is_not_there(forge: FakeForge, bot: Bot, kind: str) -> None:
    forge.state.add("acme/tides", GO)
    source = Source(kind, forge.url, repositories=("acme/tides", "acme/tide"))
    bot.campaign = replace(bot.campaign, sources=(source,))
    assert bot.run() == {("acme/tides", "Dockerfile"): "opened", ("acme/tide", ""): "failed"}
    assert bot.why("acme/tide") == "there is no such repository, or it cannot be reached or seen with this identity"


def test_an_owner_that_is_misspelt(forge: FakeForge, bot: Bot, kind: str) -> None:
    bot.campaign = replace(bot.campaign, sources=(Source(kind, forge.url, owners=("acmee",)),))
    with pytest.raises(
        CampaignError, match=r"^there is no owner 'acmee' on 127\.0\.0\.1:\d+, or this identity may not"
    ):
        bot.run()


def test_one_pull_request_at_a_time(forge: FakeForge, bot: Bot) -> None:
    repository = forge.state.add("acme/tides", {**GO, **{f"api/{path}": text for path, text in GO.items()}})
    assert Counter(bot.run().values()) == {"opened": 1, "left alone": 1}
    assert "waits: 1 pull request is open in this repository" in {visit.why for visit in bot.visits()}
    forge.state.merge(repository, _only(repository))
    assert Counter(bot.run().values()) == {"nothing": 1, "opened": 1}


def test_one_pull_request_at_a_time_of_all_campaigns_together(forge: FakeForge, bot: Bot) -> None:
    repository = forge.state.add("acme/tides", GO)
    bot.run()
    bot.campaign = replace(bot.campaign, name="other", rewrite=Rewrite(recipe="other", alpine="3.16"))
    assert bot.run() == {("acme/tides", "Dockerfile"): "left alone"}
    assert bot.why("acme/tides") == "waits: 1 pull request is open in this repository"
    bot.cap(open_per_repository=2)
    assert bot.run() == {("acme/tides", "Dockerfile"): "opened"}
    assert [pull.branch for pull in repository.pulls] == [BRANCH, "dfrewrite/Dockerfile/other"]


def test_all_files_together(forge: FakeForge, bot: Bot) -> None:
    repository = forge.state.add("acme/tides", {**GO, **{f"api/{path}": text for path, text in GO.items()}})
    bot.set(group="repository")
    assert bot.run() == {("acme/tides", "."): "opened"}
    assert _only(repository).branch == "dfrewrite/all/default"
    assert len(repository.run("log", "--format=%s", "main..dfrewrite/all/default").splitlines()) == 2


TWO = {**GO, **{f"api/{path}": text for path, text in GO.items()}}


def test_files_that_are_taken_together_later_are_proposed_once(forge: FakeForge, bot: Bot) -> None:
    repository = forge.state.add("acme/tides", TWO)
    bot.cap(open_per_repository=2)
    assert set(bot.run().values()) == {"opened"}
    bot.set(group="repository")
    bot.run()
    assert [pull.state for pull in repository.pulls] == ["closed", "closed"]
    assert repository.pulls[0].comments == ["Closed by dfrewrite: it is proposed together with others now."]
    bot.run()
    assert [pull.state for pull in repository.pulls] == ["closed", "closed", "open"]
    bot.set(group="file")
    bot.run()
    assert repository.pulls[2].comments == ["Closed by dfrewrite: its files are proposed one by one now."]


@pytest.mark.parametrize(("first", "then"), [("file", "repository"), ("repository", "file")])
def test_what_was_closed_stays_closed_when_files_are_grouped_otherwise(
    forge: FakeForge, bot: Bot, first: str, then: str
) -> None:
    repository = forge.state.add("acme/tides", TWO)
    bot.set(group=first)
    bot.run()
    forge.state.close(repository, _only(repository))
    bot.run()
    bot.set(group=then)
    bot.run()
    # The other file's own proposal stays: none takes its place.
    assert [pull.state for pull in repository.pulls] == (["closed", "open"] if first == "file" else ["closed"])
    assert any(" proposed before, and that was closed: http" in visit.why for visit in bot.visits())
    bot.set(group=then, recreate=True)
    bot.run()
    bot.run()
    assert repository.pulls[-1].state == "open"
    assert [pull.branch for pull in repository.pulls if pull.state == "open"] == (
        ["dfrewrite/all/default"] if then == "repository" else ["dfrewrite/Dockerfile/default"]
    )


def test_commits_are_signed_with_a_key_of_ssh(forge: FakeForge, bot: Bot, tmp_path: Path) -> None:
    key = tmp_path / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
    signers = tmp_path / "signers"
    signers.write_text(f"bot@example.com {key.with_suffix('.pub').read_text()}")
    bot.campaign = replace(bot.campaign, author=replace(bot.campaign.author, signing_key=str(key)))
    repository = forge.state.add("acme/tides", GO)
    assert bot.run() == {("acme/tides", "Dockerfile"): "opened"}
    trusted = ("-c", "gpg.format=ssh", "-c", f"gpg.ssh.allowedSignersFile={signers}")
    shown = repository.run(*trusted, "log", "--format=%G? %GS", f"main..{BRANCH}").splitlines()
    assert shown == ["G bot@example.com"] * 2
    assert bot.run() == {("acme/tides", "Dockerfile"): "nothing"}


def test_a_cap_on_a_run(forge: FakeForge, bot: Bot) -> None:
    for number in range(4):
        forge.state.add(f"acme/tides-{number}", GO)
    bot.campaign = replace(bot.campaign, caps=replace(bot.campaign.caps, per_run=3, workers=2))
    assert Counter(bot.run().values()) == {"opened": 3, "left alone": 1}
    assert sum(len(each.pulls) for each in forge.state.repositories.values()) == 3
    assert sum(BRANCH in each.branches() for each in forge.state.repositories.values()) == 3


def test_the_answer_is_lost_and_nothing_is_done_twice(
    forge: FakeForge, bot: Bot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rewriter.bot.workflow._FIRST_PAUSE", 0.05)
    repository = forge.state.add("acme/tides", GO)
    lost: list[Asked] = []

    def trouble(asked: Asked) -> Answer | str | None:
        if _opens(asked) and not lost:
            lost.append(asked)
            return "die"
        return None

    forge.trouble = trouble
    assert bot.run() == {("acme/tides", "Dockerfile"): "opened"}
    assert lost
    assert len(repository.pulls) == 1


def test_a_forge_that_wants_a_pause_gets_it(forge: FakeForge, bot: Bot) -> None:
    repository = forge.state.add("acme/tides", GO)
    asked_before: list[Asked] = []

    def trouble(asked: Asked) -> Answer | str | None:
        if asked.method == "POST" and not asked_before:
            asked_before.append(asked)
            data = {"message": "You have exceeded a secondary rate limit."}
            return Answer(403, data, {"Retry-After": "2"})
        return None

    forge.trouble = trouble
    assert bot.run() == {("acme/tides", "Dockerfile"): "opened"}
    assert len(repository.pulls) == 1


def test_a_dry_run_touches_nothing(forge: FakeForge, bot: Bot) -> None:
    repository = forge.state.add("acme/tides", GO)
    with tools_for(bot.campaign, bot.place) as tools:
        ((task, survey),) = look(tools, "dry")
    assert not isinstance(survey, str)
    assert [plan.do.value for plan in survey.plans] == ["open"]
    assert task.name == "acme/tides"
    assert forge.writes() == []
    assert repository.branches() == ["main"]


def test_the_token_is_nowhere(forge: FakeForge, bot: Bot, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    forge.state.add("acme/tides", GO)
    bot.run()
    forge.state.tokens.clear()
    bot.campaign = replace(bot.campaign, rewrite=Rewrite(recipe="other"), pulls=PullRequests())
    with pytest.raises(Exception, match="does not accept the token"):
        bot.run()
    shown = "".join(capfd.readouterr())
    assert TOKEN not in shown
    assert files_with_token(tmp_path) == []


def test_a_draft(forge: FakeForge, bot: Bot) -> None:
    bot.set(draft="always", labels=("docker", "size"))
    repository = forge.state.add("acme/tides", GO)
    assert bot.run() == {("acme/tides", "Dockerfile"): "opened"}
    pull = _only(repository)
    # Where a draft is told by its title, it keeps it when the rest of the title changes.
    assert pull.draft or pull.title.startswith(("WIP: ", "Draft: "))
    assert pull.labels == ["docker", "size"]
    assert bot.run() == {("acme/tides", "Dockerfile"): "nothing"}
    repository.commit({"Dockerfile": (GO["Dockerfile"] or "").replace("1.18", "1.21")})
    assert bot.run() == {("acme/tides", "Dockerfile"): "updated"}
    assert pull.draft or pull.title.startswith(("WIP: ", "Draft: "))


def test_where_pushing_is_not_allowed_a_fork_holds_the_branch(forge: FakeForge, bot: Bot) -> None:
    bot.set(fork="when-needed")
    repository = forge.state.add("acme/tides", GO, pushers=set())
    forge.state.add("bot/tides", GO)  # of the same name, and no fork of it
    assert bot.run() == {("acme/tides", "Dockerfile"): "opened"}
    pull = _only(repository)
    assert pull.source is not None
    assert (pull.source.name, pull.source.branches()) == ("bot/tides-1", [BRANCH, "main"])
    assert repository.branches() == ["main"]
    before = len(forge.writes())
    assert bot.run() == {("acme/tides", "Dockerfile"): "nothing"}
    assert len(forge.writes()) == before
    # The fork knows nothing of what came later.
    repository.commit({"Dockerfile": (GO["Dockerfile"] or "").replace("1.18", "1.21")})
    assert bot.run() == {("acme/tides", "Dockerfile"): "updated"}
    assert len(pull.source.run("log", "--format=%s", f"main..{BRANCH}").splitlines()) == 3
    repository.commit({"Dockerfile": 'FROM scratch\nCOPY tides /\nCMD ["/tides"]\n'})
    assert bot.run()["acme/tides", "Dockerfile"] == "closed"
    assert pull.source.branches() == ["main"]


def test_each_hunk_has_its_remark_once(forge: FakeForge, bot: Bot) -> None:
    bot.set(suggestions=True)
    repository = forge.state.add("acme/tides", GO)
    bot.run()
    pull = _only(repository)
    ((path, line, said),) = pull.remarks
    assert (path, line) == ("Dockerfile", max(repository.added(pull, "Dockerfile")))
    assert "**Split the build from the runtime** Builds in the stage builder and runs from alpine" in said
    before = list(pull.remarks)
    bot.run()
    assert pull.remarks == before
    repository.commit({"Dockerfile": (GO["Dockerfile"] or "").replace("1.18", "1.21")})
    bot.run()
    assert len(pull.remarks) == 2


def test_what_is_not_legal_is_noticed() -> None:
    description = described("github")

    def asked(method: str, path: str, body: object = None, **query: str) -> list[str]:
        return description.objections(Asked(method, path, query, {}, body))

    assert asked("GET", "/repos/a/b/pulls", state="all", head="a:b") == []
    assert asked("GET", "/repos/a/b/pulls", state="any") != []
    assert asked("GET", "/repos/a/b/pulls", colour="red") != []
    assert asked("POST", "/repos/a/b/pulls", {"title": "t", "head": "h", "base": "b"}) == []
    assert asked("POST", "/repos/a/b/pulls", {"title": "t", "head": "h"}) != []
    assert asked("POST", "/repos/a/b/pulls", {"title": 3, "head": "h", "base": "b"}) != []
    assert asked("PUT", "/repos/a/b/pulls", {}) != []


def test_what_is_not_legal_for_gitlab_is_noticed() -> None:
    description = described("gitlab")

    def asked(method: str, path: str, body: object = None, **query: str) -> list[str]:
        return description.objections(Asked(method, path, query, {}, body))

    def replied(data: object) -> list[str]:
        return description.drift(Asked("GET", "/projects/1/merge_requests", {}, {}, None), Answer(200, data))

    assert asked("GET", "/projects/1/merge_requests", state="all", per_page="100") == []
    assert asked("GET", "/projects/1/merge_requests", colour="red") != []
    assert asked("GET", "/projects/1/merge_requests", per_page="many") != []
    assert asked("POST", "/projects/1/merge_requests", {"title": "t", "source_branch": "h"}) == []
    assert asked("POST", "/projects/1/merge_requests", {"title": 3}) != []
    assert asked("POST", "/projects/1/merge_requests", {"name": "t"}) != []
    assert asked("PATCH", "/projects/1/merge_requests", {}) != []
    assert replied([{"iid": 1, "author": {"username": "jo"}, "labels": [], "sha": None}]) == []
    assert replied([{"iid": "1"}]) != []
    assert replied([{"number": 1}]) != []
    assert replied([{"author": {"login": "jo"}}]) != []


def test_a_token_in_a_file_is_noticed(tmp_path: Path) -> None:
    sent = base64.b64encode(f"x-access-token:{TOKEN}".encode()).decode()
    for text in (f"a {TOKEN} b", f"Authorization: Basic {sent}"):
        left = tmp_path / "left"
        left.write_text(text)
        assert files_with_token(tmp_path) == [left]
        left.unlink()
