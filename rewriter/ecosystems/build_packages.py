"""Packages of the system that only builds need, and what of them a stage leaves in its image."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rewriter.ecosystems.ecosystem import Ecosystem

COMPILERS = frozenset(
    "gcc g++ make musl-dev libc-dev libc6-dev build-base build-essential pkg-config pkgconf pkgconfig cmake autoconf "
    "automake libtool linux-headers clang llvm lld ninja-build ninja meson bison flex dpkg-dev python3-dev python-dev "
    "ruby-dev cargo rustc rust gfortran swig".split()
)
"""Compilers, headers of the language itself, and what drives them: a script that runs seldom starts one."""
_TOOLS = frozenset(
    "git openssh openssh-client protobuf protobuf-dev protobuf-compiler protoc upx upx-ucl binutils gettext-dev "
    "patch".split()
)
"""What compiled programs do not start unless their sources say so."""
_REMOVES = frozenset({"purge", "remove", "autoremove", "del"})


def is_for_builds(name: str, language: Ecosystem) -> bool:
    """True for a package that is left behind in the builder."""
    if name in COMPILERS or name in language.packages or name.endswith("-dev"):
        return True
    return not language.interpreted and name in _TOOLS


def left_behind(language: Ecosystem) -> tuple[str, ...]:
    """Packages for builds that a stage installs and does not take away again in the same RUN."""
    return tuple(dict.fromkeys(_installed(language)))


def _installed(language: Ecosystem) -> Iterator[str]:
    for run in language.runs:
        steps = run.steps if isinstance(run.steps, tuple) else ()
        managers = [step for step in steps if step.name in ("apt-get", "apt", "apk")]
        if any(_REMOVES & {word for word in step.argv if word} for step in managers):
            continue
        for step in managers:
            words = [word for word in step.argv[1:] if word and not word.startswith("-")]
            if words[:1] in (["install"], ["add"]):
                names = (re.split(r"[=<>~@]", word)[0] for word in words[1:])
                yield from (name for name in names if is_for_builds(name, language))
