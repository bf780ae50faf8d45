"""The oracle: it agrees with our reader on every fixture, and it would say so if it did not."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.oracle import Oracle, verdict
from tests.oracle.client import Silence
from tests.oracle.compare import compare
from tests.oracle.known import REJECTIONS, TRANSLATIONS
from tests.oracle.reading import Command, Rejected, our_reading

FIXTURES = Path(__file__).parent.parent / "fixtures"
FILES = sorted(
    path for name in ("before.Dockerfile", "after.Dockerfile", "Dockerfile") for path in FIXTURES.rglob(name)
)

EXAMPLES = {
    "heredoc-blanks": "RUN cat << EOF > /x\nbody\nEOF\n",
    "text-behind-json": 'CMD ["a"] # b\n',
    "check-directive": "# check=skip=all\n# escape=`\nFROM a\nRUN a `\n  b\n",
    "pattern-operator": "RUN echo ${A#b} ${A//c/d} <<EOF\nbody\nEOF\n",
    "glued-substitution": "RUN cat <<EOF${A:-b}\nRUN c\n",
    "flag-escape": "# escape=`\nFROM a\nRUN --mount=type=bind,target=C:\\b c\n",
    "directive-blanks": "#\u3000escape=`\nFROM a\nRUN a `\n  b\n",
    "nul-in-json": 'CMD ["a\\u0000b"]\n',
    "rejected-later": "RAN a\n",
    "onbuild-trigger": "ONBUILD COPY a\n",
    "unread-flag": "STOPSIGNAL --now 9\n",
    "run-of-nothing": "RUN\n",
    "flag-cut-in-a-character": "COPY --chown=à b c\n",
}

# One instruction for each field in which two readings can differ.
VARIED = """\
FROM --platform=a b
ONBUILD RUN a \\
  b
CMD ["a", "b"]
RUN <<EOF
body
EOF
"""


@pytest.fixture(scope="module")
def oracle() -> Iterator[Oracle]:
    with Oracle() as oracle:
        yield oracle


def _text(lines: str) -> bytes:
    return (lines if "FROM" in lines else f"FROM a\n{lines}").encode()


@pytest.mark.parametrize("path", FILES, ids=lambda path: "/".join(path.parts[-3:-1]) + path.name[0])
def test_every_fixture_is_read_as_the_oracle_reads_it(path: Path, oracle: Oracle) -> None:
    found = verdict(path.read_bytes(), oracle)
    assert found.kind in ("equal", "both-reject", "known"), found


class TestKnownClasses:
    def test_each_has_an_example(self) -> None:
        assert set(EXAMPLES) == {known.name for known in TRANSLATIONS} | set(REJECTIONS)

    @pytest.mark.parametrize(("name", "lines"), EXAMPLES.items())
    def test_an_example_is_of_its_class(self, name: str, lines: str, oracle: Oracle) -> None:
        found = verdict(_text(lines), oracle)
        assert (found.kind, found.detail.partition(": ")[0]) == ("known", name)

    def test_two_classes_in_one_file(self, oracle: Oracle) -> None:
        found = verdict(_text('CMD ["a"] b\nRUN cat << EOF\nbody\nEOF\n'), oracle)
        assert (found.kind, found.detail.split(": ")[:2]) == ("known", ["heredoc-blanks", "text-behind-json"])


# Texts that our reader misread before it had an oracle.
SUBTLE = {
    "no heredoc: blanks behind <<-": "RUN cat <<- EOF\nRUN b\n",
    "no heredoc: other blanks behind <<": "RUN cat <<\vEOF\nRUN cat <<\xa0EOF\n",
    "no heredoc: not at the start of a word": "RUN cat a<< <<EOF\nRUN b\n",
    "no heredoc: a substitution that fails": "RUN echo ${x^^} ${y[0]} <<EOF\nRUN b\nRUN echo ${} <<EOF\n",
    "a heredoc that starts in a substitution": "RUN echo ${x:- <<EOF}\nRUN b\nEOF}\n",
    "a byte order mark before the name of a heredoc": "RUN <<\ufeffEOF\nEOF\n",
    "a backslash that stays in the name of a heredoc": 'RUN <<E"\\a"\nb\nE\\a\n',
    "a number beyond all bounds is no number": "CMD [1e999]\n",
    "a keyword of other letters that is one": "WOR\u212aDIR /b\n",
    "a keyword of other letters that is none": '\u017fHELL ["a"]\n',
}


@pytest.mark.parametrize("lines", SUBTLE.values(), ids=SUBTLE)
def test_what_is_easily_misread(lines: str, oracle: Oracle) -> None:
    found = verdict(_text(lines), oracle)
    assert found.kind in ("equal", "both-reject", "known"), found


class TestDisagreements:
    @pytest.mark.parametrize("field", Command._fields)
    def test_an_altered_reading_disagrees(self, field: str, oracle: Oracle) -> None:
        ours, theirs = our_reading(VARIED), oracle.read(VARIED)
        assert not isinstance(ours, Rejected)
        assert compare(ours, theirs).kind == "equal"
        for index, command in enumerate(ours):
            change: dict[str, Any] = {field: _other(getattr(command, field))}
            altered = (*ours[:index], command._replace(**change), *ours[index + 1 :])
            found = compare(altered, theirs)
            assert (found.kind, found.lines) == ("disagree", (altered[index].start,))
            assert f" {field}: " in found.detail

    def test_an_instruction_more_or_less_disagrees(self, oracle: Oracle) -> None:
        ours, theirs = our_reading(VARIED), oracle.read(VARIED)
        assert not isinstance(ours, Rejected)
        assert compare(ours[:-1], theirs).kind == compare((*ours, ours[-1]), theirs).kind == "disagree"

    def test_a_rejection_of_one_side_disagrees(self, oracle: Oracle) -> None:
        theirs = oracle.read(VARIED)
        assert compare(Rejected("why", 3), theirs).lines == (3,)
        assert compare(our_reading(VARIED), Rejected("why")).kind == "disagree"
        assert compare(Rejected("why", 3), Rejected("why")).kind == "both-reject"


def _other(value: object) -> object:
    if isinstance(value, bool):
        return not value
    if isinstance(value, tuple):
        return (*value, "more")
    return value + 1 if isinstance(value, int) else f"{value}x"


class TestBytes:
    @pytest.mark.parametrize(
        "data",
        [
            b"FROM a\nRUN caf\xe9 \\\n \xff\nENV a=\xa0b\n",
            b'FROM a\nRUN a\x00b\nCMD ["\x00"]\n',
            b"# \x85\nFROM \xc5\xe0\n",
        ],
    )
    def test_a_byte_that_is_no_utf8_is_a_character(self, data: bytes, oracle: Oracle) -> None:
        assert verdict(data, oracle).kind == "equal"

    def test_a_blank_byte_in_a_flag_has_no_stand_in(self, oracle: Oracle) -> None:
        assert verdict(b"FROM a\nCOPY --chown=b\xa0c d\n", oracle).kind == "no-verdict"


class TestWorker:
    NO_UTF8 = "FROM a\nRUN caf\udce9\n"

    def test_it_survives_the_end_of_its_process(self, oracle: Oracle) -> None:
        with pytest.raises(Silence, match="ended the process"):
            oracle.read(self.NO_UTF8)
        assert verdict(b"FROM a\n", oracle).kind == "equal"

    def test_a_part_of_an_answer_that_is_no_utf8(self, oracle: Oracle) -> None:
        found = verdict("FROM a\nHEALTHCHECK CMD\xa0b\n".encode(), oracle)
        assert (found.kind, found.detail) == ("no-verdict", "a part of the answer is no UTF-8")
        assert verdict(b"FROM a\n", oracle).kind == "equal"

    def test_it_gives_up_on_a_text_that_takes_too_long(self) -> None:
        with Oracle() as oracle:
            oracle.read("FROM a\n")
            oracle.seconds = 0.05
            # The older parser copies the whole line for each of its continuations.
            assert verdict(b"FROM a\nRUN b\\\n" + b" c \\\n" * 50_000, oracle).detail == "no answer in time"
            oracle.seconds = 60
            assert verdict(b"FROM a\n", oracle).kind == "equal"

    def test_texts_larger_than_a_pipe(self, oracle: Oracle) -> None:
        assert verdict(b"FROM a\n" + b"RUN b\n" * 20_000, oracle).kind == "equal"


def test_the_worker_imports_nothing_of_ours() -> None:
    source = (Path(__file__).parent / "worker.py").read_text()
    assert not re.search(r"^\s*(?:from|import) +(?:rewriter|transforms|tests)\b", source, re.MULTILINE)
