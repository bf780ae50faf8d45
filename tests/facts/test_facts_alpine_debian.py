"""What the shipped catalogue says of alpine and debian."""

import pytest

from rewriter.facts import CATALOGUE, ImageFacts, alpine_release_eol, debian_slim, debian_suite_eol
from rewriter.facts.loader import load


@pytest.fixture(name="alpine", scope="module")
def _alpine() -> ImageFacts:
    facts = CATALOGUE.image("alpine")
    assert facts is not None
    return facts


@pytest.fixture(name="debian", scope="module")
def _debian() -> ImageFacts:
    facts = CATALOGUE.image("debian")
    assert facts is not None
    return facts


@pytest.mark.parametrize(
    "tag", ["2.6", "3.1", "3.9", "3.17", "3.17.0", "3.17.10", "3.24.1", "3", "latest", "edge", "20230208"]
)
def test_alpine_tags_that_existed(alpine: ImageFacts, tag: str) -> None:
    assert alpine.has(tag)


@pytest.mark.parametrize(
    "tag", ["3.0", "3.25", "3.17.11", "3.18.1", "3.7.0", "", "alpine", "3.17-slim", "20230209", "latest-slim"]
)
def test_alpine_tags_that_never_were(alpine: ImageFacts, tag: str) -> None:
    assert not alpine.has(tag)


def test_alpine_versions(alpine: ImageFacts) -> None:
    assert [tag for tag in ("3.20", "3.21", "3.24", "3.24.0", "3.24.1", "edge") if alpine.listed(tag)] == [
        *("3.21", "3.24", "3.24.1", "edge")
    ]
    for tag, releases in (
        ("3.17", ("3.17",)),
        ("3.17.3", ("3.17",)),
        ("latest", ("3.24",)),
        ("3", ("3.24",)),
        ("edge", ()),
    ):
        variants = alpine.variants(tag)
        assert variants is not None
        assert (variants.alpine, variants.suites, variants.bare_suite) == (releases, (), None)
    assert alpine.variants("20230208") is None


def test_alpine_configuration(alpine: ImageFacts) -> None:
    config = alpine.config
    assert (config.cmd, config.entrypoint, config.workdir, config.user) == (("/bin/sh",), (), "/", "root")
    assert dict(config.env) == {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}


def test_alpine_sizes(alpine: ImageFacts) -> None:
    exact, patch, unmeasured = alpine.size("3.17"), alpine.size("3.17.10"), alpine.size("3.19")
    assert exact is not None
    assert (exact.megabytes, exact.compressed, exact.quality, exact.note) == (7.04, 3.37, "measured", "")
    assert patch is not None
    assert (patch.megabytes, patch.quality) == (7.04, "estimate")
    assert unmeasured is not None
    assert (unmeasured.quality, unmeasured.note) == ("estimate", "taken from alpine:3.17")
    moving = alpine.size("latest")
    assert moving is not None
    assert (moving.megabytes, moving.quality) == (8.42, "estimate")
    assert alpine.size("edge") is None


def test_ends_of_life(alpine: ImageFacts) -> None:
    assert alpine_release_eol("3.17") == "2024-11-22"
    assert alpine_release_eol("3.24") == "2028-06-09"
    assert alpine_release_eol("9.9") is None
    assert alpine_release_eol("latest") is None
    assert alpine.end_of_life("3.17") == ("2024-11-22", "stated")
    assert alpine.end_of_life("3.24") == ("2028-06-09", "estimate")
    assert "endoflife" in alpine.end_of_life_source
    assert debian_suite_eol("buster") == "2024-06-30"
    assert debian_suite_eol("sid") is None


def test_every_alpine_that_golang_names_is_a_release(alpine: ImageFacts) -> None:
    table = load("golang")
    assert table is not None
    for version in table.versions.values():
        for variant in version.rows:
            if variant.startswith("alpine") and variant != "alpine":
                assert alpine.has(variant[6:])
                assert alpine_release_eol(variant[6:]) is not None


def test_every_suite_that_golang_names_is_a_suite_with_slim(debian: ImageFacts) -> None:
    table = load("golang")
    assert table is not None
    for suite in table.suites:
        assert debian.has(suite)
        assert debian_slim(suite) == f"{suite}-slim"
        assert debian_suite_eol(suite) is not None


@pytest.mark.parametrize(
    "tag",
    [
        *(
            "bullseye",
            "bullseye-slim",
            "11",
            "11-slim",
            "11.11",
            "11.11-slim",
            "12.15",
            "13-slim",
            "6.0.10",
            "6",
            "7.11-slim",
        ),
        *("bullseye-20230109", "bullseye-20230109-slim", "bookworm-20210816-slim", "rc-buggy", "rc-buggy-20230109"),
        *("latest", "stable-slim", "sid-slim", "testing-20260803-slim", "buster-backports", "jessie-20170606"),
    ],
)
def test_debian_tags_that_existed(debian: ImageFacts, tag: str) -> None:
    assert debian.has(tag)


@pytest.mark.parametrize(
    "tag",
    [
        *(
            "slim",
            "latest-slim",
            "squeeze-slim",
            "6-slim",
            "12.3",
            "8.9-slim",
            "14",
            "bullseye-20230110",
            "lenny",
            "rc",
        ),
        *(
            "jessie-20170606-slim",
            "bookworm-20190708",
            "experimental-slim",
            "bullseye-20230109-backports",
            "rc-buggy-slim",
        ),
    ],
)
def test_debian_tags_that_never_were(debian: ImageFacts, tag: str) -> None:
    assert not debian.has(tag)


def test_full_versions(alpine: ImageFacts, debian: ImageFacts) -> None:
    assert [alpine.full_version(tag) for tag in ("3.17", "3.17.2", "latest", "edge", "20230208", "9.9")] == [
        *("3.17.10", "3.17.2", "3.24.1", None, None, None)
    ]
    assert [debian.full_version(tag) for tag in ("11", "11-slim", "7-slim", "bookworm", "latest")] == [
        *("11.11", "11.11", "7.11", None, None)
    ]


def test_debian_slim() -> None:
    assert debian_slim("bullseye") == "bullseye-slim"
    assert debian_slim("12") == "12-slim"
    assert debian_slim("squeeze") is None
    assert debian_slim("jammy") is None
    assert debian_slim("") is None


def test_debian_variants(debian: ImageFacts) -> None:
    suite, number, latest, stable = (debian.variants(tag) for tag in ("bullseye", "11.3", "latest", "stable"))
    assert suite is not None
    assert (suite.bare_suite, suite.others, suite.maintained) == ("bullseye", ("slim", "backports"), True)
    assert number is not None
    assert (number.bare_suite, number.others, number.maintained) == ("bullseye", ("slim",), False)
    assert latest is not None
    assert latest.bare_suites_over_time[-2:] == (("bookworm", "2023-06-12"), ("trixie", "2025-08-11"))
    assert stable is not None
    assert (stable.bare_suite, stable.suites) == (None, ())


def test_debian_configuration(debian: ImageFacts) -> None:
    for tag in ("bookworm", "bookworm-slim", "latest"):
        config = debian.config_of(tag)
        assert (config.cmd, config.entrypoint, config.workdir, config.user) == (("bash",), (), "/", "root")


@pytest.mark.parametrize(
    ("tag", "megabytes", "quality", "note"),
    [
        ("bookworm-slim", 74.83, "measured", ""),
        ("buster", 114.09, "measured", ""),
        ("10", 114.09, "measured", "measured as debian:buster"),
        ("12-slim", 74.83, "estimate", "taken from debian:bookworm-slim"),
        ("11.3-slim", 80.68, "estimate", "taken from debian:bullseye-slim"),
        ("bullseye-20230109-slim", 80.68, "estimate", "taken from debian:bullseye-slim"),
        ("latest", 119.88, "estimate", "taken from debian:trixie"),
        ("forky-slim", 78.64, "estimate", "taken from debian:trixie-slim"),
        ("bullseye-backports", 124.33, "estimate", "taken from debian:bullseye"),
    ],
)
def test_debian_sizes(debian: ImageFacts, tag: str, megabytes: float, quality: str, note: str) -> None:
    size = debian.size(tag)
    assert size is not None
    assert (size.megabytes, size.quality, size.note) == (megabytes, quality, note)


def test_debian_sizes_that_nothing_tells(debian: ImageFacts) -> None:
    for tag in ("stable", "sid-slim", "experimental"):
        assert debian.has(tag)
        assert debian.size(tag) is None


@pytest.mark.parametrize("name", ["alpine", "debian", "golang"])
def test_every_file_names_its_source_and_its_date(name: str) -> None:
    table = load(name)
    assert table is not None
    assert table.source.startswith("docker-library/official-images library/")
    assert (table.as_of, table.collected) == ("2026-08-21", "2026-11-23")
    assert all("docker-library/repo-info" in size.source for size in table.sizes.values())
