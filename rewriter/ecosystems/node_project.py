"""A project of Node as its package.json shows it, and what a start command reaches through its scripts."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rewriter.model.launch import is_builtin
from rewriter.model.run import script_steps
from rewriter.shell import Opaque
from rewriter.userland.runtime import is_common

if TYPE_CHECKING:
    from rewriter.context import BuildContext
    from rewriter.ecosystems.node import NodeStage
    from rewriter.manifests import Manifest
    from rewriter.model.files import StageFiles
    from rewriter.model.launch import Launch
    from rewriter.model.run import Step

# Programs whose package has another name, as these packages declare them on the registry (2026-11).
_PACKAGES = {
    "eslint_d": "eslint",
    "nest": "@nestjs/cli",
    "ng": "@angular/cli",
    "pm2-runtime": "pm2",
    "prisma": "prisma",
    "tsc": "typescript",
    "ts-node-dev": "ts-node-dev",
    "tsnd": "ts-node-dev",
    "vue-cli-service": "@vue/cli-service",
    "webpack": "webpack-cli",
    "webpack-dev-server": "webpack-dev-server",
    "remix-serve": "@remix-run/serve",
    "babel-node": "@babel/node",
    "sequelize": "sequelize-cli",
    "typeorm": "typeorm",
    "strapi": "@strapi/strapi",
    "react-scripts": "react-scripts",
}
_NODE = frozenset({"node", "nodejs"})
_PRELOADS = frozenset({"-r", "--require", "--import", "--loader", "--experimental-loader"})
_WRAPPERS = frozenset({"cross-env", "dotenv", "env-cmd"})
_DEEPEST = 6


@dataclass(frozen=True, slots=True)
class Project:
    """``folder``: absolute in the image; ``origin``: of the context. ``development``: names of devDependencies."""

    folder: str
    origin: str
    package: Manifest
    manifests: tuple[Manifest, ...]
    development: frozenset[str]
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
    development = frozenset(one.name for one in package.dependencies if one.dev)
    return Project(folder, home or ".", package, manifests, development, files.context)


def started_programs(node: NodeStage, launch: Launch) -> frozenset[str] | str:
    """Packages whose programs or modules the start command calls, also through scripts of package.json; or a reason."""
    found: set[str] = set()
    for step in launch.all_steps:
        problem = _follow(node, step, found, 0)
        if problem:
            return problem
    return frozenset(found)


def _follow(node: NodeStage, step: Step, found: set[str], depth: int) -> str | None:
    words = [word for word in step.argv if word is not None]
    if len(words) != len(step.argv) and step.name not in _NODE and not is_builtin(step.name):
        return "the start command has words that only run time knows"
    if not words or is_builtin(step.name) or is_common(step.name):
        return None
    if step.name in _NODE:
        found.update(_package(value) for value in _preloaded(words) if not value.startswith((".", "/")))
        return None
    if step.name in ("npm", "yarn", "pnpm", "npx", "pnpx"):
        return _manager(node, step, words, found, depth)
    if "/" in words[0]:
        inner = words[0].partition("node_modules/.bin/")[2]
        if inner:
            found.add(_PACKAGES.get(inner, inner))
        return None
    found.add(_PACKAGES.get(step.name, step.name))
    if step.name in _WRAPPERS:
        found.update(_PACKAGES.get(word, word) for word in words[1:] if "=" not in word and not word.startswith("-"))
    if step.name in node.globals:
        return f"the start command runs `{step.name}`, which is installed globally and not carried"
    return None


def _preloaded(words: list[str]) -> list[str]:
    values = []
    for place, word in enumerate(words):
        option, equals, value = word.partition("=")
        if option in _PRELOADS:
            values += [value] if equals else words[place + 1 : place + 2]
    return values


def _package(module: str) -> str:
    """The package of ``ts-node/register`` and ``@babel/register/x``."""
    parts = module.split("/")
    return "/".join(parts[: 2 if module.startswith("@") else 1]).lower()


def _manager(node: NodeStage, step: Step, words: list[str], found: set[str], depth: int) -> str | None:
    plain = [word for word in words[1:] if not word.startswith("-")]
    if step.name in ("npx", "pnpx") or plain[:1] == ["exec"]:
        program = (plain[1:] if plain[:1] == ["exec"] else plain)[:1]
        if not program or step.argv.count("-p") or step.argv.count("--package"):
            return f"what `{' '.join(words[:3])}` starts is not followed"
        found.add(_PACKAGES.get(program[0], program[0].partition("@")[0] or program[0]))
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
            found.add(_PACKAGES.get(name, name))
            return None
        return f"package.json has no script {name!r}, which the start command runs"
    if depth >= _DEEPEST:
        return f"the script {name!r} of package.json calls scripts that are too deep to follow"
    for each in (f"pre{name}", name, f"post{name}"):
        problem = _script(node, step, project.scripts.get(each, ""), found, depth)
        if problem:
            return problem
    return None


def _script(node: NodeStage, step: Step, text: str, found: set[str], depth: int) -> str | None:
    if not text:
        return None
    inner = script_steps(text, step.instruction, node.stage.final_state)
    if isinstance(inner, Opaque):
        return f"a script of package.json is not understood: {inner.reason}"
    return next((problem for each in inner if (problem := _follow(node, each, found, depth + 1))), None)
