"""What the shipped catalogue says of many images: which tags existed, which never did, what they stood for."""

from pathlib import Path

import pytest

from rewriter.facts import CATALOGUE, Facts, ImageFacts
from rewriter.facts.loader import SHIPPED, load
from rewriter.facts.overlay import is_image_name

OTHER_DATA = ("packages", "dependencies", "slim")  # folders of data that is not of images


def shipped_images() -> list[str]:
    """The names of all images that have a data file."""
    root = Path(SHIPPED)
    names = [path.relative_to(root).with_suffix("").as_posix() for path in sorted(root.rglob("*.txt"))]
    return [name.removeprefix("docker.io/") for name in names if not name.startswith(OTHER_DATA)]


IMAGES = shipped_images()


def image(name: str) -> ImageFacts:
    """The facts of an image that is known."""
    facts = CATALOGUE.image(name)
    assert facts is not None, name
    return facts


def test_the_most_used_images_are_known() -> None:
    wanted = (
        "node python ruby php rust perl openjdk eclipse-temurin amazoncorretto ibm-semeru-runtimes "
        "sapmachine azul-zulu maven gradle tomcat nginx httpd redis postgres mysql mariadb mongo "
        "memcached rabbitmq haproxy caddy ubuntu centos rockylinux almalinux fedora amazonlinux busybox "
        "buildpack-deps gcc erlang elixir haskell swift dart julia pypy jruby composer docker clojure "
        "golang alpine debian r-base oraclelinux archlinux"
    )
    dotnet = [f"mcr.microsoft.com/dotnet/{name}" for name in ("sdk", "aspnet", "runtime", "runtime-deps")]
    assert {*wanted.split(), *dotnet} <= set(IMAGES)


@pytest.mark.parametrize("name", IMAGES)
def test_every_file_is_good_and_says_where_it_comes_from(name: str) -> None:
    facts = image(name)
    assert is_image_name(name)
    assert facts.name == name
    assert facts.kind, "what kind of image it is"
    assert facts.source
    assert facts.as_of >= "2026-08-21"
    assert facts.versions
    for version in facts.table.versions.values():
        for row in version.rows.values():
            assert not row.last or row.first <= row.last


@pytest.mark.parametrize(
    "name",
    [
        *(
            "../../etc/passwd",
            "..",
            ".",
            "/etc/passwd",
            "a//b",
            "a/",
            "/a",
            "",
            " ",
            "NUL",
            "con",
            "Node",
            "NODE",
            "node\0",
        ),
        *("node:18", "node@sha256:0", "~root", "packages/apt", "dependencies/npm", "slim/bookworm", "data", "node.txt"),
        *("docker.io", "mcr.microsoft.com", "mcr.microsoft.com/dotnet", "a" * 10_000, "a/" * 5_000, "-", "_", "\ud800"),
        *("node\n", "mcr.microsoft.com/dotnet/../../node", "./node", "node/.", "library/", "C:\\node", "scratch"),
    ],
)
def test_odd_names_are_unknown(name: str) -> None:
    assert CATALOGUE.image(name) is None
    assert load(name) is None


# Written down from the statements of the official lists, independently of the data files.
EXISTED = {
    "node": "18 18.4 18.4.0 18-alpine 18-alpine3.16 18.4-alpine3.16 18.4.0-bullseye-slim lts lts-alpine iron latest "
    "alpine slim 0.10.48 14-stretch 26-trixie-slim current",
    "python": "3.9 3.9-buster 3.9-slim-buster 3.9.1-alpine3.13 3 3-alpine 2.7 2.7-onbuild latest slim alpine3.16",
    "php": "8.2.1-fpm-alpine3.17 8.2-fpm 8-cli 7.4-apache fpm-alpine apache 5.6.40-zts-alpine3.8 8.2.1-zts",
    "ruby": "2.7 2.7-slim-buster 2.1.10-alpine 3 slim 1.9.3-p547",
    "rust": "1.56 1.56-slim-bullseye 1.37.0-alpine3.10 1 1.25-slim-jessie",
    "openjdk": "8-jre-alpine 8u212-jdk-alpine3.9 11-jre-slim 11.0.11-jre-slim-buster 17-alpine 17-jdk-slim 18-oracle",
    "eclipse-temurin": "17 17-jre 17.0.2_8-jdk 17-jre-alpine 17-jre-alpine-3.22 8u312-b07-jre-focal latest",
    "amazoncorretto": "17 17-alpine3.22 17-alpine-jdk 8-alpine-jre 11.0.18-alpine3.14",
    "maven": "3.6-jdk-11 3.8.6-openjdk-11-slim 3.9-eclipse-temurin-17-alpine 3-amazoncorretto-17 3.8 latest",
    "gradle": "7-jdk11 7.6.1-jdk17-alpine 8.0.2 jdk11 4.10.3-jre8-slim",
    "nginx": "1.21.6-alpine 1.23-alpine3.17-slim stable-alpine mainline latest alpine 1.25-bookworm-perl",
    "postgres": "13 16.4-alpine3.20 9.6 9.6.24-alpine 9.6-stretch",
    "ubuntu": "20.04 focal jammy-20220801 latest rolling 14.04.5",
    "tomcat": "9 9.0.89-jre8-temurin 8.5-alpine 10.1-jdk17-temurin-jammy",
    "pypy": "3 3.9 3.9-7.3.11-slim-bookworm 2-7.3.1-slim",
    "centos": "7 centos7 7.9.2009 latest 8",
    "mcr.microsoft.com/dotnet/aspnet": "8.0 8.0-alpine 8.0.5-bookworm-slim 6.0-focal 9.0-noble-chiseled-extra",
    "mcr.microsoft.com/dotnet/sdk": "8.0 6.0.400 10.0-alpine3.23",
}
NEVER = {
    "openjdk": "17-jre-alpine 17-jre 17-jre-slim 11-alpine 11-jre-alpine 18-jre 12-jre",
    "golang": "1.18-slim 1.18.0-alpine3.17",
    "php": "8-apache-alpine 8.2-apache-alpine 8.2-alpine3.4 apache-alpine 8.2-slim",
    "gcc": "12-alpine 12-slim",
    "mysql": "8-alpine 8.0-alpine",
    "mariadb": "10-alpine",
    "mongo": "6-alpine",
    "python": "3.6-alpine3.18 3.9-alpine3.23 3.14-buster 3.9.1-alpine3.22 latest-alpine 3.9-jessie",
    "rust": "1.30-alpine 1.36-alpine",
    "maven": "3.6-jdk-11-alpine",
    "node": "18-slim-bullseye 18-alpine3.22 18.4.0-alpine3.21 lts-alpine3.5 99 18.99",
    "ruby": "2.7-bullseye-slim 3.4-alpine3.9",
    "debian": "slim-bookworm 12-alpine",
    "ubuntu": "20.04-slim focal-slim 13.37 alpine",
    "eclipse-temurin": "17.0.2_8 17-slim 17-alpine3.16 17-jre-alpine3.16",
    "nginx": "1.21.6-alpine-slim 1.21-slim slim",
    "perl": "5.34-alpine",
    "haskell": "9-alpine",
    "swift": "5.7-alpine",
    "mcr.microsoft.com/dotnet/aspnet": "10.0-bookworm-slim 8.0-slim alpine 8.0-alpine-amd64",
}


@pytest.mark.parametrize(("name", "tag"), [(name, tag) for name, tags in EXISTED.items() for tag in tags.split()])
def test_tags_that_existed(name: str, tag: str) -> None:
    assert image(name).has(tag)


@pytest.mark.parametrize(("name", "tag"), [(name, tag) for name, tags in NEVER.items() for tag in tags.split()])
def test_tags_that_never_were(name: str, tag: str) -> None:
    assert not image(name).has(tag)
    assert not image(name).listed(tag)
    assert image(name).life(tag) == ("", "")


@pytest.mark.parametrize(
    ("name", "tag", "suites"),
    [
        ("python", "3.9", "buster bullseye bookworm trixie"),
        ("python", "3.9-slim", "buster bullseye bookworm trixie"),
        ("python", "3.12", "bookworm trixie"),
        ("node", "12", "stretch"),
        ("node", "14", "stretch buster"),
        ("node", "16", "buster"),
        ("node", "18", "bullseye bookworm"),
        ("node", "20", "bullseye bookworm"),
        ("node", "22", "bookworm"),
        ("node", "26", "trixie"),
        ("ubuntu", "22.04", "jammy"),
        ("mcr.microsoft.com/dotnet/aspnet", "8.0", "bookworm"),
        ("mcr.microsoft.com/dotnet/aspnet", "10.0", "noble"),
    ],
)
def test_what_a_tag_stood_for(name: str, tag: str, suites: str) -> None:
    facts = image(name)
    assert [suite for suite, _ in facts.suites_over_time(tag)] == suites.split()
    assert facts.suite(tag) == suites.split()[-1]


def test_a_bare_tag_moved_on_known_days() -> None:
    assert image("python").suites_over_time("3.9") == (
        ("buster", "2020-10-06"),
        ("bullseye", "2021-08-16"),
        ("bookworm", "2023-06-13"),
        ("trixie", "2025-08-11"),
    )
    assert image("python").suite("3.9.1") == "buster"
    assert image("python").suite("3.9-bullseye") == "bullseye"
    assert image("node").suite("18-alpine") is None
    assert image("node").suites_over_time("18.4-alpine")[-1][0] == "3.16"


# minor -> alpine releases, from the official lists
ALPINES = {
    ("node", "18"): "3.14 3.15 3.16 3.17 3.18 3.19 3.20 3.21",
    ("node", "16"): "3.11 3.12 3.13 3.14 3.15 3.16 3.17 3.18",
    ("node", "13"): "3.10 3.11",
    ("python", "3.9"): "3.12 3.13 3.14 3.15 3.16 3.17 3.18 3.19 3.20 3.21 3.22",
    ("python", "2.7"): "3.4 3.6 3.7 3.8 3.9 3.10 3.11",
    ("python", "3.13"): "3.19 3.20 3.21 3.22 3.23 3.24",
    ("eclipse-temurin", "17"): "3.20 3.21 3.22 3.23 3.24",
    ("node", "18.4.0"): "3.15 3.16",
}


@pytest.mark.parametrize(("name", "version"), ALPINES)
def test_the_alpine_releases_of_a_version(name: str, version: str) -> None:
    variants = image(name).variants(version)
    assert variants is not None
    assert " ".join(variants.alpine) == ALPINES[name, version]


@pytest.mark.parametrize(
    ("name", "tag", "full"),
    [
        ("node", "18", "18.20.8"),
        ("node", "18.4", "18.4.0"),
        ("node", "lts", "24.19.0"),
        ("python", "3.9-buster", "3.9.17"),
        ("openjdk", "8-jdk-alpine", "8u212"),
        ("openjdk", "17-alpine", "17"),
        ("postgres", "16", "16.15"),
        ("eclipse-temurin", "17", "17.0.20_8"),
        ("nginx", "1.21", "1.21.6"),
        ("ubuntu", "20.04", "20.04"),
        ("python", "never", None),
    ],
)
def test_full_versions(name: str, tag: str, full: str | None) -> None:
    assert image(name).full_version(tag) == full


def test_what_is_still_rebuilt() -> None:
    for name, tag in (("node", "24-alpine3.24"), ("python", "3.12-slim"), ("nginx", "alpine"), ("ubuntu", "jammy")):
        assert image(name).listed(tag), (name, tag)
    for name, tag in (("node", "18"), ("python", "3.9"), ("openjdk", "17"), ("centos", "7"), ("ubuntu", "20.04")):
        assert image(name).has(tag)
        assert not image(name).listed(tag), (name, tag)
    assert image("node").life("18.4.0-alpine3.16") == ("2022-06-16", "2022-07-07")


def test_ends_of_life() -> None:
    assert image("python").end_of_life("3.9") == ("2025-10-31", "stated")
    assert image("node").end_of_life("18") == ("2025-04-30", "stated")
    assert "endoflife-date" in image("node").end_of_life_source
    assert image("openjdk").end_of_life("8") is None


def test_only_the_asked_file_is_read(tmp_path: Path) -> None:
    (tmp_path / "node.txt").write_bytes((Path(SHIPPED) / "node.txt").read_bytes())
    (tmp_path / "python.txt").write_text("nonsense\n")
    (tmp_path / "docker.io" / "some").mkdir(parents=True)
    text = (Path(SHIPPED) / "rockylinux.txt").read_text().replace("image      rockylinux", "image      some/one")
    (tmp_path / "docker.io" / "some" / "one.txt").write_text(text)
    facts = Facts(str(tmp_path))
    node = facts.image("docker.io/library/node")
    assert node is not None
    assert node.has("18")
    for name in ("some/one", "docker.io/some/one"):
        own = facts.image(name)
        assert own is not None
        assert own.has("9-minimal")
