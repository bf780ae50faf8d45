"""Commands that only serve Debian's or Red Hat's package managers: taken out, or cut down to what is left of them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from rewriter.userland.carried import Refusal

if TYPE_CHECKING:
    from rewriter.shell import Command
    from rewriter.userland.words import Words

# Folders and files of the package managers that are not there on Alpine.
_LEFTOVERS = (
    "/var/lib/apt",
    "/var/cache/apt",
    "/var/cache/debconf",
    "/var/lib/cache",  # never there: it stands in `/var/lib/{apt,dpkg,cache,log}`
    "/var/lib/log",
    "/var/lib/dpkg",
    "/var/cache/yum",
    "/var/cache/dnf",
    "/var/lib/yum",
    "/var/lib/dnf",
    "/var/lib/rpm",
    "/var/log/apt",
    "/var/log/dpkg.log",
    "/var/log/yum.log",
    "/var/log/dnf",
    "/etc/apt/apt.conf.d/",
)
LOCALE_FILES = ("/etc/locale.gen", "/etc/default/locale", "/etc/locale.conf", "/var/lib/locales/supported.d")
"""Files that only the locales of glibc have."""
_OURS = (*LOCALE_FILES, *_LEFTOVERS)
_DEBIAN_FILES = frozenset({"/etc/localtime", "/etc/timezone"})
_BEHIND = re.compile(r"\Z|[/*?.\"']")
_MOST_ALTERNATIVES = 64
_QUIET = ("/dev/null", "&1", "&2", "1", "2", "/dev/stderr", "/dev/stdout")
VARIABLES = frozenset(
    "DEBIAN_FRONTEND DEBCONF_NONINTERACTIVE_SEEN DEBCONF_NOWARNINGS DEBIAN_PRIORITY APT_LISTCHANGES_FRONTEND "
    "APT_KEY_DONT_WARN_ON_DANGEROUS_USAGE UCF_FORCE_CONFFOLD UCF_FORCE_CONFFNEW DEBCONF_FRONTEND NEEDRESTART_MODE "
    "NEEDRESTART_SUSPEND".split()
)
"""Settings of debconf and apt, which nothing on Alpine reads."""


def leftover(raw: str) -> bool:
    """True for a path, as written, that only the package managers of Debian and Red Hat have.

    Of braces, every alternative has to be one: bash expands them, and sh finds no such file.
    """
    path = re.sub("/+", "/", raw.strip("\"'"))
    alternatives = _alternatives(path)
    return ".." not in path.split("/") and bool(alternatives) and all(map(_of_a_manager, alternatives))


def _of_a_manager(path: str) -> bool:
    return any(path.startswith(folder) and _BEHIND.match(path, len(folder.rstrip("/"))) for folder in _LEFTOVERS)


def _alternatives(path: str) -> list[str]:
    """What the braces of a path come to; nothing for braces within braces, or too many."""
    found = [path]
    while any("{" in each for each in found):
        more = []
        for each in found:
            head, opened, rest = each.partition("{")
            inner, closed, tail = rest.partition("}")
            if opened and (not closed or "{" in inner or "," not in inner):
                return []
            more += [f"{head}{word}{tail}" for word in inner.split(",")] if opened else [each]
        found = more
        if len(found) > _MOST_ALTERNATIVES:
            return []
    return found


def rm(words: Words) -> bool | None:
    """`rm -rf /var/lib/apt/lists/* /tmp/*`: the first operand goes. True: all of it goes; None: nothing Debian's."""
    absent = any(word.raw in _DEBIAN_FILES for word in words.all[words.first + 1 :])
    if absent and not any(word.raw.startswith("-") and "f" in word.raw for word in words.all[words.first + 1 :]):
        words.put(words.first, "rm", "-f")  # where the file is not there, rm fails
    if words.name == "unlink":
        return False if absent else None
    operands = [place for place in range(words.first + 1, len(words.all)) if not words.all[place].raw.startswith("-")]
    ours = [p for p in operands if leftover(raw := words.all[p].raw) or raw.strip("\"'").startswith("/etc/apt/")]
    if not ours:
        return False if absent else None
    if len(ours) == len(operands):
        return True
    for place in ours:
        words.put(place)
    return False


def find(words: Words) -> bool | None:
    """`find /var/lib/apt -delete` goes."""
    starts = []
    for word in words.all[words.first + 1 :]:
        if word.raw.startswith(("-", "(", "!", "\\")):
            break
        starts.append(word.raw)
    deletes = any(word.raw in ("-delete", "rm") for word in words.all)
    return True if starts and deletes and all(leftover(raw) for raw in starts) else None


def mkdir(words: Words) -> bool | None:
    """`mkdir -p /var/lib/apt/lists/partial` goes."""
    operands = [w.raw for w in words.all[words.first + 1 :] if not w.raw.startswith("-")]
    return True if operands and all(leftover(raw) for raw in operands) else None


def writes_settings(command: Command) -> bool:
    """True when all that a command does is to write a setting of apt."""
    files = [r.target.raw for r in command.redirects if r.operator in (">", ">>") and r.target is not None]
    return bool(files) and command.name in ("echo", "printf", "cat") and all(leftover(file) for file in files)


def silent(command: Command) -> bool:
    """True when what a command writes goes nowhere: it can be taken out with its redirects."""
    return all(
        redirect.operator in (">", ">>", ">&", "&>", "2>", "<<<", "&>>", "<")
        and redirect.target is not None
        and (redirect.target.raw in _QUIET or redirect.target.raw.strip("\"'").startswith(_OURS))
        for redirect in command.redirects
    )


def export(words: Words) -> bool | None:
    """`export DEBIAN_FRONTEND=noninteractive FOO=1`: the first goes."""
    places = range(words.first + 1, len(words.all))
    ours = [place for place in places if words.all[place].raw.partition("=")[0] in VARIABLES]
    if not ours:
        return None
    if len(ours) == len(places):
        return True
    for place in ours:
        words.put(place)
    return False


def mark(words: Words) -> bool:
    """`apt-mark hold x` goes; what tells the script something does not."""
    verb = next((value for value in words.values[words.first + 1 :] if value and not value.startswith("-")), "")
    if verb in ("hold", "unhold", "auto", "manual", "minimize-manual"):
        return True
    raise Refusal(f"`apt-mark {verb}` tells the script what apt has installed")
