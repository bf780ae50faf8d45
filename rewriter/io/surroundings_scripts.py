"""Targets that shell text builds: ``docker build --target NAME`` in scripts, Makefiles, Jenkinsfiles and CI files."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from rewriter.io.surroundings_uses import ANY_TARGET, UNKNOWN, Use, target_keys
from rewriter.io.surroundings_words import Words, split_commands, veil

_ENGINE = re.compile(r"docker|podman|buildah|nerdctl|kaniko|buildctl|buildkit|container|image|depot", re.IGNORECASE)
_OTHER_TOOL = re.compile(r"(?i:cargo|rust|cmake|npm|npx|yarn|pnpm|pip|cross|esbuild|tsc|meson|bazel)")
_VERBS = frozenset(("build", "bud", "bake"))
_ENGINES = frozenset(("docker", "podman", "buildah", "nerdctl"))
_OTHER_VERBS = frozenset(
    "run exec compose cp push pull tag login logout create start stop rm rmi save load inspect volume network".split()
)
_TALK = frozenset(("echo", "printf", "log", "info", "warn", "error", "die", "usage", "$(info", "$(error", "$(warning"))
_NO_VALUE = frozenset(
    "--no-cache --pull --push --load --rm --force-rm --quiet --squash --compress --check --debug --single-snapshot "
    "--disable-content-trust --cleanup --reproducible --no-push --cache --layers -- -q -D".split()
)
_ASSIGNING = frozenset(("export", "local", "declare", "readonly", "set", "override", "define"))
_OPERATOR = re.compile(r"(?:\+|\?|::?:?|!)?=\Z")
_ASSIGNMENT = re.compile(r"[A-Za-z_][\w.-]*(?:\[[^\]]*\])?\+?=")
_RECIPE = re.compile(r"\A[@+]*(?:-[@+]*)?(?=\$|(?:docker|podman|buildah|nerdctl)\b)")
"""What make takes off a command. One that starts with a dash is not to be taken for an option."""
_CONTINUED = re.compile(r"\\\r?\n[ \t]*")
_MOVES = re.compile(r"\b(?:cd|pushd)\b|working[-_]?directory|\bdir\s*[:(]|\bmake\s+-C", re.IGNORECASE)
_MAX_DEPTH = 4


@dataclass(frozen=True, slots=True)
class _Build:
    """What one command says."""

    targets: tuple[str, ...]
    dockerfile: str | None = None
    context: str = UNKNOWN
    beside_context: bool = False


def mentions_images(text: str) -> bool:
    """Whether a text has to do with building images at all."""
    return _ENGINE.search(text) is not None


def wanders(text: str) -> bool:
    """Whether a file changes its working directory somewhere."""
    return _MOVES.search(text) is not None


def script_uses(text: str, where: str, folder: str, arguments: bool = False) -> Iterator[Use]:
    """The uses in a script; with `arguments` also where it is nothing but options (``--target NAME``)."""
    if "target" not in text or not (arguments or mentions_images(text)):
        return
    pattern = Use(where, folder, beside_context=False, script=True, wanders=wanders(text))
    for line in _CONTINUED.sub(" ", veil(text)).splitlines():
        if "target" in line and not line.lstrip().startswith("//"):
            for build in _builds(line, arguments, _MAX_DEPTH):
                yield _use(pattern, build)


def words_uses(words: list[str], where: str, folder: str) -> Iterator[Use]:
    """The uses of a command that is given as a list of words: the arguments of a container that builds images."""
    pattern = Use(where, folder, beside_context=False, script=True)
    behind = [words[n + 1 :] for n, word in enumerate(words) if word in _VERBS]
    build = _parsed(behind[0] if behind else words, bool(behind))
    if build.targets:
        yield _use(pattern, build)


def _use(pattern: Use, build: _Build) -> Use:
    return replace(
        pattern,
        targets=build.targets,
        dockerfile=build.dockerfile,
        context=build.context,
        beside_context=build.beside_context,
    )


def _builds(text: str, in_build: bool, depth: int) -> Iterator[_Build]:
    """The builds of a line. `in_build`: it is part of the words of a command that builds."""
    for command in split_commands(text):
        variable, words, assigned = _split_assignment([_RECIPE.sub("", command.words[0], count=1), *command.words[1:]])
        tool = posixpath.basename(words[0]) if words else ""
        if tool in _TALK or _OTHER_TOOL.match(tool) or _OTHER_TOOL.search(variable or ""):
            continue
        options = in_build and any(word.startswith("--target") for word in words)
        arguments, positional = _arguments(words, assigned or options)
        if arguments is not None:
            yield from _with_hidden(arguments, positional)
        if depth > 0:
            yield from _nested(command, in_build or arguments is not None, depth)


def _with_hidden(arguments: list[str], positional: bool) -> Iterator[_Build]:
    """The build of some arguments; an option within an expansion (``${T:+--target=$T}``) may name any target."""
    build = _parsed(arguments, positional)
    hidden = any("$" in w and "--target" in w and not w.startswith("--target") and " " not in w for w in arguments)
    if hidden:
        yield replace(build, targets=(*build.targets, ANY_TARGET))
    elif build.targets:
        yield build


def _nested(command: Words, in_build: bool, depth: int) -> Iterator[_Build]:
    for inner in command.quoted:
        if "target" in inner:
            yield from _builds(inner, in_build, depth - 1)
    for inner in command.substituted:
        found = list(_builds(inner, False, depth - 1)) if "target" in inner else []
        yield from found
        if not found and in_build and "--target" in inner:
            yield _Build((ANY_TARGET,))


def _split_assignment(words: list[str]) -> tuple[str | None, list[str], bool]:
    """The variable that is set in front, the words behind it, and whether they are its value, not a command."""
    rest = words[1:] if words[0] in _ASSIGNING and len(words) > 1 else words
    match = _ASSIGNMENT.match(rest[0])
    if match is not None:
        value = rest[0][match.end() :]
        alone = len(rest) == 1 or not value or value.startswith("-")
        return match.group(), ([value] if value else []) + rest[1:], alone
    if len(rest) > 1 and _OPERATOR.match(rest[1]):
        return rest[0], rest[2:], True
    return None, rest, words[0] == "set"


def _arguments(words: list[str], assigned: bool) -> tuple[list[str] | None, bool]:
    """The words behind the command that builds an image, None if there is no such command.

    And whether a word among them that is no option is the context: a wrapper may mean anything by it.
    """
    options = bool(words) and words[0].startswith("-") and words[0] != "-"
    elsewhere = False
    for n, word in enumerate([] if options else words):
        if word.startswith("--target"):
            break
        if word.startswith("-") or " " in word:
            continue
        subject = words[n + 1] if n + 1 < len(words) else ""
        variable = "$" in word and not _OTHER_TOOL.search(word) and subject in ("build", "bud", "buildx")
        if posixpath.basename(word) in _ENGINES or (not elsewhere and (variable or _ENGINE.search(word))):
            at = next((k for k in range(n + 1, len(words)) if words[k] in _VERBS or words[k] in _OTHER_VERBS), None)
            if at is None:
                return words[n + 1 :], False
            if words[at] in _VERBS:
                return words[at + 1 :], words[at] != "bake"
            elsewhere = True  # docker run image …: what runs there is another command, perhaps docker again
    # Options on their own: the rest of an array, or what a variable holds for a build elsewhere in the file.
    alone = assigned or (bool(words) and words[0].startswith("--target"))
    return (words if alone and not elsewhere else None), False


def _parsed(words: list[str], positional: bool) -> _Build:
    """The options of a build that matter; `positional`: a word that is no option is the context."""
    targets: list[str] = []
    file: str | None = None
    contexts: list[str] = []
    beside = set_elsewhere = False
    position = 0
    while position < len(words):
        word = words[position]
        position += 1
        if not word.startswith("-") or word == "-":
            if positional and "<" not in word and ">" not in word:
                contexts.append(word)
            continue
        name, glued, value = word.partition("=") if word.startswith("--") else (word[:2], word[2:], word[2:])
        following = words[position] if position < len(words) else ""
        if not glued and name not in _NO_VALUE and (following == "-" or not following.startswith("-")):
            value = following
            position += 1
        if name == "--target":
            targets += _named(value)
        elif name in ("-f", "--file", "--dockerfile"):
            file, beside = value, name == "--dockerfile"
        elif name == "--context":
            contexts.insert(0, value)
        elif name in ("--opt", "--set") and re.match(r"(?:\S*\.)?target=", value):
            targets += _named(value.partition("=")[2])
            set_elsewhere = True
    literal = [word for word in contexts if UNKNOWN not in word]
    context = literal[0] if literal and literal[0] not in ("", "-") and not set_elsewhere else UNKNOWN
    return _Build(tuple(dict.fromkeys(targets)), UNKNOWN if set_elsewhere else file, context, beside and context != ".")


def _named(value: str) -> tuple[str, ...]:
    # <stage> and [stage] are how a help text writes it.
    return () if value.startswith(("<", "[")) else target_keys(value.rstrip(",;"))
