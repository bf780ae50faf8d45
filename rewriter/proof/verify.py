"""A rewrite is proven before anybody may write it: what differs is left out, and the rest is proven again.

One level above the asked one is planned, for what is proven counts as safe.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from rewriter.io.files import MAX_DOCKERFILE, read_regular
from rewriter.proof.engine import BuildRequest, Engine, EngineError, Limits
from rewriter.proof.find import find_engine
from rewriter.proof.interrupt import guarded
from rewriter.proof.observation import How
from rewriter.proof.prover import Progress, Prover, silent
from rewriter.proof.verdict import Proof, Verdict
from rewriter.source import encode
from rewriter.transform import Level

if TYPE_CHECKING:
    from rewriter.result import ChangeId, Result

Rewrite = Callable[["Mapping[ChangeId, str]"], "Result"]
"""The chain without some changes, each of which is withheld for the reason given."""

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
    """Of that part; where nothing is left, of the rewrite as it was planned. None when there was nothing to prove.
    With ``Settings.allow_broken`` it may say that the original does not build, and ``result`` is what was asked for."""
    may_be_written: bool = True
    """False when something was asked for and all was left out because nothing could be proven."""


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

    def verify(
        self, trial: Trial, asked: Level, rewrite: Callable[[Level, Mapping[ChangeId, str]], Result]
    ) -> Verified:
        """Prove a rewrite, given as the chain that makes it at a level.

        Raises what the chain raises, and Interrupted when a signal asks the program to end, with everything removed.
        """
        wanted, level = rewrite(asked, {}), Level(min(asked + 1, Level.RISKY))
        raised = rewrite(level, {}) if level != asked else wanted
        planned, level = (raised, level) if not raised.unsound else (wanted, asked)
        if not planned.changed:
            return Verified(planned)
        try:
            found = self._largest(trial, planned, partial(rewrite, level))
            if level != asked and _has_another_form(wanted, planned, found):
                less = self._largest(trial, wanted, partial(rewrite, asked))
                found = less if less.proof is not None and less.proof.verdict.holds else found
        except EngineError as error:
            found = _refused(planned, Proof(Verdict.NOT_RUN, str(error)))
        if found.proof is not None and found.proof.verdict is Verdict.BASELINE_BROKEN and self.settings.allow_broken:
            return Verified(wanted, found.proof)
        # What nobody asked for may fail.
        return found if wanted.changed else replace(found, may_be_written=True)

    def _largest(self, trial: Trial, planned: Result, rewrite: Rewrite) -> Verified:
        with self._prover(trial) as prover:
            return largest_proven(
                planned, rewrite, lambda part: prover.prove(encode(part.after), allowed=part.announced)
            )

    def prove(self, before: Trial, after: Trial, allowed: frozenset[str] = frozenset()) -> Proof:
        """The verdict on any two Dockerfiles, some differences allowed. Raises Interrupted as ``verify`` does."""
        try:
            with self._prover(before) as prover:
                return prover.prove(self._request(after), allowed)
        except EngineError as error:
            return Proof(Verdict.NOT_RUN, str(error))

    @contextmanager
    def _prover(self, trial: Trial) -> Iterator[Prover]:
        """Raises EngineError when there is no engine, or a file of the build cannot be read."""
        engine, request = self.engine, self._request(trial)
        if isinstance(engine, str):
            raise EngineError(engine)

        def progress(message: str) -> None:
            self._progress(f"{trial.path}: {message}")

        try:
            with (
                guarded(engine, keep_images=self.settings.keep),
                Prover(engine, request, trial.how, progress=progress) as prover,
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
    """A Dockerfile's own rules. Raises EngineError for those that cannot be read: the build would be another one."""
    path = f"{dockerfile}.dockerignore"
    if not os.path.lexists(path):
        return None
    try:
        rules = read_regular(path, MAX_DOCKERFILE)
    except OSError as error:
        raise EngineError(f"{path} cannot be read: {error.strerror or error}") from error
    if rules is None:
        raise EngineError(f"{path} is larger than {MAX_DOCKERFILE // 1_000_000} MB")
    return rules


def largest_proven(planned: Result, rewrite: Rewrite, prove: Callable[[Result], Proof]) -> Verified:
    """The rewrite, or where it differs, what is left when its changes are made one after the other and each that makes
    a difference is left out again, for that reason.

    Nothing is left out of a rewrite that could not be proven for another reason than a difference.
    """
    first = prove(planned)
    if first.verdict.holds:
        return Verified(planned, first)
    if first.verdict is not Verdict.DIFFERS:
        return _refused(planned, first)
    changes = list(planned.change_ids)
    proofs = {planned.after: first}
    rejected: dict[ChangeId, str] = {}
    held: Proof | None = None
    for number, change in enumerate(changes):
        rest = dict.fromkeys(changes[number + 1 :], "")
        part = rewrite(rejected | rest)
        if part.after not in proofs and part.changed and not part.unsound and len(proofs) < MOST_PROOFS:
            proofs[part.after] = prove(part)
        proof = proofs.get(part.after, first)
        if proof.verdict.holds:
            held = proof
        else:
            rejected[change] = f"proof: {proof.reason}"
    return Verified(rewrite(rejected), held) if held is not None else _refused(planned, first)


def _has_another_form(wanted: Result, planned: Result, found: Verified) -> bool:
    """True when a change that makes a difference is made otherwise at the level that was asked for."""
    ours, theirs = wanted.change_ids, planned.change_ids
    lost = ours.keys() & theirs.keys() - found.result.change_ids.keys()
    holds = found.proof is not None and (found.proof.verdict.holds or found.proof.verdict is Verdict.DIFFERS)
    return holds and any(ours[each].why != theirs[each].why for each in lost)


def _refused(planned: Result, proof: Proof) -> Verified:
    reason = f"it is not proven ({proof.verdict.value}): {proof.reason}"
    return Verified(planned.withdrawn(reason), proof, may_be_written=False)


__all__ = ["Settings", "Verified", "Verifier", "largest_proven"]
