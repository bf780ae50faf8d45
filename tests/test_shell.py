"""Shell text: the repairs of tree-sitter-bash's tree, and what is refused."""

from __future__ import annotations

import pytest

from rewriter.shell import Command, Opaque, Script, parse_shell
from rewriter.shell_words import resolve


def commands(text: str) -> tuple[Command, ...]:
    script = parse_shell(text)
    assert isinstance(script, Script), script
    return script.commands


def words(text: str) -> list[list[str]]:
    return [[word.raw for word in command.words] for command in commands(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a b && c || d; e | f & g", [["a", "b"], ["c"], ["d"], ["e"], ["f"], ["g"]]),
        ("a\nb\n", [["a"], ["b"]]),
        ("a $A-$B.tar.gz c", [["a", "$A-$B.tar.gz", "c"]]),
        ("a \"b c\"'d'$(e f)", [["a", "\"b c\"'d'$(e f)"], ["e", "f"]]),
        ('echo >&2 "msg" x', [["echo", '"msg"', "x"]]),
        ("cmd 2>/dev/null -q x", [["cmd", "-q", "x"]]),
        (">x a b", [["a", "b"]]),
        ("A=b C= d e", [["d", "e"]]),
        ("A=$A:$A/src go build", [["go", "build"]]),
        ("A=x/$(echo a)/$B/c && d", [[], ["echo", "a"], ["d"]]),
        ("export A=b C", [["export", "A=b", "C"]]),
        ("unset A B", [["unset", "A", "B"]]),
        ("if a; then b; else c; fi; d", [["a"], ["b"], ["c"], ["d"]]),
        ("for x in 1 2; do a $x; done", [["a", "$x"]]),
        ("while a; do b; done", [["a"], ["b"]]),
        ("case $x in a) b;; *) c;; esac", [["b"], ["c"]]),
        ("f() { a; }; f", [["a"], ["f"]]),
        ("(a; b) && { c; d; }", [["a"], ["b"], ["c"], ["d"]]),
        ("! a b", [["a", "b"]]),
        ("a `b c` d", [["a", "`b c`", "d"], ["b", "c"]]),
        ("cat <<EOF | tee x\na $(b)\nEOF\nc", [["cat"], ["b"], ["tee", "x"], ["c"]]),
        ("a && cat <<EOF >x && d\nb\nEOF", [["a"], ["cat"], ["d"]]),
        ("cat <<EOF b c\nEOF", [["cat", "b", "c"]]),
        ("cat <<'EOF'\na && b\nEOF\nc", [["cat"], ["c"]]),
        ("a # note\nb", [["a"], ["b"]]),
        ("a \\\n  b", [["a", "b"]]),
        ("a é \udce9 b", [["a", "é", "\udce9", "b"]]),
        ("find . -exec a {} ';' 2>/dev/null", [["find", ".", "-exec", "a", "{}", "';'"]]),
        ("", []),
    ],
)
def test_words(text: str, expected: list[list[str]]) -> None:
    assert words(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a >x 2>&1 <y", [[(">", "x"), (">&", "1"), ("<", "y")]]),
        ("a && b >x", [[], [(">", "x")]]),
        ("a >x && b >>y && c >z", [[(">", "x")], [(">>", "y")], [(">", "z")]]),
        ("a >x && b && c | d >z", [[(">", "x")], [], [], [(">", "z")]]),
        ("! a >x", [[(">", "x")]]),
        ("cat <<EOF >x\nEOF", [[("<<", "EOF"), (">", "x")]]),
        ('a <<<"b $C"', [[("<<<", '"b $C"')]]),
        ("a >$A/$B.txt b", [[(">", "$A/$B.txt")]]),
        ("(a) >x", [[]]),
        (">x", [[(">", "x")]]),
    ],
)
def test_redirects(text: str, expected: list[list[tuple[str, str]]]) -> None:
    found = [[(r.operator, r.target.raw if r.target else "") for r in command.redirects] for command in commands(text)]
    assert found == expected


def test_assignments() -> None:
    one, two = commands("A=b C=$A/$B:$D e; F=g")
    assert [word.raw for word in one.assignments] == ["A=b", "C=$A/$B:$D"]
    assert ([word.raw for word in two.assignments], two.words, two.name) == (["F=g"], (), None)


def test_operators() -> None:
    assert [c.operator for c in commands("a && b || c; d | e\nf & g")] == ["", "&&", "||", ";", "|", "", "&"]


def test_what_may_not_run() -> None:
    found = {c.words[0].raw: c.conditional for c in commands("a && b || c; if d; then e; fi; f; g() { h; }; (i)")}
    assert found == {"a": False, "b": False, "c": True, "d": True, "e": True, "f": False, "h": True, "i": False}


def test_subshells_and_substitutions() -> None:
    a, b, c, d = commands('a; (b); c "$(d)"')
    assert (a.subshell, len(b.subshell), c.subshell, len(d.subshell)) == ((), 1, (), 1)
    assert [command.substitution for command in (a, b, c, d)] == [False, False, False, True]


def test_places() -> None:
    text = "é && cp 'a b' \udce9 >x"
    command = commands(text)[1]
    assert text[command.start : command.end] == "cp 'a b' \udce9 >x"
    assert [text[word.start : word.end] for word in command.words] == ["cp", "'a b'", "\udce9"]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("a && (b", "could not be parsed"),
        ('a "b', "could not be parsed"),
        ("a # note", "a # in"),
        ("a `# note` b\nc", "a # in"),
        ("a | apt-key add - 2>/dev/null && b", "a part of its shell text was not understood"),
        ("a && \\ b", "a part of its shell text was not understood"),
        ("a `b c`  `d e`", "the backticks"),
        ("A=${B-`c d`} e", "a command substitution"),
        ("a $(( $((b) * 2 )) + 1 ))", "arithmetic"),
        ("a\n\\b", "a line end"),
        ("a; done", "reserved word"),
        ("{ " * 200 + "a;" + " }" * 200, "nested deeper"),
        ("echo \ud800", "half of a character"),
    ],
)
def test_what_is_refused(text: str, reason: str) -> None:
    script = parse_shell(text)
    assert isinstance(script, Opaque)
    assert reason in script.reason or "could not be parsed" in script.reason


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        ("a", "a"),
        ("'a b'\"c\"d", "a bcd"),
        ("a\\ b", "a b"),
        ('"a\\b\\$c"', "a\\b$c"),
        ("$A/x", "1/x"),
        ('"${A}"', "1"),
        ("${A:-b}", "1"),
        ("${A:+b}", "b"),
        ("$none", None),
        ("${none:-b}", None),
        ("$unknown", None),
        ("$split", None),
        ('"$split"', "a b"),
        ("*.go", None),
        ("'*.go'", "*.go"),
        ("~/x", None),
        ("$(a)", None),
        ("`a`", None),
        ("$((1))", None),
        ("{a,b}", None),
        ("a$", "a$"),
        ("[", "["),
        ("'a", None),
        ('"a', None),
        ("$1", None),
        ("", ""),
    ],
)
def test_word_values(raw: str, value: str | None) -> None:
    assert resolve(raw, {"A": "1", "unknown": None, "split": "a b"}) == value


def test_a_long_list_is_as_good_as_a_short_one() -> None:
    """It comes as deep as it is long: list in list, with a redirect in redirect in between."""
    found = commands(" && ".join(f"c{n} >x" if n % 2 else f"c{n} a || d" for n in range(500)))
    assert [command.words[0].raw for command in found if command.words[0].raw != "d"] == [f"c{n}" for n in range(500)]
    assert [len(command.redirects) for command in found if command.words[0].raw != "d"] == [0, 1] * 250
    assert all(command.conditional == (command.words[0].raw == "d") for command in found)


def test_a_text_that_is_too_long_is_refused() -> None:
    script = parse_shell("a " * 10_001)
    assert script == Opaque("its shell text is longer than 20,000 characters")
