"""Which files a stage holds, as far as COPY, ADD, WORKDIR and mkdir tell."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from rewriter.context import BuildContext
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

    @cached_property
    def _walk(self) -> tuple[tuple[Copy, ...], dict[int, frozenset[str]]]:
        copies: list[Copy] = []
        folders: set[str] = set(STANDARD_FOLDERS)
        before: dict[int, frozenset[str]] = {}
        for stage in self.stage.lineage:
            folders |= _ancestors(stage.states[0].workdir)
            for instruction, state in stage.numbered():
                before[id(instruction)] = frozenset(folders)
                if instruction.name == "WORKDIR":
                    folders |= _ancestors(state.after(instruction, {}, {}).workdir)
                elif instruction.name in ("COPY", "ADD"):
                    for copy in self._copies(instruction, state, folders):
                        copies.append(copy)
                        folders |= _made_by(copy)
                elif instruction.name == "RUN":
                    folders |= _made_folders(instruction, state)
        return tuple(copies), before

    @property
    def copies(self) -> tuple[Copy, ...]:
        """What COPY and ADD bring from the build context, in order."""
        return self._walk[0]

    def is_folder_before(self, path: str, instruction: Instruction) -> bool:
        """True when a path is known to be a folder before an instruction runs."""
        return path in self._walk[1].get(id(instruction), frozenset()) or self.kind(path) == "dir"

    def _copies(self, instruction: Instruction, state: State, folders: set[str]) -> Iterator[Copy]:
        if instruction.flag("from") is not None:
            return
        *raw_sources, raw_target = instruction.operands
        raw_sources = [source for source in raw_sources if not source.startswith("<<")]
        target = state.expand(raw_target, instruction.escape)
        absolute = state.absolute(target) if target is not None else None
        sources = [expanded for source in raw_sources for expanded in self._matches(source, state, instruction)]
        for source in sources:
            if source is None:
                yield Copy(instruction, "", None, None)
                continue
            kind = self.context.kind(source) if self.context is not None else None
            if source == ".":
                kind = "dir"
            place = absolute
            if absolute is not None and target is not None and kind != "dir":
                into = target.endswith(("/", "/.")) or target == "." or len(sources) > 1 or absolute in folders
                if into and kind is None and not posixpath.splitext(source)[1]:
                    # A file lands in the folder, a folder's content becomes its content. Without the context only an
                    # extension tells them apart.
                    place = None
                elif into:
                    place = posixpath.join(absolute, posixpath.basename(source))
            unknown = instruction.flag("parents") is not None or (instruction.name == "ADD" and _unpacks(source))
            yield Copy(instruction, source, kind, None if unknown else place, absolute)

    def _matches(self, raw: str, state: State, instruction: Instruction) -> Iterator[str | None]:
        source = state.expand(raw, instruction.escape)
        if source is None or "://" in source or source.startswith("git@"):
            yield None
            return
        cleaned = posixpath.normpath("/" + source).lstrip("/") or "."
        if not any(char in cleaned for char in "*?["):
            yield cleaned
            return
        if self.context is None:
            yield None
            return
        pattern = _glob(cleaned)
        names = {name for path in self.context.files() for name in _prefixes(path) if pattern.fullmatch(name)}
        yield from sorted(names)

    def places(self, path: str) -> tuple[str, ...]:
        """Absolute paths in the image at which a path of the context lies."""
        found = []
        for copy in self.copies:
            if copy.target is None:
                continue
            if path == copy.source:
                found.append(copy.target)
            elif copy.kind != "file" and (copy.source == "." or path.startswith(copy.source + "/")):
                inner = path if copy.source == "." else path[len(copy.source) + 1 :]
                found.append(posixpath.join(copy.target, inner))
        return tuple(dict.fromkeys(found))

    def origin(self, path: str) -> str | None:
        """The path of the context that lies at an absolute path of the image, if the context holds it."""
        if self.context is None:
            return None
        for copy in reversed(self.copies):
            if copy.target is None:
                continue
            if path == copy.target:
                inner = copy.source
            elif copy.kind == "dir" and path.startswith(copy.target.rstrip("/") + "/"):
                inner = posixpath.normpath(posixpath.join(copy.source, path[len(copy.target.rstrip("/")) + 1 :]))
            else:
                continue
            if self.context.kind(inner) is not None:
                return inner
        return None

    def kind(self, path: str) -> str | None:
        """file or dir for an absolute path that the context provides, else None."""
        origin = self.origin(path)
        return self.context.kind(origin) if origin is not None and self.context is not None else None


def _ancestors(path: str | None) -> set[str]:
    found: set[str] = set()
    while path and path != "/":
        found.add(path)
        path = posixpath.dirname(path)
    return found


def _made_by(copy: Copy) -> set[str]:
    if copy.target is None:
        return set()
    return _ancestors(copy.target if copy.kind == "dir" else posixpath.dirname(copy.target))


def _made_folders(instruction: Instruction, state: State) -> set[str]:
    made: set[str] = set()
    commands = steps(instruction, state) if "mkdir" in instruction.text or "install" in instruction.text else ()
    if isinstance(commands, Opaque):
        return made
    for step in commands:
        if step.name == "mkdir" and step.options_and_operands is not None:
            for operand in step.options_and_operands[1]:
                made |= _ancestors(step.absolute(operand))
    return made


def _unpacks(source: str) -> bool:
    return source.endswith((".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz", ".tar.zst"))


def _prefixes(path: str) -> Iterator[str]:
    """A file's path and those of its folders: a glob may match either."""
    parts = path.split("/")
    for length in range(1, len(parts) + 1):
        yield "/".join(parts[:length])


def _glob(pattern: str) -> re.Pattern[str]:
    """Go's filepath.Match: ``*`` and ``?`` do not cross a slash."""
    out = []
    position = 0
    while position < len(pattern):
        char = pattern[position]
        end = pattern.find("]", position + 2) if char == "[" else -1
        if char == "*":
            out.append("[^/]*")
        elif char == "?":
            out.append("[^/]")
        elif end > 0:
            out.append(pattern[position : end + 1])
            position = end
        else:
            out.append(re.escape(char))
        position += 1
    try:
        return re.compile("".join(out))
    except re.error:
        return re.compile(re.escape(pattern))
