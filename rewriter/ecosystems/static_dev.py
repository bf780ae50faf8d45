"""Development servers: which commands are one, and where what they serve can be built ahead and served as files.

A development server compiles when it is asked, for developers: the same sources come out otherwise in a production
build where they ask which of the two it is. So only create-react-app, Vue CLI and Vite are built ahead, and only where
neither the sources nor the configuration can tell them apart. Sources: create-react-app.dev (advanced configuration,
proxying, environment variables), cli.vuejs.org (configuration reference, CLI service), vite.dev (server options, env
and mode), 2026-11.
"""

from __future__ import annotations

import posixpath
from dataclasses import replace
from typing import TYPE_CHECKING

from rewriter.ecosystems.static_output import configuration
from rewriter.ecosystems.static_scripts import leaves
from rewriter.ecosystems.static_server import StaticServer, by_variable, vite_options
from rewriter.ecosystems.static_told import told_apart
from rewriter.ecosystems.static_vite import read_development
from rewriter.manifests.reading import Unread, read_json

if TYPE_CHECKING:
    from collections.abc import Mapping

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
_HARMLESS = frozenset(
    "PORT HOST BROWSER CI NODE_ENV GENERATE_SOURCEMAP CHOKIDAR_USEPOLLING WATCHPACK_POLLING FAST_REFRESH "
    "WDS_SOCKET_HOST WDS_SOCKET_PORT WDS_SOCKET_PATH ESLINT_NO_DEV_ERRORS DISABLE_ESLINT_PLUGIN TSC_COMPILE_ON_ERROR "
    "INLINE_RUNTIME_CHUNK SKIP_PREFLIGHT_CHECK".split()
)
"""Variables of a script that change nothing of what is served, or only how the one or the other is made."""


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
        found = _react(leaf, project) if leaf.name == "react-scripts" else _vue(leaf, files, project)
    if isinstance(found, str):
        return found
    found.tries = ("$uri", "/index.html")
    problem = next(told_apart(leaf.name, project, files, posixpath.normpath(found.folder or ".")), None)
    line = _line(leaf, project, state, projects)
    return problem or (line if not line.startswith("RUN ") else (found, line))


def _react(leaf: Leaf, project: Project) -> StaticServer | str:
    server = StaticServer("react-scripts start", "build", leaf.cwd, compresses=True, caching="no-cache")
    for name in ("HOST", "HTTPS", "BUILD_PATH", "CI", "PUBLIC_URL"):
        if leaf.variables.get(name, "") not in ("", "0.0.0.0" if name == "HOST" else ""):
            return f"the variable {name} is set"
    if len(leaf.words) > 2:
        return f"`{leaf.words[2]}` stands behind it"
    by_variable(server, leaf, 3000)
    fields = _fields(project)
    at_root = fields.get("homepage") in (".", "./", "/")
    field = "proxy" if fields.get("proxy") else "homepage" if fields.get("homepage") and not at_root else ""
    return f"package.json has the field {field!r}" if field else server


def _fields(project: Project) -> Mapping[str, object]:
    """What stands in package.json."""
    data = read_json(project.context, posixpath.normpath(posixpath.join(project.origin, "package.json")))
    return {} if isinstance(data, Unread) else data


def _vue(leaf: Leaf, files: StageFiles, project: Project) -> StaticServer | str:
    server = StaticServer("vue-cli-service serve", "dist", leaf.cwd, compresses=True, caching="no-cache")
    if "vue" in _fields(project):
        return "package.json has the field 'vue', which may set what it serves, and where"
    if configuration(leaf.cwd or "/", ("vue.config",), files):
        return "vue.config.js may set what it serves, and where"
    vite_options(server, leaf.words[2:])
    server.local = False  # without --host it listens everywhere
    by_variable(server, leaf, 8080)
    return server.unrepeated or server


def _line(leaf: Leaf, project: Project, state: State, projects: Projects) -> str:
    """The RUN line of the project's own script; or a reason, which never begins with RUN."""
    manager = leaf.step.name if leaf.step.name in ("npm", "yarn", "pnpm") else "npm"
    step = replace(leaf.step, argv=(manager, "run", "build"), cwd=leaf.cwd, variables=state.env)
    builds = leaves(step, state, projects)
    if isinstance(builds, str):
        return builds
    *before, last = builds
    if last.name != leaf.name or last.words[1:] != ("build",) or {each.name for each in before} - _CHECKS:
        return f"the script 'build' of package.json is no plain `{leaf.name} build`"
    other = _set_otherwise(last, leaf)
    if other:
        return f"the script 'build' of package.json runs with another {other}"
    command = f"{manager} run build"
    return f"RUN {command}" if leaf.cwd == state.workdir else f"RUN cd {project.folder} && {command}"


def _set_otherwise(build: Leaf, start: Leaf) -> str:
    """A variable that the two run with different values of; empty when there is none."""
    names = {*build.variables, *start.variables} - _HARMLESS
    if not start.variables.get("NODE_OPTIONS"):
        names.discard("NODE_OPTIONS")  # the build alone gets more memory
    return min((name for name in names if build.variables.get(name) != start.variables.get(name)), default="")
