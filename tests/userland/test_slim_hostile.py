"""Odd, huge and unknown words: an answer comes, it is short, and it is never an exception."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rewriter.facts.slim_gap import slim_gap
from rewriter.model.run import Step
from rewriter.syntax import parse
from rewriter.userland.slim import SlimNeeds, slim_needs, slim_package
from rewriter.userland.slim_calls import Call, Unread, calls

FULL = frozenset({"curl", "scm", "full"})
INSTRUCTION = parse("FROM x\nRUN y\n").instructions[1]
NAMES = (
    "git curl wget tar perl gpg make gcc pip pip3 npm yarn svn hg sh bash env xargs find sudo timeout apt-get "
    "pkg-config cargo command which eval trap source . exec su flock nice rsync cpanm mix ./x /usr/bin/git configure -"
).split()


def step(*argv: str | None, cwd: str | None = "/", **variables: str | None) -> Step:
    return Step(argv, cwd, variables, INSTRUCTION)


def ask(*argv: str | None) -> SlimNeeds:
    return slim_needs(step(*argv), FULL, "bookworm")


@pytest.mark.parametrize("name", NAMES)
def test_each_rule_alone_and_with_unknown_words(name: str) -> None:
    for words in ((), (None,), (None, None), ("",), ("-",), ("--",), ("-c",), ("-c", None), ("install", None), ("-I",)):
        found = ask(name, *words)
        assert all(isinstance(text, str) for text in (*found.packages.values(), *found.vetoes, *found.doubts))


def test_no_words() -> None:
    assert ask() == SlimNeeds()
    assert ask(None).doubts == ["line 2: a command is only known at run time"]
    assert ask("").doubts == ["line 2: a command is only known at run time"]


@pytest.mark.parametrize("name", NAMES)
def test_ten_thousand_words(name: str) -> None:
    found = ask(name, *("/usr/include/openssl/x" if at % 2 else f"-{at}" for at in range(10_000)))
    assert len(found.packages) < 20
    assert len(found.doubts) < 20


def test_sentences_stay_short() -> None:
    long = "x" * 100_000
    for argv in (
        ("sh", long),
        ("perl", f"-M{long}"),
        ("perl", long),
        ("pkg-config", long),
        ("pip", f"git+https://{long}"),
    ):
        found = ask(*argv)
        assert max(map(len, (*found.packages.values(), *found.vetoes, *found.doubts))) < 300


def test_many_calls_are_cut() -> None:
    argv: list[str | None] = ["find", "."]
    for _ in range(5_000):
        argv += ["-exec", "file", "{}", ";"]
    found = calls(step(*argv))
    assert len(found) < 500
    assert isinstance(found[-1], Unread)
    assert ask(*argv).packages == {"file": "line 2 calls file"}


def test_runners_in_runners_end() -> None:
    argv = ["sudo"] * 5_000 + ["git"]
    assert len(calls(step(*argv))) < 20
    assert calls(step("sudo", "env", "nice", "git"))[-1] == Call(("git",), False)


def test_texts_in_texts_end() -> None:
    text = "git x"
    for _ in range(12):
        text = "eval " + "'" + text.replace("'", "'\\''") + "'"
        if len(text) > 20_000:
            break
    found = ask("sh", "-c", text)
    assert isinstance(found, SlimNeeds)


def test_long_paths_are_left_out() -> None:
    assert ask("cat", "/usr/include/" + "a/" * 5_000).doubts == []
    assert "zlib1g-dev" in ask("cat", "/usr/include/" + "../" * 1_000 + "usr/include/zlib.h").packages


def test_unknown_folder_of_a_script() -> None:
    assert slim_needs(step("./a", cwd=None), FULL, "bookworm", seen=frozenset({"/a"})).doubts != []
    assert slim_needs(step("./a"), FULL, "bookworm", seen=frozenset({"/a"})).doubts == []


WORDS = st.one_of(
    st.none(),
    st.text(max_size=12),
    st.sampled_from(NAMES),
    st.sampled_from(
        ["-c", "--", "-I{}", "-xJf", "https://h/x", "git@h:x", "git+ssh://h", "{}", ";", "install", "A=b", "/etc/x"]
    ),
)


@given(st.lists(WORDS, max_size=12), st.sampled_from(["bookworm", "buster", "trixie", "jammy", "", "\x00"]))
def test_any_words(argv: list[str | None], suite: str) -> None:
    found = slim_needs(step(*argv, LD_PRELOAD=argv[0] if argv else None), FULL, suite)
    assert all(package and " " not in package for package in found.packages)
    less = slim_needs(step(*argv), FULL, suite, installed=frozenset(found.packages))
    assert not set(less.packages) & set(found.packages)


@given(st.text(max_size=30), st.sampled_from(["bookworm", "buster", "x"]))
def test_any_program(name: str, suite: str) -> None:
    answer = slim_package(name, FULL, suite)
    assert answer is None or " " not in answer
    assert isinstance(slim_gap(suite).path_package(name), str)
