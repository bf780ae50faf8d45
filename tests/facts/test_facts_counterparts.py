"""Which tag stands for the same thing on alpine: looked up, and what is proposed always exists."""

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rewriter.facts import CATALOGUE, Facts, ImageFacts, Refusal, TagChoice, alpine_tag, parse_tag
from rewriter.facts.loader import load


def _image(name: str) -> ImageFacts:
    facts = CATALOGUE.image(name)
    assert facts is not None
    return facts


UNKNOWN = ", so that no counterpart can be looked up"
MOVES = " moves from version to version, so that no alpine release can be pinned for it"
FROZEN = " is frozen at an older version than "
GOLANG, ALPINE, DEBIAN = _image("golang"), _image("alpine"), _image("debian")


@pytest.mark.parametrize(
    ("tag", "alpine", "pinned", "chosen", "release"),
    [
        ("1.18", None, False, "1.18-alpine3.17", "3.17"),
        ("1.18", None, True, "1.18-alpine3.17", "3.17"),
        ("1.18", "3.16", False, "1.18-alpine3.16", "3.16"),
        ("1.18", "3.16", True, "1.18-alpine3.16", "3.16"),
        ("1.18-bullseye", None, True, "1.18-alpine3.17", "3.17"),
        ("1.18-buster", None, False, "1.18-alpine3.17", "3.17"),
        ("1.18.0", None, False, "1.18.0-alpine3.15", "3.15"),
        ("1.18.4", None, True, "1.18.4-alpine3.16", "3.16"),
        ("1.22.3", "3.19", True, "1.22.3-alpine3.19", "3.19"),
        ("1.18-alpine", None, False, "1.18-alpine", "3.17"),
        ("1.18-alpine", None, True, "1.18-alpine3.17", "3.17"),
        ("1.18-alpine3.15", None, True, "1.18-alpine3.15", "3.15"),
        ("1.18-alpine3.15", "3.16", True, "1.18-alpine3.16", "3.16"),
        ("1.26", None, False, "1.26-alpine", "3.24"),
        ("1.26", None, True, "1.26-alpine3.24", "3.24"),
        ("1.26-alpine", None, False, "1.26-alpine", "3.24"),
        ("1.26.7", None, False, "1.26.7-alpine", "3.24"),
        ("1.26.3", None, False, "1.26.3-alpine3.23", "3.23"),
        ("1.25", None, False, "1.25-alpine3.24", "3.24"),
        ("1.7", None, True, "1.7-alpine3.6", "3.6"),
        ("1.5", None, False, "1.5-alpine", None),
        ("latest", None, False, "alpine", "3.24"),
        ("", None, False, "alpine", "3.24"),
        ("latest", "3.23", False, "alpine3.23", "3.23"),
        ("1", None, False, "1-alpine", "3.24"),
        ("bookworm", None, False, "alpine", "3.24"),
        ("1-alpine", None, False, "1-alpine", "3.24"),
        ("alpine3.24", None, False, "alpine3.24", "3.24"),
    ],
)
def test_choices(tag: str, alpine: str | None, pinned: bool, chosen: str, release: str | None) -> None:
    choice = alpine_tag(GOLANG, tag, alpine, pinned)
    assert isinstance(choice, TagChoice)
    assert (choice.tag, choice.alpine) == (chosen, release)
    assert choice.reason
    assert (choice.source, choice.date) == (GOLANG.source, GOLANG.as_of)


@pytest.mark.parametrize(
    ("tag", "alpine", "pinned", "reason"),
    [
        ("1.18", "3.20", False, "golang:1.18 never had alpine 3.20; it had 3.14, 3.15, 3.16, 3.17"),
        ("1.18.0", "3.17", True, "golang:1.18.0 never had alpine 3.17; it had 3.14, 3.15"),
        ("1.99", None, False, "golang:1.99 is not in the catalogue" + UNKNOWN),
        ("1.18rc1", None, False, "golang:1.18rc1 is not in the catalogue" + UNKNOWN),
        ("1.18.0-alpine3.17", None, True, "golang:1.18.0-alpine3.17 is not in the catalogue" + UNKNOWN),
        ("1.3", None, False, "golang:1.3 never had an alpine variant"),
        ("1.3", None, True, "golang:1.3 never had an alpine variant"),
        ("1.5", None, True, "golang:1.5 cannot be pinned to an alpine release; it only had the unnumbered alpine tag"),
        ("1.5", "3.4", False, "golang:1.5 never had alpine 3.4; it only had the unnumbered alpine tag"),
        ("1.8-onbuild", None, False, "the onbuild variant of golang has no alpine counterpart"),
        ("1.4-cross", None, False, "the cross variant of golang has no alpine counterpart"),
        ("latest", None, True, "golang:latest" + MOVES),
        ("1-trixie", None, True, "golang:1-trixie" + MOVES),
        ("latest", "3.17", False, "golang:alpine3.17 is not rebuilt; 3.23, 3.24 are"),
        ("1", "3.22", False, "golang:1-alpine3.22 is not rebuilt; 3.23, 3.24 are"),
        ("bullseye", None, False, "golang:bullseye" + FROZEN + "golang:alpine now stands for"),
        ("1-bullseye", None, False, "golang:1-bullseye" + FROZEN + "golang:1-alpine now stands for"),
        ("alpine3.17", None, True, "golang:alpine3.17" + FROZEN + "golang:alpine now stands for"),
    ],
)
def test_refusals(tag: str, alpine: str | None, pinned: bool, reason: str) -> None:
    assert alpine_tag(GOLANG, tag, alpine, pinned) == Refusal(reason)


@pytest.mark.parametrize(
    ("tag", "alpine", "pinned", "chosen"),
    [
        ("3.17", None, False, TagChoice("3.17", "3.17", "it already is alpine", ALPINE.source, ALPINE.as_of)),
        ("3.17.2", "3.17", True, TagChoice("3.17.2", "3.17", "it already is alpine", ALPINE.source, ALPINE.as_of)),
        ("3.15", "3.17", True, TagChoice("3.17", "3.17", "alpine 3.17 was asked for", ALPINE.source, ALPINE.as_of)),
        ("latest", None, False, TagChoice("latest", "3.24", "it already is alpine", ALPINE.source, ALPINE.as_of)),
        ("edge", None, False, TagChoice("edge", None, "it already is alpine", ALPINE.source, ALPINE.as_of)),
        ("", None, True, Refusal("alpine:latest moves from release to release, so that none can be pinned for it")),
        ("3.17", "9.9", False, Refusal("alpine:9.9 is not in the catalogue as an alpine release")),
        ("3.17", "3", False, Refusal("alpine:3 is not in the catalogue as an alpine release")),
        ("9.9", None, False, Refusal("alpine:9.9 is not in the catalogue" + UNKNOWN)),
    ],
)
def test_alpine_itself(tag: str, alpine: str | None, pinned: bool, chosen: TagChoice | Refusal) -> None:
    assert alpine_tag(ALPINE, tag, alpine, pinned) == chosen


def test_a_pair_that_stopped_early_is_told() -> None:
    early, late = alpine_tag(GOLANG, "1.18", "3.15"), alpine_tag(GOLANG, "1.18", "3.16")
    assert early.reason == "alpine 3.15 was asked for, and golang:1.18 had it, but only up to 1.18.8"
    assert late.reason == "alpine 3.16 was asked for, and golang:1.18 had it"
    frozen = alpine_tag(GOLANG, "1.26", "3.22")
    assert frozen.reason == "alpine 3.22 was asked for, and golang:1.26 had it, but only up to 1.26.4"


def test_debian_has_no_alpine() -> None:
    for tag in ("bullseye", "12", "latest"):
        assert alpine_tag(DEBIAN, tag) == Refusal(f"debian:{tag} never had an alpine variant")
    assert alpine_tag(DEBIAN, "bookworm-slim") == Refusal("the slim variant of debian has no alpine counterpart")


def _all_tags(name: str) -> Iterator[str]:
    """Every version, patch and variant of the catalogue (of debian's dated tags, none)."""
    table = load(name)
    assert table is not None
    for version in table.versions.values():
        own = [version.name, *(f"{version.name}.{patch}" for patch in version.patches)]
        yield from own
        prefixes = [""] if version.name == "latest" else [f"{tag}-" for tag in own]
        yield from (tag for prefix in prefixes for row in version.rows if (tag := prefix + row) and table.find(tag))


RELEASES = [None, *(f"3.{minor}" for minor in range(2, 27))]


@pytest.mark.parametrize("name", ["golang", "alpine", "debian"])
def test_whatever_is_chosen_exists_and_is_the_same_version(name: str) -> None:
    facts = _image(name)
    tags = list(_all_tags(name))
    assert len(tags) > 100
    for tag in tags:
        assert facts.has(tag)
        for alpine in RELEASES:
            for pinned in (False, True):
                choice = alpine_tag(facts, tag, alpine, pinned)
                if isinstance(choice, Refusal):
                    assert choice.reason
                    continue
                assert facts.has(choice.tag), (tag, alpine, pinned, choice)
                if name == "golang":
                    before, after = parse_tag(name, tag), parse_tag(name, choice.tag)
                    assert after.version == before.version
                    assert after.flavour == "alpine"
                    assert alpine is None or after.alpine == alpine == choice.alpine
                    assert not pinned or after.alpine is not None


@given(st.text(max_size=12), st.none() | st.text(max_size=5), st.booleans())
def test_any_text_is_answered(tag: str, alpine: str | None, pinned: bool) -> None:
    for facts in (GOLANG, ALPINE, DEBIAN):
        choice = alpine_tag(facts, tag, alpine, pinned)
        assert isinstance(choice, Refusal) or facts.has(choice.tag)


def test_without_the_files_nothing_is_known(tmp_path: object) -> None:
    assert Facts(str(tmp_path)).image("golang") is None
