"""Which commands of a RUN belong to Debian or Red Hat, and what becomes of each."""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING

from rewriter.userland import accounts, alpine, cleaning, places
from rewriter.userland.carried import Refusal
from rewriter.userland.install import MANAGERS, manage

if TYPE_CHECKING:
    from rewriter.model.run import Step
    from rewriter.userland.run_words import RunWords
    from rewriter.userland.words import Words


class Verdict(enum.Enum):
    """What becomes of a command."""

    KEPT = "kept"
    SAME = "same"
    """Known to mean the same as it stands."""
    CHANGED = "changed"
    DROPPED = "dropped"


# The same is said of these where they stand in a command that is not carried over.
_REFUSED_EVERYWHERE = (
    "add-apt-repository apt-key dpkg invoke-rc.d lsb_release service supervisord systemctl update-alternatives"
).split()
REFUSED = {name: alpine.REFUSED[name] for name in _REFUSED_EVERYWHERE} | {
    "apt-add-repository": "adds a repository of Debian packages",
    "apt-cache": "asks apt's catalogue",
    "apt-config": "asks apt's configuration",
    "apt-file": "asks apt's catalogue",
    "aptitude": "installs Debian packages in its own way",
    "dpkg-deb": "handles Debian packages",
    "dpkg-query": "asks which Debian packages are there",
    "dpkg-divert": "handles Debian packages",
    "dpkg-buildpackage": "builds Debian packages",
    "gdebi": "installs Debian packages",
    "mk-build-deps": "installs Debian packages",
    "tasksel": "installs Debian packages",
    "unattended-upgrade": "updates Debian packages",
    "unattended-upgrades": "updates Debian packages",
    "debootstrap": "installs Debian",
    "dpkg-statoverride": "handles Debian packages",
    "dpkg-preconfigure": "handles Debian packages",
    "alternatives": "has no counterpart on Alpine",
    "journalctl": "needs systemd",
    "update-rc.d": "needs Debian's init scripts",
    "chkconfig": "needs init scripts",
    "a2enmod": "is Debian's way to set up Apache",
    "a2dismod": "is Debian's way to set up Apache",
    "a2ensite": "is Debian's way to set up Apache",
    "a2dissite": "is Debian's way to set up Apache",
    "a2enconf": "is Debian's way to set up Apache",
    "phpenmod": "is Debian's way to set up PHP",
    "phpdismod": "is Debian's way to set up PHP",
    "php5enmod": "is Debian's way to set up PHP",
    "rpm": "handles RPM packages",
    "rpmbuild": "builds RPM packages",
    "yum-config-manager": "adds a repository",
    "dnf-3": "is another name of dnf",
    "subscription-manager": "asks for a subscription",
    "scl": "needs Software Collections",
    "chsh": "does not exist on Alpine",
    "gpasswd": "does not exist on Alpine",
}
# Programs that run the words behind them.
_RUNNERS = frozenset(
    "sudo sh bash dash su xargs eval env exec time nice timeout chroot watch find runuser gosu trap".split()
)
_ASKERS = frozenset({"command", "which", "type", "hash", "whereis"})
_OURS = frozenset({*MANAGERS, *REFUSED, *accounts.COMMANDS, *places.LOCALE_PROGRAMS, "apt-mark", "dpkg-reconfigure",
                   "debconf-set-selections"}) - {"alternatives", "service"}  # fmt: skip
_REPOSITORIES = (
    "deb.nodesource.com", "rpm.nodesource.com", "dl.yarnpkg.com", "download.docker.com/linux", "dl.google.com/linux",
    "packages.microsoft.com", "apt.postgresql.org", "packages.cloud.google.com", "apt.llvm.org", "get.docker.com",
    "apt.kubernetes.io", "packages.erlang-solutions.com", "repo.mysql.com", "repo.mongodb.org", "ppa.launchpad",
    "apt.releases.hashicorp.com", "packages.sury.org", "packagecloud.io", "rpms.remirepo.net", "download.mono-project",
    "cli.github.com/packages",
)  # fmt: skip
_FOLDERS = ("/etc/apt/", "/etc/yum.repos.d", "/etc/yum.conf", "/etc/dnf/", "/usr/share/keyrings/", "/etc/pki/rpm-gpg")


def translate(run: RunWords, words: Words) -> Verdict:
    """Writes a command in Alpine's words, takes it out, or leaves it. Raises Refusal with the exact word."""
    command = words.command
    gone = _handled(run, words)
    if gone is None:
        _suspicious(words)
        places.zones(run, words)
        return Verdict.KEPT
    if gone:
        if not cleaning.silent(command):
            raise Refusal(f"what `{words.name}` writes goes into a file or a pipe")
        return Verdict.DROPPED
    if words.changed or words.assignments_out:
        return Verdict.CHANGED
    return Verdict.SAME if words.name in accounts.COMMANDS else Verdict.KEPT


def _handled(run: RunWords, words: Words) -> bool | None:
    """None for a command that is not Debian's; True to take it out."""
    command, name = words.command, words.name
    if words.sudo and name in _OURS and not {"sudo"} & {*run.target.has, *run.owners}:
        raise Refusal("`sudo` is not known to be on Alpine here")
    if not command.words:
        ours = [word for word in command.assignments if word.raw.partition("=")[0] in cleaning.VARIABLES]
        return True if ours and len(ours) == len(command.assignments) else None
    if name in MANAGERS:
        words.drop_settings()
        return manage(run, words)
    if name in REFUSED:
        raise Refusal(f"`{_refused_words(words)}` {REFUSED[name]}")
    if name in accounts.COMMANDS:
        return accounts.account(run, words)
    if name in places.LOCALE_PROGRAMS or places.touches_locales(command):
        return places.locale(run, words)
    return _cleaned(run, words)


def _cleaned(run: RunWords, words: Words) -> bool | None:
    command, name = words.command, words.name
    if name == "dpkg-reconfigure":
        return places.reconfigure(run, words)
    if name == "debconf-set-selections":
        return True
    if name == "apt-mark":
        return cleaning.mark(words)
    if name in ("rm", "unlink"):
        return cleaning.rm(words)
    if name == "find":
        return cleaning.find(words)
    if name in ("mkdir", "chmod", "chown", "touch"):
        return cleaning.mkdir(words)
    if name == "export":
        return cleaning.export(words)
    if cleaning.writes_settings(command):
        return True
    return None


def _refused_words(words: Words) -> str:
    """The name, with its first argument where that tells more."""
    following = words.values[words.first + 1 : words.first + 2]
    return f"{words.name} {following[0]}" if following and following[0] and len(following[0]) < 60 else words.name


def _suspicious(words: Words) -> None:
    """Raises Refusal for a command that hands its words to a package manager, or feeds one."""
    command = words.command
    files = [redirect.target.raw for redirect in command.redirects if redirect.target is not None]
    for raw in (*(word.raw for word in command.words), *(w.raw for w in command.assignments), *files):
        text = raw.strip("\"'")
        if folder := next((folder for folder in _FOLDERS if folder in raw), ""):
            raise Refusal(f"`{shortened(text)}` is about {folder.rstrip('/')}, where package sources are kept")
        if repository := next((host for host in _REPOSITORIES if host in raw), ""):
            raise Refusal(f"`{repository}` is a third-party repository for Debian or Red Hat")
        if text.endswith((".deb", ".rpm")) and words.name not in ("echo", "printf"):
            raise Refusal(f"`{shortened(text)}` is a package of Debian or Red Hat")
    if words.name in _ASKERS and (asked := next((w.raw for w in command.words[1:] if w.raw in _OURS), "")):
        raise Refusal(f"`{words.name}` asks whether `{asked}` is there")
    runner = words.step.name
    if runner in _RUNNERS or not runner:
        for word in command.words[1:]:
            inner = _inner(word.raw)
            if inner:
                raise Refusal(f"`{runner or command.words[0].raw}` runs `{inner}`, which is not looked at there")


def _inner(raw: str) -> str:
    """A command of Debian's among the words within a word; empty when there is none."""
    for char in "\"'`$();|&\\\n":
        raw = raw.replace(char, " ")
    return next((part for part in raw.split() if part.rpartition("/")[2] in _OURS), "")


def shortened(text: str) -> str:
    """A word, cut where it is long."""
    return text if len(text) <= 80 else f"{text[:77]}…"


def foreign(step: Step) -> bool:
    """True when a command, or one among its words, is Debian's or Red Hat's."""
    words = [word for word in step.argv if word]
    return step.name in _OURS or (step.name in _RUNNERS and any(_inner(word) for word in words[1:]))
