"""What is decided about a key, rule by rule."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rewriter.bot.decide import Decision, Do, Shown, Wanted, decide
from rewriter.bot.forge import AheadCommit, Pull, State
from rewriter.bot.identity import PART, RETRY_LABEL, TRAILER, Marker

KEY, US, TIP = "k" * 32, "bot@example.com", "a" * 40
WANTED = Wanted("output")
MARKER = Marker(KEY, "Dockerfile", "default", "base", "output", TIP)
OURS = AheadCommit(TIP, US, f"Split the build\n\n{TRAILER}: {KEY}\n{PART}: 2/2\n")
THEIRS = AheadCommit("b" * 40, "jo@example.com", "Fix")
OPEN = Pull(7, State.OPEN, "t", MARKER.render(), "dfrewrite/Dockerfile/default", TIP, "main", "https://x/7")


def _decide(shown: Shown, wanted: Wanted | None = WANTED, *, recreate: bool = False) -> Decision:
    return decide(shown, wanted, KEY, US, recreate=recreate)


def test_what_is_new_is_opened() -> None:
    assert _decide(Shown((), None)) == Decision(Do.OPEN, "not proposed yet", None, None)


def test_a_branch_that_a_crash_left_is_gone_on_with() -> None:
    assert _decide(Shown((), TIP, (OURS,))) == Decision(Do.OPEN, "not proposed yet", None, TIP)


def test_a_branch_that_a_crash_left_for_nothing_is_removed() -> None:
    assert _decide(Shown((), TIP, (OURS,)), None).do is Do.REMOVE_BRANCH


def test_what_is_open_and_as_it_should_be_is_left_alone() -> None:
    assert _decide(Shown((OPEN,), TIP, (OURS,))).do is Do.NOTHING


@pytest.mark.parametrize(
    ("wanted", "pull", "tip", "why"),
    [
        (Wanted("other"), OPEN, TIP, "the result changed"),
        (WANTED, replace(OPEN, conflicted=True), TIP, "#7 conflicts with its base"),
        (replace(WANTED, proven=True), replace(OPEN, draft=True), TIP, "it is proven now"),
        (WANTED, OPEN, "c" * 40, "its branch does not hold what its body says"),
    ],
)
def test_what_is_open_and_old_is_updated(wanted: Wanted, pull: Pull, tip: str, why: str) -> None:
    found = _decide(Shown((pull,), tip, (OURS,)), wanted)
    assert (found.do, found.why, found.expected) == (Do.UPDATE, why, tip)


def test_what_a_person_made_a_draft_again_stays_one() -> None:
    proven = replace(OPEN, draft=True, body=replace(MARKER, proven="yes").render())
    assert _decide(Shown((proven,), TIP, (OURS,)), replace(WANTED, proven=True)).do is Do.NOTHING


def test_another_base_alone_is_no_reason() -> None:
    assert _decide(Shown((replace(OPEN, body=replace(MARKER, base="moved").render()),), TIP, (OURS,))).do is Do.NOTHING


def test_what_is_open_and_no_longer_wanted_is_closed() -> None:
    found = _decide(Shown((OPEN,), TIP, (OURS,)), None)
    assert (found.do, found.pull, found.expected) == (Do.CLOSE, OPEN, TIP)


@pytest.mark.parametrize("wanted", [WANTED, Wanted("other"), None])
@pytest.mark.parametrize(
    "commits",
    [
        (OURS, THEIRS),
        (THEIRS, OURS),
        (replace(OURS, committer="jo@example.com"),),
        (replace(OURS, message="Split the build"),),
        (replace(OURS, message=f"Swap the base\n\n{TRAILER}: {KEY}\n{PART}: 1/2\n"),),
        (replace(OURS, message=f"x\n\n{TRAILER}: {'j' * 32}"),),
    ],
)
def test_a_branch_with_a_foreign_commit_is_never_touched(
    wanted: Wanted | None, commits: tuple[AheadCommit, ...]
) -> None:
    for pulls in ((OPEN,), (replace(OPEN, conflicted=True),), ()):
        assert _decide(Shown(pulls, TIP, commits), wanted).do is Do.NOTHING


@pytest.mark.parametrize("state", [State.MERGED, State.CLOSED])
def test_what_was_merged_or_closed_is_never_proposed_again(state: State) -> None:
    done = replace(OPEN, state=state)
    for wanted in (WANTED, Wanted("other"), None):
        for shown in (Shown((done,), None), Shown((done,), TIP, (OURS,))):
            assert _decide(shown, wanted).do is Do.NOTHING


def test_unless_it_is_asked_for() -> None:
    closed = replace(OPEN, state=State.CLOSED)
    assert _decide(Shown((replace(closed, labels=frozenset({RETRY_LABEL})),), None)).do is Do.OPEN
    assert _decide(Shown((closed,), None), recreate=True).do is Do.OPEN
    assert _decide(Shown((closed,), TIP, (THEIRS,)), recreate=True).do is Do.NOTHING


def test_the_newest_has_the_last_word() -> None:
    asked = replace(OPEN, number=5, state=State.CLOSED, labels=frozenset({RETRY_LABEL}))
    again = replace(OPEN, number=6, state=State.CLOSED)
    assert _decide(Shown((again, asked), None)).do is Do.NOTHING


def test_an_open_one_counts_before_a_newer_closed_one() -> None:
    newer = replace(OPEN, number=9, state=State.CLOSED)
    assert _decide(Shown((newer, OPEN), TIP, (OURS,))).pull == OPEN


def test_somebody_elses_pull_request_of_that_branch_is_left_alone() -> None:
    for body in ("", replace(MARKER, key="j" * 32).render()):
        found = _decide(Shown((replace(OPEN, body=body),), TIP, (OURS,)), Wanted("other"))
        assert found.do is Do.NOTHING
        assert "none of ours" in found.why


@pytest.mark.parametrize("wanted", [WANTED, Wanted("other"), None])
def test_what_somebody_made_go_to_another_branch_is_left_alone(wanted: Wanted | None) -> None:
    assert _decide(Shown((replace(OPEN, base="develop"),), TIP, (OURS,), "main"), wanted).do is Do.NOTHING


def test_a_branch_that_was_put_back_to_its_base_is_not_pushed_to() -> None:
    assert _decide(Shown((OPEN,), "c" * 40), Wanted("other")).do is Do.NOTHING
    assert _decide(Shown((OPEN,), "c" * 40), None).do is Do.CLOSE
