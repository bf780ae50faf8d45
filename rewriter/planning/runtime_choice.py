"""The runtime's base image and packages: the first candidate that nothing speaks against."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from dataclasses import replace

from rewriter.ecosystems.build_packages import is_for_builds
from rewriter.ecosystems.runtime_base import RuntimeBase, candidates
from rewriter.model.launch import is_builtin, tested_programs
from rewriter.model.paths import below
from rewriter.model.run import Step, script_steps
from rewriter.planning.need_types import NOTHING_KNOWN
from rewriter.planning.needs import launch_needs
from rewriter.planning.plan import Draft
from rewriter.planning.roles import GNU_PACKAGES
from rewriter.shell import Opaque
from rewriter.syntax import Instruction
from rewriter.userland.runtime import ROOT_NAMES, known_user, program_package
from rewriter.userland.slim import archived

# Releases of Debian whose slim image has no adduser.
_WITHOUT_ADDUSER = frozenset({"trixie", "forky", "sid"})


def choose_runtime(draft: Draft) -> tuple[RuntimeBase, dict[str, str]] | str:
    """The base and the packages that it needs, each with its reason; or why no candidate fits."""
    health = tested_programs(draft.stage)
    if isinstance(health, Opaque):
        return f"its HEALTHCHECK is not understood: {health.reason}"
    options = draft.situation.options
    facts, language = draft.situation.facts, draft.language
    found = candidates(facts, draft.builder, language, draft.artefacts, options.runtime, options.alpine)
    reasons: list[str] = []
    for base in found:
        packages: dict[str, str] = {}
        if base.has_shell:
            _full(draft, base, health, packages)
        else:
            base.vetoes += _bare(draft, base, health)
        base.vetoes += _replaced_commands(draft, base)
        base.vetoes += _checked_from_outside(draft, base, packages)
        if packages and base.kind == "slim" and archived(draft.builder.suite or ""):
            names = ", ".join(sorted(packages))
            base.vetoes.append(f"it would need {names}, and Debian {draft.builder.suite} is only in the archive")
        if not base.vetoes:
            return base, packages
        reasons.append(f"{base.image}: {base.vetoes[0]}")
    if not reasons:
        reasons = [f"for {language.name} there is none of the kind {options.runtime}"]
    return "no runtime image fits; " + "; ".join(reasons)


def _bare(draft: Draft, base: RuntimeBase, health: tuple[Step, ...]) -> Iterator[str]:
    """What speaks against an image without shell and package manager."""
    user = draft.stage.final_state.user or ""
    named = not user.replace(":", "").isdigit() and user not in ROOT_NAMES
    conditions = (
        (draft.launch.shell or draft.launch.scripts, "the start command needs a shell"),
        ([step for step in health if not _starts_ours(draft, step)], "the HEALTHCHECK needs tools"),
        (draft.roles.shaping, "the stage shapes the system with RUN"),
        (draft.roles.packages, "the stage installs packages"),
        (draft.reads.programs, "the program starts other programs"),
        (base.kind == "scratch" and draft.reads.zones, "the program reads time zones"),
        (base.kind == "scratch" and draft.stage.final_state.env.get("TZ"), "ENV TZ needs time zones"),
        (base.kind == "scratch" and draft.reads.temporary, "the program makes temporary files: there is no /tmp"),
        (base.kind == "scratch" and not draft.reads.seen, "what the program needs of the system could not be seen"),
        (base.kind == "scratch" and draft.reads.certificates, "the program checks certificates"),
        (base.kind == "scratch" and named, f"USER {user} is a name, and scratch has no users"),
        (base.kind == "distroless" and named and user != "nobody", f"USER {user} is not known there"),
    )
    return (reason for condition, reason in conditions if condition)


def _starts_ours(draft: Draft, step: Step) -> bool:
    word = step.argv[0] if step.argv else None
    path = step.absolute(word) if word and "/" in word else None
    return step.command is None and path is not None and any(copy.target == path for copy in draft.copies)


def _full(draft: Draft, base: RuntimeBase, health: tuple[Step, ...], packages: dict[str, str]) -> None:
    """Packages and vetoes of an image with a shell."""
    _users(draft, base)
    if base.same_system:
        _tools_of_builds(draft, base, health, packages)
    elif base.kind == "alpine":
        known = replace(NOTHING_KNOWN, own=base.programs | draft.started_names)
        needs = launch_needs(draft.launch, health, draft.language, known)
        base.vetoes += needs.vetoes
        packages.update(needs.packages)
    else:
        for step in (*draft.launch.all_steps, *health):
            _started_on_slim(draft, base, step, packages)
    for name in sorted(draft.launch.wrappers - set(draft.roles.packages)) if not base.same_system else ():
        base.vetoes.append(f"`{name}` of the start command is installed in a way that is not seen")
    for name, where in draft.roles.packages.items():
        if name in draft.launch.wrappers and base.kind == "alpine" and not draft.builder.musl:
            base.vetoes.append(f"{where}: {name} lies elsewhere on Alpine")
        if name in ("ca-certificates", "tzdata") or not _provably_unused(draft, name):
            packages.setdefault("xz" if base.kind == "alpine" and name == "xz-utils" else name, where)
    if not (draft.artefacts and all(artefact.static for artefact in draft.artefacts)):
        for name, where in draft.roles.libraries.items():
            packages.setdefault(name, where)
    for name, where in draft.reads.programs.items():
        package = "" if _is_ours(draft, name) else program_package(posixpath.basename(name), base.kind)
        if package is None:
            base.vetoes.append(f"{where} starts `{name}`, which is not known there")
        elif package:
            packages.setdefault(package, f"{where} starts {name}")
    if draft.reads.certificates:
        packages.setdefault("ca-certificates", draft.reads.certificates)
    own = draft.language.needs(base, draft.builder)
    base.vetoes += own.vetoes
    base.evidence += own.evidence
    for name, reason in own.packages.items():
        packages.setdefault(name, reason)
    _beside_clients(draft, base, health, packages)
    inline = any(step.variables.get("TZ") for step in draft.launch.all_steps)
    if base.same_system:
        return
    if draft.reads.zones or inline or draft.stage.final_state.env.get("TZ", "") != "":
        packages.setdefault("tzdata", draft.reads.zones or "ENV TZ")


def _beside_clients(draft: Draft, base: RuntimeBase, health: tuple[Step, ...], packages: dict[str, str]) -> None:
    """What clients of networks use, and Debian only recommends to them."""
    # A health check of the container's own port needs no certificates.
    own_port = {
        f"line {step.instruction.line} calls {step.name}"
        for step in health
        if not any("https:" in word for word in step.argv if word)
    }
    clients = (name for name in _CHECK_CERTIFICATES & {*packages} if packages[name] not in own_port)
    checking = min(clients, default="") if base.kind == "slim" else ""
    if checking:
        packages.setdefault("ca-certificates", f"{checking} checks certificates, and only recommends them")
    if "git" in packages and not base.same_system and _has_ssh(draft):
        packages.setdefault("openssh-client", "git starts ssh, which the builder's image has")


def _has_ssh(draft: Draft) -> bool:
    """True where the builder's image brings what fetches sources."""
    image = draft.stage.root.image
    page = draft.situation.facts.image(image.short_name) if image is not None else None
    return page is not None and image is not None and "scm" in page.carries(image.tag or "latest")


_CHECK_CERTIFICATES = frozenset("curl wget git libcurl4 libcurl4t64 libcurl3-gnutls libcurl3t64-gnutls".split())
"""Debian's packages that work without certificates, but not as one expects. Source: their Recommends in Debian 12."""


def _tools_of_builds(draft: Draft, base: RuntimeBase, health: tuple[Step, ...], packages: dict[str, str]) -> None:
    """On the builder's own system all that is started is there, but for what was sorted out as being for the build, or
    as being for nothing that the sources start."""
    for step in (*draft.launch.all_steps, *health):
        package = program_package(step.name, base.kind)
        unused = package in draft.roles.packages and _provably_unused(draft, str(package))
        if package and (is_for_builds(package, draft.language) or unused):
            packages.setdefault(package, f"line {step.instruction.line} calls {step.name}")


def _is_ours(draft: Draft, name: str) -> bool:
    """True for a program or script that the runtime receives, by its path."""
    if "/" not in name or draft.stage.final_state.workdir is None:
        return False
    path = posixpath.normpath(posixpath.join(draft.stage.final_state.workdir, name))
    return any(copy.target == path for copy in draft.copies) and draft.language.artefact_at(path) is not None


def _users(draft: Draft, base: RuntimeBase) -> None:
    """Users must be made in words that the runtime knows, and USER must name one that is there."""
    made = draft.roles.users
    same_family = base.same_system or (base.kind == "alpine") == draft.builder.musl
    if made and not same_family:
        base.vetoes.append(f"line {made[0].instruction.line}: `{made[0].name}` takes other words there")
    if base.kind == "slim" and not base.same_system and draft.builder.suite in _WITHOUT_ADDUSER:
        debian = next((step for step in made if step.name in ("adduser", "addgroup")), None)
        if debian is not None:
            base.vetoes.append(f"line {debian.instruction.line}: {debian.name} is not part of {base.image}")
    number = next((step for step in made if step.name in ("useradd", "adduser") and not _has_number(step)), None)
    behind = [where for where in draft.roles.packages.values() if number and _line(where) > number.instruction.line]
    if number is not None and behind:
        line = number.instruction.line
        base.vetoes.append(
            f"line {line}: the user's number hangs on the packages of {behind[0]}, which come first there"
        )
    for name, step in draft.roles.owners:
        line = step.instruction.line
        if not _knows(base, name) and not any(name in each.argv for each in made):
            base.vetoes.append(f"line {line}: the owner {name} is not known there")
        elif not same_family and not name.isdigit():
            base.vetoes.append(f"line {line}: the owner {name} has another number there")
    for instruction in draft.stage.instructions if not draft.language.self_contained else ():
        owner = instruction.flag("chown") if instruction.name in ("COPY", "ADD") else None
        for name in (owner or "").split(":") if owner and _carries(draft, instruction) else ():
            if not _knows(base, name) and not any(name in step.argv for step in made):
                base.vetoes.append(f"line {instruction.line}: the owner {name} is not known there")
            elif not same_family and name not in ROOT_NAMES and not name.isdigit():
                base.vetoes.append(f"line {instruction.line}: the owner {name} has another number there")
    user = (draft.stage.final_state.user or "").partition(":")[0]
    if not _knows(base, user) and not any(user in step.argv for step in made):
        base.vetoes.append(f"USER {user} is not known to exist there")


def _has_number(step: Step) -> bool:
    return any(word and (word in ("-u", "--uid") or word.startswith(("--uid=", "-u"))) for word in step.argv[1:])


def _line(where: str) -> int:
    """The line that a place names; 0 where it names none."""
    found = re.match(r"line (\d+)", where)
    return int(found[1]) if found else 0


def _carries(draft: Draft, copy: Instruction) -> bool:
    """True when the runtime may receive a file that a COPY of the builder brings; what a RUN makes is its user's."""
    places = [each.target or each.destination for each in draft.language.files.copies if each.instruction is copy]
    carried = [each.source for each in draft.copies if draft.language.artefact_at(each.source) is None]
    return (
        not places
        or None in places
        or any(below(path, (place,)) or below(place, (path,)) for path in carried for place in places if place)
    )


def _knows(base: RuntimeBase, name: str) -> bool:
    return known_user(name, base.kind) or name in base.users


def _started_on_slim(draft: Draft, base: RuntimeBase, step: Step, packages: dict[str, str]) -> None:
    line = step.instruction.line
    if posixpath.basename(step.interpreter) not in ("", "sh", "bash", "dash"):
        base.vetoes.append(f"line {line}: the shell {step.interpreter} is not known there")
    word = step.argv[0] if step.argv else None
    if not word or is_builtin(step.name):
        return
    ours = {posixpath.basename(artefact.path) for artefact in draft.artefacts} | {
        posixpath.basename(script.path) for script in draft.launch.scripts
    }
    path = step.absolute(word) if "/" in word else None
    carried = path is not None and draft.language.artefact_at(path) is not None
    package = "" if step.name in ours or carried else program_package(step.name, base.kind)
    nested = step.name in ("sh", "bash") and any(word and not word.startswith("-") for word in step.argv[1:])
    if nested and step not in draft.launch.steps:
        base.vetoes.append(f"line {line}: `{step.name}` runs a further script, which is not looked at")
    if step.name in base.programs or step.name in draft.started_names:
        return
    if package is None:
        base.vetoes.append(f"line {line}: `{step.name}` is not known there")
    elif package:
        packages.setdefault(package, f"line {line} calls {step.name}")


def _provably_unused(draft: Draft, name: str) -> bool:
    """True when all sources were seen, and what they start is written out and is not this."""
    reads = draft.reads
    if name in GNU_PACKAGES and reads.programs:
        return False
    return (
        not draft.language.interpreted
        and name not in draft.roles.started
        and reads.seen
        and not reads.computed_programs
        and name not in map(posixpath.basename, reads.programs)
    )


def _checked_from_outside(draft: Draft, base: RuntimeBase, packages: dict[str, str]) -> Iterator[str]:
    """What the health checks of compose files call must be there, too."""
    ours = {posixpath.basename(copy.target) for copy in draft.copies}
    for words, where in draft.situation.options.surroundings.health:
        for name in _called(draft, words):
            package = program_package(name, base.kind)
            there = name in ours or is_builtin(name) or name in base.programs
            if not base.same_system and not there and (package is None or not base.has_shell):
                yield f"{where} checks its health with `{name}`, which is not known there"
            elif package and not there and (not base.same_system or package in draft.roles.packages):
                packages.setdefault(package, f"{where} checks its health with {name}")


def _called(draft: Draft, words: tuple[str, ...]) -> list[str]:
    """The programs that a command calls, those behind ``sh -c`` as well; the text itself where it is not understood."""
    name = posixpath.basename(words[0]) if words else ""
    if name not in ("sh", "bash", "ash") or len(words) < 3 or not words[1].startswith("-"):
        return [name]
    inner = script_steps(words[2], draft.launch.instruction, draft.stage.final_state)
    return [name, *(step.name for step in inner)] if isinstance(inner, tuple) else [name, words[2]]


def _replaced_commands(draft: Draft, base: RuntimeBase) -> Iterator[str]:
    """Commands that compose files and the like put in place of the image's own must work in the runtime, too."""
    ours = {posixpath.basename(copy.target) for copy in draft.copies}
    for words, where in draft.situation.options.surroundings.commands:
        for each in _called(draft, words):
            known = not each or each in ours or is_builtin(each) or each.startswith("-")
            if not known and (not base.has_shell or program_package(each, base.kind) != ""):
                yield f"{where} starts `{each}` in its place, which would not be there"
