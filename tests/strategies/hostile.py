"""Texts joined from pieces that mean something to the reader, whether or not they make sense together."""

from __future__ import annotations

from hypothesis import strategies as st

_STARTS = ["FROM a\n", "RUN ", "COPY ", "ENV ", "CMD ", "ONBUILD ", "HEALTHCHECK ", "LABEL ", "ARG ", "SHELL ", "ADD "]
_LINE_ENDS = ["\n", "\r\n", "\r", "\v", "\\\n", "\\ \n", "`\n", "\\\\\n", "# c\n", "\nE\n", "\n\tE\n"]
_MARKS = (
    "a # \\ ' \" = A=b << <<E <<-'E' <<< --f= -- --link [\"a\"] [1] [ ] $((1<<2)) , - "
    "${ } $A ${A:-b} ${A:- ${A/ ${A#b} ${A^}"
).split()
_ODD = [" ", "\t", "\xa0", "\x85", "\u3000", "\ufeff", "\x00", "\x1c", "\udce9", "\udca0", "é"]
_DIRECTIVES = ["# escape=`\n", "# syntax=x\n", "# check=skip=all\n"]
HARD_PIECES = st.sampled_from([*_STARTS, *_LINE_ENDS, *_MARKS, *_ODD, *_DIRECTIVES])

# Starts behind which nearly everything is an argument, and what may go on behind them.
_OPEN = ("RUN a,RUN --mount=a,CMD a,CMD ,COPY a b,ENV A=,ENV A b,ARG A=,HEALTHCHECK CMD a,ONBUILD RUN a,USER a").split(
    ","
)
_INSIDE = st.sampled_from([*_MARKS, *_MARKS, *_ODD, " ", " ", " ", "\\\n", " \\\n# c\n", "\\ \n\n "])


def _closed(parts: tuple[str, str, str]) -> str:
    """A line, with the ends of the heredocs that it seems to open."""
    start, inside, end = parts
    return start + inside + end + "E\n" * inside.count("<<E") + "\tE\n" * inside.count("<<-")


_LINES = st.tuples(
    st.sampled_from(_OPEN), st.lists(_INSIDE, max_size=6).map("".join), st.sampled_from(["\n", "\n", "\r\n", " b\n"])
).map(_closed)


def hard_texts() -> st.SearchStrategy[str]:
    """A stage and hard lines or pieces behind it, or pieces alone."""
    pieces = st.lists(HARD_PIECES, max_size=12).map("".join)
    lines = st.lists(_LINES, min_size=1, max_size=3).map("".join)
    return st.one_of(lines, lines, pieces).map(lambda text: f"FROM a\n{text}") | pieces
