"""Whole applications, proven on a real engine: what dfrewrite makes of those in Go, and what a person made of others.

Each is a folder in ``apps`` with the Dockerfile that people write. Those in Node and Python have a multi-stage one
beside it that was written by hand: both images must do the same, and a proof must see that.
"""

from __future__ import annotations

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
from rewriter.source import encode

from .base_images import make_for

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from .engine import Engine

    Prove = Callable[..., Proof]

pytestmark = pytest.mark.e2e

APPS = Path(__file__).parent / "apps"
EXAMPLE = Path(__file__).parents[2] / "examples" / "go-service"
FROM = re.compile(rb"^FROM (\S+)", re.MULTILINE)
IN_GO = {
    EXAMPLE: Verdict.PROVEN,
    APPS / "go-ferry": Verdict.PROVEN,
    APPS / "cgo": Verdict.PROVEN,
    # Its entry point names a file that the build does not make: see test_article.py.
    APPS / "article": Verdict.REPAIRED,
}
BY_HAND = [APPS / name for name in ("node-express", "node-fastify", "python-flask", "python-fastapi")]


@pytest.fixture(scope="module")
def sizes() -> Iterator[list[tuple[str, int, int]]]:
    """Name, bytes before and after of each application; printed as a table in the end."""
    rows: list[tuple[str, int, int]] = []
    yield rows
    print("\n\napplication         original        new")
    for name, before, after in rows:
        print(f"{name:16} {before / 1e6:8.1f} MB {after / 1e6:7.1f} MB {before / after:6.1f} times smaller")


@pytest.fixture
def prove(engine: Engine, sizes: list[tuple[str, int, int]], monkeypatch: pytest.MonkeyPatch) -> Prove:
    """Proves what an application's Dockerfile becomes; all that is built is removed."""
    monkeypatch.setenv("DOCKER_HOST", f"unix://{engine.socket}")
    monkeypatch.setenv("DOCKER_CONFIG", str(engine.home / "client"))

    def run(app: App, after: bytes, allowed: frozenset[str] = frozenset()) -> Proof:
        before = app.dockerfile.read_bytes()
        make_for(engine, {tag.decode() for text in (before, after) for tag in FROM.findall(text)})
        found = find_engine("docker", Limits())
        assert not isinstance(found, str), found
        request = BuildRequest(before, app.folder, build_args=app.build_args, network="host")
        with guarded(found), Prover(found, request, app.how, compressed=False) as prover:
            proof = prover.prove(after, allowed)
        _show(app, proof)
        if proof.before and proof.after:
            sizes.append((app.name, proof.before.uncompressed, proof.after.uncompressed))
        return proof

    return run


def _show(app: App, proof: Proof) -> None:
    print(f"\n{app.name}: {proof.verdict.value}: {proof.reason}")
    for difference in proof.differences:
        print(f"  {difference.kind.value}: {difference.what}", *difference.evidence, sep="\n      ")
    for title, lines in (("seen", proof.seen), ("not seen", proof.not_seen)):
        print(f"  {title}:", *lines, sep="\n      ")
    print("\n".join(proof.log.splitlines()[-20:]))


def _app(folder: Path) -> App:
    (app,) = find_apps(folder)
    return app


@pytest.mark.parametrize("folder", IN_GO, ids=lambda folder: folder.name)
def test_what_the_chain_makes_holds(folder: Path, prove: Prove) -> None:
    app = _app(folder)
    result = rewrite(app.dockerfile.read_bytes(), context=DirectoryContext(app.folder, app.dockerfile))
    assert result.changes, "nothing was rewritten"
    proof = prove(app, encode(result.after), result.announced)
    assert proof.verdict is IN_GO[folder], proof.reason
    assert proof.before
    assert proof.after
    assert proof.after.uncompressed < proof.before.uncompressed / 3


@pytest.mark.parametrize("folder", BY_HAND, ids=lambda folder: folder.name)
def test_what_a_person_made_holds(folder: Path, prove: Prove) -> None:
    app = _app(folder)
    assert app.by_hand is not None
    proof = prove(app, app.by_hand.read_bytes(), app.allowed)
    assert proof.verdict is Verdict.PROVEN, proof.reason
    assert proof.before
    assert proof.after
    assert proof.after.uncompressed < proof.before.uncompressed / 3
    # Each of its requests was answered, by both alike.
    assert sum(" answers GET " in line for line in proof.seen) == len(app.how.requests), proof.not_seen
