"""From the tags that were measured to the size of any tag, saying honestly what is an estimate.

A tag that is no longer listed is frozen: the bare tag is then the same image as its last patch with its suite, and what
was measured for that one counts for it. Anything else is taken from the nearest relative that was measured, and is an
estimate.
"""

from __future__ import annotations

from rewriter.facts.images import version_of
from rewriter.facts.records import Size
from rewriter.facts.tags import numbers

TYPE_CHECKING = False
if TYPE_CHECKING:
    from rewriter.facts.records import Quality
    from rewriter.facts.table import Found, SizeRow, Table


def size_of(table: Table, tag: str) -> Size | None:
    """The size of `tag`; None when the tag is unknown or nothing like it was measured."""
    found = table.find(tag)
    if found is None:
        return None
    row = table.sizes.get(tag)
    if row is not None:
        return _size(row, "measured" if row.quality == "measured" else "estimate", "")
    version, variant = found.version, found.variant
    frozen = bool(found.patch or (version.rows[variant].last if variant else version.last)) and not found.build
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
    suite, alpine = _stood_for(found)
    variant = found.variant
    if variant == "alpine" and alpine:
        variant = f"alpine{alpine}"
    elif not variant and suite and suite not in table.versions:
        variant = suite
    own = table.versions.get(name)
    patches = list(own.patches)[-1:] if own is not None else []
    names = [*(f"{name}.{patch}" for patch in patches), name]
    if suite in table.versions:
        names.append(suite)  # debian: 12.5 and 12 and bookworm are one release
    return [f"{each}-{variant}" if variant else each for each in names]


def _stood_for(found: Found) -> tuple[str, str]:
    """(suite, alpine) that the bare and the `-alpine` tag of this version or patch last stood for ("" = unknown)."""
    suites = found.version.suites_of(found.patch)
    return suites[-1][0] if suites else "", found.version.float_of(found.patch)


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


def _kind(table: Table, found: Found) -> tuple[str, tuple[int, int, int], int] | None:
    """(alpine, slim or full; version; place of its suite or alpine among the others); None when it is like nothing."""
    parts = (*numbers(version_of(found)), 0, 0, 0)
    version = (parts[0], parts[1], parts[2])
    suite, alpine = _stood_for(found)
    if found.variant.startswith("alpine"):
        return "alpine", version, (*numbers(found.variant[6:] or alpine), 0, 0)[1]
    if not table.suites:
        return ("full", version, 0) if version[0] else None
    if found.variant in table.suites:
        suite = found.variant
    elif found.version.name in table.suites:
        suite = found.version.name
    if suite not in table.suites:
        return None
    if suite in table.versions:
        version = (0, 0, 0)  # debian: the suite is the version
    return "slim" if found.variant == "slim" else "full", version, table.suites.index(suite)
