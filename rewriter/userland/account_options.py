"""The options of useradd, groupadd, Debian's adduser and addgroup, with the places of their words."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rewriter.userland.carried import Refusal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rewriter.userland.words import Words

# By option: what it says, and whether it has a value. What is in neither table is refused with its name.
Options = dict[str, tuple[str, bool]]
USERADD: Options = {
    "-r": ("system", False),
    "--system": ("system", False),
    "-m": ("create-home", False),
    "--create-home": ("create-home", False),
    "-M": ("no-create-home", False),
    "--no-create-home": ("no-create-home", False),
    "-N": ("no-user-group", False),
    "--no-user-group": ("no-user-group", False),
    "-n": ("no-user-group", False),
    "-U": ("own-group", False),
    "--user-group": ("own-group", False),
    "-l": ("no-log", False),
    "--no-log-init": ("no-log", False),
    "-u": ("uid", True),
    "--uid": ("uid", True),
    "-g": ("group", True),
    "--gid": ("group", True),
    "-G": ("groups", True),
    "--groups": ("groups", True),
    "-d": ("home", True),
    "--home": ("home", True),
    "--home-dir": ("home", True),
    "-s": ("shell", True),
    "--shell": ("shell", True),
    "-c": ("comment", True),
    "--comment": ("comment", True),
}
GROUPADD: Options = {
    "-r": ("system", False),
    "--system": ("system", False),
    "-f": ("force", False),
    "--force": ("force", False),
    "-g": ("gid", True),
    "--gid": ("gid", True),
}
ADDUSER: Options = {
    "--system": ("system", False),
    "--group": ("own-group", False),
    "--disabled-password": ("disabled", False),
    "--disabled-login": ("disabled", False),
    "--no-create-home": ("no-create-home", False),
    "--quiet": ("quiet", False),
    "-q": ("quiet", False),
    "--uid": ("uid", True),
    "--gid": ("group", True),
    "--ingroup": ("group", True),
    "--home": ("home", True),
    "--shell": ("shell", True),
    "--gecos": ("comment", True),
    "--comment": ("comment", True),
}
ADDGROUP: Options = {
    "--system": ("system", False),
    "--quiet": ("quiet", False),
    "-q": ("quiet", False),
    "--gid": ("gid", True),
}


@dataclass(frozen=True, slots=True)
class Found:
    """One option that has a value: the places of both words (the same when they stand in one), and the value."""

    option: int
    place: int
    raw: str
    value: str | None


@dataclass(slots=True)
class Parsed:
    """The options of one command by what they say, and its operands with their places."""

    found: dict[str, Found] = field(default_factory=dict)
    said: set[str] = field(default_factory=set)
    flags: list[int] = field(default_factory=list)
    """Places of the words that hold only options without values."""
    operands: list[tuple[int, str]] = field(default_factory=list)

    def has(self, name: str) -> bool:
        """True for an option without value that is given."""
        return name in self.said

    def value(self, name: str) -> str:
        """The value of an option, as written where only run time knows it; empty when it is not given."""
        found = self.found.get(name)
        return "" if found is None else found.raw if found.value is None else found.value


def parse_options(words: Words, options: Mapping[str, tuple[str, bool]]) -> Parsed:
    """Sorts the words of a command. Raises Refusal for an option that is not known."""
    parsed = Parsed()
    waiting: tuple[str, int] | None = None
    for place in range(words.first + 1, len(words.all)):
        raw, value = words.all[place].raw, words.values[place]
        if waiting is not None:
            parsed.found[waiting[0]] = Found(waiting[1], place, raw, value)
            waiting = None
        elif not raw.startswith("-"):
            parsed.operands.append((place, words.known(place)))
        elif raw.startswith("--"):
            waiting = _long(parsed, words, place, options)
        else:
            waiting = _short(parsed, words, place, options)
    if waiting is not None:
        raise Refusal(f"`{words.name}` ends with an option that needs a value")
    return parsed


def _long(parsed: Parsed, words: Words, place: int, options: Mapping[str, tuple[str, bool]]) -> tuple[str, int] | None:
    raw = words.all[place].raw
    name, equals, rest = raw.partition("=")
    if name not in options or (equals and not options[name][1]):
        raise _unknown(words, name)
    key, valued = options[name]
    if not valued:
        parsed.said.add(key)
        parsed.flags.append(place)
        return None
    if not equals:
        return key, place
    value = words.values[place]
    parsed.found[key] = Found(place, place, rest, value.partition("=")[2] if value is not None else None)
    return None


def _short(parsed: Parsed, words: Words, place: int, options: Mapping[str, tuple[str, bool]]) -> tuple[str, int] | None:
    """`-rm`, `-ms /bin/bash`, `-u1000`: letters up to the first that has a value."""
    letters = words.all[place].raw[1:]
    for index, letter in enumerate(letters):
        if f"-{letter}" not in options:
            raise _unknown(words, f"-{letter}")
        key, valued = options[f"-{letter}"]
        if not valued:
            parsed.said.add(key)
            continue
        rest = letters[index + 1 :]
        if not rest:
            return key, place
        if not rest.isalnum():
            raise _unknown(words, words.all[place].raw)
        parsed.found[key] = Found(place, place, rest, rest)
        return None
    parsed.flags.append(place)
    return None


def _unknown(words: Words, option: str) -> Refusal:
    return Refusal(f"`{option}` of `{words.name}` cannot be carried over")


_NAME = re.compile(r"[A-Za-z0-9_@][A-Za-z0-9_@.-]{0,30}\$?")
"""Names of accounts that busybox takes. Source: busybox 1.36, libbb/die_if_bad_username.c."""


def checked_name(name: str) -> str:
    """The name of a user or group. Raises Refusal for one that Alpine's commands do not take."""
    if not _NAME.fullmatch(name):
        raise Refusal(f"`{name}` is no name for an account on Alpine")
    return name
