"""Packages of the system that only builds need, and what of them a stage leaves in its image."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
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


_C = ("cc", "gcc", "c++", "g++")
COMPILING = frozenset({*_C, "clang", "make", "cmake", "cargo", "rustc", "pkg-config"})
"""Programs that work with whatever headers and libraries they find."""
_PROGRAMS = {
    **dict.fromkeys(("build-base", "build-essential"), (*_C, "make", "strings", "objdump", "nm", "patch", "readelf")),
    **dict.fromkeys(("python3-dev", "python-dev"), ("python", "python3")),
    **dict.fromkeys(("gcc", "g++", "clang", "llvm"), (*_C, "clang")),
    **dict.fromkeys(("pkg-config", "pkgconf", "pkgconfig"), ("pkg-config",)),
    **dict.fromkeys(("rust", "rustc", "cargo"), ("rustc", "cargo")),
    **dict.fromkeys(("ninja", "ninja-build"), ("ninja",)),
    **dict.fromkeys(("python", "python2", "python3", "python-is-python3"), ("python", "python2", "python3")),
    "nodejs": ("node", "nodejs", "npm", "npx"),
    "npm": ("npm", "npx"),
    "yarn": ("yarn",),
}
"""The programs of a package, where they are not called as it is. Source: file lists of Debian 12."""
_CALLED = rb"""(?xi)
    (?: (?<![\w\])]) \[ \s* ["']                      # the first of a list: ["gcc", "-c"]
      | \b (?: run | call | check_\w+ | popen\d? | exec\w* | spawn\w* | system | which | fork | capture\w* | passthru
             | shell_exec | proc_open | command )
        (?: Sync )? (?: \s* \( \s* | \s+ ) \[? ["']     # given to what starts programs
      | ["'] (?= /usr/ )                              # '/usr/bin/gcc'
      | ` | %[xwW][(\[{] | ["'] (?= [^\s"']* \s+ (?: [-$%{"'] | [\w/-]*[./]\w ) )  # a line of a shell: 'node x.js'
    )
    (?: /usr (?: /local )? /bin/ )?
    ( [a-z][a-z0-9+-]{1,15} ) (?= ["'`)\]}\s] )
    """
"""Where a source of Python, JavaScript, Ruby or PHP seems to start a program; it is taken for one too often."""
_FIRST_WORD = (
    rb"(?m)(?:^|[;&|(`]|\bexec\s|\bthen\s|\belse\s|\bdo\s|^[\w-]+:)[ \t]*(?:/usr(?:/local)?/bin/)?"
    rb"([a-z][a-z0-9+-]{1,15})(?=[\s;&|)`]|$)"
)
"""The command of a line of a shell, or of a Procfile."""
_LARGEST = 1_000_000
_MOST = 5_000


def is_for_builds(name: str, language: Ecosystem) -> bool:
    """True for a package that is left behind in the builder."""
    if name in COMPILERS or language.is_build_package(name):
        return not (language.interpreted and language.called & {*_PROGRAMS.get(name, (name,))})
    if name.endswith("-dev"):
        return True
    return not language.interpreted and name in _TOOLS


def called_in_sources(language: Ecosystem) -> frozenset[str]:
    """Names of programs that the sources of the context seem to start."""
    context = language.files.context
    found: set[bytes] = set()
    if context is None:
        return frozenset()
    for path in islice((path for path in context.files() if language.is_code(path) or _is_script(path)), _MOST):
        data = context.read(path, _LARGEST) or b""
        if b"\0" not in data[:1024]:
            # Compiled when the first source is read: most stages have none to look through.
            found.update(re.findall(_FIRST_WORD if _is_script(path) else _CALLED, data))
    return frozenset(word.decode("ascii").lower() for word in found)


def _is_script(path: str) -> bool:
    """Scripts of a shell, a Procfile, programs in ``bin``: not what describes builds of an image."""
    name = path.rpartition("/")[2]
    return name.endswith(".sh") or name.startswith("Procfile") or ("." not in name and path.startswith("bin/"))


_UNVERSIONED = re.compile(
    rb"""["'](?:[\w./-]*/)?lib[\w+.-]+\.so["']|\bffi_lib\b|\bFFI::cdef\b|\bctypes\.util\b|\bfind_library\s*\("""
)


def loads_by_name(language: Ecosystem) -> str:
    """A source that loads a library by a name that only its ``-dev`` package, or a compiler, makes known."""
    context = language.files.context
    for path in islice((path for path in context.files() if language.is_code(path)), _MOST) if context else ():
        if context is not None and _UNVERSIONED.search(context.read(path, _LARGEST) or b""):
            return path
    return ""


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
