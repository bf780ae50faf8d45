"""The Dockerfile language: a lossless tree by BuildKit's own rules."""

from rewriter.syntax.lexer import parse, parse_alone, tile
from rewriter.syntax.logical import Logical, Span
from rewriter.syntax.tree import Dockerfile, DockerfileError, Heredoc, Instruction, Node, Trivia
from rewriter.syntax.words import Flag, JsonString, Pair, Word, WordError

__all__ = [
    "Dockerfile",
    "DockerfileError",
    "Flag",
    "Heredoc",
    "Instruction",
    "JsonString",
    "Logical",
    "Node",
    "Pair",
    "Span",
    "Trivia",
    "Word",
    "WordError",
    "parse",
    "parse_alone",
    "tile",
]
