"""The reader: what the outlines cannot show."""

from __future__ import annotations

import pytest

from rewriter.source import BOM, decode, encode, line_ending, line_of, load_json
from rewriter.syntax import DockerfileError, Logical, Span, parse


class TestSource:
    @pytest.mark.parametrize("data", [b"", b"\xff\x00\xfe", "é\r\n".encode(), b"\xef\xbb\xbfa", b"\xed\xa0\x80"])
    def test_bytes_come_back(self, data: bytes) -> None:
        assert encode(decode(data)) == data

    @pytest.mark.parametrize(
        ("text", "ending"), [("", "\n"), ("a", "\n"), ("a\nb\r\n", "\n"), ("a\r\nb\n", "\r\n"), ("\n\r\n", "\n")]
    )
    def test_line_ending(self, text: str, ending: str) -> None:
        assert line_ending(text) == ending

    def test_line_of(self) -> None:
        assert [line_of("a\r\nb\rc\n", at) for at in (0, 2, 3, 5, 7)] == [1, 1, 2, 2, 3]

    @pytest.mark.parametrize(
        ("written", "read"),
        [
            (r"a\ud800b", "a\ufffdb"),
            (r"\udfff\uD800", "\ufffd\ufffd"),
            (r"\ud83d\ude00", "\U0001f600"),
            (r"\ud83d\ud83d\uDE00", "\ufffd\U0001f600"),
            (r"\\ud800", r"\ud800"),
            (r"\\\ud800\u00e9\"", '\\\ufffdé"'),
        ],
    )
    def test_half_a_surrogate_pair_in_json(self, written: str, read: str) -> None:
        assert load_json(f'{{"{written}": ["{written}"]}}') == {read: [read]}


class TestLongLines:
    @pytest.mark.parametrize("filler", ["a", "é", "\U0001f433", "\udce9"])
    def test_the_longest_line_is_read(self, filler: str) -> None:
        width = len(encode(filler))
        line = "RUN " + filler * ((65_534 - 4) // width)
        line += "a" * (65_534 - len(encode(line)))
        parse(f"FROM a\n{line}\n")
        with pytest.raises(DockerfileError, match="line 2: line is longer than 65535 bytes"):
            parse(f"FROM a\n{line}a\n")

    def test_a_joined_line_may_be_longer(self) -> None:
        part = "a" * 60_000
        (_, run) = parse(f"FROM a\nRUN {part} \\\n{part}\n").instructions
        assert len(run.logical.text) == 4 + 60_000 + 1 + 60_000

    def test_a_line_of_a_heredoc_counts(self) -> None:
        with pytest.raises(DockerfileError, match="line 3"):
            parse("FROM a\nRUN <<EOF\n" + "a" * 66_000 + "\nEOF\n")


class TestLogical:
    TEXT = "ab\\\ncd\\\nef"
    LOGICAL = Logical(TEXT, (Span(0, 2), Span(4, 6), Span(8, 10)))

    def test_text_and_offsets(self) -> None:
        assert self.LOGICAL.text == "abcdef"
        assert [self.LOGICAL.offset(i) for i in range(7)] == [0, 1, 4, 5, 8, 9, 10]

    def test_span_and_whole(self) -> None:
        assert self.LOGICAL.span(1, 3) == Span(1, 5)
        assert self.LOGICAL.span(2, 2) == Span(4, 4)
        assert self.LOGICAL.whole(2, 4)
        assert not self.LOGICAL.whole(1, 3)

    def test_slice(self) -> None:
        inner = self.LOGICAL.slice(self.TEXT, 1, 5)
        assert (inner.text, inner.pieces) == ("bcde", (Span(1, 2), Span(4, 6), Span(8, 9)))
        assert self.LOGICAL.slice(self.TEXT, 3, 3).text == ""

    def test_spans_overlap(self) -> None:
        assert Span(0, 2).overlaps(Span(1, 3))
        assert not Span(0, 2).overlaps(Span(2, 3))


class TestTree:
    TEXT = BOM + "# escape=`\n# one\n\n# two\n# three\nfrom a AS b\nRUN x `\n # four\n y\n"

    def test_attached_comments(self) -> None:
        dockerfile = parse(self.TEXT)
        from_, run = dockerfile.instructions
        assert dockerfile.attached_comments(from_) == self.TEXT.index("# two")
        assert dockerfile.attached_comments(run) == run.start

    def test_comments_and_directives(self) -> None:
        dockerfile = parse(self.TEXT)
        assert dockerfile.comments == ("# escape=`", "# one", "# two", "# three", "# four")
        assert dockerfile.directives == ("# escape=`",)

    def test_an_instruction_names_its_place(self) -> None:
        from_, run = parse(self.TEXT).instructions
        assert (from_.line, run.line, run.name, from_.keyword) == (6, 7, "RUN", "from")
        assert run.text == "RUN x `\n # four\n y\n"
        assert repr(from_).startswith("<FROM ")
        assert self.TEXT[run.args_span.start : run.args_span.end] == "x `\n # four\n y"

    def test_flag(self) -> None:
        (_, copy) = parse("FROM a\nCOPY --from=x --link a b\n").instructions
        assert (copy.flag("from"), copy.flag("link"), copy.flag("chown")) == ("x", "", None)

    def test_operands_of_either_form(self) -> None:
        (_, plain, json) = parse('FROM a\nCOPY a b\nCOPY ["a b", "c"]\n').instructions
        assert (plain.operands, json.operands) == (("a", "b"), ("a b", "c"))
