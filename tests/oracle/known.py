"""Differences that are right: the oracle is BuildKit 0.12.5, our reader follows BuildKit at 73ed6825 (2026-08-21).

Each class translates one construct into a spelling that both releases read alike and leaves everything else. A
difference belongs to a class when it vanishes under the translation, with the same instructions on the same lines.
The classes of texts that only we reject are the kinds of fault in later.py.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from rewriter.syntax import DockerfileError, parse
from tests.oracle.reading import Command, Reading, Rejected

BLANKS = "\t\n\v\f\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
"""What Go calls a space, as a part of a regular expression's class; `\\s` has U+001C to U+001F besides."""

Translation = Callable[[str, Reading, Reading], str]


class Known(NamedTuple):
    """``translate`` takes the text, our reading and theirs."""

    name: str
    why: str
    translate: Translation


REJECTIONS = {
    "rejected-later": "BuildKit's line parser takes it; what reads the instructions, or the build, rejects it",
    "onbuild-trigger": "BuildKit reads what ONBUILD holds when a child is built; we reject it at once",
    "unread-flag": "BuildKit never looks at the flags of ARG, STOPSIGNAL and HEALTHCHECK NONE; we reject them",
    "run-of-nothing": "BuildKit runs an empty command; we reject a RUN without arguments",
    "flag-cut-in-a-character": "BuildKit walks a flag by bytes and cuts a character in two; we reject such a file",
}


# HEAD: `processPossibleHeredoc` in shell/lex.go keeps tabs, carriage returns and spaces behind `<<` in the word.
_SPACED = re.compile(rf"<<((?:[ \t\r]|[\\`][ \t]*\r?\n)+)(?=([^{BLANKS}]))")
_NOT_BLANK = re.compile(r"[\\`][ \t]*\r?\n")


def _heredoc_blanks(text: str, ours: Reading, theirs: Reading) -> str:
    return _SPACED.sub(_without_blanks, text)


def _without_blanks(match: re.Match[str]) -> str:
    """``<<`` without the blanks behind it; a dash behind them belongs to the name and must go on doing so."""
    return "<<" + "".join(_NOT_BLANK.findall(match.group(1))) + ("\\" if match.group(2) == "-" else "")


# HEAD: `json.Unmarshal` in parser/line_parsers.go takes the whole rest; a Decoder took the first value of it.
_ARRAY = re.compile(rf"(?<=[{BLANKS}])\[")
_SOMETHING = re.compile(rf"[^{BLANKS}]")
_DECODER = json.JSONDecoder()


def _text_behind_json(text: str, ours: Reading, theirs: Reading) -> str:
    lines = text.split("\n")
    starts = {command.start: index for command in _both(ours, theirs) if (index := _open_array(command)) >= 0}
    for start, index in starts.items():
        for at in range(start - 1, len(lines)):
            here = lines[at].count("[") if not lines[at].lstrip().startswith("#") else 0
            if index < here:
                parts = lines[at].split("[")
                lines[at] = "[".join(parts[: index + 1]) + "(" + "[".join(parts[index + 1 :])
                break
            index -= here
    return "\n".join(lines)


def _both(ours: Reading, theirs: Reading) -> Iterator[Command]:
    for reading in (ours, theirs):
        if not isinstance(reading, Rejected):
            yield from reading


def _open_array(command: Command) -> int:
    """Which ``[`` of the line opens a JSON array with text behind it; -1 when none does."""
    line = command.original.partition("\n")[0]
    for match in _ARRAY.finditer(line):
        try:
            _, end = _DECODER.raw_decode(line, match.start())
        except ValueError:
            continue
        return line.count("[", 0, match.start()) if _SOMETHING.search(line, end) else -1
    return -1


# HEAD: `check` is one of `validDirectives` in parser/directives.go; to 0.12.5 it is a comment and ends the directives.
_DIRECTIVE = re.compile(r"\s*#\s*(syntax|escape|check)\s*=.", re.IGNORECASE)


def _check_directive(text: str, ours: Reading, theirs: Reading) -> str:
    mark = "\ufeff" if text.startswith("\ufeff") else ""
    lines = text[len(mark) :].split("\n")
    size = next((at for at, line in enumerate(lines) if not _DIRECTIVE.match(line)), len(lines))
    checks = [line for line in lines[:size] if _directive_name(line) == "check"]
    if len(checks) > 1:  # rejected, as any directive that stands twice
        checks = ["# syntax=x"] * len(checks)
    others = [line for line in lines[:size] if _directive_name(line) != "check"]
    return mark + "\n".join([*others, *checks, *lines[size:]])


def _directive_name(line: str) -> str:
    match = _DIRECTIVE.match(line)
    return match.group(1).lower() if match else ""


# HEAD: `processDollar` in shell/lex.go knows these operators; in 0.12.5 they fail, and then a line has no heredoc.
_PIECE = r"[^{}$\\/]|\\.|\$(?!\{)"
_WORD = rf"(?:{_PIECE}|/)*"
for _ in range(3):  # as deep as operators may be nested
    _WORD = rf"(?:{_PIECE}|/|\$\{{{_WORD}\}})*"
_PATTERN = re.compile(rf"\$\{{(\w+)(?:##?|%%?)({_WORD})\}}|\$\{{(\w+)//?((?:{_PIECE}|\$\{{{_WORD}\}})*)/({_WORD})\}}")


def _pattern_operator(text: str, ours: Reading, theirs: Reading) -> str:
    before = ""
    while text != before:  # outer ones first
        before = text
        text = _PATTERN.sub(_with_default, text)
    return text


def _with_default(match: re.Match[str]) -> str:
    first, word, second, pattern, replacement = (group or "" for group in match.groups())
    return f"${{{first}{second}-{word}{pattern}{replacement}}}"


# HEAD: `processStopOn` in shell/lex.go has one buffer for all levels, so the word of a substitution drops what stands
# glued before it; then no `<<` stands in front any more.
_GLUED = re.compile(r"""<<(?=-?(?:\\.|[^\s<"'\\]|"[^"\n]*?|'[^'\n]*')*?\$\{\w*[^\w}\n])""")


def _glued_substitution(text: str, ours: Reading, theirs: Reading) -> str:
    return _GLUED.sub("<_", text)


# HEAD: `extractBuilderFlags` in parser/split_command.go asks for the escape token; 0.12.5 took the backslash always.
_ESCAPE = re.compile(r"[\\`](?![ \t]*\r?\n)")


def _flag_escape(text: str, ours: Reading, theirs: Reading) -> str:
    try:
        dockerfile = parse(text)
    except DockerfileError:
        return text
    outer = dockerfile.instructions if dockerfile.escape == "`" else ()
    instructions = [*outer, *(inner for instruction in outer if (inner := instruction.trigger) is not None)]
    for instruction in instructions:
        for flag in instruction.flags:
            start, end = instruction.span(flag.start, flag.end)
            text = text[:start] + _ESCAPE.sub("_", text[start:end]) + text[end:]
    return text


# HEAD: `ParseLine` in parser/directives.go trims what `unicode.IsSpace` knows behind `#`; 0.12.5 had `\s` of RE2 there.
_WIDE = BLANKS.replace("\t\n\v\f\r ", "\v")
_BEHIND_MARK = re.compile(rf"^([{_WIDE} \t\f]*#[ \t\f]*)[{_WIDE}][{_WIDE} \t\f]*", re.MULTILINE)


def _directive_blanks(text: str, ours: Reading, theirs: Reading) -> str:
    return _BEHIND_MARK.sub(r"\1 ", text)


# The package hands strings over as C does, so a value ends at a NUL.
_NUL = re.compile(r"((?<!\\)(?:\\\\)*\\u000)0")


def _nul_in_json(text: str, ours: Reading, theirs: Reading) -> str:
    return _NUL.sub(r"\g<1>1", text)


TRANSLATIONS = (
    Known("heredoc-blanks", "blanks may stand between `<<` and the name; not in 0.12.5", _heredoc_blanks),
    Known("text-behind-json", "an array with text behind it is shell form; 0.12.5 drops the text", _text_behind_json),
    Known("check-directive", "0.12.5 has no `check` directive", _check_directive),
    Known("pattern-operator", "0.12.5 has no `${x#p}`, `${x%p}`, `${x/p/r}`", _pattern_operator),
    Known("glued-substitution", "`<<a${b-c}` was a heredoc, and is none any more", _glued_substitution),
    Known("flag-escape", "0.12.5 escapes by a backslash in a flag whatever the directive says", _flag_escape),
    Known("directive-blanks", "0.12.5 takes ASCII blanks alone between `#` and a directive", _directive_blanks),
    Known("nul-in-json", "the package cuts a value at a NUL", _nul_in_json),
)
