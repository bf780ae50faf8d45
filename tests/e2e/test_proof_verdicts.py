"""Whole proofs on a real engine: wrong rewrites differ with their cause named, right ones are proven.

Each case of ``verdict_cases.py`` is built, looked into, run, compared and judged. ``DFREWRITE_PROOF_ROUNDS=5`` does all
of it five times, to see that no verdict hangs on chance.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from rewriter.proof.engine import BuildRequest
from rewriter.proof.engine import Engine as ProofEngine
from rewriter.proof.find import find_engine
from rewriter.proof.prover import Prover
from rewriter.proof.verdict import Proof, Verdict

from .engine import Engine
from .stand_in import LABEL
from .verdict_cases import BASES, CASES, LIMITS, Case, Original

pytestmark = pytest.mark.e2e

APPS = Path(__file__).parent / "apps" / "verdicts"
ROUNDS = int(os.environ.get("DFREWRITE_PROOF_ROUNDS", "1"))

Prove = Callable[[Case, int], Proof]


class Provers:
    """One prover at a time: cases of one original in one round share its image."""

    def __init__(self, contexts: Path) -> None:
        self.contexts = contexts
        self._key: tuple[Original, int] | None = None
        self._prover: Prover | None = None
        self._engine: ProofEngine | None = None

    def of(self, original: Original, turn: int) -> Prover:
        """The prover of an original in a round; another one's is closed, and what it built is removed."""
        if self._prover is None or self._key != (original, turn):
            self.close()
            engine = find_engine("docker", LIMITS)
            assert not isinstance(engine, str), engine
            self._engine, self._key = engine, (original, turn)
            request = BuildRequest(original.dockerfile.encode(), self.contexts / original.app, network="host")
            self._prover = Prover(engine, request, original.how, compressed=False)
        return self._prover

    def close(self) -> None:
        """Remove everything."""
        if self._prover is not None:
            self._prover.__exit__(None, None, None)
        if self._engine is not None:
            self._engine.clean()
        self._prover = self._engine = self._key = None


@pytest.fixture(scope="module")
def contexts(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs' folders, the shop's with a history in git; the bases that are not among the stand-ins are made."""
    for tag, dockerfile in BASES.items():
        below = engine.label(dockerfile.split()[1], LABEL)
        recipe = hashlib.sha256(f"{below}\n{dockerfile}".encode()).hexdigest()[:16]
        if engine.label(tag, LABEL) != recipe:
            begun = time.monotonic()
            engine.build(tmp_path_factory.mktemp("empty"), tag, f"{dockerfile}LABEL {LABEL}={recipe}\n")
            print(f"{tag}: made in {time.monotonic() - begun:.0f} s")
    folder = tmp_path_factory.mktemp("verdicts")
    shutil.copytree(APPS, folder, dirs_exist_ok=True)
    identity = ["-c", "user.name=shop", "-c", "user.email=shop@example.com"]
    for words in (["init", "-q"], ["add", "."], [*identity, "commit", "-q", "-m", "Open"], ["tag", "v2.3"]):
        subprocess.run(["git", *words], cwd=folder / "shop", check=True)
    return folder


@pytest.fixture(scope="module")
def prove(engine: Engine, contexts: Path) -> Iterator[Prove]:
    """Proves a case, and prints what came of it; all that is made is removed."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DOCKER_HOST", f"unix://{engine.socket}")
        patch.setenv("DOCKER_CONFIG", str(engine.home / "client"))
        provers = Provers(contexts)

        def run(case: Case, turn: int) -> Proof:
            begun = time.monotonic()
            proof = provers.of(case.original, turn).prove(case.dockerfile.encode(), case.allowed)
            print(f"\n{case.name}: {proof.verdict.value} in {time.monotonic() - begun:.1f} s; {proof.reason}")
            for difference in proof.differences:
                print(f"  {difference.kind.value}: {difference.what}", *difference.evidence, sep="\n      ")
            for title, lines in (("seen", proof.seen), ("not seen", proof.not_seen)):
                print(f"  {title}:", *lines, sep="\n      ")
            return proof

        yield run
        provers.close()


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.verdict.value}: {case.name}")
@pytest.mark.parametrize("turn", range(ROUNDS))
def test_the_verdict(case: Case, turn: int, prove: Prove) -> None:
    proof = prove(case, turn)
    assert proof.verdict is case.verdict, proof.reason
    assert bool(proof.differences) is (case.verdict is Verdict.DIFFERS)
    assert re.search(case.says, proof.reason), proof.reason
