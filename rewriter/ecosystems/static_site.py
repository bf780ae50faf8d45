"""Static sites: a front end or documentation that a stage builds into one folder, and a server that only reads it.

There are two ways. The server stays, where it can be installed again in the runtime or is part of its image, and the
folder is carried. Or nginx takes its place: that is smaller, and changes what users of the image may rely on.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from rewriter.ecosystems.artefacts import Ahead, Linkage, Output
from rewriter.ecosystems.ecosystem import Ecosystem
from rewriter.ecosystems.nginx_site import COMMAND, nginx_bases
from rewriter.ecosystems.reads import RuntimeFiles
from rewriter.ecosystems.runtime_base import RuntimeBase, own_image
from rewriter.facts import Refusal, slim_tag
from rewriter.transform import Certainty, Evidence

if TYPE_CHECKING:
    from rewriter.ecosystems.artefacts import Artefact
    from rewriter.ecosystems.runtime_base import Builder
    from rewriter.ecosystems.static_fit import Site
    from rewriter.facts import Facts
    from rewriter.model.files import StageFiles
    from rewriter.model.launch import Launch
    from rewriter.model.run import Run, Step
    from rewriter.model.stages import Stage

_SETTINGS = frozenset(
    "REACT_APP_* VITE_* VUE_APP_* GATSBY_* NEXT_PUBLIC_* PUBLIC_URL GENERATE_SOURCEMAP BUILD_PATH INLINE_RUNTIME_CHUNK "
    "NEXT_TELEMETRY_DISABLED ASTRO_* HUGO_* JEKYLL_ENV ELEVENTY_* SKIP_PREFLIGHT_CHECK CI npm_config_* NPM_CONFIG_* "
    "YARN_* PNPM_* COREPACK_* PIP_* POETRY_*".split()
)
_PROGRAM_FOLDERS = frozenset({"/usr/local/bin", "/usr/bin", "/bin"})
_NAMES = re.compile(r"\$\{?(\w+)")


class SiteStage(Ecosystem):
    """What both ways have in common: the folder is all that is carried, and of RUN next to nothing is for run time."""

    name = "static site"
    portable = True
    self_contained = True
    settings = _SETTINGS
    runners = frozenset({"npm", "yarn", "pnpm", "npx", "pnpx"})
    caches = ("/root/.npm", "/root/.cache")

    def __init__(self, stage: Stage, files: StageFiles, runs: tuple[Run, ...], site: Site) -> None:
        super().__init__(stage, files, runs)
        self.site = site

    def outputs(self, step: Step) -> Iterator[Output]:
        """The folder that a tool writes; of unknown ones, the folder that the start command serves."""
        if step is self.site.maker:
            yield Output(self.site.folder, None, linkage=Linkage.PORTABLE, kind="dir")

    def starts(self, step: Step) -> tuple[str, ...]:
        """The folder, whatever serves it."""
        return (self.site.folder,)

    def toolchain(self, step: Step) -> str:
        """Nothing: what is started only reads."""
        return ""

    def concerns(self, step: Step) -> bool:
        """Nothing of the build is for run time."""
        return False

    def reads(self, artefacts: tuple[Artefact, ...], launch: Launch, made: Mapping[str, str]) -> RuntimeFiles:
        """What the server reads beside the folder."""
        found = RuntimeFiles()
        if not self.site.known:
            fact = f"that the build makes {self.site.folder}, with all that is served, is taken from the start command"
            found.evidence.append(Evidence(fact, f"line {self.site.leaf.step.instruction.line}", Certainty.ASSUMED))
        return found


class KeptServer(SiteStage):
    """The same server on the same image, with the folder of the build and nothing else."""

    def __init__(self, stage: Stage, files: StageFiles, runs: tuple[Run, ...], site: Site) -> None:
        super().__init__(stage, files, runs, site)
        self.refusal = site.server.outside or self._missing() or site.health

    def _missing(self) -> str:
        """Why the server would not be there."""
        leaf, image = self.site.leaf, self.stage.root.image
        if self.site.development:
            return f"`{self.site.server.tool}` is a development server, which needs all that it builds with"
        if "/" in leaf.words[0] and posixpath.dirname(leaf.words[0]) not in _PROGRAM_FOLDERS and not leaf.local:
            return f"{leaf.words[0]} is not known to be there"
        if self.site.server.tool == "http.server":
            return "" if image is not None and image.short_name == "python" else "Python is none of its image"
        if self.site.dependency and not self.installed_by:
            return f"{leaf.name} is a package of the project, and lies in its node_modules"
        if leaf.local or self.site.dependency:
            return f"{leaf.name} is installed twice, and which of them runs hangs on the project's node_modules"
        if self.site.server.tool == "vite preview":
            return "vite is a package of the project, and lies in its node_modules"
        if leaf.scripts and leaf.step.name not in ("npm", "yarn"):
            return f"`{leaf.step.name}` is installed in a way that is not seen"
        if "npx" in leaf.by and self.site.unseen:
            return f"whether {leaf.name} is a package of the project cannot be seen: package.json is not in the context"
        if "npx" in leaf.by or [step.name for step in self.installed_by] in (["npm"], ["yarn"]):
            return ""
        return f"`{leaf.name}` is installed in a way that is not seen"

    @property
    def installed_by(self) -> tuple[Step, ...]:
        """The commands that install the server for the whole image."""
        return tuple(step for step in self.steps if step.certain and self.site.leaf.name in global_packages(step))

    def concerns(self, step: Step) -> bool:
        """Users, what installs the server, and the packages of the system: of them those that are started are kept."""
        user = step.name in ("useradd", "groupadd", "adduser", "addgroup", "usermod", "groupmod")
        return user or self.repeats(step) or step.name in ("apt-get", "apt", "apk")

    def repeats(self, step: Step) -> bool:
        """The installation of the server, and the registry that it comes from."""
        sets = step.name in ("npm", "yarn") and step.argv[1:3] == ("config", "set")
        return step in self.installed_by or (sets and bool(self.installed_by))

    def reads(self, artefacts: tuple[Artefact, ...], launch: Launch, made: Mapping[str, str]) -> RuntimeFiles:
        """With the package.json whose script starts the server."""
        found = super().reads(artefacts, launch, made)
        for folder in self.site.leaf.scripts:
            found.paths[posixpath.join(folder, "package.json")] = "its script starts the server"
        fact = f"{self.site.server.tool} reads nothing but {self.site.folder}: links out of it would lead nowhere"
        found.evidence.append(Evidence(fact, f"line {self.site.leaf.step.instruction.line}", Certainty.ASSUMED))
        return found

    def bases(self, facts: Facts, builder: Builder, artefacts: tuple[Artefact, ...]) -> list[RuntimeBase]:
        """The same image, or the slim one of the same release, which has the same interpreter."""
        own = own_image(facts, builder, self.stage)
        image = self.stage.root.image
        page = facts.image(image.short_name) if image is not None else None
        choice = (
            slim_tag(page, image.tag or "latest") if own.vetoes and page is not None and image is not None else None
        )
        if page is None or choice is None or isinstance(choice, Refusal):
            return [own]
        slim = RuntimeBase(f"{page.name}:{choice.tag}", "slim")
        slim.programs = page.programs(choice.tag) | {self.site.leaf.name, posixpath.basename(self.site.leaf.step.name)}
        slim.users = own.users
        slim.environment = own.environment
        slim.evidence.append(Evidence(f"{page.name}:{choice.tag} exists", f"{choice.source}, {choice.date}"))
        return [own, slim]


class NginxInstead(SiteStage):
    """nginx in the place of the server: same port, same folder, same answers, but for what the change says."""

    # nginx reads no variable, and nothing in a folder that ENV PATH adds.
    settings = frozenset({"*"})
    folders = ("/",)

    def __init__(self, stage: Stage, files: StageFiles, runs: tuple[Run, ...], site: Site) -> None:
        super().__init__(stage, files, runs, site)
        self.refusal = site.against_nginx or site.health

    @property
    def literals(self) -> frozenset[str]:
        """Variables that other instructions of the runtime name, and those that are set behind the build."""
        found: set[str] = set()
        for instruction in self.stage.instructions:
            if instruction.name in ("RUN", "COPY", "ADD"):
                found = {name for name in found if name.startswith("$")}
            elif instruction.name == "ENV":
                found |= {pair.key for pair in instruction.pairs}
            elif instruction.name in ("EXPOSE", "LABEL", "VOLUME", "STOPSIGNAL", "HEALTHCHECK"):
                found |= {f"${name}" for name in _NAMES.findall(instruction.text)}
        return frozenset(name.lstrip("$") for name in found)

    def toolchain(self, step: Step) -> str:
        """The server that nginx takes the place of, until it has."""
        return self.site.server.tool if step.argv[:1] != COMMAND[:1] else ""

    def ahead(self, launch: Launch) -> Ahead | str:
        """Starts nginx, behind the build where the start command builds."""
        output = Output(self.site.folder, None, linkage=Linkage.PORTABLE, kind="dir")
        return Ahead(self.site.lines, COMMAND, output, self._doubt())

    def promise(self, output: Output, step: Step) -> None:
        """Nothing to add where the build makes it already."""
        if self.site.maker is None:
            super().promise(output, step)

    def _doubt(self) -> str:
        server = self.site.server
        command, notes = self.site.leaf.step.command, [*server.notes]
        if command is not None and any("$" in word.raw for word in command.words):
            notes.append("its port and folder are those that the Dockerfile sets, whatever the image is given")
        lost = ["its redirects, headers and logs are nginx's"]
        lost += ["a folder without an index is no longer listed"] if server.lists else []
        kept = f"nginx takes the place of {server.tool} at port {server.port}"
        return "; ".join([kept, *notes, *lost])

    def bases(self, facts: Facts, builder: Builder, artefacts: tuple[Artefact, ...]) -> list[RuntimeBase]:
        """nginx on Alpine, or on Debian."""
        return nginx_bases(facts, self.site.server, self.site.folder)


def global_packages(step: Step) -> frozenset[str]:
    """Names of the packages that one command installs for the whole image."""
    from rewriter.manifests.npm import split_name

    words = [word for word in step.argv[1:] if word]
    if step.name not in ("npm", "yarn", "pnpm"):
        return frozenset()
    verbs = words[:1] in (["install"], ["i"], ["add"]) or words[:2] == ["global", "add"]
    everywhere = words[:1] == ["global"] or not {"-g", "--global", "--location=global"}.isdisjoint(words)
    plain = [word for word in words if not word.startswith("-")][2 if words[:1] == ["global"] else 1 :]
    if words[:1] and words[0] in ("-g", "--global"):
        verbs = plain != [] and [w for w in words if not w.startswith("-")][:1] in (["install"], ["i"], ["add"])
    return frozenset(split_name(word)[0] for word in plain) if verbs and everywhere else frozenset()
