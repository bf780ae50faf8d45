"""Every shape that real Dockerfiles have, in files written for it: ``fixtures/_shapes/<case>/Dockerfile``.

Beside it lie ``outline.txt`` (what the reader must see, see test_syntax_outline.py), ``after.Dockerfile`` where the
whole chain at level risky makes a change (none: must be left alone), and ``context/`` where there is a build context.
The names of the shapes come from ``tests/shapes``. When these cases were made, BuildKit's own parser (``dockerfile``
on PyPI) read each of them as the outlines say: keywords, lines, flags, forms, values and heredocs.
"""

from __future__ import annotations

from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from rewriter import DictContext, Level, Options, rewrite
from rewriter.io.context_dir import DirectoryContext
from rewriter.source import decode, encode
from rewriter.syntax import DockerfileError, parse
from tests.shapes import DESCRIPTIONS, classes
from tests.test_syntax_outline import outline

FIXTURES = Path(__file__).parent / "fixtures"
CASES = sorted(path.parent for path in FIXTURES.glob("_shapes/*/Dockerfile"))
BUILT = [case for case in CASES if not case.name.startswith("rejected_")]
REJECTED = [case for case in CASES if case not in BUILT]
UNSEEN = {"rejected: other"}
"""Reasons that no case can have, because each that there is has a name."""
RISKY = Options(level=Level.RISKY)


@cache
def before(case: Path) -> bytes:
    return (case / "Dockerfile").read_bytes()


def after(case: Path) -> bytes:
    path = case / "after.Dockerfile"
    return path.read_bytes() if path.exists() else before(case)


@cache
def shapes(case: Path) -> frozenset[str]:
    return classes(decode(before(case)))


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.name)
def test_outline(case: Path) -> None:
    assert outline(decode(before(case))) == decode((case / "outline.txt").read_bytes())


@pytest.mark.parametrize("case", BUILT, ids=lambda path: path.name)
def test_the_nodes_join_to_the_bytes(case: Path) -> None:
    dockerfile = parse(decode(before(case)))
    assert encode("".join(dockerfile.text[node.start : node.end] for node in dockerfile.nodes)) == before(case)


@pytest.mark.parametrize("case", REJECTED, ids=lambda path: path.name)
def test_what_cannot_be_built_is_rejected(case: Path) -> None:
    with pytest.raises(DockerfileError):
        rewrite(before(case))
    assert [name.partition(":")[0] for name in shapes(case)] == ["rejected"]


@pytest.mark.parametrize("case", BUILT, ids=lambda path: path.name)
def test_the_chain(case: Path) -> None:
    expected = after(case).decode("latin-1")
    without, empty = made(case, None), made(case, DictContext({}))
    if (case / "context").is_dir():
        assert made(case, DirectoryContext(case / "context")) == expected
    else:
        assert (without, empty) == (expected, expected)


def made(case: Path, context: DictContext | DirectoryContext | None) -> str:
    """What the chain makes of a case, once its promises are checked."""
    result = rewrite(before(case), context=context, options=RISKY)
    assert result.unsound == ()
    again = rewrite(encode(result.after), context=context, options=RISKY)
    assert (again.after, again.unsound) == (result.after, ())
    assert Counter(parse(result.before).comments) - Counter(parse(result.after).comments) == Counter()
    return encode(result.after).decode("latin-1")


def test_every_shape_has_a_case() -> None:
    paths = [*CASES, *sorted(path.parent for path in FIXTURES.glob("_syntax/*/Dockerfile"))]
    found = frozenset[str]().union(*(shapes(path) for path in paths))
    assert found == set(DESCRIPTIONS) - UNSEEN


def test_every_case_is_well_formed() -> None:
    for case in CASES:
        names = {path.name for path in case.iterdir()}
        assert {"Dockerfile", "outline.txt"} <= names <= {"Dockerfile", "outline.txt", "after.Dockerfile", "context"}
        assert "after.Dockerfile" not in names or before(case) != after(case)
    assert len({before(case) for case in CASES}) == len(CASES)


def test_every_shape_is_described_in_a_sentence() -> None:
    for name, sentence in DESCRIPTIONS.items():
        family, _, rest = name.partition(": ")
        assert family, name
        assert rest.strip() == rest != "", name
        assert sentence.endswith("."), name


@pytest.mark.parametrize(
    ("lines", "has", "has_not"),
    [
        (
            "RUN a &&\\\n  b",
            {"run: and chain", "continued: escape glued"},
            {"run: semicolons", "continued: not indented"},
        ),
        ("RUN echo 'a && b; c'", {"run: single quotes"}, {"run: and chain", "run: semicolons"}),
        ("RUN apt-get install -y a", {"apt: install", "tools: apt-get"}, {"apt: without -y", "apt: update"}),
        ("RUN apt-get install a", {"apt: without -y"}, {"apt: no recommends"}),
        ("RUN sudo -E python3 -m pip install -r r.txt", {"pip: requirements", "run: sudo"}, {"tools: python"}),
        ("RUN curl -s x | sudo bash -", {"run: curl into a shell"}, {"run: curl into tar"}),
        ("RUN wget -qO- x | tar xz", {"run: curl into tar", "wget: quiet"}, {"run: curl into a shell"}),
        ('CMD ["a", "b c"]', {"start: word with blanks", "start: cmd only"}, {"start: whole command in one word"}),
        ("CMD ['a']", {"cmd: invalid json", "json: single quotes"}, {"cmd: json"}),
        ("COPY --from=0 a /a", {"copy: from an image"}, {"copy: from a stage by number"}),
        ("FROM s\nCOPY --from=0 /x /x", {"copy: from a stage by number", "copy: from, same path"}, {"stages: one"}),
        ("ENV A=b C=d", {"env: several pairs"}, {"env: old form"}),
        ("ENV A b=c", {"env: old form", "env: equals sign in the value"}, {"env: pairs"}),
        ("EXPOSE 80 # web", {"comments: behind an instruction"}, {"comments: attached"}),
        ("# a\nUSER b", {"comments: attached", "user: last"}, {"comments: separated", "user: root"}),
        ("# a\n\nUSER root", {"comments: separated", "user: root"}, {"comments: attached", "user: last"}),
        ("RUN <<EOF\na\nEOF", {"heredoc: script", "run: heredoc"}, {"heredoc: other name", "continued: anything"}),
    ],
)
def test_shapes_of_some_lines(lines: str, has: set[str], has_not: set[str]) -> None:
    found = classes(f"FROM s\n{lines}\n")
    assert has | has_not <= set(DESCRIPTIONS)
    assert (has - found, has_not & found) == (set(), set())
