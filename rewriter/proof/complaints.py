"""Lines of a program's output that tell of an error, and which of them the original does not print."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence

from rewriter.proof.engine import Output
from rewriter.proof.tokens import Line

# Nobody prints these when all is well: each alone is a difference.
_FATAL = re.compile(
    r"^panic: |^fatal error: |\bTraceback \(most recent call last\)|^Exception in thread |"
    r"error while loading shared libraries|cannot open shared object|symbol lookup error|Error relocating |"
    r"\bGLIBC(?:XX)?_[\d.]+' not found|\bx509: |unknown time zone|Segmentation fault|"
    r"\b(?:ClassNotFoundException|NoClassDefFoundError|UnsupportedClassVersionError|UnsatisfiedLinkError)\b|"
    r"^(?:ModuleNotFoundError|ImportError): |Cannot find module '|Unable to access jarfile|no main manifest attribute"
)
# These may be harmless: a file that is not obligatory, an answer to somebody else's mistake.
_SOFT = re.compile(
    r"no such file|not found|cannot find|can't find|permission denied|\bEACCES\b|\bENOENT\b|operation not permitted|"
    r"read-only file system|\b(?:fatal|panic|emerg|critical)\b|\berror\b|exception\b|failed to |unable to |cannot ",
    re.IGNORECASE,
)
_REPEATED = 3
_SHOWN = 300
_MOST_LINES = 5000


def lines_of(output: Output) -> list[str]:
    """What was printed on either stream, line by line, without empty lines; standard error first."""
    text = output.stderr + b"\n" + output.stdout
    lines = (line.strip() for line in text.decode("utf-8", "replace").splitlines()[:_MOST_LINES])
    return [line for line in lines if line]


def telling_line(output: Output) -> str:
    """The line that says best what went wrong: the first that is surely an error, perhaps one, or else the last."""
    lines = lines_of(output)
    for pattern in (_FATAL, _SOFT):
        for at, line in enumerate(lines):
            if not pattern.search(line):
                continue
            # Python names the error in the last line of a traceback, the first that is not indented.
            if "Traceback (most recent" in line:
                return shown(_end_of_traceback(output, lines[at]))
            return shown(line)
    return shown(lines[-1]) if lines else ""


def _end_of_traceback(output: Output, start: str) -> str:
    for stream in (output.stderr, output.stdout):
        lines = stream.decode("utf-8", "replace").splitlines()
        begun = False
        for line in lines:
            if begun and line.strip() and not line[0].isspace():
                return line.strip()
            begun = begun or line.strip() == start
    return start


def new_complaints(originals: Sequence[Output], new: Output, *, fatal: bool) -> list[str]:
    """Lines that tell of an error, of a shape that no run of the original printed; most telling first.

    With ``fatal`` only those that nobody prints when all is well, and those that come again and again.
    """
    known = {_shape(line) for output in originals for line in lines_of(output)}
    fresh = [line for line in lines_of(new) if _shape(line) not in known]
    sure = [line for line in fresh if _FATAL.search(line)]
    perhaps = [line for line in fresh if _SOFT.search(line) and line not in sure]
    if fatal:
        often = Counter(_shape(line) for line in perhaps)
        perhaps = [line for line in perhaps if often[_shape(line)] >= _REPEATED]
    return distinct((*sure, *perhaps))


def distinct(lines: Iterable[str]) -> list[str]:
    """The lines as a sentence quotes them, the first of each shape."""
    first: dict[str, str] = {}
    for line in lines:
        first.setdefault(_shape(line), shown(line))
    return list(first.values())


def _shape(line: str) -> str:
    return Line(line[:_SHOWN], 0.0).shape


def shown(line: str) -> str:
    """A line as a sentence quotes it."""
    line = "".join(character if character.isprintable() else "?" for character in line)
    return line if len(line) <= _SHOWN else line[:_SHOWN] + "…"
