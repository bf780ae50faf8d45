"""Which commands mean the same on Alpine as on Debian, and which package brings those that are missing.

A command that is in neither table is not known to work: callers refuse with its name. Options are listed where
busybox knows fewer than GNU. Source: busybox 1.35.0 run on 2026-11-23, cross-read with Alpine's busybox
configuration at 2020-01; package names from Alpine's aports at 2020-01, all present since.
"""

from __future__ import annotations

import re

from rewriter.model.run import Step

_ANY = "*"

APPLETS: dict[str, str] = {
    ":": _ANY,
    "[": _ANY,
    "awk": "Fv",
    "base64": "d",
    "basename": _ANY,
    "cat": "",
    "cd": _ANY,
    "chmod": "R",
    "chown": "Rh",
    "cp": "arRpfdLPHT",
    "cut": "dfcbs",
    "date": "u",
    "dirname": _ANY,
    "du": "shka",
    "echo": _ANY,
    "exit": _ANY,
    "export": _ANY,
    "false": _ANY,
    "grep": "EFqivrnoclwxs",
    "gunzip": "cfk",
    "gzip": "dcf",
    "head": "nc",
    "id": "ugn",
    "kill": _ANY,
    "ln": "sfn",
    "ls": "lahRt1S",
    "md5sum": "c",
    "mkdir": "pm",
    "mktemp": "d",
    "mv": "fi",
    "nproc": "",
    "printf": _ANY,
    "pwd": "",
    "readlink": "f",
    "realpath": "",
    "return": _ANY,
    "rm": "rRfi",
    "rmdir": "p",
    "sed": "neEri",
    "set": _ANY,
    "sha256sum": "c",
    "sha512sum": "c",
    "shift": _ANY,
    "sleep": "",
    "sort": "nrukV",
    "stat": "c",
    "tail": "nfcF",
    "tar": "xzjJvfcC",
    "tee": "a",
    "test": _ANY,
    "timeout": "",
    "touch": "c",
    "tr": "dsc",
    "trap": _ANY,
    "true": _ANY,
    "umask": _ANY,
    "uname": "asmrn",
    "uniq": "cdu",
    "unset": _ANY,
    "unzip": "qodj",
    "wait": _ANY,
    "wc": "lcw",
    "wget": "qOPSTc",
    "which": "",
    "xargs": "0rnPI",
}
_LONG_OPTIONS: dict[str, frozenset[str]] = {
    "mkdir": frozenset({"--parents"}),
    "tar": frozenset({"--strip-components", "--strip-components=1", "--exclude"}),
    "wget": frozenset({"--spider", "--no-check-certificate", "--header", "--post-data", "--quiet"}),
    "xargs": frozenset({"--no-run-if-empty"}),
}
# Within a script or format: changes of case in sed, and fields and paddings of date.
_GNU_WORDS = {"sed": re.compile(r"\\[ULEul]"), "date": re.compile(r"^\+.*%[-_0^#:N]")}
PACKAGES: dict[str, str] = {
    "bash": "bash",
    "c++": "build-base",
    "cc": "build-base",
    "curl": "curl",
    "file": "file",
    "g++": "build-base",
    "gcc": "build-base",
    "git": "git",
    "gpg": "gnupg",
    "hg": "mercurial",
    "openssl": "openssl",
    "patch": "patch",
    "perl": "perl",
    "scp": "openssh-client",
    "ssh": "openssh-client",
    "ssh-keygen": "openssh-client",
    "ssh-keyscan": "openssh-client",
    "svn": "subversion",
    "xz": "xz",
}
REFUSED: dict[str, str] = {
    "add-apt-repository": "adds a repository of Debian packages",
    "adduser": "takes other options on Alpine",
    "addgroup": "takes other options on Alpine",
    "apt": "installs Debian packages, which are not carried over to Alpine yet",
    "apt-get": "installs Debian packages, which are not carried over to Alpine yet",
    "apt-key": "trusts a repository of Debian packages",
    "dpkg": "handles Debian packages",
    "cron": "is another cron with other tables on Alpine",
    "crond": "is another cron with other tables on Alpine",
    "gosu": "is not in every release of Alpine",
    "groupadd": "does not exist on Alpine",
    "init": "needs an init system",
    "initctl": "needs an init system",
    "invoke-rc.d": "needs Debian's init scripts",
    "locale": "lists locales, which musl does not have",
    "lsb_release": "names the release of Debian",
    "make": "runs the commands of a Makefile, which are not looked at yet",
    "service": "starts a service, and there is no init system on Alpine",
    "supervisord": "reads another configuration on Alpine",
    "systemctl": "needs systemd",
    "systemd": "needs systemd",
    "update-alternatives": "has no counterpart on Alpine",
    "useradd": "does not exist on Alpine",
    "usermod": "does not exist on Alpine",
}


# Where the shells lie: busybox's sh and ash are there, bash comes to /bin with its package.
_SHELLS = {"": "", "sh": "", "/bin/sh": "", "ash": "", "/bin/ash": "", "bash": "bash", "/bin/bash": "bash"}


def alpine_shell(interpreter: str) -> str | None:
    """The package that brings a shell as it is named; "" when it is there anyway, None when it is not known."""
    return _SHELLS.get(interpreter)


def option_gap(step: Step, name: str) -> str | None:
    """The option of an applet that busybox does not know, in a sentence."""
    allowed = APPLETS[name]
    pattern = _GNU_WORDS.get(name)
    odd = next((word for word in step.argv[1:] if pattern and word and pattern.search(word)), None)
    if odd is not None:
        return f"`{name} {odd}` is in GNU's words, which busybox may not know"
    if allowed == _ANY:
        return None
    for word in step.argv[1:]:
        if word is None or not word.startswith("-") or word == "-":
            continue
        if word.startswith("--"):
            if word != "--" and word.partition("=")[0] not in _LONG_OPTIONS.get(name, ()):
                return f"`{name} {word}` is not known to busybox"
        elif name == "wget" and set(word[1:].partition("O")[0]) <= set(allowed) and word[1:].partition("O")[1]:
            continue  # ``-qO-``, ``-qO/dev/null``: the file stands in the same word
        elif not set(word[1:].rstrip("0123456789")) <= set(allowed) and not word[1:].isdigit():
            if name in ("cut", "sed", "awk", "tar", "head", "tail", "xargs", "sort", "stat") and word[1] in allowed:
                continue  # the option's value stands in the same word
            return f"`{name} {word}` is not known to busybox"
    return None


def echo_gap(step: Step) -> str | None:
    """dash's echo reads backslashes, busybox's does not (and knows -e, which dash prints)."""
    words = step.command.words[1:] if step.command else ()
    odd = any("\\" in word.raw for word in words) or any(word in ("-e", "-ne", "-en", "-E") for word in step.argv[1:])
    into = bool(step.command and step.command.redirects)
    return "`echo` with backslashes means something else in Alpine's shell" if odd and into else None
