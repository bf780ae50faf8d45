"""Only what is proven may be written: which parts of a rewrite are tried, and what is left when nothing holds."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
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
TRIAL = Trial(Path("Dockerfile"), TEXT.encode(), None)
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
    return lambda without: run_chain(TEXT, transforms, None, Options(level=Level.RISKY), without)


def at_levels(*transforms: Transform) -> Callable[[Level, Mapping[ChangeId, str]], Result]:
    return lambda level, without: run_chain(TEXT, transforms, None, Options(level=level), without)


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
        found = largest_proven(rewrite({}), rewrite, prove)
        assert asked == ["ab"]
        assert found.result.after == TEXT + "LABEL a=x\nLABEL b=x\n"
        assert found.may_be_written

    @pytest.mark.parametrize(
        ("wrong", "tried", "kept"),
        [
            ("a", ["abcd", "a", "b", "bc", "bcd"], "bcd"),
            ("d", ["abcd", "a", "ab", "abc"], "abc"),
            ("ab", ["abcd", "a", "b", "c", "cd"], "cd"),
            ("ac", ["abcd", "a", "b", "bc", "bd"], "bd"),
        ],
    )
    def test_what_differs_is_left_out_each_for_its_own_reason(self, wrong: str, tried: list[str], kept: str) -> None:
        rewrite = chain(*(labels(name) for name in "abcd"))
        prove, asked = rejecting(*wrong)
        found = largest_proven(rewrite({}), rewrite, prove)
        assert asked == tried
        assert [change.why for _, change in found.result.changes] == [f"Sets {name}." for name in kept]
        withheld = [(item.change.why, item.reason) for step in found.result.steps for item in step.withheld]
        assert withheld == [(f"Sets {name}.", "proof: it answers otherwise") for name in wrong]
        assert found.proof is not None
        assert found.proof.verdict is Verdict.PROVEN

    def test_changes_of_one_transform_are_told_apart(self) -> None:
        rewrite = chain(labels("a", "b"))
        prove, _ = rejecting("a")
        found = largest_proven(rewrite({}), rewrite, prove)
        assert found.result.after == TEXT + "LABEL b=x\n"

    def test_nothing_is_left_when_all_differs(self) -> None:
        rewrite = chain(labels("a"), labels("b"))
        prove, asked = rejecting("a", "b")
        found = largest_proven(rewrite({}), rewrite, prove)
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

        found = largest_proven(rewrite({}), rewrite, prove)
        assert len(asked) == 1
        assert not found.may_be_written
        assert not found.result.changed

    def test_the_number_of_proofs_is_bounded(self) -> None:
        rewrite = chain(*(labels(f"name{number}") for number in range(2 * MOST_PROOFS)))
        asked: list[Result] = []

        def prove(result: Result) -> Proof:
            asked.append(result)
            return DIFFERS

        largest_proven(rewrite({}), rewrite, prove)
        assert len(asked) == MOST_PROOFS


class TestVerifier:
    def test_what_changes_nothing_needs_no_engine(self) -> None:
        verifier = Verifier(Settings(engine="no-such-engine"))
        found = verifier.verify(TRIAL, Level.SAFE, at_levels())
        assert found.may_be_written
        assert found.proof is None

    def test_one_level_above_the_asked_one_is_planned(self) -> None:
        levels: list[Level] = []

        def rewrite(level: Level, without: Mapping[ChangeId, str]) -> Result:
            levels.append(level)
            return at_levels()(level, without)

        for asked in Level:
            Verifier(Settings()).verify(TRIAL, asked, rewrite)
        assert levels == [Level.SAFE, Level.REVIEW, Level.REVIEW, Level.RISKY, Level.RISKY]

    def test_without_an_engine_nothing_may_be_written(self) -> None:
        found = Verifier(Settings(engine="no-such-engine")).verify(TRIAL, Level.SAFE, at_levels(labels("a")))
        assert not found.may_be_written
        assert not found.result.changed
        assert found.proof is not None
        assert found.proof.verdict is Verdict.NOT_RUN
        assert "no-such-engine" in found.proof.reason

    def test_what_nobody_asked_for_may_fail(self) -> None:
        rewrite = at_levels(labels("a", certainty=Certainty.ASSUMED))
        found = Verifier(Settings(engine="no-such-engine")).verify(TRIAL, Level.SAFE, rewrite)
        assert found.may_be_written
        assert not found.result.changed

    def test_another_form_at_the_asked_level_is_tried_where_one_above_it_differs(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def rewrite(level: Level, without: Mapping[ChangeId, str]) -> Result:
            bold = "b" if level is Level.RISKY else "a"
            transform = labels(bold, certainty=Certainty.CONTRACT if bold == "b" else Certainty.ASSUMED)
            named = replace(transform, name="labels")
            return run_chain(TEXT, (named,), None, Options(level=level), without)

        prove, asked = rejecting("b")
        monkeypatch.setattr(
            Verifier, "_largest", lambda _self, _trial, planned, again: largest_proven(planned, again, prove)
        )
        found = Verifier(Settings()).verify(TRIAL, Level.REVIEW, rewrite)
        assert asked == ["b", "a"]
        assert found.result.after == TEXT + "LABEL a=x\n"
        assert found.proof is not None
        assert found.proof.verdict is Verdict.PROVEN

    def test_rules_of_what_is_ignored_that_cannot_be_read_are_told(self, tmp_path: Path) -> None:
        (tmp_path / "Dockerfile.dockerignore").mkdir()
        trial = Trial(tmp_path / "Dockerfile", TEXT.encode(), tmp_path)
        proof = Verifier(Settings(engine="no-such-engine")).prove(trial, trial)
        assert proof.verdict is Verdict.NOT_RUN
        assert "Dockerfile.dockerignore cannot be read: is no regular file" in proof.reason
