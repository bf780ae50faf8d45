"""What a command that is not Debian's own needs on Alpine: packages, or the word for which it cannot be taken over."""

from __future__ import annotations

from dataclasses import replace

from rewriter.facts.packages import program_apk
from rewriter.model.run import Step
from rewriter.userland.alpine import APPLETS, PACKAGES, REFUSED, echo_gap, option_gap
from rewriter.userland.bash_words import BUILTINS, bash_only
from rewriter.userland.gnu import ANY, GNU, MORE, SHELL_WORDS, find_gap

ZONES = "/usr/share/zoneinfo"
_SCRIPTS = frozenset({"sh", "bash", "dash", "source", ".", "eval", "su"})
_LIBRARIES = frozenset({"/lib", "/usr/lib", "/usr/local/lib"})


def alpine_needs(step: Step, installed: frozenset[str], family: str = "debian") -> str | tuple[str, ...]:
    """The packages that a command needs on Alpine beside those that are installed, or why it cannot be taken over.

    `family` is that of the image that it comes from: on Red Hat's, /bin/sh is bash.
    """
    if not step.argv:
        return _shell_needs(step, installed, family)
    if not step.name:
        raw = step.command.words[0].raw if step.command and step.command.words else "a command"
        return f"`{raw}` is only known at run time"
    if step.name == "sudo":
        return _behind_sudo(step, installed, family)
    shell = _shell_needs(step, installed, family)
    if isinstance(shell, str):
        return shell
    program = _program_needs(step, installed)
    if isinstance(program, str):
        return program
    zones = ("tzdata",) if any(word and ZONES in word for word in step.argv[1:]) else ()
    found = dict.fromkeys((*shell, *program, *zones))
    return tuple(package for package in found if package not in installed)


def _shell_needs(step: Step, installed: frozenset[str], family: str) -> str | tuple[str, ...]:
    """bash where it is named; elsewhere what only bash reads is told."""
    name = step.interpreter.rpartition("/")[2]
    if name == "bash":
        return () if "bash" in installed else ("bash",)
    if step.command is None or family != "rhel":
        return ()
    odd = bash_only(step.command)
    return f"`{odd}` is only known to bash, and Alpine's sh is another shell" if odd else ()


def _behind_sudo(step: Step, installed: frozenset[str], family: str) -> str | tuple[str, ...]:
    start = 1
    while start < len(step.argv) and step.argv[start] in ("-E", "-n", "-H", "--"):
        start += 1
    if start >= len(step.argv) or step.argv[start] is None or (step.argv[start] or "").startswith("-"):
        return "`sudo` is called with options that are not known here"
    inner = alpine_needs(replace(step, argv=step.argv[start:]), installed, family)
    if isinstance(inner, str) or "sudo" in installed:
        return inner
    return ("sudo", *inner)


def _program_needs(step: Step, installed: frozenset[str]) -> str | tuple[str, ...]:
    name = step.name
    if name in REFUSED:
        return f"`{name}` {REFUSED[name]}"
    if name in _SCRIPTS:
        return f"`{name}` runs a script whose commands are not looked at here"
    if name == "ldconfig":
        return _ldconfig(step)
    if name in BUILTINS and step.interpreter.endswith("bash"):
        return ()
    if name in ("pip", "pip3") and "install" in step.argv and "py3-pip" in installed:
        if "--break-system-packages" not in step.argv and not step.variables.get("PIP_BREAK_SYSTEM_PACKAGES"):
            return f"`{name} install` is refused by Alpine's own Python outside of a virtual environment"
        return ()
    if name == "ln" and (taken := _taken_place(step)):
        return f"`{taken}` may be there already on Alpine, or lie elsewhere"
    if name in APPLETS or name in MORE:
        return _applet_needs(step, name, installed)
    package = PACKAGES.get(name) or program_apk(name)
    if package is not None:
        return (package,)
    if name in installed:
        return ()
    return f"`{name}` is not known to work the same on Alpine"


def _applet_needs(step: Step, name: str, installed: frozenset[str]) -> str | tuple[str, ...]:
    """Nothing where busybox is enough, or the full program is there; else the package that has it."""
    full = GNU.get(name)
    if name == "echo":
        return () if step.interpreter.endswith("bash") else echo_gap(step) or ()
    if name in SHELL_WORDS or (full is not None and full in installed):
        return ()
    if name == "find":
        gap = find_gap(step.argv)
    elif name in APPLETS:
        gap = option_gap(step, name) or ""
    else:
        gap = _odd_option(step, MORE[name])
    if not gap:
        return ()
    if full is not None:
        return (full,)
    return gap if gap.startswith("`") else f"`{name} {gap}` is not known to busybox"


def _odd_option(step: Step, allowed: str) -> str:
    """The first option that busybox does not know."""
    if allowed == ANY:
        return ""
    for word in step.argv[1:]:
        if word is None or not word.startswith("-") or len(word) == 1 or word == "--":
            continue
        letters = word[1:].rstrip("0123456789")
        if word.startswith("--") or not set(letters) <= set(allowed):
            return word
    if step.name == "ps" and len(step.argv) > 1 and step.argv[1] is not None and not step.argv[1].startswith("-"):
        return step.argv[1]  # `ps aux`: other columns
    return ""


def _ldconfig(step: Step) -> str | tuple[str, ...]:
    """musl looks into its folders anew each time: the call does nothing there, and does not need to."""
    folders = [word for word in step.argv[1:] if word is None or not word.startswith("-")]
    odd = next((word for word in folders if word is None or word.rstrip("/") not in _LIBRARIES), "")
    if odd != "":
        return f"`ldconfig {odd or '…'}` names a folder that musl does not look into"
    return ()


_SHELL_FILES = frozenset({"/bin/sh", "/bin/bash", "/usr/bin/sh"})
_PROGRAM_FOLDERS = ("/usr/bin/", "/bin/", "/usr/sbin/", "/sbin/")


def _taken_place(step: Step) -> str:
    """The link that `ln` makes where packages put their programs, or the Debian file that it leads to."""
    words = [word for word in step.argv[1:] if word]
    forced = any(word.startswith("-") and "f" in word for word in words)
    operands = [word for word in words if not word.startswith("-")]
    if operands and operands[-1].startswith(_PROGRAM_FOLDERS) and (not forced or operands[-1] in _SHELL_FILES):
        return operands[-1]
    return next(
        (word for word in operands[:-1] if word in ("/usr/bin/nodejs", "/usr/bin/fdfind", "/usr/bin/batcat")), ""
    )
