"""Reading a forge's replies: JSON, headers about limits, and what it says about an error."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

from rewriter.bot.forge import Unreachable

_LONGEST_REASON = 200


def limit_of(headers: Mapping[str, str], name: str) -> float | None:
    """What GitHub calls ``x-ratelimit-<name>`` and GitLab ``ratelimit-<name>``."""
    for prefix in ("x-ratelimit-", "ratelimit-"):
        try:
            found = float(headers[prefix + name])
        except (KeyError, ValueError):
            continue
        if math.isfinite(found):
            return found
    return None


def lowered(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def json_of(content: bytes) -> Any:
    """None for an empty body. Raises Unreachable for what is no JSON: a proxy's page, most likely."""
    if not content.strip():
        return None
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        raise Unreachable("the answer is no JSON") from None


def reason_of(content: bytes) -> str:
    """What a forge says about an error, in one line."""
    try:
        found = json.loads(content)
    except (ValueError, RecursionError):
        found = {}
    said: list[str] = []
    if isinstance(found, dict):
        for name in ("message", "error", "error_description"):
            if found.get(name):
                said.append(_said(found[name]))
        errors = found.get("errors")
        said += [_said(each) for each in errors] if isinstance(errors, list) else []
    text = "".join(c if c.isprintable() else " " for c in "; ".join(said))
    return (text if len(text) <= _LONGEST_REASON else f"{text[:_LONGEST_REASON]}…") or "no reason is given"


def _said(value: Any) -> str:
    if isinstance(value, dict):
        return str(value.get("message") or value)
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
