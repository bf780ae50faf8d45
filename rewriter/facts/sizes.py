"""From the tags that were measured to the size of any tag, saying honestly what is an estimate.

A tag that is no longer listed is frozen: the bare tag is then the same image as its last patch with its suite, and what
was measured for that one counts for it. Anything else is taken from the nearest relative that was measured, and is an
estimate.
"""

from __future__ import annotations

from rewriter.facts.image_facts import version_of
from rewriter.facts.records import Size
from rewriter.facts.shapes import shape
from rewriter.facts.tags import all_numbers, numbers

TYPE_CHECKING = False
if TYPE_CHECKING:
    from rewriter.facts.overlay import Overlay
    from rewriter.facts.records import Quality
    from rewriter.facts.table import Found, SizeRow, Table

_DEFAULTS = ("jdk", "cli", "backports")  # words of a variant that make no difference in size
_RATIO = "2.6"
"""Unpacked by compressed size, the median over the images measured in 2018 (docker-library/repo-info, 2018-03-15)."""


def size_of(table: Table, tag: str, overlay: Overlay | None = None) -> Size | None:
    """The size of `tag`; None when the tag is unknown or nothing like it was measured.

    What a registry was seen to transfer for amd64 wins over the compressed size of the table.
    """
    found = table.find(tag)
    if found is None:
        return None
    known = _known(table, tag, found)
    seen = overlay.tags.get(tag) if overlay is not None else None
    pulled = seen.sizes.get("linux/amd64") if seen is not None else None
    if overlay is None or not pulled:
        return known
    compressed = round(pulled / 1e6, 2)
    if known is not None:
        return Size(known.megabytes, compressed, known.quality, known.date, known.source, known.note)
    ratio = float(table.texts.get("ratio", _RATIO))
    note = "reckoned from what a pull transfers"
    return Size(round(compressed * ratio, 1), compressed, "estimate", overlay.as_of, overlay.registry, note)


def _known(table: Table, tag: str, found: Found) -> Size | None:
    row = table.sizes.get(tag)
    if row is not None:
        return _size(row, "measured" if row.quality == "measured" else "estimate", "")
    version = found.version
    last = version.life_of(found.patch)[1] if found.patch else (found.row or version).last
    frozen = bool(last) and not found.build
    for same in _same_image(table, found):
        row = table.sizes.get(same)
        if row is not None:
            # A patch is not the same image as the suite that other patches of it stand for as well.
            exact = not found.patch or same.startswith(version_of(found))
            certain = frozen and exact and row.quality == "measured"
            note = f"measured as {table.image}:{same}" if certain else f"taken from {table.image}:{same}"
            return _size(row, "measured" if certain else "estimate", note)
    row = _nearest(table, found)
    return None if row is None else _size(row, "estimate", f"taken from {table.image}:{row.tag}")


def _size(row: SizeRow, quality: Quality, note: str) -> Size:
    return Size(row.megabytes, row.compressed, quality, row.date, row.source, note)


def _same_image(table: Table, found: Found) -> list[str]:
    """Other tags of the same image, most exact first: its last patch, with the suite or alpine that it stood for."""
    name = version_of(found) or found.version.name
    stood = found.version.stood_for(found.variant, found.patch)
    own, patch = table.index.get(name, (None, ""))
    patches = own.members(patch)[-1:] if own is not None and (patch or own.patches) else []
    bases = [*(own.joined(each) for each in patches if own is not None), name]
    row = own.rows if own is not None else {}
    written = [
        variant
        for variant in (f"{found.variant}{stood}", f"{found.variant}-{stood}", f"{stood}-{found.variant}", stood)
        if stood and variant in row and shape(variant).words == shape(found.variant).words
    ]
    variants = [*written[:1], found.variant] if shape(found.variant).suite == "" else [found.variant]
    names = [f"{base}-{variant}" if variant else base for base in bases for variant in variants]
    if stood in table.versions:
        names.append(
            f"{stood}-{found.variant}" if found.variant else stood
        )  # debian: 12.5, 12, bookworm are one release
    return names


def _nearest(table: Table, found: Found) -> SizeRow | None:
    own = _kind(table, found)
    if own is None:
        return None
    best: tuple[tuple[int, ...], SizeRow] | None = None
    for row in table.sizes.values():
        other = table.find(row.tag)
        their = _kind(table, other) if other is not None else None
        if their is None or their[0] != own[0]:
            continue
        # Nearest version first, then nearest suite or alpine, then nearest patch. Of two versions equally near the
        # older: Go 1.20 dropped the compiled standard library, so that 1.19 is like 1.18 and nothing like 1.20.
        distance = (
            100 * abs(own[1][0] - their[1][0]) + abs(own[1][1] - their[1][1]),
            int(their[1][:2] > own[1][:2]),
            abs(own[2] - their[2]),
            abs(own[1][2] - their[1][2]),
        )
        if best is None or distance < best[0]:
            best = distance, row
    return best[1] if best is not None else None


def _kind(table: Table, found: Found) -> tuple[tuple[object, ...], tuple[int, int, int], int] | None:
    """(flavour; version; place of its suite or alpine among the others); None when it is like nothing."""
    parts = (*all_numbers(version_of(found)), 0, 0, 0)
    version = (parts[0], parts[1], parts[2])
    stood, own = found.version.stood_for(found.variant, found.patch), shape(found.variant)
    words = tuple(word for word in own.words if word not in _DEFAULTS)
    if own.alpine is not None:
        return (words, "alpine"), version, (*numbers(own.alpine or stood), 0, 0)[1]
    flavour = (words, "slim" if own.slim else own.system)
    suite = own.suite or (found.version.name if found.version.name in table.suites else stood)
    if suite not in table.suites:
        return (flavour, version, 0) if version[0] else None
    if suite in table.versions:
        version = (0, 0, 0)  # debian: the suite is the version
    return flavour, version, table.suites.index(suite)
