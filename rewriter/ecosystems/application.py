"""Where the application of an interpreted language lies in the image: the folders that COPY brings it to."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable
from typing import TYPE_CHECKING

from rewriter.model.files import STANDARD_FOLDERS
from rewriter.model.paths import below

if TYPE_CHECKING:
    from rewriter.ecosystems.ecosystem import Ecosystem

_CARRIED_WHOLE = frozenset({"/opt", "/srv", "/home"})
_SYSTEM = STANDARD_FOLDERS - _CARRIED_WHOLE
"""Folders that hold more than the application, in every image."""
BROWSERS = frozenset({"puppeteer", "playwright", "playwright-chromium", "cypress", "selenium-webdriver", "nightmare"})
"""Packages of npm that keep a browser in the home of whoever installs them. Sources: their documentation, 2026-11."""


def application_folders(language: Ecosystem) -> dict[str, str] | str:
    """Outermost folders with the reason for each; or why it cannot be told where the application lies."""
    found: dict[str, str] = {}
    for copy in language.files.copies:
        line = copy.instruction.line
        place = copy.target if copy.target is not None else copy.destination
        if place is None:
            return f"line {line}: where {copy.source or 'a source of it'} lands cannot be told"
        whole = copy.kind == "dir" or copy.source == "." or (copy.target is None and copy.kind is None)
        folder = place if whole else posixpath.dirname(place)
        if folder == "/" and whole:
            return f"line {line}: it copies the application into /, among the files of the system"
        if whole and folder in _SYSTEM:
            return f"line {line}: it copies a folder into {folder}, among the files of the system"
        if (
            folder not in _SYSTEM and not below(folder, ("/etc", "/usr/local/bin", "/usr/share", "/usr/lib", "/var"))
        ) or (below(folder, ("/var/www",)) and folder != "/var/www"):
            found.setdefault(folder, f"line {line} copies the application there")
    if not found:
        return "no folder of the image is seen to receive the application from the build context"
    return {
        folder: reason
        for folder, reason in sorted(found.items())
        if not any(folder != other and below(folder, (other,)) for other in found)
    }


def browser_in_a_home(names: Iterable[str]) -> str:
    """Why packages of npm cannot be carried with the application; empty where they can."""
    browser = min(BROWSERS.intersection(names), default="")
    return f"{browser} keeps its browser in a home, which is not carried" if browser else ""
