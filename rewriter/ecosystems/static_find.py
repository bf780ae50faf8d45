"""Whether the final stage builds and serves a static site: which folder, who makes it, what speaks against nginx."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from rewriter.ecosystems.node_project import project_at
from rewriter.ecosystems.static_dev import BUILT_AHEAD, advice, built_ahead, development_server
from rewriter.ecosystems.static_fit import Site, judged
from rewriter.ecosystems.static_output import output_folder
from rewriter.ecosystems.static_scripts import Leaf, leaves
from rewriter.ecosystems.static_server import SERVERS, StaticServer, static_server
from rewriter.ecosystems.static_site import KeptServer, NginxInstead, global_packages
from rewriter.ecosystems.static_vite import read_preview
from rewriter.ecosystems.transfers import transfers
from rewriter.manifests.npm import split_name
from rewriter.model.files import STANDARD_FOLDERS
from rewriter.model.launch import launch_of
from rewriter.model.paths import below
from rewriter.shell import Opaque

if TYPE_CHECKING:
    from rewriter.ecosystems.node_project import Project
    from rewriter.model.files import StageFiles
    from rewriter.model.launch import Launch
    from rewriter.model.run import Run, Step
    from rewriter.model.stages import Stage
    from rewriter.situation import Situation

_MAY_START = SERVERS | frozenset("npm yarn pnpm npx pnpx cross-env".split())
_BUILDERS = frozenset("npm yarn pnpm npx pnpx make node sh bash".split())


def site_ways(situation: Situation, stage: Stage) -> tuple[KeptServer, NginxInstead] | str | None:
    """The two ways of a stage that serves a static site; a reason where neither can be; None for other stages."""
    files, runs = situation.files(stage), situation.runs(stage)
    launch = launch_of(stage, files)
    if isinstance(launch, str) or not any(step.name in _MAY_START for step in launch.steps):
        return None
    finder = _Finder(stage, files, runs, launch)
    finder.mounts = situation.options.surroundings.mounts
    finder.health = situation.options.surroundings.health
    site = finder.find()
    if site is None or isinstance(site, str):
        return site
    return KeptServer(stage, files, runs, site), NginxInstead(stage, files, runs, site)


def started_for_developers(situation: Situation, stage: Stage, launch: Launch) -> str:
    """What is said of the development server among what a stage starts; empty when there is none."""
    finder = _Finder(stage, situation.files(stage), (), launch)
    for step in launch.all_steps:
        found = leaves(step, stage.final_state, finder.project)
        for leaf in found if isinstance(found, tuple) else ():
            shown = development_server(leaf)
            if shown:
                return f"`{shown}` is a development server, which compiles whenever it is asked: {advice(shown)}"
    return ""


class _Finder:
    """Goes from the start command to the folder, and from there back to the build."""

    def __init__(self, stage: Stage, files: StageFiles, runs: tuple[Run, ...], launch: Launch) -> None:
        self.stage, self.files, self.runs, self.launch = stage, files, runs, launch
        self.mounts: tuple[tuple[str, str], ...] = ()
        """Folders of the image that something is mounted over, and who says so."""

        self.health: tuple[tuple[tuple[str, ...], str], ...] = ()
        """What checks the health of its containers, and who says so."""

        self._projects: dict[str, Project | None] = {}

    def project(self, folder: str) -> Project | None:
        """The project in a folder of the image, read once."""
        if folder not in self._projects:
            self._projects[folder] = project_at(folder, self.files)
        return self._projects[folder]

    def find(self) -> Site | str | None:
        """The site; a reason; None when what is started is no server of static files."""
        started: list[Leaf] = []
        for step in self.launch.steps:
            found = leaves(step, self.stage.final_state, self.project)
            if isinstance(found, str):
                return None  # whoever else looks at the stage says why
            started += found
        started = [replace(leaf, version=self._version(leaf)) for leaf in started]
        served = [(leaf, server) for leaf in started if (server := static_server(leaf)) is not None]
        if not served:
            return self._development(started)
        if self.launch.scripts:
            return "a script runs before the server of its static files, and may change them"
        leaf, server = served[-1]
        if len(started) > 1:
            other = next(each for each in started if each is not leaf)
            shown = " ".join(other.words[:3])
            return f"the start command also runs `{shown}`, which may change what {leaf.name} serves"
        if isinstance(server, str):
            return server
        return self._site(leaf, server)

    def _development(self, started: list[Leaf]) -> Site | str | None:
        """What a development server serves, where it can be built ahead."""
        shown = next((name for leaf in started if (name := development_server(leaf))), "")
        if not shown:
            return None
        leaf = started[-1]
        if len(started) > 1 or self.launch.scripts or leaf.name not in BUILT_AHEAD:
            return f"`{shown}` is a development server: {advice(shown)}"
        over = self._mounted_over(leaf.cwd)
        found = built_ahead(leaf, self.files, self.stage.final_state, self.project)
        if over or isinstance(found, str):
            why = f"{over} mounts a folder over its sources" if over else found
            return f"`{shown}` is a development server that is not built ahead: {why}; {advice(shown)}"
        server, line = found
        folder = posixpath.normpath(posixpath.join(leaf.cwd or "/", server.folder or "."))
        made = next((step for path, step in self._makers if path == folder), None)
        lines = (line,) if made is None else ()
        site = Site(server, leaf, folder, made, known=True, dependency=True, development=True, lines=lines)
        note = "a production build is served and no development server: it reloads nothing, and is not made with errors"
        site.server.notes.append(note)
        return judged(site, self.stage, self.files, self.launch, self.health)

    def _mounted_over(self, folder: str | None) -> str:
        """Who mounts something over sources, or among them; empty when nobody does."""
        volumes = [
            (path, f"VOLUME on line {instruction.line}")
            for instruction, state in self.stage.numbered()
            if instruction.name == "VOLUME"
            for word in instruction.operands
            if (path := state.absolute(state.expand(word, instruction.escape) or "")) is not None
        ]
        for path, where in (*self.mounts, *volumes):
            if folder and "node_modules" not in path and (below(folder, (path,)) or below(path, (folder,))):
                return where
        return ""

    def _site(self, leaf: Leaf, server: StaticServer) -> Site | str:
        package = self.project(leaf.cwd) if leaf.cwd is not None else None
        names = {one.name: one.version for one in package.package.dependencies} if package is not None else {}
        makers = self._makers
        if server.tool == "vite preview":
            problem = read_preview(leaf, server, self.files, package)
            if problem:
                return problem
        folder = self._folder(leaf, server, makers)
        if isinstance(folder, _Reason):
            return folder.text
        unfit = self._unfit(folder)
        if unfit:
            return unfit
        made_by = [step for path, step in makers if below(folder, (path,)) or below(path, (folder,))]
        if not made_by and makers and self.files.kind(folder) is None and not self._unknown_builders():
            return f"the build writes {makers[-1][0]}, and {server.tool} serves {folder}"
        known = bool(made_by)
        made_by = made_by or self._unknown_builders()
        if not made_by:
            return f"nothing in the stage is seen to build {folder}, which {server.tool} serves"
        site = Site(server, leaf, folder, made_by[-1], known, leaf.name in names, unseen=package is None)
        return judged(site, self.stage, self.files, self.launch, self.health)

    def _version(self, leaf: Leaf) -> str:
        """The version of a server as far as the files say; "" for the newest, ``?`` where they do not."""
        if leaf.version:
            return leaf.version
        package = self.project(leaf.cwd) if leaf.cwd is not None else None
        manifests = package.manifests if package is not None else ()
        asked = [one.version for each in manifests for one in each.dependencies if one.name == leaf.name and one.direct]
        if asked or (package is None and "npx" in leaf.by):
            return next((version for version in asked if version), "?")
        steps = [step for run in self.runs if isinstance(run.steps, tuple) for step in run.steps]
        words = [word for step in steps if leaf.name in global_packages(step) for word in step.argv[1:] if word]
        return next((version for name, version in map(split_name, words) if name == leaf.name), "")

    @cached_property
    def _makers(self) -> tuple[tuple[str, Step], ...]:
        """The folders that tools of the build write, also those that they are moved to, with the command of the RUN."""
        return tuple(self._written())

    def _written(self) -> Iterator[tuple[str, Step]]:
        made: set[str] = set()
        for step, leaf in self._built():
            folder = output_folder(leaf, self.files)
            there = [target for source, target in transfers(step, self.files) if source.rstrip("/.") in made]
            for path in there if folder is None else (folder,):
                made.add(path)
                yield path, step

    def _built(self) -> Iterator[tuple[Step, Leaf]]:
        for run in self.runs:
            for step in run.steps if isinstance(run.steps, tuple) else ():
                found = leaves(step, run.state, self.project)
                yield from ((step, leaf) for leaf in found) if not isinstance(found, str) else ()

    def _unknown_builders(self) -> list[Step]:
        """Commands that may write any folder of the project: tools and scripts that are not known, and makefiles."""
        known = {id(step) for _, step in self._makers}
        return [
            step
            for run in self.runs
            for step in (run.steps if isinstance(run.steps, tuple) else ())
            if step.name in _BUILDERS and id(step) not in known and not _installs(step)
        ]

    def _folder(self, leaf: Leaf, server: StaticServer, makers: tuple[tuple[str, Step], ...]) -> str | _Reason:
        written = server.folder
        if written is None and server.tool == "vite preview":
            found = [path for path, step in makers if leaf.cwd is not None and below(path, (leaf.cwd,))]
            if not found:
                return _Reason("which folder `vite preview` serves cannot be told: no `vite build` is seen to write it")
            return found[-1]
        if written is None:  # http-server takes public where there is one
            written = "public" if any(path == f"{leaf.cwd}/public" for path, _ in makers) else "."
        if leaf.cwd is None and not written.startswith("/"):
            return _Reason("its working directory is only known at build time")
        return posixpath.normpath(posixpath.join(leaf.cwd or "/", written))

    def _unfit(self, folder: str) -> str:
        """Why a folder cannot be carried alone."""
        if folder in STANDARD_FOLDERS:
            return f"it serves {folder}, among the folders of the system"
        for copy in self.files.copies:
            place = copy.target if copy.target is not None else copy.destination
            if place is not None and below(place, (folder,)):
                return f"it serves {folder}, where line {copy.instruction.line} copies what it is built from"
        link = next((step for step in self._links if self._leads_into(step, folder)), None)
        if link is not None:
            return f"line {link.instruction.line} makes a link in {folder}, which may lead out of it"
        if self.files.kind(folder) is not None and not self._built_there(folder):
            return f"the build context brings {folder}, which is served: nothing of it is built"
        return ""

    @property
    def _links(self) -> Iterator[Step]:
        for run in self.runs:
            if not isinstance(run.steps, Opaque):
                yield from (step for step in run.steps if step.name == "ln")

    def _leads_into(self, step: Step, folder: str) -> bool:
        """Whether a link is made in a folder, or whether where it is made cannot be told."""
        parts = step.options_and_operands
        target = step.absolute(parts[1][-1]) if parts is not None and parts[1] else None
        return target is None or below(target, (folder,))

    def _built_there(self, folder: str) -> bool:
        return any(below(folder, (path,)) or below(path, (folder,)) for path, _ in self._makers)


@dataclass(frozen=True, slots=True)
class _Reason:
    text: str


def _installs(step: Step) -> bool:
    words = [word for word in step.argv[1:] if word]
    verb = next((word for word in words if not word.startswith("-")), "")
    return bool(global_packages(step)) or verb in ("", "install", "i", "ci", "add", "config", "cache", "set", "prune")
