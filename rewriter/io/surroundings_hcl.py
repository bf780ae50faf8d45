"""The blocks of an HCL file and the attributes that are plain texts or lists of them. Nothing is evaluated."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

HclValue = str | tuple[str, ...] | None
"""A text, a list of texts, or None for anything that would have to be evaluated."""

_TOKEN = re.compile(
    r"""(?P<space>[ \t\r\ufeff]+|\#[^\n]*|//[^\n]*|/\*.*?(?:\*/|\Z))
    | (?P<newline>\n)
    | (?P<heredoc><<-?[ \t]*(?P<tag>[A-Za-z_][\w-]*)[ \t]*\r?\n)
    | (?P<quote>")
    | (?P<word>[A-Za-z_][\w-]*)
    | (?P<other>[\s\S])""",
    re.VERBOSE | re.DOTALL,
)
_PLAIN = re.compile(r'(?:[^"\\$%\n]|\\.|[$%](?!\{)|\$\$\{|%%\{)*"')
_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|.)")
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\"}
_OPENERS, _CLOSERS = frozenset("({["), frozenset(")}]")
_MAX_DEPTH = 100


class HclError(ValueError):
    """No HCL that can be read; says why in one line."""


@dataclass(frozen=True, slots=True)
class Block:
    """One block of the top level, such as ``target "app" { … }``."""

    kind: str
    labels: tuple[str, ...]
    attributes: Mapping[str, HclValue]


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    """For a quoted text its value; empty where it is a template."""
    line: int


def read_hcl(text: str) -> list[Block]:
    """The blocks of the top level. Raises HclError."""
    tokens = _tokens(text)
    blocks: list[Block] = []
    position = 0
    while position < len(tokens):
        if tokens[position].kind != "word":
            position += 1
            continue
        start = position
        position += 1
        while position < len(tokens) and tokens[position].kind in ("word", "text"):
            position += 1
        if position < len(tokens) and tokens[position].text == "{" and tokens[position].kind == "other":
            end = _closing(tokens, position)
            labels = tuple(token.text for token in tokens[start + 1 : position])
            blocks.append(Block(tokens[start].text, labels, _attributes(tokens[position + 1 : end])))
            position = end + 1
        else:  # an attribute of the top level, which nobody asks for
            position = _end_of_value(tokens, position)
    return blocks


def _attributes(tokens: list[_Token]) -> dict[str, HclValue]:
    found: dict[str, HclValue] = {}
    position = 0
    while position < len(tokens):
        token = tokens[position]
        follows = tokens[position + 1] if position + 1 < len(tokens) else None
        end = _end_of_value(tokens, position)
        if token.kind in ("word", "text") and follows is not None and follows.kind == "other" and follows.text == "=":
            found[token.text] = _value(tokens[position + 2 : end])
        position = max(end, position + 1)
    return found


def _value(tokens: list[_Token]) -> HclValue:
    if len(tokens) == 1 and tokens[0].kind == "text":
        return tokens[0].text
    if [(token.kind, token.text) for token in tokens] == [("word", "null")]:
        return ""
    inner = [token for token in tokens[1:-1] if token.kind != "newline"]
    if not (len(tokens) > 1 and tokens[0].text == "[" and tokens[-1].text == "]"):
        return None
    wanted = ["text" if n % 2 == 0 else "," for n in range(len(inner))]
    shapes = [token.text if token.kind == "other" else token.kind for token in inner]
    return tuple(token.text for token in inner if token.kind == "text") if shapes == wanted else None


def _end_of_value(tokens: list[_Token], position: int) -> int:
    """Where the line ends that the brackets allow to end."""
    while position < len(tokens) and tokens[position].kind != "newline":
        if tokens[position].kind == "other" and tokens[position].text in _OPENERS:
            position = _closing(tokens, position)
        position += 1
    return position


def _closing(tokens: list[_Token], position: int) -> int:
    """The place of the bracket that closes the one at `position`."""
    depth = 0
    for place in range(position, len(tokens)):
        token = tokens[place]
        if token.kind == "other" and token.text in _OPENERS:
            depth += 1
        elif token.kind == "other" and token.text in _CLOSERS:
            depth -= 1
            if depth == 0:
                return place
    raise HclError(f"line {tokens[position].line}: the bracket is not closed")


def _tokens(text: str) -> list[_Token]:
    found: list[_Token] = []
    position, line = 0, 1
    while position < len(text):
        match = _TOKEN.match(text, position)
        assert match is not None  # the last alternative takes anything
        kind, end = match.lastgroup or "", match.end()
        if match["heredoc"]:
            closing = re.compile(rf"^[ \t]*{re.escape(match['tag'])}[ \t]*\r?$", re.MULTILINE).search(text, end)
            if closing is None:
                raise HclError(f"line {line}: the heredoc does not end")
            end = closing.end()
            found.append(_Token("heredoc", "", line))
        elif kind == "quote":
            end, token = _quoted(text, end, line)
            found.append(token)
        elif kind != "space":
            found.append(_Token(kind, match.group(), line))
        line += text.count("\n", position, end)
        position = end
    return found


def _quoted(text: str, start: int, line: int) -> tuple[int, _Token]:
    """The end of the quoted text whose content starts at `start`, and its token."""
    plain = _PLAIN.match(text, start)
    if plain is not None:
        return plain.end(), _Token("text", _ESCAPE.sub(_unescape, text[start : plain.end() - 1]), line)
    nested: list[str] = ['"']
    position = start
    while nested:
        char = text[position : position + 1]
        if not char or len(nested) > _MAX_DEPTH or (char == "\n" and nested[-1] == '"'):
            raise HclError(f"line {line}: the text in quotes does not end")
        if nested[-1] == '"' and char == "\\":
            position += 1
        elif nested[-1] == '"' and text.startswith(("${", "%{"), position):
            nested.append("}")
            position += 1
        elif char == nested[-1]:
            nested.pop()
        elif nested[-1] == "}" and char in ('"', "{"):
            nested.append('"' if char == '"' else "}")
        position += 1
    return position, _Token("template", "", line)


def _unescape(match: re.Match[str]) -> str:
    escaped = match[1]
    return chr(int(escaped[1:], 16)) if len(escaped) == 5 else _ESCAPES.get(escaped, escaped)
