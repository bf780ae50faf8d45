"""The choices over all images: alpine, slim, JRE and successor; whatever is chosen exists and is the same version."""

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rewriter.facts import (
    CATALOGUE,
    ImageFacts,
    Refusal,
    TagChoice,
    alpine_tag,
    jre_tag,
    parse_tag,
    slim_tag,
    successor_tag,
)
from rewriter.facts.shapes import shape
from rewriter.facts.tags import all_numbers
from tests.facts.test_facts_catalogue import IMAGES, image

MOST_TAGS = 150  # of each image, evenly spread over all of them


def _tags(facts: ImageFacts) -> Iterator[str]:
    for version in facts.table.versions.values():
        for patch in ("", *version.patches, *version.minors):
            base = version.joined(patch)
            names = (base if not row else row if base == "latest" else f"{base}-{row}" for row in ("", *version.rows))
            yield from (name for name in names if facts.has(name))


def _some(name: str) -> list[str]:
    tags = list(_tags(image(name)))
    return tags[:: max(1, len(tags) // MOST_TAGS)]


def _major(facts: ImageFacts, tag: str) -> int | None:
    numbers = all_numbers(facts.full_version(tag) or "")
    return numbers[0] if numbers else None


@pytest.mark.parametrize("name", IMAGES)
def test_whatever_is_chosen_exists_and_is_the_same(name: str) -> None:
    facts = image(name)
    tags = _some(name)
    assert tags
    for tag in tags:
        for release in (None, "3.16"):
            for pinned in (False, True):
                _alpine(facts, tag, alpine_tag(facts, tag, release, pinned), release, pinned)
        slim, jre = slim_tag(facts, tag), jre_tag(facts, tag)
        if isinstance(slim, TagChoice):
            _same_system(facts, tag, slim)
            assert facts.suite(tag)
            assert shape(_variant(facts, slim.tag)).slim
        if isinstance(jre, TagChoice):
            _same_system(facts, tag, jre)
            assert any(word.startswith("jre") for word in shape(_variant(facts, jre.tag)).words)
            assert shape(_variant(facts, jre.tag)).slim == shape(_variant(facts, tag)).slim
        _successor(facts, tag, successor_tag(facts, tag))


def _variant(facts: ImageFacts, tag: str) -> str:
    found = facts.table.find(tag)
    assert found is not None
    return found.variant


def _alpine(facts: ImageFacts, tag: str, choice: TagChoice | Refusal, release: str | None, pinned: bool) -> None:
    if isinstance(choice, Refusal):
        assert choice.reason
        return
    where = (facts.name, tag, choice)
    assert facts.has(choice.tag), where
    assert facts.family(choice.tag) == "alpine", where
    assert facts.name == "alpine" or _major(facts, tag) == _major(facts, choice.tag), where
    assert choice.image == ""
    if choice.tag != tag and facts.name != "alpine":
        before, after = shape(_variant(facts, tag)), shape(_variant(facts, choice.tag))
        assert before.words == after.words, where
        assert not after.slim, where
    if release is not None and facts.name != "alpine":
        assert parse_tag(facts.name, choice.tag).alpine == release == choice.alpine, where
    if pinned:
        assert parse_tag(facts.name, choice.tag).alpine is not None, where


def _same_system(facts: ImageFacts, tag: str, choice: TagChoice) -> None:
    where = (facts.name, tag, choice)
    assert facts.has(choice.tag), where
    assert choice.tag != tag, where
    assert facts.suite(tag) == facts.suite(choice.tag), where
    assert facts.family(tag) == facts.family(choice.tag), where
    assert _major(facts, tag) == _major(facts, choice.tag), where


def _successor(facts: ImageFacts, tag: str, choice: TagChoice | Refusal) -> None:
    if isinstance(choice, Refusal):
        assert choice.reason
        return
    other = CATALOGUE.image(choice.image)
    assert facts.name == "openjdk"
    assert other is not None
    assert other.has(choice.tag), (tag, choice)
    assert _major(other, choice.tag) == _major(facts, tag), (tag, choice)
    assert (facts.family(tag) == "alpine") == (other.family(choice.tag) == "alpine")


@given(st.sampled_from(IMAGES), st.text(max_size=15), st.none() | st.text(max_size=5), st.booleans())
def test_any_text_is_answered(name: str, tag: str, alpine: str | None, pinned: bool) -> None:
    facts = image(name)
    for choice in (alpine_tag(facts, tag, alpine, pinned), slim_tag(facts, tag), jre_tag(facts, tag)):
        assert isinstance(choice, Refusal) or facts.has(choice.tag)
    parts = facts.family(tag), facts.suite(tag), facts.carries(tag), facts.programs(tag), facts.users(tag)
    assert len(parts) == 5
    assert facts.size(tag) is None or facts.has(tag)


ALPINE = [
    ("python", "3.9", None, "3.9-alpine3.22"),
    ("python", "3.9-buster", None, "3.9-alpine3.22"),
    ("python", "3.12", None, "3.12-alpine"),
    ("python", "3.9", "3.16", "3.9-alpine3.16"),
    ("python", "", None, "alpine"),
    ("python", "3", None, "3-alpine"),
    ("node", "18", None, "18-alpine3.21"),
    ("node", "18.4.0-bullseye", None, "18.4.0-alpine3.16"),
    ("node", "18.4", None, "18.4-alpine3.16"),
    ("node", "lts", None, "lts-alpine"),
    ("node", "iron", None, "iron-alpine3.23"),
    ("php", "8.2-fpm", None, "8.2-fpm-alpine"),
    ("php", "7.4-cli", None, "7.4-cli-alpine3.16"),
    ("php", "7.4-zts-buster", None, "7.4-zts-alpine3.16"),
    ("eclipse-temurin", "17-jre-focal", None, "17-jre-alpine"),
    ("eclipse-temurin", "17-jdk", "3.22", "17-jdk-alpine-3.22"),
    ("amazoncorretto", "17-al2023-jdk", None, "17-alpine-jdk"),
    ("maven", "3.9-eclipse-temurin-17", None, "3.9-eclipse-temurin-17-alpine"),
    ("gradle", "7-jdk11-focal", None, "7-jdk11-alpine"),
    ("nginx", "1.21.6", None, "1.21.6-alpine"),
    ("nginx", "stable-perl", None, "stable-alpine-perl"),
    ("mcr.microsoft.com/dotnet/aspnet", "8.0-jammy", None, "8.0-alpine"),
    ("openjdk", "8-jdk-alpine", None, "8-jdk-alpine"),
    ("composer", "2", None, "2"),
    ("docker", "24-dind", None, "24-dind"),
]


@pytest.mark.parametrize(("name", "tag", "alpine", "chosen"), ALPINE)
def test_alpine_choices(name: str, tag: str, alpine: str | None, chosen: str) -> None:
    choice = alpine_tag(image(name), tag, alpine)
    assert isinstance(choice, TagChoice), choice
    assert choice.tag == chosen


NO_ALPINE = [
    ("php", "8.2-apache", "the apache variant of php has no alpine counterpart"),
    ("openjdk", "11-jre", "openjdk:11-jre never had an alpine variant"),
    ("openjdk", "8-jre", "openjdk:8-jre-alpine3.9 stopped at 8u212, while openjdk:8-jre stands for 8u342"),
    ("openjdk", "17", "openjdk:17-alpine3.14 was last rebuilt before 2021-08-06, openjdk:17 after that"),
    ("tomcat", "9", "tomcat:9-alpine stopped at 9.0.2"),
    ("maven", "3.6-jdk-8", "stopped at 3.6.1, while maven:3.6-jdk-8 stands for 3.6.3"),
    ("maven", "3.6-jdk-11", "the jdk-11 variant of maven has no alpine counterpart"),
    ("python", "3.9-slim", "python:3.9-slim is a slim image already: nothing is swapped"),
    ("postgres", "13", "postgres:13 stays as it is: an existing data volume"),
    ("mysql", "8.0", "mysql:8.0 stays as it is: an existing data volume"),
    ("redis", "6", "redis:6 stays as it is: it is a database"),
    ("gcc", "12", "gcc:12 never had an alpine variant"),
    ("perl", "5.34", "perl:5.34 never had an alpine variant"),
    ("ubuntu", "20.04", "ubuntu:20.04 never had an alpine variant"),
    ("centos", "7", "centos:7 never had an alpine variant"),
    ("node", "buster", "node:buster is frozen at an older version than node:alpine now stands for"),
    ("rust", "1.30", "rust:1.30 never had an alpine variant"),
    ("r-base", "4.0.3", "r-base:4.0.3 stays as it is: R packages are built for glibc"),
    ("nginx", "1.99", "nginx:1.99 is not in the catalogue, so that no counterpart can be looked up"),
]


@pytest.mark.parametrize(("name", "tag", "reason"), NO_ALPINE)
def test_alpine_refusals(name: str, tag: str, reason: str) -> None:
    choice = alpine_tag(image(name), tag)
    assert isinstance(choice, Refusal), choice
    assert reason in choice.reason


def test_an_early_access_alpine_is_never_chosen() -> None:
    for major in range(12, 20):
        for tag in (str(major), f"{major}-jdk", f"{major}-jdk-oracle", f"{major}-slim"):
            for pinned in (False, True):
                choice = alpine_tag(image("openjdk"), tag, pinned=pinned)
                assert isinstance(choice, Refusal), (tag, choice)
    asked = alpine_tag(image("openjdk"), "17", "3.14")
    assert "early-access build, and is frozen there" in asked.reason


def test_a_pin_is_told_where_the_floating_tag_goes_stale() -> None:
    floating, pinned = alpine_tag(image("node"), "24"), alpine_tag(image("node"), "24", pinned=True)
    assert isinstance(floating, TagChoice)
    assert isinstance(pinned, TagChoice)
    assert (floating.tag, floating.alpine, pinned.tag) == ("24-alpine", "3.24", "24-alpine3.24")
    frozen = alpine_tag(image("node"), "18")
    assert "node:18 is no longer rebuilt" in frozen.reason


SLIM = [
    ("python", "3.9", "3.9-slim"),
    ("python", "3.9-bullseye", "3.9-slim-bullseye"),
    ("python", "3.9-buster", "3.9-slim-buster"),
    ("python", "3.9.1", "3.9.1-slim"),
    ("python", "3", "3-slim"),
    ("python", "", "slim"),
    ("node", "18", "18-slim"),
    ("node", "18-bullseye", "18-bullseye-slim"),
    ("node", "18.4.0-bullseye", "18.4.0-bullseye-slim"),
    ("ruby", "2.7-buster", "2.7-slim-buster"),
    ("rust", "1.56-bullseye", "1.56-slim-bullseye"),
    ("perl", "5.34", "5.34-slim"),
    ("perl", "5.34-threaded-buster", "5.34-slim-threaded-buster"),
    ("debian", "bookworm", "bookworm-slim"),
    ("debian", "11", "11-slim"),
    ("openjdk", "11-jdk", "11-jdk-slim"),
    ("openjdk", "8-jre", "8-jre-slim"),
    ("openjdk", "17-bullseye", "17-slim-bullseye"),
    ("maven", "3.6-jdk-11", "3.6-jdk-11-slim"),
    ("erlang", "26", "26-slim"),
    ("elixir", "1.15", "1.15-slim"),
    ("haskell", "9.4-buster", "9.4-slim-buster"),
]


@pytest.mark.parametrize(("name", "tag", "chosen"), SLIM)
def test_slim_choices(name: str, tag: str, chosen: str) -> None:
    choice = slim_tag(image(name), tag)
    assert isinstance(choice, TagChoice), choice
    assert choice.tag == chosen
    assert image(name).suite(chosen) == image(name).suite(tag or "latest")


NO_SLIM = [
    ("python", "3.9-slim", "is a slim image already"),
    ("python", "3.9-alpine", "is an alpine image"),
    ("alpine", "3.17", "is an alpine image"),
    ("golang", "1.18", "golang:1.18 never had a slim variant"),
    ("php", "8.2-apache", "php:8.2-apache never had a slim variant"),
    ("openjdk", "17", "openjdk:17 stands on another system than Debian or Ubuntu, for which there is no slim variant"),
    ("openjdk", "11-oracle", "stands on oracle, for which there is no slim variant"),
    ("swift", "5.7", "its slim variant has no compiler"),
    ("mcr.microsoft.com/dotnet/sdk", "8.0", "the bare tag is a slim image already"),
    ("mysql", "8.0", "a database keeps the image"),
    ("node", "buster", "node:buster is frozen at an older version"),
    ("python", "3.99", "is not in the catalogue"),
]


@pytest.mark.parametrize(("name", "tag", "reason"), NO_SLIM)
def test_slim_refusals(name: str, tag: str, reason: str) -> None:
    choice = slim_tag(image(name), tag)
    assert isinstance(choice, Refusal), choice
    assert reason in choice.reason


JRE = [
    ("eclipse-temurin", "17", "17-jre"),
    ("eclipse-temurin", "17-jdk-focal", "17-jre-focal"),
    ("eclipse-temurin", "17-alpine", "17-jre-alpine"),
    ("eclipse-temurin", "17-jdk-alpine-3.22", "17-jre-alpine-3.22"),
    ("eclipse-temurin", "17.0.2_8-jdk-focal", "17.0.2_8-jre-focal"),
    ("openjdk", "11", "11-jre"),
    ("openjdk", "11-slim", "11-jre-slim"),
    ("openjdk", "8-jdk-alpine", "8-jre-alpine"),
    ("openjdk", "8-buster", "8-jre-buster"),
    ("sapmachine", "17-jdk-ubuntu-jammy", "17-jre-ubuntu-jammy"),
    ("azul-zulu", "17-jdk", "17-jre"),
    ("azul-zulu", "17-jdk-alpine", "17-jre-alpine"),
    ("amazoncorretto", "8-alpine", "8-alpine-jre"),
    ("amazoncorretto", "8-alpine3.16-jdk", "8-alpine3.16-jre"),
    ("ibm-semeru-runtimes", "open-17-jdk-jammy", "open-17-jre-jammy"),
    ("tomcat", "9.0-jdk11-openjdk", "9.0-jre11-openjdk"),
]


@pytest.mark.parametrize(("name", "tag", "chosen"), JRE)
def test_jre_choices(name: str, tag: str, chosen: str) -> None:
    choice = jre_tag(image(name), tag)
    assert isinstance(choice, TagChoice), choice
    assert choice.tag == chosen


NO_JRE = [
    ("openjdk", "17", "openjdk:17 never had a JRE variant"),
    ("openjdk", "11-jre", "is a JRE already"),
    ("amazoncorretto", "17", "never had a JRE variant"),
    ("maven", "3.9-eclipse-temurin-17", "is there to build, and no JRE can compile"),
    ("node", "18", "never had a JRE variant"),
    ("openjdk", "99", "is not in the catalogue"),
]


@pytest.mark.parametrize(("name", "tag", "reason"), NO_JRE)
def test_jre_refusals(name: str, tag: str, reason: str) -> None:
    choice = jre_tag(image(name), tag)
    assert isinstance(choice, Refusal), choice
    assert reason in choice.reason


SUCCESSOR = [
    ("8", "8-jdk", None),
    ("11-jre-slim", "11-jre", None),
    ("17-jdk-slim-bullseye", "17-jdk", None),
    ("17-oracle", "17-jdk", None),
    ("8-jre-alpine", "8-jre-alpine", "3.24"),
    ("17-alpine", "17-jdk-alpine", "3.24"),
    ("11.0.12-jre", "11.0.12_7-jre", None),
    ("11.0.2-jdk", "11-jdk", None),
]


@pytest.mark.parametrize(("tag", "chosen", "alpine"), SUCCESSOR)
def test_openjdk_has_a_successor(tag: str, chosen: str, alpine: str | None) -> None:
    choice = successor_tag(image("openjdk"), tag)
    assert isinstance(choice, TagChoice), choice
    assert (choice.image, choice.tag, choice.alpine) == ("eclipse-temurin", chosen, alpine)
    assert "openjdk is deprecated" in choice.reason
    assert "class data sharing" in choice.reason


def test_what_changes_with_the_successor_is_told() -> None:
    jdk, patch = successor_tag(image("openjdk"), "11-slim"), successor_tag(image("openjdk"), "11.0.2-jdk")
    assert "the distribution changes from debian to ubuntu" in jdk.reason
    assert "does not have that very patch" in patch.reason
    assert "the distribution changes" not in successor_tag(image("openjdk"), "8-jre-alpine").reason


@pytest.mark.parametrize(
    ("name", "tag", "reason"),
    [
        ("openjdk", "12", "openjdk:12 has no counterpart: eclipse-temurin:12-jdk never existed"),
        ("openjdk", "7-jdk", "openjdk:7-jdk has no counterpart: eclipse-temurin:7-jdk never existed"),
        ("openjdk", "latest", "which tag of eclipse-temurin takes the place of openjdk:latest is not known"),
        ("openjdk", "nope", "is not in the catalogue"),
        ("node", "18", "node has no successor in the catalogue"),
        ("java", "8", "which tag of openjdk takes the place of java:8 is not known"),
    ],
)
def test_no_successor(name: str, tag: str, reason: str) -> None:
    choice = successor_tag(image(name), tag)
    assert isinstance(choice, Refusal), choice
    assert reason in choice.reason
