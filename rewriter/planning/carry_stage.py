"""All RUN instructions of a chain of stages, carried over from Debian's words to Alpine's."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from rewriter.edit import Edit
from rewriter.facts import TagChoice
from rewriter.model.run import Run, Step
from rewriter.model.stages import Stage
from rewriter.planning.swap import Base
from rewriter.shell import Opaque
from rewriter.transform import Evidence

if TYPE_CHECKING:
    from rewriter.userland.carried import Carried

_MARKS = (
    *("apt", "dpkg", "yum", "dnf", "rpm", "DEBIAN", "debconf", "user", "group", "passwd", "chsh", "sudo", "locale"),
    *(
        "/etc/",
        "/var/",
        "/usr/share",
        "service",
        "systemctl",
        "journalctl",
        "chkconfig",
        "alternatives",
        "a2en",
        "a2dis",
    ),
    *("enmod", "dismod", "scl", "lsb_release", "tasksel", "gdebi", "mk-build", "debootstrap", "unattended", "http"),
    *("supervisord", "ldconfig", "--mount"),
)
"""One of these stands in every RUN that is written in Debian's or Red Hat's words. What is passed over because none
does is asked of `userland.needs` as any other command: a mark that is missing costs a rewrite and never makes one."""


@dataclass(slots=True)
class CarriedStage:
    """What changes in the RUN instructions, and what is known afterwards.

    ``handled``: (start of the instruction, start of the command in its text) of the commands that are taken care of.
    ``installed``: Alpine packages that they install. ``wants``: packages that must be there before, with the reasons.
    ``users``: users and groups that they make.
    """

    edits: tuple[Edit, ...] = ()
    handled: set[tuple[int, int]] = field(default_factory=set)
    installed: set[str] = field(default_factory=set)
    since: dict[str, tuple[int, int]] = field(default_factory=dict)
    """Behind which command each is there: (start of the instruction, start of the command in its text)."""
    removed: dict[str, int] = field(default_factory=dict)
    """Packages that one of them takes away again, with its line."""
    wants: dict[str, str] = field(default_factory=dict)
    users: set[str] = field(default_factory=set)
    evidence: list[Evidence] = field(default_factory=list)
    vetoes: list[str] = field(default_factory=list)


def carry_stage(runs: Sequence[Run], base: Base, choice: TagChoice) -> CarriedStage:
    """Carries every RUN over; each that cannot be is a veto with the exact word."""
    facts = base.facts
    done = CarriedStage()
    marked = [run for run in runs if any(mark in run.instruction.text for mark in _MARKS)]
    if not marked:
        return done
    # Imported here: most images of Go have no such RUN.
    from rewriter.userland.carried import AlpineTarget, Refused
    from rewriter.userland.carry import carry_run
    from rewriter.userland.mounts import carry_mounts

    accounts = frozenset(user.name for user in facts.users(choice.tag))
    target = AlpineTarget(choice.alpine, family_of(base), frozenset(facts.packages(choice.tag)), accounts, accounts)
    edits: list[Edit] = []
    for run in marked:
        mounts = carry_mounts(run.instruction)
        if isinstance(mounts, Refused):
            done.vetoes.append(mounts.reason)
            continue
        if isinstance(run.steps, Opaque):
            edits += mounts
            continue  # a veto of its own elsewhere
        found = carry_run(run.instruction, run.state, run.steps, target, cached=bool(mounts))
        if isinstance(found, Refused):
            done.vetoes.append(found.reason)
            # Its other commands are not asked about as well: the reason names the word.
            starts = (step.command.start for step in run.steps if step.command is not None)
            done.handled |= {(run.instruction.start, start) for start in starts}
            continue
        edits += () if found is not None and found.drops else mounts
        if found is not None and found.drops and not run.instruction.text.endswith("\n"):
            done.vetoes.append(f"line {run.instruction.line}: nothing is left of it, and the file ends with it")
        if found is not None and found.packages and run.instruction.flag("network") == "none":
            done.vetoes.append(f"line {run.instruction.line}: it installs with --network=none, which apk cannot")
        if found is not None:
            edits += _edits(run, found)
            _note(done, run, found)
            target = replace(
                target,
                has=(target.has | set(found.packages)) - set(found.removed),
                users=target.users | found.users,
                groups=target.groups | found.groups,
            )
    done.edits = tuple(edits)
    return done


_MANAGERS = frozenset({"apt", "apt-get", "yum", "dnf", "microdnf"})


def _installs(step: Step) -> bool:
    return step.name in _MANAGERS and not {"install", "groupinstall", "localinstall"}.isdisjoint(step.argv)


_RED_HAT = frozenset({"rhel", "fedora", "amazon"})


def family_of(base: Base) -> str:
    """Whose words the commands of the image are: debian, ubuntu or rhel."""
    family = base.facts.family(base.tag) or "debian"
    return "rhel" if family in _RED_HAT else family


def _edits(run: Run, found: Carried) -> list[Edit]:
    instruction = run.instruction
    if found.drops:
        return [Edit(instruction.start, instruction.end, "", drops=True)]
    # One edit of the RUN carries the promise for all of them.
    return [replace(edit, commands=found.promised) if n == 0 else edit for n, edit in enumerate(found.edits)]


def _note(done: CarriedStage, run: Run, found: Carried) -> None:
    done.handled |= {(run.instruction.start, start) for start in found.handled}
    done.installed.update(found.packages)
    done.installed.difference_update(found.removed)
    # All that one RUN installs is there behind the last of its installs, at the latest.
    steps = run.steps if isinstance(run.steps, tuple) else ()
    starts = [s.command.start for s in steps if s.command is not None and _installs(s)]
    last = (run.instruction.start, max(starts, default=0))
    for package in found.packages:
        done.since.setdefault(package, last)
    done.removed.update(dict.fromkeys(found.removed, run.instruction.line))
    done.users.update(found.users, found.groups)
    done.evidence += found.evidence
    for package, reason in found.wants.items():
        done.wants.setdefault(package, reason)


def moved_programs(stage: Stage, installed: Collection[str], text: str) -> tuple[Edit, ...] | str:
    """Edits for programs that the start command names by a path that is another one on Alpine (tini); or why not.

    A path is only changed within an exec form, and where the package that moves it is installed.
    """
    state = stage.final_state
    edits: list[Edit] = []
    started = [instruction for instruction in (state.entrypoint, state.cmd) if instruction is not None]
    if not any(folder in instruction.args for instruction in started for folder in ("/usr/bin/", "/usr/sbin/")):
        return ()
    from rewriter.userland.mounts import moved_path

    for instruction in started:
        for string in instruction.json or ():
            target = moved_path(string.value) if string.value.startswith("/") else None
            if target is None or string.value.rpartition("/")[2] not in (*installed, "nologin", "bash"):
                continue
            span = instruction.span(string.start, string.end)
            if text[span.start : span.end] != f'"{string.value}"':
                return f"line {instruction.line}: {string.value} is {target} on Alpine, and is written with escapes"
            edits.append(Edit(span.start + 1, span.end - 1, target))
        if instruction.json is None:
            named = next((word for word in instruction.args.split() if word.startswith("/") and moved_path(word)), None)
            if named is not None:
                return f"line {instruction.line}: {named} is {moved_path(named)} on Alpine"
    return tuple(edits)
