"""What a run over Dockerfiles may ask beyond them: the user's own facts, registries, package indexes.

Loaded in every run, so it loads nothing itself.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from rewriter.facts import Facts
    from rewriter.facts.overlay import Overlay
    from rewriter.facts.table import Table
    from rewriter.io.config import Config
    from rewriter.io.registry_check import Asked, Checker
    from rewriter.session import Request

_T = TypeVar("_T")


class Outside:
    """The facts and the checks of one run, as the command line and the configuration of each file want them."""

    def __init__(self, request: Request, tell: Callable[[str], None]) -> None:
        """``tell`` is told, a line each, why asking takes so long."""
        self._request = request
        self._tell = tell
        self._checkers: dict[Asked, Checker] = {}
        self._facts: dict[Path, Facts] = {}

    def facts(self, config: Config) -> Facts:
        """The catalogue with the user's own facts on top."""
        folder = facts_folder(self._request.facts, config.facts)
        if folder not in self._facts:
            self._facts[folder] = facts_of(folder)
        return self._facts[folder]

    def checker(self, config: Config) -> Checker | None:
        """Who asks whether what is new in a rewrite exists; None when that is not wished. It remembers its answers."""
        request = self._request
        tags = request.check_tags if request.check_tags is not None else config.check_tags
        packages = request.check_packages or config.check_packages or ()
        if not tags and not packages:
            return None
        from rewriter.io.registry_check import Asked, Checker

        mirrors = request.mirror or config.registry_mirrors or ()
        asked = Asked(bool(tags), packages, mirrors, request.insecure_registry)
        if asked not in self._checkers:
            self._checkers[asked] = Checker(asked, self._tell)
        return self._checkers[asked]


def facts_folder(asked: Path | None, configured: Path | None) -> Path:
    """The folder: as the command line or the configuration says, else `$XDG_DATA_HOME/dfrewrite/facts`, which is
    ~/.local/share/dfrewrite/facts where that is not set (or, against its own rules, relative)."""
    given = asked or configured
    if given is not None:
        return given
    data = os.environ.get("XDG_DATA_HOME", "")
    home = data if os.path.isabs(data) else os.path.expanduser("~/.local/share")
    return Path(home, "dfrewrite", "facts")


def facts_of(folder: Path) -> Facts:
    """The catalogue with the overlays and whole image files of a folder; the shipped one when there is no such folder.

    Asking it for an image raises Unreadable when the user's file about it is odd.
    """
    from rewriter.facts import CATALOGUE, Facts

    if not folder.is_dir():
        return CATALOGUE

    def overlay(image: str) -> Overlay | None:
        from rewriter.facts.loader import load_overlay

        return _own(folder, lambda: load_overlay(image, str(folder)))

    def own(image: str) -> Table | None:
        from rewriter.facts.loader import load_own

        return _own(folder, lambda: load_own(image, str(folder)))

    return Facts(overlay=overlay, own=own)


def _own(folder: Path, read: Callable[[], _T]) -> _T:
    """What is wrong with a file of the user's is told as such: it is no fault of ours."""
    from rewriter.facts.records import FactsError
    from rewriter.io.files import Unreadable

    try:
        return read()
    except FactsError as error:
        raise Unreadable(folder / error.file, f"line {error.line}: {error.reason}") from error
    except OSError as error:
        raise Unreadable(Path(error.filename or folder), error.strerror or str(error)) from error
