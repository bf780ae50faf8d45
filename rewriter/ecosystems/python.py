"""Python: an application whose dependencies are carried as one virtual environment at one path.

A virtual environment is bound to its path and to its interpreter: its scripts name ``/opt/venv/bin/python``, which is
a link to ``/usr/local/bin/python3.X``. So both stages have the same image, and the path stays. Source: Python's
documentation of venv, 3.11.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

from rewriter.ecosystems.application import application_folders
from rewriter.ecosystems.artefacts import BuilderLine, Output, Production, SystemNeeds
from rewriter.ecosystems.build_packages import left_behind
from rewriter.ecosystems.ecosystem import Ecosystem
from rewriter.ecosystems.installs import Installed, installed_by, installs_of
from rewriter.ecosystems.python_environment import Environment, environment_of
from rewriter.ecosystems.python_scan import (
    COLLECTS,
    absolute_paths,
    compiles_at_run_time,
    harmless,
    hides_environment,
    starts_without_path,
    static_files_elsewhere,
)
from rewriter.ecosystems.runtime_base import own_image
from rewriter.facts import parse_tag
from rewriter.transform import Certainty, Evidence

if TYPE_CHECKING:
    from rewriter.ecosystems.artefacts import Artefact
    from rewriter.ecosystems.runtime_base import Builder, RuntimeBase
    from rewriter.facts import Facts
    from rewriter.model.launch import Launch
    from rewriter.model.run import Step
    from rewriter.syntax import Instruction

_INSTALLERS = frozenset({"poetry", "pipenv", "uv", "uvx", "pdm", "hatch", "virtualenv", "pip-compile", "pip-sync"})
_CHECKS = frozenset("pytest tox nox flake8 mypy black isort ruff pylint coverage bandit pre-commit".split())
_OPENMP = frozenset(
    {"lightgbm", "xgboost", "implicit", "fasttext", "hdbscan", "pmdarima", "treelite", "annoy", "nmslib"}
)
"""Packages whose wheels, or compiled modules, load libgomp.so.1. Source: their installation guides, 2026-11."""
_OLDEST = (3, 8)
"""The pip that venv brings to older versions does not know today's wheels (manylinux_2_x needs pip 20.3)."""
_SYSTEMS_OWN = re.compile(r"/usr/local/lib/python[\w./-]*|/usr/local/bin/python[\w.]*|/etc/pip\.conf|/\.?pip/pip\.conf")
_EXPORTED = re.compile(r"\bPATH=([^\s;&|]+)")
_PLACES = re.compile(r"/usr/local/(?:bin/(?!python|pip|docker-)[\w.-]+|lib/python)|/usr/lib/python")


class PythonStage(Ecosystem):
    """What one stage does with Python."""

    name = "Python"
    interpreted = True
    tools = _INSTALLERS | _CHECKS | {"pip", "pip3", "python", "python3", "easy_install"}
    settings = frozenset({"PIP_*", "POETRY_*", "PIPENV_*", "PYTHON_PIP_VERSION", "UV_*"})
    caches = ("/root/.cache", "/root/.local/share/virtualenv", "/root/.config/pypoetry")
    source_names = (".py", ".pyx")

    def recognised(self) -> bool:
        """On an official image of Python: there it is known where pip installs to."""
        image = self.stage.root.image
        return image is not None and image.short_name == "python"

    def outputs(self, step: Step) -> Iterator[Output]:
        """Nothing: its installers fill folders."""
        yield from ()

    def leaves(self, step: Step) -> str | None:
        """Installers fill the environment that is carried; what Python itself runs must be known to be harmless."""
        name = step.name
        if name in ("poetry", "pipenv", "uv", "pdm", "hatch") and "run" in step.argv[1:3]:
            return self._run_by(step)
        if name.startswith("pip") and name[3:].replace(".", "").isdigit():
            name = "pip"
        if name in self.tools and not name.startswith("python"):
            return ""
        if not name.startswith("python") or (not name[6:].replace(".", "").isdigit() and name != "python"):
            return None
        if not harmless(step):
            return f"what `{_shown(step)}` leaves for run time cannot be told"
        return (static_files_elsewhere(self) or "") if COLLECTS & {*step.argv} else ""

    def _run_by(self, step: Step) -> str | None:
        """What a manager runs in its environment is judged as if it stood alone."""
        words = step.argv[step.argv.index("run") + 1 :]
        while words and words[0] is not None and words[0].startswith("-"):
            words = words[1:]
        inner = replace(step, argv=words)
        told = self.leaves(inner) if words and inner.name not in _INSTALLERS else None
        return told if told is not None else f"what `{_shown(step)}` leaves for run time cannot be told"

    def toolchain(self, step: Step) -> str:
        """Environments that are looked up, and synchronised, whenever they start something."""
        words = [word for word in step.argv if word]
        if step.name in ("poetry", "pipenv", "uv", "pdm", "hatch") or words[1:3] == ["-m", "pip"] or step.name == "pip":
            return " ".join(words[:2])
        return ""

    @cached_property
    def declared(self) -> Installed:
        """What its installing commands take."""
        return installed_by(installs_of(self), self.files)

    @property
    def _version(self) -> tuple[int, ...]:
        image = self.stage.root.image
        version = parse_tag("python", image.tag).version if image is not None else None
        numbers = re.findall(r"[0-9]+", version or "")
        return tuple(int(number) for number in numbers[:2])

    def production(self, launch: Launch) -> Production | str:
        """The application's folders, and the environment, made anew where pip would install into the system."""
        if len(self._version) > 1 and self._version < _OLDEST:
            shown = ".".join(map(str, self._version))
            return f"the virtual environments of Python {shown} come with a pip that is too old for today's wheels"
        environment = environment_of(self)
        if isinstance(environment, str):
            return environment
        before = environment.before
        problem = self._bound_to_the_system(launch, before) if before is not None else None
        folders = application_folders(self)
        if problem or isinstance(folders, str):
            return problem or str(folders)
        compiles = compiles_at_run_time(self.declared.all)
        left = self._left(environment)
        if compiles and left_behind(self):
            return f"{compiles} compiles when it runs, and may need {', '.join(left_behind(self))}"
        carried = {**folders, environment.path: environment.reason}
        inside = any(environment.path.startswith(folder.rstrip("/") + "/") for folder in folders)
        return Production(
            folders if inside else carried,
            left,
            lines=self._lines(environment),
            environment=environment.variables if environment.before is not None else (),
            evidence=tuple(self._doubts()),
            programs=frozenset(),
        )

    def _lines(self, environment: Environment) -> tuple[BuilderLine, ...]:
        if environment.before is None:
            return ()
        lines = (f"RUN python -m venv {environment.path}", *environment.variables)
        return tuple(BuilderLine(line, environment.before) for line in lines)

    def _left(self, environment: Environment) -> str:
        return ", ".join((*left_behind(self), *environment.tools))

    def _doubts(self) -> Iterator[Evidence]:
        for fact, where in self.declared.unseen:
            yield Evidence(f"{fact} could not be seen", where, Certainty.ASSUMED)
        if any(one.name == "uwsgi" for manifest in self.declared.all for one in manifest.dependencies):
            yield Evidence("uwsgi has to find the environment by its own path", "requirements", Certainty.ASSUMED)
        names = {one.name for manifest in self.declared.all for one in manifest.dependencies}
        if names:
            fact = f"what its dependencies ({len(names)}) start or load at run time was not looked at"
            yield Evidence(fact, "requirements", Certainty.ASSUMED)

    def _bound_to_the_system(self, launch: Launch, before: Instruction) -> str | None:
        """What starts, or names by its path, the system's own Python, which knows nothing of the environment."""
        for line in (i for i in self.stage.instructions if i.name == "ENV" and i.start > before.start):
            if any(pair.key == "PATH" and hides_environment(pair.value or "") for pair in line.pairs):
                return f"line {line.line}: it sets PATH anew, without the programs of an environment, or before them"
        for line in self.stage.instructions:
            place = _SYSTEMS_OWN.search(line.text) if line.name in ("RUN", "COPY", "ADD") else None
            if place:
                return f"line {line.line}: {place.group()} is the system's Python and not that of an environment"
        lost = starts_without_path(launch)
        if lost:
            return lost
        texts = [(script.text, script.origin) for script in launch.scripts]
        state = self.stage.final_state
        for instruction in (state.healthcheck, state.cmd, state.entrypoint):
            if instruction is not None:
                texts.append((instruction.args, f"line {instruction.line}"))
        texts += [(value, f"ENV {name}") for name, value in state.env.items() if value and name != "PATH"]
        for text, where in texts:
            reset = next((m for m in _EXPORTED.finditer(text) if hides_environment(m[1])), None)
            if reset:
                return f"{where} sets PATH anew, without the programs of an environment, or before them"
            found = _PLACES.search(text) or re.search(r"/usr/(?:local/)?bin/python", text)
            if found:
                return f"{where} names {found.group()}, which is the system's Python and not that of an environment"
        return absolute_paths(self)

    def needs(self, base: RuntimeBase, builder: Builder) -> SystemNeeds:
        """Libraries of dependencies that were compiled against what the image itself has."""
        from rewriter.manifests.needs import alpine_needs

        names = {one.name for manifest in self.declared.all for one in manifest.dependencies}
        left = left_behind(self)
        if base.kind != "alpine":
            needs = SystemNeeds()
            if left and names & _OPENMP:
                needs.packages["libgomp1"] = f"{min(names & _OPENMP)} loads it, and compilers bring it"
            if "gfortran" in left:
                needs.packages["libgfortran5"] = "what gfortran compiles needs it"
            return needs
        found = alpine_needs(self.declared.all, image="python", version=".".join(map(str, self._version)))
        needs = SystemNeeds(dict(found.run))
        if {"g++", "build-base", "clang"} & {*left}:
            needs.packages.setdefault("libstdc++", "what g++ compiles needs it")
        return needs

    def bases(self, facts: Facts, builder: Builder, artefacts: tuple[Artefact, ...]) -> list[RuntimeBase]:
        """The same image."""
        return [own_image(facts, builder, self.stage)]


def _shown(step: Step) -> str:
    return " ".join(word or "…" for word in step.argv[:3])
