"""Which folder a front end's build writes, by its tool and that tool's configuration.

Sources: the documentation of each tool (vite.dev, create-react-app.dev, cli.vuejs.org, angular.dev, gatsbyjs.com,
docs.astro.build, docusaurus.io, nextjs.org, 11ty.dev, gohugo.io, mkdocs.org, jekyllrb.com, storybook.js.org,
vitepress.dev, rsbuild.dev, parceljs.org), 2026-11.
"""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rewriter.manifests.reading import Unread, mapping, read_json, read_text, string

if TYPE_CHECKING:
    from rewriter.context import BuildContext
    from rewriter.ecosystems.static_scripts import Leaf
    from rewriter.model.files import StageFiles

_ENDINGS = ("js", "mjs", "cjs", "ts", "mts", "cts")
_LARGEST = 300_000


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool that writes a site: ``verb`` stands behind its name (empty: nothing does); ``folder`` is its own choice.

    ``options`` name another folder; ``files`` (without the ending where they are scripts) may, by ``setting``.
    """

    verb: str
    folder: str
    options: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    setting: str = ""


# Keys are programs; a tool that goes by more verbs has more entries.
TOOLS: dict[str, tuple[Tool, ...]] = {
    "vite": (Tool("build", "dist", ("--outDir",), ("vite.config",), "outDir"),),
    "react-scripts": (Tool("build", "build"),),
    "vue-cli-service": (Tool("build", "dist", ("--dest",), ("vue.config",), "outputDir"),),
    "gatsby": (Tool("build", "public"),),
    "docusaurus": (Tool("build", "build", ("--out-dir",)),),
    "astro": (Tool("build", "dist", ("--outDir",), ("astro.config",), "outDir"),),
    "rsbuild": (Tool("build", "dist", (), ("rsbuild.config",), "distPath"),),
    "next": (Tool("export", "out", ("-o", "--outdir")),),
    "eleventy": (Tool("", "_site", ("--output",), ("eleventy.config", ".eleventy"), "output"),),
    "@11ty/eleventy": (Tool("", "_site", ("--output",), ("eleventy.config", ".eleventy"), "output"),),
    "storybook": (Tool("build", "storybook-static", ("-o", "--output-dir")),),
    "build-storybook": (Tool("", "storybook-static", ("-o", "--output-dir")),),
    "parcel": (Tool("build", "dist", ("--dist-dir",)),),
    "hugo": (
        Tool(
            "",
            "public",
            ("-d", "--destination"),
            ("hugo.toml", "hugo.yaml", "config.toml", "config.yaml"),
            "publishDir",
        ),
    ),
    "mkdocs": (Tool("build", "site", ("-d", "--site-dir"), ("mkdocs.yml", "mkdocs.yaml"), "site_dir"),),
    "jekyll": (Tool("build", "_site", ("-d", "--destination"), ("_config.yml", "_config.yaml"), "destination"),),
}


def output_folder(leaf: Leaf, files: StageFiles) -> str | None:
    """The absolute folder that a command writes a site to; None when it writes none, or where cannot be told."""
    if leaf.cwd is None:
        return None
    if leaf.name == "ng":
        return _angular(leaf, files)
    for tool in TOOLS.get(leaf.words[0] if leaf.words[0].startswith("@") else leaf.name, ()):
        rest = leaf.words[1:]
        if tool.verb and rest[:1] != (tool.verb,):
            continue
        if tool.verb and rest[1:2] and not rest[1].startswith("-"):
            return None  # another root
        folder = _asked(rest, tool.options)
        folder = folder or (leaf.variables.get("BUILD_PATH") if leaf.name == "react-scripts" else None) or ""
        if not folder and tool.files:
            named = _configured(leaf.cwd, tool, files)
            if named is None:
                return None
            folder = named
        return posixpath.normpath(posixpath.join(leaf.cwd, folder or tool.folder))
    return None


def _asked(words: tuple[str, ...], options: tuple[str, ...]) -> str:
    for place, word in enumerate(words):
        option, equals, value = word.partition("=")
        if option in options:
            return value if equals else "".join(words[place + 1 : place + 2])
    return ""


def _configured(cwd: str, tool: Tool, files: StageFiles) -> str | None:
    """The folder that the tool's configuration names; "" where it names none, None where it cannot be told."""
    text = configuration(cwd, tool.files, files)
    if re.search(r"\broot\s*:", text):
        return None
    if not re.search(rf"\b{tool.setting}\b", text):
        return ""
    found = re.findall(rf"""\b{tool.setting}["']?\s*[:=]\s*["']?([\w./-]+)["']?\s*(?:[,;}}\n]|\Z)""", text)
    return found[0] if len(found) == 1 and len(re.findall(rf"\b{tool.setting}\b", text)) == 1 else None


def configuration(cwd: str, names: tuple[str, ...], files: StageFiles) -> str:
    """The text of the first of some files in a folder of the image that the context brings, comments left out."""
    for name in names:
        for ending in ("",) if name.endswith((".toml", ".yml", ".yaml", ".json")) else tuple(f".{e}" for e in _ENDINGS):
            origin = files.origin(posixpath.join(cwd, name + ending))
            text = read_text(files.context, origin, _LARGEST) if origin is not None and files.context else ""
            if isinstance(text, str) and text:
                return _without_comments(text, name + ending)
    return ""


def _without_comments(text: str, name: str) -> str:
    if name.endswith((".toml", ".yml", ".yaml")):
        return re.sub(r"(?m)^[ \t]*#.*$", "", text)
    kept, *rest = text.split("/*")
    for part in rest:
        inside, end, behind = part.partition("*/")
        kept += behind if end else f"/*{inside}"
    return re.sub(r"(?m)(?:^|(?<=[\s,;{]))//[^\n]*$", "", kept)


def _angular(leaf: Leaf, files: StageFiles) -> str | None:
    """``outputPath`` of the one project in angular.json; the application builder writes into ``browser`` below it."""
    if leaf.words[1:2] not in (("build",), ("b",)) or leaf.cwd is None:
        return None
    origin = files.origin(posixpath.join(leaf.cwd, "angular.json"))
    asked = _asked(leaf.words[2:], ("--output-path",))
    if origin is None or files.context is None:
        return None
    projects = _projects(files.context, origin)
    if len(projects) != 1 or any(not word.startswith("-") for word in leaf.words[2:3]):
        return None
    name, project = next(iter(projects.items()))
    build = mapping(mapping(mapping(project).get("architect") or mapping(project).get("targets")).get("build"))
    path = mapping(build.get("options")).get("outputPath")
    if isinstance(path, dict) or (
        mapping(build.get("configurations")) and "outputPath" in str(build["configurations"])
    ):
        return None
    application = string(build.get("builder")).endswith(":application")
    if path is None and not application and not asked:
        return None
    folder = asked or string(path) or f"dist/{name}"
    return posixpath.normpath(posixpath.join(leaf.cwd, folder, "browser" if application else "."))


def _projects(context: BuildContext, origin: str) -> dict[str, object]:
    data = read_json(context, origin)
    return {} if isinstance(data, Unread) else dict(mapping(data.get("projects")))
