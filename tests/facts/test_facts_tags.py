"""The grammar of tags."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rewriter.facts import ParsedTag, is_older_than, parse_tag


@pytest.mark.parametrize(
    ("image", "tag", "parsed"),
    [
        ("golang", "1.18", ParsedTag("1.18", "", None, None, "")),
        ("golang", "1.18.4", ParsedTag("1.18.4", "", None, None, "")),
        ("golang", "1", ParsedTag("1", "", None, None, "")),
        ("golang", "1.18-alpine", ParsedTag("1.18", "alpine", None, None, "")),
        ("golang", "1.18-alpine3.17", ParsedTag("1.18", "alpine", "3.17", None, "")),
        ("golang", "1.18-bullseye", ParsedTag("1.18", "", None, "bullseye", "")),
        ("golang", "latest", ParsedTag(None, "", None, None, "")),
        ("golang", "", ParsedTag(None, "", None, None, "")),
        ("golang", "alpine", ParsedTag(None, "alpine", None, None, "")),
        ("golang", "alpine3.17", ParsedTag(None, "alpine", "3.17", None, "")),
        ("golang", "bullseye", ParsedTag(None, "", None, "bullseye", "")),
        ("golang", "1.8-onbuild", ParsedTag("1.8", "", None, None, "onbuild")),
        ("golang", "1.18-windowsservercore", ParsedTag("1.18", "", None, None, "windowsservercore")),
        (
            "golang",
            "1.18-windowsservercore-ltsc2022",
            ParsedTag("1.18", "", None, None, "windowsservercore-ltsc2022"),
        ),
        ("golang", "1.18rc1-alpine3.15", ParsedTag("1.18rc1", "alpine", "3.15", None, "")),
        ("golang", "1.18-rc-alpine", ParsedTag("1.18", "alpine", None, None, "rc")),
        ("golang", "1.18-alpine3", ParsedTag("1.18", "", None, None, "alpine3")),
        ("golang", "tip-20260815-trixie", ParsedTag(None, "", None, "trixie", "tip-20260815")),
        ("docker.io/library/alpine", "3.17", ParsedTag("3.17", "alpine", "3.17", None, "")),
        ("alpine", "3.17.2", ParsedTag("3.17.2", "alpine", "3.17", None, "")),
        ("alpine", "3", ParsedTag("3", "alpine", None, None, "")),
        ("alpine", "latest", ParsedTag(None, "alpine", None, None, "")),
        ("alpine", "edge", ParsedTag(None, "alpine", None, None, "edge")),
        ("alpine", "20230208", ParsedTag(None, "alpine", None, None, "20230208")),
        ("debian", "bookworm-slim", ParsedTag(None, "slim", None, "bookworm", "")),
        ("debian", "12-slim", ParsedTag("12", "slim", None, None, "")),
        ("debian", "12.5", ParsedTag("12.5", "", None, None, "")),
        ("debian", "bullseye-20230109-slim", ParsedTag(None, "slim", None, "bullseye", "20230109")),
        ("debian", "rc-buggy", ParsedTag(None, "", None, "rc-buggy", "")),
        ("debian", "rc-buggy-20230109", ParsedTag(None, "", None, "rc-buggy", "20230109")),
        ("debian", "stable-backports", ParsedTag(None, "", None, "stable", "backports")),
        ("node", "18.4.0-bullseye-slim", ParsedTag("18.4.0", "slim", None, "bullseye", "")),
        ("node", "lts-alpine3.16", ParsedTag(None, "alpine", "3.16", None, "lts")),
        ("python", "3.9-slim-buster", ParsedTag("3.9", "slim", None, "buster", "")),
        ("php", "8.2.1-fpm-alpine3.18", ParsedTag("8.2.1", "alpine", "3.18", None, "fpm")),
        ("eclipse-temurin", "17-jre-alpine-3.22", ParsedTag("17", "alpine", "3.22", None, "jre")),
        ("eclipse-temurin", "17.0.2_8-jdk-focal", ParsedTag("17.0.2_8", "", None, "focal", "jdk")),
        ("openjdk", "11.0.11-jre-slim-buster", ParsedTag("11.0.11", "slim", None, "buster", "jre")),
        ("maven", "3.8.6-openjdk-11-slim", ParsedTag("3.8.6", "slim", None, None, "openjdk-11")),
        ("nginx", "1.23-alpine3.17-slim", ParsedTag("1.23", "alpine", "3.17", None, "slim")),
        ("swift", "5.7-jammy-slim", ParsedTag("5.7", "slim", None, "jammy", "")),
        ("ubuntu", "jammy-20220801", ParsedTag(None, "", None, "jammy", "20220801")),
    ],
)
def test_parse_tag(image: str, tag: str, parsed: ParsedTag) -> None:
    assert parse_tag(image, tag) == parsed


@given(st.sampled_from(["golang", "alpine", "debian", "node", ""]), st.text())
def test_parse_tag_never_raises(image: str, tag: str) -> None:
    parsed = parse_tag(image, tag)
    assert parsed.flavour in ("alpine", "slim", "")


WORDS = st.sampled_from(
    ["1.18", "3", "latest", "alpine", "alpine3.17", "slim", "bullseye", "onbuild", "20230109", "rc", ""]
)


@given(st.lists(WORDS, max_size=5))
def test_no_word_of_a_tag_is_lost(words: list[str]) -> None:
    parsed = parse_tag("golang", "-".join(words))
    kept = [parsed.version, parsed.suite, *parsed.rest.split("-")]
    kept.append(f"alpine{parsed.alpine}" if parsed.alpine else parsed.flavour)
    kept += [parsed.flavour, parsed.alpine]  # `alpine-3.17`, as eclipse-temurin writes it
    for word in words:
        assert word in kept or word in ("latest", "")


def test_releases_compare_by_number() -> None:
    assert is_older_than("3.9", "3.10")
    assert not is_older_than("3.10", "3.9")
    assert not is_older_than("3.10", "3.10")
    assert is_older_than("3.17", "3.17.1")
    assert is_older_than("1.9", "1.18")
