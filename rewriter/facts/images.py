"""The catalogue: what is known of an image, answered from its data file, read when first asked for and then kept."""

from __future__ import annotations

from rewriter.facts.image_facts import ImageFacts

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from rewriter.facts.overlay import Overlay
    from rewriter.facts.table import Table

__all__ = ["CATALOGUE", "HUB_NAMES", "Facts", "ImageFacts", "short_name"]

HUB_NAMES = ("docker.io", "index.docker.io", "registry-1.docker.io", "registry.hub.docker.com")
"""All names of Docker Hub's registry."""


class Facts:
    """The images of one folder of data files; the shipped ones unless `folder` names another.

    `overlay`: what a registry was seen to hold of an image, by its name; None for nothing. `own`: the same for a whole
    data file of the user's, which takes the place of the shipped one. See loader.py for both.
    """

    def __init__(
        self,
        folder: str | None = None,
        overlay: Callable[[str], Overlay | None] | None = None,
        own: Callable[[str], Table | None] | None = None,
    ) -> None:
        self._folder = folder
        self._overlay = overlay
        self._own = own
        self._images: dict[str, ImageFacts | None] = {}

    def image(self, name: str) -> ImageFacts | None:
        """The facts of an image, by its name without tag; None when it is unknown.

        "golang", "library/golang" and "docker.io/library/golang" are the same. Raises FactsError when the data file is
        not to be believed.
        """
        short = short_name(name)
        if short not in self._images:
            self._images[short] = self._read(short)
        return self._images[short]

    def _read(self, short: str) -> ImageFacts | None:
        from rewriter.facts.loader import SHIPPED, load  # only who asks for an image pays for the reader

        table = self._own(short) if self._own is not None else None
        if table is None:
            table = load(short, self._folder or SHIPPED)
        overlay = self._overlay(short) if self._overlay is not None else None
        if overlay is None:
            return ImageFacts(table) if table is not None else None
        from rewriter.facts.overlaid import overlaid

        return ImageFacts(overlaid(table, overlay), overlay)


def short_name(name: str) -> str:
    """The name of an official image without registry and `library/`; another name comes back as it is."""
    host, slash, rest = name.partition("/")
    if slash and host in HUB_NAMES:
        name = rest
    return name[8:] if name.startswith("library/") else name


CATALOGUE = Facts()
"""The shipped facts, one for the process."""
