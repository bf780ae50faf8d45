"""The HEALTHCHECK of an image, as the engine would run it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

DEFAULT_SHELL = ("/bin/sh", "-c")
DEFAULT_SECONDS = 30.0
"""What Docker takes where an image names no timeout (Dockerfile reference, HEALTHCHECK, read 2026-08-21)."""


@dataclass(frozen=True, slots=True)
class HealthTest:
    """A command, and after how many seconds without an end it counts as failed."""

    command: tuple[str, ...]
    seconds: float


def health_test(image: Mapping[str, Any]) -> HealthTest | None:
    """The test of an image, given what ``image inspect`` says of it; None when it has none or switched it off."""
    config = image.get("Config") or {}
    check = config.get("Healthcheck") or image.get("HealthCheck") or image.get("Healthcheck") or {}
    words = [str(word) for word in check.get("Test") or ()]
    if len(words) < 2 or words[0] not in ("CMD", "CMD-SHELL"):
        return None
    shell: Sequence[str] = config.get("Shell") or DEFAULT_SHELL
    command = tuple(words[1:]) if words[0] == "CMD" else (*shell, words[1])
    nanoseconds = check.get("Timeout") or 0
    return HealthTest(command, nanoseconds / 1e9 if nanoseconds > 0 else DEFAULT_SECONDS)
