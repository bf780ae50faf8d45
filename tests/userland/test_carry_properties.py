"""Lists of commands drawn from known pieces: what is kept runs as before, and nothing but what was meant changes."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from rewriter.model.run import script_logical
from rewriter.shell import Opaque, parse_shell
from rewriter.syntax import parse
from tests.strategies.layout import gaps
from tests.userland.carrying import Carried, Refused, carry, rewritten, run_of

_GONE = (
    "apt-get update",
    "apt-get clean",
    "rm -rf /var/lib/apt/lists/*",
    "DEBIAN_FRONTEND=noninteractive apt-get -qq update",
    "export DEBIAN_FRONTEND=noninteractive",
    "apt-get install -y apt-utils",
    "apt-get update >/dev/null 2>&1",
)
_KEPT = ("./a", "./b x", "./c > /x", "./d 'y z'", './e "$X"')
_TURNED = (
    ("apt-get install -y make", "apk add --no-cache make"),
    ("apt-get install -y apt-utils zlib1g-dev make", "apk add --no-cache zlib-dev make"),
    ("rm -rf /var/lib/apt/lists/* /tmp/*", "rm -rf /tmp/*"),
    ("DEBIAN_FRONTEND=x apt-get -y install make 'zip'", "apk add --no-cache make 'zip'"),
)
_PIECES = st.sampled_from([*_GONE, *_GONE, *_KEPT, *(before for before, _ in _TURNED)])
_PIECES_FOR_LINES = [*_GONE, *_KEPT, *(before for before, _ in _TURNED)]
_OPERATORS = st.sampled_from(["&&", "&&", "&&", ";", ";", "||"])


@st.composite
def _lists(draw: st.DrawFn, escape: str) -> tuple[str, list[str], list[str]]:
    """A RUN with its commands and operators; words and operators stand apart as Dockerfiles have them."""
    pieces = draw(st.lists(_PIECES, min_size=1, max_size=6))
    operators = [draw(_OPERATORS) for _ in pieces[1:]]
    gap = gaps(escape).map(lambda text: text.replace("\v", " "))
    text = "RUN" + draw(gap)
    for number, piece in enumerate(pieces):
        if number:
            text += draw(gap) + operators[number - 1] + draw(gap)
        text += "".join(word + draw(gap) for word in piece.split(" ")[:-1]) + piece.split(" ")[-1]
    return text, pieces, operators


def _trace(pieces: Sequence[str], operators: Sequence[str], fails: frozenset[str]) -> tuple[list[str], bool]:
    """Which commands run, and whether the last status is good, when some fail."""
    ran: list[str] = []
    good = True
    for number, piece in enumerate(pieces):
        operator = operators[number - 1] if number else ";"
        if (operator == "&&" and not good) or (operator == "||" and good):
            continue
        ran.append(piece)
        good = piece not in fails
    return ran, good


def _after(piece: str) -> str | None:
    return None if piece in _GONE else dict(_TURNED).get(piece, piece)


def _hold(text: str, pieces: list[str], operators: list[str], head: str) -> None:
    answer = carry(head + text)
    if isinstance(answer, Refused):
        assert answer.reason.startswith("line ")
        assert "soundly" not in answer.reason, (text, answer)
        return
    if answer is None:
        assert all(piece in _KEPT for piece in pieces)
        return
    assert isinstance(answer, Carried)
    kept = [piece for piece in pieces if _after(piece) is not None]
    if answer.drops:
        assert kept == []
        return
    after = rewritten(head + text, answer)
    logical = script_logical(run_of(after))
    assert not isinstance(logical, Opaque)
    script = parse_shell(logical.text)
    assert not isinstance(script, Opaque)
    found = [" ".join(logical.text[c.start : c.end].split()) for c in script.commands]
    wanted = [_after(piece) for piece in kept]
    # A command behind `||` of one that always works never ran, and may be gone; here it is refused instead.
    assert found == wanted
    joins = [command.operator for command in script.commands[1:]]
    for count in range(len(kept) + 1):
        for chosen in itertools.combinations(sorted(set(kept)), min(count, len(set(kept)))):
            before, status = _trace(pieces, operators, frozenset(chosen))
            fails = frozenset(str(_after(piece)) for piece in chosen)
            now, new_status = _trace(found, joins, fails)
            assert now == [_after(piece) for piece in before if _after(piece) is not None], (text, after, chosen)
            told = any("now decides" in item.fact for item in answer.evidence)
            assert status == new_status or (not new_status and (told or _translated_last(pieces))), (
                text,
                after,
                chosen,
            )


def _translated_last(pieces: list[str]) -> bool:
    """A failed installation that a clean-up hid before."""
    kept = [piece for piece in pieces if _after(piece) is not None]
    return kept[-1] in dict(_TURNED)


@given(_lists("\\"))
def test_lists(drawn: tuple[str, list[str], list[str]]) -> None:
    text, pieces, operators = drawn
    _hold(text + "\nCMD x\n", pieces, operators, "FROM debian\n")


@given(_lists("`"))
def test_lists_with_another_escape(drawn: tuple[str, list[str], list[str]]) -> None:
    text, pieces, operators = drawn
    _hold(text + "\n", pieces, operators, "# escape=`\nFROM debian\n")


@given(_lists("\\"))
def test_line_ends_of_windows_and_none_at_the_end(drawn: tuple[str, list[str], list[str]]) -> None:
    text, pieces, operators = drawn
    _hold(text.replace("\n", "\r\n"), pieces, operators, "FROM debian\r\n")


@given(st.lists(st.sampled_from([*_PIECES_FOR_LINES, "# a comment", "", "  # indented"]), min_size=1, max_size=8))
def test_heredocs(lines: list[str]) -> None:
    text = "FROM debian\nRUN <<EOF\n" + "\n".join(lines) + "\nEOF\nCMD x\n"
    logical = script_logical(run_of(text))
    if isinstance(logical, Opaque) or isinstance(parse_shell(logical.text), Opaque):
        return
    answer = carry(text)
    if isinstance(answer, Refused):
        assert "soundly" not in answer.reason, (text, answer)
    elif answer is not None and not answer.drops:
        after = rewritten(text, answer)
        wanted = [w for line in lines if not line.lstrip().startswith("#") and line for w in [_after(line)] if w]
        body = parse(after).instructions[1].heredocs[0].body
        found = [
            line for line in after[body.start : body.end].split("\n") if line and not line.lstrip().startswith("#")
        ]
        assert found == wanted
        comments = [line for line in lines if line.lstrip().startswith("#")]
        assert [line for line in after[body.start : body.end].split("\n") if line.lstrip().startswith("#")] == comments
