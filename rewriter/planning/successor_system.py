"""What a file asks of the system beneath an image, where its successor stands on another one.

Package managers and names of packages, users that the other system has already, and programs that only the old image
brought. What is not known to be the same speaks against the swap.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from rewriter.facts.packages import known_apk
from rewriter.facts.slim_gap import slim_gap
from rewriter.model.run import Step
from rewriter.userland.slim import SlimNeeds, installed_by, slim_needs
from rewriter.userland.slim_calls import Call, calls

_MANAGERS = {
    **dict.fromkeys("add-apt-repository apt apt-get apt-key aptitude dpkg".split(), "apt"),
    "apk": "apk",
    **dict.fromkeys("dnf microdnf rpm yum yum-config-manager".split(), "rpm"),
}
_SYSTEMS = {"debian": "apt", "ubuntu": "apt", "alpine": "apk", "rhel": "rpm", "amazon": "rpm"}
_USER_COMMANDS = frozenset("adduser addgroup groupadd groupmod useradd usermod".split())
_TAKEN = "1000"
"""The number of the user and the group `ubuntu` in images of Ubuntu from 23.04 on. Source: their /etc/passwd."""
_IN_TEMURIN = frozenset("ca-certificates curl fontconfig gnupg locales p11-kit tzdata wget".split())
"""What eclipse-temurin's images on Ubuntu install. Source: adoptium/containers 8/jre/ubuntu/noble, 2026-08."""


@dataclass(frozen=True, slots=True)
class System:
    """A distribution (debian, ubuntu, alpine, rhel …) and its release as far as it is known ("" = not)."""

    family: str
    release: str


@dataclass(slots=True)
class Carried:
    """``packages``: what to install again -> why; ``vetoes``: why the file does not fit the other system."""

    packages: dict[str, str] = field(default_factory=dict)
    vetoes: list[str] = field(default_factory=list)


def carried(steps: Iterable[Step], before: System, after: System, layers: frozenset[str]) -> Carried:
    """What the commands of a stage need on another system. ``layers``: those of buildpack-deps in the old image."""
    found = Carried()
    needs = SlimNeeds()
    installed: frozenset[str] = frozenset()
    for step in steps:
        for call in calls(step):
            if isinstance(call, Call) and not call.asked:
                found.vetoes += _against(call, before, after, f"line {step.instruction.line}")
        if layers:
            own = _IN_TEMURIN & slim_gap(before.release).lost_packages(layers)
            needs.add(slim_needs(step, layers, before.release, own, installed))
        installed |= installed_by(step)
    found.packages.update(needs.packages)
    found.vetoes += needs.vetoes
    return found


def _against(call: Call, before: System, after: System, where: str) -> Iterator[str]:
    manager = _MANAGERS.get(call.name)
    if manager is not None and manager != _SYSTEMS.get(after.family):
        yield f"{where}: `{call.name}` is not there on {after.family}"
    elif manager is not None and before != after:
        yield from _packages(call, manager, after, where)
    named = any(word is None or word == _TAKEN or word.endswith(f"={_TAKEN}") for word in call.argv)
    if named and call.name in _USER_COMMANDS and after.family == "ubuntu" != before.family:
        yield f"{where}: `{call.name}` may ask for the number {_TAKEN}, which Ubuntu's own user has"


def _packages(call: Call, manager: str, after: System, where: str) -> Iterator[str]:
    words = [word for word in call.argv[1:] if word is None or not word.startswith("-")]
    if manager == "apk":
        names = words[1:] if words[:1] == ["add"] else []
        for name in names:
            if name is None or not known_apk(name, after.release or None):
                shown = name or "whose name is computed"
                yield f"{where}: whether alpine {after.release} has the package {shown} is not known"
    elif "install" in words or words[:1] not in (["update"], ["upgrade"], ["clean"], ["autoremove"], []):
        yield f"{where}: whether {after.family} {after.release} has what `{call.name}` installs is not known"
