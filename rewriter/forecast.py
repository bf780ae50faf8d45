"""The size of the base image before and after, from the catalogue, without Docker."""

from __future__ import annotations

from rewriter.ecosystems.runtime_base import DISTROLESS_STATIC
from rewriter.model.image_ref import ImageRef
from rewriter.result import BaseSize, Forecast
from rewriter.situation import Situation

_DISTROLESS_STATIC = BaseSize(2.0, 1.5, 2.5)
"""About 2 MiB. Source: GoogleContainerTools/distroless, README at 2026-08-21."""
_LOW, _HIGH = 0.76, 1.23
"""Where the size of an image lies against the estimate from its nearest relative, in four of five cases: each of the
355 measured sizes in the catalogue was estimated from the others (2026-11)."""


def forecast(before: Situation, after: Situation) -> Forecast | None:
    """Base image sizes of the two final images; None when neither is known or they are the same."""
    old, new = before.model.final.root.image, after.model.final.root.image
    if old is None or new is None or old == new:
        return None
    old_size, new_size = _size(before, old), _size(after, new)
    return None if old_size is None and new_size is None else Forecast(old_size, new_size)


def _size(situation: Situation, image: ImageRef) -> BaseSize | None:
    if image.repository == "scratch":
        return BaseSize(0.0, 0.0, 0.0)
    if image.repository == DISTROLESS_STATIC:
        return _DISTROLESS_STATIC
    facts = situation.facts.image(image.short_name)
    size = facts.size(image.tag or "latest") if facts is not None else None
    if size is None:
        return None
    if size.quality == "measured":
        return BaseSize(size.megabytes, size.megabytes, size.megabytes)
    return BaseSize(size.megabytes, size.megabytes * _LOW, size.megabytes * _HIGH)
