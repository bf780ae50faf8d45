"""What Vite's configuration says of ``vite preview`` and ``vite``, in the forms that people write; else a reason.

Source: vite.dev/config (server, preview and shared options) of Vite 3 to 7, 2026-11.
"""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from rewriter.ecosystems.static_output import configuration
from rewriter.ecosystems.static_server import StaticServer, vite_options
from rewriter.manifests.reading import Unread, mapping, read_json, string

if TYPE_CHECKING:
    from rewriter.ecosystems.node_project import Project
    from rewriter.ecosystems.static_scripts import Leaf
    from rewriter.model.files import StageFiles

_RENDERS_ON_REQUEST = frozenset(
    "@sveltejs/kit @remix-run/dev @react-router/dev nuxt nuxt3 vike vite-plugin-ssr @tanstack/start "
    "@tanstack/react-start solid-start @solidjs/start @builder.io/qwik-city @analogjs/platform".split()
)
"""Frameworks whose ``vite preview`` runs a server of theirs."""
_HEEDED = re.compile(
    r"\b(?:proxy|configureServer|appType|base|root|define|mode|command|isSsrBuild|loadEnv|middlewareMode|https|"
    r"process\.env|publicDir|envDir|headers|mock\w*|rollupOptions|(?:lib|ssr|apply|write)(?=\s{0,9}:))\b"
)
"""Words of a configuration of Vite by which the two may differ."""
_OF_THE_PREVIEW = re.compile(r"\b(?:proxy|configurePreviewServer|appType|mode|command|loadEnv|process\.env)\b")
_IMPORTED = re.compile(r"""(?:\bfrom|\bimport|\brequire\()\s{0,9}["']([^"'\n]+)["']""")
_PLUGINS = frozenset(
    "vite vitest/config path node:path url node:url @vitejs/plugin-react @vitejs/plugin-react-swc @vitejs/plugin-vue "
    "@vitejs/plugin-vue-jsx @vitejs/plugin-vue2 @vitejs/plugin-legacy @preact/preset-vite vite-plugin-solid "
    "@sveltejs/vite-plugin-svelte @tailwindcss/vite tailwindcss autoprefixer vite-tsconfig-paths vite-jsconfig-paths "
    "vite-plugin-svgr vite-svg-loader vite-plugin-eslint vite-plugin-checker vite-plugin-pwa vite-plugin-vuetify "
    "vite-plugin-vue-devtools vite-plugin-compression vite-plugin-node-polyfills vite-plugin-glsl unocss/vite "
    "@vanilla-extract/vite-plugin rollup-plugin-visualizer unplugin-auto-import/vite unplugin-vue-components/vite "
    "unplugin-vue-components/resolvers unplugin-icons/vite unplugin-icons unplugin-icons/resolver".split()
)
"""What a configuration imports that answers no request of its own. Source: their pages on the registry, 2026-11."""
_ANSWERS = re.compile(r"basic-ssl|mkcert|local-https|isolation|mock|fake|proxy|server")
"""In names of packages whose plugins answer in the place of the preview, or change how it listens."""
_ANY_HOST = re.compile(r"""\bhost\s*:\s*(?:true|["'](?:0\.0\.0\.0|::)["'])""")
_OLDEST = 3
"""Since 3 the ports are 4173 and 5173."""


def read_preview(leaf: Leaf, server: StaticServer, files: StageFiles, project: Project | None) -> str:
    """Adds the port and the host of ``vite preview``; why it does more than serve a folder, empty when it does not."""
    if project is None:
        return "what `vite preview` serves cannot be seen: package.json is not in the build context"
    renders = _renders(project)
    text = configuration(leaf.cwd or "/", ("vite.config",), files)
    heeded = _OF_THE_PREVIEW.search(text)
    if renders or heeded:
        return renders or f"the configuration of Vite has {heeded.group() if heeded else ''!r}, which its preview heeds"
    answers = next((name for name in _IMPORTED.findall(text) if _may_answer(name)), "")
    if answers:
        return f"the configuration of Vite imports {answers}, which may answer in the place of its preview"
    base = re.search(r"""\bbase\s*:\s*([^,\n}]+)""", text)
    if base is not None and base[1].strip().strip("'\"") not in ("/", "./", ""):
        return f"the configuration of Vite has the base {base[1].strip()}: the site lies below it"
    preview, shared = _block("preview", text), _block("server", text)
    if preview is None or re.search(r"\b(?:https|headers|open)\b", preview):
        server.refuse("the configuration of Vite has a preview that is not repeated there")
    if _ANY_HOST.search(preview or "") or (shared and _ANY_HOST.search(shared) and "host" not in (preview or "")):
        server.local = False
    _port(server, preview or "", project, 4173)
    return "`vite preview` listens within the container only (no --host)" if server.local else ""


def read_development(leaf: Leaf, files: StageFiles, project: Project) -> StaticServer | str:
    """The server of a plain ``vite``, with the folder that ``vite build`` writes; or why the two may differ."""
    server = StaticServer("vite", "dist", leaf.cwd, compresses=True, caching="no-cache")
    vite_options(server, leaf.words[2 if leaf.words[1:2] in (("dev",), ("serve",)) else 1 :])
    text = configuration(leaf.cwd or "/", ("vite.config",), files)
    heeded, shared = _HEEDED.search(text), _block("server", text)
    if heeded:
        return f"the configuration of Vite has {heeded.group()!r}"
    unknown = next((name for name in _IMPORTED.findall(text) if name not in _PLUGINS), "")
    if _renders(project) or unknown:
        return _renders(project) or f"the configuration of Vite imports {unknown}, which may serve more than the build"
    if shared is None:
        return "the configuration of Vite has a server that is not understood"
    if _ANY_HOST.search(shared):
        server.local = False
    _port(server, shared, project, 5173)
    out = re.findall(r"""\boutDir\s*:\s*["']([\w./-]+)["']""", text)
    if text.count("outDir") != len(out) or len(out) > 1:
        return "the folder that it builds to is not written out"
    server.folder = out[0] if out else "dist"
    return "it listens within the container only (no --host)" if server.local else server.unrepeated or server


def _may_answer(imported: str) -> bool:
    """True for a plugin of the project's own, and for one whose name says that it serves."""
    own = imported.startswith((".", "/", "@/", "~")) and not imported.endswith(".json")
    return own or (imported not in _PLUGINS and _ANSWERS.search(imported) is not None)


def _renders(project: Project) -> str:
    names = {one.name for one in project.package.dependencies}
    found = sorted(names & _RENDERS_ON_REQUEST)
    return f"`vite preview` runs the server of {found[0]}, which renders on request" if found else ""


def _block(name: str, text: str) -> str | None:
    """What stands in the braces of a setting; "" without it, None where that is no plain object."""
    found = re.findall(rf"\b{name}\s*:\s*(\{{[^{{}}]*\}})?", text)
    return "" if not found else found[0] or None if len(found) == 1 else None


def _port(server: StaticServer, block: str, project: Project, default: int) -> None:
    """The port that an option, the configuration, or nothing sets."""
    if server.port is not None or server.unrepeated:
        return
    written = re.search(r"\bport\s*:\s*([0-9]{2,5})\s*[,}\n]", block)
    if written is not None:
        server.port = int(written[1])
    elif "port" in block.lower().replace("strictport", "") or _major(project) < _OLDEST:
        server.refuse(f"the port of {server.tool} is not written out")
    else:
        server.port = default


def _major(project: Project) -> int:
    """The major version of Vite that package.json asks for; 0 where that is not seen."""
    data = read_json(project.context, posixpath.normpath(posixpath.join(project.origin, "package.json")))
    sections = () if isinstance(data, Unread) else (mapping(data.get(k)) for k in ("devDependencies", "dependencies"))
    found = (re.match(r"[\^~>=v ]*([0-9]+)", string(section.get("vite"))) for section in sections)
    return next((int(match[1]) for match in found if match), 0)
