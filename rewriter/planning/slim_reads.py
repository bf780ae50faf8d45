"""What a stage relies on that no package brings back on slim: documentation, debuggers, and what was copied into it.

Slim images leave documentation, manual pages and translations out, of their own packages and of all that apt installs
later, because dpkg is told so. Source: debuerreotype scripts/.slimify-excludes and .slimify-includes, commit 7de510f
(2026-06-05).
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from rewriter.ecosystems.installs import installs_of
from rewriter.manifests.needs import slim_needs as dependency_needs
from rewriter.model.run import Step
from rewriter.model.stages import Stage
from rewriter.planning.declared import declared_by
from rewriter.planning.swap import Base, version_of
from rewriter.situation import Situation
from rewriter.userland.slim_words import word_paths

_LEFT_OUT = ("/usr/share/doc", "/usr/share/info", "/usr/share/linda", "/usr/share/locale", "/usr/share/man")
_KEPT = tuple(f"/usr/share/locale/{name}" for name in "all_languages currency l10n languages locale.alias".split())
_READERS = frozenset("apropos info man whatis".split())
_WRITERS = frozenset("cp install ln mv".split())
"""Commands whose last word is what they write."""
_DEBUGGERS = frozenset("dlv gdb gdbserver lldb lldb-server ltrace perf strace valgrind".split())
_BUILDERS = frozenset("cabal stack".split())
_BUILDING = frozenset("build install new-build new-install v2-build v2-install test bench run exec".split())
_PROJECTS = ("pyproject.toml", "setup.py", "setup.cfg")
_ASKS_GIT = re.compile(rb"setuptools[-_]scm|hatch-vcs|versioneer|dynamic-versioning|dunamai|versioningit|\bpbr\b")
_UNTRANSLATED = frozenset({"C", "POSIX", "en"})


def documentation_read(step: Step) -> str | None:
    """What a command reads of the documentation that slim images leave out, as a clause; None for nothing."""
    if step.name in _READERS:
        return f"`{step.name}` reads documentation, which slim images leave out of every package"
    written = step.absolute(step.argv[-1] or "") if step.name in _WRITERS else None
    for path in word_paths(step):
        folder = next((name for name in _LEFT_OUT if f"{path}/".startswith(f"{name}/")), None)
        kept = path.startswith(_KEPT) or (folder == "/usr/share/doc" and path.endswith("/copyright"))
        if folder is not None and not kept and path != written:
            return f"`{step.name}` names {path}, and slim images leave {folder} out of every package"
    return None


def compiled_unseen(step: Step) -> str | None:
    """A builder whose dependencies are not read here and compile against headers; None for none."""
    if step.name in _BUILDERS and _BUILDING.intersection(word for word in step.argv[1:] if word):
        return f"which headers of the full image `{step.name}` compiles with is not known"
    return None


def debugger_started(step: Step) -> str | None:
    """The debugger or tracer that a start command runs: who works in such an image needs more than is seen."""
    return step.name if step.name in _DEBUGGERS else None


def untranslated(stage: Stage) -> Iterator[str]:
    """The variables that ask for a language whose translations slim images leave out."""
    for name in ("LANG", "LANGUAGE", "LC_ALL", "LC_MESSAGES"):
        value = stage.final_state.env.get(name) or ""
        if value and value.replace(".", "_").partition("_")[0] not in _UNTRANSLATED:
            yield f"ENV {name}={value}: slim images leave the translations of packages out"


def version_from_git(situation: Situation) -> str | None:
    """The file of a Python project whose build asks git for its version, where a stage installs it; None for none."""
    context, stage = situation.context, situation.model.final
    for install in installs_of(situation.go(stage)):
        folder = install.folder(situation.files(stage)) if install.declared and install.ecosystem == "pypi" else None
        for name in _PROJECTS if folder is not None and context is not None else ():
            path = posixpath.join(folder or "", name)
            if context is not None and _ASKS_GIT.search(context.read(path) or b""):
                return path
    return None


@dataclass(slots=True)
class Copied:
    """What dependencies need that other stages installed. ``doubts``: (fact, where)."""

    packages: dict[str, str] = field(default_factory=dict)
    doubts: list[tuple[str, str]] = field(default_factory=list)


def copied_needs(situation: Situation, base: Base, suite: str) -> Copied:
    """What a stage needs at run time for the dependencies that the stages it copies from install.

    A module that is compiled elsewhere still loads its libraries here (``COPY --from=wheels /install /usr/local``).
    """
    found = Copied()
    for source in _sources(situation.model.final):
        declared = declared_by(situation, base, situation.go(source))
        name = source.name or str(source.index)
        for fact, where in declared.unseen:
            text = f"{fact} in the stage {name}: whether it loads a library that slim lacks could not be seen"
            found.doubts.append((text, where))
        if not declared.manifests:
            continue
        needs = dependency_needs(declared.manifests, image=base.facts.name, suite=suite, version=version_of(base))
        for package, reason in needs.run.items():
            found.packages.setdefault(package, f"{reason}, and comes from the stage {name}")
        for remark in (*needs.refusals, *needs.doubts):
            if remark.phase != "build":
                found.doubts.append((f"{remark} (stage {name})", remark.where))
    return found


def _sources(stage: Stage) -> tuple[Stage, ...]:
    """The stages whose files reach a stage by COPY, directly or by way of others, each once."""
    own = stage.lineage
    found: dict[int, Stage] = {}
    todo = [source for each in own for source in each.sources]
    while todo:
        source = todo.pop(0)
        if source.index not in found and source not in own:
            found[source.index] = source
            todo += [inner for each in source.lineage for inner in each.sources]
    return tuple(found.values())
