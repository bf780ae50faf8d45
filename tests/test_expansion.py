"""Variables as BuildKit expands them."""

from __future__ import annotations

import pytest

from rewriter.model.expansion import ExpansionError, Variables, expand

SET = {"x": "foo.tar.gz", "e": "", "p": "/a/b/c", "u": None}


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        ("$x", "foo.tar.gz"),
        ("a${x}b", "afoo.tar.gzb"),
        ("$none", ""),
        ("$x-$e", "foo.tar.gz-"),
        ("$", "$"),
        ("a$", "a$"),
        ("$/", "$/"),
        ("$1$12", ""),
        ("${x:-w}", "foo.tar.gz"),
        ("${e:-w}", "w"),
        ("${e-w}", ""),
        ("${none-w}", "w"),
        ("${x:+w}", "w"),
        ("${e:+w}", ""),
        ("${e+w}", "w"),
        ("${none+w}", ""),
        ("${x:?w}", "foo.tar.gz"),
        ("${e?w}", ""),
        ("${none:-${e:-$x}}", "foo.tar.gz"),
        ("${none:-'a b'}", "a b"),
        ("${x#*.}", "tar.gz"),
        ("${x##*.}", "gz"),
        ("${x%.*}", "foo.tar"),
        ("${x%%.*}", "foo"),
        ("${x#f?}", "o.tar.gz"),
        ("${x#none}", "foo.tar.gz"),
        ("${p/b/x}", "/a/x/c"),
        ("${p//\\//-}", "-a-b-c"),
        ("${x//./_}", "foo_tar_gz"),
        ("'$x'", "$x"),
        ('"$x"', "foo.tar.gz"),
        ('"\\$x \\a"', "$x \\a"),
        ("\\$x", "$x"),
        ("a\\ b", "a b"),
        ("a'b'\"c\"d", "abcd"),
        ("a\\", "a"),
    ],
)
def test_values(raw: str, value: str) -> None:
    found = expand(raw, Variables(SET))
    assert (found.text, found.known, found.value) == (value, True, value)


@pytest.mark.parametrize("raw", ["$u", "${u}", "${u:-a}", "${u:+a}", "${u#a}", "${e:-$u}", "a$u", '"$u"'])
def test_unknown_values(raw: str) -> None:
    assert expand(raw, Variables(SET)).value is None


def test_what_is_not_used_need_not_be_known() -> None:
    assert expand("${x:-$u}", Variables(SET)).value == "foo.tar.gz"


def test_a_name_that_only_the_base_could_set_is_unknown() -> None:
    assert expand("$none", Variables(SET, complete=False)).value is None
    assert expand("$x", Variables(SET, complete=False)).value == "foo.tar.gz"


def test_names_that_take_part() -> None:
    assert expand("$x${e:-$p}'$u'", Variables(SET)).names == {"x", "e", "p"}


@pytest.mark.parametrize(
    "raw",
    [
        "${",
        "${}",
        "${x",
        "'a",
        '"a',
        "${x:#a}",
        "${x:%a}",
        "${x!a}",
        "${x:}",
        "${none?}",
        "${e:?gone}",
        "${x:-a",
        "${-",
        "${x/a",
    ],
)
def test_what_is_rejected(raw: str) -> None:
    with pytest.raises(ExpansionError):
        expand(raw, Variables(SET))


def test_the_reason_of_a_question_mark() -> None:
    with pytest.raises(ExpansionError, match="none: gone"):
        expand("${none:?gone}", Variables({}))


def test_the_escape_token_is_the_directive_s() -> None:
    assert expand("`$x\\$x", Variables(SET), "`").value == "$x\\foo.tar.gz"
    assert expand('"`$x \\$x"', Variables(SET), "`").value == "$x \\foo.tar.gz"
