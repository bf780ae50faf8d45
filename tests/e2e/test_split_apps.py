"""Splits of whole applications in several languages on a real engine, with dependencies from their registries.

Each is a folder ``apps/split-…`` with the single stage that people write and, beside it, the stages of somebody who
took his time. What the product makes of the first is built, started and asked beside it, and a proof must see that both
do the same; the new image may be a tenth larger than the one by hand.

One application of each language runs by default; all of them where ``DFREWRITE_ALL_APPS`` is set.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from benchmarks.proof_parts.apps import App, find_apps
from rewriter.api import rewrite
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
IN_CI = (
    "split-c-make",
    "split-go-modules",
    "split-java-maven",
    "split-node-typescript",
    "split-python-compiled",
    "split-rust-sqlite",
)
CHOSEN = sorted(APPS.glob("split-*")) if os.environ.get("DFREWRITE_ALL_APPS") else [APPS / name for name in IN_CI]
# There is no stand-in for an alpine with a package manager: Debian is asked for.
SLIM = Options(runtime="slim")


@pytest.fixture(scope="module")
def sizes() -> Iterator[list[tuple[str, int, int, int]]]:
    """Name, and bytes of the original, of ours and of the one by hand; printed as a table in the end."""
    rows: list[tuple[str, int, int, int]] = []
    yield rows
    print("\n\napplication               original      ours   by hand   ours of original")
    for name, before, ours, hand in rows:
        print(f"{name:24} {before / 1e6:7.1f} MB {ours / 1e6:6.1f} MB {hand / 1e6:6.1f} MB {ours / before:8.1%}")


@pytest.fixture
def environment(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """The engine of the tests, for the product."""
    monkeypatch.setenv("DOCKER_HOST", f"unix://{engine.socket}")
    monkeypatch.setenv("DOCKER_CONFIG", str(engine.home / "client"))


def _prove(engine: Engine, app: App, after: bytes, announced: frozenset[str]) -> Proof:
    before = app.dockerfile.read_bytes()
    make_for(engine, {tag.decode() for text in (before, after) for tag in FROM.findall(text)})
    found = find_engine("docker", Limits())
    assert not isinstance(found, str), found
    request = BuildRequest(before, app.folder, build_args=app.build_args, network="host")
    with guarded(found), Prover(found, request, app.how, compressed=False) as prover:
        return prover.prove(after, announced)


@pytest.mark.usefixtures("environment")
@pytest.mark.parametrize("folder", CHOSEN, ids=lambda folder: folder.name)
def test_a_split_holds(folder: Path, engine: Engine, sizes: list[tuple[str, int, int, int]]) -> None:
    (app,) = find_apps(folder)
    assert app.by_hand is not None
    result = rewrite(app.dockerfile.read_bytes(), context=DirectoryContext(app.folder, app.dockerfile), options=SLIM)
    assert not result.unsound
    after = encode(result.after)
    assert len(FROM.findall(after)) == 2, [outcome.why for step in result.steps for outcome in step.declined]
    ours = _prove(engine, app, after, result.announced)
    assert ours.verdict is Verdict.PROVEN, f"{ours.reason}\n{after.decode()}\n{ours.log[-4000:]}"
    # Each of its requests was answered, by both alike.
    assert sum(" answers GET " in line for line in ours.seen) == len(app.how.requests), ours.not_seen
    hand = _prove(engine, app, app.by_hand.read_bytes(), app.allowed)
    assert hand.verdict is Verdict.PROVEN, f"{hand.reason}\n{hand.log[-4000:]}"
    assert ours.before
    assert ours.after
    assert hand.after
    sizes.append((app.name, ours.before.uncompressed, ours.after.uncompressed, hand.after.uncompressed))
    assert ours.after.uncompressed <= 1.1 * hand.after.uncompressed


def test_every_language_has_two() -> None:
    names = [folder.name.split("-")[1] for folder in APPS.glob("split-*")]
    assert {name for name in names if names.count(name) > 1} >= {"go", "rust", "java", "node", "python"}
