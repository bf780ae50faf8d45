"""Slim swaps of whole applications on a real engine: the shapes of public Dockerfiles that stand on a full image.

Each is a folder ``apps/swap-…``. What the product makes of its Dockerfile must be what is written here, byte for byte;
then both images are built, and a proof must see that they do the same.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from benchmarks.proof_parts.apps import App, find_apps
from rewriter.api import rewrite
from rewriter.context import DictContext
from rewriter.discovery import chosen
from rewriter.io.context_dir import DirectoryContext
from rewriter.proof.engine import BuildRequest, Limits
from rewriter.proof.find import find_engine
from rewriter.proof.interrupt import guarded
from rewriter.proof.prover import Prover
from rewriter.proof.verdict import Proof, Verdict
from rewriter.situation import Options
from rewriter.source import encode

from .base_images import make_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .engine import Engine

pytestmark = pytest.mark.e2e

APPS = Path(__file__).parent / "apps"
FROM = re.compile(rb"^FROM (\S+)", re.MULTILINE)
# Where Alpine would do as well, the user has asked for Debian.
SLIM = Options(runtime="slim")


def _install(*packages: str) -> str:
    names = " ".join(packages)
    return f"RUN apt-get update && apt-get install -y --no-install-recommends {names} && rm -rf /var/lib/apt/lists/*\n"


UBUNTU = """\
FROM ubuntu:22.04
ENV DEBIAN_FRONTEND=noninteractive
RUN apt-get update && apt-get install -y --no-install-recommends \\
    python3 \\
    && rm -rf /var/lib/apt/lists/*
COPY app.py /app.py
CMD ["python3", "/app.py"]
"""


@dataclass(frozen=True)
class Expected:
    """What becomes of an application: which transforms change it, and each text that goes with what takes its place."""

    edits: dict[str, str]
    transforms: tuple[str, ...] = ("slim_base",)
    options: Options | None = None

    def apply(self, text: str) -> str:
        """The Dockerfile as it must be."""
        for old, new in self.edits.items():
            assert text.count(old) == 1, f"{old!r} is not there once"
            text = text.replace(old, new)
        return text


EXPECTED = {
    # All that it needs comes from PyPI.
    "swap-flask": Expected({"FROM python:3.11\n": "FROM python:3.11-slim\n"}, options=SLIM),
    # A RUN and the sources call git, the HEALTHCHECK calls curl.
    "swap-wiki": Expected({"FROM python:3.11\n": f"FROM python:3.11-slim\n{_install('curl', 'git')}"}, options=SLIM),
    # Its author lists the compiler and the headers.
    "swap-ldap": Expected({"FROM python:3.11\n": "FROM python:3.11-slim\n"}),
    "swap-express": Expected({"FROM node:20\n": "FROM node:20-slim\n"}, options=SLIM),
    # The entry script calls curl and ps.
    "swap-entry": Expected(
        {"FROM node:20\n": f"FROM node:20-slim\n{_install('ca-certificates', 'curl', 'procps')}"}, options=SLIM
    ),
    # The sources call git.
    "swap-blobs": Expected({"FROM node:20-bookworm\n": f"FROM node:20-bookworm-slim\n{_install('git')}"}, options=SLIM),
    # It compiles in the image that runs it, so the compiler stays.
    "swap-javac": Expected({"FROM openjdk:11\n": "FROM openjdk:11-slim\n"}),
    # The final stage only runs what another one has compiled.
    "swap-jar": Expected({"FROM openjdk:11\n": "FROM openjdk:11-jre-slim\n"}, ("runtime_jre", "slim_base")),
    "swap-lighttpd": Expected({"FROM debian:bookworm\n": "FROM debian:bookworm-slim\n"}),
    "swap-locale": Expected({"FROM debian:bullseye\n": "FROM debian:bullseye-slim\n"}),
    # There is no slim golang: the build stays on the full image, and its program moves to a slim Debian.
    "swap-golang": Expected(
        {
            "FROM golang:1.18\n": "FROM golang:1.18-bullseye AS builder\n",
            "\nEXPOSE": f"\nFROM debian:bullseye-slim\n{_install('tzdata')}"
            "COPY --from=builder /go/bin/app /go/bin/app\nWORKDIR /go/src/app\n\nEXPOSE",
        },
        ("split_stages",),
        SLIM,
    ),
}


@pytest.fixture(scope="module")
def sizes() -> Iterator[list[tuple[str, Proof]]]:
    """Name and proof of each application; printed as a table in the end."""
    rows: list[tuple[str, Proof]] = []
    yield rows
    print("\n\napplication         original        new")
    for name, proof in rows:
        assert proof.before
        assert proof.after
        before, after = proof.before.uncompressed / 1e6, proof.after.uncompressed / 1e6
        print(f"{name:16} {before:8.1f} MB {after:7.1f} MB {100 * (1 - after / before):5.0f} % less")


def _app(name: str) -> App:
    (app,) = find_apps(APPS / name)
    return app


def _prove(app: App, after: bytes, announced: frozenset[str]) -> Proof:
    found = find_engine("docker", Limits())
    assert not isinstance(found, str), found
    request = BuildRequest(app.dockerfile.read_bytes(), app.folder, build_args=app.build_args, network="host")
    with guarded(found), Prover(found, request, app.how, compressed=False) as prover:
        return prover.prove(after, announced)


def _told(proof: Proof) -> str:
    """All that a proof has to say."""
    lines = [f"{proof.verdict.value}: {proof.reason}"]
    for difference in proof.differences:
        lines += [f"{difference.kind.value}: {difference.what}", *difference.evidence]
    return "\n".join([*lines, "seen:", *proof.seen, "not seen:", *proof.not_seen, *proof.log.splitlines()[-30:]])


@pytest.mark.parametrize("name", EXPECTED)
def test_a_slim_swap_holds(
    name: str, engine: Engine, sizes: list[tuple[str, Proof]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{engine.socket}")
    monkeypatch.setenv("DOCKER_CONFIG", str(engine.home / "client"))
    app, expected = _app(name), EXPECTED[name]
    before = app.dockerfile.read_bytes()
    context = DirectoryContext(app.folder, app.dockerfile)
    # Some would be split, too: here the swap alone must hold, where there is one.
    skip = () if "split_stages" in expected.transforms else ("split_stages",)
    result = rewrite(before, context=context, options=expected.options, transforms=chosen(skip=skip))
    assert result.after == expected.apply(result.before), result.steps
    assert tuple(transform.name for transform, _ in result.changes) == expected.transforms
    after = encode(result.after)
    make_for(engine, {tag.decode() for text in (before, after) for tag in FROM.findall(text)})
    proof = _prove(app, after, result.announced)
    print(f"\n{name}: {_told(proof)}")
    assert proof.verdict is Verdict.PROVEN, proof.reason
    assert proof.before
    assert proof.after
    # Debian's manuals are a third of it; compilers and headers are much more.
    assert proof.after.uncompressed < proof.before.uncompressed * 0.85
    if "\nEXPOSE " in result.before:
        # Each request was answered, by both images alike.
        answered = [line for line in proof.seen if " answers " in line]
        assert len(answered) == len(app.how.requests), proof.not_seen
    else:
        assert {"the program ends with exit code 0", "the same standard output: 6 lines"} <= set(proof.seen)
    sizes.append((name, proof))


def test_all_applications_are_proven() -> None:
    assert {path.name for path in APPS.glob("swap-*")} == set(EXPECTED)


def test_ubuntu_has_no_slim_tag_and_is_left_alone() -> None:
    files = DictContext({"app.py": b"print('ready')\n"})
    result = rewrite(UBUNTU, context=files)
    assert not result.changed
    (declined,) = (each.why for step in result.steps if step.transform.name == "slim_base" for each in step.declined)
    assert declined == "ubuntu:22.04 never had a slim variant"
