"""Haskell, Swift and Dart: programs that are linked against the libc of their builder, by commands that name them."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from rewriter.ecosystems.artefacts import Output, SystemNeeds
from rewriter.ecosystems.reads import implied_paths
from rewriter.ecosystems.runtime_base import RuntimeBase
from rewriter.ecosystems.source_words import Calls
from rewriter.ecosystems.sourced import SourcedEcosystem
from rewriter.manifests.reading import read_text
from rewriter.transform import Certainty, Evidence

if TYPE_CHECKING:
    from rewriter.ecosystems.artefacts import Artefact
    from rewriter.ecosystems.reads import RuntimeFiles
    from rewriter.ecosystems.runtime_base import Builder
    from rewriter.facts import Facts
    from rewriter.model.launch import Launch
    from rewriter.model.run import Step

_IMPLIED = {
    "vapor": ("Public", "Resources", ".env", ".env.production"),
    "hummingbird": ("public", "templates", ".env"),
    "yesod": ("config", "static"),
    "dotenv": (".env",),
    "dart_frog": ("public",),
}
"""What packages look for in the working directory. Sources: docs.vapor.codes, folder structure and environment, 4.92;
docs.hummingbird.codes, FileMiddleware and Environment; the scaffolding of yesod; pub.dev/packages/dotenv; dartfrog.dev,
static files; all 2026-11."""
_SKIPPED = frozenset({"test", "tests", "Tests", "dist-newstyle", ".stack-work", ".build", ".dart_tool", ".git"})


class NativeStage(SourcedEcosystem):
    """What the three have in common: the strings of their sources, and certificates that they may check."""

    skipped = _SKIPPED

    def reads(self, artefacts: tuple[Artefact, ...], launch: Launch, made: Mapping[str, str]) -> RuntimeFiles:
        """By the strings and calls of the sources."""
        found = super().reads(artefacts, launch, made)
        fact = "what its dependencies read and start at run time was not looked at"
        found.evidence.append(Evidence(fact, "sources", Certainty.ASSUMED))
        found.certificates = found.certificates or "its dependencies may check certificates"
        return found

    def beside(self, name: str) -> str:
        """The path of a file in the folder in which the program is built."""
        folder = next((artefact.step.cwd for artefact in self.artefacts if artefact.step.cwd), None)
        return posixpath.join(folder or self.stage.final_state.workdir or "/", name)

    def text(self, path: str) -> str:
        """The text of a file of the image that the context brings; empty where it does not."""
        origin, context = self.files.origin(path), self.files.context
        text = read_text(context, origin, 1_000_000) if origin is not None and context is not None else ""
        return text if isinstance(text, str) else ""


def _value(words: list[str], *names: str) -> str:
    for place, word in enumerate(words):
        option, equals, value = word.partition("=")
        if option in names:
            return value if equals else (words[place + 1] if place + 1 < len(words) else "")
    return ""


class HaskellStage(NativeStage):
    """``stack install --local-bin-path``, ``cabal install --installdir``, ``ghc -o``. Source: their manuals, 2026."""

    name = "Haskell"
    tools = frozenset("stack cabal ghc hpack hlint alex happy".split())
    settings = frozenset("STACK_* CABAL_* GHC_*".split())
    caches = ("/root/.stack", "/root/.cabal", "/root/.local/state/cabal", "/root/.cache")
    folders = ("/root/.cabal", "/root/.local", "/opt/ghc")
    source_names = (".hs", ".lhs")
    build_files = frozenset(
        "stack.yaml stack.yaml.lock package.yaml cabal.project Setup.hs cabal.project.freeze".split()
    )
    source_folders = frozenset("app src test bench".split())
    strippable = True
    calls = Calls(
        reads=re.compile(
            r'\b(?:readFile|withFile|openFile|decodeFileThrow|eitherDecodeFileStrict)\s+(?:"(?P<path>[^"\n]*)")?'
        ),
        starts=re.compile(
            r"\b(?:callProcess|readProcess(?:WithExitCode)?|readCreateProcess\w*|spawnProcess|spawnCommand|rawSystem|procs?|"
            r"in(?:proc|shell)|callCommand|system|(?:run_?|cmd_?|shells?)(?=\s{1,9}\"))"
            r"\s+(?:\"(?P<program>[^\"\s\n]*+)[^\"\n]*+\")?"
        ),
    )

    def is_source(self, path: str) -> bool:
        """Descriptions of packages, too."""
        return super().is_source(path) or path.endswith(".cabal")

    def outputs(self, step: Step) -> Iterator[Output]:
        """Programs of which the folder is written out; their names only the start command says."""
        words = [word for word in step.argv[1:] if word is not None]
        if step.cwd is None:
            return
        folder = _value(words, "--local-bin-path", "--installdir")
        installs = "install" in words or "--copy-bins" in words
        if step.name == "stack" and installs:
            yield Output(None, step.absolute(folder or "/root/.local/bin"))
        elif step.name == "cabal" and installs and _value(words, "--install-method") == "copy" and folder:
            yield Output(None, step.absolute(folder))
        elif step.name == "ghc" and "-c" not in words:
            sources = [word for word in words if word.endswith(".hs")]
            place = _value(words, "-o") or (sources[0].removesuffix(".hs") if sources else "")
            if place:
                yield Output(step.absolute(place), None)

    def reads(self, artefacts: tuple[Artefact, ...], launch: Launch, made: Mapping[str, str]) -> RuntimeFiles:
        """Data files of a package lie at a path that is built into the program."""
        found = super().reads(artefacts, launch, made)
        context = self.files.context
        described = (
            [p for p in context.files() if p.endswith((".cabal", "package.yaml"))] if context is not None else []
        )
        texts = (read_text(context, path) for path in described if context is not None)
        if any(isinstance(text, str) and re.search(r"\byesod\b", text) for text in texts):
            found.paths.update(implied_paths(("yesod",), _IMPLIED, self))
        data = next((source.path for source in self.sources if "Paths_" in source.text), "")
        if data:
            found.vetoes.append(f"{data} imports Paths_: its data files lie at a path that the build has chosen")
        return found

    def needs(self, base: RuntimeBase, builder: Builder) -> SystemNeeds:
        """The big integers of GHC, the memory of several processors, which it links on arm64, and names of protocols
        that the package network looks up. Source: haskell/docker-haskell, issue 81."""
        return SystemNeeds(dict.fromkeys(("libgmp10", "libnuma1", "netbase"), "programs of GHC need it"))


class SwiftStage(NativeStage):
    """``swift build -c release``: ``.build/release/<product>``, run by the slim image, which has Swift's libraries."""

    name = "Swift"
    tools = frozenset({"swift", "swiftc"})
    settings = frozenset({"SWIFT_*"})
    folders = ("/root/.swiftpm",)
    source_names = (".swift",)
    build_files = frozenset({"Package.resolved"})
    source_folders = frozenset({"Sources", "Tests"})
    calls = Calls(
        reads=re.compile(
            r'\b(?:contentsOfFile:|contents\(\s*atPath:|forReadingAtPath:|FileMiddleware\()\s*(?:"(?P<path>[^"\n\\]*)")?'
        ),
        starts=re.compile(
            r"\bProcess\(\)|\bshellOut\(|"
            r'"(?P<program>/(?:usr/)?(?:local/)?s?bin/[\w.+-]+)"'
        ),
    )

    def outputs(self, step: Step) -> Iterator[Output]:
        """The executable targets of Package.swift."""
        words = [word for word in step.argv[1:] if word is not None]
        if step.name != "swift" or words[:1] != ["build"] or step.cwd is None:
            return
        configuration = _value(words, "-c", "--configuration") or "debug"
        folder = posixpath.join(step.cwd, _value(words, "--build-path", "--scratch-path") or ".build", configuration)
        for name in re.findall(
            r'\.executable(?:Target)?\(\s*name:\s*"([\w-]+)"', self.text(f"{step.cwd}/Package.swift")
        ):
            yield Output(posixpath.join(folder, name), None)
        yield Output(None, folder)

    def leaves(self, step: Step) -> str | None:
        """Running the application in the build is not followed."""
        if step.name == "swift" and step.argv[1:2] == ("run",):
            return "what `swift run` leaves for run time cannot be told"
        return super().leaves(step)

    def reads(self, artefacts: tuple[Artefact, ...], launch: Launch, made: Mapping[str, str]) -> RuntimeFiles:
        """Resources of a package are bundles that must lie beside the program."""
        found = super().reads(artefacts, launch, made)
        package = self.text(self.beside("Package.swift"))
        found.paths.update(implied_paths((n for n in ("vapor", "hummingbird") if f"/{n}" in package), _IMPLIED, self))
        if any("resources:" in source.text for source in self.sources if source.path.endswith("Package.swift")):
            found.vetoes.append("Package.swift has resources, whose bundles must lie beside the program")
        return found

    def bases(self, facts: Facts, builder: Builder, artefacts: tuple[Artefact, ...]) -> list[RuntimeBase]:
        """The slim tag of the same version and release."""
        image = self.stage.root.image
        page = facts.image("swift")
        tag = (image.tag or "latest") if image is not None else ""
        slim = f"{tag}-slim"
        base = RuntimeBase(f"swift:{slim}", "slim")
        if page is None or not page.has(slim) or builder.image is not None:
            slim = f"{builder.image.rpartition(':')[2]}-slim" if builder.image else slim
            base = RuntimeBase(f"swift:{slim}", "slim")
        if page is None or not page.has(slim):
            base.vetoes.append("there is no such tag in the catalogue")
        return [base]


_OPEN_LIBRARIES = frozenset("sqlite3 drift sqflite_common_ffi objectbox isar git2dart".split())
"""They open libsqlite3.so and the like. Sources: their pages on pub.dev, 2026-11."""


class DartStage(NativeStage):
    """``dart compile exe``: a program with Dart's runtime in it, linked against glibc. Source: dart.dev, 2026."""

    name = "Dart"
    tools = frozenset({"dart", "pub", "dart2native"})
    settings = frozenset({"PUB_CACHE", "PUB_*"})
    caches = ("/root/.pub-cache",)
    folders = ("/root/.pub-cache", "/usr/lib/dart")
    source_names = (".dart",)
    build_files = frozenset("pubspec.yaml pubspec.lock analysis_options.yaml".split())
    source_folders = frozenset({"bin", "lib", "test"})
    calls = Calls(
        reads=re.compile(r"\b(?:File|Directory|createStaticHandler)\(\s*r?(?:[\"'](?P<path>[^\"'\n]*)[\"'])?"),
        starts=re.compile(r"\bProcess\.(?:run|start|runSync)\(\s*(?:[\"'](?P<program>[^\"'\s\n$]+)[^\"'\n]*[\"'])?"),
        all_quotes=True,
    )

    def outputs(self, step: Step) -> Iterator[Output]:
        """``-o``, or the source's name with ``.exe``."""
        words = [word for word in step.argv[1:] if word is not None]
        if step.name != "dart" or words[:2] != ["compile", "exe"] or step.cwd is None:
            return
        source = next((word for word in words[2:] if word.endswith(".dart")), "")
        place = _value(words, "-o", "--output") or (f"{source.removesuffix('.dart')}.exe" if source else "")
        if place:
            yield Output(step.absolute(place), None)

    def leaves(self, step: Step) -> str | None:
        """Running the application or a generator in the build writes what is not seen."""
        verb = step.argv[1] if len(step.argv) > 1 else ""
        if step.name == "dart" and verb == "run" and "build_runner" not in step.argv:
            return "what `dart run` leaves for run time cannot be told"
        return super().leaves(step)

    def reads(self, artefacts: tuple[Artefact, ...], launch: Launch, made: Mapping[str, str]) -> RuntimeFiles:
        """Libraries that are opened by name, sources that run beside the program, settings."""
        found = super().reads(artefacts, launch, made)
        named = re.findall(r"(?m)^  (\w+):", self.text(self.beside("pubspec.yaml")))
        found.paths.update(implied_paths((name for name in named if name in _IMPLIED), _IMPLIED, self))
        opens = min(_OPEN_LIBRARIES & {*named}, default="")
        if opens:
            found.vetoes.append(
                f"pubspec.yaml asks for {opens}, which opens a library by a name that -dev packages bring"
            )
        for source in self.sources:
            match = re.search(r"\b(?:DynamicLibrary\.open|Isolate\.spawnUri)\(", source.text)
            if match:
                found.vetoes.append(f"{source.path} calls {match.group()[:-1]}, which needs more than the program")
        return found
