"""Which tags are looked at, and how changes are told. What registries answer is in the end-to-end tests."""

from __future__ import annotations

from rewriter.facts.overlay import Overlay, OverlayTag
from rewriter.io.registry_connect import times, today
from rewriter.io.registry_http import Times
from rewriter.io.registry_names import parse_reference, repository_of
from rewriter.io.registry_refresh import Wish, differences, most_used, wishes

ONE, TWO = "sha256:" + "1" * 64, "sha256:" + "2" * 64


def test_the_most_used_tags() -> None:
    tags = (
        "1.9 1.10 1.10.3 1 2 latest alpine slim 1.10-alpine 1.10-alpine3.20 1.10-slim rc nightly-alpine 1.x ٣".split()
    )
    assert most_used(tags, 100) == "alpine latest slim 2 1 1.10 1.10-alpine 1.10-slim 1.9".split()
    assert most_used(tags, 4) == ["alpine", "latest", "slim", "2"]
    assert most_used(tags, 0) == most_used([], 5) == []


def test_wishes_are_one_for_each_image() -> None:
    references = [
        parse_reference(text) for text in ("golang:1", "alpine", "docker.io/library/golang:2", "golang:1", "alpine:3")
    ]
    assert wishes(references, ["linux/arm64"], 7) == [
        Wish(repository_of("golang"), ("1", "2"), ("linux/arm64",), -1),
        Wish(repository_of("alpine"), ("3",), ("linux/arm64",), 7),
    ]


def overlay(*tags: OverlayTag) -> Overlay:
    return Overlay("a", "r.example", "2026-08-01", True, {tag.tag: tag for tag in tags})


def test_differences() -> None:
    old = overlay(
        OverlayTag("gone"),
        OverlayTag("same", ONE, {"linux/amd64": 5}),
        OverlayTag("moved", ONE, {"linux/amd64": 1_000_000}),
        OverlayTag("listed"),
    )
    new = overlay(
        OverlayTag("same", ONE, {"linux/amd64": 5}),
        OverlayTag("moved", TWO, {"linux/amd64": 2_500_000}),
        OverlayTag("listed", ONE, {"linux/amd64": 7}),
        OverlayTag("new"),
    )
    assert differences(old, new) == [
        "1 tag new (new)",
        "1 tag gone (gone)",
        "1 tag rebuilt (moved)",
        "2 sizes changed (listed on linux/amd64 not known → 7 bytes, moved on linux/amd64 1.0 MB → 2.5 MB)",
    ]
    assert differences(new, new) == []


def test_many_differences_are_cut_short() -> None:
    new = overlay(*(OverlayTag(f"t{number:04}") for number in range(1_500)))
    shown = ", ".join(f"t000{number}" for number in range(8))
    assert differences(None, new) == [f"1,500 tags new ({shown} and 1,492 more)"]


def test_a_time_for_the_whole_bounds_its_parts() -> None:
    assert times(None) == Times()
    assert (times(1).connect, times(1).read, times(1).whole) == (1, 1, 1)
    assert (times(600).connect, times(600).read, times(600).whole) == (Times().connect, Times().read, 600)


def test_today_is_a_date() -> None:
    assert len(today().split("-")) == 3
