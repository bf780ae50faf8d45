"""The commands behind ``npm run build`` and ``npx serve``: scripts of package.json followed to what they run."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import takewhile
from typing import TYPE_CHECKING

from rewriter.manifests.npm import split_name
from rewriter.model.run import script_steps
from rewriter.shell import Opaque

if TYPE_CHECKING:
    from rewriter.ecosystems.node_project import Project
    from rewriter.model.run import Step
    from rewriter.model.state import State

_MANAGERS = frozenset({"npm", "yarn", "pnpm"})
_FETCHERS = frozenset({"npx", "pnpx"})
_RUNS = frozenset({"run", "run-script"})
_NAMED = frozenset({"start", "test", "stop", "restart"})
_OWN_WORDS = frozenset(
    "install i ci add remove init publish cache config set prune audit exec dlx create link ls list version pack "
    "update upgrade dedupe rebuild global import store fetch login why info view".split()
)
"""Words of yarn and pnpm that are no script, although no ``run`` stands before a script there."""
_WRAPPERS = frozenset({"cross-env"})
_SET_UP = frozenset("cd set export : true exec".split())
"""Builtins that write nothing."""
_DEEPEST = 6
_MOST = 200


@dataclass(frozen=True, slots=True)
class Leaf:
    """One program at the end of the way: its words as they run, without the manager that looks it up."""

    words: tuple[str, ...]
    cwd: str | None
    variables: Mapping[str, str | None]
    step: Step
    """The command of the Dockerfile that comes to it."""
    version: str = ""
    """The version that ``npx serve@14`` asks for."""
    by: frozenset[str] = frozenset()
    """``npx`` where it is looked up by that, ``npm`` where it stands in a script of package.json."""
    scripts: tuple[str, ...] = ()
    """The folders of the package.json whose scripts were followed."""

    @property
    def name(self) -> str:
        """Base name of the program."""
        return posixpath.basename(self.words[0])

    @property
    def local(self) -> bool:
        """True for a program that is named in a node_modules."""
        return "node_modules/" in self.words[0]


Projects = Callable[[str], "Project | None"]


def leaves(step: Step, state: State, projects: Projects) -> tuple[Leaf, ...] | str:
    """What one command comes to; or why that cannot be told."""
    if any(word is None for word in step.argv):
        return "the start command has words that only run time knows"
    words = tuple(word for word in step.argv if word is not None)
    try:
        return tuple(_Follower(projects).follow(Leaf(words, step.cwd, step.variables, step), state, 0))
    except _UnfollowedError as error:
        return str(error)


class _UnfollowedError(Exception):
    """What a script runs cannot be told."""


class _Follower:
    """Follows one command, and no more of its scripts than anybody writes: each may call others many times."""

    def __init__(self, projects: Projects) -> None:
        self.projects = projects
        self.room = _MOST

    def follow(self, leaf: Leaf, state: State, depth: int) -> Iterator[Leaf]:
        """The programs that a command comes to."""
        words = leaf.words
        self.room -= 1
        if self.room < 0 or depth > _DEEPEST:
            raise _UnfollowedError("the scripts of package.json call more scripts than are followed")
        if not words or leaf.name in _SET_UP:
            return
        if leaf.name in _WRAPPERS:
            given = tuple(takewhile(lambda word: "=" in word, words[1:]))
            values = {name: value for name, _, value in (word.partition("=") for word in given)}
            inner = replace(leaf, words=words[1 + len(given) :], variables={**leaf.variables, **values})
            yield from self.follow(inner, state, depth)
        elif leaf.name in _FETCHERS or (leaf.name in _MANAGERS and words[1:2] in (("exec",), ("dlx",))):
            yield _looked_up(leaf)
        elif leaf.name in _MANAGERS:
            yield from self.script(leaf, state, depth)
        else:
            yield leaf

    def script(self, leaf: Leaf, state: State, depth: int) -> Iterator[Leaf]:
        """The commands of a script with those before and behind it; what stands behind its name goes to its last."""
        called = _called(leaf, self.projects)
        if isinstance(called, Leaf):
            yield called
            return
        project, name, rest = called
        # A script starts in the folder of its package.json, with the variables of whoever calls it.
        there = replace(state, workdir=leaf.cwd, env=leaf.variables, args={})
        folders = (*leaf.scripts, project.folder)
        for each in (f"pre{name}", name, f"post{name}"):
            inner = script_steps(project.scripts.get(each, ""), leaf.step.instruction, there)
            if isinstance(inner, Opaque):
                raise _UnfollowedError(f"a script of package.json is not understood: {inner.reason}")
            for place, found in enumerate(inner):
                if any(word is None for word in found.argv) or not found.certain:
                    raise _UnfollowedError(f"the script {each!r} of package.json decides when it runs")
                given = tuple(word for word in found.argv if word is not None)
                more = tuple(rest) if each == name and place == len(inner) - 1 else ()
                by = leaf.by | {"npm"}
                made = Leaf((*given, *more), found.cwd, found.variables, leaf.step, by=by, scripts=folders)
                yield from self.follow(made, there, depth + 1)


def _looked_up(leaf: Leaf) -> Leaf:
    """``npx --yes serve@14 -s build``, ``npm exec -- serve``, ``pnpm dlx serve``."""
    rest = list(leaf.words[1 if leaf.name in _FETCHERS else 2 :])
    while rest and rest[0] in ("-y", "--yes", "--", "-q", "--quiet"):
        rest.pop(0)
    if not rest or rest[0].startswith("-"):
        raise _UnfollowedError(f"what `{' '.join(leaf.words[:3])}` starts is not followed")
    name, version = split_name(rest[0])
    rest = [word for n, word in enumerate(rest[1:]) if not (n == 0 and word == "--")]
    return replace(leaf, words=(name, *rest), version=version, by=leaf.by | {"npx"})


def _called(leaf: Leaf, projects: Projects) -> Leaf | tuple[Project, str, list[str]]:
    """The script that a manager calls: its project, its name and the words behind it; a leaf where it calls none."""
    words, shown = list(leaf.words[1:]), " ".join(leaf.words[:3])
    while words and words[0] in ("--silent", "-s", "--quiet", "-q"):
        words.pop(0)
    run = bool(words) and words[0] in _RUNS
    name = words[1] if run and len(words) > 1 else words[0] if words else ""
    rest = words[2 if run else 1 :]
    plain = run or name in _NAMED or (leaf.name != "npm" and name not in _OWN_WORDS)
    if not name or name.startswith("-") or not plain:
        return leaf  # a command of the manager itself
    project = projects(leaf.cwd) if leaf.cwd is not None else None
    if project is None:
        raise _UnfollowedError(f"what `{shown}` starts cannot be seen: package.json is not in the build context")
    text = project.scripts.get(name)
    if text is None and leaf.name == "yarn" and not run:
        return replace(leaf, words=(name, *rest), by=leaf.by | {"npx"})  # yarn also calls programs of dependencies
    if text is None:
        raise _UnfollowedError(f"package.json has no script {name!r}")
    if leaf.name == "npm" and rest:
        if rest[0] != "--":
            raise _UnfollowedError(f"npm takes `{rest[0]}` of `{shown}` for itself or for the script by its version")
        rest = rest[1:]
    return project, name, rest
