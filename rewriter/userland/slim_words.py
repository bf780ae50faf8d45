"""The absolute paths that the words of a command name, as far as they must be there for it to work."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from rewriter.limits import LONGEST_PATH

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rewriter.model.run import Step

# Commands whose words are no files, or that do not mind that a file is not there.
_NO_FILES = frozenset({"mkdir", "echo", "printf", "mktemp", "rm", "export"})
_ROOTS = ("/usr/", "/lib/", "/lib64/", "/etc/", "/bin/", "/sbin/")
_ATTACHED = ("-I", "-L", "-isystem", "-include")
# Variables that name files for the programs that read them.
_VARIABLES = (
    "LD_PRELOAD OPENSSL_CONF SSL_CERT_FILE SSL_CERT_DIR REQUESTS_CA_BUNDLE NODE_EXTRA_CA_CERTS CURL_CA_BUNDLE "
    "GIT_SSL_CAINFO AWS_CA_BUNDLE FONTCONFIG_PATH FONTCONFIG_FILE MAGICK_CONFIGURE_PATH MAGIC "
    "CFLAGS CXXFLAGS CPPFLAGS LDFLAGS C_INCLUDE_PATH CPLUS_INCLUDE_PATH CPATH"
).split()
_LIBRARY_FOLDERS = ("/usr/lib/", "/lib/")
_SHOWN = 100
"""Characters of a word that a sentence quotes."""


def short(word: str) -> str:
    """A word as a sentence quotes it."""
    return word if len(word) <= _SHOWN else f"{word[:_SHOWN]}…"


def word_paths(step: Step) -> tuple[str, ...]:
    """Normalised paths below /usr, /lib, /etc that a command reads, or writes to: then their folder must be there."""
    found: dict[str, None] = {}
    for word in _words(step):
        for path in _paths(word):
            if len(path) <= LONGEST_PATH and path.startswith(_ROOTS):
                found[posixpath.normpath(path)] = None
    return tuple(found)


def library_globs(step: Step) -> tuple[str, ...]:
    """What stands before the first `*` or `?` of words that name libraries by a pattern: `libjpeg` of `…/libjpeg*`."""
    found: dict[str, None] = {}
    for raw in _unknown(step):
        folder, _, name = _before_glob(raw).rpartition("/")
        if f"{folder}/".startswith(_LIBRARY_FOLDERS) and name.startswith("lib") and len(name) > 3:
            found[name] = None
    return tuple(found)


def _words(step: Step) -> Iterator[str]:
    if step.name not in _NO_FILES:
        yield from (word for word in step.argv[1:] if word)
        for raw in _unknown(step):  # what stands before a glob or a variable may still name a folder
            yield posixpath.dirname(_before_glob(raw))
    command = step.command
    for redirect in command.redirects if command is not None else ():
        if redirect.target is not None:
            yield redirect.target.value(step.variables) or ""
    for name in _VARIABLES:
        yield from (step.variables.get(name) or "").replace(":", " ").split()


def _unknown(step: Step) -> Iterator[str]:
    """The raw words that only run time knows."""
    if step.command is None or step.name in _NO_FILES:
        return
    words = step.command.words[len(step.command.words) - len(step.argv) :]
    for value, written in zip(step.argv, words, strict=False):
        if value is None:
            yield written.raw


def _before_glob(raw: str) -> str:
    raw = raw.lstrip("\"'")
    end = min((raw.find(char) for char in "*?[${`" if char in raw), default=len(raw))
    return raw[:end] if raw.startswith("/") else ""


def _paths(word: str) -> Iterator[str]:
    """The path in `/usr/x`, `--with=/usr/x`, `NAME=/usr/x`, `-I/usr/x` and `/usr/x:/usr/y`."""
    head, equals, value = word.partition("=")
    if equals and not head.startswith("/"):
        word = value
    for option in _ATTACHED:
        if word.startswith(f"{option}/"):
            word = word[len(option) :]
    yield from word.split(":") if word.startswith("/") and ":" in word else (word,)
