"""Files that the build of the original changes, and that the new image has as they lie in the context.

``COPY settings.json .`` where ``COPY --from=build`` was meant: the file is there, at the same path, and is another one.
"""

from __future__ import annotations

import os
import posixpath
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from rewriter.proof.inside.trail import Problem

if TYPE_CHECKING:
    from rewriter.proof.archive import Image
    from rewriter.proof.inside.filesystem import Node
    from rewriter.proof.inside.start import Side

_MOST_FILES = 20_000
_MOST_CONTEXT = 50_000
_MOST_COMPARED = 64 * 1024**2
_LOCKS = re.compile(r".*(?:\.lock|\.sum|\.mod|-lock\.json|-shrinkwrap\.json|-lock\.yaml|/package\.json)\Z")
"""What package managers write anew while they install."""
_SYSTEM = frozenset("bin boot dev lib lib32 lib64 libx32 media mnt proc run sbin sys tmp usr var".split())


def unbuilt_files(before: Side, after: Side, context: Path | None) -> list[Problem]:
    """A problem that names the files of the context which the original's build changes."""
    changed = dict(_changed(before, after)) if context is not None else {}
    if context is None or not changed:
        return []
    names: dict[str, list[Path]] = {}
    for path in _walk(context):
        names.setdefault(path.name, []).append(path)
    stale = [
        path for path, node in changed.items()
        if any(_is_same(after.image, node, each) for each in names.get(posixpath.basename(path), ()))
    ]  # fmt: skip
    if not stale:
        return []
    more = f" (and {len(stale) - 1} more)" if len(stale) > 1 else ""
    what = f"{stale[0]}{more} is as it lies in the context, and the original's build changes it"
    return [Problem(what, stale[0], tuple(stale[:8]), "unbuilt")]


def _changed(before: Side, after: Side) -> Iterator[tuple[str, Node]]:
    """Files of one's own that both images have, with another content."""
    entry = {after.trail.entry.path} if after.trail.entry is not None else set()
    for path in (*entry, *_own_files(after)):
        new, old = after.image.files.file(path), before.image.files.file(path)
        if new is None or old is None or _LOCKS.match(path) or max(new.size, old.size) > _MOST_COMPARED:
            continue
        if new.size != old.size or before.image.read(old, old.size) != after.image.read(new, new.size):
            yield path, new


def _own_files(side: Side) -> Iterator[str]:
    cwd = posixpath.normpath(side.cwd)
    tops = [cwd] if cwd != "/" else []
    tops += [f"/{name}" for name in sorted(side.image.files.folder("/")) if name not in _SYSTEM and f"/{name}" != cwd]
    for top in tops:
        for path, node in side.image.files.walk(top, _MOST_FILES):
            if node.is_file and not {"node_modules", "site-packages", ".git"} & set(path.split("/")):
                yield path


def _walk(context: Path) -> Iterator[Path]:
    count = 0
    for folder, folders, names in os.walk(context):
        folders[:] = [name for name in folders if name not in (".git", "node_modules")]
        for name in names:
            count += 1
            if count > _MOST_CONTEXT:
                return
            yield Path(folder, name)


def _is_same(image: Image, node: Node, path: Path) -> bool:
    try:
        if path.is_symlink() or not path.is_file() or path.stat().st_size != node.size:
            return False
        return path.read_bytes() == image.read(node, node.size)
    except OSError:
        return False
