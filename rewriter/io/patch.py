"""Writing a patch that `git apply` takes."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from rewriter.io.files import Unwritable, write_output
from rewriter.io.gitcmd import work_tree

if TYPE_CHECKING:
    from collections.abc import Sequence

_ESCAPES = {7: "\\a", 8: "\\b", 9: "\\t", 10: "\\n", 11: "\\v", 12: "\\f", 13: "\\r", 34: '\\"', 92: "\\\\"}


def quote_git_path(path: str) -> str:
    """A path as git writes it in the header of a diff: in quotes, C style, if it holds anything unusual.

    Bytes beyond ASCII are escaped as git does by default, so that the path survives any encoding of the patch.
    """
    raw = os.fsencode(path)
    quoted = "".join(_ESCAPES.get(byte) or (chr(byte) if 32 <= byte < 127 else f"\\{byte:03o}") for byte in raw)
    return path if quoted == path else f'"{quoted}"'


def patch_root(path: Path) -> Path:
    """The folder that paths in a patch are relative to: the top of the git work tree, or else the current folder."""
    folder = path if path.is_dir() else path.parent
    return work_tree(folder) or Path.cwd()


def path_in_patch(path: Path, root: Path) -> str:
    """The name of a file in a patch for `root`, links resolved, as `git apply` wants it: posix and relative.

    Raises Unwritable if the file lies outside of `root`.
    """
    relative = os.path.relpath(os.path.realpath(path), os.path.realpath(root))
    if relative == os.pardir or relative.startswith(os.pardir + os.sep):
        raise Unwritable(path, f"lies outside of {root}, where no patch reaches")
    return Path(relative).as_posix()


def patch_name(path: Path, top: Path | None) -> str:
    """The name of a file in a patch for the work tree `top`; None stands for the current folder. Raises Unwritable."""
    return path_in_patch(path, top or Path.cwd())


def git_diff(path: Path | None, top: Path | None, diff: str) -> str:
    """The diff of one file with git's header, as `write_patch` writes it; as it is for what is no file (None)."""
    if path is None:
        return diff
    try:
        name = patch_name(path, top)
    except Unwritable:
        name = str(path).lstrip("/")
    return with_git_header(name, diff)


def write_patch(path: Path | Literal["-"], patches: Sequence[tuple[str, str]]) -> None:
    """Write one patch of several diffs to a file, or to standard output for "-".

    Each of `patches` is the path as `path_in_patch` gives it and a unified diff whose two header lines (`---`, `+++`)
    are rewritten to that path; an empty diff is left out. To apply it: `git apply FILE` in the root that the paths are
    relative to. Without any diff the file is written empty. Raises Unwritable, or ValueError for a diff without header.
    """
    text = "".join(with_git_header(name, diff) for name, diff in patches if diff)
    data = text.encode("utf-8", "surrogateescape")
    if path == "-":
        sys.stdout.flush()
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
    else:
        write_output(path, data)


def with_git_header(name: str, diff: str) -> str:
    """The diff with git's own first line, without which `git apply` guesses how much of a path to drop."""
    if diff.startswith("diff --git "):
        diff = diff.partition("\n")[2]
    old, _, rest = diff.partition("\n")
    new, _, body = rest.partition("\n")
    if not old.startswith("--- ") or not new.startswith("+++ "):
        raise ValueError(f"the diff of {name} does not begin with '---' and '+++'")
    before, after = quote_git_path("a/" + name), quote_git_path("b/" + name)
    # A name with a space ends at a tab, or other tools would look for a time stamp in it.
    end = "\t" if " " in name else ""
    return f"diff --git {before} {after}\n--- {before}{end}\n+++ {after}{end}\n{body}"
