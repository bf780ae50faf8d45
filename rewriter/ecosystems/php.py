"""PHP: an application with its vendor folder and the extensions that were compiled for it, on the same image.

docker-php-ext-install and pecl put extensions into /usr/local/lib/php/extensions and their settings into
/usr/local/etc/php/conf.d; both folders are of the image itself, so that copying them brings what was added and nothing
else. Source: docker-library/php docker-php-ext-* scripts, 2026-08.
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
from rewriter.ecosystems.runtime_base import own_image
from rewriter.transform import Certainty, Evidence

if TYPE_CHECKING:
    from rewriter.ecosystems.artefacts import Artefact
    from rewriter.ecosystems.runtime_base import Builder, RuntimeBase
    from rewriter.facts import Facts
    from rewriter.model.launch import Launch
    from rewriter.model.run import Step

_EXTENSIONS = "/usr/local/lib/php/extensions"
_SETTINGS = "/usr/local/etc/php"
_COMPILES = frozenset("docker-php-ext-install docker-php-ext-configure docker-php-ext-enable pecl pear phpize".split())
_APACHE = frozenset("a2enmod a2dismod a2ensite a2dissite a2enconf a2disconf".split())


_START_NODE = frozenset(
    "spatie/browsershot nesk/puphpeteer spatie/mjml-php spatie/sidecar spatie/laravel-server-side-rendering "
    "spatie/server-side-rendering spatie/laravel-pdf asika/mjml-php".split()
)
"""Packages that start Node. Source: their pages on packagist.org, 2026-11."""


class PhpStage(Ecosystem):
    """What one stage does with PHP."""

    name = "PHP"
    interpreted = True
    tools = _COMPILES | frozenset("composer docker-php-source phpunit phpstan npm yarn".split())
    settings = frozenset({"COMPOSER_*"})
    caches = ("/root/.composer", "/root/.cache", "/root/.npm", "/usr/src/php", "/tmp/pear")
    source_names = (".php",)

    def recognised(self) -> bool:
        """On an official image of PHP: there it is known where extensions go."""
        image = self.stage.root.image
        return image is not None and image.short_name == "php"

    def outputs(self, step: Step) -> Iterator[Output]:
        """Nothing: what is compiled goes into folders of the image."""
        yield from ()

    @property
    def installed(self) -> tuple[str, ...]:
        """Where extensions and their settings go."""
        return (_EXTENSIONS, _SETTINGS)

    def leaves(self, step: Step) -> str | None:
        """composer writes into the application; what PHP itself runs must be known to."""
        words = [word for word in step.argv if word is not None]
        if step.name == "composer" and "global" in words[1:]:
            return "`composer global` installs into a home, which is not carried"
        if step.name == "php" and words[1:2] in (["-v"], ["--version"], ["-m"], ["-l"]):
            return ""
        if step.name == "php":
            return f"what `{' '.join(words[:3])}` leaves for run time cannot be told"
        return super().leaves(step)

    def is_build_package(self, name: str) -> bool:
        """Node is there to build assets, where no package of composer starts it."""
        return name in ("autoconf", "re2c") or (name in ("nodejs", "npm", "yarn") and not self._starts_node)

    def repeats(self, step: Step) -> bool:
        """Apache's modules and sites are links in /etc/apache2."""
        return step.name in _APACHE and step.certain and None not in step.argv

    def toolchain(self, step: Step) -> str:
        """Installing whenever it starts."""
        words = [word for word in step.argv if word]
        return " ".join(words[:2]) if words[:2] in (["composer", "install"], ["composer", "update"]) else ""

    @cached_property
    def declared(self) -> Installed:
        """What its installing commands take."""
        return installed_by(installs_of(self), self.files)

    @cached_property
    def _starts_node(self) -> bool:
        """A composer.json anywhere in the context names such a package: its vendor folder may come with it."""
        from rewriter.manifests.find import manifest_folders, read_manifests

        context = self.files.context
        if context is None:
            return False
        found = (manifest for folder in manifest_folders(context) for manifest in read_manifests(context, folder))
        return any(one.name in _START_NODE for manifest in found for one in manifest.dependencies)

    def production(self, launch: Launch) -> Production | str:
        """The application's folders and the extensions."""
        folders = application_folders(self)
        if isinstance(folders, str):
            return folders
        of_npm = (m for m in self.declared.all if m.ecosystem == "npm")
        names = (one.name for m in of_npm for one in m.dependencies if self._starts_node or not one.dev)
        browser = browser_in_a_home(names)
        if browser:
            return browser
        carried = dict(folders)
        if any(step.name in _COMPILES for step in self.steps):
            carried[_EXTENSIONS] = "extensions are compiled into it"
            carried[_SETTINGS] = "extensions are switched on there"
        fact = "what its packages start or load at run time was not looked at"
        return Production(
            carried,
            ", ".join(left_behind(self)),
            evidence=(Evidence(fact, "composer.json", Certainty.ASSUMED),),
        )

    def needs(self, base: RuntimeBase, builder: Builder) -> SystemNeeds:
        """The libraries of the extensions follow from the -dev packages that they were compiled with."""
        return SystemNeeds()

    def bases(self, facts: Facts, builder: Builder, artefacts: tuple[Artefact, ...]) -> list[RuntimeBase]:
        """The same image: it has no slim variant, and carries no compilers that count."""
        base = own_image(facts, builder, self.stage)
        base.vetoes = [veto for veto in base.vetoes if "full image" not in veto]
        return [base]
