"""Which package brings a program to a slim or alpine runtime image."""

from __future__ import annotations

from rewriter.userland.alpine import APPLETS, PACKAGES

# Part of debian:*-slim: coreutils, dash, bash, grep, sed, tar, gzip, findutils, util-linux and shell builtins.
_IN_SLIM = frozenset(
    "awk bash base64 basename cat chmod chown cp cut date dd df dirname du echo env false find getent grep gunzip "
    "gzip head hostname id install kill ln ls md5sum mkdir mktemp mv nproc perl printenv printf pwd readlink "
    "realpath rm rmdir sed seq sh sha256sum sleep sort stat sync tail tar tee test timeout touch tr true uname "
    "uniq wc which whoami xargs yes [ : cd command exec exit export read return set shift trap type umask unset "
    "wait".split()
)
_SLIM_PACKAGES = {
    "curl": "curl",
    "file": "file",
    "git": "git",
    "gpg": "gnupg",
    "openssl": "openssl",
    "patch": "patch",
    "scp": "openssh-client",
    "ssh": "openssh-client",
    "ssh-keygen": "openssh-client",
    "ssh-keyscan": "openssh-client",
    "wget": "wget",
    "xz": "xz-utils",
}
TOOLS = frozenset(_SLIM_PACKAGES) | frozenset(PACKAGES)
"""Programs of the full golang image that a slim or alpine runtime has only with a package."""

# Openers of browsers and clipboards: never there in a container, with the full image neither.
_DESKTOP = frozenset("open xdg-open rundll32 explorer cmd cmd.exe powershell pbcopy xclip xsel osascript start".split())


def program_package(name: str, kind: str) -> str | None:
    """The package that brings a program; "" when it is there anyway, None when it is not known."""
    if name in _DESKTOP or name.endswith(".exe"):
        return ""
    if kind == "slim":
        return "" if name in _IN_SLIM else _SLIM_PACKAGES.get(name)
    return "" if name in APPLETS or name in ("sh", "env", "find", "ps", "top", "hostname") else PACKAGES.get(name)


ROOT_NAMES = frozenset({"", "root", "0"})
# /etc/passwd of debian:*-slim (base-passwd) and of alpine (alpine-baselayout), 2026-11.
_DEBIAN_USERS = frozenset(
    "daemon bin sys sync games man lp mail news uucp proxy www-data backup list irc nobody _apt".split()
)
_ALPINE_USERS = frozenset(
    "bin daemon lp sync shutdown halt mail news uucp cron ftp sshd games ntp guest nobody".split()
)


def known_user(user: str, kind: str) -> bool:
    """True for a user (name or number) that the image has, or that needs no entry."""
    return user in ROOT_NAMES or user.isdigit() or user in (_DEBIAN_USERS if kind == "slim" else _ALPINE_USERS)
