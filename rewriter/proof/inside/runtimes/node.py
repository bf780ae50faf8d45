"""Which file Node runs, by Node's own rules of resolution (nodejs.org, "CommonJS modules: all together")."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from rewriter.proof.inside.accounts import READ
from rewriter.proof.inside.filesystem import Found
from rewriter.proof.inside.runtimes.packages import MANAGERS, follow_manager
from rewriter.proof.inside.trail import Call, Located, Problem, Runtime
from rewriter.source import load_json

if TYPE_CHECKING:
    from rewriter.proof.archive import Image
    from rewriter.proof.inside.libraries import Closure
    from rewriter.proof.inside.start import Walker

_WITH_VALUE = frozenset(
    "-r --require -C --conditions --import --loader --experimental-loader --title --env-file --inspect-port".split()
)
_TEXT = frozenset("-e --eval -p --print -pe".split())
_SUFFIXES = (".js", ".json", ".node", ".mjs", ".cjs")
_MOST_PACKAGE = 2_000_000


def follow_node(walker: Walker, call: Call, located: Located, closure: Closure) -> Problem | None:
    """Follows ``node file arguments``."""
    words = list(call.argv[1:])
    required: list[str] = []
    while words and words[0].startswith("-") and words[0] != "-":
        option = words.pop(0)
        if option in _TEXT:
            walker.trail.miss("what a script on Node's command line requires was not looked at")
            words = []
        elif option in _WITH_VALUE and words:
            value = words.pop(0)
            required += [value] if option in ("-r", "--require", "--import") else []
        elif option.startswith(("--require=", "--import=")):
            required.append(option.partition("=")[2])
    if not words or words[0] == "-":
        walker.arrive(call, "node", call.argv[1:], located.found)
        return None
    if call.cwd is None and not words[0].startswith("/"):
        walker.trail.miss(f"where {words[0]} lies is only known when it runs")
        return None
    name = posixpath.basename(words[0])
    entry = resolve_file(walker.image, posixpath.join(call.cwd or "/", words[0]))
    if entry is None:
        found = walker.files.resolve(words[0], call.cwd or "/")
        why = f"{found.path} holds nothing that it could run" if isinstance(found, Found) else found.why
        return Problem(f"node is to run {words[0]}, and {why}", words[0], key=f"missing {name}")
    file = walker.files.resolve(entry)
    if isinstance(file, Found) and not (call.identity.may_reach(file) and call.identity.may(file.node, READ)):
        return Problem(f"{call.identity} may not read {entry}", entry, key="denied")
    for each in required:
        if resolve_module(walker.image, each, call.cwd or "/") is None and not each.startswith(("node:", "data:")):
            return Problem(f"node is to load {each} first, and it is not there", each, key=f"module {each}")
    if name in MANAGERS:  # its own files are not the program's
        return follow_manager(walker, call.then((name, *words[1:]))) if call.final else None
    walker.trail.texts[entry] = "node"
    walker.trail.see(f"{entry}, which {located.invoked} runs, is there")
    walker.trail.runtimes.append(Runtime("node", "", entry, module_folders(entry), closure))
    walker.arrive(call, "node", tuple(words), located.found)
    return None


def module_folders(entry: str) -> tuple[str, ...]:
    """The node_modules folders that a file's ``require`` searches, nearest first."""
    folders = []
    folder = posixpath.dirname(entry)
    while True:
        if posixpath.basename(folder) != "node_modules":
            folders.append(posixpath.join(folder, "node_modules"))
        if folder == "/":
            return tuple(folders)
        folder = posixpath.dirname(folder)


def resolve_module(image: Image, name: str, folder: str) -> str | None:
    """The file of ``require(name)`` in a folder, or the package's folder when its entry is not told by simple rules."""
    if name.startswith(("/", "./", "../")) or name in (".", ".."):
        return resolve_file(image, posixpath.normpath(posixpath.join(folder, name)))
    parts = name.split("/")
    package = "/".join(parts[:2]) if name.startswith("@") else parts[0]
    for modules in module_folders(posixpath.join(folder, "x")):
        found = image.files.resolve(f"{modules}/{package}")
        if isinstance(found, Found):
            return found.path
    return None


def resolve_file(image: Image, path: str) -> str | None:
    """A file, one with a suffix, or the main file of a folder; links followed."""
    for candidate in (path, *(path + suffix for suffix in _SUFFIXES)):
        found = image.files.resolve(candidate)
        if isinstance(found, Found) and found.node.is_file:
            return found.path
    folder = image.files.resolve(path)
    if not isinstance(folder, Found) or not folder.node.is_folder:
        return None
    main = _main(image, folder.path)
    candidates = [f"{folder.path}/{main}{suffix}" for suffix in ("", *_SUFFIXES, "/index.js")] if main else []
    candidates += [f"{folder.path}/index{suffix}" for suffix in _SUFFIXES]
    for candidate in candidates:
        found = image.files.resolve(candidate)
        if isinstance(found, Found) and found.node.is_file:
            return found.path
    return None


def _main(image: Image, folder: str) -> str:
    try:
        package = load_json(image.text(f"{folder}/package.json", _MOST_PACKAGE) or "{}")
    except (ValueError, RecursionError):
        return ""
    main = package.get("main") if isinstance(package, dict) else None
    return main if isinstance(main, str) else ""
