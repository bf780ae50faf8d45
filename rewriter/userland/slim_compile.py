"""Commands that compile or run a build: what they ask of the image cannot be read from their words.

The decision is told in rewriter/userland/slim.py.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rewriter.userland.slim_words import short

if TYPE_CHECKING:
    from collections.abc import Callable

    from rewriter.model.run import Step
    from rewriter.userland.slim import SlimNeeds, Swap
    from rewriter.userland.slim_calls import Call

_QUERIES = frozenset({"--version", "-v", "--help", "-V", "-dumpversion", "-dumpmachine", "--print-directory"})
_COMPILERS = frozenset({"build-essential", "gcc", "g++", "clang", "cpp"})
# They come with every compiler and say nothing about what is compiled.
_ANY_DEV = frozenset({"libc6-dev", "linux-libc-dev", "libcrypt-dev", "libnsl-dev", "libtirpc-dev", "dpkg-dev"})


def _compile(call: Call, step: Step, swap: Swap, needs: SlimNeeds, where: str) -> None:
    """A compiler, make, cmake, configure, autoreconf …: unread sources with unread headers."""
    words = call.argv[1:]
    if words and all(word in _QUERIES for word in words):
        return
    _linked(words, swap, needs, where)
    if "full" not in swap.layers:  # no headers but those of libc, which come with the compiler
        needs.doubt(f"{where}: what `{call.name}` compiles or calls is not looked at")
        return
    if swap.installed & _COMPILERS and any(_is_dev(name) for name in swap.installed):
        needs.doubt(
            f"{where}: `{call.name}` may use headers or programs of the full image beside those that the stage installs"
        )
        return
    needs.veto(f"{where}: which headers and programs of the full image `{call.name}` uses is not known")


def _is_dev(package: str) -> bool:
    return package.endswith("-dev") and package not in _ANY_DEV


def _linked(words: tuple[str | None, ...], swap: Swap, needs: SlimNeeds, where: str) -> None:
    """`-lNAME` names a library of a -dev package."""
    for word in words:
        if word and word.startswith("-l") and word[2:] in swap.gap.links:
            package = swap.missing(swap.gap.links[word[2:]])
            if package:
                needs.want(package, f"{where} links with {word}")


def _configure(call: Call, step: Step, swap: Swap, needs: SlimNeeds, where: str) -> None:
    for program in ("make", "gcc"):
        package = swap.program(program)
        if package:
            needs.want(package, f"{where}: {call.name} looks for {program}")
    _compile(call, step, swap, needs, where)


def _pkg_config(call: Call, step: Step, swap: Swap, needs: SlimNeeds, where: str) -> None:
    """Its operands are modules, which -dev packages bring."""
    for word in call.argv[1:]:
        if word is None:
            needs.doubt(f"{where}: what {call.name} is asked for is only known at run time")
            continue
        for module in word.split():
            package = swap.missing(swap.gap.modules.get(module, ""))
            if package:
                needs.want(package, f"{where} asks {call.name} for {short(module)}")
            elif module[:1].isalpha() and module not in swap.gap.modules and "full" in swap.layers:
                needs.doubt(f"{where}: which package {call.name} finds {short(module)} in is not known")


def _cargo(call: Call, step: Step, swap: Swap, needs: SlimNeeds, where: str) -> None:
    """Rust needs a linker; crates that need more are told by Cargo.lock, which is read elsewhere."""
    verb = next((word for word in call.argv[1:] if word and word[:1] not in ("-", "+")), "")
    if call.name == "cargo" and verb not in (
        "build",
        "install",
        "test",
        "run",
        "bench",
        "rustc",
        "b",
        "t",
        "r",
        "check",
    ):
        return
    for program in ("gcc", "cc"):
        package = swap.program(program)
        if package:
            needs.want(package, f"{where}: {call.name} links with it")
    if swap.missing("libc6-dev"):
        needs.want("libc6-dev", f"{where}: {call.name} links with it")
    if verb == "install" and not any(word == "--path" for word in call.argv):
        needs.doubt(f"{where}: the crates that `cargo install` compiles may need headers of the full image")


def _perl_modules(call: Call, step: Step, swap: Swap, needs: SlimNeeds, where: str) -> None:
    """Perl's installers run make, and a compiler for modules with C."""
    _compile(call, step, swap, needs, where)
    for program in ("make", "gcc"):
        package = swap.program(program)
        if package:
            needs.want(package, f"{where}: {call.name} calls {program}")


# Beside compilers and build systems, the tools that fetch a language and compile it.
_NAMES = (
    "pyenv rbenv ruby-build rvm python-build asdf "
    "autoreconf autoconf automake aclocal cmake libtoolize meson ninja node-gyp cc c++ gcc g++ clang clang++ make gmake"
)

COMPILE_RULES: dict[str, Callable[[Call, Step, Swap, SlimNeeds, str], None]] = {
    **dict.fromkeys(_NAMES.split(), _compile),
    "Configure": _configure,
    "cargo": _cargo,
    "autogen.sh": _configure,
    "bootstrap": _configure,
    "config": _configure,
    "configure": _configure,
    "cpan": _perl_modules,
    "cpanm": _perl_modules,
    "cpm": _perl_modules,
    "pkg-config": _pkg_config,
    "pkgconf": _pkg_config,
    "rustc": _cargo,
}
