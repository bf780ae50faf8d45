"""Image references: ``[registry/]repository[:tag][@digest]``."""

from __future__ import annotations

from typing import NamedTuple

from rewriter.facts.images import short_name


class ImageRef(NamedTuple):
    """A reference taken apart; joining the parts gives it back."""

    repository: str
    """Everything before tag and digest, registry included, as written."""
    tag: str
    digest: str

    @property
    def short_name(self) -> str:
        """The repository as Docker Hub's official images are called (``golang``), else the repository itself."""
        return short_name(self.repository)

    def with_tag(self, tag: str) -> str:
        """The same repository at another tag, without digest."""
        return f"{self.repository}:{tag}"


def parse_image(text: str) -> ImageRef:
    """Takes a reference apart; never fails (what is odd stays in the repository)."""
    rest, _, digest = text.partition("@")
    slash = rest.rfind("/")
    colon = rest.find(":", slash + 1)
    if colon < 0:
        return ImageRef(rest, "", digest)
    return ImageRef(rest[:colon], rest[colon + 1 :], digest)
