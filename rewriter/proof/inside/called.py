"""Programs that the started one starts in its turn, by a name in its text, and that only the original has.

For scripts of a shell that is each command, also one that only runs in some cases; for Python and Node the first word
of a call that starts a program; for Go, where strings lie side by side without an end, only a whole path in one of the
folders for programs.
"""

from __future__ import annotations

import ast
import posixpath
import re
import shlex
from collections.abc import Iterator
from typing import TYPE_CHECKING

from rewriter.model.state import DEFAULT_PATH
from rewriter.proof.inside.imports import imports, python_tree
from rewriter.proof.inside.runtimes.shell import named_programs
from rewriter.proof.inside.start import with_defaults
from rewriter.proof.inside.trail import Problem

if TYPE_CHECKING:
    from rewriter.proof.archive import Image
    from rewriter.proof.inside.start import Side

_MODULES = frozenset({"subprocess", "os", "asyncio", "sp"})
_STARTS = frozenset(
    "run Popen call check_call check_output getoutput system popen create_subprocess_exec create_subprocess_shell "
    "execvp execlp execv execl spawnvp spawnlp".split()
)
_STARTS_ALONE = frozenset({"Popen", "check_call", "check_output"})
"""What no other module has under such a name, so that it may stand there without its module."""
_IN_NODE = re.compile(
    r"(?:(?<![\w.])|\b(?:child_process|childProcess|cp)\.)(?:spawn|exec|execFile)(?:Sync)?\(\s*['\"`]([\w./+-]+)"
)
_GO_STARTS = "os/exec.Command"
_FOLDERS = ("/usr/local/bin", "/usr/bin", "/bin", "/usr/local/sbin", "/usr/sbin", "/sbin")
_LEAST_PATH = 10
"""Characters of a path that is no beginning of another by chance."""
_MOST_TEXT = 1_000_000


def lost_calls(before: Side, after: Side) -> list[Problem]:
    """A problem for each program that is started by its name and is gone."""
    problems: dict[str, Problem] = {}
    known = {problem.subject for problem in after.trail.problems}
    for caller, name in (*_named_in_scripts(after), *_named_in_texts(after), *_named_in_go(before, after)):
        if name in known:
            continue
        if _is_there(before.image, name) and not _is_there(after.image, name):
            what = f"{caller} starts {name}, which is not there"
            problems.setdefault(name, Problem(what, name, key=f"call {name}"))
    return list(problems.values())


def _is_there(image: Image, name: str) -> bool:
    folders = (image.config.env.get("PATH") or DEFAULT_PATH).split(":")
    paths = [name] if "/" in name else [posixpath.join(folder, name) for folder in folders]
    return any(image.files.file(path, image.config.workdir or "/") is not None for path in paths)


def _named_in_scripts(side: Side) -> Iterator[tuple[str, str]]:
    environment = with_defaults(side.image.config.env, side.identity)
    for path, language in side.trail.texts.items():
        if language == "sh":
            text = side.image.text(path, _MOST_TEXT) or ""
            yield from ((path, name) for name in named_programs(text, environment, side.cwd))


def _named_in_texts(side: Side) -> Iterator[tuple[str, str]]:
    """Files of the program with what each of them starts."""
    for runtime in side.trail.runtimes:
        if runtime.name not in ("python", "node") or not runtime.entry:
            continue
        for path in dict.fromkeys(importer for _, importer in imports(side.image, runtime).values()):
            text = side.image.text(path, _MOST_TEXT) or ""
            if runtime.name == "python":
                yield from ((path, name) for name in _started_by_python(text))
            elif "child_process" in text:
                yield from ((path, name) for name in _IN_NODE.findall(text))


def _started_by_python(text: str) -> Iterator[str]:
    for node in ast.walk(python_tree(text)):
        if isinstance(node, ast.Call) and node.args and _starts_a_program(node.func):
            first = node.args[0]
            if isinstance(first, ast.List | ast.Tuple) and first.elts:
                first = first.elts[0]
            if isinstance(first, ast.Constant) and isinstance(first.value, str):
                yield from _first_word(first.value)


def _starts_a_program(function: ast.expr) -> bool:
    if isinstance(function, ast.Attribute) and isinstance(function.value, ast.Name):
        return function.value.id in _MODULES and function.attr in _STARTS
    return isinstance(function, ast.Name) and function.id in _STARTS_ALONE


def _first_word(line: str) -> Iterator[str]:
    try:
        words = shlex.split(line)
    except ValueError:
        return
    if words and re.fullmatch(r"[\w./+-]+", words[0]):
        yield words[0]


def _named_in_go(before: Side, after: Side) -> Iterator[tuple[str, str]]:
    entry = after.trail.entry.path if after.trail.entry is not None else ""
    if entry not in after.trail.programs or not after.contents.calls(entry, _GO_STARTS):
        return
    paths = after.contents.paths(entry)
    for folder in _FOLDERS:
        for name in before.image.files.folder(folder):
            path = f"{folder}/{name}"
            if len(path) >= _LEAST_PATH and path.encode("utf-8", "surrogateescape") in paths:
                yield entry, path
    after.trail.miss(f"{entry} can start other programs ({_GO_STARTS} is in it); only whole paths of them were seen")
