"""Where Alpine keeps its programs: Debian has one folder for /bin and /usr/bin, Alpine has two (until 3.22 at least).

Sources: busybox 1.36 `make busybox.links` with Alpine's configuration, and the APKBUILDs of bash and tini.
"""

from __future__ import annotations

import posixpath

_IN_BIN = frozenset(
    "arch ash base64 bash busybox cat chattr chgrp chmod chown cp date dd df dmesg dnsdomainname echo egrep false "
    "fgrep fsync getopt grep gunzip gzip hostname ionice kill link ln login ls lsattr lzop mkdir mknod mktemp more "
    "mount mountpoint mv netstat nice pidof ping ping6 printenv ps pwd rev rm rmdir run-parts sed sh sleep stat stty "
    "su sync tar touch true umount uname usleep watch zcat".split()
)
"""Programs that lie in /bin and not in /usr/bin."""
_SHEBANGS = frozenset({"/bin/sh", "/bin/ash", "/bin/bash", "/usr/bin/env"})
_FOLDERS = frozenset({"/bin", "/usr/bin", "/usr/local/bin", "/sbin", "/usr/sbin", "/usr/local/sbin"})


def misplaced(word: str) -> str:
    """Why a program is not where its path says, a clause behind the path; empty for a bare name or the right path."""
    folder, name = posixpath.split(word)
    if folder == "/usr/bin" and name in _IN_BIN and name != "bash":  # what starts bash is told elsewhere
        return f"lies in /bin on Alpine: /bin/{name}"
    if folder == "/bin" and name not in _IN_BIN:
        return "lies in another folder on Alpine"
    return ""


def own_path(word: str) -> bool:
    """True for a path outside of the folders of programs: what lies there has nothing to do with Alpine's programs."""
    return "/" in word and posixpath.dirname(word) not in _FOLDERS


def interpreter_gap(text: str) -> str:
    """The path in the first line of a script that Alpine does not have; empty when it has it, or none is named."""
    first = text.partition("\n")[0].strip()
    words = first[2:].split() if first.startswith("#!") else []
    return words[0] if words and words[0] not in _SHEBANGS else ""
