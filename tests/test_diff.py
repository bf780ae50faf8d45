"""The unified diff."""

from __future__ import annotations

import pytest
from unidiff.patch import PatchSet

from rewriter import diff
from rewriter.diff import DiffError, make_patch


def test_the_form_that_git_reads() -> None:
    assert str(make_patch("a\nb\n", "a\nc\n", "dir/Dockerfile")) == (
        "--- a/dir/Dockerfile\n+++ b/dir/Dockerfile\n@@ -1,2 +1,2 @@\n a\n-b\n+c\n"
    )


def test_only_a_newline_ends_a_line() -> None:
    assert str(make_patch("a\rb\x0bc\u2028d\n", "a\re\x0bc\u2028d\n")) == (
        "--- a/Dockerfile\n+++ b/Dockerfile\n@@ -1,1 +1,1 @@\n-a\rb\x0bc\u2028d\n+a\re\x0bc\u2028d\n"
    )


def test_a_quoted_path() -> None:
    assert str(make_patch("a\n", "b\n", '"d\\303\\251"')).startswith('--- "a/d\\303\\251"\n+++ "b/d\\303\\251"\n')


def test_no_change_is_an_empty_diff() -> None:
    assert str(make_patch("a\n", "a\n")) == ""


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("a", "b"),
        ("a\n", "a"),
        ("a", "a\n"),
        ("", "a"),
        ("a\n", ""),
        ("a\r\nb\r\n", "a\r\nc\r\nb\r\n"),
        ("a\rb\n", "a\rc\n"),
        ("a\x0bb\x0c\n", "c\x0bb\x0c\n"),
        ("a\u2028b\x85\n", "a\u2028c\x85\n"),
        ("\ufeffa\n", "\ufeffb\n"),
        ("\udce9\n", "\udce9b\n"),
        ("\n\n", "\n"),
        ("a\nb\nc", "x\na\nb\nc\nd"),
    ],
)
def test_odd_texts(before: str, after: str) -> None:
    assert make_patch(before, after).added + make_patch(before, after).removed >= 1


def test_a_diff_that_does_not_fit_raises(monkeypatch: pytest.MonkeyPatch) -> None:
    def other(before: str, patch: PatchSet) -> str:
        return before

    monkeypatch.setattr(diff, "_apply", other)
    with pytest.raises(DiffError, match="Dockerfile"):
        make_patch("a\n", "b\n")
