"""What the values of a campaign may be."""

from __future__ import annotations

import re
import string
import urllib.parse
from collections.abc import Mapping
from typing import Any

from rewriter.bot.identity import is_prefix
from rewriter.io.config import LEVELS, RUNTIMES

_CHOICES: Mapping[str, tuple[str, ...]] = {
    "forge": ("github", "gitlab", "gitea", "git", "folder"),
    "draft": ("never", "until-proven", "always"),
    "fork": ("never", "when-needed", "always"),
    "group": ("file", "repository"),
    "level": LEVELS,
    "runtime": RUNTIMES,
}
TEMPLATES: Mapping[str, tuple[str, ...]] = {
    "title": ("summary", "path", "before", "after"),
    "body": ("body", "path", "stop"),
    "commit": ("subject", "body"),
}
"""What each may name; filled in by `rewriter.bot.body`."""
_RELEASE = re.compile(r"[0-9]+\.[0-9]+\Z")
_AT_LEAST_ONE = ("workers", "writes-per-hour", "repository-mb", "repository-seconds")


def value_of(key: str, value: Any, kind: str) -> Any:
    """The value of a key whose field has a type of that name. Raises ValueError with words that follow the key."""
    if key in _CHOICES and value not in _CHOICES[key]:
        raise ValueError(f"must be one of {', '.join(_CHOICES[key])}, not {value!r}")
    if kind.startswith("tuple"):
        if not isinstance(value, list) or not all(isinstance(each, str) and each for each in value):
            raise ValueError(f"must be a list of texts, not {value!r}")
        return tuple(value)
    if kind == "bool":
        if not isinstance(value, bool):
            raise ValueError(f"must be true or false, not {value!r}")
        return value
    if kind in ("int", "float"):
        if isinstance(value, bool) or not isinstance(value, int if kind == "int" else (int, float)) or value < 0:
            raise ValueError(f"must be a number, not {value!r}")
        if key in _AT_LEAST_ONE and value < 1:
            raise ValueError("must be at least 1")
        return value
    if not isinstance(value, str):
        raise ValueError(f"must be a text in quotes, not {value!r}")
    if key == "branch-prefix" and not is_prefix(value):
        raise ValueError(f"must be the beginning of a branch's name, such as 'dfrewrite', not {value!r}")
    if key == "url":
        check_url(value)
    if key == "alpine" and not _RELEASE.match(value):
        raise ValueError(f'must be a release such as "3.20", not {value!r}')
    if key in TEMPLATES:
        _check_template(value, TEMPLATES[key])
    return value


def _check_template(text: str, known: tuple[str, ...]) -> None:
    template = string.Template(text)
    if not template.is_valid():
        raise ValueError("is no valid template: a $ that is meant as one is written $$")
    for name in template.get_identifiers():
        if name not in known:
            raise ValueError(f"cannot name ${name}: there are {', '.join(f'${each}' for each in known)}")


def check_url(url: str) -> None:
    """Raises ValueError for what is no address of a forge, without repeating it: it may hold a password."""
    parts = urllib.parse.urlsplit(url)
    if url and (parts.scheme not in ("http", "https") or not parts.hostname):
        raise ValueError("must be an address such as https://git.example")
    if "@" in parts.netloc or parts.query or parts.fragment:
        raise ValueError("must be an address without a user, a password or a question mark")
