"""What the chain holds whatever a transform does."""

from __future__ import annotations

from collections.abc import Iterator

from rewriter import Change, Declined, Edit, Evidence, Outcome, Phase, Situation
from rewriter.chain import run_chain
from rewriter.transform import Transform

TEXT = "FROM alpine:3.20\nRUN true\n"


def _transform(text: str) -> Transform:
    """A transform that appends a line whenever it is asked."""

    def plan(situation: Situation) -> Iterator[Outcome]:
        end = len(situation.text)
        yield Change((Edit(end, end, text),), "A line more.", (Evidence("it is wanted", "the test"),), 0)

    return Transform("appends", "Append a line\n", Phase.BASE, True, plan)


def test_a_change_that_comes_again_is_thrown_away() -> None:
    result = run_chain(TEXT, [_transform("LABEL a=b\n")])
    assert result.after == TEXT
    assert result.unsound == ("running the chain again changes the result once more",)


def test_a_change_that_breaks_the_file_is_thrown_away() -> None:
    result = run_chain(TEXT, [_transform("NONSENSE\n")])
    assert result.after == TEXT
    assert not result.changes
    assert len(result.unsound) == 1
    assert result.unsound[0].startswith("appends: ")


def test_a_transform_sees_what_the_one_before_it_made() -> None:
    seen: list[str] = []

    def once(situation: Situation) -> Iterator[Outcome]:
        if "LABEL" not in situation.text:
            yield from _transform("LABEL a=b\n").plan(situation)

    def look(situation: Situation) -> Iterator[Outcome]:
        seen.append(situation.text)
        yield Declined(0, "it only looks")

    first = Transform("once", "Append a line once\n", Phase.BASE, True, once)
    second = Transform("looks", "Look\n", Phase.STAGES, True, look)
    result = run_chain(TEXT, [first, second])
    assert result.after == TEXT + "LABEL a=b\n"
    assert seen[0] == result.after
    assert result.steps[1].declined[0].why == "it only looks"
