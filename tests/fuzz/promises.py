"""Everything that must hold for any bytes, in one call."""

from __future__ import annotations

from collections import Counter

from rewriter import DictContext, Level, Options
from rewriter.chain import run_chain
from rewriter.diff import make_patch
from rewriter.discovery import all_transforms
from rewriter.model.run import steps
from rewriter.model.stages import Model
from rewriter.pragmas import ignored_file, pragmas
from rewriter.shell import parse_shell
from rewriter.soundness import second_reader
from rewriter.source import decode, encode
from rewriter.syntax import Dockerfile, DockerfileError, parse
from tests.oracle import Oracle, verdict

CONTEXT = DictContext(
    {
        "go.mod": "module example.org/x\n\ngo 1.18\n",
        "go.sum": "",
        "main.go": 'package main\n\nimport "fmt"\n\nfunc main() { fmt.Println("hi") }\n',
    }
)


def hold(data: bytes, oracle: Oracle) -> None:
    """Raises whatever breaks; text that is no Dockerfile must be rejected by DockerfileError and by the oracle."""
    text = decode(data)
    assert encode(text) == data
    _agree(text, oracle)
    dockerfile = _parsed(text)
    if dockerfile is not None:
        _read(dockerfile)
        after = _chain(text, oracle)
        assert not Counter(dockerfile.comments) - Counter(parse(after).comments), "a comment is lost"


def _parsed(text: str) -> Dockerfile | None:
    """The tree, or None for what is rejected with a line of the text and a reason."""
    try:
        return parse(text)
    except DockerfileError as error:
        line, reason = error.line, error.reason
    assert reason
    assert 1 <= line <= text.count("\n") + 1
    return None


def _agree(text: str, oracle: Oracle) -> None:
    found = verdict(encode(text), oracle)
    assert found.kind != "disagree", f"the oracle disagrees: {found.detail}"


def _read(dockerfile: Dockerfile) -> None:
    """The tree, the second reader, the model and the shell."""
    text = dockerfile.text
    assert "".join(text[node.start : node.end] for node in dockerfile.nodes) == text
    second_reader(dockerfile)
    model = Model(dockerfile)
    pragmas(model)
    ignored_file(model)
    for stage in model.stages:
        for instruction, state in stage.numbered():
            if instruction.name in ("RUN", "CMD", "ENTRYPOINT", "HEALTHCHECK"):
                steps(instruction, state)
                parse_shell(instruction.args)
            for heredoc in instruction.heredocs:
                parse_shell(text[heredoc.body.start : heredoc.body.end])


def _chain(text: str, oracle: Oracle) -> str:
    """All transforms at the highest level, twice; the text after."""
    options = Options(level=Level.RISKY)
    result = run_chain(text, all_transforms(), CONTEXT, options)
    assert not result.unsound, f"unsound: {result.unsound}"
    for step in result.steps:
        if step.before != step.after:
            _agree(step.after, oracle)
    if result.changed:
        make_patch(text, result.after)
        again = run_chain(result.after, all_transforms(), CONTEXT, options)
        assert (again.after, again.unsound) == (result.after, ()), "a second run changes it once more"
    return result.after
