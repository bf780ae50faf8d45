"""Which dependencies the commands of a stage install, and where the build context declares them."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain
from typing import TYPE_CHECKING

from rewriter.model.files import StageFiles
from rewriter.model.run import Step

if TYPE_CHECKING:
    from rewriter.ecosystems.ecosystem import Ecosystem
    from rewriter.manifests import Manifest

_PYTHON = ("requirements.txt", "pyproject.toml", "Pipfile", "setup.py", "setup.cfg", "environment.yml")
_MARKERS = {
    "npm": ("package.json",),
    "pypi": _PYTHON,
    "rubygems": ("Gemfile", "Gemfile.lock"),
    "packagist": ("composer.json",),
    "maven": ("pom.xml", "build.gradle", "build.gradle.kts"),
    "cargo": ("Cargo.toml",),
    "hex": ("mix.exs",),
}
"""A file that shows by its name that its folder is the one of the project."""
_JAVA_BUILDERS = frozenset({"mvn", "mvnw", "gradle", "gradlew"})


@dataclass(frozen=True, slots=True)
class Install:
    """One command that installs or builds what is declared somewhere."""

    ecosystem: str
    """The registry: npm, pypi, rubygems, packagist, maven, cargo, nuget, hex; php-extension for those of PHP."""
    step: Step
    words: tuple[str, ...]
    """Packages that the command names itself."""
    files: tuple[str, ...] | None
    """Files of the context that it is told to read (``-r``); None when one of them could not be seen."""
    declared: bool
    """True when it takes what the project declares."""

    def folder(self, files: StageFiles) -> str | None:
        """The folder of the context whose project it installs ("" is the root); None when that is not seen."""
        for name in _MARKERS.get(self.ecosystem, ()):
            path = self.step.absolute(name)
            origin = files.origin(path) if path is not None else None
            if origin is not None and files.context is not None and files.context.kind(origin) == "file":
                return posixpath.dirname(origin)
        if self.ecosystem == "nuget" and files.context is not None and self.step.cwd is not None:
            origin = files.origin(self.step.cwd)
            return None if origin is None else "" if origin == "." else origin
        return None


def installs_of(of: Ecosystem, started: Iterable[Step] = ()) -> Iterator[Install]:
    """The installing commands of a stage, in order, and those of what it starts; scripts of the context included."""
    from rewriter.planning.run_scripts import context_scripts

    built = ((step, run.state) for run in of.runs if isinstance(run.steps, tuple) for step in run.steps)
    for step, state in chain(built, ((step, of.stage.final_state) for step in started)):
        scripts = context_scripts(step, of.files, state)
        for each in (step, *(inner for script in scripts for inner in script.steps)):
            found = _install(each, of.files)
            if found is not None:
                yield found


def _written(step: Step) -> list[str]:
    """The words of a command; "$" for one that only run time knows, but for an option (``-j$(nproc)``)."""
    words = step.command.words[-len(step.argv) :] if step.command is not None and step.argv else ()
    raws = [word.raw for word in words] if len(words) == len(step.argv) else ["$"] * len(step.argv)
    pairs = zip(step.argv, raws, strict=True)
    return [word if word is not None else raw if raw.startswith("-") else "$" for word, raw in pairs]


def _install(step: Step, files: StageFiles) -> Install | None:
    argv = _written(step)
    if not argv:
        return None
    name = step.name
    if name.startswith("python") and argv[1:3] == ["-m", "pip"]:
        name, argv = "pip", argv[2:]
    elif name.startswith("pip") and name[3:].replace(".", "").isdigit():
        name = "pip"
    rest = argv[1:]
    verb = next((word for word in rest if not word.startswith("-")), "")
    if name == "pip" or (name == "uv" and verb in ("pip", "sync", "add")):
        return _pip(step, rest, verb, files) if name == "pip" else _uv(step, rest, verb, files)
    if name in ("poetry", "pipenv", "pdm"):
        return Install("pypi", step, (), (), True) if verb in ("install", "sync", "update") else None
    if name in ("conda", "mamba"):
        return Install("pypi", step, ("conda",), None, False)
    if name in ("npm", "yarn", "pnpm", "bun"):
        return _npm(step, name, rest, verb)
    if name in ("bundle", "gem"):
        return _ruby(step, name, rest, verb)
    if name == "composer":
        return Install("packagist", step, (), (), True) if verb in ("install", "update", "require") else None
    if name in ("pecl", "docker-php-ext-install"):
        return Install("php-extension", step, tuple(_extensions(name, rest)), (), False)
    if name in _JAVA_BUILDERS:
        return Install("maven", step, (), (), True)
    if name == "cargo" and verb in ("build", "install", "test", "run", "chef"):
        return Install("cargo", step, (), (), True)
    if name == "dotnet" and verb in ("restore", "build", "publish", "test", "run"):
        return Install("nuget", step, (), (), True)
    return Install("hex", step, (), (), True) if name == "mix" else None


def _extensions(name: str, rest: list[str]) -> Iterator[str]:
    """The names behind ``pecl install`` or ``docker-php-ext-install -j4``."""
    words = rest if name == "docker-php-ext-install" else rest[1:] if rest[:1] == ["install"] else []
    return (word for word in words if not word.startswith("-") and not word.isdigit())


_SHORT_OPTIONS = re.compile(r"-[UIqv]+[rcei]")
_PIP_VALUES = frozenset(
    "-r --requirement -c --constraint -i --index-url --extra-index-url -f --find-links -t --target --trusted-host "
    "--platform --python-version --only-binary --no-binary --prefix --root --src --cache-dir --timeout --retries "
    "--proxy --progress-bar --log -e --editable --config-settings --implementation --abi --cert".split()
)
"""Options of pip whose value is the next word. Source: ``pip install --help`` of pip 23.0."""


def _pip(step: Step, rest: list[str], verb: str, files: StageFiles) -> Install | None:
    if verb not in ("install", "wheel"):
        return None
    return _requirements(step, rest[rest.index(verb) + 1 :], files)


def _uv(step: Step, rest: list[str], verb: str, files: StageFiles) -> Install | None:
    if verb != "pip":
        return Install("pypi", step, (), (), True)
    return _requirements(step, rest[rest.index("install") + 1 :], files) if "install" in rest else None


def _requirements(step: Step, words: list[str], files: StageFiles) -> Install:
    named: list[str] = []
    read: list[str] = []
    seen, declared = True, False
    queue = list(words)
    while queue:
        word = queue.pop(0)
        option, equals, value = word.partition("=")
        if _SHORT_OPTIONS.fullmatch(word):
            option = f"-{word[-1]}"  # -Ur FILE
        elif word.startswith("-r") and len(word) > 2 and not word.startswith("--"):
            option, value, equals = "-r", word[2:], "="
        if option in _PIP_VALUES:
            value = value if equals else queue.pop(0) if queue else ""
            if option in ("-r", "--requirement"):
                path = step.absolute(value)
                origin = files.origin(path) if path is not None else None
                if origin is None:
                    seen = False
                else:
                    read.append(origin)
            elif option in ("-e", "--editable"):
                declared = True
        elif word.startswith("-"):
            continue
        elif word in (".", "./") or word.startswith((".[", "./")):
            declared = True
        else:
            named.append(word)
    return Install("pypi", step, tuple(named), tuple(read) if seen else None, declared)


_GEM_VALUES = frozenset("-v --version -i --install-dir -n --bindir -s --source --platform -P --trust-policy".split())


def _without_values(words: list[str]) -> Iterator[str]:
    """The words of ``gem`` that are no options and no values of them."""
    words = list(words)
    while words:
        word = words.pop(0)
        if word in _GEM_VALUES:
            del words[:1]
        elif not word.startswith("-") and "/" not in word and "$" not in word:
            yield word


def _npm(step: Step, name: str, rest: list[str], verb: str) -> Install | None:
    adding = ("add", "global") if name == "yarn" else ("add", "install", "i")
    plain = [word for word in rest if not word.startswith("-")]
    if (name == "yarn" and verb in ("", "install")) or verb in ("ci", "clean-install", "install-ci-test"):
        return Install("npm", step, (), (), True)
    if verb not in adding:
        return None
    names = plain[2:] if verb == "global" else plain[1:]
    return Install("npm", step, tuple(names), (), not names)


def _ruby(step: Step, name: str, rest: list[str], verb: str) -> Install | None:
    if name == "bundle":
        verb = next((word for word in rest if not word.startswith(("-", "_"))), "")  # bundle _2.0.2_ install
        return Install("rubygems", step, (), (), True) if verb in ("", "install", "update") else None
    names = list(_without_values(rest))[1:]
    return Install("rubygems", step, tuple(names), (), False) if verb == "install" else None


_ALONE = frozenset({("pypi", "pip"), ("pypi", "setuptools"), ("pypi", "wheel")})
"""What installers are updated with: packages without machine code that bring no other ones."""


@dataclass(slots=True)
class Installed:
    """What installing commands take: the manifests that were read, and what could not be seen, with its place."""

    manifests: dict[str, Manifest] = field(default_factory=dict)
    """By path of the context."""
    named: list[Manifest] = field(default_factory=list)
    """Packages that commands name themselves."""
    unseen: list[tuple[str, str]] = field(default_factory=list)
    ecosystems: set[str] = field(default_factory=set)

    @property
    def all(self) -> tuple[Manifest, ...]:
        """Both, those of files first."""
        return (*self.manifests.values(), *self.named)


def installed_by(installs: Iterable[Install], files: StageFiles) -> Installed:
    """Reads what the commands take from the build context."""
    from rewriter.manifests import Manifest, from_install_words, read_manifests
    from rewriter.manifests.find import read_with_references

    found, context = Installed(), files.context
    for install in installs:
        line = f"line {install.step.instruction.line}"
        found.ecosystems.add(install.ecosystem)
        if install.words:
            words = from_install_words(install.ecosystem, install.words)
            words = tuple(one for one in words if (one.ecosystem, one.name) not in _ALONE)
            if words:
                found.named.append(Manifest(line, words[0].ecosystem, words, complete=False))
        if not install.declared and install.files == ():
            continue
        if install.files is None or context is None:
            found.unseen.append((f"what `{install.step.name}` installs", line))
            continue
        read = list(read_with_references(context, install.files))
        folder = install.folder(files) if install.declared else None
        if folder is not None:
            read += read_manifests(context, folder)
        if install.declared and not any(manifest.ecosystem == install.ecosystem for manifest in read):
            found.unseen.append((f"what `{install.step.name}` installs", line))
        for manifest in read:
            if manifest.ecosystem == install.ecosystem:
                found.manifests.setdefault(manifest.path, manifest)
    return found
