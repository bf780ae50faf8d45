"""What ``npm run build`` and its like run: the scripts that package.json gives names to."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping
from dataclasses import replace

from rewriter.model.files import StageFiles
from rewriter.model.run import SHELLS, Step, script_steps
from rewriter.model.state import State
from rewriter.shell import Opaque

_RUNNERS = frozenset({"npm", "yarn", "pnpm"})
_INSTALLS = frozenset({"", "ci", "install", "i", "add", "clean-install"})
_ON_INSTALL = ("preinstall", "install", "postinstall", "prepublish", "preprepare", "prepare", "postprepare")
_NAMED = frozenset({"start", "test", "stop", "restart"})
_HARMLESS = frozenset(
    "cache config set get version -v --version help prune rebuild global view info ls list audit pack login "
    "dedupe store bin prefix root why remove uninstall init link policies autoclean fund".split()
)
_MOST_SCRIPTS = 50


_READ_CODE = SHELLS | {"python", "python3", "node", "ruby", "perl", "php"}


def fed(step: Step) -> bool:
    """True for a shell or an interpreter that reads its program from a heredoc."""
    redirects = step.command.redirects if step.command is not None else ()
    return step.name in _READ_CODE and any(redirect.operator.startswith("<<") for redirect in redirects)


def runs_scripts(step: Step) -> bool:
    """True for a command of npm, yarn or pnpm."""
    return step.name in _RUNNERS


def called_scripts(step: Step, files: StageFiles, state: State) -> tuple[Step, ...] | str:
    """The commands of the scripts that one command of npm, yarn or pnpm runs, or why they are not seen (a clause)."""
    words = [word if word is not None else "$" for word in step.argv[1:]]
    plain = [word for word in words if not word.startswith("-")]
    verb = plain[0] if plain else ""
    if verb in _HARMLESS or "--ignore-scripts" in words or (not plain and words and step.name != "yarn"):
        return ()
    path = step.absolute("package.json")
    origin = files.origin(path) if path is not None else None
    context = files.context
    if context is None or origin is None or context.kind(origin) is None:
        if verb in _INSTALLS:
            return ()  # what it installs is asked of the manifests, which are not seen either
        return f"`{step.name} {verb}` runs what a package.json says, which could not be seen"
    from rewriter.manifests.reading import Unread, read_json

    package = read_json(context, origin)
    if isinstance(package, Unread):
        return f"{origin} {package.reason}"
    named = package.get("scripts", {})
    if not isinstance(named, dict):
        return f"what {origin} calls its scripts is no table of commands"
    scripts = {name: text for name, text in named.items() if isinstance(text, str)}
    if verb in _INSTALLS:
        names: tuple[str, ...] = () if _names_packages(step.name, plain) else _ON_INSTALL
    else:
        name = plain[1] if verb in ("run", "run-script") and len(plain) > 1 else verb
        if name not in scripts and (verb in ("run", "run-script") or verb in _NAMED):
            return f"{origin} has no script {name!r}"
        names = (name,)
    return _commands(step, names, scripts, state, origin or "package.json")


def _names_packages(program: str, plain: list[str]) -> bool:
    return len(plain) > 1 or (program == "yarn" and plain[:1] == ["add"])


def _commands(
    step: Step, names: tuple[str, ...], scripts: Mapping[str, str], state: State, origin: str
) -> tuple[Step, ...] | str:
    found: list[Step] = []
    seen: set[str] = set()
    todo = [hook for name in names for hook in (f"pre{name}", name, f"post{name}")]
    while todo:
        name = todo.pop(0)
        if name in seen or name not in scripts:
            continue
        seen.add(name)
        if len(seen) > _MOST_SCRIPTS:
            return f"{origin} has scripts that call more than {_MOST_SCRIPTS} others"
        inner = script_steps(scripts[name], step.instruction, state)
        if isinstance(inner, Opaque):
            return f"the script {name!r} of {origin} is not understood: {inner.reason}"
        for each in inner:
            further = list(_called(each)) if runs_scripts(each) else []
            todo += [hook for other in further for hook in (f"pre{other}", other, f"post{other}")]
            if not further:
                found.append(replace(each, cwd=step.cwd, command=None))
    return tuple(found)


def _called(step: Step) -> Iterator[str]:
    plain = [word for word in step.argv[1:] if word and not word.startswith("-")]
    if plain and plain[0] in ("run", "run-script"):
        plain = plain[1:]
    if plain and plain[0] not in _HARMLESS | _INSTALLS:
        yield posixpath.basename(plain[0])
