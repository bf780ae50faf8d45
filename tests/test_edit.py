"""Edits and their splice."""

from __future__ import annotations

import pytest

from rewriter.edit import Edit, OverlappingEditsError, carry, ordered, splice


def test_splice() -> None:
    assert splice("abcdef", [Edit(4, 6, ""), Edit(0, 1, "X"), Edit(2, 2, "-")]) == "Xb-cd"
    assert splice("abc", []) == "abc"
    assert splice("", [Edit(0, 0, "a")]) == "a"


def test_inserts_at_one_place_keep_their_order() -> None:
    assert splice("ab", [Edit(1, 1, "1"), Edit(1, 1, "2"), Edit(1, 2, "B")]) == "a12B"


@pytest.mark.parametrize("edits", [[Edit(0, 2, ""), Edit(1, 3, "")], [Edit(0, 2, "x"), Edit(1, 1, "y")]])
def test_overlaps_raise(edits: list[Edit]) -> None:
    with pytest.raises(OverlappingEditsError):
        splice("abc", edits)


def test_neighbours_do_not_overlap() -> None:
    assert ordered([Edit(2, 3, ""), Edit(0, 2, "")]) == (Edit(0, 2, ""), Edit(2, 3, ""))


def test_carry() -> None:
    edits = (Edit(1, 1, "--"), Edit(2, 4, "x"))
    assert splice("abcdef", edits) == "a--bxef"
    assert [carry(at, edits) for at in range(6)] == [0, 3, 4, 4, 5, 6]
