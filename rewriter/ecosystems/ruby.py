"""Ruby: an application with the gems of its bundle, without the compilers that built them.

The official images set GEM_HOME and BUNDLE_APP_CONFIG to /usr/local/bundle: there bundler puts gems and its own
settings. Source: docker-library/ruby Dockerfile.template, 2026-08.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING

from rewriter.ecosystems.application import application_folders, browser_in_a_home
from rewriter.ecosystems.artefacts import Output, Production, SystemNeeds
from rewriter.ecosystems.build_packages import left_behind
from rewriter.ecosystems.ecosystem import Ecosystem
from rewriter.ecosystems.installs import Installed, installed_by, installs_of
from rewriter.ecosystems.ruby_settings import HOME, settings_at_home
from rewriter.ecosystems.runtime_base import own_image
from rewriter.model.paths import below
from rewriter.transform import Certainty, Evidence

if TYPE_CHECKING:
    from rewriter.ecosystems.artefacts import Artefact
    from rewriter.ecosystems.runtime_base import Builder, RuntimeBase
    from rewriter.facts import Facts
    from rewriter.model.launch import Launch
    from rewriter.model.run import Step

_BUNDLE = "/usr/local/bundle"
_TASKS = frozenset(
    {"assets:precompile", "assets:clean", "tmp:create", "zeitwerk:check", "spec", "test", "webpacker:compile"}
)
"""Tasks of rake and rails that write into the application, or nothing."""
_SCRIPTS_OF_NODE = frozenset(
    "execjs uglifier terser coffee-script coffee-rails babel-transpiler autoprefixer-rails react-rails react_on_rails "
    "nodo schmooze grover puppeteer-ruby commonjs stylus less mjml-rails mjml-ruby mrml".split()
)
"""Gems that look for Node when they are loaded, or start it. Source: their documentation, 2026-11."""
_COMPILES = frozenset({"rubyinline", "ffi-compiler", "fiddle-compiler"})


class RubyStage(Ecosystem):
    """What one stage does with Ruby."""

    name = "Ruby"
    interpreted = True
    tools = frozenset("bundle bundler gem rspec rubocop rake rails".split())
    runners = frozenset({"bundle"})
    settings = frozenset({"BUNDLE_JOBS", "BUNDLE_RETRY", "SECRET_KEY_BASE_DUMMY", "GEM_SPEC_CACHE"})
    caches = ("/root/.bundle/cache", "/root/.gem", "/root/.npm", "/root/.cache")
    source_names = (".rb", ".erb", ".rake", ".ru")

    def recognised(self) -> bool:
        """On an official image of Ruby: there it is known where bundler installs to."""
        image = self.stage.root.image
        return image is not None and image.short_name == "ruby"

    def outputs(self, step: Step) -> Iterator[Output]:
        """Nothing: bundler fills folders."""
        yield from ()

    @property
    def installed(self) -> tuple[str, ...]:
        """Where bundler puts gems and settings."""
        state = self.stage.final_state
        named = (state.env.get(name) for name in ("BUNDLE_PATH", "GEM_HOME"))
        return (_BUNDLE, HOME, *(path for path in named if path))

    def leaves(self, step: Step) -> str | None:
        """Installers fill the bundle; tasks of the application must be known to write into it."""
        words = [word for word in step.argv if word is not None]
        if words[:2] == ["bundle", "exec"]:
            words = words[2:]
        name = words[0].rpartition("/")[2] if words else ""
        if name in ("rake", "rails"):
            tasks = [word for word in words[1:] if not word.startswith("-") and "=" not in word]
            known = bool(tasks) and all(task in _TASKS for task in tasks)
            return "" if known else f"what `{' '.join(words[:2])}` leaves for run time cannot be told"
        if name == "gem" and words[1:3] == ["update", "--system"]:
            return "`gem update --system` changes the image's own Ruby, which is not carried"
        if step.name in ("npm", "yarn") and words[1:2] in ([], ["install"], ["ci"], ["run"], ["build"]):
            return ""
        return "" if name in self.tools else None

    def is_build_package(self, name: str) -> bool:
        """Node is there to build assets, where the locked gems are seen and none of them asks for it."""
        if name not in ("nodejs", "npm", "yarn"):
            return False
        locked = any(manifest.complete for manifest in self.declared.all)
        return locked and not self._gems & _SCRIPTS_OF_NODE

    def toolchain(self, step: Step) -> str:
        """Installing whenever it starts."""
        words = [word for word in step.argv if word]
        return (
            " ".join(words[:2]) if words[:2] in (["bundle", "install"], ["bundle", "check"], ["gem", "install"]) else ""
        )

    @cached_property
    def declared(self) -> Installed:
        """What its installing commands take."""
        return installed_by(installs_of(self), self.files)

    @cached_property
    def _gems(self) -> frozenset[str]:
        return frozenset(one.name for manifest in self.declared.all for one in manifest.dependencies)

    def production(self, launch: Launch) -> Production | str:
        """The application's folders and the bundle."""
        folders = application_folders(self)
        if isinstance(folders, str):
            return folders
        installs = [s for s in self.steps if s.name in ("bundle", "bundler") and s.argv[1:2] != ("exec",)]
        if not any((step.argv[1:2] or ("install",))[0] in ("install", "update") for step in installs):
            return "nothing is seen to install gems"
        place = self._place(installs)
        if not place.startswith("/"):
            return place
        carried = {**folders, _BUNDLE: "bundler keeps the gems, or its settings, there"}
        if not below(place, tuple(folders)):
            carried[place] = "bundler installs the gems there"
        settings = settings_at_home(self, installs)
        if isinstance(settings, str):
            return settings
        carried.update(settings)
        behind = left_behind(self)
        names = self._gems
        of_npm = (m for m in self.declared.all if m.ecosystem == "npm")
        starts_node = bool(names & _SCRIPTS_OF_NODE)
        browser = browser_in_a_home(one.name for m in of_npm for one in m.dependencies if starts_node or not one.dev)
        if browser:
            return browser
        compiles = min(names & _COMPILES, default="")
        if compiles and behind:
            return f"{compiles} compiles when it runs, and may need {', '.join(behind)}"
        doubts = [
            Evidence(f"{fact} could not be seen", where, Certainty.ASSUMED) for fact, where in self.declared.unseen
        ]
        if names:
            fact = f"what its gems ({len(names)}) start or load at run time was not looked at"
            doubts.append(Evidence(fact, "Gemfile", Certainty.ASSUMED))
        return Production(carried, ", ".join(behind), evidence=tuple(doubts))

    def _place(self, installs: list[Step]) -> str:
        """Where bundler installs to: a path, or why it is not known."""
        for step in installs:
            words = [word or "" for word in step.argv[1:]]
            for place, word in enumerate(words):
                option, equals, value = word.partition("=")
                if option == "--path":
                    named = value if equals else (words[place + 1] if place + 1 < len(words) else "")
                    return step.absolute(named) or "where bundler installs to is not known"
                if option == "--deployment" or (option == "deployment" and "true" in words):
                    return step.absolute("vendor/bundle") or "where bundler installs to is not known"
            if words[:1] == ["config"] and "path" in words:
                return step.absolute(words[-1]) or "where bundler installs to is not known"
        state = self.stage.final_state
        for name in ("BUNDLE_PATH", "GEM_HOME"):
            path = state.env.get(name, "")
            if path is None:
                return f"{name} is only known at build time"
            if path:
                return path
        if state.env.get("BUNDLE_DEPLOYMENT"):
            return "BUNDLE_DEPLOYMENT puts the gems beside the Gemfile, which is not followed"
        return _BUNDLE

    def needs(self, base: RuntimeBase, builder: Builder) -> SystemNeeds:
        """Libraries of gems on Alpine; on Debian they follow from the -dev packages of the stage."""
        from rewriter.manifests.needs import alpine_needs

        if base.kind != "alpine":
            return SystemNeeds()
        return SystemNeeds(dict(alpine_needs(self.declared.all, image="ruby").run))

    def bases(self, facts: Facts, builder: Builder, artefacts: tuple[Artefact, ...]) -> list[RuntimeBase]:
        """The same image: gems with machine code are bound to it."""
        return [own_image(facts, builder, self.stage)]
