"""Where a comparison writes down what it finds, and the words that it says it in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from rewriter.proof.complaints import distinct, lines_of, shown, telling_line
from rewriter.proof.engine import Output
from rewriter.proof.noise import Likeness
from rewriter.proof.observation import Observation
from rewriter.proof.tokens import Sample
from rewriter.proof.verdict import Difference, Kind

EVIDENCE_LINES = 6
STREAMS = {"stdout": "standard output", "stderr": "standard error"}


@dataclass
class Findings:
    """What a comparison has found so far."""

    differences: list[Difference] = field(default_factory=list)
    seen: list[str] = field(default_factory=list)
    not_seen: list[str] = field(default_factory=list)
    repaired: bool = False
    undecided: str = ""
    listens: bool = True

    def differ(self, kind: Kind, what: str, subject: str = "", evidence: Sequence[str] = ()) -> None:
        """Write down a difference with the first lines of its evidence."""
        self.differences.append(Difference(kind, what, subject, tuple(evidence)[:EVIDENCE_LINES]))


def sample_of(output: Output, stream: str, at: float) -> Sample:
    """One stream of an output as text."""
    raw = output.stdout if stream == "stdout" else output.stderr
    return Sample(raw.decode("utf-8", "replace"), at)


def because(output: Output) -> str:
    """A colon and the line that tells why, or nothing where nothing is said."""
    line = telling_line(output)
    return f": it says `{line}`" if line else ""


def why_not_started(run: Observation) -> str:
    """Why a program could not be started, in the engine's words or its own."""
    return shown(run.state.error) or telling_line(run.output) or f"exit code {run.state.exit_code}"


def evidence_of(run: Observation) -> list[str]:
    """What a program printed, or what the engine says when it could not be started."""
    return distinct(lines_of(run.output)) or [shown(run.state.error)]


def ending(run: Observation) -> str:
    """How a program ended by itself."""
    if run.state.error or run.was_not_executed:
        return f"cannot be started ({why_not_started(run)})"
    return f"ends with exit code {run.state.exit_code}"


def failing(run: Observation, instead_of: str) -> str:
    """How a program ended by itself where it should have done something else, and what it says about it."""
    known = run.state.error or run.was_not_executed
    return f"the program {ending(run)} instead of {instead_of}{'' if known else because(run.output)}"


def doing(run: Observation, *, instead: bool = False) -> str:
    """What a program does that goes on."""
    if run.ports:
        return ("listening on " if instead else "listens on ") + " and ".join(port.said for port in run.ports[:4])
    return "running on" if instead else "runs on"


def prints(stream: str, found: Likeness) -> str:
    """What is printed otherwise."""
    where = f"line {found.line} of {stream}" if found.line else stream
    if not found.new:
        return f"no longer prints `{found.old}` ({where})"
    if not found.old:
        return f"prints `{found.new}` in addition ({where})"
    return f"prints `{found.new}` instead of `{found.old}` ({where})"


def both_lines(found: Likeness) -> tuple[str, ...]:
    """The differing lines as a diff shows them."""
    return tuple(f"{sign} {line}" for sign, line in (("-", found.old), ("+", found.new)) if line)


def code_of(output: Output) -> str:
    """How a command ended."""
    return "no end in time" if output.exit_code is None else f"exit code {output.exit_code}"
