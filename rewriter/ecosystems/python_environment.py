"""Where the installing commands of a Python stage install to: the system, or one virtual environment."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rewriter.userland.runtime import ROOT_NAMES

if TYPE_CHECKING:
    from rewriter.ecosystems.ecosystem import Ecosystem
    from rewriter.model.run import Run, Step
    from rewriter.syntax import Instruction

NEW = "/opt/venv"
_SYSTEM = "the system"
_MANAGERS = frozenset({"poetry", "pipenv", "uv", "virtualenv", "pip-tools", "poetry-core"})
"""What installs other things: installed before the environment is made, it stays in the builder."""
_BESIDE = frozenset({"pip", "setuptools", "wheel"})
"""What every environment has, or needs itself: alone they are installed into it."""
_PLACES = frozenset({"PIP_TARGET", "PIP_PREFIX", "PIP_ROOT", "PIP_USER", "PYTHONUSERBASE", "PIP_CONFIG_FILE"})
"""Variables with which pip installs elsewhere. Source: pip's user guide, configuration, 24.0."""
_ELSEWHERE = frozenset({"--user", "--target", "-t", "--prefix", "--root"})
_TRUE = frozenset({"1", "true", "True", "TRUE", "yes", "on"})


@dataclass(frozen=True, slots=True)
class Environment:
    """``path``: absolute. ``before``: where it has to be made, None when the stage makes it itself."""

    path: str
    reason: str
    before: Instruction | None
    tools: tuple[str, ...]
    """Installers that stay in the builder."""
    variables: tuple[str, ...] = ()
    """The ENV line with which its programs are found."""


@dataclass(slots=True)
class _Seen:
    """What the commands so far say about environments."""

    made: list[str] = field(default_factory=list)
    poetry_creates: bool | None = None
    poetry_in_project: bool = False
    tools: list[str] = field(default_factory=list)
    targets: dict[str, Run] = field(default_factory=dict)
    """Where something is installed to -> the first RUN that does."""
    managers: set[str] = field(default_factory=set)


def environment_of(language: Ecosystem) -> Environment | str:
    """The one environment that a stage's commands install into; or why there is not one."""
    seen = _Seen()
    for run in language.runs:
        activated = ""
        for step in run.steps if isinstance(run.steps, tuple) else ():
            if step.name in (".", "source") and step.argv[1:] and (step.argv[1] or "").endswith("/bin/activate"):
                activated = posixpath.dirname(posixpath.dirname(step.absolute(step.argv[1] or "") or ""))
                continue
            target = _target(step, run, seen, activated)
            if target is None:
                continue
            if target != _SYSTEM and not target.startswith("/"):
                return f"line {step.instruction.line}: {target}"
            if target == _SYSTEM and run.state.user not in ROOT_NAMES:
                return f"line {step.instruction.line}: it installs as the user {run.state.user or 'that is not known'}"
            seen.targets.setdefault(target, run)
    if not seen.targets:
        return "nothing is seen to install dependencies"
    if len(seen.targets) > 1:
        first, second = list(seen.targets)[:2]
        return f"its dependencies are installed into {first} and into {second}"
    target, run = next(iter(seen.targets.items()))
    tools = tuple(dict.fromkeys(seen.tools))
    if target != _SYSTEM:
        return Environment(target, f"line {run.instruction.line} installs the dependencies there", None, tools)
    active = f"VIRTUAL_ENV={NEW} " if seen.managers else ""
    path = f'ENV {active}PATH="{NEW}/bin:$PATH"'
    return Environment(NEW, "the dependencies are installed there", run.instruction, tools, (path,))


def _target(step: Step, run: Run, seen: _Seen, activated: str) -> str | None:
    """Where a command installs to: a path, _SYSTEM, or a reason; None for one that installs nothing of the project."""
    words = [word for word in step.argv if word is not None]
    name = step.name
    if name.startswith("python") and words[1:3] in (["-m", "venv"], ["-m", "virtualenv"]):
        name, words = "venv", words[2:]
    elif name.startswith("python") and words[1:3] == ["-m", "pip"]:
        name, words = "pip", words[2:]
    elif name.startswith("python") and words[1:3] == ["setup.py", "install"]:
        return _where(step, seen, activated)
    elif name.startswith("pip") and name[3:].replace(".", "").isdigit():
        name = "pip"
    verb = next((word for word in words[1:] if not word.startswith("-")), "")
    if name in ("venv", "virtualenv") or (name == "uv" and verb == "venv"):
        return _makes(step, words, seen)
    if name == "pip" and verb == "install":
        return _pip(step, words, seen, activated)
    if name in ("poetry", "pipenv"):
        return _managed(step, name, verb, words, seen)
    if name == "uv":
        return _uv(step, verb, words, seen, activated)
    if name in ("pdm", "hatch", "conda", "mamba", "easy_install"):
        return f"where `{name}` installs to is not followed"
    return None


_PACKAGE = re.compile(r'"?[A-Za-z][\w.-]*(?:[\[=<>~!]|\Z)')
"""The beginning of a word that names a package, whatever its extras (a pattern for the shell) or version come to."""


def _makes(step: Step, words: list[str], seen: _Seen) -> str | None:
    operands = [word for word in words[1:] if not word.startswith("-") and word != "venv"]
    path = step.absolute(operands[-1] if operands else ".venv")
    if path is None or any(word.startswith(("--python", "-p")) for word in words):
        return "which environment it makes, or for which Python, is not known"
    seen.made.append(path)
    return None


def _pip(step: Step, words: list[str], seen: _Seen, activated: str) -> str | None:
    named = [word for word in words[words.index("install") + 1 :] if not word.startswith("-")]
    odd = next((w for w in words if w.partition("=")[0] in _ELSEWHERE), "")
    if odd:
        return f"`pip install {odd}` installs to a place of its own"
    unknown = step.unknown_words
    if not all(_PACKAGE.match(word) for word in unknown):
        return f"what `{step.name}` installs is only known at run time"
    names = {re.split(r"[=<>\[]", word)[0].lower() for word in (*named, *(raw.strip('"') for raw in unknown))}
    target = _where(step, seen, activated)
    elsewhere = min(_PLACES & {*step.variables}, default="")
    if elsewhere:
        return f"{elsewhere} makes pip install to a place of its own"
    if names & _MANAGERS and names <= _MANAGERS | _BESIDE and "-r" not in words and target == _SYSTEM:
        seen.tools += sorted(names & _MANAGERS)
        return None
    return target


def _where(step: Step, seen: _Seen, activated: str) -> str:
    """The environment whose pip a command calls."""
    word = step.argv[0] or ""
    if "/" in word:
        path = step.absolute(word) or ""
        home = posixpath.dirname(posixpath.dirname(path))
        return home if home in seen.made else f"which Python `{word}` belongs to is not known"
    if activated:
        return activated if activated in seen.made else f"the environment {activated} is not seen to be made"
    folders = step.variables.get("PATH", "")
    if folders is None:
        return "PATH is only known at build time"
    for folder in folders.split(":"):
        if folder.endswith("/bin") and posixpath.dirname(folder) in seen.made:
            return posixpath.dirname(folder)
    return _SYSTEM


def _managed(step: Step, name: str, verb: str, words: list[str], seen: _Seen) -> str | None:
    if name == "poetry" and verb == "config" and len(words) > 3:
        if words[2] == "virtualenvs.create":
            seen.poetry_creates = words[3] in _TRUE
        elif words[2] == "virtualenvs.in-project":
            seen.poetry_in_project = words[3] in _TRUE
        return None
    if verb not in ("install", "sync", "update"):
        return None
    variables = step.variables
    seen.managers.add(name)
    if name == "pipenv":
        if variables.get("PIPENV_VENV_IN_PROJECT") in _TRUE:
            return step.absolute(".venv") or "its working directory is not known"
        return _SYSTEM if "--system" in words else "pipenv makes an environment at a path that is not seen"
    if variables.get("POETRY_VIRTUALENVS_IN_PROJECT") in _TRUE or seen.poetry_in_project:
        return step.absolute(".venv") or "its working directory is not known"
    setting = variables.get("POETRY_VIRTUALENVS_CREATE")
    creates = setting in _TRUE if setting is not None else seen.poetry_creates
    return _SYSTEM if creates is False else "poetry makes an environment at a path that is not seen"


def _uv(step: Step, verb: str, words: list[str], seen: _Seen, activated: str) -> str | None:
    if "--python" in words or verb == "python" or any(name.startswith("UV_PYTHON") for name in step.variables):
        return "uv takes a Python of its own"
    if verb == "sync":
        path = step.variables.get("UV_PROJECT_ENVIRONMENT", ".venv")
        found = step.absolute(path) if path else None
        return found or "where uv makes its environment is not known"
    if verb != "pip" or "install" not in words:
        return None
    if "--system" in words or step.variables.get("UV_SYSTEM_PYTHON") in _TRUE:
        return "`uv pip install --system` installs past any virtual environment"
    active = activated or step.variables.get("VIRTUAL_ENV") or step.absolute(".venv") or ""
    return active if active in seen.made else "which environment uv installs into is not seen"
