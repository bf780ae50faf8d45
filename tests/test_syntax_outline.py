"""Hard files with what the reader must see in them: ``fixtures/_syntax/<case>/Dockerfile`` beside ``outline.txt``.

An outline has one line per node: kind or keyword, lines, flags, arguments in the form that the instruction takes, the
heredocs with the lines of their bodies, the comment lines inside its continuations. A rejected file has one line.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from rewriter.source import decode, encode, line_of
from rewriter.syntax import DockerfileError, Heredoc, Instruction, Node, Trivia, parse

CASES = sorted(path.parent for path in Path(__file__).parent.glob("fixtures/_syntax/*/Dockerfile"))


def outline(text: str) -> str:
    """The outline of a text, or why it is rejected."""
    try:
        dockerfile = parse(text)
    except DockerfileError as error:
        return f"rejected: {error}\n"
    return "".join(_node(text, node) + "\n" for node in dockerfile.nodes)


def _node(text: str, node: Node) -> str:
    first, last = line_of(text, node.start), line_of(text, node.end - 1)
    lines = f"{first}" if first == last else f"{first}-{last}"
    if isinstance(node, Trivia):
        shown = "" if node.kind in ("blank", "bom") else f" {_quoted(text[node.start : node.end].rstrip())}"
        return f"{lines} {node.kind}{shown}"
    comments = [f"comment {line_of(text, span.start)}" for span in node.comments]
    return " ".join([lines, *_instruction(node), *(_heredoc(text, h) for h in node.heredocs), *comments])


def _instruction(node: Instruction) -> list[str]:
    parts = [node.keyword]
    for flag in node.flags:
        parts.append(f"--{flag.name}" if flag.value is None else f"--{flag.name}={_quoted(flag.value)}")
    if node.trigger is not None:
        return [*parts, *_instruction(node.trigger)]
    if node.json is not None:
        return [*parts, "json", *(_quoted(string.value) for string in node.json)]
    if node.name in ("ENV", "LABEL", "ARG"):
        return [
            *parts,
            "pairs",
            *(f"{_quoted(p.key)}={'' if p.value is None else _quoted(p.value)}" for p in node.pairs),
        ]
    if node.name in ("FROM", "COPY", "ADD", "EXPOSE", "VOLUME"):
        return [*parts, "words", *(_quoted(word.text) for word in node.words)]
    return [*parts, "text", _quoted(node.args)]


def _heredoc(text: str, heredoc: Heredoc) -> str:
    body, end = heredoc.body, line_of(text, heredoc.terminator.start)
    lines = f"{line_of(text, body.start)}-{end - 1}" if body.end > body.start else "empty"
    chomp, expand = "-" if heredoc.chomp else "", "" if heredoc.expand else " as is"
    return f"<<{chomp}{_quoted(heredoc.name)} {lines}{expand}"


def _quoted(text: str) -> str:
    return json.dumps(text)


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.name)
def test_the_outline_of_a_hard_file(case: Path) -> None:
    text = decode((case / "Dockerfile").read_bytes())
    assert outline(text) == (case / "outline.txt").read_text()


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.name)
def test_the_nodes_of_a_hard_file_join_to_its_bytes(case: Path) -> None:
    data = (case / "Dockerfile").read_bytes()
    try:
        dockerfile = parse(decode(data))
    except DockerfileError:
        return
    assert encode("".join(dockerfile.text[node.start : node.end] for node in dockerfile.nodes)) == data


def test_there_are_many_hard_files() -> None:
    assert len(CASES) >= 30
