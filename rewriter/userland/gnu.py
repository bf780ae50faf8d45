"""Programs of busybox that know fewer options than those of Debian, with the package that brings the full ones.

Sources: busybox 1.35.0 run on 2026-11-23, cross-read with Alpine's busybox configuration at 2020-01; package names
from Alpine's aports at 2020-01.
"""

from __future__ import annotations

ANY = "*"
_COREUTILS = (
    "base64 basename cat chgrp chmod chown cksum comm cp cut date dd df dirname du env expand expr factor false fold "
    "head id install link ln ls md5sum mkdir mkfifo mknod mktemp mv nice nl nohup nproc od paste printenv pwd readlink "
    "realpath rm rmdir seq sha1sum sha224sum sha256sum sha384sum sha512sum shred shuf sleep sort split stat stty sum "
    "sync tac tail tee timeout touch tr true truncate tty uname unexpand uniq unlink wc whoami yes"
)
GNU: dict[str, str] = dict.fromkeys(_COREUTILS.split(), "coreutils") | {
    "awk": "gawk",
    "bc": "bc",
    "bunzip2": "bzip2",
    "bzip2": "bzip2",
    "cmp": "diffutils",
    "cpio": "cpio",
    "diff": "diffutils",
    "egrep": "grep",
    "fgrep": "grep",
    "find": "findutils",
    "free": "procps",
    "getopt": "util-linux",
    "grep": "grep",
    "gunzip": "gzip",
    "gzip": "gzip",
    "hexdump": "util-linux",
    "ifconfig": "net-tools",
    "ip": "iproute2",
    "kill": "procps",
    "killall": "psmisc",
    "less": "less",
    "mount": "util-linux",
    "nc": "netcat-openbsd",
    "netstat": "net-tools",
    "nslookup": "bind-tools",
    "patch": "patch",
    "pgrep": "procps",
    "ping": "iputils",
    "pkill": "procps",
    "ps": "procps",
    "rev": "util-linux",
    "route": "net-tools",
    "sed": "sed",
    "setsid": "util-linux",
    "tar": "tar",
    "top": "procps",
    "umount": "util-linux",
    "unxz": "xz",
    "unzip": "unzip",
    "uptime": "procps",
    "vi": "vim",
    "watch": "procps",
    "wget": "wget",
    "which": "which",
    "xargs": "findutils",
    "xz": "xz",
    "xzcat": "xz",
    "zcat": "gzip",
}
"""By program of busybox: the package that has it with all its options."""

MORE: dict[str, str] = {
    "[[": ANY,
    "alias": ANY,
    "break": ANY,
    "bunzip2": "cfk",
    "bzip2": "dcfkz",
    "chgrp": "Rh",
    "chpasswd": "e",
    "cmp": "s",
    "comm": "123",
    "command": ANY,
    "continue": ANY,
    "cpio": "idmtvu",
    "dd": ANY,
    "df": "hkmP",
    "diff": "uqrNabiw",
    "dos2unix": "",
    "egrep": "qivrnoclwxs",
    "env": "iu",
    "eval": ANY,
    "exec": ANY,
    "expr": ANY,
    "fgrep": "qivrnoclwxs",
    "find": ANY,
    "free": "mkhg",
    "getent": ANY,
    "getopts": ANY,
    "hash": ANY,
    "head": "nc",
    "hexdump": "C",
    "hostname": "isfd",
    "iconv": "ftc",
    "install": "dmogDp",
    "let": ANY,
    "local": ANY,
    "logger": "tp",
    "mkfifo": "m",
    "nc": "lzvwpn",
    "nice": "n",
    "nl": "",
    "nohup": "",
    "nslookup": "",
    "od": "Atxdcv",
    "passwd": "dlu",
    "paste": "ds",
    "patch": "pi",
    "pgrep": "fl",
    "ping": "cWwq46",
    "pkill": "f",
    "printenv": "",
    "ps": "o",
    "read": "rpt",
    "readonly": ANY,
    "rev": "",
    "seq": "sw",
    "setsid": "",
    "sha1sum": "c",
    "sha384sum": "c",
    "shuf": "n",
    "split": "bla",
    "sync": "",
    "tac": "",
    "times": ANY,
    "top": "bn",
    "truncate": "s",
    "tty": "s",
    "type": ANY,
    "ulimit": ANY,
    "unix2dos": "",
    "unxz": "ck",
    "uptime": "",
    "usleep": "",
    "vi": "",
    "whoami": "",
    "xzcat": "",
    "yes": ANY,
    "zcat": "",
}
"""Further applets and words of the shell, with the short options that busybox knows of each."""

FIND = frozenset(
    "-name -iname -path -ipath -wholename -type -exec -ok -delete -print -print0 -maxdepth -mindepth -perm -mtime "
    "-mmin -atime -amin -ctime -cmin -newer -user -group -size -prune -o -a -or -and -not -depth -xdev -mount -follow "
    "-regex -empty -executable -links -inum -quit -L -H -P -true -false".split()
)
"""Words of find that Alpine's busybox knows."""

SHELL_WORDS = frozenset(
    ": [ [[ . alias break cd command continue echo eval exec exit export false getopts hash let local printf pwd read "
    "readonly return set shift source test times trap true type ulimit umask unset wait".split()
)
"""Words of the shell itself: no package changes them."""


def find_gap(argv: tuple[str | None, ...]) -> str:
    """The first word of a find that busybox does not know; empty when it knows all."""
    inside = False
    for word in argv[1:]:
        if word in ("-exec", "-ok"):
            inside = True
        elif inside:
            inside = word not in (";", "+")
        elif word is not None and word.startswith("-") and len(word) > 1 and word not in FIND:
            return word
    return ""
