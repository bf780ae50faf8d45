"""The reducer of benchmarks/corpus.py: what it finds still fails, and nothing more can be left out of it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from benchmarks.corpus_parts.reduce import Case, Reducer, ddmin


@given(st.integers(1, 60), st.sets(st.integers(0, 59), max_size=5))
def test_ddmin_finds_what_is_needed(size: int, needed: set[int]) -> None:
    needed = {item for item in needed if item < size}
    assert ddmin(range(size), lambda kept: needed <= set(kept)) == sorted(needed)


@given(st.lists(st.integers(0, 5), min_size=1, max_size=20), st.integers(2, 4))
def test_nothing_more_can_be_left_out(items: list[int], modulus: int) -> None:
    """Also where the failure comes and goes: here with the remainder of a sum."""

    def fails(kept: list[int]) -> bool:
        return sum(kept) % modulus == sum(items) % modulus and len(kept) > 0

    found = ddmin(items, fails)
    assert fails(found)
    assert len(found) == 1 or not any(fails(found[:at] + found[at + 1 :]) for at in range(len(found)))


def long_case() -> Case:
    lines = [f"RUN step {number}\n" for number in range(30)]
    text = "FROM scratch\n" + "".join(lines[:15]) + "LABEL a=boom b=\\\n  # why\n  c\n" + "".join(lines[15:])
    return Case(text, {f"f{number}/x": b"one\ntwo\nthree\n" for number in range(20)})


def test_a_case_becomes_minimal() -> None:
    def fails(case: Case) -> bool:
        return "boom" in case.text and b"two" in (case.files or {}).get("f7/x", b"").splitlines()

    reducer = Reducer(fails)
    assert reducer.reduce(long_case()) == Case("boom", {"f7/x": b"two\n"})
    assert reducer.minimal


def test_a_context_that_is_not_needed_is_dropped() -> None:
    assert Reducer(lambda case: "FROM" in case.text and "#" in case.text).reduce(long_case()) == Case("FROM#", None)
    assert Reducer(lambda case: case.files is not None).reduce(long_case()) == Case("", {})


def test_a_case_of_which_everything_is_needed() -> None:
    reducer = Reducer(lambda case: case == long_case())
    assert reducer.reduce(long_case()) == long_case()
    assert reducer.minimal


def test_tries_can_be_used_up() -> None:
    tried = []

    def fails(case: Case) -> bool:
        tried.append(case)
        return "boom" in case.text and "why" in case.text

    reducer = Reducer(fails, tries=9)
    found = reducer.reduce(long_case())
    assert len(tried) == 9
    assert not reducer.minimal
    assert "boom" in found.text
    assert len(found.text) < len(long_case().text)
