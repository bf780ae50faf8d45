"""What holds for every text: generated Dockerfiles, hostile pieces and plain bytes (strategies.py)."""

from __future__ import annotations

from contextlib import nullcontext, suppress
from itertools import product

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from rewriter import DictContext, Level, Options
from rewriter.chain import run_chain
from rewriter.diff import make_patch
from rewriter.discovery import chosen
from rewriter.edit import Edit, carry, ordered, splice
from rewriter.model.expansion import ExpansionError, Variables, expand
from rewriter.model.run import steps
from rewriter.model.stages import Model
from rewriter.pragmas import ignored_file, pragmas
from rewriter.shell import Opaque, parse_shell
from rewriter.shell_words import resolve
from rewriter.soundness import Unsound, check, second_reader
from rewriter.source import decode, encode, line_ending
from rewriter.syntax import Dockerfile, DockerfileError, Instruction, Span, parse
from tests.strategies import any_text, dockerfiles, go_dockerfiles, hard_texts

TRANSFORMS = chosen()
CONTEXT = DictContext(
    {
        "go.mod": "module example.org/x\n\ngo 1.18\n",
        "go.sum": "",
        "main.go": 'package main\n\nimport "fmt"\n\nfunc main() { fmt.Println("hi") }\n',
    }
)


def reject(error: DockerfileError, text: str) -> None:
    """Leaves out a text that BuildKit rejects; line and reason must still make sense."""
    assert error.reason
    assert 1 <= error.line <= text.count("\n") + 1
    assume(False)


def read(text: str) -> Dockerfile:
    try:
        return parse(text)
    except DockerfileError as error:
        reject(error, text)
        raise


class TestReader:
    @given(st.binary(max_size=200) | any_text().map(encode))
    def test_nodes_tile_the_bytes(self, data: bytes) -> None:
        text = decode(data)
        dockerfile = read(text)
        assert encode("".join(text[node.start : node.end] for node in dockerfile.nodes)) == data

    @given(any_text())
    def test_every_logical_character_is_the_file_s(self, text: str) -> None:
        for instruction in read(text).instructions:
            logical = instruction.logical
            assert all(text[logical.offset(i)] == char for i, char in enumerate(logical.text))
            offsets = [logical.offset(i) for i in range(len(logical.text))]
            assert offsets == sorted(set(offsets))
            if instruction.trigger is not None:
                inner = instruction.trigger.logical
                assert all(text[inner.offset(i)] == char for i, char in enumerate(inner.text))

    @given(any_text())
    def test_parts_stand_where_they_say(self, text: str) -> None:
        for instruction in read(text).instructions:
            logical = instruction.logical.text
            for word in instruction.words:
                assert logical[word.start : word.end] == word.text
            for string in instruction.json or ():
                assert logical[string.start] == logical[string.end - 1] == '"'
            for heredoc in instruction.heredocs:
                assert text[heredoc.terminator.start : heredoc.terminator.end].strip("\t\r\n") == heredoc.name
            for flag in instruction.flags:
                assert logical.startswith("--", flag.start)
            assert logical[instruction.args_start :].startswith(instruction.args)

    @given(any_text())
    def test_the_second_reader_agrees_where_it_can(self, text: str) -> None:
        dockerfile = read(text)
        second_reader(dockerfile)  # raises Unsound where it reads something else
        assert dockerfile.text == text

    @given(any_text())
    def test_the_model_never_fails(self, text: str) -> None:
        model = Model(read(text))
        assert model.final in model.stages
        assert model.final.index in model.needed()
        pragmas(model)
        ignored_file(model)
        for stage in model.stages:
            for instruction, state in stage.numbered():
                if instruction.name in ("RUN", "CMD", "ENTRYPOINT", "HEALTHCHECK"):
                    steps(instruction, state)


def _insertable(dockerfile: Dockerfile) -> list[int]:
    """Places between nodes, behind the first FROM."""
    first = next(instruction.end for instruction in dockerfile.instructions if instruction.name == "FROM")
    return [node.end for node in dockerfile.nodes if node.end >= first and dockerfile.text[node.end - 1] == "\n"]


@st.composite
def edited(draw: st.DrawFn) -> tuple[Dockerfile, tuple[Edit, ...]]:
    """A file with edits that a transform may make: whole lines between nodes, another image in a FROM."""
    dockerfile = read(draw(dockerfiles() | hard_texts()))
    places = _insertable(dockerfile)
    ending = line_ending(dockerfile.text)
    edits = []
    for place in draw(st.lists(st.sampled_from(places), max_size=2, unique=True)) if places else []:
        lines = draw(st.lists(st.sampled_from(["LABEL new=1", "# new", "FROM scratch AS new"]), min_size=1, max_size=3))
        edits.append(Edit(place, place, "".join(line + ending for line in lines)))
    for instruction in dockerfile.instructions:
        if instruction.name == "FROM" and draw(st.booleans()):
            word = instruction.words[0]
            if instruction.logical.whole(word.start, word.end):
                span = instruction.span(word.start, word.end)
                edits.append(Edit(span.start, span.end, "alpine:3.20"))
    return dockerfile, ordered(edits)


class TestEdits:
    @given(edited())
    def test_sound_edits_are_accepted_and_leave_the_rest(self, case: tuple[Dockerfile, tuple[Edit, ...]]) -> None:
        dockerfile, edits = case
        after = splice(dockerfile.text, edits)
        assert check(dockerfile, edits, after).text == after
        untouched = [i for i in range(len(dockerfile.text)) if not any(e.start <= i < e.end for e in edits)]
        assert all(after[carry(i, edits)] == dockerfile.text[i] for i in untouched)

    @given(dockerfiles(), st.data())
    def test_a_deleted_instruction_is_refused(self, text: str, data: st.DataObject) -> None:
        dockerfile = read(text)
        victim = data.draw(st.sampled_from(dockerfile.instructions))
        for replacement in ("", "# gone" + line_ending(text)):
            edits = (Edit(victim.start, victim.end, replacement),)
            with pytest.raises(Unsound):
                check(dockerfile, edits, splice(text, edits))

    @given(dockerfiles(), st.data())
    def test_a_changed_byte_elsewhere_is_refused(self, text: str, data: st.DataObject) -> None:
        dockerfile = read(text)
        place = data.draw(st.integers(0, len(text) - 1))
        changed = text[:place] + ("~" if text[place] != "~" else "^") + text[place + 1 :]
        with pytest.raises(Unsound):
            check(dockerfile, (), changed)

    @given(dockerfiles(), st.data())
    def test_a_dropped_comment_is_refused(self, text: str, data: st.DataObject) -> None:
        dockerfile = read(text)
        spans = [
            Span(n.start, n.end) for n in dockerfile.nodes if not isinstance(n, Instruction) and n.kind == "comment"
        ]
        spans += [span for instruction in dockerfile.instructions for span in instruction.comments]
        assume(spans)
        span = data.draw(st.sampled_from(spans))
        edits = (Edit(span.start, span.end, ""),)
        with pytest.raises(Unsound):
            check(dockerfile, edits, splice(text, edits))

    @given(dockerfiles())
    def test_mixed_line_endings_are_refused(self, text: str) -> None:
        dockerfile = read(text)
        assume(_insertable(dockerfile) and (("\r\n" in text) != ("\n" in text.replace("\r\n", ""))))
        other = "\n" if line_ending(text) == "\r\n" else "\r\n"
        place = _insertable(dockerfile)[0]
        edits = (Edit(place, place, f"LABEL a=b{other}"),)
        with pytest.raises(Unsound):
            check(dockerfile, edits, splice(text, edits))

    @given(dockerfiles())
    def test_a_turned_instruction_is_refused(self, text: str) -> None:
        dockerfile = read(text)
        for instruction in dockerfile.instructions[:4]:
            for edit in (
                Edit(instruction.start, instruction.start, "#"),
                Edit(instruction.start, instruction.start, "RUN <<EOF\n"),
                Edit(instruction.start, instruction.start, "RUN true \\\n"),
                Edit(instruction.end, instruction.end, "# syntax"),
            ):
                after = splice(text, (edit,))
                try:
                    again = check(dockerfile, (edit,), after)
                except Unsound:
                    continue
                keys = [i.logical.text for i in again.instructions]
                assert all(i.logical.text in keys for i in dockerfile.instructions)


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


class TestTransforms:
    @settings(max_examples=100)
    @given(go_dockerfiles() | dockerfiles(), st.sampled_from([None, CONTEXT]), st.sampled_from(list(Level)))
    def test_the_chain_is_sound_and_stable(self, text: str, context: DictContext | None, level: Level) -> None:
        read(text)
        result = run_chain(text, TRANSFORMS, context, Options(level=level))
        assert result.unsound == ()
        parse(result.after)
        again = run_chain(result.after, TRANSFORMS, context, Options(level=level))
        assert (again.after, again.unsound) == (result.after, ())
        make_patch(text, result.after)

    @settings(max_examples=80)
    @given(go_dockerfiles() | dockerfiles(), st.sampled_from(TRANSFORMS))
    def test_each_transform_alone_is_sound_and_stable(self, text: str, transform: object) -> None:
        read(text)
        alone = [one for one in TRANSFORMS if one is transform]
        result = run_chain(text, alone, CONTEXT, Options(level=Level.RISKY))
        assert result.unsound == ()
        assert run_chain(result.after, alone, CONTEXT, Options(level=Level.RISKY)).after == result.after

    @settings(max_examples=60)
    @given(hard_texts())
    def test_hard_texts_never_crash_the_chain(self, text: str) -> None:
        read(text)
        assert run_chain(text, TRANSFORMS, CONTEXT, Options(level=Level.RISKY)).unsound == ()


EXPANSION_PIECES = "$ { } ${ A ${A :- :+ :? # %% / // * ? ' \" \\ ` b é ( .".split()
EXPANDED = st.lists(st.sampled_from(EXPANSION_PIECES)).map("".join)
SHELL_TOKENS = "a ; && || | & ( ) { } $( ` ' \" \\ $A ${A:-b} > 2>&1 <<E fi done # A=b [ ] é esac".split()
SHELL_OPENERS = [" ", "\n", "\nE\n", "if ", "then ", "for x in ", "do ", "time ", "! ", "case x in ", "\udce9"]
SHELL_PIECES = st.lists(st.sampled_from(SHELL_TOKENS + SHELL_OPENERS), max_size=14).map("".join)


class TestWords:
    @given(EXPANDED, st.sampled_from(["\\", "`"]), st.booleans())
    def test_expansion_never_fails_otherwise(self, raw: str, escape: str, complete: bool) -> None:
        variables = Variables({"A": "x/y/z", "B": None}, complete)
        with suppress(ExpansionError):
            found = expand(raw, variables, escape)
            assert found.known or found.value is None

    @given(EXPANDED | SHELL_PIECES)
    def test_a_shell_word_never_fails(self, raw: str) -> None:
        assert isinstance(resolve(raw, {"A": "b", "B": None}), str | None)

    @given(SHELL_PIECES)
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

    @given(SHELL_PIECES, SHELL_PIECES)
    def test_a_script_behind_another_keeps_its_commands(self, first: str, second: str) -> None:
        one, two, both = parse_shell(first), parse_shell(second), parse_shell(f"{first}\n{second}")
        assume(not any(isinstance(script, Opaque) for script in (one, two, both)))
        assert not isinstance(one, Opaque)
        assert not isinstance(two, Opaque)
        assert not isinstance(both, Opaque)
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
    text = "FROM golang:1.22 AS s0\n" + "".join(f"FROM s{i} AS s{i + 1}\nENV A{i}=b\n" for i in range(1500))
    assert Model(parse(text)).final.root.index == 0
