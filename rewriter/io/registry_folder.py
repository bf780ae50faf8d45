"""The overlays in the user's folder of facts, as `facts refresh` reads and writes them. Nothing else is written."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from rewriter.facts.overlay import SUFFIX, Overlay, overlay_path, parse_overlay, render_overlay
from rewriter.facts.records import FactsError
from rewriter.io.files import Unreadable, Unwritable, read_regular, write_output

MAX_OVERLAY = 50_000_000  # bytes
_MOST_FILES = 10_000


def read_overlay(folder: Path, image: str) -> Overlay | None:
    """The overlay of an image; None when there is none. Raises Unreadable, also for one that says odd things."""
    name = overlay_path(image)
    if name is None:
        return None
    path = folder / name
    try:
        data = read_regular(path, MAX_OVERLAY)
        if data is None:
            raise Unreadable(path, f"is larger than {MAX_OVERLAY // 1_000_000} MB")
        overlay = parse_overlay(data.decode(), name)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise Unreadable(path, error.strerror or str(error)) from error
    except UnicodeDecodeError as error:
        raise Unreadable(path, f"is not UTF-8 (byte {error.start})") from error
    except FactsError as error:
        raise Unreadable(path, f"line {error.line}: {error.reason}") from error
    if overlay.image != image:
        raise Unreadable(path, f"is about {overlay.image}, which has another name")
    return overlay


def write_overlay(folder: Path, overlay: Overlay) -> Path:
    """Write an overlay, whole or not at all, and say where.

    Raises Unwritable, also for a path that leads out of the folder, by a link or its name.
    """
    name = overlay_path(overlay.image)
    path = folder / (name or "?")
    text = render_overlay(overlay)
    try:
        if parse_overlay(text, name or "?") != overlay:
            raise Unwritable(path, "would not say what it is meant to say")
    except FactsError as error:
        raise Unwritable(path, f"would hold what cannot be read back: {error.reason}") from error
    try:
        root, real = os.path.realpath(folder), os.path.realpath(path)
        if name is None or os.path.commonpath([root, real]) != root:
            raise Unwritable(path, "leads out of the folder of facts")
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Unwritable(path, error.strerror or str(error)) from error
    write_output(path, text.encode())
    return path


def known_images(folder: Path) -> list[str]:
    """The images that have an overlay, sorted; files that cannot be read as one are left out."""
    found: list[str] = []
    for root, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            if name.endswith(SUFFIX) and len(found) < _MOST_FILES:
                with contextlib.suppress(OSError, ValueError, FactsError):
                    found += _image_of(folder, Path(root, name))
    return sorted(found)


def _image_of(folder: Path, path: Path) -> list[str]:
    """The image that a file is about: its own word, if the file lies where that belongs."""
    data = read_regular(path, MAX_OVERLAY) or b""
    image = parse_overlay(data.decode(), path.name).image
    return [image] if overlay_path(image) == path.relative_to(folder).as_posix() else []
