"""What a Dockerfile needs that a builder may be too old for.

The built-in front end of BuildKit 0.N is Dockerfile 1.(N - 6): read from the tags of moby/buildkit, 0.8 (2020-12-02)
to 0.29 (2026-03-31), at 73ed6825 (2026-08-21). Which BuildKit a Docker Engine carries: vendor.conf, vendor.mod and
go.mod of moby/moby at its release tags, read at b985e231 (2026-08-23). First versions of the features: the tables of
flags in frontend/dockerfile/docs/reference.md (same BuildKit), and the release notes of dockerfile/1.4.0 (2022-03-09,
heredocs), 1.6.0 (2023-06-13), 1.10.0 (2024-09-10), 1.14.0 (2025-02-19) and 1.27.0 (2026-09-02, RUN --device). Buildah:
CHANGELOG.md and the sources of containers/buildah at its release tags, read at 5b1b18ee (2026-06-01).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from rewriter.syntax import Dockerfile, Instruction

Version = tuple[int, int]

NEWEST: Version = (999, 0)
"""The version of a front end or a builder of which nothing is known but that it is not old."""

NEVER: Version = (1000, 0)
"""For a feature that no version of a builder has."""

_VERSION = re.compile(r"v?(\d+)\.(\d+)")
_SYNTAX = re.compile(r"^#\s*syntax\s*=\s*(\S+)", re.IGNORECASE)
_OFFICIAL = re.compile(r"^(?:docker\.io/)?docker/dockerfile(?:-upstream)?(?::(?P<tag>[\w.-]+))?(?:@\S+)?$")
_GIT_SOURCE = re.compile(r"^(?:git@|git://|https?://[^#?\s]+\.git(?:[#?]|$))")
_SYMBOLIC_MODE = re.compile(r"(?:[ugoa]*[-+=][rwxXst]*,?)+\Z")

# Docker Engine -> BuildKit; an engine between two of these carries what the older one does.
_BUILDKIT_OF_ENGINE: tuple[tuple[Version, Version], ...] = (
    ((18, 9), (0, 3)),
    ((19, 3), (0, 6)),
    ((20, 10), (0, 8)),
    ((23, 0), (0, 10)),
    ((24, 0), (0, 11)),
    ((25, 0), (0, 12)),
    ((26, 0), (0, 13)),
    ((27, 0), (0, 14)),
    ((27, 1), (0, 15)),
    ((27, 3), (0, 16)),
    ((27, 4), (0, 17)),
    ((27, 5), (0, 18)),
    ((28, 0), (0, 20)),
    ((28, 1), (0, 21)),
    ((28, 2), (0, 22)),
    ((28, 3), (0, 23)),
    ((28, 4), (0, 24)),
    ((28, 5), (0, 25)),
    ((29, 1), (0, 26)),
    ((29, 2), (0, 27)),
    ((29, 3), (0, 28)),
    ((29, 4), (0, 29)),
    ((29, 5), (0, 30)),
    ((29, 6), (0, 31)),
    ((29, 7), (0, 32)),
)


def version_of(text: str) -> Version | None:
    """The first two numbers of a version as programs print it; None for a text without, and for 0.0 of a bare build."""
    match = _VERSION.search(text)
    found = (int(match[1]), int(match[2])) if match is not None else (0, 0)
    return found if found != (0, 0) else None


def dockerfile_of_buildkit(buildkit: Version) -> Version:
    """The version of the Dockerfile language that a BuildKit has built in."""
    major, minor = buildkit
    return (1, max(0, minor - 6)) if major == 0 else NEWEST


def buildkit_of_engine(engine: Version) -> Version:
    """The BuildKit in a Docker Engine."""
    known = [buildkit for first, buildkit in _BUILDKIT_OF_ENGINE if first <= engine]
    return known[-1] if known else (0, 0)


@dataclass(frozen=True, slots=True)
class _Feature:
    """``what`` it is called, how it is seen in one instruction, and the first versions that know it."""

    what: str
    used: Callable[[Instruction], bool]
    dockerfile: Version
    buildah: Version


def _flag(keywords: str, name: str, value: Callable[[str], bool] = bool) -> Callable[[Instruction], bool]:
    """Sees ``--name`` on one of the instructions, with a value that ``value`` accepts; none written means true."""
    names = keywords.split()

    def used(instruction: Instruction) -> bool:
        flags = [flag for flag in instruction.flags if flag.name == name] if instruction.name in names else []
        return any(value("true" if flag.value is None else flag.value) for flag in flags)

    return used


def _on(value: str) -> bool:
    return value.lower() != "false"


def _is_symbolic(mode: str) -> bool:
    return _SYMBOLIC_MODE.match(mode) is not None


def _names_a_variable(mount: str) -> bool:
    return "type=secret" in mount and re.search(r"(?:^|,)env=", mount) is not None


def _adds_git(instruction: Instruction) -> bool:
    return instruction.name == "ADD" and any(_GIT_SOURCE.match(source) for source in instruction.operands[:-1])


_FEATURES = (
    _Feature("heredocs", lambda instruction: bool(instruction.heredocs), (1, 4), (1, 33)),
    _Feature("RUN --mount", _flag("RUN", "mount"), (1, 2), (1, 24)),
    _Feature("RUN --network", _flag("RUN", "network"), (1, 3), (1, 30)),
    _Feature("RUN --security", _flag("RUN", "security"), (1, 20), NEVER),
    _Feature("RUN --device", _flag("RUN", "device"), (1, 27), NEVER),
    _Feature("secrets as variables", _flag("RUN", "mount", _names_a_variable), (1, 10), (1, 44)),
    _Feature("COPY --chmod", _flag("COPY", "chmod"), (1, 2), (1, 20)),
    _Feature("ADD --chmod", _flag("ADD", "chmod"), (1, 2), (1, 20)),
    _Feature("--chmod with letters", _flag("COPY ADD", "chmod", _is_symbolic), (1, 14), NEVER),
    _Feature("COPY --link", _flag("COPY", "link", _on), (1, 4), (1, 41)),
    _Feature("ADD --link", _flag("ADD", "link", _on), (1, 4), (1, 41)),
    _Feature("COPY --parents", _flag("COPY", "parents", _on), (1, 20), (1, 40)),
    _Feature("COPY --exclude", _flag("COPY", "exclude"), (1, 19), (1, 38)),
    _Feature("ADD --exclude", _flag("ADD", "exclude"), (1, 19), (1, 38)),
    _Feature("ADD --checksum", _flag("ADD", "checksum"), (1, 6), (1, 33)),
    _Feature("ADD --keep-git-dir", _flag("ADD", "keep-git-dir", _on), (1, 6), NEVER),
    _Feature("ADD --unpack", _flag("ADD", "unpack", _on), (1, 17), NEVER),
    _Feature("ADD of a git repository", _adds_git, (1, 6), (1, 38)),
    _Feature("HEALTHCHECK --start-interval", _flag("HEALTHCHECK", "start-interval"), (1, 6), (1, 37)),
)


def front_end(dockerfile: Dockerfile) -> str | None:
    """The image that ``# syntax=`` names, None without one."""
    for directive in dockerfile.directives:
        match = _SYNTAX.match(directive)
        if match is not None:
            return match[1]
    return None


def front_end_version(image: str) -> Version:
    """The version of the language that a front end speaks; the newest for a floating tag and for what is not known."""
    match = _OFFICIAL.match(image)
    version = version_of(match["tag"] or "") if match is not None else None
    # The labs channel has what later became part of the language.
    return version if version is not None and "labs" not in image else NEWEST


def unknown_to_dockerfile(dockerfile: Dockerfile, version: Version) -> str | None:
    """What of a Dockerfile a front end of that version does not know: ``it knows no heredocs (line 3) …``."""
    for feature, line in _used(dockerfile):
        if feature.dockerfile > version:
            return f"it knows no {feature.what} (line {line}), which came with Dockerfile {_dotted(feature.dockerfile)}"
    return None


def unknown_to_buildah(dockerfile: Dockerfile, version: Version) -> str | None:
    """The same for the builder in buildah and podman."""
    for feature, line in _used(dockerfile):
        if feature.buildah == NEVER:
            return f"it knows no {feature.what} (line {line})"
        if feature.buildah > version:
            return f"it knows no {feature.what} (line {line}), which came with buildah {_dotted(feature.buildah)}"
    return None


def not_granted(dockerfile: Dockerfile) -> str | None:
    """What a build asks of the machine that a proof does not grant, whatever the builder could do."""
    for instruction in _all(dockerfile):
        for name, value in (("security", "insecure"), ("network", "host"), ("device", None)):
            asked = instruction.flag(name) if instruction.name == "RUN" else None
            if asked is not None and value in (None, asked):
                return f"RUN --{name}={asked} (line {instruction.line}) asks for a right that a proof does not grant"
    return None


def _used(dockerfile: Dockerfile) -> Iterator[tuple[_Feature, int]]:
    for instruction in _all(dockerfile):
        for feature in _FEATURES:
            if feature.used(instruction):
                yield feature, instruction.line


def _all(dockerfile: Dockerfile) -> Iterator[Instruction]:
    for instruction in dockerfile.instructions:
        yield instruction
        if instruction.name == "ONBUILD" and instruction.trigger is not None:
            yield instruction.trigger


def _dotted(version: Version) -> str:
    return ".".join(str(number) for number in version)
