"""What the runs of two images showed, compared: pure, given the observations.

A difference is what the new image does otherwise than every run of the original. Where the original's runs disagree
among themselves, nothing is asked of the new image, and that is said.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rewriter.proof.compare_running import compare_running
from rewriter.proof.complaints import lines_of
from rewriter.proof.engine import Output
from rewriter.proof.findings import (
    STREAMS,
    Findings,
    because,
    both_lines,
    code_of,
    doing,
    ending,
    evidence_of,
    failing,
    prints,
    sample_of,
    why_not_started,
)
from rewriter.proof.noise import Likeness, compare_texts
from rewriter.proof.observation import Observation
from rewriter.proof.verdict import Difference, Kind


@dataclass(frozen=True, slots=True)
class Compared:
    """What running both images showed."""

    differences: tuple[Difference, ...] = ()
    seen: tuple[str, ...] = ()
    """What was compared and found equal."""
    not_seen: tuple[str, ...] = ()
    """What could not be compared, or was seen and not judged; and why."""
    repaired: bool = False
    """The original's program cannot even be started, and the new one's can."""
    undecided: str = ""
    """Why nothing can be said of the two: neither starts, a limit ended both, the new one's runs are not alike."""
    listens: bool = True
    """False when a server would not have been seen: neither program listens anywhere, or both end with an error."""


def compare(before: Sequence[Observation], after: Observation) -> Compared:
    """Compare one run of the new image with those of the original, of which two or more tell what varies by itself."""
    comparison = _Comparison(before, after)
    comparison.compare()
    found = comparison.found
    not_seen = [*found.not_seen, *(line for each in (*before, after) for line in each.not_seen)]
    return Compared(
        tuple(found.differences),
        tuple(dict.fromkeys(found.seen)),
        tuple(dict.fromkeys(not_seen)),
        found.repaired,
        found.undecided,
        found.listens,
    )


class _Comparison:
    """Collects what is found."""

    def __init__(self, before: Sequence[Observation], after: Observation) -> None:
        self.before, self.after = before, after
        self.found = Findings()

    def compare(self) -> None:
        self._compare_memory()
        if all(each.failed_to_start for each in self.before):
            self._compare_with_none()
            return
        alike = [each for each in self.before if each.ended is self.after.ended]
        if not alike:
            self._compare_ends()
            return
        if len(alike) < len(self.before):
            self.found.not_seen.append("the original ended by itself in one run and went on in another")
        self.before = alike
        if self.after.ended:
            self._compare_ended()
        else:
            compare_running(self.before, self.after, self.found)
        self._compare_smoke()

    # --- how it starts and ends ---

    def _compare_memory(self) -> None:
        if not self.after.last.out_of_memory:
            return
        killed = "killed because it took more memory than the limit of the proof"
        if any(each.last.out_of_memory for each in self.before):
            self.found.undecided = f"the program was {killed}, in both images (--memory)"
        else:
            self.found.differ(Kind.START, f"the program was {killed}")

    def _compare_with_none(self) -> None:
        """The original's program is not there, or cannot be run."""
        old, new = self.before[0], self.after
        if new.failed_to_start:
            self.found.undecided = f"neither image can start: {why_not_started(new)}"
        elif new.ended and new.state.exit_code != 0:
            what = f"the program starts, which the original's does not, and {ending(new)}"
            self.found.differ(Kind.START, f"{what}{because(new.output)}", evidence=evidence_of(new))
        else:
            self.found.repaired = True
            does = "ends with exit code 0" if new.ended else doing(new)
            self.found.seen.append(f"the new program {does}; the original's cannot be started ({why_not_started(old)})")

    def _compare_ends(self) -> None:
        old, new = self.before[0], self.after
        if new.ended:
            what = failing(new, doing(old, instead=True))
            self.found.differ(Kind.START, what, evidence=evidence_of(new))
        else:
            what = f"the program {doing(new)} instead of ending with exit code {old.state.exit_code}"
            self.found.differ(Kind.START, what, evidence=evidence_of(new))

    def _compare_ended(self) -> None:
        old, new = self.before[0], self.after
        if new.failed_to_start and not any(each.failed_to_start for each in self.before):
            what = failing(new, f"ending with exit code {old.state.exit_code}")
            self.found.differ(Kind.START, what, evidence=evidence_of(new))
            return
        if all(each.state.exit_code != new.state.exit_code for each in self.before):
            what = f"the program ends with exit code {new.state.exit_code} instead of {old.state.exit_code}"
            self.found.differ(Kind.OUTPUT, f"{what}{because(new.output)}", "exit code", evidence_of(new))
            return
        self.found.seen.append(f"the program ends with exit code {new.state.exit_code}")
        if new.state.exit_code != 0:
            self.found.listens = False
            well = "what it does when all is well: it ends so in both images"
            self.found.not_seen.append(f"{well}{because(new.output)}")
        for name in ("stdout", "stderr"):
            self._compare_output(name)

    def _compare_output(self, name: str) -> None:
        words = STREAMS[name]
        texts = [sample_of(each.output, name, each.at) for each in (*self.before, self.after)]
        found = compare_texts(texts[:-1], texts[-1], any_order=True)
        if not found.equal:
            self.found.differ(Kind.OUTPUT, f"the program {prints(words, found)}", words, both_lines(found))
        elif found.lines:
            self.found.seen.append(f"the same {words}: {_lines(found.lines)}")
        self._tell_noise(words, found, any(each.output.cut for each in (*self.before, self.after)))

    def _tell_noise(self, words: str, found: Likeness, cut: bool) -> None:
        if found.equal and found.varying * 2 > found.lines:
            amount = f"{found.varying} of {found.lines} lines of {words}"
            self.found.not_seen.append(f"{amount} vary from run to run in the original; only the rest was compared")
        if found.reordered:
            self.found.not_seen.append(
                f"whether the order of {words} matters: the new one has its lines in another order"
            )
        if found.cut or cut:
            self.found.not_seen.append(f"{words} beyond what was compared: it is longer")

    # --- commands ---

    def _compare_smoke(self) -> None:
        for index, (line, new) in enumerate(self.after.smoke):
            olds = [each.smoke[index][1] for each in self.before if index < len(each.smoke)]
            if olds:
                self._compare_command(line, olds, new)

    def _compare_command(self, line: str, olds: Sequence[Output], new: Output) -> None:
        if all(old.exit_code != new.exit_code for old in olds):
            codes = f"{code_of(new)} instead of {code_of(olds[0])}"
            self.found.differ(Kind.SMOKE, f"`{line}` comes to {codes}{because(new)}", line, lines_of(new))
            return
        runs = zip((*olds, new), (*self.before, self.after), strict=False)
        texts = [sample_of(output, "stdout", each.at) for output, each in runs]
        found = compare_texts(texts[:-1], texts[-1], any_order=True)
        if not found.equal:
            self.found.differ(Kind.SMOKE, f"`{line}` {prints('standard output', found)}", line, both_lines(found))
        else:
            self.found.seen.append(f"`{line}` comes to {code_of(new)} and prints the same")
            self._tell_noise(f"what `{line}` prints", found, new.cut)


def _lines(count: int) -> str:
    return "1 line" if count == 1 else f"{count} lines"
