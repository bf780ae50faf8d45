"""What CI files say of targets: steps that build images by options, and shell text anywhere in them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from rewriter.io.surroundings_scripts import mentions_images, script_uses, wanders, words_uses
from rewriter.io.surroundings_uses import Use, target_keys
from rewriter.io.surroundings_words import veil
from rewriter.io.surroundings_yaml import Plain, as_text, read_yaml

_FILE_KEYS = ("dockerfile", "Dockerfile", "file")
_BUILDERS = frozenset(("docker", "kaniko", "build"))
_WORKSPACE = re.compile(r"\$\{\{\s*github\.workspace\s*\}\}|\{\{\s*defaultContext\s*\}\}:?")


@dataclass(frozen=True, slots=True)
class _Place:
    """Where in a document the walk is."""

    key: str = ""
    context: str | None = None
    """The context that an outer table names."""
    builds: bool = False
    """An outer table uses an action or an image that has to do with images."""


def ci_uses(text: str, where: str, folder: str) -> tuple[Use, ...]:
    """The uses in a YAML file of a CI system or of a tool like it. Raises YamlError."""
    walk = _Walk(where, folder, wanders(text))
    found: list[Use] = []
    if mentions_images(text):
        for document in read_yaml(text):
            found += walk.visit(document, _Place())
    return tuple(dict.fromkeys(found))


class _Walk:
    def __init__(self, where: str, folder: str, wandering: bool) -> None:
        self._pattern = Use(where, folder, script=True)  # the paths of a step start from the checkout
        self._wandering = wandering
        self._seen: set[int] = set()

    def visit(self, node: Plain, place: _Place) -> Iterator[Use]:
        if isinstance(node, str):
            if "target" in node:
                yield from self._text(node, place)
            return
        if node is None or id(node) in self._seen:  # what aliases share is looked at once
            return
        self._seen.add(id(node))
        if isinstance(node, list):
            words = [item for item in node if isinstance(item, str)]
            if any(word == "--target" or word.startswith("--target=") for word in words):
                yield from words_uses([veil(word) for word in words], self._pattern.where, self._pattern.folder)
            for item in node:
                yield from self.visit(item, place)
            return
        yield from self._table(node, place)

    def _text(self, text: str, place: _Place) -> Iterator[Use]:
        options = text.lstrip().startswith("-") and (place.builds or mentions_images(text) or "--target" in text)
        for use in script_uses(text, self._pattern.where, self._pattern.folder, arguments=options):
            yield replace(use, wanders=self._wandering)

    def _table(self, table: Mapping[str, Plain], place: _Place) -> Iterator[Use]:
        tool = " ".join(text for key in ("uses", "image", "name", "task") if (text := as_text(table.get(key))))
        builds = mentions_images(tool) if tool else place.builds
        context = as_text(table.get("context")) or place.context
        target = as_text(table.get("target"))
        speaks = any(key in table for key in (*_FILE_KEYS, "context")) or place.key in _BUILDERS or place.builds
        if target and speaks:
            yield from self._build(table, target, context)
        for key, value in table.items():
            yield from self.visit(value, _Place(key, context if key not in ("with", "inputs") else None, builds))

    def _build(self, table: Mapping[str, Plain], target: str, context: str | None) -> Iterator[Use]:
        file = next((text for key in _FILE_KEYS if (text := as_text(table.get(key)))), None)
        keys = target_keys(veil(target.strip()))
        use = replace(self._pattern, context=_path(context), dockerfile=_path(file), targets=keys)
        yield use
        if file is not None:  # some tools start its path from the context, some from the checkout
            yield replace(use, beside_context=False)


def _path(text: str | None) -> str | None:
    return veil(_WORKSPACE.sub("./", text)) if text else None
