"""Paths of an image: which folders there are since when, and the patterns of COPY."""

from __future__ import annotations

import re
from collections.abc import Iterable


class _Folder:
    __slots__ = ("inner", "since")

    def __init__(self, since: int) -> None:
        self.since = since
        self.inner: dict[str, _Folder] = {}


class Folders:
    """Folders by the moment at which they came to be; a tree of names, since deep paths repeat what lies above them."""

    def __init__(self, standard: Iterable[str] = ()) -> None:
        self._root = _Folder(0)
        for path in standard:
            self.add(path, 0)

    def add(self, path: str | None, since: int) -> None:
        """An absolute path with all that lies above it; what is there already came first."""
        folder = self._root
        for name in (path or "").split("/"):
            if name:
                folder = folder.inner.get(name) or folder.inner.setdefault(name, _Folder(since))

    def since(self, path: str) -> int | None:
        """The moment from which on an absolute path is known to be a folder, or None."""
        if not path.startswith("/"):
            return None
        folder: _Folder | None = self._root
        for name in path.split("/"):
            if name and folder is not None:
                folder = folder.inner.get(name)
        return folder.since if folder is not None else None


_CLASS = re.compile(r"\[(\^?)([^\]]+)\]")


def glob(pattern: str) -> re.Pattern[str]:
    """The expression for a pattern of Go's filepath.Match: ``*``, ``?`` and ``[...]``, none of which crosses a slash.

    It never goes back over what a star has taken but for the last one, so that no pattern takes long.
    """
    parts: list[list[str]] = [[]]
    position, bracket = 0, pattern.rfind("]")
    while position < len(pattern):
        char = pattern[position]
        members = _CLASS.match(pattern, position) if position < bracket else None
        if char == "*":
            if parts[-1] or len(parts) == 1:  # several stars are as good as one
                parts.append([])
        elif char == "?":
            parts[-1].append("[^/]")
        elif members:
            parts[-1].append(f"(?!/)[{members[1]}{_escaped(members[2])}]")
            position = members.end()
            continue
        else:
            parts[-1].append(re.escape(char))
        position += 1
    first, *others = ("".join(part) for part in parts)
    if not others:
        return _compiled(first, pattern)
    *middle, last = others
    return _compiled(first + "".join(f"(?>[^/]*?{part})" for part in middle) + f"[^/]*{last}", pattern)


def _escaped(members: str) -> str:
    """What stands in a class, ranges kept."""
    return "".join(char if char == "-" else re.escape(char) for char in members)


def _compiled(expression: str, pattern: str) -> re.Pattern[str]:
    try:
        return re.compile(expression)
    except re.error:
        return re.compile(re.escape(pattern))


def below(path: str, folders: tuple[str, ...]) -> bool:
    """True for a folder itself and what lies in it."""
    return any(path == folder or path.startswith(folder.rstrip("/") + "/") for folder in folders)
