"""Text of others in Markdown: it stays text, whatever it holds.

Paths, reasons that quote a Dockerfile and lines of logs come from repositories that anybody may write. In a pull
request they must not ping a person, link an issue, open a tag, close a fence or hide what follows.
"""

from __future__ import annotations

import re

from rewriter.report.words import masked

_MARKS = re.compile(r"[\\`*_{}\[\]<>#!|~&$]")
_ODD = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202f\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
)
"""Control characters, and those that turn the direction of text or are not seen at all."""
_RUNS = re.compile(r"`+")
_STOP = "\u2060"
"""A word joiner, which is not seen: behind it a name is no mention and a number no link."""
_ENTITIES = {"<": "&lt;", ">": "&gt;", "&": "&amp;"}
_BLANKS = re.compile(r"\s")
_STARTS = re.compile(r"[@#](?=[\w-])|(?<![\w/])[Gg][Hh](?=-\d)")
_WORD = re.compile(r"https?://\S+|`[^`\n]+`|[^`]+?(?=https?://|`|$)|`", re.DOTALL)


def seen(text: str, *, strip: bool = True) -> str:
    """The text with what cannot be seen written out (``\\u202e``), in one line."""
    plain = " ".join(text.split()) if strip else _BLANKS.sub(" ", text)
    written = _ODD.sub(lambda match: match.group().encode("unicode_escape").decode(), plain)
    return written.encode("utf-8", "backslashreplace").decode()


def prose(text: str) -> str:
    """A sentence of ours that may quote somebody: what stands in backticks becomes code, all else is plain."""
    found = []
    for part in _WORD.findall(seen(masked(text))):
        quoted = len(part) > 2 and part[0] == part[-1] == "`"
        found.append(code(part[1:-1]) if quoted else escaped(part))
    return "".join(found)


def escaped(text: str) -> str:
    """Plain text: no mark of Markdown or HTML in it means anything, and nobody is called by it."""
    plain = _MARKS.sub(lambda match: _ENTITIES.get(match.group(), f"\\{match.group()}"), seen(text, strip=False))
    return _STARTS.sub(lambda match: match.group() + _STOP, plain)


def code(text: str) -> str:
    """A span of code, whatever backticks it holds."""
    text = seen(text)
    if not text.strip():
        return "` `"
    ticks = "`" * (max(map(len, _RUNS.findall(text)), default=0) + 1)
    padding = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{ticks}{padding}{text}{padding}{ticks}"


def fence(lines: list[str], language: str = "") -> list[str]:
    """A block of code, whatever backticks it holds."""
    shown = [_ODD.sub(lambda match: match.group().encode("unicode_escape").decode(), line) for line in lines]
    shown = [line.encode("utf-8", "backslashreplace").decode().replace("\n", "\\n") for line in shown]
    longest = max((len(run) for line in shown for run in _RUNS.findall(line)), default=0)
    ticks = "`" * max(3, longest + 1)
    return [f"{ticks}{language}", *shown, ticks]
