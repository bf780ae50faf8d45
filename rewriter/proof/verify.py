"""A rewrite is proven before anybody may write it: what differs is left out, and the rest is proven again.

One level above the asked one is planned, for what is proven counts as safe.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from rewriter.io.files import MAX_DOCKERFILE, read_regular
from rewriter.proof.engine import BuildRequest, Engine, Limits
from rewriter.proof.find import find_engine
from rewriter.proof.interrupt import guarded
from rewriter.proof.observation import How
from rewriter.proof.prover import Progress, Prover, silent
from rewriter.proof.verdict import Proof, Verdict
from rewriter.source import encode
from rewriter.transform import Level

if TYPE_CHECKING:
    from rewriter.result import ChangeId, Result

Rewrite = Callable[[Level, "Mapping[ChangeId, str]"], "Result"]
"""The chain at a level, without some changes, each of which is withheld for the reason given."""

MOST_PROOFS = 12
"""Of one file. A proof takes minutes, and a file whose every part differs is not worth more of them."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How rewrites are proven."""

    engine: str | None = None
    """docker, podman or buildah; None for the first that answers."""
    limits: Limits = field(default_factory=Limits)
    secrets: Sequence[str] = ()
    ssh: Sequence[str] = ()
    network: str | None = None
    no_cache: bool = False
    keep: bool = False
    """Leave the images, under names of their own."""
    allow_broken: bool = False
    """Whether a rewrite may be written whose original does not build, so that nothing can be compared."""


@dataclass(frozen=True, slots=True)
class Trial:
    """One Dockerfile as its user would build it, and how it is tried."""

    path: Path
    data: bytes
    context: Path | None
    target: str | None = None
    build_args: Mapping[str, str] = field(default_factory=dict)
    how: How = field(default_factory=How)


@dataclass(frozen=True, slots=True)
class Verified:
    """What a rewrite came to once it was built."""

    result: Result
    """What may be written: all of the rewrite, a part, or nothing; every change that was left out is withheld."""
    proof: Proof | None = None
    """Of that part; where nothing is left, of the rewrite as it was planned. None when there was nothing to prove."""
    may_be_written: bool = True
    """False when all was left out because nothing could be proven."""


class Verifier:
    """Proves the rewrites of one run. The engine is looked for once, when there is something to prove."""

    def __init__(self, settings: Settings, progress: Progress = silent) -> None:
        """``progress`` is told what is being done, and the empty text when it is done."""
        self.settings = settings
        self._progress = progress
        self._engine: Engine | str | None = None

    @property
    def engine(self) -> Engine | str:
        """The build engine, or one line why there is none."""
        if self._engine is None:
            self._engine = find_engine(self.settings.engine, self.settings.limits)
        return self._engine

    def verify(self, trial: Trial, asked: Level, rewrite: Rewrite) -> Verified:
        """Prove a rewrite, given as the chain that makes it.

        Raises what the chain raises, and Interrupted when a signal asks the program to end, with everything removed.
        """
        planned = rewrite(Level(min(asked + 1, Level.RISKY)), {})
        if not planned.changed:
            return Verified(planned)
        engine = self.engine
        if isinstance(engine, str):
            return _refused(planned, Proof(Verdict.NOT_RUN, engine))
        with self._prover(engine, trial) as prover:
            found = largest_proven(
                planned, asked, rewrite, lambda part: prover.prove(encode(part.after), allowed=part.announced)
            )
        broken = found.proof is not None and found.proof.verdict is Verdict.BASELINE_BROKEN
        return Verified(rewrite(asked, {}), found.proof) if broken and self.settings.allow_broken else found

    def prove(self, before: Trial, after: Trial, allowed: frozenset[str] = frozenset()) -> Proof:
        """The verdict on any two Dockerfiles, some differences allowed. Raises Interrupted as ``verify`` does."""
        engine = self.engine
        if isinstance(engine, str):
            return Proof(Verdict.NOT_RUN, engine)
        with self._prover(engine, before) as prover:
            return prover.prove(self._request(after), allowed)

    @contextmanager
    def _prover(self, engine: Engine, trial: Trial) -> Iterator[Prover]:
        def progress(message: str) -> None:
            self._progress(f"{trial.path}: {message}")

        try:
            with (
                guarded(engine, keep_images=self.settings.keep),
                Prover(engine, self._request(trial), trial.how, progress=progress) as prover,
            ):
                yield prover
        finally:
            self._progress("")

    def _request(self, trial: Trial) -> BuildRequest:
        own = self.settings
        return BuildRequest(
            trial.data,
            trial.context,
            ignore_file=_ignore_rules(trial.path),
            target=trial.target,
            build_args=trial.build_args,
            secrets=own.secrets,
            ssh=own.ssh,
            network=own.network,
            no_cache=own.no_cache,
        )


def _ignore_rules(dockerfile: Path) -> bytes | None:
    """A Dockerfile's own rules. Those that cannot be read are none: the engine says so, should it need them."""
    with suppress(OSError):
        return read_regular(f"{dockerfile}.dockerignore", MAX_DOCKERFILE)
    return None


def largest_proven(planned: Result, asked: Level, rewrite: Rewrite, prove: Callable[[Result], Proof]) -> Verified:
    """The rewrite with as few changes left out as can be proven.

    Nothing is left out of a rewrite that could not be proven for another reason than a difference.
    """
    first = prove(planned)
    if first.verdict.holds:
        return Verified(planned, first)
    if first.verdict is Verdict.DIFFERS:
        tried = {planned.before, planned.after}
        for part in _parts(planned, asked, rewrite, f"proof: {first.reason}"):
            if part.after in tried or part.unsound:
                continue
            tried.add(part.after)
            proof = prove(part)
            if proof.verdict.holds:
                return Verified(part, proof)
            if len(tried) > MOST_PROOFS:
                break
    return _refused(planned, first)


def _refused(planned: Result, proof: Proof) -> Verified:
    reason = f"it is not proven ({proof.verdict.value}): {proof.reason}"
    return Verified(planned.withdrawn(reason), proof, may_be_written=False)


def _parts(planned: Result, asked: Level, rewrite: Rewrite, reason: str) -> Iterator[Result]:
    """What is left without one change, the last one first, for later ones build on earlier ones; without those above
    the asked level; and with one change alone."""
    level = Level(min(asked + 1, Level.RISKY))
    changes = planned.change_ids
    for change in reversed(changes):
        yield rewrite(level, {change: reason})
    if level != asked:
        yield rewrite(asked, {})
    if len(changes) > 2:
        for kept in changes:
            yield rewrite(level, {change: reason for change in changes if change != kept})


__all__ = ["Settings", "Verified", "Verifier", "largest_proven"]
