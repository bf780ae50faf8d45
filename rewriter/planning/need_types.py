"""What a stage needs of an Alpine userland, and what is known to be there: the words that the planners share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rewriter.model.run import Step

if TYPE_CHECKING:
    from rewriter.manifests import Manifest


_PROGRAMS = {
    "django-admin": "django",
    "jupyter": "notebook",
    "jupyter-lab": "jupyterlab",
    "nest": "@nestjs/cli",
    "ng": "@angular/cli",
    "pm2-runtime": "pm2",
    "pserve": "pyramid",
    "rackup": "rack",
    "tsc": "typescript",
    "vue-cli-service": "@vue/cli-service",
    "webpack": "webpack-cli",
}
"""Programs whose package has another name, as their packages on PyPI, npm and RubyGems declare them (2026-11)."""


@dataclass(slots=True)
class Declared:
    """``manifests``: what was read. ``unseen``: (what could not be seen, where it is asked for)."""

    manifests: tuple[Manifest, ...] = ()
    unseen: list[tuple[str, str]] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)
    """What else could not be seen, and is no reason against a swap."""
    ecosystems: frozenset[str] = frozenset()
    built: frozenset[str] = frozenset()
    """The programs that the project itself is, by the names that its manifest gives them (Rust)."""

    @property
    def names(self) -> frozenset[str]:
        """The names of all dependencies that are seen: their programs are there when they are installed."""
        return frozenset(item.name for manifest in self.manifests for item in manifest.dependencies)

    @property
    def programs(self) -> frozenset[str]:
        """The programs that the dependencies bring: by their own name, or one that is known to differ."""
        names = self.names
        return names | self.built | frozenset(program for program, name in _PROGRAMS.items() if name in names)


@dataclass(slots=True)
class Needs:
    """Packages with the reason for each, vetoes, and what could not be seen and is no reason against a swap."""

    packages: dict[str, str] = field(default_factory=dict)
    vetoes: list[str] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)
    early: set[str] = field(default_factory=set)
    """Packages among them that a command needs before the stage installs them."""

    def want(self, package: str, reason: str) -> None:
        """Adds a package once; the first reason stays."""
        self.packages.setdefault(package, reason)


@dataclass(frozen=True, slots=True)
class Known:
    """What is known to be on the image, whatever its commands say."""

    own: frozenset[str] = frozenset()
    """Programs of the image itself, and of what it installs."""
    handled: frozenset[tuple[int, int]] = frozenset()
    """Commands that are carried over already: (start of the instruction, start of the command in its text)."""
    installed: frozenset[str] = frozenset()
    """Alpine packages."""
    since: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    """Behind which command of RUN each of them is there, for those that the stage installs."""
    users: frozenset[str] = frozenset()
    renumbered: frozenset[str] = frozenset()
    """Numbers of users of the image that have another number on Alpine (www-data of php and httpd: 33)."""
    folders: tuple[str, ...] = ()
    """Folders that the image has on Alpine too."""
    release: str | None = None
    """Of Alpine, X.Y; None: not known."""
    family: str = "debian"
    """Of the image that the commands were written for: debian, ubuntu or rhel."""
    for_split: bool = False
    """True when it is the runtime of a split, whose files are looked for elsewhere."""

    def before(self, step: Step) -> frozenset[str]:
        """The packages that are there when a command of RUN runs."""
        if step.command is None or not self.since:
            return self.installed
        here = (step.instruction.start, step.command.start)
        return frozenset(name for name in self.installed if self.since.get(name, (-1, -1)) < here)

    def handles(self, step: Step) -> bool:
        """True for a command that is carried over already."""
        return step.command is not None and (step.instruction.start, step.command.start) in self.handled


NOTHING_KNOWN = Known(for_split=True)
