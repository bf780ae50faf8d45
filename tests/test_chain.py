"""What the chain holds whatever a transform does."""

from __future__ import annotations

from collections.abc import Iterator

from rewriter import Change, Declined, DictContext, Edit, Evidence, Outcome, Phase, Situation
from rewriter.chain import run_chain
from rewriter.discovery import chosen
from rewriter.result import ChangeId, Result
from rewriter.situation import Options
from rewriter.transform import Level, Transform

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


def test_an_image_that_is_not_known_to_exist_is_thrown_away() -> None:
    def plan(situation: Situation) -> Iterator[Outcome]:
        if "3.20\n" in situation.text:
            edits = (Edit(12, 16, "3.99"),)
            yield Change(edits, "A tag that was made up.", (Evidence("it is wanted", "the test"),), 0)

    result = run_chain(TEXT, [Transform("hopes", "Hope for a tag\n", Phase.BASE, True, plan)])
    assert result.after == TEXT
    assert result.unsound == ("hopes: the image alpine:3.99 is not in the catalogue",)


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


class TestWithout:
    """Changes that are not to be made, named by transform and line."""

    FILE = 'FROM golang:1.18\nWORKDIR /app\nCOPY . .\nRUN go build -o app .\nCMD ["./app"]\n'
    CONTEXT = DictContext({"go.mod": "module a\n", "main.go": "package main\nfunc main() {}\n"})

    def _run(self, without: dict[ChangeId, str]) -> Result:
        return run_chain(self.FILE, chosen(), self.CONTEXT, Options(level=Level.RISKY), without)

    def test_every_change_has_a_name(self) -> None:
        assert list(self._run({}).change_ids) == [ChangeId("alpine_base", 1), ChangeId("split_stages", 1)]

    def test_one_is_withheld_for_the_reason_given_and_the_others_are_planned_without_it(self) -> None:
        result = self._run({ChangeId("alpine_base", 1): "it was seen to differ"})
        assert not result.unsound
        assert [transform.name for transform, _ in result.changes] == ["split_stages"]
        withheld = [(item.transform, item.reason) for step in result.steps for item in step.withheld]
        assert withheld == [("alpine_base", "it was seen to differ")]
        assert result.after.startswith("FROM golang:1.18-bullseye AS builder\n")

    def test_a_swap_does_not_count_on_a_split_that_is_withheld(self) -> None:
        result = self._run({ChangeId("split_stages", 1): "it was seen to differ"})
        assert not result.unsound
        assert result.after == self.FILE.replace("golang:1.18", "golang:1.18-alpine3.17")

    def test_a_result_can_be_withdrawn(self) -> None:
        result = self._run({}).withdrawn("nobody looked")
        assert result.after == self.FILE
        assert not result.changes
        withheld = [(item.transform, item.reason) for step in result.steps for item in step.withheld]
        assert withheld == [("alpine_base", "nobody looked"), ("split_stages", "nobody looked")]
