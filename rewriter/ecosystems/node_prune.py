"""How node_modules was filled, and the command that takes the development dependencies out of it again.

``npm prune --omit=dev`` since npm 7 (Node 15), ``--production`` before; ``yarn install --production`` of yarn 1 prunes
what is there already; ``pnpm prune --prod`` asks on a terminal unless CI is set; ``bun install --production`` keeps to
the lock. Sources: ``npm help prune`` of npm 6 and 10, classic.yarnpkg.com, pnpm.io and bun.sh/docs, 2026-11.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rewriter.ecosystems.node import NodeStage
    from rewriter.ecosystems.node_project import Project
    from rewriter.model.run import Step

_KEPT = ("--legacy-peer-deps", "--force")
_PRODUCTION = (
    "--production",
    "--prod",
    "--omit=dev",
    "--only=production",
    "--only=prod",
    "-P",
    "--production=true",
)
_INSTALLS = {
    "npm": ("install", "i", "ci", "clean-install"),
    "yarn": ("install", ""),
    "pnpm": ("install", "i"),
    "bun": ("install", "i"),
}
_LIFECYCLE = ("preinstall", "install", "postinstall", "prepare")


@dataclass(frozen=True, slots=True)
class Install:
    """One command that fills a node_modules."""

    manager: str
    step: Step
    cwd: str
    user: str | None
    production: bool
    """True when it leaves development dependencies out."""
    flags: tuple[str, ...]
    """Those of its flags that a prune must have, too."""


def installs(node: NodeStage) -> Iterator[Install]:
    """The commands of a stage that install what a project declares, in order."""
    for run in node.runs:
        for step in run.steps if isinstance(run.steps, tuple) else ():
            verbs = _INSTALLS.get(step.name)
            words = [word for word in step.argv[1:] if word is not None]
            plain = [word for word in words if not word.startswith("-")]
            verb = plain[0] if plain else ""
            if verbs is None or verb not in verbs or step.cwd is None or "-g" in words or "--global" in words:
                continue
            if plain[1:] and step.name != "yarn":
                continue  # a package more, beside those of the project
            cwd = _folder(words, step.cwd)
            environment = step.variables.get("NODE_ENV") == "production" and "--include=dev" not in words
            environment = environment and step.name != "bun"
            omits = (
                environment
                or (step.name == "bun" and "-p" in words)
                or any(word in _PRODUCTION for word in words)
                or _omits(words)
            )
            kept = tuple(word for word in words if word in _KEPT)
            yield Install(step.name, step, cwd, run.state.user, omits, kept)


def added(node: NodeStage, cwd: str) -> Iterator[Step]:
    """Commands that install single packages into a folder, for whoever works there."""
    for step in node.steps:
        words = [word for word in step.argv[1:] if word is not None]
        plain = [word for word in words if not word.startswith("-")]
        adds = step.name in ("npm", "pnpm", "bun") and plain[:1] in (["install"], ["i"], ["add"]) and plain[1:]
        if step.cwd == cwd and adds and not {"-g", "--global"} & {*words}:
            yield step


def _omits(words: list[str]) -> bool:
    pairs = pairwise(words)
    return any(pair in (("--omit", "dev"), ("--only", "production"), ("--only", "prod")) for pair in pairs)


def _folder(words: list[str], cwd: str) -> str:
    for place, word in enumerate(words):
        option, equals, value = word.partition("=")
        if option in ("--prefix", "-C", "--cwd", "--dir"):
            value = value if equals else (words[place + 1] if place + 1 < len(words) else "")
            return posixpath.normpath(posixpath.join(cwd, value))
    return cwd


def prune_line(install: Install, project: Project, node_version: int | None) -> str:
    """The RUN line; or why there is none, which never begins with RUN."""
    line = install.step.instruction.line
    if install.manager != "npm" and any(one.name == "@prisma/client" for one in project.package.dependencies):
        return f"line {line}: what prisma generates lies in node_modules, where {install.manager} would prune it"
    schema = project.context.read(posixpath.normpath(posixpath.join(project.origin, "prisma/schema.prisma"))) or b""
    if b"node_modules" in schema:
        return f"line {line}: what prisma generates lies in node_modules, where {install.manager} would prune it"
    if install.manager == "yarn" and any(one.name == "patch-package" for one in project.package.dependencies):
        return f"line {line}: yarn would put back the files that patch-package has changed"
    spaces = bool(project.package.includes)
    if install.manager == "npm":
        omit = "--production" if node_version is not None and node_version < 15 else "--omit=dev"
        return " ".join(["RUN npm prune", omit, *install.flags])
    if install.manager == "pnpm":
        if spaces or project.has("pnpm-workspace.yaml"):
            return f"line {line}: pnpm prunes no workspaces"
        return "RUN CI=true pnpm prune --prod"
    if install.manager == "bun":
        return _by_bun(project, line)
    lock = next((m for m in project.manifests if m.path.endswith("yarn.lock")), None)
    wanted = project.package.setting("packageManager")
    if project.has(".yarnrc.yml") or (wanted.startswith("yarn@") and not wanted.startswith("yarn@1.")):
        return f"line {line}: how a newer yarn than version 1 prunes hangs on its plugins and its linker"
    if lock is None:
        return f"line {line}: without a yarn.lock yarn would resolve other versions while it prunes"
    return "RUN yarn install --production --frozen-lockfile --ignore-scripts --prefer-offline"


def _by_bun(project: Project, line: int) -> str:
    """Bun has no prune: it installs anew, by the lock that the first time has read or written."""
    script = next((name for name in _LIFECYCLE if name in project.scripts), "")
    if script:
        return f"line {line}: bun has no prune, and to install anew would run the script {script!r} without its tools"
    if project.package.includes or project.package.setting("optionalDependencies"):
        return f"line {line}: what `bun install --production` leaves out of workspaces and options is not followed"
    return "RUN rm -rf node_modules && bun install --production"
