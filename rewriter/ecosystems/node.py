"""Node: an application with its folder and node_modules, the latter without what only the build needs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar

from rewriter.ecosystems.application import BROWSERS, application_folders, browser_in_a_home
from rewriter.ecosystems.artefacts import BuilderLine, Output, Production, SystemNeeds
from rewriter.ecosystems.build_packages import left_behind
from rewriter.ecosystems.ecosystem import Ecosystem
from rewriter.ecosystems.node_project import Project, Started, project_at, started_programs
from rewriter.ecosystems.node_prune import Install, added, installs, prune_line
from rewriter.ecosystems.node_sources import imported, named
from rewriter.ecosystems.runtime_base import own_image
from rewriter.facts import parse_tag
from rewriter.manifests.npm import split_name
from rewriter.model.paths import below
from rewriter.transform import Certainty, Evidence

if TYPE_CHECKING:
    from rewriter.ecosystems.artefacts import Artefact
    from rewriter.ecosystems.runtime_base import Builder, RuntimeBase
    from rewriter.facts import Facts
    from rewriter.manifests import Manifest
    from rewriter.model.launch import Launch
    from rewriter.model.run import Run, Step
    from rewriter.syntax import Instruction

_MANAGERS = frozenset({"npm", "yarn", "pnpm", "npx", "pnpx", "corepack"})
_BUILD_TOOLS = frozenset(
    "npm yarn pnpm corepack typescript ts-node tsx node-gyp node-pre-gyp node-prune rimraf cross-env npm-run-all lerna "
    "nx turbo rush vite webpack webpack-cli rollup parcel parcel-bundler esbuild gulp gulp-cli grunt grunt-cli bower "
    "browserify babel-cli @babel/cli @angular/cli @vue/cli @nestjs/cli @ionic/cli create-react-app expo-cli less sass "
    "node-sass stylus clean-css-cli uglify-js html-minifier eslint prettier tslint jest mocha nyc npm-check-updates "
    "modclean @sentry/cli @redocly/cli env-cmd nodemon concurrently".split()
)
"""What is installed globally for builds, tests and work on the sources."""
_ABSOLUTE = re.compile(rb"""["'`](/(?:var|opt|srv|usr|etc|home|root|data|mnt|static|public|www)\b[^"'`\n]*)["'`]""")
_ELSEWHERE = re.compile(r"(?:^|[\s=\"'])(/(?!dev/null|usr/bin/env|tmp/)[\w.][\w./-]*|~/[\w./-]*|(?:\.\./){2,}[\w./-]*)")
_LARGEST = 1_000_000
_STARTS_PYTHON = frozenset({"youtube-dl-exec", "yt-dlp-exec", "youtube-dl", "node-calls-python", "pythonia", "pyodide"})
_GLOBAL = frozenset({"-g", "--global", "--location=global"})
_PYTHON = frozenset({"python3", "python", "python2", "python-is-python3", "py3-setuptools", "python3-distutils"})
"""What node-gyp calls."""


class NodeStage(Ecosystem):
    """What one stage does with Node."""

    name = "Node"
    interpreted = True
    tools = _MANAGERS | frozenset("node nodejs tsc lerna nx turbo ng vite webpack gulp grunt bower".split())
    runners = _MANAGERS
    settings = frozenset({"npm_config_*", "NPM_CONFIG_*", "YARN_*", "PNPM_*", "NODE_OPTIONS_BUILD", "COREPACK_*"})
    caches: ClassVar[tuple[str, ...]] = (
        "/root/.npm",
        "/root/.cache",
        "/usr/local/share/.cache",
        "/root/.local/share/pnpm",
        "/root/.yarn",
    )
    source_names = (".js", ".ts", ".mjs", ".cjs", ".jsx", ".tsx", ".vue")

    def recognised(self) -> bool:
        """On an official image of Node: there it is known what the image itself has."""
        image = self.stage.root.image
        return image is not None and image.short_name == "node"

    def outputs(self, step: Step) -> Iterator[Output]:
        """Nothing: what it builds lies in the application's folder."""
        yield from ()

    def leaves(self, step: Step) -> str | None:
        """What works in the project writes there; a tool that fetches browsers writes into a home."""
        if step.name in ("npx", "pnpx", "bunx") and any(word in BROWSERS for word in step.argv[1:3]):
            return f"`{step.name} {step.argv[1]}` puts browsers into a home, which are not carried"
        if (
            step.name in ("node", "nodejs")
            and step.argv[1:2]
            and (step.argv[1] or "-e").startswith(("-e", "-p", "--e"))
        ):
            return "what a script of `node -e` leaves for run time cannot be told"
        return self._outside(step) or super().leaves(step)

    def _outside(self, step: Step) -> str:
        """A script of the project that names a place outside of it: what it leaves there would be lost."""
        words = [word for word in step.argv if word is not None]
        plain = [word for word in words[1:] if not word.startswith("-")]
        project = self.project(step.cwd) if step.cwd else None
        if step.name == "bun" and plain[:1] == ["run"]:
            del plain[0]
        source = step.name in ("node", "nodejs") or (step.name == "bun" and "." in "".join(plain[:1]))
        if source and plain and step.cwd is not None:
            origin, context = self.files.origin(step.absolute(plain[0]) or ""), self.files.context
            text = context.read(origin, _LARGEST) if context is not None and origin is not None else None
            place = _ABSOLUTE.search(text or b"")
            shown = place[1].decode("utf-8", "replace") if place else ""
            return f"`{step.name} {plain[0]}` names {shown}, where it may leave something for run time" if place else ""
        if step.name not in {*_MANAGERS, "bun"} or not plain:
            return ""
        if plain[0] in ("exec", "dlx", "x") and plain[1:2]:
            return f"what `{' '.join(words[:3])}` leaves for run time cannot be told"
        name = plain[1] if plain[0] in ("run", "run-script") and plain[1:] else plain[0]
        scripts = project.scripts if project is not None else {}
        texts = (scripts.get(f"{part}{name}", "") for part in ("pre", "", "post"))
        found = next((match for text in texts if (match := _ELSEWHERE.search(text))), None)
        return f"the script {name!r} of package.json names {found[1]}, which is not carried" if found else ""

    def toolchain(self, step: Step) -> str:
        """Installing at the start; which scripts build is seen when these are resolved."""
        words = [word for word in step.argv if word]
        installs_at_start = step.name in _MANAGERS and words[1:2] in (["install"], ["ci"], ["i"], ["add"])
        return " ".join(words[:2]) if installs_at_start or words == ["yarn"] else ""

    @property
    def version(self) -> int | None:
        """The major version of Node, None where the tag moves."""
        image = self.stage.root.image
        version = parse_tag("node", image.tag).version if image is not None else None
        found = re.match(r"[0-9]+", version or "")
        return int(found.group()) if found else None

    @cached_property
    def installs(self) -> tuple[Install, ...]:
        """The commands that fill a node_modules."""
        return tuple(installs(self))

    @cached_property
    def globals(self) -> frozenset[str]:
        """Names of packages that are installed for the whole image, which are not carried."""
        found: set[str] = set()
        for step in self.steps:
            words = [word for word in step.argv[1:] if word]
            whole = _GLOBAL & {*words} or words[:1] == ["global"]
            if step.name in ("npm", "pnpm", "yarn", "bun") and whole:
                found.update(split_name(word)[0] for word in words if not word.startswith("-"))
        return frozenset(found - {"install", "i", "add", "global"})

    def project(self, folder: str) -> Project | None:
        """The project that a folder of the image holds, as the context shows it."""
        return project_at(folder, self.files)

    def production(self, launch: Launch) -> Production | str:
        """The application's folders, after its development dependencies have been pruned."""
        folders = application_folders(self)
        if isinstance(folders, str):
            return folders
        if not self.installs:
            return "nothing is seen to install dependencies"
        outside = next((each for each in self.installs if not below(each.cwd, tuple(folders))), None)
        if outside is not None:
            line = outside.step.instruction.line
            return f"line {line}: it installs into {outside.cwd}/node_modules, outside of the application's folders"
        started = started_programs(self, launch)
        if isinstance(started, str):
            return started
        lines: list[BuilderLine] = []
        doubts = [*self._doubts()]
        for install in {each.cwd: each for each in self.installs}.values():
            pruned = self._pruned(install, started)
            if isinstance(pruned, str):
                return pruned
            if pruned is not None:
                lines.append(pruned)
                doubts += self._named(install, started)
        problem = self._not_seen(started) if lines else ""
        if problem:
            return problem
        tool = min(self.globals - _BUILD_TOOLS, default="")
        if tool:
            return f"{tool} is installed globally, where the application may start it, and is not carried"
        locked = {
            one.name for m in self._manifests() if m.setting("lockfileVersion") for one in m.dependencies if not one.dev
        }
        browser = browser_in_a_home({*self._runtime_names()} | locked)
        if browser:
            return browser
        left = ["the development dependencies"] if lines else []
        return Production(folders, ", ".join([*left, *left_behind(self)]), tuple(lines), evidence=tuple(doubts))

    def _named(self, install: Install, started: Started) -> Iterator[Evidence]:
        """Pruned packages that sources name in strings."""
        project = self.project(install.cwd)
        for path, name in named(self, project, started) if project is not None else ():
            fact = f"it names {name}, a development dependency that is pruned and that it may load by that name"
            yield Evidence(f"{path}: {fact}", path, Certainty.CONTRACT)

    def _not_seen(self, started: Started) -> str:
        """Why a prune may take away what is started."""
        if started.unfollowed:
            return started.unfollowed
        unknown = started.unknown(frozenset(self._runtime_names()))
        return f"the start command runs `{unknown}`: no dependency of that name is seen to bring it" if unknown else ""

    def _pruned(self, install: Install, started: Started) -> BuilderLine | str | None:
        """The line that takes the development dependencies of one project out; None where none are installed."""
        project = self.project(install.cwd)
        if install.production:
            return None
        if project is None:
            line = install.step.instruction.line
            return f"line {line}: package.json is not in the build context: what run time needs cannot be told"
        if not project.development:
            return None
        needed = sorted(started.packages & project.development)
        if needed:
            return f"the start command needs {needed[0]}, a development dependency"
        used = imported(self, project, started)
        if used:
            return used
        extra = next(added(self, install.cwd), None)
        if extra is not None:
            line = extra.instruction.line
            return f"line {line}: it installs packages that package.json need not name, and that a prune takes away"
        text = prune_line(install, project, self.version)
        if isinstance(text, str) and not text.startswith("RUN "):
            return text
        place = self._behind_the_build()
        if isinstance(place, str):
            return place
        behind, workdir, user = place
        if user != install.user:
            return f"it installs as {install.user or 'root'} and goes on as {user or 'root'}: nobody may prune for sure"
        command = text.removeprefix("RUN ")
        return BuilderLine(text if workdir == install.cwd else f"RUN cd {install.cwd} && {command}", behind=behind)

    def _behind_the_build(self) -> tuple[Instruction, str | None, str | None] | str:
        """The last instruction that builds, with the working directory and the user behind it."""
        building = [run.instruction for run in self.runs if self._builds(run)]
        last = None
        for instruction in self.stage.instructions:
            if instruction.name in ("COPY", "ADD") or any(instruction is each for each in building):
                last = instruction
        if last is None:
            return "nothing in the stage builds"
        state = self.stage.state_at(last)
        return last, state.workdir, state.user

    def _builds(self, run: Run) -> bool:
        return isinstance(run.steps, tuple) and any(step.name in self.tools for step in run.steps)

    def _manifests(self) -> Iterator[Manifest]:
        for cwd in dict.fromkeys(install.cwd for install in self.installs):
            project = self.project(cwd)
            yield from project.manifests if project is not None else ()

    def _runtime_names(self) -> Iterator[str]:
        for manifest in self._manifests():
            yield from (one.name for one in manifest.dependencies if one.direct and not one.dev)

    def is_build_package(self, name: str) -> bool:
        """Python is there for node-gyp, unless a dependency starts it when the application runs (python-shell)."""
        names = {*self._runtime_names()}
        return name in _PYTHON and not names & _STARTS_PYTHON and not any("python" in one for one in names)

    def _doubts(self) -> Iterator[Evidence]:
        count = sum(1 for _ in self._runtime_names())
        if count:
            fact = f"what its dependencies ({count}) load or start at run time was not looked at"
            yield Evidence(fact, "package.json", Certainty.ASSUMED)

    def needs(self, base: RuntimeBase, builder: Builder) -> SystemNeeds:
        """Libraries of native addons on Alpine; on Debian they follow from the -dev packages of the stage."""
        from rewriter.manifests.needs import alpine_needs

        if base.kind != "alpine":
            return SystemNeeds()
        return SystemNeeds(dict(alpine_needs(tuple(self._manifests()), image="node").run))

    def bases(self, facts: Facts, builder: Builder, artefacts: tuple[Artefact, ...]) -> list[RuntimeBase]:
        """The same image: node_modules never changes its libc."""
        return [own_image(facts, builder, self.stage)]
