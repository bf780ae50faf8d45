"""What a command needs on a slim image that the full one had by standing on buildpack-deps.

`layers` says what the full image has (`curl`, `scm`, `full`, `go`: see rewriter/facts/slim_gap.py). `own` are packages
that the slim image has by its own recipe, `installed` those that earlier apt-get lines of the stage install. `programs`
are those that the image itself brings in every variant (python3 of a python image lies in /usr/local/bin). `seen` are
absolute paths of scripts and programs that the caller has looked into itself, so that no doubt is raised for them.

Compiling is decided so: what a compiler, a Makefile or a configure script will ask for cannot be read from the command,
and the full image answers with some sixty -dev packages. So it is a veto, but for two cases: where the stage itself
installs a compiler and a -dev package by apt, its author has listed what is needed, and a doubt is left; and cargo and
rustc only need a linker. What package managers fetch (`pip install -r`, `npm ci`, `bundle install`) is asked of the
manifests elsewhere; only what the command line itself names is looked at here.
"""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rewriter.facts.slim_gap import COMPUTED, slim_gap, slim_suites
from rewriter.userland.slim_calls import Call, Unread, calls
from rewriter.userland.slim_rules import apply_rules, apt_words
from rewriter.userland.slim_words import library_globs, short, word_paths

if TYPE_CHECKING:
    from rewriter.facts.slim_gap import SlimGap
    from rewriter.model.run import Step

_BUILTINS = frozenset(
    ": . [ alias bg break cd command continue declare dirs echo eval exec exit export false fc fg getopts hash help "
    "jobs kill let local popd printf pushd pwd read readonly return set shift shopt source test times trap true type "
    "typeset ulimit umask unalias unset wait".split()
)
OLD_SUITES = frozenset({"squeeze", "wheezy", "jessie", "stretch", "buster"})
_OLD_NETWORK = {
    **dict.fromkeys(("ping", "ping4", "ping6"), "iputils-ping"),
    **dict.fromkeys(
        "ip ss tc bridge rtacct rtmon routef routel lnstat nstat ifstat rtstat ctstat arpd".split(), "iproute2"
    ),
}
"""Programs of the packages that full images up to buster hold above the minimum. Source: debuerreotype,
examples/debian.sh: "Debian 10 and older non-slim images included both ping and ip above minbase" (2026-06)."""
# A version in a name of a package, and so in those of its programs: gcc-12, python3.11-minimal, imagemagick-6.q16.
_VERSIONED = re.compile(r"\d\.\w|-\d+$|-\d+-")


@dataclass(slots=True)
class SlimNeeds:
    """What must be added (package -> reason), what forbids the swap, what could not be told; each once."""

    packages: dict[str, str] = field(default_factory=dict)
    vetoes: list[str] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)

    def want(self, package: str, reason: str) -> None:
        """Adds a package once; the first reason stays."""
        self.packages.setdefault(package, reason)

    def veto(self, text: str) -> None:
        """Adds a veto once."""
        if text not in self.vetoes:
            self.vetoes.append(text)

    def doubt(self, text: str) -> None:
        """Adds a doubt once."""
        if text not in self.doubts:
            self.doubts.append(text)

    def add(self, other: SlimNeeds) -> None:
        """Takes over what another command needs."""
        for package, reason in other.packages.items():
            self.want(package, reason)
        for text in other.vetoes:
            self.veto(text)
        for text in other.doubts:
            self.doubt(text)


class Swap:
    """A stage that goes from full to slim: what it loses, and what it has all the same."""

    def __init__(
        self,
        layers: frozenset[str],
        suite: str,
        own: frozenset[str] = frozenset(),
        installed: frozenset[str] = frozenset(),
        programs: frozenset[str] = frozenset(),
        seen: frozenset[str] = frozenset(),
    ) -> None:
        self.gap: SlimGap = slim_gap(suite)
        self.layers = layers
        self.suite = suite
        self.installed = frozenset(_plain(name) for name in installed)
        self.programs = programs
        self.seen = seen
        self.have = self.gap.closure(own | self.installed)

    def missing(self, package: str) -> str:
        """The package to ask for where one of the layers is gone; "" when it was not lost, or is there all the same."""
        if not self.gap.lost(package, self.layers) or package in self.have:
            return ""
        instead = self.gap.packages[package].instead
        return "" if instead in self.have else instead

    def program(self, name: str) -> str | None:
        """See `slim_package`."""
        older = slim_suites().programs.get((self.suite, name), "")
        if older:
            return older if {"scm", "full", "go"} & self.layers and older not in self.have else ""
        owner = self.gap.programs.get(name, "")
        package = self.missing(owner) if owner else ""
        if package and not slim_computed(self.suite) and _VERSIONED.search(owner) and re.search(r"\d", name):
            return None
        return package


def _plain(package: str) -> str:
    """The name in `git=1:2.39`, `git/bookworm` and `libc6:arm64`."""
    return package.partition("=")[0].partition("/")[0].partition(":")[0]


def slim_computed(suite: str) -> bool:
    """Whether the suite has a table of its own; otherwise the nearest speaks for it, and every answer is assumed."""
    return suite in COMPUTED


def archived(suite: str) -> bool:
    """Whether `apt-get update` fails in images of the suite, because it lies on archive.debian.org only.

    Read from the answers of the Debian archive on 2026-11-26 (see data/slim/suites.txt). False for suites that are not
    Debian's.
    """
    return suite in slim_suites().archived


def slim_package(program: str, layers: frozenset[str], suite: str) -> str | None:
    """The Debian package that brings back a program (its base name) which the slim variant lacks.

    "" when it was not lost: it is in the slim image as well, or it came from elsewhere. None when it was lost and no
    package is known to bring it back: programs with a version in their name (`gcc-12`, `python3.11`) on a suite that
    has no table, where another version stands.
    """
    return Swap(layers, suite).program(program)


def installed_by(step: Step) -> frozenset[str]:
    """The packages that a step installs by apt, as far as its words are known: `installed` of the steps behind it."""
    found: set[str] = set()
    for call in calls(step):
        if isinstance(call, Call) and call.name in ("apt", "apt-get", "aptitude"):
            verb, words = apt_words(call.argv)
            found |= {_plain(word) for word in words if verb == "install" and word[0] not in "./" and word[-1] != "-"}
            if "gcc" in found and "--no-install-recommends" not in call.argv:
                found.add("libc6-dev")  # which gcc recommends
    return frozenset(found - {""})


def slim_unasked(
    layers: frozenset[str], suite: str, own: frozenset[str] = frozenset(), installed: frozenset[str] = frozenset()
) -> SlimNeeds:
    """What programs use without any command naming it: certificates, names of services, types of files.

    Both images have tzdata, and no locale but C.UTF-8: neither is lost.
    """
    swap, needs = Swap(layers, suite, own, installed), SlimNeeds()
    if swap.missing("ca-certificates"):
        needs.want("ca-certificates", "programs that open TLS connections read /etc/ssl/certs")
    data = [name for name in ("netbase", "media-types", "shared-mime-info", "fonts-dejavu-core") if swap.missing(name)]
    if data:
        what = "who looks up ports by name, tells the type of a file or draws text may miss it"
        needs.doubt(f"slim lacks {', '.join(data)}: {what}")
    return needs


def slim_needs(
    step: Step,
    layers: frozenset[str],
    suite: str,
    own: frozenset[str] = frozenset(),
    installed: frozenset[str] = frozenset(),
    programs: frozenset[str] = frozenset(),
    seen: frozenset[str] = frozenset(),
) -> SlimNeeds:
    """What one command needs on the slim image. See the module for the parameters."""
    swap, needs = Swap(layers, suite, own, installed, programs, seen), SlimNeeds()
    where = f"line {step.instruction.line}"
    called = calls(step)
    _old_network(called, swap, needs, where)
    if not layers:
        for call in called:
            if isinstance(call, Call) and call.name in ("apt", "apt-get", "aptitude"):
                apply_rules(call, step, swap, needs, where)
        return needs
    if any(flag.name == "mount" and "type=ssh" in (flag.value or "") for flag in step.instruction.flags):
        for package in ("openssh-client", "git"):  # what it fetches, it fetches with one of these
            if swap.missing(package):
                needs.want(package, f"{where} mounts an ssh agent")
    for call in called:
        if isinstance(call, Unread):
            needs.doubt(f"{where}: {call.reason}")
        else:
            _call(call, step, swap, needs, where)
    _paths(step, swap, needs, where)
    return needs


def _old_network(called: tuple[Call | Unread, ...], swap: Swap, needs: SlimNeeds, where: str) -> None:
    """ping and ip, which the images of Debian 10 and older have and the slim ones lack, whatever stands on them."""
    if swap.suite not in OLD_SUITES:
        return
    for call in called:
        package = _OLD_NETWORK.get(call.name, "") if isinstance(call, Call) else ""
        if isinstance(call, Call) and package and not {package, "iproute"} & swap.installed:
            needs.veto(f"{where}: `{call.name}` is not in slim images of {swap.suite}")


def _paths(step: Step, swap: Swap, needs: SlimNeeds, where: str) -> None:
    for path in word_paths(step):
        owner = swap.gap.path_package(path)
        package = swap.missing(owner)
        if package:
            needs.want(package, f"{where} names {short(path)}")
        elif path.startswith("/usr/include/") and not owner and "full" in swap.layers:
            needs.doubt(f"{where}: {short(path)} may be a header of the full image")
    for beginning in library_globs(step):
        for owner in swap.gap.libraries_from(beginning):
            package = swap.missing(owner)
            if package:
                needs.want(package, f"{where} names {beginning}*")


def _call(call: Call, step: Step, swap: Swap, needs: SlimNeeds, where: str) -> None:
    if not call.argv:
        return
    name, word = call.name, call.argv[0]
    if not name or word is None:
        needs.doubt(f"{where}: a command is only known at run time")
        return
    folder = posixpath.dirname(word)
    builtin = call.in_shell and name in _BUILTINS
    elsewhere = folder not in ("", "/usr/bin", "/bin", "/usr/sbin", "/sbin")
    package = "" if elsewhere or (not folder and (builtin or name in swap.programs)) else swap.program(name)
    if package is None:
        needs.veto(f"{where}: `{name}` is another version on {swap.suite}, and no package is known to bring it")
    elif package:
        needs.want(package, f"{where} {'asks for' if call.asked else 'calls'} {name}")
    if not call.asked:
        apply_rules(call, step, swap, needs, where)
