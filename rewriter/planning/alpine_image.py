"""What an Alpine image has of itself, against the full one: users, numbers, machines, packages that bring others."""

from __future__ import annotations

from collections.abc import Container, Iterable, Set

from rewriter.ecosystems.go import GoStage
from rewriter.ecosystems.runtime_base import ageing
from rewriter.facts import TagChoice, is_older_than
from rewriter.model.stages import Stage
from rewriter.planning.need_types import Needs
from rewriter.planning.swap import Base, is_tool, starts_by_itself
from rewriter.situation import Situation
from rewriter.transform import Certainty, Evidence

_COMPILERS = frozenset({"gcc", "g++", "make", "musl-dev", "libc-dev", "binutils", "patch", "file"})
"""What build-base depends on."""
_SERVERS = ("php-fpm",)
"""What images of a language start by themselves that is no prompt."""


def machines_of(base: Base, choice: TagChoice, needs: Needs) -> list[Evidence]:
    """Alpine tags that are built for fewer machines than the others."""
    machines = base.facts.machines(choice.tag)
    if not machines:
        return []
    fact = f"{base.facts.name}:{choice.tag} is built for {', '.join(sorted(machines))} alone"
    platform = base.stage.from_.flag("platform") or ""
    if "$" not in platform and platform.count("/") >= 1:
        if platform.split("/")[1] not in machines:
            needs.vetoes.append(f"{fact}, and --platform={platform} is asked for")
        return []
    return [Evidence(f"{fact}: a build for another machine fails", "catalogue", Certainty.ASSUMED)]


def resolver_of(choice: TagChoice) -> list[Evidence]:
    """The resolver of musl before 1.2.4, which came with Alpine 3.18, never asks again by TCP."""
    if choice.alpine is None or not is_older_than(choice.alpine, "3.18"):
        return []
    fact = f"Alpine {choice.alpine} asks DNS by UDP alone: answers of more than 512 bytes are cut off"
    return [Evidence(fact, "the notes of musl 1.2.4", Certainty.ASSUMED)]


def serves(base: Base, stage: Stage) -> bool:
    """True where the file names no start command and the image's own one is a server."""
    own = base.facts.config_of(base.tag).cmd[:1] if is_tool(stage) else ()
    return starts_by_itself(base, stage) or (bool(own) and own[0] in _SERVERS)


def kept_users(base: Base, choice: TagChoice) -> frozenset[str]:
    """The image's own users on Alpine, by name, and by number those that have the same one as before."""
    before = {(user.name, user.uid) for user in base.facts.users(base.tag)}
    after = base.facts.users(choice.tag)
    numbers = (str(user.uid) for user in after if user.uid is not None and (user.name, user.uid) in before)
    return frozenset({*(user.name for user in after), *numbers})


def renumbered(base: Base, choice: TagChoice) -> frozenset[str]:
    """Numbers of the image's own users and groups that are others on Alpine."""
    after = {user.name: (user.uid, user.gid) for user in base.facts.users(choice.tag)}
    moved = [
        (before, now)
        for user in base.facts.users(base.tag)
        for before, now in zip((user.uid, user.gid), after.get(user.name, (None, None)), strict=True)
    ]
    return frozenset(str(before) for before, now in moved if before is not None and before != now)


def check_user(stage: Stage, base: Base, needs: Needs, users: Container[str] | None) -> None:
    """The USER has to be known on Alpine; ``users`` None: only that it is known at all."""
    state = stage.final_state
    user, _, group = (state.user or "").partition(":")
    if state.user is None:
        named = any(instruction.name == "USER" for each in stage.lineage for instruction in each.instructions)
        needs.vetoes.append(
            "USER is only known at build time, and is not known to exist on Alpine"
            if named
            else f"as which user {base.shown} runs is not known"
        )
    elif users is not None and not _alpine_user(user) and user not in users:
        needs.vetoes.append(f"USER {user} is not known to exist on Alpine")
    elif users is not None and group and group not in users and not _alpine_group(group):
        needs.vetoes.append(f"the group of USER {state.user} is not known to be the same on Alpine")


def _alpine_group(name: str) -> bool:
    return name in ("root", "0") or (name.isdigit() and int(name) >= 1000)


def _alpine_user(name: str) -> bool:
    """True for a user that an alpine image has as the full one does; a low number may be somebody else there."""
    return name in ("", "root", "nobody", "0", "65534") or (name.isdigit() and int(name) >= 1000)


def check_globalization(stage: Stage, base: Base, needs: Needs) -> None:
    """Alpine's images of .NET's run time lack ICU, and throw for every culture; the SDK's have it.

    Source: dotnet/dotnet-docker documentation/image-variants.md, 2026-08.
    """
    name = base.facts.name
    if "/dotnet/" not in name or name.endswith("/sdk"):
        return
    if (stage.final_state.env.get("DOTNET_SYSTEM_GLOBALIZATION_INVARIANT") or "").lower() not in ("1", "true"):
        needs.vetoes.append(
            f"{name} has no ICU on Alpine, and DOTNET_SYSTEM_GLOBALIZATION_INVARIANT does not say that none is needed"
        )


def compiled_by_pecl(go: GoStage, base: Base, needs: Needs) -> None:
    """pecl compiles; docker-php-ext-install fetches the compilers on Alpine and takes them out again, pecl does not.

    Source: docker-library/php docker-php-ext-install and the README of the image ("PECL extensions"), 2026-07.
    """
    for run in go.runs if base.facts.name == "php" else ():
        for step in run.steps if isinstance(run.steps, tuple) else ():
            if step.name not in ("phpize", "pickle") and not (step.name == "pecl" and "install" in step.argv):
                continue
            debugger = any(word and word.startswith("xdebug") for word in step.argv)
            for package in ("autoconf", "build-base", "pkgconf", *(("linux-headers",) if debugger else ())):
                needs.want(package, f"line {run.instruction.line} compiles an extension with {step.name}")


def missing(packages: Iterable[tuple[str, str]], installed: Set[str]) -> dict[str, str]:
    """Those of the packages, by name with the reason, that nothing brings yet, and that no other of them brings."""
    wanted = dict(packages)
    there = installed | set(wanted)
    return {name: reason for name, reason in wanted.items() if name not in installed and not _comes_with(name, there)}


def _comes_with(name: str, there: Container[str]) -> bool:
    """True for what another package brings: build-base its compilers, a -dev package its library."""
    if name in _COMPILERS and "build-base" in there:
        return True
    if name in ("libpq", "postgresql-dev") and "libpq-dev" in there:
        return True
    return f"{name}-dev" in there or (name.endswith("-libs") and f"{name[:-5]}-dev" in there)


def weaknesses(situation: Situation, base: Base, choice: TagChoice) -> tuple[str, ...]:
    """What is weak about the alpine release that a tag stands on, on the day when the catalogue was collected."""
    page = situation.facts.image("alpine")
    if page is None or choice.alpine is None:
        return ()
    remark = ageing(f"alpine:{choice.alpine}", page.collected, f"{base.facts.name} image")
    return () if remark is None else (remark,)
