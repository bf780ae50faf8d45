"""What a rewrite newly relies on in the world: image references and apk packages that the text before did not name."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rewriter.facts import parse_tag
from rewriter.model.image_ref import ImageRef
from rewriter.model.run import SHELLS, Step, script_steps, steps
from rewriter.shell import Opaque

if TYPE_CHECKING:
    from rewriter.facts import Facts
    from rewriter.model.stages import Model, Stage
    from rewriter.model.state import State
    from rewriter.situation import Situation
    from rewriter.syntax import Instruction

_WITH_VALUE = frozenset(
    "-X --repository -t --virtual -p --root --arch --keys-dir --repositories-file --wait --cache-dir --cache-max-age "
    "--progress-fd --timeout".split()
)
"""Options of apk whose value is the next word. Source: apk(8) and apk-add(8) of apk-tools 2.14."""
_SHORT_WITH_VALUE = "Xtp"
_CONSTRAINTS = "=<>~@"
_AS_ROOT = frozenset({"sudo", "doas"})
_DEEPEST = 3  # of `sh -c` within `sh -c`


@dataclass(frozen=True, slots=True)
class NewPackage:
    """A package that an `apk add` installs. `release`: of the Alpine that it runs on, X.Y (None: not known)."""

    name: str
    release: str | None


@dataclass(frozen=True, slots=True)
class News:
    """What is new in a text. `unknown`: what could not be read, hence not be asked for, as a clause each."""

    names: tuple[str, ...] = ()
    packages: tuple[NewPackage, ...] = ()
    unknown: tuple[str, ...] = ()


def new_references(before: Situation, after: Situation) -> News:
    """Image references of FROM, COPY --from and RUN --mount that only the text after has, as Docker would read them."""
    old_names, old_words = _named(before.model)
    names, words = _named(after.model)
    return News(
        names=tuple(name for name in names if name not in old_names),
        unknown=tuple(f"{word} names an image that only the build knows" for word in words if word not in old_words),
    )


def _named(model: Model) -> tuple[dict[str, None], dict[str, None]]:
    """The references that are known, in order, and the words of those that only the build knows."""
    found = dict.fromkeys(_references(model))
    return dict.fromkeys(name for name, _ in found if name), dict.fromkeys(word for name, word in found if not name)


def _references(model: Model) -> Iterator[tuple[str, str]]:
    """Each reference with the word that names it; empty when only the build knows it. Stages and scratch are none."""
    for stage in model.stages:
        if stage.image_text is None:
            yield "", stage.image_word
        elif stage.parent is None and stage.image_text != "scratch":
            yield stage.image_text, stage.image_word
        for instruction in stage.instructions:
            for name in _sources(instruction):
                if model.find(name, stage.index) is None and name != "scratch":
                    yield ("" if "$" in name else name), name


def _sources(instruction: Instruction) -> Iterator[str]:
    if instruction.name == "COPY" and (name := instruction.flag("from")):
        yield name
    for flag in instruction.flags:
        if flag.name == "mount" and flag.value:
            for part in flag.value.split(","):
                key, _, value = part.partition("=")
                if key.strip().lower() == "from" and value:
                    yield value


def new_packages(before: Situation, after: Situation) -> News:
    """Packages that `apk add` installs in the text after, and did not in the text before on the same release.

    A word that only the shell knows (`$PACKAGES`) is passed over: nothing here writes one.
    """
    old, opaque = _installed(before)
    new, still = _installed(after)
    unknown = tuple(f"line {line}: {reason}" for text, (line, reason) in still.items() if text not in opaque)
    return News(packages=tuple(package for package in new if package not in old), unknown=unknown)


def _installed(situation: Situation) -> tuple[dict[NewPackage, None], dict[str, tuple[int, str]]]:
    """Packages in order, and each RUN that cannot be read: its text with its line and the reason."""
    found: dict[NewPackage, None] = {}
    opaque: dict[str, tuple[int, str]] = {}
    for stage in situation.model.stages:
        release = alpine_release(stage, situation.facts)
        for instruction, state in stage.numbered():
            if instruction.name != "RUN":
                continue
            read = steps(instruction, state)
            if isinstance(read, Opaque):
                text = instruction.source[instruction.start : instruction.end]
                opaque[text] = instruction.line, f"the RUN cannot be read, {read.reason}"
                continue
            for step in read:
                found.update(dict.fromkeys(NewPackage(name, release) for name in _added(step, state, _DEEPEST)))
    return found, opaque


def _added(step: Step, state: State, deeper: int) -> Iterator[str]:
    """The names that one command installs."""
    words = list(step.argv)
    while words and words[0] in _AS_ROOT:
        words.pop(0)
    name = posixpath.basename(words[0] or "") if words else ""
    if name in SHELLS and deeper:
        yield from _of_script(words, step, state, deeper)
    elif name == "apk":
        yield from apk_names(words[1:])


def _of_script(words: list[str | None], step: Step, state: State, deeper: int) -> Iterator[str]:
    for position, word in enumerate(words[1:], 1):
        if word is None or not word.startswith("-"):
            return
        if word.endswith("c") and not word.startswith("--"):
            script = words[position + 1] if position + 1 < len(words) else None
            inner = script_steps(script, step.instruction, state) if script is not None else Opaque("not known")
            for command in inner if not isinstance(inner, Opaque) else ():
                yield from _added(command, state, deeper - 1)
            return


def apk_names(words: list[str | None]) -> Iterator[str]:
    """The plain names in the words behind `apk`, when they say `add`: no options, versions, conflicts, files."""
    operands: list[str | None] = []
    position, plain = 0, False
    while position < len(words):
        word = words[position]
        position += 1
        if word == "--" and not plain:
            plain = True
        elif word is None or plain or not word.startswith("-") or word == "-":
            operands.append(word)
        elif word in _WITH_VALUE or (not word.startswith("--") and word[-1] in _SHORT_WITH_VALUE):
            position += 1
    if operands[:1] != ["add"]:
        return
    for operand in operands[1:]:
        if operand and operand[0] not in "!." and "/" not in operand:
            end = min((at for sign in _CONSTRAINTS if (at := operand.find(sign)) > 0), default=len(operand))
            yield operand[:end]


def alpine_release(stage: Stage, facts: Facts) -> str | None:
    """The Alpine release X.Y that a stage stands on, by the tag of its base image and the facts; None: not known."""
    image = stage.root.image
    if image is None or image.repository == "scratch":
        return None
    return _release_of(image, facts)


def _release_of(image: ImageRef, facts: Facts) -> str | None:
    parsed = parse_tag(image.short_name, image.tag or "latest")
    if parsed.alpine:
        return ".".join(parsed.alpine.split(".")[:2])
    known = facts.image(image.short_name)
    if known is None or (parsed.flavour != "alpine" and image.short_name != "alpine"):
        return None
    variants = known.variants(parsed.version or "latest")
    if variants is None:
        return None
    return variants.floating_alpine or (
        variants.alpine[-1] if image.short_name == "alpine" and variants.alpine else None
    )
