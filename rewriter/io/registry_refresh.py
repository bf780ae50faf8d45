"""Brings the overlay of one image up to date with its registry, and says what that changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rewriter.facts.overlay import Overlay, OverlayTag
from rewriter.io.registry_errors import Absent
from rewriter.io.registry_names import Reference, Repository

if TYPE_CHECKING:
    from rewriter.io.registry import Registry

DEFAULT_PLATFORMS = ("linux/amd64",)
DEFAULT_SIZES = 12
"""How many tags are looked at when none is named: a registry counts manifests, and some count them strictly."""
_FORMS = ("", "slim", "alpine")
"""What a base image is most often called behind its version."""
_MOST_SHOWN = 8  # tags in one line


@dataclass(frozen=True, slots=True)
class Wish:
    """What to refresh of one image: the list, `tags` and `sizes` more of its tags; below 0 `sizes`: only `tags`."""

    repository: Repository
    tags: tuple[str, ...] = ()
    platforms: tuple[str, ...] = DEFAULT_PLATFORMS
    sizes: int = DEFAULT_SIZES


def wishes(references: Iterable[Reference], platforms: Sequence[str], sizes: int) -> list[Wish]:
    """One wish for each image, in order. An image that is named without a tag is wished whole, and its named tags
    looked at as well."""
    found: dict[Repository, list[str]] = {}
    whole: set[Repository] = set()
    for reference in references:
        tags = found.setdefault(reference.repository, [])
        if reference.tag:
            tags.append(reference.tag)
        else:
            whole.add(reference.repository)
    return [
        Wish(repository, tuple(dict.fromkeys(tags)), tuple(platforms), sizes if repository in whole else -1)
        for repository, tags in found.items()
    ]


def refreshed(wish: Wish, old: Overlay | None, registry: Registry, today: str) -> Overlay:
    """The overlay as the registry would have it; ``today`` is an ISO date. Raises RegistryError.

    With the whole list, sizes are read of the tags that were looked at before and are still there, and of the `sizes`
    most used forms of the newest versions. With named tags alone the list is not read, and keeps its date.
    """
    before = dict(old.tags) if old is not None else {}
    image = wish.repository.image
    if wish.sizes < 0:
        tags = before | _looked_at(wish, wish.tags, before, registry)
        gone = [tag for tag in wish.tags if not tags[tag].digest]
        tags = {name: tag for name, tag in tags.items() if name not in gone}
        if old is not None and old.complete:
            return Overlay(image, old.registry, old.as_of, True, tags)
        return Overlay(image, wish.repository.host, today, False, tags)
    listed = registry.tags(wish.repository)
    tags = {tag: before.get(tag, OverlayTag(tag)) for tag in listed.tags}
    if not listed.complete:
        tags = before | tags
    again = [name for name, tag in before.items() if tag.digest and name in tags]
    chosen = dict.fromkeys((*wish.tags, *again, *most_used(tags, wish.sizes)))
    tags |= _looked_at(wish, chosen, before, registry)
    tags = {name: tag for name, tag in tags.items() if tag.digest or name not in chosen}
    if not listed.complete and old is not None and old.complete:
        return Overlay(image, old.registry, old.as_of, True, tags)
    return Overlay(image, listed.host, today, listed.complete, tags)


def _looked_at(
    wish: Wish, names: Iterable[str], before: Mapping[str, OverlayTag], registry: Registry
) -> dict[str, OverlayTag]:
    """The tags as they are now; one without a digest is not there (any more)."""
    found = {}
    for name in names:
        known = before.get(name)
        platforms = dict.fromkeys((*wish.platforms, *(known.sizes if known is not None else ())))
        try:
            found[name] = registry.look_at(Reference(wish.repository, name), tuple(platforms), known)
        except Absent:
            if name in wish.tags and known is None:
                raise
            found[name] = OverlayTag(name)
    return found


def most_used(tags: Iterable[str], most: int) -> list[str]:
    """The tags that Dockerfiles name most often: `latest` and bare forms, then the newest versions of at most two
    numbers, each bare, `-slim` and `-alpine`."""
    ranked = []
    for tag in tags:
        version, _, form = tag.partition("-")
        numbers = version.split(".")
        if tag in ("latest", *_FORMS):
            ranked.append(((0, 0, 0), tag))
        elif form in _FORMS and len(numbers) < 3 and all(n.isascii() and n.isdecimal() and len(n) < 9 for n in numbers):
            major, minor = int(numbers[0]), int(numbers[1]) if len(numbers) > 1 else 10**9
            ranked.append(((1, -major, -minor), tag))
    ranked.sort(key=lambda item: (item[0], item[1]))
    return [tag for _, tag in ranked[:most]]


def differences(old: Overlay | None, new: Overlay) -> list[str]:
    """What changed, a phrase each; empty when nothing did but the date."""
    before, after = (old.tags if old is not None else {}), new.tags
    phrases = []
    added, gone = sorted(after.keys() - before.keys()), sorted(before.keys() - after.keys())
    if added:
        phrases.append(f"{_count(added, 'tag')} new ({_some(added)})")
    if gone:
        phrases.append(f"{_count(gone, 'tag')} gone ({_some(gone)})")
    both = sorted(after.keys() & before.keys())
    moved = [name for name in both if before[name].digest and before[name].digest != after[name].digest]
    if moved:
        phrases.append(f"{_count(moved, 'tag')} rebuilt ({_some(moved)})")
    sizes = [
        f"{name} on {platform} {_size(before[name].sizes.get(platform))} → {_size(size)}"
        for name in both
        for platform, size in sorted(after[name].sizes.items())
        if before[name].sizes.get(platform) != size
    ]
    if sizes:
        phrases.append(f"{_count(sizes, 'size')} changed ({_some(sizes)})")
    return phrases


def _count(found: Sequence[str], what: str) -> str:
    return f"{len(found):,} {what}{'s' if len(found) > 1 else ''}"


def _some(names: Sequence[str]) -> str:
    shown = ", ".join(names[:_MOST_SHOWN])
    return shown if len(names) <= _MOST_SHOWN else f"{shown} and {len(names) - _MOST_SHOWN:,} more"


def _size(count: int | None) -> str:
    return "not known" if count is None else f"{count / 1_000_000:.1f} MB" if count >= 100_000 else f"{count:,} bytes"
