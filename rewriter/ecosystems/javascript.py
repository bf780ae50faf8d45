"""What programs of Bun and Deno have in common: the engine is part of them, and they are bound to no release."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from rewriter.ecosystems.runtime_base import RuntimeBase
from rewriter.ecosystems.source_words import Calls
from rewriter.ecosystems.sourced import SourcedEcosystem
from rewriter.facts import debian_slim
from rewriter.transform import Certainty, Evidence

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rewriter.ecosystems.artefacts import Artefact
    from rewriter.ecosystems.reads import RuntimeFiles
    from rewriter.ecosystems.runtime_base import Builder
    from rewriter.facts import Facts
    from rewriter.model.launch import Launch

_SUITE = "trixie"
"""The stable Debian, of 2025-08: any since 11 would do."""


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

    def recognised(self) -> bool:
        """When such a program is made."""
        return bool(self.artefacts)

    def reads(self, artefacts: tuple[Artefact, ...], launch: Launch, made: Mapping[str, str]) -> RuntimeFiles:
        """By the strings and calls of the sources."""
        found = super().reads(artefacts, launch, made)
        fact = "what its dependencies read and start at run time was not looked at"
        found.evidence.append(Evidence(fact, "sources", Certainty.ASSUMED))
        return found
