"""The stand-ins are fit to stand in: they hold what a rewritten image may rely on, and nothing that it may not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from .base_images import ALPINE_VERSIONS, DEBIAN, GOLANG_DEBIAN

if TYPE_CHECKING:
    from .engine import Engine

pytestmark = pytest.mark.e2e


@pytest.mark.parametrize("version", ALPINE_VERSIONS)
def test_alpine_is_small_and_has_musl_and_certificates(engine: Engine, version: str) -> None:
    script = "cat /etc/alpine-release && ls /lib/ld-musl-*.so.1 && head -c 27 /etc/ssl/certs/ca-certificates.crt"
    listed = engine.run(f"alpine:{version}", "sh", "-c", script)
    assert listed.returncode == 0, listed.stderr
    assert listed.stdout.startswith(f"{version}.0\n/lib/ld-musl-")
    assert engine.size(f"alpine:{version}") < 10_000_000


@pytest.mark.parametrize("version", ALPINE_VERSIONS)
def test_go_runs_on_alpine_without_a_c_compiler(engine: Engine, version: str) -> None:
    tag = f"golang:1.18-alpine{version}"
    assert engine.run(tag, "go", "env", "GOPATH", "CGO_ENABLED").stdout == "/go\n0\n"
    assert engine.run(tag, "gcc", "--version").returncode == 127


@pytest.mark.parametrize("tag", GOLANG_DEBIAN)
def test_go_on_debian_has_what_the_official_image_has(engine: Engine, tag: str) -> None:
    assert engine.run(tag, "go", "env", "GOPATH", "CGO_ENABLED").stdout == "/go\n1\n"
    for tool in ("gcc", "git", "make", "curl"):
        assert engine.run(tag, tool, "--version").returncode == 0, tool


def test_builder_and_runtime_have_one_glibc(engine: Engine) -> None:
    versions = {engine.run(tag, "getconf", "GNU_LIBC_VERSION").stdout for tag in (DEBIAN, *GOLANG_DEBIAN)}
    assert len(versions) == 1
    assert versions.pop().startswith("glibc ")


def test_the_slim_image_cannot_build(engine: Engine) -> None:
    for tool in ("go", "gcc", "git"):
        assert engine.run(DEBIAN, tool, "--version").returncode == 127, tool
