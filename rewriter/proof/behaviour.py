"""Both images run side by side: the original twice, so that its own noise is known, and then the new one.

A difference counts when it is seen again: the original runs a third time, the new image a second time, with all the
patience that the limits allow; programs that end at once run more often. What not every run shows is told, and is no
difference. Only then is looked for causes, with both programs under strace where that is to be had.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from rewriter.proof.beside import Beside
from rewriter.proof.compare import Compared, compare
from rewriter.proof.complaints import lines_of
from rewriter.proof.engine import Engine, EngineError
from rewriter.proof.findings import because
from rewriter.proof.observation import How, Observation
from rewriter.proof.observe import Wrap, observe
from rewriter.proof.strace import tracer
from rewriter.proof.trace import Lacking, Trace, is_telling, lacking, named
from rewriter.proof.verdict import Difference, Kind

_LOCAL_TIME = "/etc/localtime"
"""Opened by many programs, and the cause only of a time that is another one."""
_TIME = re.compile(r"(?<!\d)(\d{1,2}):(\d\d)")
_ZONE_MINUTES = 10
"""Two times of day that are closer to each other are of one zone, and of two runs."""
_QUICK_SECONDS = 3.0
_EVIDENCE = 3
"""Lines on lacking files that are added to a difference."""


@dataclass(frozen=True, slots=True)
class Subject:
    """An image, and what it starts: ENTRYPOINT with CMD as its arguments. Without that, nothing is traced."""

    image: str
    program: Sequence[str] = ()


class Original:
    """An original, and what its runs showed: it runs twice, however many images it is compared with."""

    def __init__(
        self, engine: Engine, subject: Subject, how: How, progress: Callable[[str], None] = lambda _: None
    ) -> None:
        self._engine, self._subject, self._how, self._progress = engine, subject, how, progress
        self._beside = Beside(engine)
        self._runs: list[Observation] = []

    def against(self, after: Subject) -> Compared:
        """Run another image and compare. Raises EngineError for what is the engine's own fault."""
        for number in range(len(self._runs), 2):
            self._progress("the original runs again" if number else "the original runs")
            self._runs.append(self._observe(self._subject))
        self._progress("the new image runs")
        new = self._observe(after)
        found = compare(self._runs, new)
        if not found.differences or new.state.error:
            return found
        self._progress("something differs: both run again")
        news = [new, *self._again(after)]
        found = seen_every_time([compare(self._runs, each) for each in news])
        if not found.differences:
            return replace(found, undecided=self._unsteady(news) or found.undecided)
        if found.differences and self._subject.program and after.program:
            self._progress("looking for the cause")
            return self._with_causes(after, news[-1], found)
        return found

    def _observe(self, subject: Subject, *, patient: bool = False, wrap: Wrap | None = None) -> Observation:
        like = self._runs[0] if self._runs else None
        for patience in (patient, True):
            run = observe(
                self._engine, subject.image, self._how, beside=self._beside, like=like, patient=patience, wrap=wrap
            )
            if run.ports is not None or not run.last.running or wrap is not None or not self._beside.works:
                return run
        # On a busy machine the probe is lost now and then, but hardly twice. Nothing is proven without it.
        why = next((line for line in run.not_seen if "ports" in line), "ports")
        raise EngineError(f"not seen, twice: {why}")

    def _again(self, after: Subject) -> list[Observation]:
        """Further runs of both; a program that ends at once runs often, which costs little and finds out chance."""
        quick = self._runs[0].ended and self._runs[0].seconds < _QUICK_SECONDS
        while len(self._runs) < (8 if quick else 3):
            self._runs.append(self._observe(self._subject, patient=True))
        return [self._observe(after, patient=True) for _ in range(2 if quick else 1)]

    def _unsteady(self, news: Sequence[Observation]) -> str:
        """What only some runs of the new image came to, and none of the original: an end with another exit code."""
        known = {run.last.exit_code for run in self._runs if not run.last.running}
        ends = [run for run in news if not run.last.running and run.last.exit_code not in known]
        if not ends:
            return ""
        says = because(ends[0].output)
        often = f"in {len(ends)} of {len(news)} runs, and never in {len(self._runs)} of the original"
        return f"the new program ended with exit code {ends[0].last.exit_code} {often}{says}"

    def _with_causes(self, after: Subject, new: Observation, found: Compared) -> Compared:
        """The differences, with the files that the new image lacks."""
        traces: list[Trace] = []
        try:
            with tracer(self._engine) as made:
                if isinstance(made, str):
                    return replace(found, not_seen=(*found.not_seen, f"which files the programs open: {made}"))
                for name, subject in (("before", self._subject), ("after", after)):
                    self._observe(subject, wrap=made.wrap(name, subject.program))
                    traces.append(made.read(name))
        except EngineError as error:
            return replace(found, not_seen=(*found.not_seen, f"which files the programs open: {error}"))
        if any(trace.is_empty for trace in traces):
            return replace(
                found, not_seen=(*found.not_seen, "which files the programs open: strace does not run there")
            )
        said = "\n".join([*lines_of(new.output), *(line for each in found.differences for line in each.evidence)])
        return replace(found, differences=with_files(found.differences, lacking(traces[0], traces[1], said)))


def seen_every_time(rounds: Sequence[Compared]) -> Compared:
    """The differences that all comparisons have; those that only some have are told, and are none."""
    last = rounds[-1]
    keys = [{(each.kind, each.subject) for each in found.differences} for found in rounds]
    clean = next((found for found in rounds if not found.differences), None)
    always = set.intersection(*keys)
    if clean is None and always:
        return replace(
            last, differences=tuple(each for each in last.differences if (each.kind, each.subject) in always)
        )
    if clean is None:
        # It differs each time, only not in the same way.
        return last
    sometimes = {each.what: None for found in rounds for each in found.differences}
    lines = [f"whether this comes again, which not every run of the new image showed: {what}" for what in sometimes]
    return replace(clean, not_seen=(*clean.not_seen, *lines))


def _is_about_time(lack: Lacking) -> bool:
    """Whether a file is one that tells the local time, which many programs open and few depend on."""
    return lack.path == _LOCAL_TIME or "zoneinfo" in lack.path


def _tells_two_times(what: str) -> bool:
    """Whether a sentence quotes two times of day that are further apart than the runs of two images."""
    minutes = [60 * int(hours) + int(rest) for hours, rest in _TIME.findall(what)]
    return any(abs(each - minutes[0]) >= _ZONE_MINUTES for each in minutes[1:])


def with_files(differences: Sequence[Difference], lack: Sequence[Lacking]) -> tuple[Difference, ...]:
    """Name the files that are lacking: those that a difference speaks of there, the most telling in the first."""
    if not lack:
        return tuple(differences)
    explained = []
    for index, each in enumerate(differences):
        cause = None
        if each.kind is not Kind.STOP:
            clock = next((one for one in lack if _is_about_time(one) and _tells_two_times(each.what)), None)
            first = lack[0] if index == 0 and is_telling(lack[0]) and not _is_about_time(lack[0]) else None
            cause = named(lack, (each.what, *each.evidence)) or first or clock
        evidence = each.evidence
        if index == 0:
            others = [one for one in lack if one is not cause and one.path != _LOCAL_TIME]
            evidence = (*evidence, *(one.clause for one in others[:_EVIDENCE]))
        explained.append(replace(each, what=f"{each.what}; {cause.clause}" if cause else each.what, evidence=evidence))
    return tuple(explained)
