"""How the words of an instruction are laid out: blanks and continuations between them, JSON forms, heredocs."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import strategies as st

from tests.strategies.words import COMMANDS


def gaps(escape: str) -> st.SearchStrategy[str]:
    """What may stand between two words: mostly one blank, else continuations with comments and blank lines in them."""
    wide = ["  ", "\t", " \t ", "\v"]
    broken = [f" {escape}\n    ", f" {escape} \t\n ", f"{escape}\n\t", f" {escape}\n{escape}\n "]
    filled = [f" {escape}\n  # note {escape}\n  ", f" {escape}\n\n ", f" {escape}\n# é\udcff\n \t\n\xa0\n#\n "]
    return st.sampled_from([" "] * 12 + wide + broken + filled)


@st.composite
def spaced(draw: st.DrawFn, words: Sequence[str], escape: str) -> str:
    """Words with drawn gaps between them."""
    gap = gaps(escape)
    text = words[0]
    for word in words[1:]:
        text += draw(gap) + word
    return text


@st.composite
def scripts(draw: st.DrawFn, escape: str) -> str:
    """Shell commands, one per line more often than not."""
    commands = draw(st.lists(COMMANDS, min_size=1, max_size=3))
    text = commands[0]
    for command in commands[1:]:
        text += draw(gaps(escape) | st.just("")) + draw(st.sampled_from(["&& ", " && ", "; "])) + command
    return text


_STRINGS = (
    r'"/app/server" "-v" "a\u0041" "\ud83d\udc33" "\ud83d" "\"q\" \\ \/ \b\f\n\r\t" "é" "" "<<EOF" "$A" "\u0000"'
).split(" ")
_JSON_STRINGS = st.sampled_from([*_STRINGS, '"caf\udce9"', '"a b"'])
_NO_JSON = st.sampled_from(
    ["['bad']", '["a",]', '["a"', '["a"] # b', '["a"] <<b', r'["\x"]', '["a\tb"]', "[a]", '["a" "b"]', "[ -f x ]"]
)
_ENDS = ["", "", "", " ", "\t"]


@st.composite
def json_arrays(draw: st.DrawFn, escape: str, least: int = 0) -> str:
    """An exec form."""
    strings = draw(st.lists(_JSON_STRINGS, min_size=least, max_size=3))
    ends = st.sampled_from(_ENDS)
    text = "["
    for index, string in enumerate(strings):
        text += ("," + draw(gaps(escape)).replace("\v", " ") if index else draw(ends)) + string + draw(ends)
    return text + "]"


def exec_forms(escape: str) -> st.SearchStrategy[str]:
    """An array of strings, or what looks like one and is shell form."""
    return json_arrays(escape) | json_arrays(escape, 1) | _NO_JSON


_HEREDOC_NAMES = st.sampled_from(
    [(name, name) for name in ("EOF", "X1", "end.txt", "$x")]
    + [("'EOF'", "EOF"), ('"EOF"', "EOF"), ("'one two'", "one two"), ("eo'f'", "eof"), ("\"a\"'b'", "ab")]
)
_BODY_LINES = st.sampled_from(
    [
        "echo a",
        "# no comment",
        "\ttabbed",
        "go build -o /app .",
        "",
        "$A ${B",
        "EOF ",
        "é \\",
        "#!/bin/sh",
        "RUN x \\",
        "\udce9",
    ]
)


@st.composite
def openers(draw: st.DrawFn) -> tuple[str, str]:
    """A heredoc's ``<<NAME`` and the lines that it takes, its terminator the last."""
    word, name = draw(_HEREDOC_NAMES)
    dash = draw(st.sampled_from(["", "", "-"]))
    blank = draw(st.sampled_from([""] * 6 + [" ", "\t "])) if not dash else ""
    number = draw(st.sampled_from(["", "", "", "3"]))
    tabs = draw(st.sampled_from(["", "\t", "\t\t"])) if dash else ""
    lines = [line for line in draw(st.lists(_BODY_LINES, max_size=3)) if line.lstrip("\t") != name]
    return f"{number}<<{dash}{blank}{word}", "".join(f"\n{line}" for line in [*lines, tabs + name])


@st.composite
def with_heredocs(draw: st.DrawFn, head: str, words: Sequence[str], escape: str, *, last: bool = True) -> str:
    """An instruction that opens one heredoc or several among other words, and their bodies behind it.

    ``last`` allows one as the last word, which is where COPY and ADD have their destination.
    """
    opened = draw(st.lists(openers(), min_size=1, max_size=2))
    places = sorted(draw(st.integers(0, len(words) - (not last))) for _ in opened)
    line = list(words)
    for place, (opener, _) in zip(reversed(places), reversed(opened), strict=True):
        line.insert(place, opener)
    return draw(spaced([head, *line], escape)) + "".join(body for _, body in opened)
