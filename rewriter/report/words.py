"""Reasons as they may be shown: without the passwords and tokens that addresses in a Dockerfile carry."""

from __future__ import annotations

import re

_USERINFO = re.compile(r"(\b[A-Za-z][A-Za-z0-9+.-]*://)[^/@\s\"'`]+@")


def masked(text: str) -> str:
    """A text in which addresses lack what stands before their host: ``https://…@host/path``."""
    return _USERINFO.sub(r"\1…@", text)
