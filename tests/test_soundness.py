"""The check that every change passes; test_properties.py does the same with generated files."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rewriter.edit import Edit, splice
from rewriter.soundness import Unsound, check, competent, second_reader
from rewriter.syntax import Span, parse

TEXT = "# syntax=x\n# head\nFROM a AS b\nRUN c \\\n  # inside\n  d\n\nCOPY <<EOF /e\n# body\nEOF\nUSER f\n"


def checked(text: str, *edits: Edit) -> str:
    return check(parse(text), edits, splice(text, edits)).text


def place(part: str, text: str = TEXT) -> Span:
    start = text.index(part)
    return Span(start, start + len(part))


class TestAccepted:
    def test_nothing(self) -> None:
        assert checked(TEXT) == TEXT

    def test_another_image(self) -> None:
        at = place("a AS")
        assert "FROM alpine AS b" in checked(TEXT, Edit(at.start, at.start + 1, "alpine"))

    def test_inserted_lines(self) -> None:
        at = place("USER f").start
        assert checked(TEXT, Edit(at, at, "# why\nENV a=b\nRUN <<X\ny\nX\n")).endswith("X\nUSER f\n")

    def test_a_new_stage_at_the_end(self) -> None:
        assert checked("FROM a\nRUN b", Edit(12, 12, "\nFROM c\nRUN d")).endswith("RUN d")

    def test_a_move(self) -> None:
        source = place("RUN c \\\n  # inside\n  d\n")
        end = len(TEXT)
        moved = Edit(end, end, "FROM g\n" + TEXT[source.start : source.end], (source,))
        assert checked(TEXT, moved, Edit(source.start, source.end, "")).endswith("FROM g\nRUN c \\\n  # inside\n  d\n")

    def test_commands_that_are_promised(self) -> None:
        at = place("  d\n")
        edit = Edit(at.start + 2, at.start + 3, "d; D=1 e 'f g'", commands=(("c",), ("e", "'f g'")))
        rejected("promise", TEXT, edit)
        held = (("c", "d"), ("e", "'f g'"))
        assert "  d; D=1 e 'f g'\n" in checked(TEXT, replace(edit, commands=held))

    def test_a_part_of_a_run_that_is_cut_out(self) -> None:
        text = "FROM a\nRUN b && c\n"
        at = place(" && c", text)
        assert checked(text, Edit(at.start, at.end, "", commands=(("b",),))) == "FROM a\nRUN b\n"

    def test_flags_alone(self) -> None:
        text = "FROM a\nRUN --network=host b\n"
        at = place("host", text)
        assert "--network=none b" in checked(text, Edit(at.start, at.end, "none"))

    def test_a_run_that_is_dropped(self) -> None:
        text = "FROM a\n# why\nRUN b\nRUN c\n"
        at = place("RUN b\n", text)
        assert checked(text, Edit(at.start, at.end, "", drops=True)) == "FROM a\n# why\nRUN c\n"


def rejected(message: str, text: str, *edits: Edit) -> None:
    with pytest.raises(Unsound, match=message):
        checked(text, *edits)


class TestRejected:
    def test_commands_without_a_promise(self) -> None:
        at = place("  d\n")
        rejected("promise", TEXT, Edit(at.start + 2, at.start + 3, "e"))
        rejected("promise", TEXT, Edit(at.start + 2, at.start + 3, "e", commands=(("c", "d"),)))
        rejected("promised", TEXT, Edit(at.start + 2, at.start + 3, "e 'f", commands=(("c", "e", "'f"),)))

    def test_commands_of_an_exec_form(self) -> None:
        text = 'FROM a\nRUN ["b"]\n'
        at = place("b", text)
        rejected("promise", text, Edit(at.start, at.end, "c", commands=(("c",),)))

    def test_something_else_that_is_dropped(self) -> None:
        at = place("USER f\n")
        rejected("else than a RUN", TEXT, Edit(at.start, at.end, "", drops=True))
        at = place("RUN c \\\n  # inside\n  d\n")
        rejected("a comment is lost", TEXT, Edit(at.start, at.end, "", drops=True))
        rejected("read as the edits promise", TEXT, Edit(at.start, at.end, "RUN e\n", drops=True))
        rejected("more than a RUN", TEXT, Edit(at.start, at.end + 1, "", drops=True))
        rejected("does not parse", TEXT, Edit(at.start, at.end - 2, "", drops=True))

    def test_a_text_that_the_edits_do_not_make(self) -> None:
        with pytest.raises(Unsound, match="not what the edits make"):
            check(parse(TEXT), (), TEXT.replace("d\n", "e\n"))

    def test_a_result_that_does_not_parse(self) -> None:
        rejected("does not parse", TEXT, Edit(len(TEXT), len(TEXT), "NOPE\n"))

    def test_a_deleted_instruction(self) -> None:
        at = place("USER f\n")
        rejected("moved nowhere", TEXT, Edit(at.start, at.end, ""))
        rejected("replaced as a whole|promise", TEXT, Edit(at.start, at.end, "# gone\n"))
        rejected("replaced as a whole|promise", TEXT, Edit(at.start, at.end, "USER g\n"))

    def test_a_deletion_within_another_edit(self) -> None:
        at = place("RUN c \\\n  # inside\n  d\n\nCOPY <<EOF /e\n# body\nEOF\nUSER f\n")
        rejected("the |something|directive|edited", TEXT, Edit(at.start, at.end, "# inside\nUSER f\n"))

    def test_a_move_that_changes_bytes(self) -> None:
        at = place("USER f\n")
        rejected("same bytes", TEXT, Edit(at.start, at.end, ""), Edit(at.end, at.end, "USER F\n", (at,)))

    def test_a_move_into_a_comment(self) -> None:
        at = place("USER f\n")
        rejected("same bytes", TEXT, Edit(at.start, at.end, ""), Edit(at.end, at.end, "# USER f\n", (at,)))

    def test_a_move_to_two_places(self) -> None:
        at = place("USER f\n")
        edits = [Edit(place("RUN c").start, place("RUN c").start, "USER f\n", (at,)), Edit(at.start, at.end, "")]
        rejected("moved nowhere", TEXT, *edits, Edit(at.end, at.end, "USER f\n", (at,)))

    @pytest.mark.parametrize("comment", ["# head\n", "  # inside\n"])
    def test_a_lost_comment(self, comment: str) -> None:
        at = place(comment)
        rejected("something|a comment is lost", TEXT, Edit(at.start, at.end, ""))

    def test_a_comment_that_is_replaced(self) -> None:
        at = place("  # inside\n  d")
        rejected("a comment is lost: # inside", TEXT, Edit(at.start, at.end, "  d"))
        at = place("# head")
        rejected("a comment is lost: # head", TEXT, Edit(at.start, at.end, "# tail"))

    def test_a_comment_that_becomes_a_body(self) -> None:
        rejected(
            "the |something|directive|edited",
            "FROM z\n# head\nFROM a\n",
            Edit(7, 7, "COPY <<E /x\n"),
            Edit(14, 14, "E\n"),
        )

    def test_a_commented_out_instruction(self) -> None:
        at = place("USER f").start
        rejected("promise", TEXT, Edit(at, at, "#"))

    def test_a_swallowed_instruction(self) -> None:
        at = place("USER f").start
        rejected("the |something|directive|edited", TEXT, Edit(at, at, "RUN x \\\n"))

    def test_a_turned_keyword(self) -> None:
        at = place("USER")
        rejected("no longer what it was", TEXT, Edit(at.start, at.end, "WORKDIR"))

    def test_an_instruction_split_in_two(self) -> None:
        at = place(" f\n")
        rejected("no longer what it was", TEXT, Edit(at.start, at.end, " g\nUSER h\n"))

    def test_a_changed_directive(self) -> None:
        rejected("directive", TEXT, Edit(0, 0, "# check=skip=all\n"))

    def test_a_byte_order_mark(self) -> None:
        rejected("the |something|directive|edited", "FROM a\n", Edit(0, 0, "\ufeff"))
        rejected("the |something|directive|edited", "\ufeffFROM a\n", Edit(0, 1, ""))

    def test_mixed_line_endings(self) -> None:
        rejected("line endings", TEXT, Edit(len(TEXT), len(TEXT), "USER g\r\n"))
        rejected("line endings", "FROM a\r\n", Edit(8, 8, "USER g\n"))
        assert checked("FROM a\r\nUSER b\n", Edit(15, 15, "USER g\r\n"))

    def test_the_final_newline(self) -> None:
        rejected("final newline", TEXT, Edit(len(TEXT), len(TEXT), "USER g"))
        rejected("final newline", "FROM a", Edit(6, 6, "\nUSER g\n"))


class TestSecondReader:
    @pytest.mark.parametrize(
        "text",
        [
            "\ufeffFROM a\n",
            "FROM a\nRUN \udce9\n",
            "FROM a\n\xa0\nRUN b\n",
            "FROM a\nRUN <<E\nE\n",
            "FROM a\nRUN b \\\n\n c\n",
            "FROM a\nRUN b \\\n",
            "FROM a\nRUN\\\n b\n",
            "FROM a\nRUN b \\\\\n",
            "FROM a\n\\\nRUN b\n",
            "FROM a\nCMD\n",
            "FROM a\nRUN b \\\n# c",
            "FROM a\nRUN b\rc\n",
        ],
    )
    def test_where_it_has_no_opinion(self, text: str) -> None:
        assert not competent(parse(text))
        second_reader(parse(text))

    def test_where_it_agrees(self) -> None:
        assert competent(parse("FROM a\n# b\nRUN c \\\n  # d\n  e\n\nUSER f"))
        second_reader(parse("FROM a\n# b\nRUN c \\\n  # d\n  e\n\nUSER f"))

    def test_a_disagreement_is_unsound(self, monkeypatch: pytest.MonkeyPatch) -> None:
        class Other:
            structure = ({"instruction": "FROM", "startline": 0, "endline": 3},)

            def __init__(self, fileobj: object) -> None: ...

        monkeypatch.setattr("dockerfile_parse.DockerfileParser", Other)
        with pytest.raises(Unsound, match="second reader disagrees"):
            second_reader(parse("FROM a\n"))
