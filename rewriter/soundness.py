"""The check that every change passes before anybody sees it; a failure is a fault of ours and is never applied."""

from __future__ import annotations

import io
import re
from bisect import bisect_left, bisect_right
from collections import Counter

from rewriter.edit import Edit, ordered, splice
from rewriter.model.run import script_logical
from rewriter.shell import Opaque, parse_shell
from rewriter.source import BOM, encode, line_of
from rewriter.syntax import Dockerfile, DockerfileError, Instruction, Trivia, parse, parse_alone


class Unsound(AssertionError):
    """A rewrite that broke a promise; the message names it."""


def check(before: Dockerfile, edits: tuple[Edit, ...], after_text: str) -> Dockerfile:
    """Raises Unsound unless the text after is what the edits promised; returns its tree."""
    edits = ordered(edits)
    if splice(before.text, edits) != after_text:
        raise Unsound("the text is not what the edits make of it")
    try:
        after = parse(after_text)
    except DockerfileError as error:
        raise Unsound(f"the result does not parse: {error}") from error
    _instructions(before, edits, after)
    _moves(before, edits)
    _trivia(before, after)
    _bodies(before, edits)
    second_reader(after)
    return after


def _moves(before: Dockerfile, edits: tuple[Edit, ...]) -> None:
    """What is deleted stands elsewhere with the same bytes, as the same instructions."""
    for edit in edits:
        if edit.drops:
            _dropped(before, edit)
    deleted = {(edit.start, edit.end) for edit in edits if _deletes_instructions(before, edit)}
    promised = [span for edit in edits for span in edit.moved_from]
    for edit in edits:
        if not edit.moved_from:
            continue
        arrived = Counter(_read_alone(edit.text, before))
        for span in edit.moved_from:
            moved = Counter(_key(i) for i in _whole(before, span.start, span.end))
            same = before.text[span.start : span.end].rstrip("\r\n") in edit.text
            if not same or any(count > arrived[key] for key, count in moved.items()):
                raise Unsound(f"line {line_of(before.text, span.start)}: moved bytes are not the same bytes")
    if set(promised) != deleted or len(promised) != len(deleted):
        raise Unsound("something is deleted that is moved nowhere")
    for edit in edits:
        if edit.text and _whole(before, edit.start, edit.end):
            raise Unsound(f"line {line_of(before.text, edit.start)}: an instruction is replaced as a whole")


def _deletes_instructions(before: Dockerfile, edit: Edit) -> bool:
    """True for a deletion that is a half of a move: what is cut out within one instruction is not."""
    if edit.text or edit.drops:
        return False
    touched = (before.instructions[place] for place in _touched(before, edit))
    return not any(i.start < edit.start and edit.end <= i.end for i in touched)


def _dropped(before: Dockerfile, edit: Edit) -> None:
    """What is dropped is RUN instructions from end to end and nothing else, not even a comment within them."""
    gone = _whole(before, edit.start, edit.end)
    line = line_of(before.text, edit.start)
    if edit.text or not gone or any(i.name != "RUN" for i in gone):
        raise Unsound(f"line {line}: something else than a RUN is dropped")
    if gone[0].start != edit.start or sum(i.end - i.start for i in gone) != edit.end - edit.start:
        raise Unsound(f"line {line}: more than a RUN is dropped")


def _whole(dockerfile: Dockerfile, start: int, end: int) -> tuple[Instruction, ...]:
    """The instructions that lie wholly within a span."""
    instructions = dockerfile.instructions
    first = bisect_left(instructions, start, key=_start)
    last = bisect_right(instructions, end, key=_end)
    return instructions[first:last]


def _touched(dockerfile: Dockerfile, edit: Edit) -> range:
    """The places of the instructions that an edit changes: it covers a part of them, or inserts inside of them."""
    first = bisect_right(dockerfile.instructions, edit.start, key=_end)
    last = bisect_left(dockerfile.instructions, edit.end, lo=first, key=_start)
    return range(first, last)


def _start(instruction: Instruction) -> int:
    return instruction.start


def _end(instruction: Instruction) -> int:
    return instruction.end


def _instructions(before: Dockerfile, edits: tuple[Edit, ...], after: Dockerfile) -> None:
    """The result reads as the edits promise, in order: untouched instructions as they were, edited ones as the same
    instruction with its edit made, inserted lines as what they hold when read alone."""
    expected: list[tuple[int, list[tuple[str, str]]]] = []
    for edit in edits:
        if not _touched(before, edit) and edit.text.strip():
            expected.append((edit.start, _read_alone(edit.text, before)))
    editors = _editors(before, edits)
    for place, instruction in enumerate(before.instructions):
        mine = editors.get(place, [])
        if _deleted(instruction, mine):
            continue  # deleted; _moves checks where it went
        if not mine:
            expected.append((instruction.start, [_key(instruction)]))
            continue
        read = _read_alone(_edited(instruction, mine), before)
        if len(read) != 1 or read[0][0] != instruction.name:
            raise Unsound(f"line {instruction.line}: an edited instruction is no longer what it was")
        expected.append((instruction.start, read))
    expected.sort(key=lambda item: item[0])
    keys = [key for _, part in expected for key in part]
    found = [_key(instruction) for instruction in after.instructions]
    if keys != found:
        wrong = next((pair for pair in zip(keys, found, strict=False) if pair[0] != pair[1]), None)
        raise Unsound(f"the result does not read as the edits promise: {wrong or 'instructions are missing'}")


def _editors(before: Dockerfile, edits: tuple[Edit, ...]) -> dict[int, list[Edit]]:
    """The edits of each instruction that is changed, by its place."""
    editors: dict[int, list[Edit]] = {}
    for edit in edits:
        for place in _touched(before, edit):
            editors.setdefault(place, []).append(edit)
    return editors


def _deleted(instruction: Instruction, mine: list[Edit]) -> bool:
    return any(edit.start <= instruction.start and instruction.end <= edit.end for edit in mine)


def _edited(instruction: Instruction, mine: list[Edit]) -> str:
    start = instruction.start
    return splice(instruction.text, (Edit(e.start - start, e.end - start, e.text) for e in mine))


def _bodies(before: Dockerfile, edits: tuple[Edit, ...]) -> None:
    """The body of an edited RUN holds the very commands that its edits promise; flags alone may change without."""
    for place, mine in _editors(before, edits).items():
        run = before.instructions[place]
        if run.name != "RUN" or _deleted(run, mine) or all(edit.end <= run.args_span.start for edit in mine):
            continue
        promised = [edit.commands for edit in mine if edit.commands is not None]
        if promised != [commands_of(_parse_alone(_edited(run, mine), before)[0])]:
            raise Unsound(f"line {run.line}: an edited RUN does not hold the commands that were promised")


def commands_of(run: Instruction) -> tuple[tuple[str, ...], ...] | None:
    """The words as written of every command of a shell-form RUN, without assignments; None when that is not read."""
    body = script_logical(run) if run.json is None else Opaque("an exec form")
    script = parse_shell(body.text) if not isinstance(body, Opaque) else body
    if isinstance(script, Opaque):
        return None
    return tuple(tuple(word.raw for word in command.words) for command in script.commands)


def _parse_alone(text: str, before: Dockerfile) -> tuple[Instruction, ...]:
    try:
        return parse_alone(text, before.escape)
    except DockerfileError as error:
        raise Unsound(f"edited lines do not parse: {error}") from error


def _read_alone(text: str, before: Dockerfile) -> list[tuple[str, str]]:
    return [_key(instruction) for instruction in _parse_alone(text, before)]


def _key(instruction: Instruction) -> tuple[str, str]:
    bodies = "".join(instruction.source[h.body.start : h.terminator.end] for h in instruction.heredocs)
    return instruction.name, instruction.logical.text.strip() + bodies


def _trivia(before: Dockerfile, after: Dockerfile) -> None:
    lost = Counter(before.comments) - Counter(after.comments)
    if lost:
        raise Unsound(f"a comment is lost: {next(iter(lost))}")
    if before.directives != after.directives:
        raise Unsound("a parser directive is changed")
    if before.text.startswith(BOM) != after.text.startswith(BOM):
        raise Unsound("the byte order mark is changed")
    crlf, bare = (before.text.count("\r\n"), before.text.count("\n") - before.text.count("\r\n"))
    new_crlf, new_bare = (after.text.count("\r\n"), after.text.count("\n") - after.text.count("\r\n"))
    if (new_crlf and not crlf) or (new_bare and not bare and crlf):
        raise Unsound("line endings are mixed")
    if before.text.endswith("\n") != after.text.endswith("\n"):
        raise Unsound("the final newline is changed")


def second_reader(dockerfile: Dockerfile) -> None:
    """dockerfile-parse must see the same instructions wherever it is competent.

    It is not for heredocs, blank lines inside a continuation, a continuation at the end of the file, a BOM, a keyword
    glued to the escape token, a doubled escape, a first line of only an escape, an instruction without arguments, and
    bytes that are not UTF-8 (measured over 9,813 public Dockerfiles, 2026-11).
    """
    if not competent(dockerfile):
        return
    from dockerfile_parse import DockerfileParser

    reader = DockerfileParser(fileobj=io.BytesIO(encode(dockerfile.text)))
    theirs = [
        (s["instruction"], s["startline"], s["endline"]) for s in reader.structure if s["instruction"] != "COMMENT"
    ]
    ours = []
    for instruction in dockerfile.instructions:
        first = instruction.line
        lines = dockerfile.text[instruction.start : instruction.end].rstrip("\r\n").count("\n")
        ours.append((instruction.name, first - 1, first - 1 + lines))
    if ours != theirs:
        different = next((a, b) for a, b in zip([*ours, None], [*theirs, None], strict=False) if a != b)
        raise Unsound(f"the second reader disagrees: {different[0]} against {different[1]}")


_LIKE_A_DIRECTIVE = re.compile(r"\s*#\s*escape\s*=\s*[`\\]\s*\Z", re.IGNORECASE)


def _glued(first: str, node: Instruction, escape: str) -> bool:
    """True when a continuation touches or splits the keyword."""
    return len(first) <= len(node.keyword) + 1 and first.endswith(escape)


def competent(dockerfile: Dockerfile) -> bool:
    """True when dockerfile-parse is known to read such a file as BuildKit does."""
    text = dockerfile.text
    if text.startswith(BOM) or any("\ud800" <= char <= "\udfff" for char in text):
        return False
    escape = dockerfile.escape
    if escape != "\\" and len(dockerfile.directives) > 1:
        return False  # it finds the escape directive at the top, or behind a syntax directive alone
    for node in dockerfile.nodes:
        if isinstance(node, Trivia):
            if node.kind == "blank" and text[node.start : node.end].strip(" \t\r\n"):
                return False
            if node.kind == "comment" and _LIKE_A_DIRECTIVE.match(text, node.start, node.end):
                return False  # BuildKit takes fewer blanks in one, and none behind a comment
            continue
        lines = node.text.rstrip("\r\n").split("\n")
        stripped = [line.rstrip(" \t\r") for line in lines]
        if (
            node.heredocs
            or not node.args
            or any(not line.strip() for line in stripped[1:])
            or stripped[-1].endswith(escape)
            or stripped[-1].lstrip().startswith("#")
            or any(line.endswith(escape * 2) for line in stripped)
            or stripped[0].strip() == escape
            or _glued(stripped[0].lstrip(), node, escape)
            or any("\r" in line.rstrip("\r") or "\x0b" in line or "\x0c" in line for line in lines)
            or any(char in node.text for char in "\x85\xa0\u2028\u2029\x1c\x1d\x1e")
        ):
            return False
    return True
