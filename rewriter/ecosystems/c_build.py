"""Which programs compilers, make and CMake leave behind, and what they are linked against.

Of a makefile only what stands there is read: variables that are set once, and ``-o`` in its recipes. Of CMake the
targets of ``add_executable``, which lie in the build folder at the place of their CMakeLists.txt unless the project
sets an output folder. Sources: GNU make's manual 4.4, cmake-buildsystem(7) 3.29.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import TYPE_CHECKING

from rewriter.ecosystems.artefacts import Linkage, Output
from rewriter.manifests.reading import read_text

if TYPE_CHECKING:
    from rewriter.ecosystems.c import CStage
    from rewriter.model.files import StageFiles
    from rewriter.model.run import Step

_DIRECT = frozenset("gcc g++ cc c++ clang clang++ c99 tcc musl-gcc".split())
COMPILERS = _DIRECT | frozenset("make gmake cmake ninja meson".split())
_NO_PROGRAM = frozenset({"-c", "-S", "-E", "-shared", "-fsyntax-only", "--version", "-v", "-dumpversion"})
_MAKEFILES = ("GNUmakefile", "makefile", "Makefile")
_ASSIGNED = re.compile(r"^[ ]*([\w.-]+)[ ]*(?:\?|:|::|\+)?=[ ]*(.*)$", re.MULTILINE)
_REFERENCE = re.compile(r"\$[({]([\w.-]+)[)}]")
_RULE = re.compile(r"^([^\s:=#][^:=#\n]*):(?![=:])[^\n]*\n((?:\t[^\n]*\n?|[ \t]*\n)*)", re.MULTILINE)
_TO = re.compile(r"(?:^|\s)-o\s*([^\s;&|]+)")
_PLAIN = re.compile(r"[\w./+-]+\Z")
_EXECUTABLE = re.compile(
    r"^[ \t]*add_executable\s*\(\s*([\w.+-]++|\$\{PROJECT_NAME\})(?!\s+(?:IMPORTED|ALIAS))", re.MULTILINE | re.I
)
_PROJECT = re.compile(r"^[ \t]*project\s*\(\s*([\w.+-]+)", re.MULTILINE | re.IGNORECASE)
_MOVED = re.compile(r"RUNTIME_OUTPUT_DIRECTORY|EXECUTABLE_OUTPUT_PATH|OUTPUT_NAME", re.IGNORECASE)
_LINKED = re.compile(r"(?:^|[\s\"'=])-l([\w+.-]+)")
_MOST_LINES = 2_000
"""Lines of recipes that are looked at."""
_LONGEST = 4_000
"""Characters of a line of a recipe; variables that would make it longer are not put in."""


def c_outputs(step: Step, files: StageFiles) -> Iterator[Output]:
    """What one command leaves behind."""
    words = [word for word in step.argv[1:] if word is not None]
    if step.cwd is None:
        return
    if step.name in _DIRECT:
        yield from _compiled(step, words)
    elif step.name in ("make", "gmake"):
        folder = step.absolute(_value(words, "-C", "--directory") or ".")
        if folder is not None:
            yield from _made(folder, words, step, files)
    elif step.name == "ninja" or (step.name == "cmake" and "--build" in words):
        folder = step.absolute(_value(words, "--build", "-C") or ".")
        if folder is not None:
            yield from _by_cmake(folder, files)
            yield Output(None, folder)


def _value(words: list[str], *names: str) -> str:
    for place, word in enumerate(words):
        if word in names and place + 1 < len(words):
            return words[place + 1]
        for name in names:
            if word.startswith(f"{name}=") or (len(name) == 2 and word.startswith(name) and len(word) > 2):
                return word[len(name) :].lstrip("=")
    return ""


def _compiled(step: Step, words: list[str]) -> Iterator[Output]:
    if _NO_PROGRAM & {*words} or not words:
        return
    path = step.absolute(_value(words, "-o") or "a.out")
    static = "-static" in words or "-static-pie" in words
    yield Output(path, None, linkage=Linkage.STATIC if static and "musl" in step.name else Linkage.NATIVE)


def _made(folder: str, words: list[str], step: Step, files: StageFiles) -> Iterator[Output]:
    name = _value(words, "-f", "--file", "--makefile")
    text = next(
        (t for each in ([name] if name else _MAKEFILES) if (t := _text(posixpath.join(folder, each), files))), ""
    )
    if not text:
        yield from _by_cmake(folder, files)
        yield Output(None, folder)  # the makefile was generated, or could not be seen
        return
    variables = {key: value.strip() for key, value in _ASSIGNED.findall(text)}
    variables.update(word.partition("=")[::2] for word in words if "=" in word and not word.startswith("-"))
    lines = ((rule[1], line) for rule in _RULE.finditer(text) for line in rule[2].splitlines())
    for targets, line in islice(lines, _MOST_LINES):
        target = next(iter(_expand(targets, variables).split()), "")
        expanded = _expand(line, variables).replace("$(@)", "$@").replace("$@", target)
        found = _TO.search(expanded)
        if found and _PLAIN.match(found[1]) and not found[1].endswith((".o", ".so", ".a", ".d")):
            yield Output(posixpath.normpath(posixpath.join(folder, found[1])), None)


def _expand(text: str, variables: Mapping[str, str], depth: int = 0) -> str:
    length = len(text) + sum(len(variables.get(name, "")) for name in _REFERENCE.findall(text))
    if depth > 8 or length > _LONGEST:
        return text
    replaced = _REFERENCE.sub(lambda match: variables.get(match[1], ""), text)
    return text if replaced == text else _expand(replaced, variables, depth + 1)


def _text(path: str, files: StageFiles) -> str:
    origin = files.origin(path)
    text = read_text(files.context, origin, 1_000_000) if origin is not None and files.context is not None else ""
    return text if isinstance(text, str) else ""


def _by_cmake(folder: str, files: StageFiles) -> Iterator[Output]:
    """The executables of the project whose build folder this is: its CMakeLists.txt lies there or one folder up."""
    home = next(
        (h for h in (folder, posixpath.dirname(folder)) if _text(posixpath.join(h, "CMakeLists.txt"), files)), ""
    )
    if not home:
        return
    origin, context = files.origin(posixpath.join(home, "CMakeLists.txt")) or "", files.context
    prefix = posixpath.dirname(origin)
    inside = f"{prefix}/" if prefix else ""
    paths = (p for p in (context.files() if context is not None else ()) if posixpath.basename(p) == "CMakeLists.txt")
    for path in paths:
        if not path.startswith(inside):
            continue
        relative = posixpath.dirname(path[len(inside) :])
        text = _text(posixpath.join(home, relative, "CMakeLists.txt"), files)
        if _MOVED.search(text):
            return
        project = _PROJECT.search(text)
        for name in _EXECUTABLE.findall(text):
            shown = project[1] if project and name.startswith("${") else name
            if not shown.startswith("$"):
                yield Output(posixpath.normpath(posixpath.join(folder, relative, shown)), None)


def makefile_texts(stage: CStage) -> Iterator[str]:
    """The texts of what drives compilers, as the context has them."""
    context = stage.files.context
    names = (*_MAKEFILES, "CMakeLists.txt", "meson.build", "configure.ac", "Makefile.am")
    for path in context.files() if context is not None else ():
        if posixpath.basename(path) in names and context is not None:
            text = read_text(context, path, 1_000_000)
            if isinstance(text, str):
                yield text


_SHARED = re.compile(
    r"add_library\s*\([^()]*\s(?:SHARED|MODULE)\b|BUILD_SHARED_LIBS\s+(?:ON|TRUE|1)\b|\bshared_(?:library|module)\s*\("
    r"|(?<!-)-shared\b|-dynamiclib\b|\b\w*_LTLIBRARIES\b|\bboth_libraries\s*\(",
    re.IGNORECASE,
)
"""A project that builds libraries which its programs load. Sources: the manuals of CMake, meson and automake, 2026."""


def shared_library(stage: CStage) -> str:
    """How a project says that it builds a shared library; empty where it is not seen to."""
    words = (word for step in stage.steps for word in step.argv if word and "BUILD_SHARED_LIBS=" in word)
    on = next((word for word in words if word.partition("=")[2].upper() in ("ON", "TRUE", "1", "YES")), "")
    found = (match.group().split("(")[0].strip() for text in makefile_texts(stage) if (match := _SHARED.search(text)))
    return on or next(found, "")


_BY_CMAKE = re.compile(
    r"(?:find_package|pkg_check_modules|pkg_search_module|find_library|dependency)\s*\(\s*['\"]?(\w+)", re.I
)
_OF_CMAKE = frozenset("threads pkgconfig git doxygen gtest python3 python openmp".split())


def linked_libraries(stage: CStage) -> frozenset[str]:
    """Names behind -l, and what CMake, meson and pkg-config look for."""
    texts = [" ".join(word or "" for word in step.argv) for step in stage.steps]
    texts += [raw.raw for step in stage.steps if step.command is not None for raw in step.command.words]
    found: set[str] = set()
    for text in (*texts, *makefile_texts(stage)):
        found.update(_LINKED.findall(text))
        found.update(name.lower() for name in _BY_CMAKE.findall(text) if name.lower() not in _OF_CMAKE)
        if "pkg-config" in text and "--libs" in text:
            found.add("pkg-config")
    return frozenset(found)
