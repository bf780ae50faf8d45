"""Which language a stage builds in: by its base image, then by the commands of its RUN instructions."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from rewriter.ecosystems.ecosystem import Ecosystem
    from rewriter.model.stages import Stage
    from rewriter.situation import Situation


class Known(NamedTuple):
    """A language: its file in this folder, its class there, the images and the commands that speak for it."""

    module: str
    kind: str
    images: frozenset[str]
    commands: frozenset[str] = frozenset()


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# A new language is one line here and one file. Languages whose programs are carried come before those whose sources
# are: an image of Python may compile something in C on the way, but a program in C is seldom started by Python.
LANGUAGES: tuple[Known, ...] = (
    Known("java", "JavaStage", _words("maven gradle openjdk eclipse-temurin"), _words("mvn mvnw gradle gradlew javac")),
    Known("rust", "RustStage", _words("rust"), _words("cargo rustc")),
    Known("c", "CStage", _words("gcc"), _words("gcc g++ cc c++ clang clang++ make cmake ninja")),
    Known("dotnet", "DotnetStage", _words("mcr.microsoft.com/dotnet/sdk")),
    Known("elixir", "ElixirStage", _words("elixir"), _words("mix")),
    Known("native", "HaskellStage", _words("haskell"), _words("stack cabal ghc")),
    Known("native", "SwiftStage", _words("swift"), _words("swift")),
    Known("native", "DartStage", _words("dart"), _words("dart")),
    Known("bun", "BunProgram", _words("oven/bun")),
    Known("deno", "DenoProgram", _words("denoland/deno")),
    Known("php", "PhpStage", _words("php"), _words("docker-php-ext-install composer")),
    Known("ruby", "RubyStage", _words("ruby"), _words("bundle bundler")),
    Known("node", "NodeStage", _words("node"), _words("npm yarn pnpm")),
    Known("bun", "BunStage", _words("oven/bun")),
    Known("deno", "DenoStage", _words("denoland/deno")),
    Known("python", "PythonStage", _words("python"), _words("pip pip3 poetry pipenv uv")),
)


def ecosystem_of(situation: Situation, stage: Stage) -> Ecosystem | None:
    """The first language that recognises a stage: those of its image before those of its commands."""
    if situation.go(stage).is_go:
        return situation.go(stage)
    image = stage.root.image
    name = image.short_name if image is not None else ""
    files, runs = situation.files(stage), situation.runs(stage)
    commands = {step.name for run in runs if isinstance(run.steps, tuple) for step in run.steps}
    for known in _candidates(name, commands):
        language: Ecosystem = getattr(import_module(f"rewriter.ecosystems.{known.module}"), known.kind)(
            stage, files, runs
        )
        if language.recognised():
            return language
    return None


def _candidates(image: str, commands: set[str]) -> Iterator[Known]:
    yield from (known for known in LANGUAGES if image in known.images)
    yield from (known for known in LANGUAGES if image not in known.images and commands & known.commands)
