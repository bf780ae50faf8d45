"""What programs of Bun and Deno have in common: the engine is part of them, and they are bound to no release."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING, ClassVar

from rewriter.ecosystems.reads import implied_paths
from rewriter.ecosystems.runtime_base import RuntimeBase
from rewriter.ecosystems.source_words import Calls
from rewriter.ecosystems.sourced import SourcedEcosystem
from rewriter.facts import debian_slim
from rewriter.transform import Certainty, Evidence

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from rewriter.ecosystems.artefacts import Artefact
    from rewriter.ecosystems.reads import RuntimeFiles
    from rewriter.ecosystems.runtime_base import Builder
    from rewriter.ecosystems.source_words import Source
    from rewriter.facts import Facts
    from rewriter.model.launch import Launch

_SUITE = "trixie"
"""The stable Debian, of 2025-08: any since 11 would do."""

_BROWSERS = frozenset("puppeteer playwright playwright-core playwright-chromium cypress selenium-webdriver".split())
"""They start browsers, which they keep in a home. Sources: their own documentation, 2026-11."""
_READ_BY_PACKAGES = {
    "dotenv": (".env", ".env.defaults"),
    "@elysiajs/static": ("public",),
}
"""What packages read in the working directory unless they are told otherwise. Sources: their documentation, 2026-11."""
_SHELL = re.compile(r"(?<![\w$`])(?:Bun\.)?\$`([^`]{1,2000})`")
_BUILT_IN = frozenset(
    "cd ls rm echo pwd mv cat mkdir touch which exit true false yes seq dirname basename cp test export".split()
)
"""What the shell of Bun does itself. Source: bun.sh/docs/runtime/shell."""


def option(words: list[str], *names: str) -> str:
    """The value of an option, written with a blank or with ``=``; empty where it is not there."""
    for place, word in enumerate(words):
        name, equals, value = word.partition("=")
        if name in names:
            return value if equals else next(iter(words[place + 1 : place + 2]), "")
    return ""


def portable_bases(facts: Facts, builder: Builder) -> list[RuntimeBase]:
    """Debian for a program that needs an old glibc at least; for one of Alpine, the same Alpine."""
    if builder.musl:
        base = RuntimeBase(f"alpine:{builder.alpine}", "alpine", variables={})
        page = facts.image("alpine")
        if builder.alpine is None or page is None or not page.has(builder.alpine):
            base.vetoes.append("no alpine release to pair with it is in the catalogue")
        return [base]
    tag = debian_slim(_SUITE)
    return [RuntimeBase(f"debian:{tag}", "slim", [], [Evidence(f"debian:{tag} exists", "catalogue")], variables={})]


class JavaScriptProgram(SourcedEcosystem):
    """A stage that makes such a program."""

    portable = True
    source_names = (".js", ".ts", ".mjs", ".cjs", ".mts", ".cts", ".jsx", ".tsx")
    build_files = frozenset(
        "package.json package-lock.json bun.lock bun.lockb bunfig.toml tsconfig.json deno.json deno.jsonc deno.lock "
        "import_map.json yarn.lock pnpm-lock.yaml".split()
    )
    source_folders = frozenset({"src", "lib", "node_modules"})
    skipped = frozenset("node_modules test tests __tests__ dist .git vendor".split())
    calls = Calls(
        reads=re.compile(
            r"\b(?:Bun\.file|Deno\.(?:readTextFile|readFile|open|readDir|stat)(?:Sync)?|readFile(?:Sync)?|readdir(?:Sync)?|"
            r"createReadStream|serveDir|serveFile|serveStatic)\(\s*(?:[\"'`](?P<path>[^\"'`\n$]*)[\"'`])?"
        ),
        starts=re.compile(
            r"\b(?:Bun\.spawn(?:Sync)?\(\s*\[?|new Deno\.Command\(|(?:execFile|exec|spawn)(?:Sync)?\()\s*"
            r"(?:[\"'`](?P<program>[^\"'`\s\n$]*+)[^\"'`\n]*+[\"'`])?"
        ),
        whole=re.compile(r"\bserveDir\((?![^)\n]{0,1000}fsRoot)|\bfsRoot:\s*[\"'`]\.?/?[\"'`]"),
        all_quotes=True,
    )

    beside: ClassVar[frozenset[str]] = _BROWSERS
    """Packages that look for files which the program does not hold."""
    implied: ClassVar[tuple[str, ...]] = ()
    """What it reads in its working directory without being told."""

    def recognised(self) -> bool:
        """When such a program is made."""
        return bool(self.artefacts)

    def reads(self, artefacts: tuple[Artefact, ...], launch: Launch, made: Mapping[str, str]) -> RuntimeFiles:
        """By the strings and calls of the sources."""
        found = super().reads(artefacts, launch, made)
        fact = "what its dependencies read and start at run time was not looked at"
        found.evidence.append(Evidence(fact, "sources", Certainty.ASSUMED))
        # @std/dotenv/load, https://deno.land/std/dotenv/mod.ts
        asked = {name for name in _READ_BY_PACKAGES if any(name in literal for literal in self.literals)}
        implied = {**_READ_BY_PACKAGES, self.name: self.implied}
        found.paths.update(implied_paths((*asked, self.name), implied, self))
        for source in self.sources:
            found.vetoes += self._outside(source)
            for template in _SHELL.finditer(source.text):
                first = (part.split() for part in re.split(r"&&|\|\|?|;|\n", template[1]))
                programs = (words[0] for words in first if words and re.fullmatch(r"[\w./-]+", words[0]))
                found.programs.update(dict.fromkeys((p for p in programs if p not in _BUILT_IN), source.path))
        return found

    def _outside(self, source: Source) -> Iterator[str]:
        """Why a source needs more than the program: a library, a worker or files that are none of its modules."""
        package = min(self.beside & {_package(literal) for literal in source.literals}, default="")
        if package:
            yield f"{source.path} imports {package}, whose files lie beside the program"
        opened = re.search(r"\bdlopen\(", source.text)
        if opened:
            yield f"{source.path} opens a shared library, whose package is not known"
        words = {posixpath.basename(word or "") for step in self.steps for word in step.argv}
        for worker in re.finditer(r"\bnew\s{1,9}Worker\(", source.text):
            written = re.search(r"[\"'`]([^\"'`\n]*)[\"'`]", source.text[worker.end() : worker.end() + 200])
            if written is None or posixpath.basename(written[1]) not in words:
                yield f"{source.path} starts a worker from a source, which the program may not hold"


def _package(module: str) -> str:
    """The package of ``@prisma/client/edge`` and ``npm:sharp@0.33``."""
    parts = module.removeprefix("npm:").split("/")
    name = "/".join(parts[: 2 if parts[0].startswith("@") else 1])
    return name[:1] + name[1:].partition("@")[0]
