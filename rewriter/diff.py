"""The unified diff of a rewrite, always read back: applied to the old text it gives the new text."""

from __future__ import annotations

from difflib import unified_diff
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from unidiff.patch import PatchSet

_NO_NEWLINE = "\\ No newline at end of file\n"


class DiffError(AssertionError):
    """The diff does not turn the old text into the new one: a fault of ours."""


def make_patch(before: str, after: str, path: str = "Dockerfile") -> PatchSet:
    """The checked diff as unidiff's PatchSet; ``path`` is repository-relative and already quoted as git does."""
    from unidiff.patch import PatchSet

    patch = PatchSet.from_string(_render(before, after, path))
    # Judged by its printed form read back: that is what a person or git applies.
    if _apply(before, PatchSet.from_string(str(patch))) != after:
        raise DiffError(f"the diff of {path} does not give the new text back")
    return patch


def _lines(text: str) -> list[str]:
    # Not splitlines: only \n ends a line of a Dockerfile.
    return [line + "\n" for line in text[:-1].split("\n")] if text.endswith("\n") else _open_ended(text)


def _open_ended(text: str) -> list[str]:
    *whole, last = text.split("\n")
    return [line + "\n" for line in whole] + ([last] if last else [])


def _render(before: str, after: str, path: str) -> str:
    old, new = (f'"{side}{path[1:]}' if path.startswith('"') else f"{side}{path}" for side in ("a/", "b/"))
    out = []
    for line in unified_diff(_lines(before), _lines(after), old, new):
        out.append(line)
        if not line.endswith("\n"):
            out.append("\n" + _NO_NEWLINE)
    return "".join(out)


def _apply(before: str, patch: PatchSet) -> str:
    lines = _lines(before)
    out: list[str] = []
    position = 0
    for file in patch:
        for hunk in file:
            start = hunk.source_start - 1 if hunk.source_length else hunk.source_start
            out += lines[position:start]
            position = start
            kind = ""
            for line in hunk:
                if line.line_type == "\\" and kind != "-":
                    out[-1] = out[-1].removesuffix("\n")
                kind = line.line_type
                if kind in (" ", "+"):
                    out.append(line.value)
                if kind in (" ", "-"):
                    position += 1
    out += lines[position:]
    return "".join(out)
