"""What a RUN's file commands leave for run time: paths made, removed, owned; or a refusal."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable

from rewriter.ecosystems.ecosystem import Ecosystem
from rewriter.ecosystems.transfers import operands_of_install, removed_paths
from rewriter.model.paths import below
from rewriter.model.run import Step
from rewriter.planning.role_types import Roles
from rewriter.userland.runtime import ROOT_NAMES

STREAMS = frozenset({"/dev/stdout", "/dev/stderr"})
ZONES = "/usr/share/zoneinfo"
CACHES = ("/var/lib/apt", "/var/cache", "/tmp", "/var/tmp", "/root/.cache")
_BUILD_SETTINGS = (
    *("/root/.netrc", "/root/.ssh", "/root/.gitconfig"),
    *("/etc/apt", "/etc/apk", "/dev/"),
)


class FileEffects:
    """Looks at one command at a time; ``True`` means that it is to be repeated in the runtime stage."""

    def __init__(self, language: Ecosystem, sources: tuple[str, ...], roles: Roles) -> None:
        self.language = language
        self.sources = sources
        self.roles = roles
        self.caches = (*CACHES, *language.caches)
        self._by_name: dict[str, Callable[[Step, tuple[str, ...], list[str]], bool]] = {
            "chmod": self._chmod,
            "chown": self._chown,
            "cp": self._copy,
            "install": self._copy,
            "ln": self._link,
            "mkdir": self._mkdir,
            "mv": self._copy,
            "sed": self._sed,
            "tee": self._tee,
            "touch": self._touch,
        }

    @property
    def names(self) -> frozenset[str]:
        """The commands that it knows."""
        return frozenset({*self._by_name, "rm", "rmdir"})

    def look(self, step: Step) -> bool:
        """Notes what a command does; refuses what cannot be told."""
        if step.name in ("rm", "rmdir"):
            return self._remove(step)
        parts = step.options_and_operands
        if parts is None and self._makes_artefact(step):
            return False
        if parts is None:
            return self._refuse(step, "works on paths that are only known at run time")
        options, operands = parts
        if step.name == "install":
            operands = operands_of_install(step)
        elif step.name in ("chown", "chmod"):
            operands = operands[1:]
        paths = [step.absolute(operand) for operand in operands]
        known = [path for path in paths if path is not None]
        if len(known) != len(paths):
            return self._refuse(step, "works in a folder that is not known")
        return self._by_name[step.name](step, options, known)

    def _makes_artefact(self, step: Step) -> bool:
        """True for a ``cp`` of a pattern to the name of something that is carried under that name."""
        last = step.argv[-1]
        path = step.absolute(last) if last else None
        return step.name in ("cp", "mv") and path is not None and self.language.artefact_at(path) is not None

    def written(self, step: Step, target: str | None, *, appends: bool = False) -> None:
        """A file that a redirect or tee writes."""
        path = step.absolute(target) if target is not None else None
        if path is None:
            self._refuse(step, "writes a file whose name is only known at run time")
        elif below(path, self.sources):
            self.roles.made[path] = f"line {step.instruction.line} writes it"
        elif appends and path.startswith("/etc/") and not any(path == made for made, _ in self.roles.produced):
            self._refuse(step, f"adds to {path}, which may be another file in another image")
        elif not path.startswith(_BUILD_SETTINGS) and not below(path, self.caches):
            self.roles.produced.append((path, step.instruction))

    def _refuse(self, step: Step, why: str) -> bool:
        self.roles.refused.append(f"line {step.instruction.line}: `{step.name}` {why}")
        return False

    def _remove(self, step: Step) -> bool:
        paths = list(removed_paths(step))
        operands = [word for word in step.argv[1:] if word is None or not word.startswith("-")]
        inside = (*self.sources, *self.caches, *self.language.folders, "/root")
        if len(paths) != len(operands) or not all(below(path, inside) for path in paths):
            return self._refuse(step, "removes something that may matter at run time")
        self.roles.removed += paths
        return False

    def _copy(self, step: Step, options: tuple[str, ...], known: list[str]) -> bool:
        if "-d" in options or len(known) < 2:
            return self._refuse(step, "does something there that may matter at run time")
        *origins, target = known
        into = (
            len(origins) > 1
            or self.language.files.is_folder_before(target, step.instruction)
            or target.endswith("/bin")
        )
        if step.name == "mv":
            self.roles.removed += origins
        for origin in origins:
            made = posixpath.join(target, posixpath.basename(origin)) if into else target
            if self.language.artefact_at(made) is not None:
                continue
            if below(made, self.sources):
                self.roles.made[made] = f"line {step.instruction.line} makes it"
            elif not below(made, ("/tmp", *self.language.folders)):
                self.roles.produced.append((made, step.instruction))
        return False

    def _link(self, step: Step, _options: tuple[str, ...], known: list[str]) -> bool:
        if len(known) != 2:
            return self._refuse(step, "does something there that may matter at run time")
        source, target = known
        if source in STREAMS or below(source, (ZONES,)):
            if source not in STREAMS:
                self.roles.packages.setdefault("tzdata", f"line {step.instruction.line}")
            return True
        if self.language.artefact_at(target) is not None:
            return False  # a link to a program: the program is copied to its name
        if below(target, self.sources):
            self.roles.made[target] = f"line {step.instruction.line} makes it"
            return False
        return self._refuse(step, "makes a link that may matter at run time")

    def _mkdir(self, step: Step, _options: tuple[str, ...], known: list[str]) -> bool:
        # WORKDIR and COPY make these themselves, and a second mkdir without -p would fail.
        made = (artefact.path for artefact in self.language.artefacts if artefact.kind == "dir")
        anyway = (self.language.stage.final_state.workdir or "/", *self.sources, *made)
        if all(any(below(folder, (path,)) for folder in anyway) for path in known):
            return False
        return step.certain or self._refuse(step, "may run or not")

    def _touch(self, step: Step, _options: tuple[str, ...], known: list[str]) -> bool:
        for path in known:
            if below(path, self.sources) and self.language.artefact_at(path) is None:
                self.roles.made[path] = f"line {step.instruction.line} makes it"
        return not all(below(path, self.sources) for path in known)

    def _tee(self, step: Step, _options: tuple[str, ...], known: list[str]) -> bool:
        for path in known:
            self.written(step, path)
        return False

    def _sed(self, step: Step, options: tuple[str, ...], known: list[str]) -> bool:
        in_place = any(re.match(r"-[a-zA-Z]*i", option) for option in options)
        if in_place and not all(below(path, self.sources) for path in known[1:]):
            return self._refuse(step, "changes a file that may matter at run time")
        return False

    def _chmod(self, step: Step, _options: tuple[str, ...], known: list[str]) -> bool:
        """The mode of a file is kept by COPY --from, that of a folder is not."""
        folders = [path for path in known if not self._is_file(path)]
        self.roles.modes += [(path, step) for path in folders]
        return bool(folders) and len(folders) == len(known)

    def _is_file(self, path: str) -> bool:
        files = self.language.files
        return (
            self.language.artefact_at(path) is not None
            or files.kind(path) == "file"
            or path in self.roles.made
            or any(path == produced for produced, _ in self.roles.produced)
            or any(copy.target == path and copy.kind != "dir" for copy in files.copies)
        )

    def _chown(self, step: Step, _options: tuple[str, ...], known: list[str]) -> bool:
        parts = step.options_and_operands
        owners = (parts[1][0] if parts is not None and parts[1] else "").split(":")
        self.roles.owners += [(name, step) for name in owners if name not in ROOT_NAMES]
        self.roles.owned += [path for path in known if below(path, self.sources) and path not in self.sources]
        return step.certain or self._refuse(step, "may run or not")
