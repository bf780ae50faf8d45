"""Locales and time zones: what a RUN does for them on Debian, and what remains of that on Alpine."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from rewriter.userland.carried import Refusal
from rewriter.userland.cleaning import LOCALE_FILES
from rewriter.userland.needs import ZONES

if TYPE_CHECKING:
    from rewriter.shell import Command
    from rewriter.userland.run_words import RunWords
    from rewriter.userland.words import Words

LOCALE_PROGRAMS = frozenset({"locale-gen", "localedef", "update-locale", "localectl"})
_LOCALE = re.compile(r"\b([a-z]{2,3}_[A-Z]{2}|C|POSIX)(?:[.@][\w-]+)*(?!\w)")
_FINE = frozenset({"en_US", "C", "POSIX"})
_SETTINGS = ("LANG", "LC_ALL", "LC_COLLATE", "LC_NUMERIC", "LANGUAGE")


def locale(run: RunWords, words: Words) -> bool:
    """Takes out what makes the locales that musl has anyway. Raises Refusal for another one."""
    for word in words.all:
        odd = other_locale(word.raw)
        if odd:
            raise Refusal(f"the locale `{odd}` does not exist on Alpine")
    for name in _SETTINGS:
        value = run.state.env.get(name)
        odd = other_locale(value or "")
        if odd or (name == "LC_COLLATE" and value not in (None, "C", "POSIX")):
            raise Refusal(f"the locale `{odd or value}` ({name}) does not exist on Alpine")
    run.assume("messages, numbers and sorting follow C.UTF-8 on Alpine, whatever the locale's name", words.command)
    return True


def other_locale(text: str) -> str:
    """A locale named in a text that is neither C nor English (US); empty when there is none."""
    for match in _LOCALE.finditer(text):
        if match.group(1) not in _FINE:
            return match.group()
    return ""


def touches_locales(command: Command) -> bool:
    """`sed -i … /etc/locale.gen`, `echo en_US.UTF-8 UTF-8 > /etc/locale.gen`."""
    files = [word.raw.strip("\"'") for word in command.words[1:]]
    files += [r.target.raw.strip("\"'") for r in command.redirects if r.target is not None]
    return command.name in ("sed", "echo", "printf", "rm", "tee", "touch") and any(
        file.startswith(LOCALE_FILES) for file in files
    )


def reconfigure(run: RunWords, words: Words) -> bool:
    """`dpkg-reconfigure tzdata|locales` goes, where the script itself has done what it would do."""
    packages = [value for _, value in words.arguments if not value.startswith("-") and value not in _FRONTENDS]
    for package in packages:
        if package == "locales":
            locale(run, words)
        elif package != "tzdata":
            raise Refusal(f"`dpkg-reconfigure {package}` has no counterpart on Alpine")
        elif not _links_zone(run) and _sets_zone(run):
            raise Refusal("`dpkg-reconfigure tzdata` sets the time zone from what was written before")
    return True


_FRONTENDS = frozenset({"noninteractive", "critical", "teletype", "readline", "dialog", "high", "low", "medium"})


def _links_zone(run: RunWords) -> bool:
    return any(step.name in ("ln", "cp") and "/etc/localtime" in step.argv for step in run.steps)


def _sets_zone(run: RunWords) -> bool:
    return any(
        step.name == "debconf-set-selections"
        or (step.name in ("unlink", "rm") and "/etc/localtime" in step.argv)
        or any(
            r.target is not None and r.target.raw.strip("\"'") == "/etc/timezone"
            for r in (step.command.redirects if step.command else ())
        )
        for step in run.steps
    )


def zones(run: RunWords, words: Words) -> None:
    """A command that reads the time zone files needs their package."""
    if any(ZONES in word.raw for word in words.all):
        run.want("tzdata", f"uses {ZONES}", words.command)
