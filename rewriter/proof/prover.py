"""One Dockerfile and what it becomes: both built, looked into, run side by side, measured and judged."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from rewriter.model.stages import Model
from rewriter.proof.archive import Image, open_image
from rewriter.proof.asked import Asked, asked_of
from rewriter.proof.behaviour import Original, Subject
from rewriter.proof.compare import Compared
from rewriter.proof.engine import BuildFailed, BuildRequest, Engine, EngineError
from rewriter.proof.look import Looked, look
from rewriter.proof.measure import measure
from rewriter.proof.observation import How
from rewriter.proof.verdict import Difference, Kind, Measured, Proof, Verdict
from rewriter.source import decode
from rewriter.syntax import DockerfileError, parse

if TYPE_CHECKING:
    from types import TracebackType

Progress = Callable[[str], None]


def silent(_message: str) -> None:
    """No progress."""


class Side:
    """One built image, open for reading."""

    def __init__(self, built: str, image: Image, seconds: float, warm: float | None) -> None:
        self.built, self.image = built, image
        self._seconds, self._warm = seconds, warm
        self._compressed: int | None = None

    def measured(self, *, compressed: bool) -> Measured:
        """Its sizes and times. What it takes compressed is found out once, for that reads and packs all of it."""
        sizes = measure(self.image, compressed=compressed and self._compressed is None)
        self._compressed = self._compressed if sizes.compressed is None else sizes.compressed
        return Measured(sizes.uncompressed, self._compressed, sizes.layers, self._seconds, self._warm)


class Prover:
    """Proves what one Dockerfile becomes: the original is built once, however many candidates there are.

    ``request`` is the build as the user would start it, with the original's text. A context manager: it closes the
    images; the engine cleans up what was built (``interrupt.guarded``).
    """

    def __init__(
        self,
        engine: Engine,
        request: BuildRequest,
        how: How,
        *,
        progress: Progress = silent,
        compressed: bool = True,
    ) -> None:
        self.engine = engine
        self.request = request
        self.how = how
        self.progress = progress
        self.compressed = compressed
        self._open = ExitStack()
        self._before: Side | Proof | None = None
        self._runs: Original | None = None
        self._asked = Asked()
        self._count = 0

    def __enter__(self) -> Prover:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._open.close()

    def prove(self, after: bytes | BuildRequest, allowed: frozenset[str] = frozenset()) -> Proof:
        """The verdict on one candidate: its text, or a build of its own.

        ``allowed`` are the differences that are wanted (see ``Asked.allowed``).
        """
        request = after if isinstance(after, BuildRequest) else replace(self.request, dockerfile=after)
        try:
            proof = self._prove(request, allowed)
        except EngineError as error:
            proof = Proof(Verdict.NOT_RUN, str(error))
        return replace(proof, engine=f"{self.engine.name} {self.engine.version}".strip())

    def _prove(self, after: BuildRequest, allowed: frozenset[str]) -> Proof:
        before = self._original()
        if isinstance(before, Proof):
            return before
        reason = self._unknown(after.dockerfile)
        if reason:
            return Proof(Verdict.NOT_RUN, f"the new Dockerfile: {reason}")
        self._count += 1
        new = self._side(after, f"after-{self._count}")
        if isinstance(new, BuildFailed) and new.in_time:
            # A registry or a mirror may have failed: a difference counts when it is seen again.
            new = self._side(after, f"after-{self._count}")
        if isinstance(new, BuildFailed):
            line = f" (line {new.line})" if new.line is not None else ""
            what = f"the new Dockerfile does not build: {new.reason}{line}"
            difference = Difference(Kind.BUILD, what, evidence=tuple(new.log.strip().splitlines()[-5:]))
            return Proof(Verdict.DIFFERS, what, (difference,), before.measured(compressed=False), log=new.log)
        with new.image:  # its file has no name any more: closed, it takes no room
            return self._compare(before, new, replace(self._asked, allowed=allowed), after.context)

    def _compare(self, before: Side, new: Side, asked: Asked, context: Path | None) -> Proof:
        """The verdict on two images that were built."""
        self.progress("looking inside")
        looked = look(before.image, new.image, asked, context)
        starts = not any(difference.kind is Kind.START for difference in looked.differences)
        ran = self._run(before, new) if starts and looked.after_broken is None else None
        if isinstance(ran, Compared) and not ran.undecided:
            ran = replace(ran, undecided=self._unasked(before, ran))
        proof = judge(looked, ran)
        pack = self.compressed and proof.verdict.holds
        if pack:
            self.progress("measuring")
        return replace(proof, before=before.measured(compressed=pack), after=new.measured(compressed=pack))

    def _original(self) -> Side | Proof:
        """The original, built once; or the proof that ends with it."""
        if self._before is None:
            self._before = self._build_original()
        return self._before

    def _build_original(self) -> Side | Proof:
        reason = self._unknown(self.request.dockerfile)
        if reason:
            return Proof(Verdict.NOT_RUN, reason)
        model = Model(parse(decode(self.request.dockerfile)), self.request.build_args, self.request.target)
        self._asked = asked_of(model)
        built = self._side(self.request, "before")
        if isinstance(built, BuildFailed):
            line = f"line {built.line}: " if built.line is not None else ""
            if not built.in_time:
                return Proof(Verdict.NOT_RUN, f"the original: {line}{built.reason}", log=built.log)
            return Proof(Verdict.BASELINE_BROKEN, f"the original does not build: {line}{built.reason}", log=built.log)
        return built

    def _unknown(self, text: bytes) -> str | None:
        """Why the engine cannot build such a file, known before it tries."""
        try:
            return self.engine.lacks(parse(decode(text)))
        except DockerfileError as error:
            return f"it is no Dockerfile: {error}"

    def _side(self, request: BuildRequest, name: str) -> Side | BuildFailed:
        self.progress("building the original" if name == "before" else "building the new image")
        built = self.engine.build(request, name)
        if isinstance(built, BuildFailed):
            return built
        again = self.engine.build(replace(request, no_cache=False), name)
        warm = None if isinstance(again, BuildFailed) else again.seconds
        archive = self.engine.scratch() / f"{name}.tar"
        self.engine.save(built.image, archive)
        image = self._open.enter_context(open_image(archive))
        archive.unlink()  # it stays open, and nothing is left when this process is killed
        return Side(built.image, image, built.seconds, warm)

    def _unasked(self, before: Side, ran: Compared) -> str:
        """Why a server was not seen to serve: it is no proof that neither of two images listens."""
        wanted = [f"EXPOSE {port}" for port in sorted(before.image.config.exposed_ports)] if not ran.listens else []
        wanted += [f"--probe {probe!r}" for probe in self.how.probes if not any("answers " in one for one in ran.seen)]
        if not wanted or ran.differences or ran.repaired:
            return ""
        seconds = f"{self.engine.limits.start_seconds:g} seconds (--start-timeout)"
        return f"nothing answers in either image within {seconds}, and there is {wanted[0]}"

    def _run(self, before: Side, after: Side) -> Compared | str:
        """What running both showed, or why the engine could not run them."""
        try:
            if self._runs is None:
                subject = Subject(before.built, before.image.config.argv)
                self._runs = Original(self.engine, subject, self.how, self.progress)
            return self._runs.against(Subject(after.built, after.image.config.argv))
        except EngineError as error:
            return str(error)


def judge(looked: Looked, run: Compared | str | None) -> Proof:
    """The verdict on two images that were built, without their sizes.

    ``run`` is what running them showed, why they could not be run, or None where the new one was seen not to start.
    """
    ran = run if isinstance(run, Compared) else None
    differences = tuple(dict.fromkeys((*looked.differences, *(ran.differences if ran else ()))))
    seen = tuple(dict.fromkeys((*looked.seen, *(ran.seen if ran else ()))))
    not_seen = tuple(dict.fromkeys((*looked.not_seen, *(ran.not_seen if ran else ()))))
    verdict, reason = Verdict.PROVEN, ""
    if differences:
        verdict, reason = Verdict.DIFFERS, differences[0].what
    elif looked.after_broken is not None:
        verdict, reason = Verdict.NOT_RUN, f"neither image can start: {looked.after_broken.what}"
    elif isinstance(run, str):
        verdict, reason = Verdict.NOT_RUN, f"the images were looked into and could not be run: {run}"
    elif ran is not None and ran.undecided:
        verdict, reason = Verdict.NOT_RUN, ran.undecided
    elif ran is not None and ran.repaired:
        was = f": {looked.before_broken.what}" if looked.before_broken is not None else ""
        verdict, reason = Verdict.REPAIRED, f"the original builds and cannot start{was}; the new image starts"
    return Proof(verdict, reason, differences, seen=seen, not_seen=not_seen)
