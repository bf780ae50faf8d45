from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rewriter.dockerignore import Dockerignore, clean_path

# (lines, what is ignored, what is not)
CASES: list[tuple[str, list[str], list[str]]] = [
    ("", [], ["a", ".git", "a/b"]),
    # the examples of Docker's own documentation
    ("# comment\n*/temp*", ["some/temporary.txt", "some/temp"], ["temp", "x/y/temp", "comment"]),
    ("*/*/temp*", ["a/b/temporary.txt"], ["temp", "a/temp", "x/y/z/temp"]),
    ("temp?", ["tempa", "tempb"], ["temp", "tempab"]),
    ("*.md\n!README.md", ["a.md", "CHANGELOG.md"], ["README.md", "docs/a.md"]),
    ("*.md\n!README*.md\nREADME-secret.md", ["a.md", "README-secret.md"], ["README.md", "README-a.md"]),
    ("*.md\nREADME-secret.md\n!README*.md", ["a.md"], ["README-secret.md", "README.md"]),
    ("**/*.go", ["a.go", "x/a.go", "x/y/a.go"], ["a.goo", "go"]),
    ("*\n!Dockerfile\n!src", ["a", "x/y", "srcs"], ["Dockerfile", "src", "src/a", "src/b/c"]),
    # one level, anchored at the root
    ("foo", ["foo", "foo/a", "foo/a/b"], ["a/foo", "foobar", "afoo"]),
    ("/foo", ["foo", "foo/a"], ["a/foo"]),
    ("foo/", ["foo", "foo/a"], ["a/foo"]),
    ("/foo/bar", ["foo/bar", "foo/bar/x"], ["foo", "foo/baz", "bar"]),
    ("./foo", ["foo"], ["a/foo"]),
    ("foo/../bar", ["bar", "bar/x"], ["foo", "foo/bar"]),
    ("../foo", [], ["foo", "a/foo"]),
    ("foo//bar", ["foo/bar"], ["foo"]),
    ("*", ["a", "a/b", ".a"], []),
    ("*.log", ["a.log", ".log"], ["x/a.log", "a.logs"]),
    ("*/*.log", ["x/a.log"], ["a.log", "x/y/a.log"]),
    ("a?c", ["abc", "a-c", "aéc"], ["ac", "abbc", "a/c"]),
    # the root itself cannot be left out
    (".", [], ["a", ".", ""]),
    ("/", [], ["a"]),
    # any number of folders
    ("**", ["a", "a/b", ".git"], []),
    ("**/", ["a", "a/b"], []),
    ("**/foo", ["foo", "a/foo", "a/b/foo", "a/foo/b"], ["afoo", "foob", "a/foob"]),
    ("**foo", ["foo", "afoo", "a/foo", "a/bfoo"], ["foob"]),
    ("foo/**", ["foo/a", "foo/a/b"], ["foo", "foob", "a/foo"]),
    ("foo**", ["foo", "foob", "foo/a", "foob/a"], ["fo", "a/foo"]),
    ("foo/**/bar", ["foo/bar", "foo/a/bar", "foo/a/b/bar"], ["foo", "foobar", "foo/a/bars"]),
    ("**/foo/**", ["foo/a", "x/foo/a"], ["foo", "x/foo"]),
    ("**/node_modules", ["node_modules", "a/node_modules/b.js"], ["node_modules.txt"]),
    ("**/*.test.*", ["a.test.js", "x/a.test.js"], ["test.js"]),
    ("**/.*", [".env", "a/.env", ".git/HEAD"], ["a.env", "a/b.c"]),
    ("a/**/*.js", ["a/x.js", "a/b/x.js"], ["x.js", "b/x.js"]),
    # classes, as Go has them: ^ negates, ! does not
    ("[ab]c", ["ac", "bc"], ["cc", "c", "abc"]),
    ("[a-c]x", ["ax", "bx", "cx"], ["dx"]),
    ("[^a]x", ["bx"], ["ax"]),
    ("[!a]x", ["ax", "!x"], ["bx"]),
    ("[.]env", [".env"], ["aenv"]),
    # escapes
    (r"\#a", ["#a"], ["a"]),
    (r"\!a", ["!a"], ["a"]),
    (r"a\*b", ["a*b"], ["ab", "axb"]),
    (r"a\[b", ["a[b"], ["ab"]),
    # dots and the like are letters
    ("a.b", ["a.b"], ["axb"]),
    ("a.b*", ["a.bc"], ["axbc"]),
    ("*a+(b)$", ["xa+(b)$"], ["xaab"]),
    # comments, white space, line ends, the byte order mark
    ("#foo\nbar", ["bar"], ["foo", "#foo"]),
    (" #foo", ["#foo"], ["foo"]),
    ("  foo  ", ["foo"], []),
    ("\tfoo\t", ["foo"], []),
    ("foo\r\nbar\r\n", ["foo", "bar"], []),
    ("\ufefffoo\nbar", ["foo", "bar"], []),
    ("\ufeff#foo\nbar", ["bar"], ["foo"]),
    ("a b", ["a b"], ["a", "b"]),
    ("\n\n\nfoo\n\n", ["foo"], []),
    # exceptions: the last match wins, a match of a parent counts
    ("foo\n!foo/bar", ["foo", "foo/a"], ["foo/bar", "foo/bar/x"]),
    ("!foo\nfoo", ["foo"], []),
    ("foo\n!foo\nfoo", ["foo"], []),
    ("foo\n! foo", [], ["foo"]),
    ("foo\n!/foo", [], ["foo"]),
    ("*\n!**/*.py", ["a", "a/b.c"], ["a.py", "a/b.py"]),
    ("a\n!a/b\na/b/c", ["a/x", "a/b/c", "a/b/c/d"], ["a/b", "a/b/d"]),
    ("**/b\n!a/b", ["b", "x/b"], ["a/b", "a/b/c"]),
    # an exception that could not matter for a folder is not remembered for what is in it
    ("a/*\n!a", ["a/b", "a/b/c"], ["a"]),
    # Docker does not escape these three, and neither do we
    ("*x|y", ["ax", "y", "by", "x/z"], ["z"]),
    ("*.{js,ts}", ["a.{js,ts}"], ["a.js"]),
    # not ASCII
    ("é*", ["éa"], ["e"]),
    ("?", ["é", "\udcff"], ["éa"]),
]  # fmt: skip


@pytest.mark.parametrize(("text", "ignored", "kept"), CASES, ids=[repr(case[0]) for case in CASES])
def test_rules(text: str, ignored: list[str], kept: list[str]) -> None:
    rules = Dockerignore(text)
    assert rules.problems == ()
    assert [path for path in (*ignored, *kept) if rules.ignores(path)] == ignored


def test_agrees_with_docker() -> None:
    """Verdicts of moby/patternmatcher 0.6.1 on patterns made at random, asked folder by folder, as BuildKit does."""
    cases = json.loads(Path(__file__).with_name("dockerignore_moby.json").read_text())
    assert len(cases) > 300
    for text, verdicts in cases:
        rules = Dockerignore(text)
        assert {path: rules.ignores(path) for path in verdicts} == verdicts, text


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("c\n!\nb", "line 2: '!' without a pattern"),
        ("!/", "line 1: '!' without a pattern"),
        ("a[", "line 1: malformed pattern 'a['"),
        ("a[]b]", "line 1: malformed pattern 'a[]b]'"),
        ("a[b-]", "line 1: malformed pattern 'a[b-]'"),
        ("a[^]b", "line 1: malformed pattern 'a[^]b'"),
        ("a[\\", "line 1: malformed pattern 'a[\\'"),
        ("a\\", "line 1: malformed pattern 'a\\'"),
        ("[z-a]", "line 1: malformed pattern '[z-a]'"),
        # Docker reads these two, by accident and otherwise than it says; we do not guess
        ("[[:digit:]]", "line 1: malformed pattern '[[:digit:]]'"),
        (r"x\d", "line 1: malformed pattern 'x\\d'"),
        (r"\q*", "line 1: malformed pattern '\\q*'"),
        (".*[", "line 1: malformed pattern '.*['"),
        ("*b*[", "line 1: malformed pattern '*b*['"),
        ("b\n" + "a" * 70_000 + "\nc", "line 2: longer than 65535 bytes"),
    ],
)
def test_what_makes_docker_refuse_is_named_and_left_out(text: str, problem: str) -> None:
    rules = Dockerignore(text)
    assert rules.problems == (problem,)
    assert not rules.ignores("a")
    assert rules.ignores("b") == ("b" in text.split("\n"))


@pytest.mark.parametrize("path", ["a/b", "/a/b", "./a/b", "a//b", "a/b/", "../a/b", "x/../a/b"])
def test_any_spelling_of_a_path(path: str) -> None:
    assert Dockerignore("a/b").ignores(path)


_SHORT_PATHS = st.lists(st.text(st.sampled_from("ab"), min_size=1, max_size=4), min_size=1, max_size=4).map("/".join)


# Many wildcards are decided in another way than few: each is asked about the same paths.
@pytest.mark.parametrize(
    ("pattern", "matching", "other"),
    [
        ("*a*b*c*d*", ["abcd", "xaxbxcxdx", "aabbccdd"], ["abdc", "ab/cd", "abc"]),
        ("**/*a*/*b*/**", ["a/b/c", "x/xax/b/c/d"], ["a/c/b", "a/b"]),
        ("*/**/*/**/x?[a-c]", ["a/b/xya", "a/b/c/d/e/xyc"], ["a/xya", "a/b/xyd", "xya"]),
        ("a/**/b/**/c/**/d/**", ["a/b/c/d/e", "a/x/b/c/y/z/d/e"], ["a/b/c/d", "a/c/b/d/e"]),
        ("a/**/b*c**/d**e?", ["a/bc/dex", "a/x/b-c--/y/dz/e-"], ["a/bc/de", "b/bc/dex"]),
        ("*.*.*.*\\*", ["a.b.c.d*"], ["a.b.c.d"]),
        ("*é*é*é*?", ["éééx", "aébécé\udcff"], ["ééé"]),
    ],
)
def test_many_wildcards(pattern: str, matching: list[str], other: list[str]) -> None:
    rules = Dockerignore(pattern)
    assert not rules.problems
    assert [path for path in (*matching, *other) if rules.ignores(path)] == matching


@given(st.text(st.sampled_from("ab/*?"), max_size=9), _SHORT_PATHS)
def test_many_wildcards_decide_as_few(pattern: str, path: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        few = Dockerignore(pattern)
        patch.setattr("rewriter.dockerignore._FEW_WILDCARDS", -1)
        many = Dockerignore(pattern)
    assert few.ignores(path) == many.ignores(path)


def test_hostile_patterns_take_no_time() -> None:
    start = time.monotonic()
    for pattern in ("*a" * 30 + "*b", "**/a/" * 30 + "b", "a/**/" * 3 + "*b", "**a" * 30 + "b", "*?" * 30 + "b"):
        rules = Dockerignore(pattern)
        assert not rules.ignores("a" * 250)
        assert not rules.ignores("a/" * 100 + "a")
    assert Dockerignore("*a*a*a*a|").problems
    assert time.monotonic() - start < 10


def test_deep_paths() -> None:
    assert Dockerignore("**/b").ignores("a/" * 5_000 + "b")


@pytest.mark.parametrize(
    ("text", "folder", "pruned"),
    [
        ("a", "a", True),
        ("a", "b", False),
        ("a", "", False),
        ("a\n!b", "a", True),
        ("a\n!a/b", "a", False),
        ("a\n!a/b", "a/c", True),
        ("a\n!a/b", "a/b", False),
        ("*\n!**/x", "a", False),
        ("*\n!docs/*.md", "node_modules", True),
        ("*\n!docs/*.md", "docs", False),
        ("*\n!do*/x", "docs", False),
        ("*\n!x|y", "a", False),
    ],
)
def test_pruning(text: str, folder: str, pruned: bool) -> None:
    assert Dockerignore(text).prunes(folder) == pruned


_PARTS = st.sampled_from(["a", "b", "*", "**", "a*", "?", "[ab]", "c.d"])
_PATTERNS = st.builds(
    lambda bang, parts: bang + "/".join(parts), st.sampled_from(["", "!"]), st.lists(_PARTS, min_size=1, max_size=4)
)
_PATHS = st.lists(st.sampled_from(["a", "b", "ab", "c.d", "x"]), min_size=1, max_size=5)


@given(st.lists(_PATTERNS, max_size=5), _PATHS)
def test_nothing_shows_under_a_pruned_folder(patterns: list[str], parts: list[str]) -> None:
    rules = Dockerignore("\n".join(patterns))
    for end in range(1, len(parts)):
        if rules.prunes("/".join(parts[:end])):
            assert rules.ignores("/".join(parts))


@given(st.text(st.characters() | st.sampled_from("!*?[]\\/#\n\udcff")), st.text())
def test_any_text_compiles(text: str, path: str) -> None:
    assert Dockerignore(text).ignores(path) in (True, False)


@given(st.text(st.sampled_from("a./")))
def test_clean_paths(path: str) -> None:
    clean = clean_path(path)
    assert clean == clean_path(clean)
    assert not {".", ".."} & set(clean.split("/"))
    assert clean == "" or "" not in clean.split("/")
