"""Between bytes and text, without loss.

Text is UTF-8 with ``surrogateescape``: every byte sequence becomes a string and that string becomes the same bytes
again, so a Dockerfile in Latin-1 or with stray bytes is edited like any other and nothing outside an edit changes.
"""

BOM = "\ufeff"


def decode(data: bytes) -> str:
    """Text of any bytes; ``encode`` gives the same bytes back."""
    return data.decode("utf-8", "surrogateescape")


def encode(text: str) -> bytes:
    """Bytes of a text that came from ``decode`` (or holds no lone surrogates)."""
    return text.encode("utf-8", "surrogateescape")


def line_ending(text: str) -> str:
    r"""The file's own habit: ``\r\n`` when its first line ends so, else ``\n``."""
    newline = text.find("\n")
    return "\r\n" if newline > 0 and text[newline - 1] == "\r" else "\n"


def line_of(text: str, offset: int) -> int:
    """The 1-based line that holds ``offset``."""
    return text.count("\n", 0, offset) + 1
