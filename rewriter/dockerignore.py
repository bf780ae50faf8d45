"""The rules of `.dockerignore`, as BuildKit applies them when it sends a build context.

They resemble `.gitignore` and differ in what matters: every pattern is anchored at the root of the context, the last
pattern that matches wins, and `!` can bring back a file of an ignored folder.
"""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

# What Go calls white space; str.strip() without an argument would also take the control characters 0x1c to 0x1f.
_SPACE = "\t\n\v\f\r \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))
_LONGEST_LINE = 65_536  # bytes; Docker stops with an error at a line that does not fit into its buffer
_SPECIAL = "*[]?^\\"
_STRAY_BYTES = re.compile("[\udc80-\udcff]")


class Pattern(NamedTuple):
    """One pattern: the cleaned `text` without its `!`, whether it is an exception, and the test for one path."""

    text: str
    exception: bool
    matches: Callable[[str], bool]


class Dockerignore:
    """A compiled `.dockerignore`.

    `text` is the content of the file; bytes that are not UTF-8 come as surrogate escapes. Nothing is raised: a line
    that makes Docker refuse the build is left out and named in `problems` ("line 3: ..."), so that the caller decides.
    """

    def __init__(self, text: str = "") -> None:
        self.patterns, self.problems = _compile_lines(text)
        self._exceptions = tuple(pattern.text for pattern in self.patterns if pattern.exception)
        self._folders: dict[str, tuple[bool, int]] = {"": (False, 0)}

    def ignores(self, path: str) -> bool:
        """Whether Docker leaves out `path`, a file or folder relative to the context, in any spelling.

        The root never is. Leading `..` stop at the root of the context, as they do in a COPY.
        """
        return self._verdict(clean_path(path))[0]

    def prunes(self, path: str) -> bool:
        """Whether `path` is a folder that is ignored and under which no exception can bring anything back."""
        folder = clean_path(path)
        if folder == "" or not self._verdict(folder)[0]:
            return False
        return not any(_can_match_below(pattern, folder + "/") for pattern in self._exceptions)

    def _verdict(self, path: str) -> tuple[bool, int]:
        """Whether a clean path is ignored, and the set of patterns (bit i: pattern i) that match it or a parent."""
        if not self.patterns:
            return False, 0
        parent = path.rpartition("/")[0]
        known = self._folders.get(parent) or self._remember_parents(parent)
        return self._folders[""] if path == "" else self._step(path, known[1])

    def _remember_parents(self, folder: str) -> tuple[bool, int]:
        # A loop and no recursion: the depth of a path is not ours to choose.
        verdict = self._folders[""]
        for end in [at for at, char in enumerate(folder) if char == "/"] + [len(folder)]:
            part = folder[:end]
            verdict = self._folders.get(part) or self._step(part, verdict[1])
            self._folders[part] = verdict
        return verdict

    def _step(self, path: str, inherited: int) -> tuple[bool, int]:
        ignored, matched = False, 0
        for index, pattern in enumerate(self.patterns):
            # A pattern that could not change the verdict so far is not looked at, hence not inherited either. That is
            # visible (`a/*` with `!a` keeps a/b ignored), and it is how BuildKit walks.
            if inherited >> index & 1 or (pattern.exception == ignored and pattern.matches(path)):
                matched |= 1 << index
                ignored = not pattern.exception
        return ignored, matched


def clean_path(path: str) -> str:
    """`path` relative to the context's root, without `.`, `..`, doubled or outer slashes; "" is the root itself."""
    return posixpath.normpath("/" + path).lstrip("/")


def _compile_lines(text: str) -> tuple[tuple[Pattern, ...], tuple[str, ...]]:
    patterns: list[Pattern] = []
    problems: list[str] = []
    for number, line in enumerate(text.removeprefix("\ufeff").split("\n"), start=1):
        if len(line.encode("utf-8", "replace")) >= _LONGEST_LINE:
            problems.append(f"line {number}: longer than {_LONGEST_LINE - 1} bytes")
            break  # Docker reads no further
        if line.startswith("#"):
            continue
        cleaned = _clean_pattern(line)
        if cleaned is None:
            continue
        body = cleaned.removeprefix("!")
        if body == "":
            problems.append(f"line {number}: '!' without a pattern")
        elif not _well_formed(body) or (test := _compile(body)) is None:
            problems.append(f"line {number}: malformed pattern '{body}'")
        else:
            patterns.append(Pattern(body, cleaned.startswith("!"), test))
    return tuple(patterns), tuple(problems)


def _clean_pattern(line: str) -> str | None:
    """The pattern of a line as Docker keeps it, `!` in front, or None for an empty line."""
    text = line.strip(_SPACE)
    if not text:
        return None
    bang = text.startswith("!")
    body = text[1:].strip(_SPACE) if bang else text
    if body:
        body = _go_clean(body)
        if len(body) > 1:
            body = body.removeprefix("/")
    # Docker cleans once more with the "!" in front, which takes a slash that stood alone after it.
    return _go_clean(("!" + body if bang else body).strip(_SPACE))


def _go_clean(path: str) -> str:
    cleaned = posixpath.normpath(path)
    return cleaned[1:] if cleaned.startswith("//") else cleaned  # POSIX keeps two leading slashes, Go does not


def _can_match_below(exception: str, folder: str) -> bool:
    """Whether an exception can match something below `folder/`, judged by its text before any wildcard."""
    if "|" in exception or "{" in exception:
        return True  # see _translate: the text before them binds nothing
    literal = exception[: next((at for at, char in enumerate(exception) if char in _SPECIAL), len(exception))]
    return literal.startswith(folder) or (literal != exception and folder.startswith(literal))


_CHUNK = re.compile(r"\**((?:[^\\\[*]|\\.?|\[(?:[^\\\]]|\\.?)*\]?)*)", re.DOTALL)
_MEMBER = r"(?:\\[^\udc80-\udcff]|[^\\\]\-\udc80-\udcff])"
_GOOD_CHUNK = re.compile(rf"(?:[^\\\[]|\\.|\[\^?+(?:{_MEMBER}(?:-{_MEMBER})?)+\])*", re.DOTALL)


def _well_formed(pattern: str) -> bool:
    """Whether Docker takes the pattern: it asks Go's filepath.Match, which reads a pattern as far as it fits a ".".

    That is up to the second `*` as a rule, and a class written badly after it passes.
    """
    at = 0
    while at < len(pattern):
        chunk = _CHUNK.match(pattern, at)
        if chunk is None or not _GOOD_CHUNK.fullmatch(chunk[1]):
            return False
        if chunk[1] not in (".", "?", "\\."):
            break
        at = chunk.end()
    return True


def _compile(pattern: str) -> Callable[[str], bool] | None:
    """The test for one cleaned pattern; None where Docker's translation of it is none, or one that we do not read."""
    pieces, kind = _translate(pattern)
    if kind == "exact":
        return lambda path: path == pattern
    if kind == "prefix":
        return lambda path: path.startswith(pattern[:-2])
    if kind == "suffix":
        return lambda path: path.endswith(pattern[2:]) or "/" + path == pattern[2:]
    try:
        pieces = _in_python(pieces)
        if sum(piece in (_STAR, _ANYTHING, _FOLDERS) for piece in pieces) > _FEW_WILDCARDS:
            return None if "|" in pieces else _stepwise([re.compile(piece) for piece in pieces])
        compiled = re.compile("".join(pieces))
    except (re.error, ValueError):
        return None
    return lambda path: compiled.search(_as_go_sees(path)) is not None


def _as_go_sees(text: str) -> str:
    """The text with U+FFFD for each byte that is no UTF-8: so both pattern and path reach Go's matcher."""
    return text if text.isascii() else _STRAY_BYTES.sub("\ufffd", text)


def _stepwise(pieces: list[re.Pattern[str]]) -> Callable[[str], bool]:
    """The same test for a pattern of many wildcards, over which Python's own matcher can take years."""

    def matches(path: str) -> bool:
        path, places = _as_go_sees(path), {0}
        for piece in pieces:
            if piece.pattern == _STAR:
                places = _spread(places, path, "/")
            elif piece.pattern == _ANYTHING:
                places = _spread(places, path, "\n")
            elif piece.pattern == _FOLDERS:
                places |= {place + 1 for place in _spread(places, path, "\n") if path.startswith("/", place)}
            else:
                places = {found.end() for place in places if (found := piece.match(path, place))}
        return bool(places)

    return matches


def _spread(places: set[int], path: str, stop: str) -> set[int]:
    """The places that any number of characters other than `stop` lead to."""
    reached: set[int] = set()
    for place in range(len(path) + 1):
        if place in places or (place - 1 in reached and path[place - 1] != stop):
            reached.add(place)
    return reached


# Wildcards in Go's words and in Python's, which are the same.
_STAR, _ANYTHING, _FOLDERS = "[^/]*", ".*", "(.*/)?"
_FEW_WILDCARDS = 3


def _translate(pattern: str) -> tuple[list[str], str]:
    """Docker's translation of a pattern: an expression in Go's words, in pieces, and the kind of test it settles for.

    The kinds "prefix" and "suffix" compare text: `a**` and `a/**` match everything that starts so, `**a` and `**/a`
    everything that ends so. Where a pattern has both, or any other wildcard, the expression decides.
    """
    pieces, kind, at = ["^"], "exact", 0
    while at < len(pattern):
        char, start = pattern[at], at
        at += 1
        if pattern.startswith("**", start):
            at = start + 3 if pattern.startswith("/", start + 2) else start + 2
            piece = _FOLDERS if at < len(pattern) else _ANYTHING
            kind = "prefix" if piece == _ANYTHING and kind == "exact" else "regexp"
            kind = "suffix" if start == 0 else kind
        elif char in "*?":
            piece, kind = _STAR if char == "*" else "[^/]", "regexp"
        elif char in ".+()$":  # and not "|", "{", "}": Docker means to, but its table ends before them
            piece = "\\" + char
        elif char == "\\":
            piece, kind = pattern[start : start + 2], "regexp"
            at += 1
        else:
            piece, kind = char, "regexp" if char in "[]" else kind
        pieces.append(piece)
    return [*pieces, "$"], kind


_COUNT = re.compile(r"\{[0-9]+(,[0-9]*)?\}")


def _in_python(pieces: list[str]) -> list[str]:
    """Go's expression in Python's words, in pieces. Raises ValueError where Go refuses, and for `\\d` and the like."""
    out: list[str] = []
    expression, at = _as_go_sees("".join(pieces)), 0
    while at < len(expression):
        char = expression[at]
        wildcard = next((each for each in (_FOLDERS, _ANYTHING, _STAR) if expression.startswith(each, at)), None)
        if wildcard:
            piece, at = wildcard, at + len(wildcard)
        elif char == "[":
            piece, at = _class_in_python(expression, at + 1)
        elif char == "\\":
            literal, at = _class_char(expression, at)
            piece = re.escape(literal)
        elif char == "{" and (count := _COUNT.match(expression, at)):
            piece, at = count[0], count.end()
        else:
            piece, at = {"$": "\\Z", "{": "\\{"}.get(char, char), at + 1
        out.append(piece)
    return out


def _class_in_python(text: str, at: int) -> tuple[str, int]:
    """A class whose `[` stands before `at`, and the place after its `]`."""
    out = "["
    if text.startswith("^", at):
        out, at = "[^", at + 1
    first = at
    while at == first or not text.startswith("]", at):
        if text.startswith("[:", at):
            raise ValueError("a class within a class")
        low, at = _class_char(text, at)
        high = low
        if text.startswith("-", at) and not text.startswith("]", at + 1):
            high, at = _class_char(text, at + 1)
        if high < low:
            raise ValueError(f"{low}-{high}")
        out += f"{re.escape(low)}-{re.escape(high)}"
    return out + "]", at + 1


def _class_char(text: str, at: int) -> tuple[str, int]:
    """One character, escaped or not, and the place after it. Raises ValueError if there is none that we read."""
    char = text[at : at + 1]
    if char == "\\":
        at, char = at + 1, text[at + 1 : at + 2]
        if not char.isascii() or char.isalnum():
            raise ValueError("\\" + char)
    if not char:
        raise ValueError("the class is not closed")
    return char, at + 1
