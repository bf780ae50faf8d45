"""Which files a stage holds, as far as COPY, ADD, WORKDIR and mkdir tell."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import chain, islice

from rewriter.context import BuildContext
from rewriter.limits import LONGEST_PATH, MOST_COPIES, MOST_GLOB_LOOKS
from rewriter.model.expansion import expand_all
from rewriter.model.paths import Folders, glob
from rewriter.model.run import steps
from rewriter.model.stages import Stage
from rewriter.model.state import State
from rewriter.shell import Opaque
from rewriter.syntax import Instruction

STANDARD_FOLDERS = frozenset(
    "/ /bin /boot /dev /etc /home /lib /media /mnt /opt /proc /root /run /sbin /srv /sys /tmp /usr /usr/bin /usr/lib "
    "/usr/local /usr/local/bin /usr/local/lib /usr/local/sbin /usr/local/share /usr/sbin /usr/share /var /var/cache "
    "/var/lib /var/log /var/run /var/tmp".split()
)


@dataclass(frozen=True, slots=True)
class Copy:
    """One source of a COPY or ADD from the build context."""

    instruction: Instruction
    source: str
    """As written, cleaned, relative to the context."""
    kind: str | None
    """file, dir, or None when the context does not show it."""
    target: str | None
    """Absolute path in the image that the source becomes (a folder's content lands in it); None when unknown."""
    destination: str | None = None
    """The destination as it is written, made absolute."""


class StageFiles:
    """The files of one stage and the stages that it is built from."""

    def __init__(self, stage: Stage, context: BuildContext | None) -> None:
        self.stage = stage
        self.context = context
        self._looks = 0
        """File names that patterns were held against."""

    @cached_property
    def _walk(self) -> tuple[tuple[Copy, ...], Folders, dict[int, int]]:
        copies: list[Copy] = []
        folders = Folders(STANDARD_FOLDERS)
        moments: dict[int, int] = {}
        """When an instruction runs, by its id: what it makes is there from the next moment on."""
        for stage in self.stage.lineage:
            folders.add(stage.states[0].workdir, len(moments))
            for instruction, state in stage.numbered():
                moment = moments[id(instruction)] = len(moments)
                if instruction.name == "WORKDIR":
                    folders.add(state.after(instruction, {}, {}).workdir, moment + 1)
                elif instruction.name in ("COPY", "ADD"):
                    for copy in self._copies(instruction, state, folders, MOST_COPIES - len(copies)):
                        copies.append(copy)
                        if copy.target is not None:
                            made = copy.target if copy.kind == "dir" else posixpath.dirname(copy.target)
                            folders.add(made, moment + 1)
                elif instruction.name == "RUN":
                    for path in _made_folders(instruction, state):
                        folders.add(path, moment + 1)
        return tuple(copies), folders, moments

    @property
    def copies(self) -> tuple[Copy, ...]:
        """What COPY and ADD bring from the build context, in order."""
        return self._walk[0]

    def is_folder_before(self, path: str, instruction: Instruction) -> bool:
        """True when a path is known to be a folder before an instruction runs, or when any COPY brings it as one."""
        return self.is_made_before(path, instruction) or self.kind(path) == "dir"

    def is_made_before(self, path: str, instruction: Instruction) -> bool:
        """True when something makes the folder before an instruction runs."""
        _, folders, moments = self._walk
        since, moment = folders.since(path), moments.get(id(instruction))
        return since is not None and moment is not None and since <= moment

    def _copies(self, instruction: Instruction, state: State, folders: Folders, most: int) -> Iterator[Copy]:
        """At most so many; where there are more, one that stands for all and tells nothing."""
        if instruction.flag("from") is not None:
            return
        *words, target = expand_all(instruction.operands, state.variables, instruction.escape)
        absolute = state.absolute(target) if target is not None else None
        raw_sources = zip(instruction.operands, words, strict=False)
        named = (self._matches(word) for raw, word in raw_sources if not raw.startswith("<<"))
        sources = list(islice(chain.from_iterable(named), max(most, 0) + 1))
        if len(sources) > most:
            yield Copy(instruction, "", None, None)
            return
        for source in sources:
            if source is None:
                yield Copy(instruction, "", None, None)
                continue
            kind = self.context.kind(source) if self.context is not None else None
            if source == ".":
                kind = "dir"
            place = absolute
            if absolute is not None and target is not None and kind != "dir":
                into = (
                    target.endswith(("/", "/."))
                    or target == "."
                    or len(sources) > 1
                    or folders.since(absolute) is not None
                )
                if into and kind is None and not posixpath.splitext(source)[1]:
                    # A file lands in the folder, a folder's content becomes its content. Without the context only an
                    # extension tells them apart.
                    place = None
                elif into:
                    place = posixpath.join(absolute, posixpath.basename(source))
            unknown = instruction.flag("parents") is not None or (instruction.name == "ADD" and _unpacks(source))
            yield Copy(instruction, source, kind, None if unknown else place, absolute)

    def _matches(self, source: str | None) -> Iterator[str | None]:
        """The paths of the context that a source means, None for one that cannot be told."""
        if source is None or "://" in source or source.startswith("git@"):
            yield None
            return
        cleaned = posixpath.normpath("/" + source).lstrip("/") or "."
        if not any(char in cleaned for char in "*?["):
            yield cleaned
            return
        self._looks += len(self.context.files()) if self.context is not None else 0
        if self.context is None or self._looks > MOST_GLOB_LOOKS:
            yield None
            return
        pattern, depth = glob(cleaned), cleaned.count("/") + 1
        # A pattern may match a file or one of its folders, and a wildcard crosses no slash.
        names = {name for path in self.context.files() if pattern.fullmatch(name := _upto(path, depth))}
        yield from sorted(names)

    @cached_property
    def _by_target(self) -> dict[str, list[int]]:
        """Places in ``copies`` by where they go."""
        found: dict[str, list[int]] = {}
        for place, copy in enumerate(self.copies):
            if copy.target is not None:
                found.setdefault(copy.target, []).append(place)
        return found

    def origin(self, path: str) -> str | None:
        """The path of the context that lies at an absolute path of the image, if the context holds it."""
        if self.context is None or len(path) > LONGEST_PATH:
            return None
        above = {path[:at] or "/" for at, char in enumerate(path) if char == "/"}
        for place in sorted((p for each in above | {path} for p in self._by_target.get(each, ())), reverse=True):
            copy = self.copies[place]
            target = copy.target or ""
            if path == target:
                inner = copy.source
            elif copy.kind == "dir":
                inner = posixpath.normpath(posixpath.join(copy.source, path[len(target.rstrip("/")) + 1 :]))
            else:
                continue
            if self.context.kind(inner) is not None:
                return inner
        return None

    def kind(self, path: str) -> str | None:
        """file or dir for an absolute path that the context provides, else None."""
        origin = self.origin(path)
        return self.context.kind(origin) if origin is not None and self.context is not None else None


def _made_folders(instruction: Instruction, state: State) -> Iterator[str | None]:
    commands = steps(instruction, state) if "mkdir" in instruction.text or "install" in instruction.text else ()
    if isinstance(commands, Opaque):
        return
    for step in commands:
        if step.name == "mkdir" and step.options_and_operands is not None:
            yield from (step.absolute(operand) for operand in step.options_and_operands[1])


def _unpacks(source: str) -> bool:
    return source.endswith((".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz", ".tar.zst"))


def _upto(path: str, depth: int) -> str:
    """The first ``depth`` parts of a path; all of a shorter one."""
    return "/".join(path.split("/", depth)[:depth])
