"""Reasons as they may be shown: with their line, without the passwords and tokens that addresses carry."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rewriter.result import Step
    from rewriter.transform import Declined

_LINE = re.compile(r"line (\d+): ")
_USERINFO = re.compile(r"(?<=[A-Za-z0-9+.-]://)[^/@\s\"'`]+@")


def masked(text: str) -> str:
    """A text in which addresses lack what stands before their host: ``https://…@host/path``."""
    return _USERINFO.sub("…@", text)


def visible(text: str) -> str:
    """The text with control characters, marks that turn its direction and the like written out; tabs stay."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c == "\t" else c.encode("unicode_escape").decode() for c in text)


def placed(step: Step, declined: Declined) -> tuple[int, str]:
    """The line (from 1) that a reason is about, and the reason: one that begins with its own line names it better."""
    own = _LINE.match(declined.why)
    if own is None:
        return step.line(declined.anchor), masked(declined.why)
    return int(own[1]), masked(declined.why[own.end() :])
