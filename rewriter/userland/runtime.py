"""Which package brings a program to a slim or alpine runtime image."""

from __future__ import annotations

from rewriter.userland.alpine import APPLETS, PACKAGES

# Part of debian:*-slim: coreutils, dash, bash, grep, sed, tar, gzip, findutils, util-linux and shell builtins.
_IN_SLIM = frozenset(
    "awk bash base64 basename cat chmod chown cp cut date dd df dirname du echo env false find getent grep gunzip "
    "gzip head hostname id install kill ln ls md5sum mkdir mktemp mv nproc perl printenv printf pwd readlink "
    "realpath rm rmdir sed seq sh sha256sum sleep sort stat stty sync tail tar tee test timeout touch tr true uname "
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


_OF_DEBIAN = frozenset(
    "adduser addgroup apt apt-cache apt-get apt-key apt-mark apt-config chpasswd chsh debconf-set-selections deluser "
    "delgroup dpkg dpkg-divert dpkg-query dpkg-reconfigure getent groupadd groupdel groupmod invoke-rc.d ldconfig "
    "localedef locale login mount newgrp passwd runuser service setpriv start-stop-daemon su update-alternatives "
    "update-rc.d useradd userdel usermod add-apt-repository locale-gen bash dash "
    "perl mawk awk diff cmp tac factor fold "
    "split shuf comm expr join logname mknod mkfifo nice nohup nl od paste pathchk pr readarray select stty sum tsort "
    "tty uname unexpand expand users vdir who shred csplit cksum dircolors dir hostid link unlink numfmt stdbuf "
    "truncate pinky ptx b2sum sha1sum sha224sum sha384sum sha512sum zcat zgrep zless zmore zdiff gzexe clear tput tset "
    "reset lsblk flock logger more renice rev script setsid taskset unshare whereis column egrep fgrep printenv arch "
    "tempfile savelog run-parts which ischroot update-passwd chgrp chroot trap eval source . local declare typeset let "
    "shopt pushd popd dirs getopts hash help history jobs "
    "kill alias unalias bg fg builtin caller enable logout mapfile "
    "suspend times ulimit".split()
)


def is_common(name: str) -> bool:
    """True for a program or builtin that every image of Debian has, slim ones as well (or that none has)."""
    return name in _IN_SLIM or name in _OF_DEBIAN or name in ("break", "continue", "time", "sudo", "[[")


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
