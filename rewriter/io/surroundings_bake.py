"""What bake files say: docker-bake.json and docker-bake.hcl with their overrides."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from rewriter.io.surroundings_hcl import read_hcl
from rewriter.io.surroundings_uses import UNKNOWN, Use, target_keys
from rewriter.source import load_json

_ATTRIBUTES = ("context", "dockerfile", "target")
_MAX_DEPTH = 20
_MAX_TARGETS = 500

Attributes = Mapping[str, str | tuple[str, ...] | None]
"""None: it would have to be evaluated."""

_EVALUATED: Attributes = dict.fromkeys(_ATTRIBUTES)


class BakeError(ValueError):
    """No bake file that can be read; says why in one line."""


@dataclass(frozen=True, slots=True)
class BakeFile:
    """The targets of one file."""

    where: str
    targets: Mapping[str, Attributes]


def read_bake(name: str, where: str, text: str) -> BakeFile:
    """Reads one file. Raises BakeError or HclError."""
    targets: dict[str, Attributes] = {}
    if name.endswith(".hcl"):
        for block in read_hcl(text):
            if block.kind == "target" and len(block.labels) == 1 and len(targets) < _MAX_TARGETS:
                targets[block.labels[0]] = {**targets.get(block.labels[0], {}), **block.attributes}
    else:
        targets.update(_json_targets(text))
    return BakeFile(where, targets)


def bake_uses(files: list[BakeFile], folder: str) -> tuple[Use, ...]:
    """The uses of the bake files of one folder, in bake's order: alone, and laid over the ones before."""
    uses: list[Use] = []
    merged: dict[str, Attributes] = {}
    for file in files:
        for targets in [file.targets, _laid_over(merged, file.targets)] if merged else [file.targets]:
            uses += _uses(targets, file.where, folder)
        merged = _laid_over(merged, file.targets)
    return tuple(dict.fromkeys(uses))


def _laid_over(beneath: Mapping[str, Attributes], over: Mapping[str, Attributes]) -> dict[str, Attributes]:
    return {**beneath, **{name: {**beneath.get(name, {}), **over[name]} for name in over}}


def _uses(targets: Mapping[str, Attributes], where: str, folder: str) -> Iterator[Use]:
    known: dict[str, Attributes] = {}
    parents = {parent for attributes in targets.values() for parent in _parents(attributes) or ()}
    for name in targets:
        attributes = _inherited(name, targets, known, _MAX_DEPTH)
        if attributes.get("dockerfile-inline", "") != "":
            continue
        texts = {key: attributes.get(key, "") for key in _ATTRIBUTES}
        context, dockerfile, target = (text if isinstance(text, str) else UNKNOWN for text in texts.values())
        # A target that others start from often says nothing itself: its defaults are not meant.
        means_context = bool(context) or name not in parents
        yield Use(where, folder, context or None, dockerfile or None, target_keys(target), names_context=means_context)


def _parents(attributes: Attributes) -> tuple[str, ...] | None:
    parents = attributes.get("inherits", ())
    return (parents,) if isinstance(parents, str) else parents


def _inherited(name: str, targets: Mapping[str, Attributes], known: dict[str, Attributes], depth: int) -> Attributes:
    """The attributes of a target with those of its parents beneath, of which the last wins."""
    if name in known:
        return known[name]
    own = targets[name]
    known[name] = {**_EVALUATED, **own}  # what a target that inherits from itself finds
    parents = _parents(own)
    if parents is not None and depth > 0 and all(parent in targets for parent in parents):
        merged: dict[str, str | tuple[str, ...] | None] = {}
        for parent in parents:
            merged.update(_inherited(parent, targets, known, depth - 1))
        known[name] = {**merged, **own}
    return known[name]


def _json_targets(text: str) -> dict[str, Attributes]:
    try:
        content = load_json(text)
    except RecursionError as error:
        raise BakeError("is nested too deeply") from error
    except ValueError as error:
        place = f"line {error.lineno}: {error.msg}" if isinstance(error, json.JSONDecodeError) else "is no valid JSON"
        raise BakeError(place) from error
    found: dict[str, Attributes] = {}
    listed = content.get("target") if isinstance(content, dict) else None
    for table in listed if isinstance(listed, list) else [listed]:
        for name, target in list(table.items())[:_MAX_TARGETS] if isinstance(table, dict) else ():
            if isinstance(target, dict):
                found[name] = {key: _json_value(value) for key, value in target.items() if value is not None}
    return found


def _json_value(value: object) -> str | tuple[str, ...] | None:
    if isinstance(value, str):
        return value
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return tuple(value)
    return None
