"""What holds for every text: generated Dockerfiles, hostile pieces and plain bytes (strategies/)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from rewriter import DictContext, Level, Options
from rewriter.chain import run_chain
from rewriter.diff import make_patch
from rewriter.discovery import all_transforms
from rewriter.edit import Edit, carry, ordered, splice
from rewriter.model.run import steps
from rewriter.model.stages import Model
from rewriter.pragmas import ignored_file, pragmas
from rewriter.result import Result, Step
from rewriter.soundness import Unsound, check, second_reader
from rewriter.source import decode, encode, line_ending
from rewriter.syntax import Dockerfile, DockerfileError, Instruction, Span, parse, validate
from rewriter.transform import Transform
from tests.oracle import Oracle, verdict
from tests.strategies import any_text, dockerfiles, go_dockerfiles, hard_texts, instructions

# All of them, those that must be asked for included.
TRANSFORMS = all_transforms()
CONTEXT = DictContext(
    {
        "go.mod": "module example.org/x\n\ngo 1.18\n",
        "go.sum": "",
        "main.go": 'package main\n\nimport "fmt"\n\nfunc main() { fmt.Println("hi") }\n',
    }
)


def share(part: float) -> settings:
    """Fewer examples than the profile asks for, for what takes long."""
    return settings(max_examples=max(1, round(settings().max_examples * part)))


@pytest.fixture(scope="module")
def oracle() -> Iterator[Oracle]:
    with Oracle() as oracle:
        yield oracle


def agree(text: str, oracle: Oracle) -> None:
    """The oracle reads the text as we do."""
    found = verdict(encode(text), oracle)
    # Left out: `<<` and `<<<` as the last operand count as a heredoc in rewriter/syntax/validate.py; they have no name.
    nameless = "only we reject it" in found.detail and "cannot accept a heredoc as destination" in found.detail
    assert found.kind != "disagree" or nameless, found


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


def test_the_grammar_has_every_flag() -> None:
    assert {name: frozenset(flags) for name, flags in instructions.FLAGS.items()} == validate.FLAGS


class TestReader:
    @given(st.binary(max_size=200) | any_text().map(encode))
    def test_nodes_tile_the_bytes(self, data: bytes) -> None:
        text = decode(data)
        dockerfile = read(text)
        assert encode("".join(text[node.start : node.end] for node in dockerfile.nodes)) == data

    @given(st.binary(max_size=200) | any_text().map(encode))
    def test_the_oracle_reads_the_same(self, oracle: Oracle, data: bytes) -> None:
        agree(decode(data), oracle)

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
    text, first = dockerfile.text, next(i.end for i in dockerfile.instructions if i.name == "FROM")
    places = [node.end for node in dockerfile.nodes if node.end >= first and text[node.end - 1] == "\n"]
    # An instruction that the file ends in the middle of would go on in a new line.
    unfinished = len(parse(f"{text}\nLABEL a=b").instructions) == len(dockerfile.instructions)
    return [place for place in places if place < len(text) or not unfinished]


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


def _kept(step: Step) -> None:
    """Every byte outside the edits of a step stands there as before, and every comment is still one."""
    edits = ordered(edit for change in step.changes for edit in change.edits)
    at = place = 0
    for edit in (*edits, Edit(len(step.before), len(step.before), "")):
        kept = step.before[at : edit.start] + edit.text
        assert step.after.startswith(kept, place)
        at, place = edit.end, place + len(kept)
    assert place == len(step.after)
    assert not Counter(parse(step.before).comments) - Counter(parse(step.after).comments)


def _hold(result: Result, oracle: Oracle) -> None:
    """What a result promises of each of its steps."""
    assert result.unsound == ()
    before = result.before
    for step in result.steps:
        assert step.before == before
        _kept(step)
        if step.before != step.after:
            agree(step.after, oracle)
        before = step.after
    if result.steps:
        assert result.after == before
    make_patch(result.before, result.after)


class TestTransforms:
    @share(2 / 3)
    @given(go_dockerfiles() | dockerfiles(), st.sampled_from([None, CONTEXT]), st.sampled_from(list(Level)))
    def test_the_chain_is_sound_and_stable(
        self, oracle: Oracle, text: str, context: DictContext | None, level: Level
    ) -> None:
        read(text)
        result = run_chain(text, TRANSFORMS, context, Options(level=level))
        _hold(result, oracle)
        again = run_chain(result.after, TRANSFORMS, context, Options(level=level))
        assert (again.after, again.unsound) == (result.after, ())

    @share(1 / 2)
    @given(go_dockerfiles() | dockerfiles(), st.sampled_from(TRANSFORMS))
    def test_each_transform_alone_is_sound_and_stable(self, oracle: Oracle, text: str, transform: Transform) -> None:
        read(text)
        result = run_chain(text, [transform], CONTEXT, Options(level=Level.RISKY))
        _hold(result, oracle)
        assert run_chain(result.after, [transform], CONTEXT, Options(level=Level.RISKY)).after == result.after

    @share(2 / 5)
    @given(hard_texts())
    def test_hard_texts_never_crash_the_chain(self, oracle: Oracle, text: str) -> None:
        read(text)
        _hold(run_chain(text, TRANSFORMS, CONTEXT, Options(level=Level.RISKY)), oracle)
