"""The one place that reads shipped data from the disk."""

from __future__ import annotations

from os import path

from rewriter.facts.reader import parse
from rewriter.facts.records import FactsError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from rewriter.facts.table import Table

SHIPPED = path.join(path.dirname(__file__), "data")


def load(name: str, folder: str = SHIPPED) -> Table | None:
    """The table of the image `name`; None when `folder` has no file for it. Raises FactsError when the file is odd."""
    if not name.replace("-", "").isalnum() or name != name.lower():  # only official images have files, so plainly named
        return None
    file = f"{name}.txt"
    try:
        with open(path.join(folder, file), encoding="utf-8") as stream:
            text = stream.read()
    except FileNotFoundError:
        return None
    except UnicodeDecodeError:
        raise FactsError(file, 1, "not UTF-8") from None
    return parse(text, file)
