"""Paths that Debian has and Alpine is not known to have, in commands, in ENV and in where COPY goes."""

from __future__ import annotations

from rewriter.ecosystems.go import GoStage
from rewriter.model.run import Step
from rewriter.planning.file_effects import ZONES
from rewriter.planning.need_types import Known, Needs

_DEBIAN_FOLDERS = ("/usr/lib/", "/usr/share/", "/usr/include/", "/lib/", "/lib64/", "/etc/apt", "/var/lib/dpkg")
_DEBIAN_FILES = frozenset(
    "/etc/debian_version /etc/ld.so.conf /etc/bash.bashrc /etc/adduser.conf /usr/bin/chromium".split()
)
_TEXTS = tuple(f"/usr/share/{name}" for name in ("doc", "man", "info", "locale", "lintian", "linda", "common-licenses"))


def of_debian(word: str, known: Known) -> bool:
    """True for a path that only Debian is known to have, and for what names the C library of GNU."""
    if any(f"{word}/".startswith(f"{folder}/") for folder in known.folders):
        return False
    return word.startswith(_DEBIAN_FOLDERS) or word in _DEBIAN_FILES or "linux-gnu" in word


def makes_or_clears(step: Step, word: str) -> bool:
    """True for a folder that `mkdir -p` makes, and for texts that `rm -f` takes out where there are any."""
    options = "".join(option for option in step.argv[1:] if option and option.startswith("-"))
    if step.name == "mkdir":
        return "p" in options
    return step.name == "rm" and "f" in options and word.startswith(_TEXTS)


def named_folders(go: GoStage, needs: Needs, known: Known) -> None:
    """Vetoes folders of Debian in what ENV sets and in where COPY goes."""
    for stage in go.stage.lineage:
        for instruction in stage.instructions:
            words: list[str] = []
            if instruction.name == "ENV":
                words = [part for pair in instruction.pairs for part in (pair.value or "").strip("\"'").split(":")]
            elif instruction.name in ("COPY", "ADD"):
                words = [word for word in instruction.operands[-1:] if "linux-gnu" in word]
            odd = next((word for word in words if of_debian(word, known) and not word.startswith(ZONES)), None)
            if odd is not None:
                needs.vetoes.append(f"line {instruction.line}: {odd} may not exist on Alpine")
