"""Where the image of a stage is written: in its FROM, or in the ARG that the FROM names."""

from __future__ import annotations

import re
from dataclasses import dataclass

from rewriter.model.stages import Stage
from rewriter.situation import Situation
from rewriter.syntax import Instruction, Span
from rewriter.transform import Certainty, Evidence

_VERSION_ARG = re.compile(r"(?P<repository>[^$]+):\$(?:\{(?P<braced>\w+)\}|(?P<plain>\w+))\Z")
_WHOLE_ARG = re.compile(r"\$(?:\{(?P<braced>\w+)\}|(?P<plain>\w+))\Z")


@dataclass(frozen=True, slots=True)
class ImagePlace:
    """Where an image reference is written: in the FROM, or in the ARG that the FROM names."""

    span: Span
    pinned: bool
    """False when the tag's version comes from an ARG: only a floating suffix can be appended."""
    text: str
    """What stands there now."""
    evidence: tuple[Evidence, ...]


def image_place(situation: Situation, stage: Stage) -> ImagePlace | str:
    """Where the stage's image is to be edited, or why it cannot be."""
    from_ = stage.from_
    word = from_.words[0]
    if not from_.logical.whole(word.start, word.end):
        return "its image name runs over a line continuation"
    inner = image_span(stage)
    if inner is None:
        return f"its image {word.text} is written with quotes in an odd place"
    span, text = inner, stage.from_.source[inner.start : inner.end]
    if "$" not in text:
        return ImagePlace(span, True, text, ())
    if text != word.text:
        return f"its image {word.text} is written with quotes and variables"
    match = _VERSION_ARG.match(word.text)
    if match:
        return ImagePlace(span, False, word.text, version_doubt(stage))
    match = _WHOLE_ARG.match(word.text)
    if match:
        return _argument_place(situation, match["braced"] or match["plain"], from_)
    return f"its image {word.text} is put together from variables"


def _argument_place(situation: Situation, name: str, from_: Instruction) -> ImagePlace | str:
    pattern = re.compile(rf"\$(?:{re.escape(name)}\b|\{{{re.escape(name)}\b)")
    holders = [i for i in situation.dockerfile.instructions if i is not from_ and pattern.search(i.logical.text)]
    redeclared = [
        i
        for s in situation.model.stages
        for i in s.instructions
        if i.name == "ARG" and any(p.key == name for p in i.pairs)
    ]
    if holders or redeclared:
        return f"ARG {name} is used elsewhere too (line {(holders or redeclared)[0].line})"
    for instruction in situation.model.global_instructions:
        for pair in instruction.pairs:
            value = pair.value or ""
            quoted = len(value) > 2 and value[0] in "'\"" and value[-1] == value[0]
            inner = value[1:-1] if quoted else value
            if pair.key == name and inner and not any(char in inner for char in "$'\"\\`"):
                end = pair.end - quoted
                doubt = Evidence(
                    f"the image comes from ARG {name}: a build that sets it was not looked at",
                    f"line {instruction.line}",
                    Certainty.ASSUMED,
                )
                return ImagePlace(instruction.span(end - len(inner), end), True, inner, (doubt,))
    return f"its image comes from ARG {name}, whose default could not be read"


def image_span(stage: Stage) -> Span | None:
    """The file span of the reference in FROM, without the quotes around it; None when it holds others."""
    word = stage.from_.words[0]
    quoted = len(word.text) > 2 and word.text[0] in "'\"" and word.text[-1] == word.text[0]
    start, end = (word.start + 1, word.end - 1) if quoted else (word.start, word.end)
    text = word.text[1:-1] if quoted else word.text
    return None if any(char in text for char in "'\"\\`") else stage.from_.span(start, end)


def version_doubt(stage: Stage) -> tuple[Evidence, ...]:
    """What stays open when the image of a stage is put together from variables."""
    if "$" not in stage.image_word:
        return ()
    fact = f"the image {stage.image_word} comes from an ARG: other values than its default were not looked up"
    return (Evidence(fact, f"line {stage.from_.line}", Certainty.ASSUMED),)
