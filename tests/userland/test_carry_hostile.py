"""Ugly, broken and hostile RUN instructions, and edits that are not what was meant."""

from __future__ import annotations

import pytest

from rewriter.edit import Edit
from rewriter.model.run import script_logical, steps
from rewriter.model.state import State
from rewriter.shell import Opaque, parse_shell
from rewriter.syntax import parse
from rewriter.userland.carry import carry_run
from rewriter.userland.run_words import RunWords
from rewriter.userland.verified import Expected, differs
from tests.userland.carrying import Refused, body, carried, refused, rewritten, target


def run_words(text: str) -> RunWords:
    instruction = parse(text).instructions[1]
    found = steps(instruction, State())
    logical = script_logical(instruction)
    assert not isinstance(found, Opaque)
    assert not isinstance(logical, Opaque)
    script = parse_shell(logical.text)
    assert not isinstance(script, Opaque)
    return RunWords(instruction, State(), found, target(), logical, script)


class TestTheCheckAtTheDoor:
    TEXT = "FROM x\nRUN ./a && \\\n # note\n ./b > /c\nCMD x\n"

    def wrong(self, *edits: Edit) -> str | None:
        run = run_words(self.TEXT)
        return differs(run, edits, [Expected.of(command, None) for command in run.script.commands])

    def at(self, part: str) -> tuple[int, int]:
        start = self.TEXT.index(part)
        return start, start + len(part)

    def test_nothing_changed_is_fine(self) -> None:
        assert self.wrong() is None

    def test_another_command(self) -> None:
        assert self.wrong(Edit(*self.at("./a"), "./x")) == "`./x` was not meant"

    def test_another_redirect(self) -> None:
        assert self.wrong(Edit(*self.at("/c"), "/d")) == "`./b` was not meant"

    def test_one_command_more(self) -> None:
        assert self.wrong(Edit(*self.at("/c"), "/c; ./d")) == "there are more or fewer commands"

    def test_a_lost_comment(self) -> None:
        assert self.wrong(Edit(*self.at(" # note\n"), "")) == "a comment is lost"

    def test_text_that_the_shell_does_not_read(self) -> None:
        assert self.wrong(Edit(*self.at("/c"), "'c")) == "its shell text could not be parsed"

    def test_a_second_instruction(self) -> None:
        assert self.wrong(Edit(*self.at("/c"), "/c\nCMD y")) == "it does not parse"

    def test_no_dockerfile(self) -> None:
        assert self.wrong(Edit(*self.at("/c"), "/c\nNO y")) == "it does not parse"

    def test_an_edit_elsewhere(self) -> None:
        assert self.wrong(Edit(0, 1, "f")) == "an edit leaves it"
        assert self.wrong(Edit(*self.at("CMD x"), "CMD y")) == "an edit leaves it"


OPAQUE = [
    "RUN apt-get update # note\n",
    "RUN apt-get update && `echo x\n",
    "RUN <<EOF\n#!/usr/bin/python3\nprint('apt-get update')\nEOF\n",
]


@pytest.mark.parametrize("run", OPAQUE)
def test_what_is_not_understood_is_refused(run: str) -> None:
    instruction = parse("FROM x\n" + run).instructions[1]
    answer = carry_run(instruction, State(), (), target())
    assert isinstance(answer, Refused)
    assert answer.reason.startswith("line 2: ")


def test_steps_of_another_run_are_refused() -> None:
    instruction = parse("FROM x\nRUN apt-get update && make\n").instructions[1]
    answer = carry_run(instruction, State(), (), target())
    assert answer == Refused("line 2: its commands and its steps are not the same")


def test_a_word_cut_by_a_comment() -> None:
    assert "is cut by a comment" in refused("FROM x\nRUN apt-get install -y lib\\\n# note\nssl-dev\n")


def test_continuations_of_the_shell_in_a_heredoc() -> None:
    before = "RUN <<EOF\napt-get update \\\n  && \\\n  apt-get install -y \\\n  apt-utils \\\n  make\nEOF\n"
    assert body(before) == "RUN <<EOF\napk add --no-cache \\\n  make\nEOF\n"
    last = "RUN <<EOF\n./a \\\n  && \\\n  apt-get clean\n./b\nEOF\n"
    assert body(last) == "RUN <<EOF\n./a\n./b\nEOF\n"


def test_comments_of_a_heredoc_stay_in_their_order() -> None:
    before = "RUN <<EOF\n# a\napt-get update &&\n# b\napt-get install -y make\n  # c\napt-get clean\n# d\nEOF\n"
    assert body(before) == "RUN <<EOF\n# a\n# b\napk add --no-cache make\n  # c\n# d\nEOF\n"


def test_patterns_are_not_deleted_either() -> None:
    assert "`nano*` is a pattern" in refused("FROM x\nRUN apt-get purge -y nano*\n")


def test_the_group_of_root() -> None:
    assert (
        body("RUN useradd -u 1001 -r -g 0 -d /x app\n") == "RUN adduser -S -D -H -s /bin/sh -u 1001 -G root -h /x app\n"
    )


def test_the_right_one_of_several_groups() -> None:
    before = "RUN groupadd -g 1001 a && groupadd -g 1002 b && useradd -g 1002 c\n"
    assert body(before) == "RUN addgroup -g 1001 a && addgroup -g 1002 b && adduser -D -H -G b c\n"


UGLY = {
    "RUN\tapt-get\tupdate\t&&\tapt-get\tinstall\t-y\tmake\n": "RUN\tapk\tadd --no-cache\tmake\n",
    "run apt-get update && apt-get install -y make\n": "run apk add --no-cache make\n",
    "RUN /usr/bin/apt-get update && /usr/bin/apt-get install -y make\n": "RUN apk add --no-cache make\n",
    "RUN apt-get update && apt-get install -y make;\n": "RUN apk add --no-cache make;\n",
    "RUN apt-get install -y make >/dev/null -q zip\n": "RUN apk add --no-cache make >/dev/null zip\n",
    "RUN >/dev/null apt-get install -y make\n": "RUN >/dev/null apk add --no-cache make\n",
    "RUN apt-get install -y -- make\n": "RUN apk add --no-cache make\n",
    'RUN "apt-get" install -y make\n': "RUN apk add --no-cache make\n",
    "RUN apt-get 'install' -y make && ./x é \udcff\n": "RUN apk add --no-cache make && ./x é \udcff\n",
    "RUN case $x in a) apt-get update && apt-get install -y make;; *) ./b;; esac\n": (
        "RUN case $x in a) apk add --no-cache make;; *) ./b;; esac\n"
    ),
    "RUN while ./a; do apt-get update; ./b && apt-get clean; done\n": "RUN while ./a; do ./b; done\n",
    "RUN f() { apt-get update; apt-get install -y make; }; f\n": "RUN f() { apk add --no-cache make; }; f\n",
    "RUN (./a && apt-get clean) && (apt-get update; ./b)\n": "RUN (./a) && (./b)\n",
    "RUN ./a & apt-get update; ./b\n": "RUN ./a & ./b\n",
    "RUN apt-get update \\\n\\\n && apt-get install -y make\n": "RUN apk add --no-cache make\n",
}


@pytest.mark.parametrize("run", UGLY)
def test_ugly(run: str) -> None:
    assert body(run) == UGLY[run]


def test_one_that_never_ends_is_not_made_worse() -> None:
    text = "FROM x\nRUN apt-get update && \\\n    apt-get install -y make && \\\n"
    instruction = parse(text).instructions[1]
    assert isinstance(steps(instruction, State()), Opaque)


def test_what_comes_out_is_left_alone() -> None:
    """A second time nothing is Debian's any more."""
    text = (
        "FROM x\nRUN apt-get update && apt-get install -y make gcc && make && apt-get purge -y gcc && apt-get clean\n"
    )
    once = rewritten(text, carried(text))
    instruction = parse(once).instructions[1]
    found = steps(instruction, State())
    assert not isinstance(found, Opaque)
    assert carry_run(instruction, State(), found, target()) is None


def test_long_lists() -> None:
    packages = " \\\n  # why\n  ".join(["make", "apt-utils", "zip"] * 100)
    after = body(f"RUN apt-get install -y {packages}\n")
    assert after.startswith("RUN apk add --no-cache make \\\n")
    assert after.count("# why") == 299
