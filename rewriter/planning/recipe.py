"""Packages of an image's own recipe, beside buildpack-deps, that its smaller variant lacks.

openjdk up to 11 installs archivers, fontconfig and libfreetype6 where it is not slim (docker-library/openjdk
11/jdk/bullseye/Dockerfile and 11/jre/slim-bullseye/Dockerfile, commit 5b5fbdbb, 2022-07). python installs tk-dev where
it is not slim (docker-library/python Dockerfile-linux.template, 2026-06-23). eclipse-temurin installs binutils in the
JDK only (adoptium/containers 17/jdk and 17/jre, 2026-08).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rewriter.facts.slim_gap import slim_gap
from rewriter.model.run import Step
from rewriter.planning.swap import Base
from rewriter.userland.slim import SlimNeeds, archived, installed_by, slim_needs
from rewriter.userland.slim_calls import Call, calls

if TYPE_CHECKING:
    from rewriter.context import BuildContext

_ARCHIVERS = {
    **dict.fromkeys("bunzip2 bzcat bzip2 bzip2recover".split(), "bzip2"),
    **dict.fromkeys("funzip unzip unzipsfx zipinfo".split(), "unzip"),
    **dict.fromkeys("unxz xz xzcat xzgrep lzma unlzma".split(), "xz-utils"),
}
_FONTS = ("fontconfig", "libfreetype6")
_JAVA_DRAWS = re.compile(
    rb"java\.awt|javax\.imageio|javax\.swing|javax\.print|jasperreports|poi-ooxml|openhtmltopdf|flying-saucer|itextpdf"
    rb"|pdfbox|batik|jfreechart|kaptcha|captcha|zxing|thumbnailator|imgscalr"
)
"""Packages of the JDK, and names of libraries, that load libfontmanager or draw."""
_PYTHON_TK = re.compile(
    rb"^[ \t]*(?:import|from)[ \t]+(?:tkinter|Tkinter|turtle|idlelib|customtkinter)\b", re.MULTILINE
)
_PYTHON_LIBRARIES = re.compile(rb"\bfind_library\b|libc\.so\.6|ld-linux")
_JAVA_SOURCES = (".java", ".kt", ".groovy", ".scala", "pom.xml", ".gradle", ".gradle.kts")
_BINUTILS = frozenset(
    "addr2line ar as c++filt dwp elfedit gprof ld nm objcopy objdump ranlib readelf size strings strip".split()
)
_MOST_SOURCES = 2_000


@dataclass(slots=True)
class Lost:
    """``packages``: what to install again -> why. ``doubts``: what could not be seen."""

    packages: dict[str, str] = field(default_factory=dict)
    doubts: list[str] = field(default_factory=list)


def lost_on_slim(base: Base, steps: Iterable[Step], context: BuildContext | None) -> Lost:
    """What the recipe of the full image installs, and the commands or sources of a stage use."""
    lost = Lost()
    facts, tag = base.facts, base.tag
    if "java" in facts.programs(tag) and facts.carries(tag):
        for call, line in _called(steps):
            package = _ARCHIVERS.get(call.name)
            if package is not None:
                lost.packages.setdefault(package, f"line {line} calls {call.name}")
        _fonts(context, lost)
    elif facts.name == "python" and "full" in facts.carries(tag):
        found = next(_matches(context, _PYTHON_TK, (".py",)), None)
        if found is not None:
            lost.packages["libtk8.6"] = f"{found} imports tkinter"
    return lost


def _fonts(context: BuildContext | None, lost: Lost) -> None:
    found = next(_matches(context, _JAVA_DRAWS, _JAVA_SOURCES), None)
    if found is not None:
        lost.packages.update(dict.fromkeys(_FONTS, f"{found} draws text or images"))
    else:
        lost.doubts.append(
            "whether it draws text or images (java.awt) was not seen: slim lacks fontconfig, libfreetype6 and fonts"
        )


def lost_on_alpine(base: Base, context: BuildContext | None) -> Iterator[str]:
    """What sources of Python ask for that Alpine's image lacks: Tk, and libraries by what ldconfig knows of glibc's."""
    if "python3" in base.facts.programs(base.tag) and base.facts.kind == "language":
        for path in _matches(context, _PYTHON_TK, (".py",)):
            yield f"{path} imports tkinter, which the image on Alpine has no libraries for"
        for path in _matches(context, _PYTHON_LIBRARIES, (".py",)):
            yield f"{path} looks a library up as glibc names it"


def lost_on_jre(base: Base, jre: str, steps: Iterable[Step]) -> tuple[dict[str, str], list[str]]:
    """What the commands of a stage use that the JDK's image brings beside the JDK: packages to add, and vetoes."""
    steps = tuple(steps)
    vetoes: list[str] = []
    if base.facts.name == "eclipse-temurin":
        for call, line in _called(steps):
            if call.name in _BINUTILS:
                vetoes.append(f"line {line}: only the image of the JDK has `{call.name}`")
    layers, kept = base.facts.carries(base.tag), base.facts.carries(jre)
    if layers == kept:
        return {}, vetoes
    suite = base.facts.suite(base.tag) or ""
    own = slim_gap(suite).lost_packages(kept) | frozenset(base.facts.packages(jre))
    needs = SlimNeeds()
    installed: frozenset[str] = frozenset()
    for step in steps:
        needs.add(slim_needs(step, layers, suite, own, installed, base.facts.programs(base.tag)))
        installed |= installed_by(step)
    return needs.packages, vetoes + needs.vetoes


def cannot_install(base: Base, packages: Iterable[str]) -> Iterator[str]:
    """Why a line that installs the packages would fail on the new base."""
    names = ", ".join(sorted(packages))
    suite = base.facts.suite(base.tag) or ""
    if names and archived(suite):
        yield f"it would need {names}, and Debian {suite} is only in the archive any more"
    user = base.stage.states[0].user
    if names and user != "root":
        yield f"its base runs as {user or 'an unknown user'}, who cannot install packages"


def _called(steps: Iterable[Step]) -> Iterator[tuple[Call, int]]:
    for step in steps:
        for call in calls(step):
            if isinstance(call, Call):
                yield call, step.instruction.line


def _matches(context: BuildContext | None, pattern: re.Pattern[bytes], suffixes: tuple[str, ...]) -> Iterator[str]:
    names = [path for path in context.files() if path.endswith(suffixes)] if context is not None else []
    for path in names[:_MOST_SOURCES]:
        if context is not None and pattern.search(context.read(path) or b""):
            yield path
