"""What a registry was seen to hold, laid over a data file: its new tags become tags as good as the others.

A version that the file does not know is one of its own, with the variants that the registry holds of it. Where the
registry's list was the whole one, a tag that it lacks does not exist.
"""

from __future__ import annotations

from copy import copy

from rewriter.facts.table import LATEST, Row, Table, Version
from rewriter.facts.tags import SUITES, parse_tag

TYPE_CHECKING = False
if TYPE_CHECKING:
    from rewriter.facts.overlay import Overlay


def overlaid(table: Table | None, overlay: Overlay) -> Table:
    """A table that says both; `table` (None: the image is only known by the overlay) stays as it is."""
    seen = f"{overlay.registry}, seen on {overlay.as_of}"
    made = copy(table) if table is not None else Table()
    if table is not None:
        made.source = f"{table.source}; {seen}"
    else:
        made.image, made.source, made.as_of, made.collected = overlay.image, seen, overlay.as_of, overlay.as_of
        made.suites = tuple(sorted(SUITES))
    made.versions, made.index = dict(made.versions), dict(made.index)
    made.also, made.never = dict(made.also), set(made.never)
    own: set[str] = set()
    for tag in sorted(overlay.tags):
        if made.find(tag) is None:
            _add(made, tag, overlay.as_of, own)
    made.only = frozenset(overlay.tags) if overlay.complete else None
    return made


def _add(table: Table, tag: str, day: str, own: set[str]) -> None:
    base, variant = _parts(table, tag)
    table.never.discard(tag)
    version, patch = table.index.get(base, (None, ""))
    if version is None:
        version = Version(base, day, "")
        own.add(base)
        if variant:  # the bare tag may follow, or may not be there
            table.never.add(base)
    elif patch or (not variant and base not in own):
        table.also[tag] = (day, "")  # a patch that the file knows, or a tag that it says never was
        return
    elif version.name not in own:
        version = copy(version)
        version.rows = dict(version.rows)
        own.add(base)
    table.versions[base] = version
    if variant:
        version.rows[variant] = Row(day, "", ())
    for name in (*version.patches, *version.minors, ""):
        table.index[version.joined(name)] = (version, name)


def _parts(table: Table, tag: str) -> tuple[str, str]:
    """(version, variant): the longest start that the table knows as one, else what looks like one."""
    dash = len(tag)
    while dash > 0:
        if tag[:dash] in table.index and tag[:dash] != LATEST:
            return tag[:dash], tag[dash + 1 :]
        dash = tag.rfind("-", 0, dash)
    version = parse_tag("", tag).version
    if version is not None:
        return version, tag[len(version) + 1 :]
    return (LATEST, tag) if tag != LATEST and LATEST in table.versions else (tag, "")
