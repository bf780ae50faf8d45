"""What BuildKit rejects after its line parser, which is all that the oracle holds: a second account of our validator.

Our reader rejects at once what a build would reject later. Such a rejection is explained when these rules, written for
the oracle's answer alone, find a fault on the same line. Read from BuildKit at 73ed6825 (2026-08-21):
`frontend/dockerfile/instructions/parse.go` and `dockerfile2llb/validations.go`.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from tests.oracle.reading import Command, Rejected

_WITH_VALUE = {
    "FROM": "platform",
    "RUN": "mount network security device",
    "COPY": "from chown chmod exclude",
    "ADD": "chown chmod checksum exclude",
    "HEALTHCHECK": "interval timeout start-period start-interval retries",
}
_BOOLEAN = {"COPY": "link parents", "ADD": "link keep-git-dir unpack"}
_MANY = frozenset({"mount", "device", "exclude"})
_STAGE = re.compile(r"[a-z][a-z0-9-_.]*\Z")
_HEREDOC = re.compile(r"\d*<<-?\s*[^<]+\Z")


# What Go's `strings.ToLower` makes an ASCII letter of.
_LETTERS = str.maketrans({"\u0130": "I", "\u212a": "K"})


def _name(keyword: str) -> str:
    """The instruction that BuildKit takes a keyword for, in capitals; Python's `upper` would turn more into letters."""
    keyword = keyword.translate(_LETTERS)
    return keyword.upper() if keyword.isascii() else keyword


def faults(commands: tuple[Command, ...]) -> dict[int, str]:
    """For the lines of instructions that a build rejects, or that we alone do not take: the name of a known class."""
    found: dict[int, str] = {}
    staged = False
    for command in commands:
        kind = _of_command(command)
        if not kind and not staged and _name(command.keyword) not in ("FROM", "ARG"):
            kind = "rejected-later"
        if kind:
            found[command.start] = kind
        staged = staged or _name(command.keyword) == "FROM"
    return found if staged or not commands else {commands[-1].start: "rejected-later"} | found


def _of_command(command: Command) -> str:
    name = _name(command.keyword)
    if name not in _RULES:
        return "rejected-later"
    if _cut(command):
        return "flag-cut-in-a-character"
    if _flags_wrong(name, command.flags):
        unread = name in ("ARG", "STOPSIGNAL") or [value.upper() for value in command.value] == ["NONE"]
        return "unread-flag" if unread else "rejected-later"
    if name == "RUN" and not command.value and not command.json:
        return "run-of-nothing"
    return "rejected-later" if _RULES[name](command) else ""


def _cut(command: Command) -> bool:
    """A flag ends within a character, at a byte that is a blank to BuildKit there."""
    encoded = command.original.encode()
    tails = (_unfinished(flag.encode("latin-1", "ignore")) for flag in command.flags)
    return any(tail and re.search(re.escape(tail) + b"[\x85\xa0]", encoded) for tail in tails)


def _unfinished(data: bytes) -> bytes:
    """The bytes of a last character that lacks some."""
    try:
        data.decode()
    except UnicodeDecodeError as error:
        return data[error.start :] if error.end == len(data) else b""
    return b""


_DURATION = re.compile(
    r"[-+]?0|[-+]?(?:0+(?:\.0*)?(?:ns|us|µs|μs|ms|s|m|h))+|\+?(?:[\d.]+(?:ns|us|µs|μs|ms|s|m|h))*[\d.]+(?:ms|s|m|h)"
)
_VALUES = {
    "network": re.compile("default|none|host"),
    "security": re.compile("insecure|sandbox"),
    "retries": re.compile(r"\+?\d{1,9}|-0+"),
    **dict.fromkeys(("interval", "timeout", "start-period", "start-interval"), _DURATION),
}


def _flags_wrong(name: str, flags: tuple[str, ...]) -> bool:
    valued, boolean = _WITH_VALUE.get(name, "").split(), _BOOLEAN.get(name, "").split()
    seen: set[str] = set()
    for flag in flags:
        key, equals, value = flag[2:].partition("=")
        if key not in valued + boolean or (key in seen and key not in _MANY):
            return True
        seen.add(key)
        if not equals if key in valued else bool(equals) and value.lower() not in ("true", "false"):
            return True
        if value and key in _VALUES and not _VALUES[key].fullmatch(value):
            return True
    return False


def _from(command: Command) -> bool:
    value = command.value
    if len(value) == 3 and value[1].lower() == "as":
        return not _STAGE.match(value[2].lower()) or value[2].lower() in ("context", "scratch")
    return len(value) != 1


def _copy(command: Command) -> bool:
    return len(command.value) < 2 or bool(_HEREDOC.match(command.value[-1]))


def _none(command: Command) -> bool:
    return not command.value


def _shell(command: Command) -> bool:
    return not command.value or not command.json


def _volume(command: Command) -> bool:
    return not command.value or any(not value.strip() for value in command.value)


def _keys(command: Command) -> bool:
    return not command.value or any(not key for key in command.value[::2])


def _arg(command: Command) -> bool:
    return not command.value or any(word.startswith("=") for word in command.value)


def _healthcheck(command: Command) -> bool:
    if not command.value:
        return True
    kind, *rest = command.value
    return bool(rest) if kind.upper() == "NONE" else kind.upper() != "CMD" or not rest


def _onbuild(command: Command) -> bool:
    return not command.trigger or _name(command.trigger) in ("ONBUILD", "FROM", "MAINTAINER")


def _never(command: Command) -> bool:
    return False


_RULES: dict[str, Callable[[Command], bool]] = {
    "ADD": _copy,
    "ARG": _arg,
    "CMD": _never,
    "COPY": _copy,
    "ENTRYPOINT": _never,
    "ENV": _keys,
    "EXPOSE": _none,
    "FROM": _from,
    "HEALTHCHECK": _healthcheck,
    "LABEL": _keys,
    "MAINTAINER": _none,
    "ONBUILD": _onbuild,
    "RUN": _never,
    "SHELL": _shell,
    "STOPSIGNAL": _none,
    "USER": _none,
    "VOLUME": _volume,
    "WORKDIR": _none,
}


def explained(ours: Rejected, theirs: tuple[Command, ...], trigger: Callable[[Command], bool]) -> str:
    """The class of a rejection that only we make, or an empty string; ``trigger`` judges what an ONBUILD holds."""
    kind = faults(theirs).get(ours.line, "")
    for command in theirs:
        if not kind and command.start == ours.line and _name(command.keyword) == "ONBUILD" and trigger(command):
            return "onbuild-trigger"
    return kind
