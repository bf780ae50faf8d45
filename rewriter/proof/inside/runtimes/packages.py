"""npm, yarn and pnpm: the script of a package.json that they run."""

from __future__ import annotations

import posixpath
import shlex
from dataclasses import replace
from typing import TYPE_CHECKING

from rewriter.proof.inside.trail import Call, Problem
from rewriter.source import load_json

if TYPE_CHECKING:
    from rewriter.proof.inside.start import Walker

MANAGERS = frozenset({"npm", "yarn", "pnpm", "npx"})
_SHORTHANDS = frozenset({"start", "test", "stop", "restart"})
_OF_YARN = frozenset({"install", "add", "exec", "node", "dlx", "global", "init", "cache", "config", "why", "workspace"})
_MOST_PACKAGE = 2_000_000


def follow_manager(walker: Walker, call: Call) -> Problem | None:
    """Follows ``npm start``, ``npm run NAME``, ``yarn NAME`` and ``npx NAME`` to what they start."""
    manager = posixpath.basename(call.argv[0])
    words = [word for word in call.argv[1:] if not word.startswith("-")]
    if call.cwd is None or not words:
        walker.arrive(call, manager, call.argv[1:], None)
        return None
    folder = _package_folder(walker, call.cwd)
    if manager == "npx" or (words[0] == "exec" and len(words) > 1):
        program = words[0] if manager == "npx" else words[1]
        behind = call.argv[call.argv.index(program) + 1 :]
        return walker.run(replace(call.then((program, *behind)), environment=_with_bins(call, folder)))
    name = _script_name(manager, words)
    if name is None:
        walker.arrive(call, manager, call.argv[1:], None)
        return None
    if folder is None:
        what = f"{manager} runs a script of package.json, and there is none in {call.cwd} or above"
        return Problem(what, posixpath.join(call.cwd, "package.json"), key="missing package.json")
    return _follow_script(walker, call, manager, name, folder)


def _follow_script(walker: Walker, call: Call, manager: str, name: str, folder: str) -> Problem | None:
    path = posixpath.join(folder, "package.json")
    scripts = package(walker, folder).get("scripts")
    text = scripts.get(name) if isinstance(scripts, dict) else None
    if not isinstance(text, str):
        if name == "start" and walker.files.file(f"{folder}/server.js") is not None:
            text = "node server.js"  # what npm starts then, by its manual
        elif manager != "npm" and walker.files.file(f"{folder}/node_modules/.bin/{name}") is not None:
            text = f"exec {name} {shlex.join(call.argv[call.argv.index(name) + 1 :])}"
        else:
            return Problem(
                f"{manager} runs the script {name!r}, which {path} does not have", path, key=f"script {name}"
            )
    walker.trail.see(f"{path} has the script {name!r}")
    inner = replace(call.then(("/bin/sh", "-c", text)), cwd=folder, environment=_with_bins(call, folder))
    problem = walker.run(inner)
    if problem is not None:
        return replace(problem, what=f"{manager} starts the script {name!r} of {path}: {problem.what}")
    return None


def package(walker: Walker, folder: str) -> dict[str, object]:
    """The package.json of a folder; empty when there is none that can be read."""
    try:
        found = load_json(walker.image.text(f"{folder}/package.json", _MOST_PACKAGE) or "{}")
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _script_name(manager: str, words: list[str]) -> str | None:
    if words[0] in ("run", "run-script"):
        return words[1] if len(words) > 1 else None
    if words[0] in _SHORTHANDS or (manager in ("yarn", "pnpm") and words[0] not in _OF_YARN):
        return words[0]
    return None


def _package_folder(walker: Walker, folder: str) -> str | None:
    """The nearest folder upwards with a package.json."""
    while True:
        if walker.files.file(posixpath.join(folder, "package.json")) is not None:
            return folder
        above = posixpath.dirname(folder)
        if above == folder:
            return None
        folder = above


def _with_bins(call: Call, folder: str | None) -> dict[str, str | None]:
    """The environment in which package managers start programs."""
    path = call.environment.get("PATH")
    bins = f"{folder}/node_modules/.bin:{path}" if folder is not None and path is not None else path
    return {**call.environment, "PATH": bins}
