"""The one place that reads shipped data, and the user's own, from the disk."""

from __future__ import annotations

from os import path

from rewriter.facts.overlay import is_image_name, overlay_path, parse_overlay
from rewriter.facts.reader import parse
from rewriter.facts.records import FactsError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from rewriter.facts.overlay import Overlay
    from rewriter.facts.table import Table

SHIPPED = path.join(path.dirname(__file__), "data")


def load(name: str, folder: str = SHIPPED) -> Table | None:
    """The table of the image `name`; None when `folder` has no file for it. Raises FactsError when the file is odd.

    `golang` lies in golang.txt, `mcr.microsoft.com/dotnet/sdk` below a folder of the registry's name, `oven/bun` below
    `docker.io`: no image shares a folder with data that is none.
    """
    if not is_image_name(name):
        return None
    first, slash, _ = name.partition("/")
    hosted = "." in first or ":" in first or first == "localhost"
    return _table(name, folder, name if hosted or not slash else f"docker.io/{name}")


def load_own(name: str, folder: str) -> Table | None:
    """The user's whole data file of an image, `NAME.txt` below `folder`; None when there is none. Raises FactsError."""
    return _table(name, folder, name) if is_image_name(name) else None


def load_overlay(name: str, folder: str) -> Overlay | None:
    """What a registry was seen to hold of an image, kept below `folder`; None when nothing. Raises FactsError."""
    file = overlay_path(name)
    text = _text(folder, file) if file is not None else None
    return parse_overlay(text, file) if text is not None and file is not None else None


def read_shipped(file: str) -> str:
    """The text of a shipped data file that is no image, by its path below `data/`. Raises FactsError without it."""
    text = _text(SHIPPED, file)
    if text is None:
        raise FactsError(file, 1, "is not there")
    return text


def _table(name: str, folder: str, place: str) -> Table | None:
    file = f"{place.replace(':', '_')}.txt"
    text = _text(folder, file)
    return parse(text, file, name) if text is not None else None


def _text(folder: str, file: str) -> str | None:
    try:
        with open(path.join(folder, *file.split("/")), encoding="utf-8") as stream:
            return stream.read()
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return None
    except UnicodeDecodeError:
        raise FactsError(file, 1, "not UTF-8") from None
