"""What well-known programs call or read in turn: certificates, compressors, compilers, Perl modules, manual pages."""

from __future__ import annotations

import posixpath
from itertools import pairwise
from typing import TYPE_CHECKING

from rewriter.facts.slim_gap import slim_suites
from rewriter.model.run import SHELLS
from rewriter.userland.slim_compile import COMPILE_RULES
from rewriter.userland.slim_fetch import FETCH_RULES, brings_programs
from rewriter.userland.slim_words import short

if TYPE_CHECKING:
    from collections.abc import Callable

    from rewriter.model.run import Step
    from rewriter.userland.slim import SlimNeeds, Swap
    from rewriter.userland.slim_calls import Call

# Programs are put there, scripts of the user's own seldom.
_PROGRAM_FOLDERS = ("/bin", "/sbin", "/.bin")
_APT_VALUED = frozenset({"-t", "-o", "-c", "-a", "--target-release", "--default-release", "--option", "--config-file"})
# Scripts that only set variables: of Python's virtual environments, Rust and nvm.
_SETTERS = ("/activate", "/.cargo/env", "/nvm.sh")
_TAR_VALUED = frozenset("fCTXIbgHKLNV")
_TAR_HELPERS = {
    "J": "xz",
    "xz": "xz",
    "lzma": "xz",
    "j": "bzip2",
    "bzip2": "bzip2",
    "I": "",
    "use-compress-program": "",
}
_ARCHIVES = {".xz": "xz", ".txz": "xz", ".lzma": "xz", ".bz2": "bzip2", ".tbz2": "bzip2", ".tbz": "bzip2"}


def apply_rules(call: Call, step: Step, swap: Swap, needs: SlimNeeds, where: str) -> None:
    """Adds what the program of a call needs beside itself."""
    name, word = call.name, call.argv[0] or ""
    rule = _RULES.get(name) or _RULES.get(name.rstrip("0123456789.-"))
    if rule is not None:
        rule(call, step, swap, needs, where)
    elif "/" in word and (not posixpath.dirname(word).endswith(_PROGRAM_FOLDERS) or name.endswith(".sh")):
        _unseen(word, step, swap, needs, where)


def _unseen(word: str | None, step: Step, swap: Swap, needs: SlimNeeds, where: str) -> None:
    """A script or program of the user, unless the caller has looked into it."""
    if word is None:
        needs.doubt(f"{where}: what a script of a name known only at run time calls is not looked at")
    elif step.absolute(word) not in swap.seen:
        needs.doubt(f"{where}: what {short(word)} calls is not looked at")


def _script(call: Call, step: Step, swap: Swap, needs: SlimNeeds, where: str) -> None:
    """A shell that runs a file or what a pipe hands it."""
    operands = [word for word in call.argv[1:] if word is None or word[:1] not in ("-", "+")]
    handed = any(word and word.startswith("-") and word[-1] == "c" for word in call.argv[1:])
    if handed:
        return
    reads = any(word and word[0] == "-" != word[1:2] and "s" in word for word in call.argv[1:])
    if operands and not reads:
        _unseen(operands[0], step, swap, needs, where)
    elif call.piped or reads:
        needs.doubt(f"{where}: `{call.name}` runs what a pipe hands it, which is not looked at")


def _source(call: Call, step: Step, swap: Swap, needs: SlimNeeds, where: str) -> None:
    if len(call.argv) > 1 and not f"/{call.argv[1]}".endswith(_SETTERS):
        _unseen(call.argv[1], step, swap, needs, where)


def _tar(call: Call, step: Step, swap: Swap, needs: SlimNeeds, where: str) -> None:
    """tar runs xz and bzip2 (gzip is there): told by an option, or by the name of the archive."""
    brings_programs(call, step, swap, needs, where)
    words, helpers, unknown = call.argv[1:], set[str](), False
    for at, word in enumerate(words):
        if word is None:
            unknown = True
            continue
        helpers |= {_TAR_HELPERS[char] for char in _bundle(word, at) if char in "Jj"}
        option, _, value = word[2:].partition("=") if word.startswith("--") else ("", "", "")
        if option in _TAR_HELPERS and option != "I":
            helpers.add(_TAR_HELPERS[option] or posixpath.basename(value.split(" ")[0]))
        elif word == "-I" and at + 1 < len(words):
            helpers.add(posixpath.basename((words[at + 1] or "").split(" ")[0]))
        helpers |= {helper for ending, helper in _ARCHIVES.items() if word.endswith(ending)}
    for helper in sorted(helpers):
        package = swap.program(helper)
        if package:
            needs.want(package, f"{where}: tar calls {helper}")
    told = helpers or any(word and (word.endswith((".gz", ".tgz", ".tar")) or _gzip(word)) for word in words)
    if unknown and not told and swap.program("xz"):
        needs.doubt(f"{where}: the archive's name is not known, and tar may need xz-utils or bzip2 for it")


def _bundle(word: str, at: int) -> str:
    """The one-letter options of a word of tar, up to the first that takes a value."""
    letters = word if at == 0 and word[:1] != "-" else word[1:] if word[:1] == "-" != word[1:2] else ""
    end = next((index for index, char in enumerate(letters) if char in _TAR_VALUED), len(letters))
    return letters[:end] if letters[:end].isalpha() else ""


def _gzip(word: str) -> bool:
    """True where a word of tar says that the archive needs neither xz nor bzip2."""
    return word in ("--gzip", "--zstd") or (
        not word.startswith("--") and "z" in word and not set(word) - set("-xzcvfptk")
    )


def _gnupg(call: Call, step: Step, swap: Swap, needs: SlimNeeds, where: str) -> None:
    package = swap.missing("gnupg")
    if package:
        needs.want(package, f"{where}: {call.name} calls gpg and dirmngr")


def _perl(call: Call, step: Step, swap: Swap, needs: SlimNeeds, where: str) -> None:
    """Slim has the interpreter and the few modules of perl-base."""
    if not swap.missing("perl") or (call.argv[0] or "").startswith("/usr/local/") or "perl" in swap.programs:
        return
    words = call.argv[1:]
    code = False
    for at, word in enumerate(words):
        if word is None:
            needs.want("perl", f"{where}: perl runs what is only known at run time")
        elif word.startswith(("-M", "-m")):
            module = word[2:].lstrip("-").partition("=")[0]
            if module not in swap.gap.perl_base:
                needs.want("perl", f"{where}: perl loads {short(module)}")
        elif word.startswith("-") and word[-1:] in ("e", "E"):
            code = True
            _perl_code(words[at + 1] if at + 1 < len(words) else "", swap, needs, where)
        elif not word.startswith("-") and not code:
            needs.want("perl", f"{where}: perl runs {short(word)}, whose modules are not looked at")
            return


def _perl_code(text: str | None, swap: Swap, needs: SlimNeeds, where: str) -> None:
    """Modules that a one-liner names by `use` or `require`."""
    words = (text or "").replace(";", " ").replace("{", " ").replace("(", " ").split()
    for before, module in pairwise(words):
        if before in ("use", "require", "no") and module[:1].isalpha() and module not in swap.gap.perl_base:
            needs.want("perl", f"{where}: perl loads {short(module)}")


def apt_words(argv: tuple[str | None, ...]) -> tuple[str, tuple[str, ...]]:
    """The verb of an apt command ("" when it has none) and the known words behind it that are no options."""
    found: list[str] = []
    skipped = False
    for word in argv[1:]:
        if skipped or word is None or word.startswith("-"):
            skipped = not skipped and word in _APT_VALUED
        elif word:
            found.append(word)
    return (found[0], tuple(found[1:])) if found else ("", ())


def _apt(call: Call, step: Step, swap: Swap, needs: SlimNeeds, where: str) -> None:
    """Debian's installer: manual pages that slim has no folder for, and removal of what is not there."""
    verb, packages = apt_words(call.argv)
    prefixes = slim_suites().man_pages.get(swap.suite, ())
    if verb == "install" and prefixes and "/usr/share/man" not in step.instruction.text:
        odd = next((name for name in packages if name.startswith(prefixes)), None)
        if odd is not None:
            needs.veto(
                f"{where}: {odd} does not install on slim images of {swap.suite}, which lack /usr/share/man/man1"
            )
    if verb in ("remove", "purge", "autoremove"):
        for name in packages:
            if swap.missing(name.rstrip("-+")):
                needs.doubt(f"{where}: `{call.name} {verb}` takes away {name}, which slim does not have")


def _dpkg(call: Call, step: Step, swap: Swap, needs: SlimNeeds, where: str) -> None:
    """dpkg fetches no dependency: those of the file may have been in the full image by chance."""
    if not any(word in ("-i", "--install", "--unpack") for word in call.argv[1:]):
        return
    if not _mends(step.instruction.text):
        needs.veto(f"{where}: what the packages that `dpkg` installs depend on may be in the full image only")


def _mends(text: str) -> bool:
    """True where `apt-get --fix-broken install` stands in the same instruction, which fetches what is missing."""
    in_apt = False
    for word in text.replace(";", " ; ").split():
        if word in ("apt-get", "apt"):
            in_apt = True
        elif word in ("&&", "||", ";", "|"):
            in_apt = False
        elif in_apt and (word == "--fix-broken" or (word[:1] == "-" != word[1:2] and "f" in word)):
            return True
    return False


_RULES: dict[str, Callable[[Call, Step, Swap, SlimNeeds, str], None]] = {
    ".": _source,
    "apt": _apt,
    "apt-get": _apt,
    "apt-key": _gnupg,
    "dirmngr": _gnupg,
    "dpkg": _dpkg,
    "gpg": _gnupg,
    "perl": _perl,
    "source": _source,
    "tar": _tar,
    **dict.fromkeys(SHELLS, _script),
    **FETCH_RULES,
    **COMPILE_RULES,
}
