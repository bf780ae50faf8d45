"""What of a project's own files a development server answers otherwise than its production build does.

Sources and pages may ask which of the two it is. Besides, Vite's server serves every file below its root, and its build
writes index.html, what that leads to by imports, and the folder public. Sources: vite.dev (static asset handling,
features, env and mode), create-react-app.dev (public folder, environment variables), 2026-11.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from rewriter.manifests.reading import read_text

if TYPE_CHECKING:
    from rewriter.ecosystems.node_project import Project
    from rewriter.model.files import StageFiles

_ASKS = {
    "vite": re.compile(r"\bimport\.meta\.env\b(?!\.BASE_URL\b)|\bprocess\.env\b"),
    "react-scripts": re.compile(r"\bprocess\.env\b(?!\.(?:PUBLIC|BASE)_URL\b)"),
    "vue-cli-service": re.compile(r"\bprocess\.env\b(?!\.(?:PUBLIC|BASE)_URL\b)"),
}
_IN_PAGES = re.compile(r"%(?!PUBLIC_URL%|BASE_URL%)[A-Z][A-Z0-9_]+%")
_BEGINS = {
    "vite": ("index.html",),
    "react-scripts": ("public/index.html", "src/index"),
    "vue-cli-service": ("src/main",),
}
"""What a build begins with, a source without its ending: where the image lacks it, somebody mounts the sources."""
_CODE = (".js", ".jsx", ".ts", ".tsx", ".mjs", ".vue", ".svelte", ".html")
_FOR_TOOLS = re.compile(r"(?:vite|vitest|babel|jest)\.config\.|[\w.-]+\.(?:test|spec|stories)\.[jt]sx?\Z")
_ONLY_SHOWN = (".example", ".sample", ".template", ".dist")
_TEXTS = re.compile(r"[\"'`](?P<path>[^\"'`\s$?#]{1,200})(?:[?#][^\"'`]{0,200})?[\"'`]")
_IMPORTS = re.compile(r"\b(?:from|import|(?:import|require|URL|mock)\s{0,9}\()\s{0,9}\Z")
_ATTRIBUTE = re.compile(r"[\s<](?:src|href|poster)\s{0,9}=\s{0,9}\Z")
_PLAIN_SCRIPT = re.compile(
    r"""<script\b(?![^>]{0,200}\btype=["']module)[^>]{0,200}?\bsrc=["'](?P<path>[^"'?]{1,200})""", re.IGNORECASE
)
_BEFORE = 30
"""How many characters before a string are looked at."""
_MOST = 3_000
_LARGEST = 1_000_000


def told_apart(tool: str, project: Project, files: StageFiles, output: str) -> Iterator[str]:
    """Why the two may differ; ``output`` is the folder that the build writes, relative to the project."""
    own = _Own(tool, project, files, output)
    for begin in _BEGINS[tool]:
        if not any(begin in (path, posixpath.splitext(path)[0]) for path in own.paths):
            yield f"the source that it begins with, {begin}, is not seen to be copied into the image"
    if len(own.paths) > _MOST:
        yield "there are too many sources to look at"
    for path in own.paths[:_MOST]:
        yield from own.problems(path)


@dataclass(frozen=True)
class _Own:
    """The files of a project that the image holds, by their paths in it."""

    tool: str
    project: Project
    files: StageFiles
    output: str

    @cached_property
    def paths(self) -> list[str]:
        """Those that somebody wrote."""
        prefix = "" if self.project.origin == "." else f"{self.project.origin}/"
        inside = (p.removeprefix(prefix) for p in self.project.context.files() if p.startswith(prefix))
        own = (p for p in inside if "node_modules/" not in p and not p.startswith(f"{self.output}/"))
        return [p for p in own if self.files.origin(posixpath.join(self.project.folder, p)) == f"{prefix}{p}"]

    @cached_property
    def beside(self) -> frozenset[str]:
        """What Vite's server serves, and its build leaves out unless an import leads to it."""
        return frozenset(path for path in self.paths if not path.startswith("public/") and path != "index.html")

    def problems(self, path: str) -> Iterator[str]:
        """What one file says."""
        name, shown = posixpath.basename(path), posixpath.normpath(posixpath.join(self.project.origin, path))
        if name.startswith(".env") and not name.endswith(_ONLY_SHOWN):
            yield f"{shown} sets variables, of which the two read other ones"
        if name.startswith("setupProxy."):
            yield f"{shown} passes requests on"
        if not path.endswith(_CODE) or _FOR_TOOLS.match(name):
            return
        text = read_text(self.project.context, shown, _LARGEST)
        if not isinstance(text, str):
            yield f"{shown} cannot be read"
            return
        found = _ASKS[self.tool].search(text) or (_IN_PAGES.search(text) if path.endswith(".html") else None)
        if found:
            yield f"{shown} reads {found.group()}, which the build would fix"
        if self.tool == "vite":
            yield from self._left_out(path, shown, text)

    def _left_out(self, path: str, shown: str, text: str) -> Iterator[str]:
        """Pages, scripts and other files that are served as they lie there."""
        if path.endswith(".html") and path in self.beside and not path.startswith("."):
            yield f"it serves the page {shown}, which the build leaves out"
        if path == "index.html":
            asked = [match["path"] for match in _PLAIN_SCRIPT.finditer(text)]
        else:
            asked = list(_asked(text, attributes=not path.endswith(".vue"))) if path in self.beside else []
        for place in asked:
            if posixpath.normpath(place.lstrip("/")) in self.beside:
                yield f"{shown} asks the server for {place}, which the build leaves out"


def _asked(text: str, *, attributes: bool) -> Iterator[str]:
    """The strings of a source that are not imported; Vue's compiler makes imports of plain attributes, too."""
    for match in _TEXTS.finditer(text):
        before = text[max(match.start() - _BEFORE, 0) : match.start()]
        if not _IMPORTS.search(before) and (attributes or not _ATTRIBUTE.search(before)):
            yield match["path"]
