"""What the apt lines of a stage tell: what they rely on in the full image, and that something is compiled."""

from __future__ import annotations

from collections.abc import Iterable

from rewriter.model.run import Step
from rewriter.model.stages import Stage
from rewriter.planning.need_types import Declared
from rewriter.userland.slim import Swap, installed_by

_APT = frozenset({"apt", "apt-get", "aptitude"})
_YES = frozenset({"-y", "--yes", "--assume-yes", "-qq", "-yq", "-qy", "-yqq", "-qqy", "--force-yes"})
_COMPILERS = frozenset({"gcc", "g++", "build-essential", "clang", "cc"})
_COMPILING = frozenset({"npm", "pypi", "rubygems"})
"""Registries whose packages may compile where they are installed."""


def relied_on_apt(steps: Iterable[Step], swap: Swap) -> list[str]:
    """Installs that succeed on the full image because what they ask for is there already."""
    found: list[str] = []
    updated = False
    for step in steps:
        if step.name not in _APT:
            continue
        words = {word for word in step.argv if word}
        updated = updated or "update" in words
        where = f"line {step.instruction.line}"
        if "install" in words and not updated and swap.layers and None in step.argv:
            found.append(f"{where}: what is installed without `{step.name} update` may be in the full image already")
            continue
        lost = next((name for name in sorted(installed_by(step)) if swap.gap.lost(name, swap.layers)), None)
        if lost is None:
            continue
        if not updated:
            found.append(f"{where}: {lost} is installed without `{step.name} update`: the full image has it already")
        elif not (words & _YES or any(w.startswith("-") and not w.startswith("--") and "y" in w for w in words)):
            found.append(f"{where}: {lost} is installed without -y: the full image has it already, and asks nothing")
    return found


def compiled_gems(stage: Stage, steps: Iterable[Step], declared: Declared) -> list[str]:
    """Gems that are compiled although they have binaries, and gems that could not be seen: most files have one."""
    forced = bool(stage.final_state.env.get("BUNDLE_FORCE_RUBY_PLATFORM"))
    words = {word for step in steps if step.name == "bundle" for word in step.argv if word}
    if forced or any("force_ruby_platform" in word for word in words):
        return ["all gems are compiled (force_ruby_platform), and what each needs for that is not known"]
    seen = any(manifest.ecosystem == "rubygems" for manifest in declared.manifests)
    unseen = next((where for fact, where in declared.unseen if "`bundle`" in fact), None)
    return [] if seen or unseen is None else [f"which gems are compiled could not be seen ({unseen})"]


def compilers(steps: Iterable[Step], declared: Declared) -> dict[str, str]:
    """The compiler that the full image had, where headers are installed for something to compile against."""
    installed: dict[str, str] = {}
    bare = False
    for step in steps:
        names = installed_by(step)
        installed.update(dict.fromkeys(names, f"line {step.instruction.line}"))
        bare = bare or ("gcc" in names and "libc6-dev" not in names)
    headers = next((name for name in sorted(installed) if name.endswith("-dev")), None)
    if headers is None or not declared.ecosystems & _COMPILING:
        return {}
    if not installed.keys() & _COMPILERS:
        return {"build-essential": f"{installed[headers]} installs {headers} for something to compile against"}
    if bare and not installed.keys() & {"g++", "build-essential", "libc6-dev"}:
        return {"libc6-dev": "gcc is installed without what it recommends"}
    return {}
