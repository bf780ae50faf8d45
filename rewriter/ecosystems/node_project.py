"""A project of Node as its package.json shows it, and what a start command reaches through its scripts."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from rewriter.model.launch import is_builtin
from rewriter.model.run import script_steps
from rewriter.shell import Opaque
from rewriter.userland.runtime import is_common
from rewriter.userland.slim_calls import Unread, calls

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rewriter.context import BuildContext
    from rewriter.ecosystems.node import NodeStage
    from rewriter.manifests import Manifest
    from rewriter.model.files import StageFiles
    from rewriter.model.launch import Launch
    from rewriter.model.run import Step

# Programs that a package of another name brings or needs, as these packages declare it on the registry (2026-11): old
# releases of webpack and prisma brought theirs themselves, so that a package of the program's name counts as well.
_PACKAGES = {
    "fastify": "fastify-cli",
    "functions-framework": "@google-cloud/functions-framework",
    "react-router-serve": "@react-router/serve",
    "sirv": "sirv-cli",
    "nest": "@nestjs/cli",
    "ng": "@angular/cli",
    "pm2-runtime": "pm2",
    "tsc": "typescript",
    "tsnd": "ts-node-dev",
    "vue-cli-service": "@vue/cli-service",
    "webpack": "webpack-cli",
    "remix-serve": "@remix-run/serve",
    "babel-node": "@babel/node",
    "sequelize": "sequelize-cli",
    "strapi": "@strapi/strapi",
}
_NODE = frozenset({"node", "nodejs"})
_PRELOADS = frozenset({"-r", "--require", "--import", "--loader", "--experimental-loader"})
_WRAPPERS = frozenset({"cross-env", "cross-env-shell", "dotenv", "env-cmd"})
"""They set variables, and start the words behind."""
_WITH_VALUE = frozenset({"-e", "-f", "-p", "-c", "-v", "--file", "--environments"})
_STARTERS = frozenset(
    "concurrently npm-run-all npm-run-all2 run-p run-s nodemon tsc-watch lerna nx turbo wireit wsrun pm2-dev".split()
)
"""They start what other words, or files of their own, tell them to."""
_BUILDERS = frozenset(
    "vite webpack webpack-dev-server ng vue-cli-service parcel rollup snowpack gatsby next nuxt nuxi astro nest strapi "
    "remix svelte-kit tsc esbuild react-scripts craco react-app-rewired docusaurus storybook ember".split()
)
_STARTS_BUILT = {"next": "start", "nuxt": "start", "nuxi": "preview", "strapi": "start", "gatsby": "serve"}
"""They compile, unless the next word starts what was built. Sources: their command line references, 2026-11."""
_DEEPEST = 6


@dataclass(frozen=True, slots=True)
class Project:
    """A package.json with its locks and workspaces."""

    folder: str
    """Absolute, in the image."""
    origin: str
    """Of the context."""
    package: Manifest
    manifests: tuple[Manifest, ...]
    development: frozenset[str]
    """What it, or a workspace, names for development, and none of them for run time."""
    pruned: frozenset[str]
    """All that a prune takes away, as far as it is seen: what only those depend on as well, where a lock says so."""
    context: BuildContext

    @property
    def scripts(self) -> dict[str, str]:
        """The scripts of package.json."""
        return {key[7:]: text for key, text in self.package.settings if key.startswith("script:")}

    def has(self, name: str) -> bool:
        """True for a file beside package.json."""
        return self.context.kind(posixpath.normpath(posixpath.join(self.origin, name))) == "file"


def project_at(folder: str, files: StageFiles) -> Project | None:
    """The project whose package.json lies in a folder of the image; None when the context does not show it."""
    from rewriter.manifests import read_manifests

    origin = files.origin(posixpath.join(folder, "package.json"))
    if origin is None or files.context is None:
        return None
    home = posixpath.dirname(origin)
    manifests = tuple(m for m in read_manifests(files.context, home) if m.ecosystem == "npm")
    package = next((m for m in manifests if m.path == origin), None)
    if package is None or package.unread:
        return None
    development = _for_development(m for m in manifests if not m.complete)
    pruned = development | _for_development(m for m in manifests if m.complete)
    return Project(folder, home or ".", package, manifests, development, pruned, files.context)


def _for_development(manifests: Iterable[Manifest]) -> frozenset[str]:
    named: dict[bool, set[str]] = {True: set(), False: set()}
    for manifest in manifests:
        for one in manifest.dependencies:
            named[one.dev].add(one.name)
    return frozenset(named[True] - named[False])


@dataclass(slots=True)
class Started:
    """What a start command calls: ``programs`` with the packages that may bring each, and names of ``modules``."""

    programs: dict[str, frozenset[str]] = field(default_factory=dict)
    modules: set[str] = field(default_factory=set)
    words: list[str] = field(default_factory=list)
    """All words of what is called: files are among them."""
    unfollowed: str = ""
    """Why not all that is started can be seen; a clause."""

    def call(self, program: str) -> None:
        """Notes a program of some package."""
        self.programs[program] = frozenset({program, _PACKAGES.get(program, program)})

    @property
    def packages(self) -> frozenset[str]:
        """All packages that it may need."""
        return frozenset(self.modules).union(*self.programs.values())

    def unknown(self, installed: frozenset[str]) -> str:
        """A program that none of the packages is known to bring; empty where there is none."""
        return next((name for name, packages in self.programs.items() if not packages & installed), "")

    @property
    def stems(self) -> frozenset[str]:
        """How the files begin that its programs are configured by: ``knex`` of knexfile.js, ``next``, ``remix``."""
        return frozenset(name.rpartition("/")[2].partition("-")[0] for name in self.programs)


def started_programs(node: NodeStage, launch: Launch) -> Started | str:
    """What the start command calls, also through scripts of package.json; or why that cannot be told."""
    found = Started()
    for step in launch.all_steps:
        problem = _follow(node, step, found, 0)
        if problem:
            return problem
    return found


def _follow(node: NodeStage, step: Step, found: Started, depth: int) -> str | None:
    """Each program that a command calls, those behind ``sh -c``, ``timeout`` and ``su -c`` as well."""
    for option in ("NODE_OPTIONS", "BUN_OPTIONS"):
        found.modules.update(_preloads((step.variables.get(option) or "").split()))
    for call in calls(step):
        if isinstance(call, Unread):
            return f"the start command is not understood: {call.reason}"
        problem = _followed(node, replace(step, argv=call.argv), found, depth)
        if problem:
            return problem
    return None


def _followed(node: NodeStage, step: Step, found: Started, depth: int) -> str | None:
    words = [word for word in step.argv if word is not None]
    if len(words) != len(step.argv) and step.name not in _NODE and not is_builtin(step.name):
        return "the start command has words that only run time knows"
    found.words += words
    for word in words:
        _, inside, place = word.rpartition("node_modules/")
        if inside and place.startswith(".bin/"):
            found.call(place[5:])
        elif inside:
            found.modules.add(_package(place))
        elif word.startswith("NODE_OPTIONS="):
            found.modules.update(_preloads(word.partition("=")[2].split()))
    if not words or is_builtin(step.name) or is_common(step.name):
        return None
    if step.name in _NODE:
        found.modules.update(_preloads(words))
        return None
    if step.name in ("pnpm", "pnpx") or step.name in node.globals:
        return f"the start command runs `{step.name}`, which is installed globally and not carried"
    if step.name in ("bun", "bunx") and step.name in node.runners:
        return _bun(node, step, words, found, depth)
    if step.name in ("npm", "yarn", "npx"):
        return _manager(node, step, words, found, depth)
    if "/" in words[0]:
        return None
    found.call(step.name)
    if step.name == "prisma" and "seed" in words:
        found.unfollowed = "what `prisma db seed` starts is not followed"
    if step.name in _WRAPPERS:
        behind = _behind_wrapper(step)
        return _follow(node, behind, found, depth + 1) if behind.argv and depth < _DEEPEST else None
    if step.name in _STARTERS:
        found.unfollowed = f"what `{' '.join(words[:3])}` starts is not followed"
    elif step.name in _BUILDERS and _STARTS_BUILT.get(step.name, "") not in words[1:2]:
        found.unfollowed = f"`{' '.join(words[:2])}` builds when it starts, with development dependencies"
    return None


def _behind_wrapper(step: Step) -> Step:
    """The command behind ``cross-env A=b`` and ``dotenv -e file --``."""
    argv = step.argv[1:]
    if "--" in argv:
        return replace(step, argv=argv[argv.index("--") + 1 :])
    while argv and argv[0] is not None and ("=" in argv[0] or argv[0].startswith("-")):
        argv = argv[2 if argv[0] in _WITH_VALUE else 1 :]
    return replace(step, argv=argv)


def _preloads(words: list[str]) -> list[str]:
    """Packages that Node is told to load first."""
    values = []
    for place, word in enumerate(words):
        option, equals, value = word.strip("\"'").partition("=")
        if option in _PRELOADS:
            values += [value] if equals else words[place + 1 : place + 2]
    return [_package(value.strip("\"'")) for value in values if not value.startswith((".", "/"))]


def _package(module: str) -> str:
    """The package of ``ts-node/register`` and ``@babel/register/x``."""
    parts = module.split("/")
    return "/".join(parts[: 2 if module.startswith("@") else 1]).lower()


def _manager(node: NodeStage, step: Step, words: list[str], found: Started, depth: int) -> str | None:
    plain = [word for word in words[1:] if not word.startswith("-")]
    if step.name in ("npx", "pnpx") or plain[:1] == ["exec"]:
        program = (plain[1:] if plain[:1] == ["exec"] else plain)[:1]
        if not program or step.argv.count("-p") or step.argv.count("--package"):
            return f"what `{' '.join(words[:3])}` starts is not followed"
        found.call(program[0] if program[0].startswith("@") else program[0].partition("@")[0])
        if program[0] == "prisma" and "seed" in plain:
            found.unfollowed = "what `prisma db seed` starts is not followed"
        return None
    name = plain[1] if plain[:1] in (["run"], ["run-script"]) and len(plain) > 1 else plain[0] if plain else ""
    project = node.project(step.cwd) if step.cwd else None
    if project is None:
        return f"what `{' '.join(words[:3])}` starts cannot be seen: package.json is not in the build context"
    if any(word.startswith(("--prefix", "-C", "--cwd", "--workspace", "-w", "--filter")) for word in words[1:]):
        return f"`{' '.join(words[:3])}` starts something of another folder, which is not followed"
    text = project.scripts.get(name)
    if text is None:
        if name == "start" and project.has("server.js"):
            return None
        if step.name == "yarn" and name:  # yarn also calls programs of dependencies
            found.call(name)
            return None
        return f"package.json has no script {name!r}, which the start command runs"
    if depth >= _DEEPEST:
        return f"the script {name!r} of package.json calls scripts that are too deep to follow"
    for each in (f"pre{name}", name, f"post{name}"):
        problem = _script(node, step, project.scripts.get(each, ""), found, depth)
        if problem:
            return problem
    return None


def _bun(node: NodeStage, step: Step, words: list[str], found: Started, depth: int) -> str | None:
    """``bun run start``, ``bun start``, ``bun src/index.ts``, ``bunx next start``: a script, a file or a program."""
    plain = [word for word in words[1:] if not word.startswith("-")]
    runs = plain[:1] in (["run"], ["x"])
    target = next(iter(plain[1:] if runs else plain), "")
    project = node.project(step.cwd) if step.cwd else None
    if step.name == "bunx" or plain[:1] == ["x"]:
        found.call(target.partition("@")[0] or target)
        return None
    if not target or "/" in target or "." in target:
        return None if target else "what `bun` starts is not written out"
    if project is None:
        return f"what `{' '.join(words[:3])}` starts cannot be seen: package.json is not in the build context"
    if target not in project.scripts:
        found.call(target)
        return None
    if depth >= _DEEPEST:
        return f"the script {target!r} of package.json calls scripts that are too deep to follow"
    texts = (project.scripts.get(each, "") for each in (f"pre{target}", target, f"post{target}"))
    return next((problem for text in texts if (problem := _script(node, step, text, found, depth))), None)


def _script(node: NodeStage, step: Step, text: str, found: Started, depth: int) -> str | None:
    if not text:
        return None
    inner = script_steps(text, step.instruction, node.stage.final_state)
    if isinstance(inner, Opaque):
        return f"a script of package.json is not understood: {inner.reason}"
    return next((problem for each in inner if (problem := _follow(node, each, found, depth + 1))), None)
