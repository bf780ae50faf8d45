"""What cp, mv, install, ln and rm do to the paths that they name."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rewriter.model.files import StageFiles
    from rewriter.model.run import Step


def removed_paths(step: Step) -> Iterator[str]:
    """What rm takes away; of a pattern, the folder that it starts in."""
    if step.name not in ("rm", "rmdir", "git") or (step.name == "git" and "clean" not in step.argv):
        return
    if step.name == "git":
        if step.cwd is not None:
            yield step.cwd
        return
    raws = [word.raw for word in step.command.words[-len(step.argv) + 1 :]] if step.command is not None else []
    for index, word in enumerate(step.argv[1:]):
        text = word if word is not None else re.split(r"[*?\[$`]", raws[index].strip("\"'"))[0] if raws else ""
        if text and not text.startswith("-"):
            path = step.absolute(text)
            if path is not None:
                yield path


def operands_of_install(step: Step) -> tuple[str, ...]:
    """The operands of install: -m, -o, -g and -t take the next word."""
    words = [word for word in step.argv[1:] if word is not None]
    found: list[str] = []
    while words:
        word = words.pop(0)
        if word in ("-m", "-o", "-g", "--mode", "--owner", "--group") and words:
            words.pop(0)
        elif not word.startswith("-"):
            found.append(word)
    return tuple(found)


def transfers(step: Step, files: StageFiles) -> Iterator[tuple[str, str]]:
    """(from, to) of cp, mv and install of single files."""
    if step.name not in ("cp", "mv", "install", "ln") or step.options_and_operands is None:
        return
    options, operands = step.options_and_operands
    if step.name == "install":
        operands = operands_of_install(step)
    if len(operands) < 2 or "-d" in options:
        return
    *sources, last = operands
    target = step.absolute(last)
    if target is None:
        return
    into = last.endswith("/") or len(sources) > 1 or files.is_folder_before(target, step.instruction)
    for source in sources:
        absolute = step.absolute(source)
        if absolute is not None:
            yield absolute, posixpath.join(target, posixpath.basename(source)) if into else target
