"""The one place that reads shipped data, and for the catalogue the user's own, from the disk."""

from __future__ import annotations

from os import path, stat
from stat import S_ISDIR, S_ISREG

from rewriter.facts.overlay import is_host, is_image_name, overlay_path, parse_overlay
from rewriter.facts.reader import parse
from rewriter.facts.records import FactsError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

    from rewriter.facts.overlay import Overlay
    from rewriter.facts.table import Table

_LARGEST = 50_000_000  # bytes; an overlay of a hundred thousand tags has ten million
SHIPPED = path.join(path.dirname(__file__), "data")


def load(name: str, folder: str = SHIPPED) -> Table | None:
    """The table of the image `name`; None when `folder` has no file for it. Raises FactsError when the file is odd.

    `golang` lies in golang.txt, `mcr.microsoft.com/dotnet/sdk` below a folder of the registry's name, `oven/bun` below
    `docker.io`: no image shares a folder with data that is none.
    """
    if not is_image_name(name):
        return None
    first, slash, _ = name.partition("/")
    return _table(name, folder, name if not slash or is_host(first) else f"docker.io/{name}")


def load_own(name: str, folder: str) -> Table | None:
    """The user's whole data file of an image, `NAME.txt` below `folder`; None when there is none. Raises FactsError."""
    return _table(name, folder, name) if is_image_name(name) else None


def load_overlay(name: str, folder: str) -> Overlay | None:
    """What a registry was seen to hold of an image, kept below `folder`; None when nothing. Raises FactsError."""
    file = overlay_path(name)
    text = _text(folder, file) if file is not None else None
    if text is None or file is None:
        return None
    found = parse_overlay(text, file)
    if found.image != name:
        raise FactsError(file, 1, f"tells of {found.image}, and not of {name}")
    return found


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


def _odd(file: str, reason: str) -> NoReturn:
    raise FactsError(file, 1, reason)


def _text(folder: str, file: str) -> str | None:
    place = path.join(folder, *file.split("/"))
    try:
        known = stat(place)
        if not S_ISREG(known.st_mode):
            return None if S_ISDIR(known.st_mode) else _odd(file, "is no regular file")
        if known.st_size > _LARGEST:
            return _odd(file, f"is larger than {_LARGEST // 1_000_000} MB")
        with open(place, encoding="utf-8") as stream:
            return stream.read()
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return None
    except UnicodeDecodeError:
        raise FactsError(file, 1, "not UTF-8") from None
