"""Campaigns: what a file may say, and when it may write."""

from __future__ import annotations

import dataclasses
import datetime
import re
import tomllib
import zoneinfo
from pathlib import Path
from typing import Any

import pytest

from rewriter.bot.campaign import (
    Author,
    CampaignError,
    Caps,
    PullRequests,
    Rewrite,
    Source,
    campaign_of,
    load_campaign,
)
from rewriter.bot.schedule import Schedule, window_of


def test_a_whole_campaign(tmp_path: Path) -> None:
    path = tmp_path / "dfrewrite-bot.toml"
    path.write_text(
        """
name = "autumn"

[[source]]
forge = "gitlab"
url = "https://git.example"
owners = ["acme"]
exclude = ["acme/legacy-*"]

[rewrite]
recipe = "slim"
level = "safe"
extend-select = ["static_binary"]
verify = true

[pull-request]
labels = ["docker"]
draft = "until-proven"
title = "Smaller image: $before to $after"

[caps]
per-run = 20
seconds-between-writes = 0.5

[author]
name = "Dockerfile bot"

[schedule]
windows = ["mon-fri 08:00-18:00"]
timezone = "Europe/Berlin"
"""
    )
    campaign = load_campaign(path)
    (source,) = campaign.sources
    assert (campaign.name, source.url, source.owners, source.exclude) == (
        "autumn",
        "https://git.example",
        ("acme",),
        ("acme/legacy-*",),
    )
    assert (campaign.rewrite.recipe, campaign.rewrite.extend_select, campaign.rewrite.verify) == (
        "slim",
        ("static_binary",),
        True,
    )
    assert (campaign.caps.per_run, campaign.caps.open_per_repository) == (20, 1)
    assert campaign.caps.seconds_between_writes == 0.5
    assert campaign.author.email.endswith("@users.noreply.github.com")


@pytest.mark.parametrize(
    ("table", "reason"),
    [
        ({"nmae": "x"}, "unknown key 'nmae', did you mean 'name'?"),
        ({"name": 3}, "'name' must be a text in quotes"),
        ({"source": {}}, "'source' must be a list of tables, [[source]]"),
        (
            {"source": [{"forge": "svn"}]},
            "source: 'forge' must be one of github, gitlab, gitea, git, folder, not 'svn'",
        ),
        ({"source": [{"ownres": []}]}, "source: unknown key 'ownres', did you mean 'owners'?"),
        ({"rewrite": {"verify": 1}}, "rewrite: 'verify' must be true or false, not 1"),
        ({"caps": {"per-run": True}}, "caps: 'per-run' must be a number, not True"),
        ({"caps": {"per-run": -1}}, "caps: 'per-run' must be a number, not -1"),
        ({"pull-request": {"labels": "x"}}, "pull-request: 'labels' must be a list of texts, not 'x'"),
        ({"pull-request": {"title": "costs $ 3"}}, "is no valid template"),
        (
            {"pull-request": {"title": "$sumary"}},
            "'title' cannot name $sumary: there are $summary, $path, $before, $after",
        ),
        ({"rewrite": {"skip": ["splitt"]}}, "rewrite: there is no transform 'splitt'; there are "),
        ({"rewrite": {"alpine": "latest"}}, "rewrite: 'alpine' must be a release such as \"3.20\", not 'latest'"),
        ({"schedule": {"windows": ["someday"]}}, "schedule: 'someday' is no window such as 'mon-fri 08:00-18:00'"),
        ({"schedule": {"timezone": "Mars/Base"}}, "schedule: there is no time zone 'Mars/Base'"),
    ],
)
def test_what_is_wrong_is_named(table: dict[str, Any], reason: str) -> None:
    with pytest.raises(CampaignError) as caught:
        campaign_of(table)
    assert reason in str(caught.value)


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    for name, content in (("a", b"\xff"), ("b", b"x = "), ("c", b"[" * 100_000)):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(CampaignError) as caught:
            load_campaign(tmp_path / name)
        assert "\n" not in str(caught.value)
    with pytest.raises(CampaignError, match="No such file"):
        load_campaign(tmp_path / "none")


def _at(text: str, zone: str = "UTC") -> float:
    return datetime.datetime.fromisoformat(text).replace(tzinfo=zoneinfo.ZoneInfo(zone)).timestamp()


def test_windows_open_in_their_time_zone() -> None:
    schedule = Schedule((window_of("mon-fri 08:00-18:00"),), "Europe/Berlin")
    friday = _at("2026-11-27T17:59", "Europe/Berlin")
    assert schedule.opens_at(friday) == friday
    assert schedule.opens_at(friday + 60) == _at("2026-11-30T08:00", "Europe/Berlin")
    assert Schedule().opens_at(friday) == friday


def test_a_window_over_midnight_belongs_to_the_day_on_which_it_begins() -> None:
    window = window_of("sat 22:00-06:00")
    zone = zoneinfo.ZoneInfo("UTC")
    held = [
        text
        for text in ("2026-11-28T21:59", "2026-11-28T22:00", "2026-11-29T05:59", "2026-11-29T06:00", "2026-11-29T23:00")
        if window.holds(datetime.datetime.fromisoformat(text).replace(tzinfo=zone))
    ]
    assert held == ["2026-11-28T22:00", "2026-11-29T05:59"]


@pytest.mark.parametrize(
    "text", ["24:00-25:00", "mon-xyz 08:00-09:00", "08:60-09:00", "8:00-9:00", "00:00-24:01", "08:00-08:00"]
)
def test_odd_windows_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(repr(text))} is no window such as"):
        window_of(text)


def test_days_may_pass_the_end_of_the_week() -> None:
    assert window_of("sat-mon 00:00-24:00").days == {5, 6, 0}


def test_settings_go_over_the_file(tmp_path: Path) -> None:
    path = tmp_path / "campaign.toml"
    path.write_text('name = "c"\n[caps]\nper-run = 7\nworkers = 2\n')
    settings = ["caps.per-run=5", "pull-request.draft=always", 'pull-request.labels=["a", "b"]', "rewrite.verify=true"]
    found = load_campaign(path, settings)
    assert (found.caps.per_run, found.caps.workers, found.rewrite.verify) == (5, 2, True)
    assert (found.pulls.draft, found.pulls.labels) == ("always", ("a", "b"))
    assert load_campaign(None, ["author.name=Jo Doe"]).author.name == "Jo Doe"


@pytest.mark.parametrize(
    ("setting", "reason"),
    [
        ("per-run", "'per-run' is no setting such as caps.per-run=5"),
        ("=5", "'=5' is no setting such as caps.per-run=5"),
        ("caps.per-ran=5", "caps: unknown key 'per-ran', did you mean 'per-run'?"),
        ("caps.workers=0", "caps: 'workers' must be at least 1"),
        ("caps.per-run=many", "caps: 'per-run' must be a number, not 'many'"),
        ("name.x=1", "'name' has no single key 'x'"),
        ("source.url=x", "'source' must be a list of tables, [[source]]"),
    ],
)
def test_odd_settings_are_refused(setting: str, reason: str) -> None:
    with pytest.raises(CampaignError, match=f"^{re.escape(reason)}$"):
        load_campaign(None, ['name="c"', setting])


def test_the_example_names_every_key_and_is_a_campaign() -> None:
    path = Path(__file__).parents[2] / "examples" / "dfrewrite-bot.toml"
    campaign = load_campaign(path)
    assert campaign.name == "smaller-images"
    named = tomllib.loads(path.read_text())
    sections = {"rewrite": Rewrite, "pull-request": PullRequests, "caps": Caps, "author": Author}
    for name, kind in sections.items():
        known = {field.name.replace("_", "-") for field in dataclasses.fields(kind)}
        assert set(named[name]) == known, name
    assert set(named["source"][0]) == {field.name.replace("_", "-") for field in dataclasses.fields(Source)}


@pytest.mark.parametrize(
    "prefix", ["", "../x", "-x", "a b", "refs/heads/x", "x/", "/x", "x..y", "a*", "x.lock", "@{", "x:y"]
)
def test_a_prefix_that_no_branch_can_have(prefix: str) -> None:
    with pytest.raises(CampaignError, match="'branch-prefix' must be the beginning of a branch's name"):
        campaign_of({"pull-request": {"branch-prefix": prefix}})


def test_a_prefix_may_have_parts() -> None:
    assert (
        campaign_of({"pull-request": {"branch-prefix": "bots/df-rewrite.2"}}).pulls.branch_prefix == "bots/df-rewrite.2"
    )
