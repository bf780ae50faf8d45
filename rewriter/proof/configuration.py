"""The two configurations, field by field: what the Dockerfile asked for stays, and what users rely on."""

from __future__ import annotations

import posixpath
import re
import signal
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from rewriter.proof.engine import LABEL
from rewriter.proof.inside.runtimes import family
from rewriter.proof.inside.start import follow_healthcheck
from rewriter.proof.inside.variables import lost_variables
from rewriter.proof.verdict import Difference, Kind

if TYPE_CHECKING:
    from rewriter.proof.asked import Asked
    from rewriter.proof.inside.start import Side

_ASSIGNMENT = re.compile(r"(?:export )?(\w+)=(.*)")


def compare_configuration(before: Side, after: Side, asked: Asked) -> list[Difference]:
    """What the new configuration lacks or has otherwise. Notes on what is no worse go into ``after.trail``."""
    found = [
        *_machine(before, after),
        *_argv(before, after, asked),
        *_user(before, after, asked),
        *_workdir(before, after, asked),
        *_sets(before, after, asked),
        *_labels(before, after, asked),
        *_health(before, after, asked),
        *_stop(before, after, asked),
    ]
    problems = lost_variables(before, after, asked)
    found += [Difference(Kind.CONFIGURATION, each.what, each.subject, each.evidence) for each in problems]
    if not found:
        after.trail.see("the configuration is the same in all that the Dockerfile asks for")
    return found


def _difference(what: str, subject: str, old: object, new: object) -> Difference:
    return Difference(Kind.CONFIGURATION, what, subject, (f"original: {old}", f"new: {new}"))


def _machine(before: Side, after: Side) -> Iterator[Difference]:
    old, new = before.image.config, after.image.config
    if (old.os, old.architecture) != (new.os, new.architecture):
        shown = f"{old.os}/{old.architecture}", f"{new.os}/{new.architecture}"
        yield _difference(f"the image is for {shown[1]} and was for {shown[0]}", "platform", *shown)


def _argv(before: Side, after: Side, asked: Asked) -> Iterator[Difference]:
    old, new = before.image.config, after.image.config
    if asked.allows("ENTRYPOINT") or asked.allows("CMD"):
        return
    if old.argv == new.argv:
        if old.entrypoint != new.entrypoint:
            after.trail.miss(
                "ENTRYPOINT and CMD start the same, but arguments of `docker run` would replace another part"
            )
        return
    # Of an image that does not start only the words are known.
    started = before.trail.core or old.argv, after.trail.core or new.argv
    if started[0] and started[1] and _bare(started[0]) == _bare(started[1]):
        lost = [line for line in before.trail.beside if line not in after.trail.beside and not _is_set(line, new.env)]
        if lost:
            does = f"what the original's start does beside it: `{lost[0][:200]}`"
            yield _difference(f"{list(new.argv)} is started without {does}", "CMD", list(old.argv), list(new.argv))
            return
        after.trail.see(f"both start {' '.join(started[0])!r} in the end, by {list(old.argv)} and {list(new.argv)}")
        if (_bare(started[0]) == _bare(old.argv)) != (_bare(started[1]) == _bare(new.argv)):
            after.trail.miss(
                "another program passes signals on, or none does: what a stop does is only seen when it runs"
            )
        return
    if not new.argv:
        yield _difference(f"nothing is started any more: it was {list(old.argv)}", "CMD", list(old.argv), [])
        return
    yield _difference(
        f"{list(new.argv)} is started and no longer {list(old.argv)}", "CMD", list(old.argv), list(new.argv)
    )


def _is_set(line: str, environment: Mapping[str, str]) -> bool:
    """Whether a line of a shell only sets a variable to what it is in the image."""
    match = _ASSIGNMENT.fullmatch(line)
    return match is not None and environment.get(match[1]) == match[2].strip("\"'")


def _bare(core: tuple[str, ...]) -> tuple[str, ...]:
    """The program without its folder, and the file that it is told to run without its own."""
    words = [family(posixpath.basename(core[0])), *core[1:]]
    if len(words) > 1 and not words[1].startswith("-"):
        words[1] = posixpath.basename(words[1]) or words[1]
    return tuple(words)


def _user(before: Side, after: Side, asked: Asked) -> Iterator[Difference]:
    old, new = before.identity, after.identity
    if asked.allows("USER"):
        return
    users = before.image.config.user or "root", after.image.config.user or "root"
    if before.trail.broken is not None and before.trail.broken.key == "user":
        return
    if after.trail.broken is not None and after.trail.broken.key == "user":
        return  # told as what keeps it from starting
    if old.uid != new.uid:
        what = f"it runs as {new} and no longer as {old}"
        yield _difference(what, "USER", f"USER {users[0]}, uid {old.uid}", f"USER {users[1]}, uid {new.uid}")
        return
    homes = [side.image.config.env.get("HOME", side.identity.home) for side in (before, after)]
    if homes[0] != homes[1]:
        after.trail.miss(f"HOME is {homes[1]} and no longer {homes[0]}: whether that matters was not seen")
    if old.gid != new.gid:
        after.trail.miss(f"it runs with group {new.gid} and no longer {old.gid}: whether that matters was not seen")


def _workdir(before: Side, after: Side, asked: Asked) -> Iterator[Difference]:
    old, new = (posixpath.normpath("/" + side.cwd.lstrip("/")) for side in (before, after))
    if old == new or asked.allows("WORKDIR"):
        return
    relative = next((word for word in after.image.config.argv if _is_relative_file(before, word)), None)
    if "WORKDIR" in asked.instructions or not asked.known:
        yield _difference(f"the working directory is {new} and no longer {old}", "WORKDIR", old, new)
    elif relative is not None:
        what = f"the working directory is {new} and no longer {old}, and {relative!r} is looked for in it"
        yield _difference(what, "WORKDIR", old, new)
    else:
        after.trail.miss(
            f"the working directory is {new} and was {old}, the base image's; nothing was seen to rely on it"
        )


def _is_relative_file(side: Side, word: str) -> bool:
    return not word.startswith(("/", "-")) and side.image.files.file(word, side.cwd) is not None


def _sets(before: Side, after: Side, asked: Asked) -> Iterator[Difference]:
    old, new = before.image.config, after.image.config
    for name, had, has in (
        ("EXPOSE", old.exposed_ports, new.exposed_ports),
        ("VOLUME", frozenset(map(_clean, old.volumes)), frozenset(map(_clean, new.volumes))),
    ):
        if had - has and not asked.allows(name):
            lost = ", ".join(sorted(had - has))
            yield _difference(f"{name} {lost} is lost", name, sorted(had), sorted(has))
        if has - had:
            after.trail.see(f"{name} {', '.join(sorted(has - had))} is new")
    if "ONBUILD" in asked.instructions and old.on_build != new.on_build and not asked.allows("ONBUILD"):
        yield _difference("ONBUILD is lost", "ONBUILD", list(old.on_build), list(new.on_build))
    if old.shell != new.shell:
        after.trail.see("SHELL differs, which only a build on top of the image reads")


def _clean(path: str) -> str:
    return posixpath.normpath(path)


def _labels(before: Side, after: Side, asked: Asked) -> Iterator[Difference]:
    old, new = before.image.config.labels, after.image.config.labels
    for name in sorted(asked.labels - {LABEL}):
        if name in old and old[name] != new.get(name) and not asked.allows(f"LABEL {name}"):
            what = f"the label {name} is lost" if name not in new else f"the label {name} is {new[name]!r}"
            yield _difference(what, name, old[name], new.get(name, "not set"))


def _health(before: Side, after: Side, asked: Asked) -> Iterator[Difference]:
    old, new = before.image.config.healthcheck, after.image.config.healthcheck
    if new is not None and follow_healthcheck(before) is None:
        problem = follow_healthcheck(after)
        if problem is not None:
            what = f"the HEALTHCHECK {' '.join(new.test[1:])!r} cannot succeed: {problem.what}"
            yield Difference(Kind.HEALTH, what, problem.subject, problem.evidence)
    if asked.allows("HEALTHCHECK") or old == new:
        return
    if old is None and new is not None:
        after.trail.see("HEALTHCHECK is new")
    elif new is None:
        yield _difference("HEALTHCHECK is lost", "HEALTHCHECK", old, "none")
    elif old is not None and old.test != new.test:
        shown = " ".join(old.test), " ".join(new.test)
        yield _difference(f"HEALTHCHECK is {shown[1]!r} and was {shown[0]!r}", "HEALTHCHECK", *shown)
    else:
        yield _difference("the times of HEALTHCHECK are others", "HEALTHCHECK", old, new)


def _stop(before: Side, after: Side, asked: Asked) -> Iterator[Difference]:
    old, new = (_signal(side.image.config.stop_signal) for side in (before, after))
    if old != new and not asked.allows("STOPSIGNAL"):
        yield _difference(f"the stop signal is {new} and no longer {old}", "STOPSIGNAL", old, new)


def _signal(text: str) -> str:
    """A signal by its name; TERM is what an engine sends when an image says nothing."""
    if not text:
        return "SIGTERM"
    if text.isdecimal() and int(text) in {int(each) for each in signal.Signals}:
        return signal.Signals(int(text)).name
    name = text.upper()
    return name if name.startswith("SIG") else f"SIG{name}"
