"""What holds for every word, script and diff: made of pieces that mean something to whatever reads them."""

from __future__ import annotations

from contextlib import nullcontext, suppress
from itertools import product

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from rewriter.diff import make_patch
from rewriter.model.expansion import ExpansionError, Variables, expand
from rewriter.model.stages import Model
from rewriter.shell import Opaque, parse_shell
from rewriter.shell_words import resolve
from rewriter.syntax import parse
from tests.strategies import dockerfiles
from tests.strategies.words import COMMANDS, EXPANSIONS, VALUES

LINES = st.lists(
    st.sampled_from(["a", "b", "", "\r", "c\r", "\x0b", "\x0c", "\x85", "\u2028", "-x", "+y", "@@", "\\ No", " "])
)
TEXTS = st.tuples(LINES.map("\n".join), st.sampled_from(["", "\n"])).map("".join)


def applied(before: str, patch: str) -> str:
    """A patch applied by the rules of the format alone: lines end at newlines and nowhere else."""
    old, out = before.split("\n"), []
    at = 0
    for line in patch.split("\n")[2:-1]:
        if line.startswith("@@"):
            start, _, length = line.split()[1][1:].partition(",")
            place = int(start) - (length != "0")
            out += old[at:place]
            at = place
        elif line.startswith((" ", "-")):
            assert old[at] == line[1:]
            at += 1
        if line.startswith((" ", "+")):
            out.append(line[1:])
    return "\n".join([*out, *old[at:]])


class TestDiff:
    @given(TEXTS, TEXTS)
    def test_the_diff_gives_the_new_text(self, before: str, after: str) -> None:
        patch = make_patch(before, after)  # reads itself back, and raises when it is not the new text
        assert bool(str(patch)) == (before != after)
        assert applied(before, str(patch)).rstrip("\n") == after.rstrip("\n")

    @given(dockerfiles(), st.integers(0, 40))
    def test_of_an_inserted_line(self, text: str, at: int) -> None:
        lines = text.split("\n")
        lines.insert(min(at, len(lines)), "RUN new")
        assert make_patch(text, "\n".join(lines)).added >= 1


EXPANSION_PIECES = "$ { } ${ A ${A :- :+ :? # %% / // * ? ' \" \\ ` b é ( .".split()
EXPANDED = st.lists(st.sampled_from(EXPANSION_PIECES)).map("".join) | EXPANSIONS | VALUES
SHELL_TOKENS = "a ; && || | & ( ) { } $( ` ' \" \\ $A ${A:-b} > 2>&1 <<E fi done # A=b [ ] é esac".split()
SHELL_OPENERS = [" ", "\n", "\nE\n", "if ", "then ", "for x in ", "do ", "time ", "! ", "case x in ", "\udce9"]
SHELL_PIECES = st.lists(st.sampled_from(SHELL_TOKENS + SHELL_OPENERS), max_size=14).map("".join)
SCRIPTS = SHELL_PIECES | st.lists(COMMANDS, max_size=3).map("\n".join)


class TestWords:
    @given(EXPANDED, st.sampled_from(["\\", "`"]), st.booleans())
    def test_expansion_never_fails_otherwise(self, raw: str, escape: str, complete: bool) -> None:
        variables = Variables({"A": "x/y/z", "B": None}, complete)
        with suppress(ExpansionError):
            found = expand(raw, variables, escape)
            assert found.known or found.value is None

    @given(EXPANDED | SCRIPTS)
    def test_a_shell_word_never_fails(self, raw: str) -> None:
        assert isinstance(resolve(raw, {"A": "b", "B": None}), str | None)

    @given(SCRIPTS)
    def test_shell_words_stand_where_they_say(self, text: str) -> None:
        script = parse_shell(text)
        if isinstance(script, Opaque):
            assert script.reason
            return
        for command in script.commands:
            for word in (*command.words, *command.assignments):
                assert text[word.start : word.end] == word.raw
            starts = [word.start for word in command.words]
            assert starts == sorted(set(starts))

    @given(SCRIPTS, SCRIPTS)
    def test_a_script_behind_another_keeps_its_commands(self, first: str, second: str) -> None:
        one, two, both = parse_shell(first), parse_shell(second), parse_shell(f"{first}\n{second}")
        assume(not any(isinstance(script, Opaque) for script in (one, two, both)))
        assert not isinstance(one, Opaque)
        assert not isinstance(two, Opaque)
        assert not isinstance(both, Opaque)
        # Left out: of redirections alone in a line, such as `>2>&1`, parse_shell makes some of the next line's command.
        assume(all(command.words or command.assignments for command in one.commands))
        # Left out: an escaped backslash at a line's end is read on into a next line that begins with a backslash.
        assume(not (first.endswith("\\\\") and second.startswith("\\")))
        names = [[[word.raw for word in c.words] for c in script.commands] for script in (one, two, both)]
        assert names[0] + names[1] == names[2]


@pytest.mark.parametrize(
    ("depth", "opener"), list(product([10, 5000], ["(", "$(", "{ ", "if a; then ", "a && ", "`", "${A:-"]))
)
def test_deep_nesting_does_not_exhaust_the_stack(depth: int, opener: str) -> None:
    parse_shell(opener * depth + "x")
    parse(f"FROM a\nRUN {opener * depth}x\n")
    with pytest.raises(ExpansionError, match="too deeply") if depth > 100 else nullcontext():
        expand("${A:-" * depth + "x" + "}" * depth, Variables({}))


def test_a_long_chain_of_stages_does_not_exhaust_the_stack() -> None:
    text = "FROM golang:1.22 AS s0\n" + "".join(f"FROM s{i} AS s{i + 1}\nENV A{i}=b\n" for i in range(450))
    assert Model(parse(text)).final.root.index == 0
