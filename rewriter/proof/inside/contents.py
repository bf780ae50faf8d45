"""Looks for byte strings in the files of an image, each read once and only a few kept."""

from __future__ import annotations

import re
from collections import OrderedDict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rewriter.proof.archive import Image

MOST_SEARCHED = 256 * 1024**2
"""Bytes of a file that is searched; a bigger one counts as not seen."""
_MOST_KEPT = 256 * 1024**2

GO_MAGIC = b"\xff Go buildinf:"
"""Every program of Go 1.13 and later holds it (debug/buildinfo)."""


_PATHS = re.compile(rb"(?<![\w.@+-])[\w.@+-]*+/[\w./*?@+-]*")


class Contents:
    """What files of one image hold."""

    def __init__(self, image: Image) -> None:
        self._image = image
        self._paths: dict[str, bytes] = {}
        self._kept: OrderedDict[str, bytes] = OrderedDict()

    def of(self, path: str) -> bytes | None:
        """A whole file; None when there is none or it is too big."""
        if path in self._kept:
            self._kept.move_to_end(path)
            return self._kept[path]
        node = self._image.files.file(path)
        data = self._image.read(node, MOST_SEARCHED) if node is not None else None
        if data is not None:
            self._kept[path] = data
            while len(self._kept) > 1 and sum(map(len, self._kept.values())) > _MOST_KEPT:
                self._kept.popitem(last=False)
        return data

    def is_go(self, path: str) -> bool:
        """True for a program that Go made."""
        return GO_MAGIC in (self.of(path) or b"")

    def holds(self, path: str, text: bytes) -> bool:
        """True when the bytes are in the file; False too for a file that is too big to be searched."""
        return text in (self.of(path) or b"")

    def paths(self, path: str) -> bytes:
        """All of a file that looks like paths, one a line: a small part of a program, which can be searched often.

        Where strings lie side by side, as in a program of Go, what stands around a path is in its line as well.
        """
        if path not in self._paths:
            self._paths[path] = b"\n".join(set(_PATHS.findall(self.of(path) or b"")))
        return self._paths[path]

    def calls(self, path: str, function: str) -> bool:
        """Whether a Go program holds a function: its name, NUL behind it, stands in the table that no strip takes away.

        The linker leaves out what nothing can call (seen with Go 1.26: a server that only listens has no
        ``net/http.(*Client).do``), so that a name says that the code is used somewhere.
        """
        return self.holds(path, function.encode() + b"\0")
