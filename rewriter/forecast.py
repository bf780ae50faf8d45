"""The size of the base image before and after, from the catalogue, without Docker."""

from __future__ import annotations

from rewriter.model.image_ref import ImageRef
from rewriter.planning.runtime_base import DISTROLESS_STATIC
from rewriter.result import Forecast
from rewriter.situation import Situation

_DISTROLESS_STATIC_MB = 2.0
"""About 2 MiB. Source: GoogleContainerTools/distroless, README at 2026-08-21."""


def forecast(before: Situation, after: Situation) -> Forecast | None:
    """Base image sizes of the two final images; None when neither is known or they are the same."""
    old, new = before.model.final.root.image, after.model.final.root.image
    if old is None or new is None or old == new:
        return None
    old_size, old_about = _size(before, old)
    new_size, new_about = _size(after, new)
    return None if old_size is None and new_size is None else Forecast(old_size, new_size, old_about or new_about)


def _size(situation: Situation, image: ImageRef) -> tuple[float | None, bool]:
    if image.repository == "scratch":
        return 0.0, False
    if image.repository == DISTROLESS_STATIC:
        return _DISTROLESS_STATIC_MB, True
    facts = situation.facts.image(image.short_name)
    size = facts.size(image.tag or "latest") if facts is not None else None
    return (size.megabytes, size.quality == "estimate") if size is not None else (None, False)
