"""``# dfrewrite:`` comments."""

from __future__ import annotations

import pytest

from rewriter.edit import Edit
from rewriter.model.stages import Model
from rewriter.pragmas import ignored_file, pragmas
from rewriter.syntax import parse


def model(text: str) -> Model:
    return Model(parse(text))


@pytest.mark.parametrize(
    ("comment", "reason"),
    [
        ("# dfrewrite: ignore-file", ""),
        ("#dfrewrite:ignore-file because of us", "because of us"),
        ("  # dfrewrite:  ignore-file  x \r", "x"),
        ("# dfrewrite: ignore", None),
        ("# dfrewrite: ignore-files", None),
        ("# see dfrewrite: ignore-file", None),
    ],
)
def test_ignore_file(comment: str, reason: str | None) -> None:
    assert ignored_file(model(f"FROM a\nRUN b\n{comment}\n")) == reason
    assert ignored_file(model(f"{comment}\nFROM a\n")) == reason


def test_above_from_it_speaks_for_the_stage() -> None:
    text = "FROM a\nRUN b\n# dfrewrite: ignore\nFROM c\nRUN d\nRUN e\nFROM f\n"
    (pragma,) = pragmas(model(text))
    assert text[pragma.start : pragma.end] == "FROM c\nRUN d\nRUN e\n"
    assert (pragma.names, pragma.line) == (frozenset(), 4)


def test_above_another_instruction_it_speaks_for_that_one() -> None:
    text = "FROM a\n# dfrewrite: ignore=x, y they differ\n# more\nRUN b\nRUN c\n"
    (pragma,) = pragmas(model(text))
    assert text[pragma.start : pragma.end] == "RUN b\n"


def test_a_blank_line_in_between_ends_it() -> None:
    assert pragmas(model("FROM a\n# dfrewrite: ignore\n\nRUN b\n")) == ()


def test_names() -> None:
    (pragma,) = pragmas(model("# dfrewrite: ignore=one,two-b reason\nFROM a\n"))
    assert pragma.names == {"one", "two-b"}
    assert pragma.silences("one", (), pragma.start)
    assert not pragma.silences("three", (), pragma.start)


def test_what_it_silences() -> None:
    text = "FROM a\n# dfrewrite: ignore\nRUN b\nRUN c\n"
    (pragma,) = pragmas(model(text))
    run = text.index("RUN b")
    assert pragma.silences("any", (Edit(run + 4, run + 5, "x"),), 0)
    assert pragma.silences("any", (Edit(run + 2, run + 2, "x"),), 0)
    assert not pragma.silences("any", (Edit(run, run, "RUN x\n"), Edit(pragma.end, pragma.end, "x")), 0)
    assert pragma.silences("any", (), run + 3)


def test_several_above_one_instruction() -> None:
    found = pragmas(model("# dfrewrite: ignore=a\n# dfrewrite: ignore=b\nFROM a\n"))
    assert [sorted(pragma.names) for pragma in found] == [["a"], ["b"]]
