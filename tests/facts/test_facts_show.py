"""The text of `facts show`."""

import pytest

from rewriter.facts.show import describe


def _text(reference: str) -> str:
    text = describe(reference)
    assert text is not None
    assert text.endswith("\n")
    assert all(line == line.rstrip() for line in text.splitlines())
    return text


def test_a_frozen_golang() -> None:
    text = _text("golang:1.18")
    assert text.splitlines()[0] == "golang:1.18"
    for part in (
        "2022-03-15 to 2023-02-01; no longer rebuilt",
        "version       1.18.10",
        "Debian bullseye since 2022-03-15",
        "3.14, 3.15, 3.16, 3.17",
        "golang:1.18-alpine last stood for 3.17",
        "on alpine     golang:1.18-alpine3.17",
        "golang:1.18 is no longer rebuilt; alpine 3.17 is the newest that it had",
        "and alpine:3.17 to run on, 7.0 MB, 3.4 MB to pull (measured, 2023-01-09)",
        "alpine 3.17 has free updates until 2024-11-22 (stated)",
        "debian:bullseye-slim to run on",
        "965.2 MB, 353.6 MB to pull (measured, 2023-01-11; measured as golang:1.18.10-bullseye)",
        "WORKDIR /go, USER root",
        'ENTRYPOINT none, CMD ["bash"]',
        "ENV GOPATH=/go",
        "ENV GOLANG_VERSION, which changes with every release",
        "docker-library/official-images library/golang, git history to commit 37079fb",
        "list of 2026-08-21, collected 2026-11-23",
    ):
        assert part in text, part


def test_a_living_golang() -> None:
    text = _text("docker.io/library/golang:1.26-bookworm@sha256:0123")
    assert "since 2026-02-10, still rebuilt on 2026-08-21" in text
    assert "on alpine     golang:1.26-alpine\n" in text
    assert "for a split   golang:1.26-alpine3.24\n" in text
    assert "about 241.4 MB (estimate" in text
    assert "debian:bookworm-slim to run on" in text


def test_latest_cannot_be_pinned() -> None:
    text = _text("golang")
    assert "golang:alpine moves from version to version exactly as golang:latest does" in text
    assert "for a split   none" in text


def test_a_tag_without_counterpart() -> None:
    text = _text("golang:1.8-onbuild")
    assert "the onbuild variant of golang has no alpine counterpart" in text
    assert 'CMD ["go-wrapper", "run"]' in text
    assert "golang:1.5-alpine" in _text("golang:1.5")


def test_an_unknown_tag_is_told_with_the_known_versions() -> None:
    text = _text("golang:1.99")
    assert "this tag is not in the catalogue" in text
    assert "1.27, 1.26, 1.25" in text
    assert max(len(line) for line in text.splitlines()) < 120


def test_alpine_and_debian() -> None:
    alpine = _text("alpine:3.24")
    assert "alpine 3.24 has free updates until 2028-06-09 (estimate)" in alpine
    assert "endoflife-date" in alpine
    assert "alpine 3.24 has free updates" in _text("alpine")
    assert "size          not known" in _text("alpine:edge")
    debian = _text("debian:bullseye")
    assert "slim          debian:bullseye-slim, 80.7 MB (measured, 2026-08-24)" in debian
    assert "further       slim, backports" in debian
    assert "debian trixie has free updates" in _text("debian")


@pytest.mark.parametrize(
    "reference", ["nosuchimage:18", "", "someone/golang:1.18", "localhost:5000/golang:1.18", "scratch"]
)
def test_unknown_images_are_not_described(reference: str) -> None:
    assert describe(reference) is None


def test_the_choices_of_a_language_image() -> None:
    text = _text("node:18.4")
    for part in (
        "kind          language, of the debian family",
        "version       18.4.0",
        "stands for    Debian bullseye since 2022-06-16",
        "on alpine     node:18.4-alpine3.16",
        "on slim       node:18.4-slim",
        "node:18.4-slim is the slim variant of the same version on bullseye",
        "layers        of buildpack-deps: curl, scm, full",
        "programs      corepack, node, npm, npx, yarn, yarnpkg",
        "user          node, uid 1000, gid 1000",
        'ENTRYPOINT ["docker-entrypoint.sh"], CMD ["node"]',
    ):
        assert part in text, part
    assert "as JRE" not in text
    assert "successor" not in text


def test_the_choices_of_a_java_image() -> None:
    text = _text("openjdk:11")
    for part in (
        "on alpine     none",
        "openjdk:11 never had an alpine variant",
        "on slim       openjdk:11-slim",
        "as JRE        openjdk:11-jre",
        "successor     eclipse-temurin:11-jdk",
        "openjdk is deprecated",
        "ENV JAVA_HOME=/usr/local/openjdk-11",
    ):
        assert part in text, part
    assert "openjdk:8-alpine3.9 stopped at 8u212, while openjdk:8 stands for 8u342" in _text("openjdk:8")


def test_ports_signals_and_volumes_are_told() -> None:
    assert "EXPOSE 80/tcp" in _text("nginx:1.25")
    assert "STOPSIGNAL SIGQUIT" in _text("nginx:1.25")
    assert "VOLUME /data" in _text("redis:7")
    assert "Ubuntu noble since" in _text("ubuntu:24.04")
    assert "another system since" in _text("openjdk:17")
    assert "carries       not known" in _text("mysql:8.0")
