"""apt-get, apt, yum, dnf and microdnf in the words of apk."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rewriter.facts.packages import Droppable, Mapped, apk_for, group_packages
from rewriter.userland.carried import Refusal
from rewriter.userland.installers import APT, YUM, Manager, takes_value, tolerated

if TYPE_CHECKING:
    from rewriter.userland.run_words import RunWords
    from rewriter.userland.words import Words

MANAGERS: dict[str, Manager] = dict.fromkeys(("apt-get", "apt"), APT) | dict.fromkeys(("yum", "dnf", "microdnf"), YUM)
# Without --no-install-recommends apt also brings what these recommend; downloads over https rely on the certificates.
_NEEDS_CERTIFICATES = frozenset({"curl", "wget", "git"})
_RECOMMENDED = {
    "git": "openssh-client, less and patch",
    "python3-pip": "build-essential and python3-dev",
    "gnupg": "dirmngr and gpg-agent",
}


def manage(run: RunWords, words: Words) -> bool:
    """Translates one call of a package manager in place; True when it is to be taken out. Raises Refusal."""
    manager = MANAGERS[words.name]
    options, verb, operands = _split(words, manager)
    if verb is None:
        raise Refusal(f"`{words.name}` is called without a command")
    place, name = verb
    if name in manager.upgrades and not operands:
        run.assume(f"`{words.name} {name}` is left out: updates come with a newer base image", words.command)
        return True
    if name in manager.dropped:
        return True
    if name in manager.installs:
        return _install(run, words, manager, options, place, operands, group=name in manager.groups)
    if name in manager.removes:
        return _remove(run, words, manager, options, place, operands)
    raise Refusal(f"`{words.name} {name}` cannot be carried over")


def _split(
    words: Words, manager: Manager
) -> tuple[list[tuple[int, str]], tuple[int, str] | None, list[tuple[int, str]]]:
    """Options with their places, the command word, and the operands (places with values)."""
    options: list[tuple[int, str]] = []
    verb: tuple[int, str] | None = None
    operands: list[tuple[int, str]] = []
    value = False
    ended = False
    for place in range(words.first + 1, len(words.all)):
        known = words.values[place]
        if value:
            value = False
            options.append((place, f"={words.known(place)}"))
        elif known is not None and known.startswith("-") and len(known) > 1 and not ended:
            options.append((place, known))
            value = takes_value(manager, known)
            ended = known == "--"
        elif verb is None:
            verb = (place, words.known(place))
        elif any(char in words.all[place].raw for char in "$`"):
            raise Refusal(f"`{words.all[place].raw}` in its package list is only known at run time")
        else:
            operands.append((place, known if known is not None else words.all[place].raw))
    return options, verb, operands


def _install(
    run: RunWords,
    words: Words,
    manager: Manager,
    options: list[tuple[int, str]],
    verb: int,
    operands: list[tuple[int, str]],
    group: bool,
) -> bool:
    recommends = _take_options(words, manager, options) and manager.recommends
    present = {value for _, value in operands}
    written: dict[str, None] = {}
    kept = False
    for place, value in operands:
        names = _named(run, words, manager, value, group)
        if recommends and value in _NEEDS_CERTIFICATES and "ca-certificates" not in present | run.target.has:
            names = (*names, "ca-certificates")
        if recommends and value in _RECOMMENDED:
            run.assume(f"apt also installed what {value} recommends: {_RECOMMENDED[value]}", words.command)
        fresh = [name for name in names if name not in written]
        written.update(dict.fromkeys(fresh))
        run.install(names, value, words.command)
        if fresh != [value]:
            words.put(place, *fresh)
        kept = kept or bool(fresh)
    if not kept:
        return True
    _head(words, verb, "add", "--update-cache" if run.cached else "--no-cache")
    return False


def _named(run: RunWords, words: Words, manager: Manager, value: str, group: bool) -> tuple[str, ...]:
    """The Alpine packages of one operand. Raises Refusal with the word."""
    if group or value.startswith("@"):
        found = group_packages(value.removeprefix("@"))
        if found is None:
            raise Refusal(f"the group `{value}` is not known on Alpine")
        run.package(f"the group {value} is {' '.join(found)} on Alpine", "assumed")
        return found
    if odd := _odd_operand(value, manager):
        raise Refusal(f"`{value}` {odd}")
    answer = apk_for(value, run.target.release, run.target.family)
    if isinstance(answer, Mapped):
        note = f" ({answer.note})" if answer.note and answer.certainty == "assumed" else ""
        run.package(f"{manager.label} package {value} is {' '.join(answer.names)} on Alpine{note}", answer.certainty)
        return answer.names
    if isinstance(answer, Droppable):
        run.package(f"{manager.label} package {value} is not needed on Alpine: {answer.reason}", answer.certainty)
        return ()
    raise Refusal(f"the package `{value}` {answer.reason}")


def _odd_operand(value: str, manager: Manager) -> str:
    """What is wrong with an operand that no package's name can be."""
    if "/" in value or value.endswith((".deb", ".rpm")):
        return "is a file or names a suite, which apk cannot install"
    if "=" in value:
        return "pins a version, which apk does not have"
    if ":" in value:
        return "names an architecture"
    if manager is YUM and value.endswith((".i686", ".i386", ".x86_64", ".noarch", ".aarch64")):
        return "names an architecture"
    if any(char in value for char in "*?[^<>"):
        return "is a pattern"
    return ""


def _remove(
    run: RunWords,
    words: Words,
    manager: Manager,
    options: list[tuple[int, str]],
    verb: int,
    operands: list[tuple[int, str]],
) -> bool:
    """Deletes what this RUN has added; what the image does not have, or what others may need, stays."""
    _take_options(words, manager, options)
    gone: list[str] = []
    for place, value in operands:
        if odd := _odd_operand(value, manager):
            raise Refusal(f"`{value}` {odd}")
        answer = apk_for(value, run.target.release, run.target.family)
        names = answer.names if isinstance(answer, Mapped) else ()
        fresh = run.delete(names, value)
        if names and not fresh and not any(name in run.owners for name in names):
            run.assume(f"`{value}` is not removed: no package of Alpine was installed for it here", words.command)
        gone += fresh
        if fresh != [value]:
            words.put(place, *fresh)
    if not gone:
        return True
    if not any(value in ("--auto-remove", "--autoremove") for _, value in options) and not run.autoremoves:
        run.assume("`apk del` also takes the libraries that nothing else needs, which apt would keep", words.command)
    _head(words, verb, "del")
    return False


def _take_options(words: Words, manager: Manager, options: list[tuple[int, str]]) -> bool:
    """Takes all options out; True when recommended packages come too. Raises Refusal for one that is not known."""
    recommends = True
    for index, (place, value) in enumerate(options):
        following = options[index + 1][1] if index + 1 < len(options) else ""
        if not value.startswith("="):
            verdict = tolerated(manager, value, following.removeprefix("=") if following.startswith("=") else "")
            if verdict is None:
                raise Refusal(f"`{value}` of `{words.name}` cannot be carried over")
            recommends = recommends and verdict
        words.put(place)
    return recommends


def _head(words: Words, verb: int, command: str, *options: str) -> None:
    words.put(words.first, "apk")
    words.put(verb, command, *options)
