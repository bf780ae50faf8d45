"""Development servers: which commands are one, and where what they serve can be built ahead and served as files.

A development server compiles when it is asked, for developers: the same sources come out otherwise in a production
build where they ask which of the two it is. So only create-react-app, Vue CLI and Vite are built ahead, and only where
neither the sources nor the configuration can tell them apart. Sources: create-react-app.dev (advanced configuration,
proxying, environment variables), cli.vuejs.org (configuration reference, CLI service), vite.dev (server options, env
and mode), 2026-11.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from rewriter.ecosystems.static_output import configuration
from rewriter.ecosystems.static_scripts import leaves
from rewriter.ecosystems.static_server import StaticServer, by_variable, vite_options
from rewriter.ecosystems.static_vite import read_development
from rewriter.manifests.reading import Unread, read_json, read_text

if TYPE_CHECKING:
    from rewriter.ecosystems.node_project import Project
    from rewriter.ecosystems.static_scripts import Leaf, Projects
    from rewriter.model.files import StageFiles
    from rewriter.model.state import State

BUILT_AHEAD = frozenset({"react-scripts", "vue-cli-service", "vite"})
_VERBS = {
    "react-scripts": ("start",),
    "craco": ("start",),
    "react-app-rewired": ("start",),
    "vite": ("", "dev", "serve"),
    "vue-cli-service": ("serve",),
    "ng": ("serve", "s"),
    "gatsby": ("develop",),
    "docusaurus": ("start",),
    "astro": ("dev",),
    "next": ("dev",),
    "nuxt": ("dev",),
    "rsbuild": ("dev",),
    "parcel": ("", "serve"),
    "webpack": ("serve",),
    "webpack-dev-server": ("",),
    "storybook": ("dev",),
    "start-storybook": ("",),
    "ember": ("serve", "s", "server"),
    "hugo": ("server", "serve"),
    "mkdocs": ("serve",),
    "jekyll": ("serve", "server", "s"),
}
_RENDERS = frozenset({"next", "nuxt", "astro"})
_CHECKS = frozenset({"tsc", "vue-tsc", "eslint"})
"""What may stand before the builder in a script: it writes nothing that is served."""
_SERVER_FIELDS = ("proxy", "homepage")
_OF_WEBPACK = re.compile(r"\bprocess\.env\b(?!\.(?:PUBLIC|BASE)_URL\b)")
_OF_VITE = re.compile(r"\bimport\.meta\.env\b(?!\.BASE_URL\b)|\bprocess\.env\b")
_CODE = (".js", ".jsx", ".ts", ".tsx", ".mjs", ".vue", ".svelte", ".html")
_MOST = 3_000
_LARGEST = 1_000_000


def development_server(leaf: Leaf) -> str:
    """A command as in a sentence where it is a development server; else empty."""
    verbs = _VERBS.get(leaf.name, ())
    verb = leaf.words[1] if len(leaf.words) > 1 and not leaf.words[1].startswith("-") else ""
    if verb not in verbs:
        return ""
    return f"{leaf.name} {verb}".strip()


def advice(shown: str) -> str:
    """What to do in its place."""
    made = "start what that makes" if shown.partition(" ")[0] in _RENDERS else "serve the files that it writes"
    return f"build in a RUN and {made}"


def built_ahead(leaf: Leaf, files: StageFiles, state: State, projects: Projects) -> tuple[StaticServer, str] | str:
    """The server whose answers stay, with its folder, and the RUN line that writes it; or why it is not built ahead."""
    project = projects(leaf.cwd) if leaf.cwd is not None else None
    if project is None or leaf.cwd is None:
        return "its package.json is not in the build context"
    if leaf.name == "vite":
        found = read_development(leaf, files, project)
    else:
        found = _react(leaf, project) if leaf.name == "react-scripts" else _vue(leaf, files)
    if isinstance(found, str):
        return found
    problem = next(_told_apart(leaf, project, found), None)
    line = _line(leaf, project, state, projects)
    return problem or (line if not line.startswith("RUN ") else (found, line))


def _react(leaf: Leaf, project: Project) -> StaticServer | str:
    server = StaticServer("react-scripts start", "build", leaf.cwd, compresses=True, caching="no-cache")
    for name in ("HOST", "HTTPS", "BUILD_PATH", "CI", "PUBLIC_URL"):
        if leaf.variables.get(name, ""):
            return f"the variable {name} is set"
    if len(leaf.words) > 2:
        return f"`{leaf.words[2]}` stands behind it"
    by_variable(server, leaf, 3000)
    path = posixpath.join(project.origin, "package.json")
    data = read_json(project.context, posixpath.normpath(path))
    field = next((name for name in _SERVER_FIELDS if not isinstance(data, Unread) and data.get(name)), "")
    if field == "homepage" and not isinstance(data, Unread) and data["homepage"] in (".", "./", "/"):
        field = ""
    return f"package.json has the field {field!r}" if field else server


def _vue(leaf: Leaf, files: StageFiles) -> StaticServer | str:
    server = StaticServer("vue-cli-service serve", "dist", leaf.cwd, compresses=True, caching="no-cache")
    if configuration(leaf.cwd or "/", ("vue.config",), files):
        return "vue.config.js may set what it serves, and where"
    vite_options(server, leaf.words[2:])
    server.local = False  # without --host it listens everywhere
    by_variable(server, leaf, 8080)
    return server.unrepeated or server


def _told_apart(leaf: Leaf, project: Project, server: StaticServer) -> Iterator[str]:
    """Sources and settings that come out otherwise in a production build."""
    server.tries = ("$uri", "/index.html")
    prefix = "" if project.origin == "." else f"{project.origin}/"
    asks = _OF_VITE if leaf.name == "vite" else _OF_WEBPACK
    own = [p for p in project.context.files() if p.startswith(prefix) and "node_modules/" not in p]
    if len(own) > _MOST:
        yield "there are too many sources to look at"
    if leaf.name == "vite" and f"{prefix}index.html" not in own:
        yield "index.html is not in the build context"
    for path in own[:_MOST]:
        name = posixpath.basename(path)
        if name.startswith(".env"):
            yield f"{path} sets variables, of which the two read other ones"
        if name.startswith("setupProxy."):
            yield f"{path} passes requests on"
        if not path.endswith(_CODE) or re.match(r"(?:vite|babel|jest)\.config\.", name):
            continue
        text = read_text(project.context, path, _LARGEST)
        found = asks.search(text) if isinstance(text, str) else None
        if found:
            yield f"{path} reads {found.group()}, which the build would fix"


def _line(leaf: Leaf, project: Project, state: State, projects: Projects) -> str:
    """The RUN line of the project's own script; or a reason, which never begins with RUN."""
    manager = leaf.step.name if leaf.step.name in ("npm", "yarn", "pnpm") else "npm"
    builds = leaves(replace(leaf.step, argv=(manager, "run", "build"), cwd=leaf.cwd), state, projects)
    if isinstance(builds, str):
        return builds
    *before, last = builds
    if last.name != leaf.name or last.words[1:] != ("build",) or {each.name for each in before} - _CHECKS:
        return f"the script 'build' of package.json is no plain `{leaf.name} build`"
    command = f"{manager} run build"
    return f"RUN {command}" if leaf.cwd == state.workdir else f"RUN cd {project.folder} && {command}"
