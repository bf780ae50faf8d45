"""The commands behind ``npm run build`` and ``npx serve``: scripts of package.json followed to what they run."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
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
_DEEPEST = 6


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
        return tuple(_follow(Leaf(words, step.cwd, step.variables, step), state, projects, 0))
    except _UnfollowedError as error:
        return str(error)


class _UnfollowedError(Exception):
    """What a script runs cannot be told."""


def _follow(leaf: Leaf, state: State, projects: Projects, depth: int) -> Iterator[Leaf]:
    words = leaf.words
    if not words:
        return
    if leaf.name in _WRAPPERS:
        given = [word for word in words[1:] if "=" in word]
        inner = tuple(word for word in words[1:] if "=" not in word)
        values = {name: value for name, _, value in (word.partition("=") for word in given)}
        yield from _follow(replace(leaf, words=inner, variables={**leaf.variables, **values}), state, projects, depth)
    elif leaf.name in _FETCHERS or (leaf.name in _MANAGERS and words[1:2] in (("exec",), ("dlx",))):
        yield _looked_up(leaf)
    elif leaf.name in _MANAGERS:
        yield from _script(leaf, state, projects, depth)
    else:
        yield leaf


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


def _script(leaf: Leaf, state: State, projects: Projects, depth: int) -> Iterator[Leaf]:
    """The commands of a script with those before and behind it; what stands behind its name goes to its last one."""
    words, shown = list(leaf.words[1:]), " ".join(leaf.words[:3])
    while words and words[0] in ("--silent", "-s", "--quiet", "-q"):
        words.pop(0)
    run = words[:1] and words[0] in _RUNS
    name = words[1] if run and len(words) > 1 else words[0] if words else ""
    rest = words[2 if run else 1 :]
    plain = run or name in _NAMED or (leaf.name != "npm" and name not in _OWN_WORDS)
    if not name or name.startswith("-") or not plain:
        yield leaf  # a command of the manager itself
        return
    project = projects(leaf.cwd) if leaf.cwd is not None else None
    if project is None:
        raise _UnfollowedError(f"what `{shown}` starts cannot be seen: package.json is not in the build context")
    text = project.scripts.get(name)
    if text is None and leaf.name == "yarn" and not run:
        yield replace(leaf, words=(name, *rest), by=leaf.by | {"npx"})  # yarn also calls programs of dependencies
        return
    if text is None:
        raise _UnfollowedError(f"package.json has no script {name!r}")
    if depth >= _DEEPEST:
        raise _UnfollowedError(f"the script {name!r} of package.json calls scripts that are too deep to follow")
    if leaf.name == "npm" and rest:
        if rest[0] != "--":
            raise _UnfollowedError(f"npm takes `{rest[0]}` of `{shown}` for itself or for the script by its version")
        rest = rest[1:]
    # A script starts in the folder of its package.json, with the variables of whoever calls it.
    there = replace(state, workdir=leaf.cwd, env=leaf.variables, args={})
    for each in (f"pre{name}", name, f"post{name}"):
        inner = script_steps(project.scripts.get(each, ""), leaf.step.instruction, there)
        if isinstance(inner, Opaque):
            raise _UnfollowedError(f"a script of package.json is not understood: {inner.reason}")
        for place, found in enumerate(inner):
            if any(word is None for word in found.argv) or not found.certain:
                raise _UnfollowedError(f"the script {each!r} of package.json decides when it runs")
            given = tuple(word for word in found.argv if word is not None)
            more = tuple(rest) if each == name and place == len(inner) - 1 else ()
            folders = (*leaf.scripts, project.folder)
            made = Leaf((*given, *more), found.cwd, found.variables, leaf.step, by=leaf.by | {"npm"}, scripts=folders)
            yield from _follow(made, there, projects, depth + 1)
