"""Build time or run time: what each RUN command and each COPY of a stage leaves for the running system."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from rewriter.ecosystems.build_packages import COMPILERS, is_for_builds
from rewriter.ecosystems.ecosystem import Ecosystem
from rewriter.model.files import Copy
from rewriter.model.paths import below
from rewriter.model.run import Run, Step
from rewriter.planning.file_effects import FileEffects
from rewriter.planning.role_types import Roles
from rewriter.shell import Opaque

# Commands that leave nothing a running service could want, wherever they stand in a build.
_BUILD_TOOLS = frozenset(
    "git strip ls cat echo printf env pwd which test [ [[ set cd export unset : true false exit sleep date "
    "uname head tail wc grep find du tree file id whoami umask trap sort uniq cut tr basename dirname nproc "
    "sha256sum md5sum ulimit".split()
)
_ANOTHER_SOURCE = re.compile(
    r"/etc/apt/(?:sources|preferences|trusted|keyrings)|/etc/apk/repositories|\badd-apt-repository\b|\bapt-key\b|"
    r"\bnodesource\b|/usr/share/keyrings"
)
_USERS = frozenset("useradd groupadd adduser addgroup usermod groupmod".split())
GNU_PACKAGES = frozenset({"coreutils", "findutils", "grep", "sed", "diffutils", "gawk", "tar", "gzip", "procps"})
"""What busybox does as well, with fewer options: who starts any program may mean one of theirs."""
_CARRIED_PACKAGES = GNU_PACKAGES | frozenset(
    {"ca-certificates", "tzdata", "bash", "curl", "wget", "gnupg", "unzip", "zip", "xz", "xz-utils"}
)


def sort_roles(
    language: Ecosystem,
    source_folders: tuple[str, ...],
    started: frozenset[str] = frozenset(),
    system: tuple[str, str] = ("", ""),
) -> Roles:
    """Sorts every RUN of a stage (and its parents).

    ``source_folders`` hold sources and build outputs; ``started`` are programs that the start command is seen to use;
    ``system`` is the distribution of the stage and its suite or release.
    """
    roles = Roles(started=started, system=system)
    effects = FileEffects(language, source_folders, roles)
    for run in language.runs:
        if isinstance(run.steps, Opaque) and language.self_contained:
            continue
        if isinstance(run.steps, Opaque):
            roles.refused.append(f"line {run.instruction.line}: {run.steps.reason}")
            continue
        shaping = [step for step in run.steps if _sort(step, run, language, effects, roles)]
        if shaping:
            roles.shaping.append((run, tuple(shaping)))
    _other_sources(language, roles)
    return roles


def _other_sources(language: Ecosystem, roles: Roles) -> None:
    """Packages of run time behind a RUN that adds another source of packages, which the runtime does not have."""
    places = [re.match(r"line (\d+)", where) for where in (*roles.packages.values(), *roles.libraries.values())]
    kept = [int(place[1]) for place in places if place is not None]
    for run in language.runs:
        line = run.instruction.line
        source = _ANOTHER_SOURCE.search(run.instruction.text)
        if source is not None and any(line <= at for at in kept):
            roles.refused.append(
                f"line {line}: packages may come from where `{source.group()}` adds, and run time needs some"
            )
            return


def _sort(step: Step, run: Run, language: Ecosystem, effects: FileEffects, roles: Roles) -> bool:
    """Sorts one command; True when it is to be repeated in the runtime stage."""
    line = run.instruction.line
    if not step.argv or (language.self_contained and not language.concerns(step)):
        return False
    name = step.name
    if step.command is not None:
        for redirect in step.command.redirects:
            if redirect.operator in (">", ">>", "&>", ">|") and redirect.target is not None:
                effects.written(step, redirect.target.value(step.variables), appends=redirect.operator == ">>")
    if name in _USERS:
        roles.users.append(step)
        if not step.certain or None in step.argv:
            roles.refused.append(f"line {line}: `{name}` may run or not, or with words only known at run time")
        return True
    if name in ("apt-get", "apt", "apk"):
        _packages(step, roles, language, line)
        return False
    ours = _made_here(step, language)
    if ours and not set(step.argv[1:]) <= _HARMLESS_ARGUMENTS and not language.interpreted:
        words = " ".join(word or "…" for word in (name, *step.argv[1:2]))
        roles.refused.append(f"line {line}: what `{words}` leaves for run time cannot be told")
        return False
    if name == "git" and _fetches(step, language):
        roles.refused.append(f"line {line}: what `git {step.argv[1]}` brings may matter at run time")
        return False
    if language.repeats(step):
        return True
    told = language.leaves(step)
    if told:
        roles.refused.append(f"line {line}: {told}")
    if told is not None:
        return False
    fetched = language.fetched_tools and name in language.made_names
    if name in _BUILD_TOOLS or fetched or ours:
        if name == "find" and any(word in ("-delete", "-exec", "-execdir") for word in step.argv):
            roles.refused.append(f"line {line}: what `find` changes cannot be told")
        return False
    if name in effects.names:
        return effects.look(step)
    if name == "upx":
        return False
    if name == "setcap":
        roles.refused.append(f"line {line}: `setcap` gives a file capabilities, which the copy is not seen to keep")
        return False
    shown = name or (step.command.words[0].raw if step.command and step.command.words else "a command")
    roles.refused.append(f"line {line}: what `{shown}` leaves for run time cannot be told")
    return False


def _fetches(step: Step, language: Ecosystem) -> bool:
    """True for git commands that bring files to somewhere else than the build's own folders."""
    if not any(verb in step.argv[1:2] for verb in ("clone", "archive", "lfs")):
        return False
    words = [word for word in step.argv[2:] if word and not word.startswith("-")]
    target = step.absolute(words[1]) if len(words) > 1 else step.cwd
    return target is None or not below(target, ("/tmp", *language.folders))


_HARMLESS_ARGUMENTS = frozenset({"version", "--version", "-version", "-v", "-V", "help", "--help", "-help", "-h"})


def _made_here(step: Step, language: Ecosystem) -> bool:
    """True for a program of the stage's own project."""
    word = step.argv[0] or ""
    path = step.absolute(word) if "/" in word else None
    if path is not None:
        made = language.artefact_at(path)
    else:
        made = next((a for a in language.artefacts if posixpath.basename(a.path) == word), None)
    return made is not None and language.own_program(made)


def _packages(step: Step, roles: Roles, language: Ecosystem, line: int) -> None:
    parts = step.options_and_operands
    if parts is None:
        roles.refused.append(f"line {line}: the packages that `{step.name}` handles are only known at run time")
        return
    verb, *names = parts[1] or ("",)
    if verb in ("update", "clean", "autoclean", "autoremove", "upgrade", "dist-upgrade", "purge", "remove", "del", ""):
        return
    if verb not in ("install", "add"):
        roles.refused.append(f"line {line}: `{step.name} {verb}` is not understood")
        return
    virtual = any(option.startswith(("--virtual", "-t")) for option in parts[0]) and step.name == "apk"
    valued = next((option for option in parts[0] if option.partition("=")[0] in _WITH_A_SOURCE), "")
    valued = "" if virtual and valued == "-t" else valued
    recommends = step.name != "apk" and not any("ecommends" in word for word in step.argv if word)
    for name in names:
        plain = re.split(r"[=<>~@]", name)[0]
        if valued or "/" in name:
            how = f"with {valued}" if valued else "from a file or a release of its own"
            roles.refused.append(f"line {line}: it installs {name} {how}, which the runtime cannot repeat")
            continue
        if is_for_builds(plain, language) or (virtual and plain.startswith(".")):
            if plain.endswith("-dev") and plain not in COMPILERS:
                _linked(plain, roles, line, recommends=recommends)
        elif plain in _CARRIED_PACKAGES or plain in roles.started:
            roles.packages.setdefault(plain, f"line {line}")
            roles.recommends |= recommends
        elif language.interpreted:  # a script may start anything: what is not known to be for the build is kept
            roles.packages.setdefault(name, f"line {line}")
            roles.recommends |= recommends
        elif _is_library(plain):  # it costs little where nothing is linked against it
            roles.libraries.setdefault(plain, f"line {line}")
        elif not language.self_contained:
            roles.refused.append(f"line {line}: whether run time needs the package {plain} cannot be told")


_NO_LIBRARY = ("-dev", "-bin", "-doc", "-dbg", "-tool", "-tools", "-utils", "-perl", "-java", "-common")
"""Ends of packages called lib… that hold no library of machine code. Source: Debian 12, Alpine 3.20."""
_WITH_A_SOURCE = frozenset(
    {"-t", "--target-release", "--default-release", "-o", "-c", "--repository", "-X", "--allow-untrusted"}
)
"""Options that say where packages come from, some with a value behind. Sources: apt-get(8), apk(8), Debian 12."""


def _is_library(name: str) -> bool:
    """Whether a package holds a library and no program, by the naming of Debian and Alpine."""
    return name.startswith("lib") and not name.startswith("libreoffice") and not name.endswith(_NO_LIBRARY)


def _linked(name: str, roles: Roles, line: int, *, recommends: bool) -> None:
    """The libraries that a program linked against a package needs at run time, of the same distribution and suite."""
    from rewriter.facts.packages import runtime_library

    family, suite = roles.system
    libraries = runtime_library(name, family, suite) if family and suite else None
    if libraries is None:
        system = f"{family} {suite}".strip() or "this system"
        roles.refused.append(f"line {line}: which library of {system} run time needs for {name} is not known")
        return
    roles.linked.append(name)
    for library in libraries:
        roles.libraries.setdefault(library, f"line {line} links against {name}")
        for each in _recommended_by(library) if recommends else ():
            roles.libraries.setdefault(each, f"line {line} installs what {library} recommends")


def _recommended_by(library: str) -> tuple[str, ...]:
    return next((names for start, names in _RECOMMENDED.items() if library.startswith(start)), ())


_RECOMMENDED = {
    "libsasl2-2": ("libsasl2-modules",),
    "libldap": ("libldap-common", "libsasl2-modules"),
    "librsvg2-2": ("librsvg2-common",),
    "libmagick": ("ghostscript",),
}
"""Libraries that lack mechanisms, certificates, loaders or programs without what they recommend. Source: Debian 12."""


def assets(language: Ecosystem, sources: tuple[str, ...], is_source_only: dict[str, bool]) -> Iterator[Copy]:
    """Copies that bring something other than sources: they are carried to the runtime.

    ``is_source_only`` says of context folders that were seen whether they hold nothing but sources.
    """
    copies = language.files.copies
    whole = any(copy.source == "." for copy in copies)
    for copy in copies:
        if language.interpreted and below(copy.target or copy.destination or "/", sources):
            continue  # its folder is carried whole
        base = posixpath.basename(copy.source)
        if copy.instruction.flag("from") is not None or copy.source == ".":
            continue
        if copy.target is None and copy.destination in sources and not whole:
            whole = True  # the first folder that is copied to where the build runs: its sources
            continue
        only_built = base == "Makefile" or base in language.source_folders or language.is_source(base)
        if only_built or is_source_only.get(copy.source, False) or copy.target in sources:
            continue
        if copy.target is not None and below(copy.target, sources) and base.startswith("."):
            continue
        yield copy
