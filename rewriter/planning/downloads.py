"""Programs that a stage fetches ready-made: most are linked to glibc, and what they are cannot be seen."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from rewriter.ecosystems.go import GoStage
from rewriter.model.files import StageFiles
from rewriter.model.run import Run, Step
from rewriter.planning.need_types import Needs
from rewriter.syntax import Instruction

_FETCHERS = frozenset({"curl", "wget", "aria2c", "axel"})
_UNPACKERS = frozenset({"tar", "unzip", "bsdtar", "7z", "cpio"})
_PLACERS = frozenset({"mv", "cp", "install", "ln"})
_BINARIES = ("/bin", "/sbin", "/usr/bin", "/usr/sbin", "/usr/local/bin", "/usr/local/sbin")
_SOFTWARE = ("/opt", "/usr", "/bin", "/sbin", "/lib")
_ARCHIVES = (".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz")
# How releases name the system that a file is for. A build for musl says so.
_MACHINE = re.compile(r"(?i)(?<![a-z])(linux|amd64|x86[_-]?64|x64|arm64|aarch64|armv7|i[36]86|glibc|gnu)(?![a-z])")
_NO_PROGRAMS = (
    *(".sha256", ".sha512", ".sha1", ".md5", ".asc", ".sig"),
    *(".txt", ".json", ".css", ".html", ".pem", ".crt", ".phar", ".jar", ".war", ".js", ".py", ".php"),
)
"""Endings of what needs no libc by itself."""
_EXECUTABLE = re.compile(r"[ugoa]*\+[rwst]*x|0?[1357]?[0-7]?[0-7]?[1357]")


def fetched_programs(go: GoStage, needs: Needs) -> None:
    """Vetoes what is fetched for one system or made executable, and doubts whatever else is fetched."""
    places = {id(run.instruction): run for run in go.runs}
    fetched = ""
    for stage in go.stage.lineage:
        for instruction in stage.instructions:
            where = f"line {instruction.line}"
            if instruction.name == "ADD" and _unpacks(instruction):
                fact = f"what {where} unpacks could not be seen: programs in it may need glibc"
                folder = instruction.operands[-1]
                (needs.vetoes if f"{folder}/".startswith(_SOFTWARE) else needs.doubts).append(fact)
            if instruction.name == "ADD" and _remote(instruction):
                fetched = where
                needs.vetoes += [f"{where}: {reason}" for reason in _added(instruction)]
            run = places.get(id(instruction))
            for step in _all_steps(run, go) if run is not None else ():
                fetched = where if step.name in _FETCHERS and _addresses(step) else fetched
                reason = _reason(step, go.files) if fetched else ""
                if reason:
                    needs.vetoes.append(f"{where}: {reason}")
                elif fetched and step.name in _UNPACKERS:
                    needs.doubts.append(f"what {fetched} fetches could not be seen: programs in it may need glibc")


def _all_steps(run: Run, go: GoStage) -> Iterator[Step]:
    """The commands of a RUN, and those of the scripts of the context that it runs."""
    for step in run.steps if isinstance(run.steps, tuple) else ():
        yield step
        if go.files.context is not None and any(word and word.endswith(".sh") for word in step.argv):
            from rewriter.planning.run_scripts import context_scripts

            for script in context_scripts(step, go.files, run.state):
                yield from script.steps


def _unpacks(instruction: Instruction) -> bool:
    return any(word.lower().endswith(_ARCHIVES) for word in instruction.operands[:-1]) and not _remote(instruction)


def _remote(instruction: Instruction) -> bool:
    return any(word.startswith(("http://", "https://", "ftp://")) for word in instruction.operands[:-1])


def _added(instruction: Instruction) -> Iterator[str]:
    for word in instruction.operands[:-1]:
        machine = built_for(word)
        if machine:
            yield f"`{_short(word)}` is built for {machine}, and may need glibc"
    if _EXECUTABLE.fullmatch(instruction.flag("chmod") or "-"):
        yield "what it fetches is made executable, and may need glibc"


def _reason(step: Step, files: StageFiles) -> str:
    if step.name in _FETCHERS:
        for word in _addresses(step):
            if machine := built_for(word):
                return f"`{_short(word)}` is built for {machine}, and may need glibc"
        return ""
    operands = [word for word in step.argv[1:] if word is not None and not word.startswith("-")]
    if step.name in _PLACERS and len(operands) > 1:
        target = step.absolute(operands[-1]) or ""
        if (target in _BINARIES or posixpath.dirname(target) in _BINARIES) and not _of_context(
            operands[0], step, files
        ):
            return f"`{step.name}` puts `{_short(operands[0])}` where programs lie, and it may need glibc"
    if step.name == "chmod" and operands and _EXECUTABLE.fullmatch(operands[0]) and "-R" not in step.argv:
        odd = next((word for word in operands[1:] if not _known(word, step, files)), None)
        if odd is not None:
            return f"`{_short(odd)}` is made executable behind a download, and may need glibc"
    return ""


def _known(word: str, step: Step, files: StageFiles) -> bool:
    """True for a file of the context, and for a folder."""
    path = step.absolute(word)
    if _of_context(word, step, files) or word.endswith(("/", "/*")):
        return True
    return path is not None and (files.kind(path) == "dir" or path == step.cwd)


def portable_copy(instruction: Instruction) -> bool:
    """True for `COPY --from=composer /usr/bin/composer …`: it is an archive of PHP code."""
    name = (instruction.flag("from") or "").partition(":")[0].rpartition("/")[2]
    return name == "composer" and tuple(instruction.operands[:-1]) == ("/usr/bin/composer",)


def portable_programs(go: GoStage) -> Iterator[str]:
    """Names under which a stage puts archives of PHP code where programs lie, and what corepack brings for node."""
    for stage in go.stage.lineage:
        if any(instruction.name == "COPY" and portable_copy(instruction) for instruction in stage.instructions):
            yield "composer"
    for run in go.runs:
        for step in run.steps if isinstance(run.steps, tuple) else ():
            words = [word for word in step.argv[1:] if word]
            if step.name == "corepack":
                yield from ("pnpm", "pnpx", "yarn", "yarnpkg")
            elif step.name == "php":
                yield from (word.partition("=")[2] for word in words if word.startswith("--filename="))
            elif step.name in _PLACERS and len(words) > 1 and words[-2].endswith(".phar"):
                yield posixpath.basename(words[-1])


def _of_context(word: str, step: Step, files: StageFiles) -> bool:
    """True for a file of the context, or for one whose name shows that it is no machine code."""
    if word.endswith(_NO_PROGRAMS):
        return True
    path = step.absolute(word)
    origin = files.origin(path) if path is not None else None
    return origin is not None and files.context is not None and files.context.kind(origin) is not None


def _addresses(step: Step) -> tuple[str, ...]:
    """The words of a command that name something on the network, as written where only run time knows them."""
    words = [word.raw for word in step.command.words] if step.command is not None else []
    values = [word for word in step.argv if word]
    return tuple(dict.fromkeys(word for word in (*values, *words) if "://" in word))


def built_for(address: str) -> str:
    """The system that an address names as the one its file is for; empty when it names none, or musl."""
    path = address.strip("\"'").partition("://")[2].partition("/")[2].partition("?")[0]
    if "musl" in path.lower() or path.endswith(_NO_PROGRAMS):
        return ""
    match = _MACHINE.search(path)
    return match.group() if match else ""


def _short(text: str) -> str:
    text = text.strip("\"'")
    return text if len(text) <= 80 else f"{text[:77]}…"
