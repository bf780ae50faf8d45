"""The command lines of apt and yum: their commands, and the options that apk does without.

Sources: apt-get(8), apt(8), apt.conf(5) of Debian 12; yum(8), dnf(8), microdnf(8) of RHEL 7 to 9.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Manager:
    """One family of package managers."""

    label: str
    installs: frozenset[str]
    groups: frozenset[str]
    removes: frozenset[str]
    upgrades: frozenset[str]
    dropped: frozenset[str]
    letters: str
    """Short options that may stand together and that apk does without."""
    options: frozenset[str]
    """Long options that apk does without; one that ends with `=` is the start of such an option."""
    valued: frozenset[str]
    """Options whose value is the next word."""
    recommends: bool
    """True when it installs recommended packages too, unless told otherwise."""


APT = Manager(
    label="apt",
    installs=frozenset({"install"}),
    groups=frozenset(),
    removes=frozenset({"purge", "remove", "autopurge"}),
    upgrades=frozenset({"upgrade", "dist-upgrade", "full-upgrade"}),
    dropped=frozenset(
        {"update", "clean", "autoclean", "autoremove", "auto-remove", "check", "distclean", "dist-clean"}
    ),
    letters="yqfmuV",
    options=frozenset(
        "--yes --assume-yes --quiet --no-install-recommends --no-install-suggests --install-recommends --fix-missing "
        "--fix-broken --allow-unauthenticated --force-yes --allow-downgrades --allow-remove-essential "
        "--allow-change-held-packages --no-upgrade --auto-remove --autoremove --purge --show-progress "
        "--no-show-upgraded --verbose-versions --ignore-missing --trivial-only --quiet= --assume-yes= --".split()
    ),
    valued=frozenset({"-o", "--option"}),
    recommends=True,
)
YUM = Manager(
    label="yum",
    installs=frozenset({"install", "groupinstall", "group-install"}),
    groups=frozenset({"groupinstall", "group-install"}),
    removes=frozenset({"remove", "erase"}),
    upgrades=frozenset({"update", "upgrade", "update-minimal", "distro-sync"}),
    dropped=frozenset({"clean", "makecache", "autoremove"}),
    letters="yqvC",
    options=frozenset(
        "--assumeyes --quiet --verbose --nodocs --nogpgcheck --allowerasing --best --nobest --skip-broken --refresh "
        "--noplugins --setopt= --disableplugin= --tsflags= --cacheonly --security --bugfix --no-gpg-checks "
        "--setopt --disableplugin --".split()
    ),
    valued=frozenset({"-e", "-d", "--setopt", "--disableplugin", "--errorlevel", "--debuglevel"}),
    recommends=False,
)
# Settings of apt that only tell how it downloads or asks.
_SETTINGS = tuple(
    "dpkg::options acquire:: dpkg::use-pty apt::get:: apt::autoremove:: dpkg::lock apt::color debug::".split()
)


_OTHER_SUITES = frozenset({"-t", "--target-release", "--default-release"})
"""Options of apt that name another suite: their value is the next word, and they are refused."""


def takes_value(manager: Manager, option: str) -> bool:
    """True when the next word is the value of an option."""
    return option in manager.valued or (manager is APT and option in _OTHER_SUITES)


def tolerated(manager: Manager, option: str, value: str) -> bool | None:
    """None for an option that cannot be left out; else whether recommended packages still come."""
    if (option.startswith("-o") and manager is APT) or option.startswith("--option"):
        return _setting(value or option.removeprefix("--option=").removeprefix("-o"))
    if option == "--no-install-recommends":
        return False
    if option in manager.options or option in manager.valued:
        return True
    if "=" in option and f"{option.partition('=')[0]}=" in manager.options:
        return True
    if option.startswith("--"):
        return None
    letters, _, level = option[1:].partition("=")
    known = letters and set(letters) <= set(manager.letters)
    if manager is YUM and letters[:1] in ("e", "d") and letters[1:].isdigit():
        return True
    return True if known and (not level or level.isdigit()) else None


def _setting(text: str) -> bool | None:
    key, _, value = text.strip().lower().partition("=")
    if key == "apt::install-recommends":
        return value.strip('"') not in ("0", "false", "no")
    if key == "apt::install-suggests" and value.strip('"') in ("0", "false", "no"):
        return True
    return True if key.startswith(_SETTINGS) else None
