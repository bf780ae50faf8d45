"""Only what is proven may be written: which parts of a rewrite are tried, and what is left when nothing holds."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from rewriter import Change, Edit, Evidence, Outcome, Phase, Situation
from rewriter.chain import run_chain
from rewriter.proof.verdict import Proof, Verdict
from rewriter.proof.verify import MOST_PROOFS, Rewrite, Settings, Trial, Verifier, largest_proven
from rewriter.result import ChangeId, Result
from rewriter.situation import Options
from rewriter.transform import Certainty, Level, Transform

TEXT = "FROM alpine:3.20\nRUN true\n"
DIFFERS = Proof(Verdict.DIFFERS, "it answers otherwise")


def labels(*names: str, certainty: Certainty = Certainty.READ) -> Transform:
    """A transform that sets each of these labels in a change of its own, each about a line of its own."""

    def plan(situation: Situation) -> Iterator[Outcome]:
        end = len(situation.text)
        evidence = (Evidence("it is wanted", "the test", certainty),)
        for place, name in enumerate(names):
            anchor = (0, TEXT.index("RUN"), end)[place]
            if f"LABEL {name}=" not in situation.text:
                yield Change((Edit(end, end, f"LABEL {name}=x\n"),), f"Sets {name}.", evidence, anchor)

    return Transform("_".join(names), "Set labels\n", Phase.BASE, True, plan)


def chain(*transforms: Transform) -> Rewrite:
    def rewrite(level: Level, without: Mapping[ChangeId, str]) -> Result:
        return run_chain(TEXT, transforms, None, Options(level=level), without)

    return rewrite


def rejecting(*wrong: str) -> tuple[Callable[[Result], Proof], list[str]]:
    """A proof in which those labels make a difference, and what it was asked."""
    asked: list[str] = []

    def prove(result: Result) -> Proof:
        asked.append("".join(name for name in "abcdef" if f"LABEL {name}=" in result.after))
        return DIFFERS if any(f"LABEL {name}=" in result.after for name in wrong) else Proof(Verdict.PROVEN)

    return prove, asked


class TestLargestProven:
    def test_what_holds_is_kept_whole(self) -> None:
        rewrite = chain(labels("a"), labels("b"))
        prove, asked = rejecting()
        found = largest_proven(rewrite(Level.SAFE, {}), Level.SAFE, rewrite, prove)
        assert asked == ["ab"]
        assert found.result.after == TEXT + "LABEL a=x\nLABEL b=x\n"
        assert found.may_be_written

    @pytest.mark.parametrize(("wrong", "kept"), [("a", "bc"), ("b", "ac"), ("c", "ab")])
    def test_one_that_differs_is_left_out_with_the_reason(self, wrong: str, kept: str) -> None:
        rewrite = chain(labels("a"), labels("b"), labels("c"))
        prove, asked = rejecting(wrong)
        found = largest_proven(rewrite(Level.SAFE, {}), Level.SAFE, rewrite, prove)
        assert asked[-1] == kept
        assert [change.why for _, change in found.result.changes] == [f"Sets {name}." for name in kept]
        (withheld,) = [item for step in found.result.steps for item in step.withheld]
        assert (withheld.change.why, withheld.reason) == (f"Sets {wrong}.", "proof: it answers otherwise")

    def test_changes_of_one_transform_are_told_apart(self) -> None:
        rewrite = chain(labels("a", "b"))
        prove, _ = rejecting("a")
        found = largest_proven(rewrite(Level.SAFE, {}), Level.SAFE, rewrite, prove)
        assert found.result.after == TEXT + "LABEL b=x\n"

    def test_one_may_hold_alone(self) -> None:
        rewrite = chain(labels("a"), labels("b"), labels("c"))
        prove, asked = rejecting("a", "c")
        found = largest_proven(rewrite(Level.SAFE, {}), Level.SAFE, rewrite, prove)
        assert asked[-1] == "b"
        assert found.result.after == TEXT + "LABEL b=x\n"

    def test_what_was_asked_for_is_tried_without_what_is_above_it(self) -> None:
        rewrite = chain(labels("a"), *(labels(name, certainty=Certainty.ASSUMED) for name in "bc"))
        prove, asked = rejecting("b", "c")
        found = largest_proven(rewrite(Level.REVIEW, {}), Level.SAFE, rewrite, prove)
        assert asked == ["abc", "ab", "ac", "bc", "a"]
        assert found.result.after == TEXT + "LABEL a=x\n"

    def test_nothing_is_left_when_all_differs(self) -> None:
        rewrite = chain(labels("a"), labels("b"))
        prove, asked = rejecting("a", "b")
        found = largest_proven(rewrite(Level.SAFE, {}), Level.SAFE, rewrite, prove)
        assert asked == ["ab", "a", "b"]
        assert not found.may_be_written
        assert found.proof is DIFFERS
        assert found.result.after == TEXT
        reasons = [item.reason for step in found.result.steps for item in step.withheld]
        assert reasons == ["it is not proven (differs): it answers otherwise"] * 2

    @pytest.mark.parametrize("verdict", [Verdict.NOT_RUN, Verdict.BASELINE_BROKEN])
    def test_what_could_not_be_had_is_asked_once(self, verdict: Verdict) -> None:
        rewrite = chain(labels("a"), labels("b"))
        asked: list[Result] = []

        def prove(result: Result) -> Proof:
            asked.append(result)
            return Proof(verdict, "no")

        found = largest_proven(rewrite(Level.SAFE, {}), Level.SAFE, rewrite, prove)
        assert len(asked) == 1
        assert not found.may_be_written
        assert not found.result.changed

    def test_the_number_of_proofs_is_bounded(self) -> None:
        rewrite = chain(*(labels(f"name{number}") for number in range(2 * MOST_PROOFS)))
        asked: list[Result] = []

        def prove(result: Result) -> Proof:
            asked.append(result)
            return DIFFERS

        largest_proven(rewrite(Level.SAFE, {}), Level.SAFE, rewrite, prove)
        assert len(asked) == MOST_PROOFS


class TestVerifier:
    def test_what_changes_nothing_needs_no_engine(self) -> None:
        verifier = Verifier(Settings(engine="no-such-engine"))
        found = verifier.verify(Trial(Path("Dockerfile"), TEXT.encode(), None), Level.SAFE, chain())
        assert found.may_be_written
        assert found.proof is None

    def test_one_level_above_the_asked_one_is_planned(self) -> None:
        levels: list[Level] = []

        def rewrite(level: Level, without: Mapping[ChangeId, str]) -> Result:
            levels.append(level)
            return chain()(level, without)

        for asked in Level:
            Verifier(Settings()).verify(Trial(Path("Dockerfile"), TEXT.encode(), None), asked, rewrite)
        assert levels == [Level.REVIEW, Level.RISKY, Level.RISKY]

    def test_without_an_engine_nothing_may_be_written(self) -> None:
        verifier = Verifier(Settings(engine="no-such-engine"))
        found = verifier.verify(Trial(Path("Dockerfile"), TEXT.encode(), None), Level.SAFE, chain(labels("a")))
        assert not found.may_be_written
        assert not found.result.changed
        assert found.proof is not None
        assert found.proof.verdict is Verdict.NOT_RUN
        assert "no-such-engine" in found.proof.reason
