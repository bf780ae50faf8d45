"""The rules of `.dockerignore`, as BuildKit applies them when it sends a build context.

They resemble `.gitignore` and differ in what matters: every pattern is anchored at the root of the context, the last
pattern that matches wins, and `!` can bring back a file of an ignored folder.
"""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

# What Go calls white space; str.strip() without an argument would also take the control characters 0x1c to 0x1f.
_SPACE = "\t\n\v\f\r \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))
_LONGEST_LINE = 65_536  # bytes; Docker stops with an error at a line that does not fit into its buffer
_SPECIAL = "*[]?^\\"
_STRAY_BYTES = re.compile("[\udc80-\udcff]")


@dataclass(frozen=True, slots=True)
class Pattern:
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
        self.patterns: tuple[Pattern, ...]
        self.problems: tuple[str, ...]
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
        known = self._folders.get(parent)
        if known is None:
            known = self._folders[parent] = self._remember_parents(parent)
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
        if len(line.encode("utf-8", "surrogateescape")) >= _LONGEST_LINE:
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
    """The test for one cleaned pattern, or None where Docker's own translation gives no regular expression."""
    expression, kind = _translate(pattern)
    if kind == "exact":
        return lambda path: path == pattern
    if kind == "prefix":
        prefix = pattern[:-2]
        return lambda path: path.startswith(prefix)
    if kind == "suffix":
        suffix = pattern[2:]
        whole = suffix[1:] if suffix.startswith("/") else None
        return lambda path: path.endswith(suffix) or path == whole
    try:
        compiled = re.compile(_in_python(_STRAY_BYTES.sub("\ufffd", expression)), re.ASCII)
    except (re.error, ValueError):
        return None
    # Go sees a byte that is no UTF-8 as U+FFFD, on both sides.
    return lambda path: compiled.search(path if path.isascii() else _STRAY_BYTES.sub("\ufffd", path)) is not None


def _translate(pattern: str) -> tuple[str, str]:
    """Docker's translation of a pattern: the regular expression in Go's words, and the kind of test it settles for.

    The kinds "prefix" and "suffix" compare text: `a**` and `a/**` match everything that starts so, `**a` and `**/a`
    everything that ends so. Where a pattern has both, or any other wildcard, the expression decides.
    """
    out, kind, at = "", "exact", 0
    while at < len(pattern):
        char, start = pattern[at], at
        at += 1
        if pattern.startswith("**", start):
            at = start + 3 if pattern.startswith("/", start + 2) else start + 2
            if at < len(pattern):
                out, kind = out + "(.*/)?", "regexp"
            elif kind == "exact":
                kind = "prefix"
            else:
                out, kind = out + ".*", "regexp"
            if start == 0:
                kind = "suffix"
        elif char in "*?":
            out, kind = out + ("[^/]*" if char == "*" else "[^/]"), "regexp"
        elif char in ".+()$":  # and not "|", "{", "}": Docker means to, but its table ends before them
            out += "\\" + char
        elif char == "\\":
            out, kind = out + pattern[start : start + 2], "regexp"
            at += 1
        else:
            out += char
            kind = "regexp" if char in "[]" else kind
    return f"^{out}$", kind


# What `\x` means in Go's expressions, for the letters that Python reads otherwise or in part of the places only.
_GO_CLASSES = {"d": "0-9", "w": "0-9A-Za-z_", "s": "\\t\\n\\f\\r "}
_COUNT = re.compile(r"\{[0-9]+(,[0-9]*)?\}")
_GO_CHARS = {"a": "\a", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
# fmt: off
_POSIX = {
    "alnum": "0-9A-Za-z", "alpha": "A-Za-z", "ascii": "\\x00-\\x7f", "blank": "\\t ", "cntrl": "\\x00-\\x1f\\x7f",
    "digit": "0-9", "graph": "!-~", "lower": "a-z", "print": " -~", "punct": "!-/:-@\\[-`{-~", "space": "\\t-\\r ",
    "upper": "A-Z", "word": "0-9A-Za-z_", "xdigit": "0-9A-Fa-f",
}
# fmt: on


def _in_python(expression: str) -> str:
    """Go's expression in Python's words. Raises ValueError for what Go refuses, and for `\\Q`, `\\p` and the like."""
    out, at = "", 0
    while at < len(expression):
        char = expression[at]
        if char == "[":
            piece, at = _class_in_python(expression, at + 1)
        elif char == "\\":
            letter = expression[at + 1]
            if letter in "bB":
                piece, at = "\\" + letter, at + 2
            elif letter.lower() in _GO_CLASSES:
                piece, at = f"[{'^' if letter.isupper() else ''}{_GO_CLASSES[letter.lower()]}]", at + 2
            else:
                literal, at = _class_char(expression, at)
                piece = re.escape(literal)
        elif char == "{":
            count = _COUNT.match(expression, at)
            piece, at = (count[0], count.end()) if count else ("\\{", at + 1)
        else:
            piece, at = "\\Z" if char == "$" else char, at + 1
        out += piece
    return out


def _class_in_python(text: str, at: int) -> tuple[str, int]:
    """A class whose `[` stands before `at`, and the place after its `]`."""
    out = "["
    if text.startswith("^", at):
        out, at = "[^", at + 1
    first = at
    while at == first or not text.startswith("]", at):
        posix = re.compile(r"\[:(\^?)(.*?):\]").match(text, at)
        if posix:
            if posix[1] or posix[2] not in _POSIX:
                raise ValueError(posix[0])
            out, at = out + _POSIX[posix[2]], posix.end()
        elif text.startswith("\\", at) and text[at + 1 : at + 2] in _GO_CLASSES:
            out, at = out + _GO_CLASSES[text[at + 1]], at + 2
        else:
            low, at = _class_char(text, at)
            high = low
            if text.startswith("-", at) and not text.startswith("]", at + 1):
                high, at = _class_char(text, at + 1)
            if high < low:
                raise ValueError(f"{low}-{high}")
            out += f"{re.escape(low)}-{re.escape(high)}"
    return out + "]", at + 1


def _class_char(text: str, at: int) -> tuple[str, int]:
    """One character, escaped or not, and the place after it."""
    char = text[at : at + 1]
    if char != "\\":
        if not char:
            raise ValueError("the class is not closed")
        return char, at + 1
    escaped = text[at + 1 : at + 2]
    if escaped in _GO_CHARS and escaped:
        return _GO_CHARS[escaped], at + 2
    if not escaped or not escaped.isascii() or escaped.isalnum():
        raise ValueError("\\" + escaped)
    return escaped, at + 2
