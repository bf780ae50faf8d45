"""Deno: a program with Deno in it (``deno compile``), or an application that Deno runs from its sources.

Such a program is Deno itself with the application appended, linked against glibc. The image starts everything through
tini, which a program would lose that only CMD names. Sources: docs.deno.com/runtime/reference/cli/compile, and the
Dockerfiles of denoland/deno_docker at 2026-07.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from rewriter.ecosystems.application import application_folders
from rewriter.ecosystems.artefacts import Output, Production
from rewriter.ecosystems.build_packages import left_behind
from rewriter.ecosystems.ecosystem import Ecosystem
from rewriter.ecosystems.javascript import JavaScriptProgram, option, portable_bases
from rewriter.ecosystems.runtime_base import own_image
from rewriter.transform import Certainty, Evidence

if TYPE_CHECKING:
    from rewriter.ecosystems.artefacts import Artefact
    from rewriter.ecosystems.runtime_base import Builder, RuntimeBase
    from rewriter.facts import Facts
    from rewriter.model.launch import Launch
    from rewriter.model.run import Step

_CACHE = "/deno-dir"
_VERBS = frozenset("cache compile check lint fmt test install add bundle info types doc vendor ci".split())
_TO_LINUX = ("", "x86_64-unknown-linux-gnu", "aarch64-unknown-linux-gnu")


def _leaves(step: Step) -> str | None:
    verb = next((word for word in step.argv[1:] if word and not word.startswith("-")), "")
    if step.name != "deno":
        return None
    everywhere = re.compile(r"-[a-zA-Z]*[gn]|--(?:global|name|root)\b|https?:")
    if verb == "install" and any(everywhere.match(word) for word in step.argv[1:] if word):
        return "`deno install` puts a program into a folder that is not carried"
    return "" if verb in _VERBS else f"what `deno {verb}` leaves for run time cannot be told"


class DenoProgram(JavaScriptProgram):
    """A stage in which ``deno compile`` makes a program."""

    name = "Deno"
    tools = frozenset({"deno"})
    settings = frozenset({"DENO_*"})
    caches = (_CACHE, "/root/.cache/deno")

    def outputs(self, step: Step) -> Iterator[Output]:
        """What ``--output`` names; without it the name follows rules that are not followed here."""
        words = [word for word in step.argv[1:] if word is not None]
        place = option(words, "-o", "--output")
        if step.name == "deno" and words[:1] == ["compile"] and place and option(words, "--target") in _TO_LINUX:
            yield Output(step.absolute(place), None)

    def leaves(self, step: Step) -> str | None:
        """Tasks, and sources that run in the build, write what is not seen."""
        return _leaves(step)

    def starts(self, step: Step) -> tuple[str, ...] | str:
        """Its own start command, and not a word that the image's entry script would hand to Deno."""
        state = self.stage.final_state
        if state.entrypoint is None:
            return "the image starts what CMD names through tini, which would not be there: let ENTRYPOINT name it"
        return super().starts(step)

    def toolchain(self, step: Step) -> str:
        """Deno itself, with a source."""
        return " ".join(word for word in step.argv[:2] if word) if step.name == "deno" else ""

    def bases(self, facts: Facts, builder: Builder, artefacts: tuple[Artefact, ...]) -> list[RuntimeBase]:
        """Debian; Deno's image on Alpine has libraries of glibc of its own, and is none to build on."""
        return portable_bases(facts, builder)


class DenoStage(Ecosystem):
    """An application that Deno runs from its sources."""

    name = "Deno"
    interpreted = True
    portable = True
    tools = frozenset({"deno"})
    source_names = (".ts", ".tsx", ".js", ".mjs", ".jsx")

    def recognised(self) -> bool:
        """On the image of Deno: there it is known where it keeps what it has fetched."""
        image = self.stage.root.image
        return image is not None and image.short_name == "denoland/deno"

    def outputs(self, step: Step) -> Iterator[Output]:
        """Nothing: what it fetches lies in its cache."""
        yield from ()

    @property
    def installed(self) -> tuple[str, ...]:
        """Its cache."""
        return (self.stage.final_state.env.get("DENO_DIR") or _CACHE,)

    def leaves(self, step: Step) -> str | None:
        """Tasks, and sources that run in the build, write what is not seen."""
        return _leaves(step)

    def toolchain(self, step: Step) -> str:
        """Deno runs the application: only what fetches or compiles when it starts is more than that."""
        verb = next((word for word in step.argv[1:2] if word), "")
        return f"deno {verb}" if step.name == "deno" and verb in _VERBS - {"cache"} else ""

    def production(self, launch: Launch) -> Production | str:
        """The application's folders and the cache, without compilers of the system."""
        folders = application_folders(self)
        if isinstance(folders, str):
            return folders
        fetches = any(step.name == "deno" and {"cache", "install", "ci"} & {*step.argv[1:2]} for step in self.steps)
        cache = dict.fromkeys(self.installed if fetches else (), "Deno keeps there what it has fetched")
        fact = "what its dependencies load or start at run time was not looked at"
        doubt = Evidence(fact, "sources", Certainty.ASSUMED)
        return Production({**folders, **cache}, ", ".join(left_behind(self)), evidence=(doubt,))

    def bases(self, facts: Facts, builder: Builder, artefacts: tuple[Artefact, ...]) -> list[RuntimeBase]:
        """The same image."""
        return [own_image(facts, builder, self.stage)]
