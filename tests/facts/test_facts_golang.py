"""What the shipped catalogue says of golang."""

import pytest

from rewriter.facts import CATALOGUE, ImageFacts


@pytest.fixture(name="golang", scope="module")
def _golang() -> ImageFacts:
    facts = CATALOGUE.image("golang")
    assert facts is not None
    return facts


# Written down independently of the data file: minor -> alpine releases, the suites that the bare tag stood for.
MINORS = {
    "1.7": ("3.4 3.5 3.6", "jessie"),
    "1.8": ("3.5 3.6", "jessie"),
    "1.9": ("3.6 3.7 3.8", "stretch"),
    "1.10": ("3.7 3.8 3.9", "stretch"),
    "1.11": ("3.7 3.8 3.9 3.10", "stretch buster"),
    "1.12": ("3.9 3.10 3.11", "stretch buster"),
    "1.13": ("3.10 3.11 3.12", "buster"),
    "1.14": ("3.11 3.12 3.13", "buster"),
    "1.15": ("3.12 3.13 3.14", "buster"),
    "1.16": ("3.12 3.13 3.14 3.15", "buster bullseye"),
    "1.17": ("3.13 3.14 3.15 3.16", "bullseye"),
    "1.18": ("3.14 3.15 3.16 3.17", "bullseye"),
    "1.19": ("3.15 3.16 3.17 3.18", "bullseye bookworm"),
    "1.20": ("3.16 3.17 3.18 3.19", "bullseye bookworm"),
    "1.21": ("3.17 3.18 3.19 3.20", "bookworm"),
    "1.22": ("3.18 3.19 3.20 3.21", "bookworm"),
    "1.23": ("3.19 3.20 3.21 3.22", "bookworm"),
    "1.24": ("3.20 3.21 3.22 3.23", "bookworm trixie"),
    "1.25": ("3.21 3.22 3.23 3.24", "trixie"),
    "1.26": ("3.22 3.23 3.24", "trixie"),
    "1.27": ("3.23 3.24", "trixie"),
    "1.6": ("", "jessie"),
    "1.5": ("", "jessie"),
    "1.4": ("", "jessie"),
    "1.3": ("", "wheezy jessie"),
    "1.2": ("", "wheezy jessie"),
}


@pytest.mark.parametrize("minor", MINORS)
def test_every_minor(golang: ImageFacts, minor: str) -> None:
    variants = golang.variants(minor)
    assert variants is not None
    alpine, suites = MINORS[minor]
    assert variants.alpine == tuple(alpine.split())
    assert [suite for suite, _ in variants.bare_suites_over_time] == suites.split()
    assert variants.bare_suite == suites.split()[-1]
    assert variants.maintained == (minor in ("1.26", "1.27"))
    assert golang.has(minor)
    assert golang.has(f"{minor}-alpine") == variants.floating == (minor not in ("1.2", "1.3"))


def test_all_minors_are_written_down(golang: ImageFacts) -> None:
    assert set(golang.versions) == {*MINORS, "1", "latest"}


def test_the_names_of_the_image() -> None:
    golang = CATALOGUE.image("golang")
    for name in ("library/golang", "docker.io/library/golang", "docker.io/golang", "index.docker.io/library/golang"):
        assert CATALOGUE.image(name) is golang
    for name in ("", "go", "someone/golang", "ghcr.io/library/golang", "localhost:5000/golang", "golang:1.18"):
        assert CATALOGUE.image(name) is None


def test_source_and_date(golang: ImageFacts) -> None:
    assert golang.name == "golang"
    assert "docker-library/official-images" in golang.source
    assert "37079fb" in golang.source
    assert (golang.as_of, golang.collected) == ("2026-08-21", "2026-11-23")


@pytest.mark.parametrize(
    "tag",
    [
        *("1.18", "1.18.0", "1.18.10", "1.18-alpine", "1.18-alpine3.16", "1.18.2-alpine3.16", "1.18.10-alpine3.17"),
        *(
            "1.18-stretch",
            "1.18.3-stretch",
            "1.18.10-bullseye",
            "1.22.3-alpine3.19",
            "1.22.3-alpine3.20",
            "1.7.6-alpine",
        ),
        *("1.4.3-alpine", "1.8-onbuild", "1.8.7-onbuild", "1.2-cross", "1.8-wheezy", "latest", "alpine", "alpine3.24"),
        *(
            "alpine3.17",
            "1-alpine",
            "1-alpine3.17",
            "1",
            "bookworm",
            "bullseye",
            "1-bullseye",
            "onbuild",
            "1.27.0-trixie",
        ),
    ],
)
def test_tags_that_existed(golang: ImageFacts, tag: str) -> None:
    assert golang.has(tag)


@pytest.mark.parametrize(
    "tag",
    [
        *(
            "1.18.0-alpine3.17",
            "1.18.11",
            "1.18-alpine3.18",
            "1.18.4-alpine3.14",
            "1.18.4-alpine3.17",
            "1.18.4-stretch",
        ),
        *(
            "1.22.3-alpine3.21",
            "1.28",
            "2",
            "",
            "1.18-slim",
            "slim",
            "1.18-alpine3",
            "1.7.2",
            "1.8.7-wheezy",
            "1.3-alpine",
        ),
        *("1.18-bookworm", "latest-alpine", "1.18alpine", "1.18 ", "v1.18", "alpine3.25", "1.18.0-onbuild", "1.018"),
    ],
)
def test_tags_that_never_were(golang: ImageFacts, tag: str) -> None:
    assert not golang.has(tag)
    assert not golang.listed(tag)


def test_golang_never_had_slim(golang: ImageFacts) -> None:
    for version in golang.versions:
        assert not golang.has(f"{version}-slim")
        variants = golang.variants(version)
        assert variants is not None
        assert "slim" not in variants.others


def test_what_is_still_rebuilt(golang: ImageFacts) -> None:
    for tag in ("1.27", "1.27.0", "1.26.7-alpine3.23", "1.26-bookworm", "latest", "alpine3.24", "1-trixie", "bookworm"):
        assert golang.listed(tag), tag
    for tag in ("1.26.6", "1.26-alpine3.22", "1.25", "1.25.14", "1.18", "bullseye", "alpine3.22", "1-onbuild"):
        assert golang.has(tag), tag
        assert not golang.listed(tag), tag


def test_a_patch_has_only_what_lived_then(golang: ImageFacts) -> None:
    patch = golang.variants("1.18.4")
    assert patch is not None
    assert patch.alpine == ("3.15", "3.16")
    assert patch.suites == ("buster", "bullseye")
    assert patch.floating_alpine == "3.16"
    moved = golang.variants("1.20.5")
    assert moved is not None
    assert moved.bare_suites_over_time == (("bullseye", "2023-06-06"), ("bookworm", "2023-06-13"))
    # The floating tag moved on the very day when the next patch came.
    same_day = golang.variants("1.15.6")
    assert same_day is not None
    assert same_day.floating_alpine == "3.13"


def test_moving_tags_only_tell_what_still_moves(golang: ImageFacts) -> None:
    for tag in ("latest", "1"):
        variants = golang.variants(tag)
        assert variants is not None
        assert (variants.alpine, variants.suites, variants.maintained) == (
            ("3.23", "3.24"),
            ("bookworm", "trixie"),
            True,
        )


def test_no_variants_of_what_is_not_a_bare_tag(golang: ImageFacts) -> None:
    for tag in ("1.18-alpine", "bookworm", "1.99", "", "1.18.11"):
        assert golang.variants(tag) is None


def test_configuration(golang: ImageFacts) -> None:
    path = "/go/bin:/usr/local/go/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    old = golang.config_of("1.18")
    assert dict(old.env) == {"PATH": path, "GOPATH": "/go"}
    assert old.sets == ("GOLANG_VERSION",)
    assert (old.workdir, old.user, old.entrypoint, old.cmd) == ("/go", "root", (), ("bash",))
    assert golang.config_of("1.18-alpine3.17").cmd == ("/bin/sh",)
    assert golang.config == golang.config_of("latest") == golang.config_of("1.27")
    with_toolchain = ("1.21", "1.21.1", "1.21.13-alpine", "1.22", "latest", "alpine", "bullseye", "never-seen")
    without = ("1.20", "1.20.14", "1.21.0", "1.21.0-alpine", "1.9", "stretch", "alpine3.16")
    for tag in with_toolchain:
        assert golang.config_of(tag).env["GOTOOLCHAIN"] == "local", tag
    for tag in without:
        assert "GOTOOLCHAIN" not in golang.config_of(tag).env, tag
    assert "/usr/src/go/bin" in golang.config_of("1.4.2").env["PATH"]
    assert "/usr/src/go/bin" not in golang.config_of("1.4.3-alpine").env["PATH"]
    assert "/usr/src/go/bin" not in golang.config_of("1.5").env["PATH"]
    onbuild = golang.config_of("1.8-onbuild")
    assert (onbuild.workdir, onbuild.cmd) == ("/go/src/app", ("go-wrapper", "run"))


def test_measured_sizes(golang: ImageFacts) -> None:
    for tag in ("1.18", "1.18.10", "1.18-bullseye", "1.18.10-bullseye"):
        size = golang.size(tag)
        assert size is not None
        assert (size.megabytes, size.compressed, size.quality, size.date) == (965.22, 353.61, "measured", "2023-01-11")
    exact = golang.size("1.18.10-bullseye")
    assert exact is not None
    assert exact.note == ""
    same = golang.size("1.18")
    assert same is not None
    assert same.note == "measured as golang:1.18.10-bullseye"
    alpine = golang.size("1.18-alpine3.16")
    assert alpine is not None
    assert (alpine.megabytes, alpine.compressed, alpine.quality) == (328.79, 118.90, "measured")


@pytest.mark.parametrize(
    ("tag", "note"),
    [
        ("1.18.4", "taken from golang:1.18.10-bullseye"),
        ("1.18.4-alpine", "taken from golang:1.18.10-alpine3.16"),
        ("1.17", "taken from golang:1.18.10-bullseye"),
        ("1.19-alpine3.18", "taken from golang:1.18.10-alpine3.17"),  # not from 1.20, which is a quarter smaller
        ("1.20", "taken from golang:1.20.0-bullseye"),
        ("1.22-alpine", "taken from golang:1.20.0-alpine3.17"),
        ("1.24-bookworm", "taken from golang:1.25.12-bookworm"),
        ("latest", "taken from golang:1.27.0-trixie"),
        ("alpine", "taken from golang:1.27.0-alpine3.24"),
        ("1.26", "taken from golang:1.26.7-trixie"),  # still moving
        ("1.8-onbuild", "taken from golang:1.8.6-onbuild"),
    ],
)
def test_estimates_say_from_which_tag(golang: ImageFacts, tag: str, note: str) -> None:
    size = golang.size(tag)
    assert size is not None
    assert (size.quality, size.note) == ("estimate", note)


def test_no_size_of_an_unknown_tag(golang: ImageFacts) -> None:
    assert golang.size("1.18.0-alpine3.17") is None
    assert golang.size("1.99") is None
    assert golang.size("1.18") is golang.size("1.18")


@pytest.mark.parametrize(
    ("tag", "full"),
    [
        ("1.18", "1.18.10"),
        ("1.18.4", "1.18.4"),
        ("1.18.4-alpine3.16", "1.18.4"),
        ("1.18-alpine3.15", "1.18.8"),
        ("1.18-alpine3.16", "1.18.10"),
        ("1.18-stretch", "1.18.3"),
        ("latest", "1.27.0"),
        ("alpine3.17", "1.21.5"),
        ("bullseye", "1.24.6"),
        ("1.8-wheezy", "1.8"),
        ("1.99", None),
    ],
)
def test_full_version(golang: ImageFacts, tag: str, full: str | None) -> None:
    assert golang.full_version(tag) == full


def test_golang_has_no_end_of_life(golang: ImageFacts) -> None:
    assert golang.end_of_life("1.18") is None
    assert golang.end_of_life_source == ""
