"""Reads a file of the context within bounds: text, JSON, TOML or XML, or the one reason why not. Nothing raises.

Whoever sends a repository may have written these files to hurt: they may be huge, binary, nested a million deep, or
full of XML entities. What is refused here is not needed by any real manifest.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rewriter.source import load_json

if TYPE_CHECKING:
    from typing import Any
    from xml.etree.ElementTree import Element

    from rewriter.context import BuildContext

_LAST_COMMA = re.compile(r'("(?:[^"\\]|\\.)*+"|\\.)|,(?=\s*[}\]])')
MOST_BYTES = 8_000_000  # the lock of a large monorepo has 3 to 5 million
MOST_TOML = 4_000_000
MOST_DEPENDENCIES = 20_000


@dataclass(frozen=True, slots=True)
class Unread:
    """Why a file could not be understood, as a clause without a full stop."""

    reason: str


def read_text(context: BuildContext, path: str, limit: int = MOST_BYTES) -> str | Unread:
    """The text of a file, without a byte order mark and with line feeds only."""
    content = context.read(path, limit)
    if content is None:
        return Unread(f"cannot be read or is larger than {limit // 1_000_000} MB")
    if b"\0" in content:
        return Unread("is a binary file")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return Unread("is not UTF-8")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def read_json(context: BuildContext, path: str, *, commas: bool = False) -> dict[str, Any] | Unread:
    """The JSON object of a file; of a key that is there twice the last one counts, as for the package managers.

    ``commas``: a comma may stand behind the last member, as in JSONC.
    """
    text = read_text(context, path)
    if isinstance(text, Unread):
        return text
    if commas:
        text = _LAST_COMMA.sub(lambda match: match[1] or "", text)

    try:
        value = load_json(text)
    except (ValueError, RecursionError) as error:
        return Unread(f"is not valid JSON ({_first_line(error)})")
    return value if isinstance(value, dict) else Unread("holds no JSON object")


def read_toml(context: BuildContext, path: str) -> dict[str, Any] | Unread:
    """The TOML document of a file."""
    text = read_text(context, path)
    if isinstance(text, Unread):
        return text
    if len(text) > MOST_TOML:
        return Unread(f"is larger than {MOST_TOML // 1_000_000} MB")  # the parser takes a second for each of them
    if has_endless_keys(text):
        return Unread("has keys of too many parts")
    import tomllib

    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        return Unread(f"is not valid TOML ({_first_line(error)})")


def has_endless_keys(toml: str) -> bool:
    """Whether keys of a TOML document have so many parts (``a.b.c``) that the parser, square in them, would not end."""
    return sum(dots * dots for dots in map(_dots, toml.split("\n")) if dots > 20) > 10_000_000


def read_xml(context: BuildContext, path: str) -> Element | Unread:
    """The root of the XML document of a file; a document type or entities are refused before anything is parsed."""
    text = read_text(context, path)
    if isinstance(text, Unread):
        return text
    lowered = text.lower()
    if "<!doctype" in lowered or "<!entity" in lowered:
        return Unread("declares a document type or entities, which no such file needs")
    if lowered.count("<") > 400_000:
        return Unread("has too many elements")
    from xml.etree import ElementTree

    try:
        return ElementTree.fromstring(text)
    except (ElementTree.ParseError, ValueError, RecursionError) as error:
        return Unread(f"is not valid XML ({_first_line(error)})")


def local_name(element: Element) -> str:
    """The name of an element without its namespace; "" for a comment."""
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def child_text(element: Element, name: str) -> str:
    """The stripped text of the first child of that name; "" where there is none."""
    for child in element:
        if local_name(child) == name:
            return (child.text or "").strip()
    return ""


def mapping(value: object) -> dict[str, Any]:
    """The value itself when it is a mapping, else an empty one: what is of another type says nothing."""
    return value if isinstance(value, dict) else {}


def sequence(value: object) -> list[Any]:
    """The value itself when it is a list, else an empty one."""
    return value if isinstance(value, list) else []


def string(value: object) -> str:
    """The value itself when it is text, else ""."""
    return value if isinstance(value, str) else ""


def strings(value: object) -> tuple[str, ...]:
    """The texts of a list; of anything else, none."""
    return tuple(item for item in sequence(value) if isinstance(item, str))


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0][:120] or type(error).__name__


def _dots(line: str) -> int:
    return line.count(".")
