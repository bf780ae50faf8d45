"""Between bytes and text, without loss.

Text is UTF-8 with ``surrogateescape``: every byte sequence becomes a string and that string becomes the same bytes
again, so a Dockerfile in Latin-1 or with stray bytes is edited like any other and nothing outside an edit changes.
"""

from __future__ import annotations

from typing import Any

BOM = "\ufeff"
_JSON_ESCAPES = (
    r"(?s)\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(?P<half>u[dD][89a-fA-F][0-9a-fA-F]{2})|.)"
)


def decode(data: bytes) -> str:
    """Text of any bytes; ``encode`` gives the same bytes back."""
    return data.decode("utf-8", "surrogateescape")


def encode(text: str) -> bytes:
    """Bytes of a text that came from ``decode`` (or holds no lone surrogates)."""
    return text.encode("utf-8", "surrogateescape")


def load_json(text: str) -> Any:
    """The value of a JSON document; half a surrogate pair reads as U+FFFD, which is what node and Go make of it.

    Python would keep the half, and no file, shell or terminal takes such text. Raises ValueError and RecursionError.
    """
    import json

    if "\\ud" in text or "\\uD" in text:
        import re

        text = re.sub(_JSON_ESCAPES, lambda match: r"\ufffd" if match["half"] else match.group(), text)
    return json.loads(text)


def line_ending(text: str) -> str:
    r"""The file's own habit: ``\r\n`` when its first line ends so, else ``\n``."""
    newline = text.find("\n")
    return "\r\n" if newline > 0 and text[newline - 1] == "\r" else "\n"


def line_of(text: str, offset: int) -> int:
    """The 1-based line that holds ``offset``."""
    return text.count("\n", 0, offset) + 1
