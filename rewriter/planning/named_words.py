"""What the words of a command name: paths, users, and the commands that it runs in turn."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from rewriter.model.run import Step
from rewriter.planning.debian_paths import makes_or_clears, of_debian
from rewriter.planning.file_effects import ZONES
from rewriter.planning.need_types import Known, Needs
from rewriter.userland.runtime import known_user

_RUNTIMES = frozenset({"linux-x64", "linux-x86", "linux-arm64", "linux-arm"})
"""What .NET calls its run times for glibc."""
_TESTS = frozenset({"[", "[[", "test"})
_DEBIAN_PROGRAMS = frozenset(
    "apt apt-get apt-key dpkg yum dnf microdnf rpm systemctl service update-alternatives locale-gen useradd groupadd "
    "usermod add-apt-repository lsb_release invoke-rc.d".split()
)
_RUNS_OTHERS = frozenset(
    "xargs timeout nice ionice setsid flock watch script dumb-init tini parallel stdbuf chroot find exec env runuser "
    "su-exec gosu ssh-agent xvfb-run unshare busybox prlimit numactl setarch linux32 start-stop-daemon chpst strace "
    "trap coproc".split()
)
"""Commands that run the words behind them."""


def inner_steps(step: Step) -> tuple[Step, ...] | str:
    """The commands that a command runs by its words (``xargs git clone``); the word, where they are not seen."""
    if step.name not in _RUNS_OTHERS or len(step.argv) < 2:
        return ()
    from rewriter.userland.slim_calls import Call, calls

    found = calls(step)[1:]
    if any(not isinstance(call, Call) for call in found) or (not found and _runs_words(step)):
        return step.name
    return tuple(replace(step, argv=call.argv) for call in found if isinstance(call, Call) and call.argv)


def _runs_words(step: Step) -> bool:
    """True where further words are a command; those of find are not, without -exec."""
    words = [word for word in step.argv[1:] if word is None or not word.startswith("-")]
    return bool(words) and step.name != "find"


def check_words(step: Step, needs: Needs, where: str, known: Known) -> None:
    """Files and users that the words of a command name."""
    redirects = step.command.redirects if step.command is not None else ()
    targets = [redirect.target.value(step.variables) for redirect in redirects if redirect.target is not None]
    owners = step.name in ("chown", "chgrp")
    for word in (*_words(step), *targets):
        if word and word.startswith(ZONES):
            needs.want("tzdata", f"{where} uses {ZONES}")
        elif word and (_of_debian(step, word, known) or _asked_of_debian(step, word)):
            needs.vetoes.append(f"{where}: {word} may not exist on Alpine")
        elif word in _RUNTIMES and step.name == "dotnet":
            needs.vetoes.append(f"{where}: {word} is the run time for glibc")
        elif word and "www-data" in word and "www-data" not in known.users and not owners:
            needs.vetoes.append(f"{where} names www-data, whom Alpine does not have")
    if owners:
        parts = step.options_and_operands
        for owner in (parts[1][0] if parts is not None and parts[1] else "").split(":"):
            check_owner(owner, where, needs, known)


def _of_debian(step: Step, word: str, known: Known) -> bool:
    return of_debian(word, known) and not makes_or_clears(step, word)


def _asked_of_debian(step: Step, word: str) -> bool:
    return step.name in _TESTS and word.rpartition("/")[2] in _DEBIAN_PROGRAMS


def _words(step: Step) -> Iterator[str | None]:
    """The words; those between brackets come as one, as the shell reads them."""
    if step.name not in ("[", "[[") or step.command is None:
        yield from step.argv
        return
    for word in step.command.words:
        yield from (part.strip("\"'") for part in word.raw.split())


def check_owner(name: str, where: str, needs: Needs, known: Known) -> None:
    """Vetoes an owner who is not on Alpine, or is somebody else there."""
    if name in known.renumbered:
        needs.vetoes.append(f"{where}: the owner {name} has another number on Alpine")
    elif not known_user(name, "alpine") and name not in known.users:
        needs.vetoes.append(f"{where}: the owner {name} is not known to exist on Alpine")
