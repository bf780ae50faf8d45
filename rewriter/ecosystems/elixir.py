"""Elixir: a release of mix, which holds the virtual machine of Erlang and is bound to the libc of its builder.

``mix release`` writes to ``_build/<MIX_ENV>/rel/<name>``, or where --path says; the name is that of the application
unless mix.exs lists releases. Source: documentation of mix release, Elixir 1.16.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from rewriter.ecosystems.artefacts import Output, SystemNeeds
from rewriter.ecosystems.source_words import Calls
from rewriter.ecosystems.sourced import SourcedEcosystem
from rewriter.manifests.reading import read_text
from rewriter.transform import Certainty, Evidence

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rewriter.ecosystems.artefacts import Artefact
    from rewriter.ecosystems.reads import RuntimeFiles
    from rewriter.ecosystems.runtime_base import Builder, RuntimeBase
    from rewriter.model.launch import Launch
    from rewriter.model.run import Step

_APPLICATION = re.compile(r"\bapp:\s*:(\w+)")
_RELEASES = re.compile(r"\breleases:\s*(?:\[\s*(\w+):|releases\()")
_LINKED = (
    *("fast_yaml", "fast_xml", "ezlib", "eimp", "gen_magic", "ex_magick", "mogrify", "thumbnex", "porcelain"),
    *("snappyer", "odbc", "erlang_odbc", "xqlite", "ex_image_info", "ffmpex", "pdf_generator", "puppeteer_pdf"),
    *("chromic_pdf", "wallaby", "rambo", "exexec", "erlexec"),
)
"""Packages that link libraries, or start programs, of the system. Source: their pages on hex.pm, 2026-11."""
_TASKS = frozenset(
    "local.hex local.rebar deps.get deps.compile compile assets.setup assets.build assets.deploy phx.digest release "
    "test format credo hex.info archive.install esbuild.install tailwind.install do".split()
)
"""Tasks of mix that write into the project, or into mix's own folders."""


_CALLS = Calls(
    reads=re.compile(r'\bFile\.(?:read!?|stream!|ls!?|open!?|cp_r!?)\(\s*(?:"(?P<path>[^"\n#]*)")?'),
    starts=re.compile(
        r"(?:\bSystem\.(?:cmd|shell|find_executable)\(|\bMuonTrap\.cmd\(|:os\.cmd\(|\bPort\.open\(\s*\{\s*:spawn\w*,)"
        r"\s*(?:~c)?(?:[\"'](?P<program>[^\"'\s\n#]++)[^\"'\n]*+[\"'])?"
    ),
)


class ElixirStage(SourcedEcosystem):
    """What one stage does with Elixir."""

    name = "Elixir"
    calls = _CALLS
    skipped = frozenset("test deps _build assets node_modules .git".split())
    tools = frozenset("mix npm yarn rebar3 elixirc erlc node".split())
    packages = frozenset({"nodejs", "npm", "inotify-tools"})
    settings = frozenset("MIX_HOME MIX_ARCHIVES HEX_* REBAR_* ELIXIR_VERSION OTP_VERSION".split())
    caches = ("/root/.mix", "/root/.hex", "/root/.cache", "/root/.npm")
    folders = ("/root/.mix", "/usr/local/lib/elixir", "/usr/local/lib/erlang")
    source_names = (".ex", ".exs", ".eex", ".heex", ".leex")
    build_files = frozenset({"mix.lock", "rebar.config", "rebar.lock", ".formatter.exs"})
    source_folders = frozenset("lib priv config assets test apps rel".split())

    def recognised(self) -> bool:
        """When mix makes something."""
        return any(step.name == "mix" for step in self.steps)

    def outputs(self, step: Step) -> Iterator[Output]:
        """The folder of ``mix release``."""
        words = [word for word in step.argv[1:] if word is not None]
        if step.name != "mix" or words[:1] != ["release"] or step.cwd is None:
            return
        place = next((w.partition("=")[2] for w in words if w.startswith("--path=")), "")
        if "--path" in words[:-1]:
            place = words[words.index("--path") + 1]
        environment = step.variables.get("MIX_ENV", "dev")
        name = words[1] if words[1:2] and not words[1].startswith("-") else self._name(step.cwd)
        if place:
            yield Output(step.absolute(place), None, kind="dir")
        elif environment and name:
            yield Output(posixpath.join(step.cwd, "_build", environment, "rel", name), None, kind="dir")
        elif environment:
            yield Output(posixpath.join(step.cwd, "_build", environment, "rel"), None, kind="dir")

    def _name(self, folder: str) -> str:
        origin, context = self.files.origin(posixpath.join(folder, "mix.exs")), self.files.context
        text = read_text(context, origin) if origin is not None and context is not None else ""
        if not isinstance(text, str):
            return ""
        releases = _RELEASES.search(text)
        if releases:
            return releases[1] or ""
        found = _APPLICATION.search(text)
        return found[1] if found else ""

    def leaves(self, step: Step) -> str | None:
        """Tasks of mix must be known to write into the project."""
        words = [word for word in step.argv if word is not None]
        if step.name == "mix":
            tasks = [w.rstrip(",") for w in words[1:2]]
            known = all(task in _TASKS for task in tasks)
            return "" if known else f"what `mix {' '.join(tasks)}` leaves for run time cannot be told"
        return super().leaves(step)

    def toolchain(self, step: Step) -> str:
        """mix compiles whenever it starts something."""
        words = [word for word in step.argv if word]
        return " ".join(words[:2]) if step.name in ("mix", "iex", "elixir") else ""

    @property
    def sources_seen(self) -> bool:
        """True when the build context holds the project."""
        context = self.files.context
        return context is not None and any(posixpath.basename(path) == "mix.exs" for path in context.files())

    def reads(self, artefacts: tuple[Artefact, ...], launch: Launch, made: Mapping[str, str]) -> RuntimeFiles:
        """A release holds its files (priv); what else it reads was not looked at."""
        found = super().reads(artefacts, launch, made)
        alone = next((s.path for s in self.sources if re.search(r"include_erts:\s*false", s.text)), "")
        if alone:
            found.vetoes.append(f"{alone} leaves Erlang out of the release")
        fact = "what the release reads and starts outside of its folder was not looked at"
        found.evidence.append(Evidence(fact, "mix.exs", Certainty.ASSUMED))
        found.certificates = found.certificates or "its dependencies may check certificates"
        return found

    def needs(self, base: RuntimeBase, builder: Builder) -> SystemNeeds:
        """What Erlang's virtual machine is linked against. Source: phoenix's own Dockerfile of a release, 1.7."""
        needs = SystemNeeds()
        linked = next((name for name in _LINKED if re.search(rf'"{name}":|:{name}\b', self._locked)), "")
        if linked:
            needs.vetoes.append(f"{linked} needs libraries or programs of the system, which are not followed")
        names = (
            ("libstdc++", "ncurses-libs", "openssl")
            if base.kind == "alpine"
            else ("libncurses6", "libstdc++6", "openssl")
        )
        needs.packages.update(dict.fromkeys(names, "Erlang's virtual machine needs it"))
        return needs

    @property
    def _locked(self) -> str:
        """The texts of mix.exs and mix.lock, wherever they lie."""
        context = self.files.context
        paths = [p for p in context.files() if posixpath.basename(p) in ("mix.exs", "mix.lock")] if context else []
        texts = (read_text(context, path) for path in paths if context is not None)
        return "\n".join(text for text in texts if isinstance(text, str))

    def own_program(self, artefact: Artefact) -> bool:
        """Of several releases only the one that is started is carried."""
        return False
