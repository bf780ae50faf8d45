"""One run over some paths: reads, rewrites, and says what came of each file. The only I/O is reading."""

from __future__ import annotations

import enum
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from rewriter.chain import run_chain
from rewriter.diff import DiffError, make_patch
from rewriter.discovery import UnknownTransformError, chosen
from rewriter.io.config import Config, ConfigError, load_config, load_foreign_config
from rewriter.io.files import FileError, read_dockerfile
from rewriter.io.gitcmd import WorkTrees
from rewriter.io.patch import patch_name
from rewriter.io.registry_facts import Outside
from rewriter.limits import MOST_LINES
from rewriter.situation import Options
from rewriter.source import decode
from rewriter.syntax import DockerfileError
from rewriter.transform import Level, Transform

if TYPE_CHECKING:
    from unidiff.patch import PatchSet

    from rewriter.context import BuildContext
    from rewriter.io.surroundings import Repository
    from rewriter.proof.verdict import Proof
    from rewriter.proof.verify import Trial, Verifier
    from rewriter.result import ChangeId, Result


class Exit(enum.IntEnum):
    """Exit codes; over several files the worst wins (see ``worst``)."""

    DONE = 0
    WOULD_CHANGE = 1
    UNUSABLE = 2
    FAULT = 3
    UNPROVEN = 4
    INTERRUPTED = 130


_BADNESS = (Exit.INTERRUPTED, Exit.FAULT, Exit.UNPROVEN, Exit.UNUSABLE, Exit.WOULD_CHANGE, Exit.DONE)


def worst(codes: list[Exit]) -> Exit:
    """The code that stands for all."""
    return min(codes, key=_BADNESS.index, default=Exit.DONE)


@dataclass(frozen=True, slots=True)
class Request:
    """What the command line asked for; None where it said nothing and the configuration may."""

    level: str | None = None
    select: tuple[str, ...] | None = None
    skip: tuple[str, ...] | None = None
    extend_select: tuple[str, ...] | None = None
    alpine: str | None = None
    runtime: str | None = None
    context: Path | None = None
    target: str | None = None
    build_args: dict[str, str] = field(default_factory=dict)
    config: Path | None = None
    probe: tuple[str, ...] | None = None
    smoke: tuple[str, ...] | None = None
    facts: Path | None = None
    check_tags: bool | None = None
    check_packages: tuple[str, ...] | None = None
    mirror: tuple[str, ...] | None = None
    insecure_registry: tuple[str, ...] = ()
    foreign: Path | None = None
    """The top of a repository of somebody else: what its configuration says of this machine does not count."""


@dataclass(frozen=True)
class Outcome:
    """What came of one file."""

    path: Path | None
    """None for standard input."""
    shown: str
    data: bytes = b""
    result: Result | None = None
    patch: PatchSet | None = None
    """The checked diff; None when nothing changes."""
    error: str | None = None
    """Why there is no result, in one line."""
    code: Exit = Exit.DONE
    skipped: str = ""
    """Why the configuration leaves the file out, else empty."""
    notes: tuple[str, ...] = ()
    work_tree: Path | None = None
    """The top of the git work tree that it lies in."""
    proof: Proof | None = None
    """What building came to, when that was asked for and there was something to prove. Then ``result`` is what may be
    written: all that is not proven is withheld in it."""

    @property
    def name(self) -> str:
        """Where it lies in its repository or below the current folder: as tools that read a report look for it."""
        if self.path is None:
            return self.shown
        try:
            return patch_name(self.path, self.work_tree)
        except FileError:
            return self.path.absolute().as_posix()


def check_context(config: Config) -> None:
    """Raises ConfigError for a context that is no folder: an empty one would hide what run time needs."""
    if config.context is not None and not config.context.is_dir():
        raise ConfigError(config.path or config.context, f"context: {config.context} is no folder")


_MOST_REMEMBERED = 50
"""Configurations and repositories: files come sorted, so what was not asked for lately is not asked for again."""


class Session:
    """Remembers configurations and repositories between the files of a run, the last ones of each."""

    def __init__(
        self, request: Request, verifier: Verifier | None = None, tell: Callable[[str], None] = lambda _: None
    ) -> None:
        """With a ``verifier``, nothing is changed that it did not prove. ``tell`` is told, a line each, what asking a
        registry comes to."""
        self.request = request
        self._tell = tell
        self._outside = Outside(request, tell)
        self._verifier = verifier
        self._configs: dict[Path, Config] = {}
        self._repositories: dict[Path, Repository] = {}
        self._work_trees = WorkTrees()
        self._shared_context: tuple[Path, BuildContext] | None = None

    def config(self, folder: Path) -> Config:
        """The configuration that applies in a folder. Raises ConfigError."""
        if folder not in self._configs:
            if len(self._configs) >= _MOST_REMEMBERED:
                self._configs.clear()
            foreign = self.request.foreign
            self._configs[folder] = (
                load_foreign_config(folder, foreign)
                if foreign is not None
                else load_config(folder, self.request.config)
            )
        return self._configs[folder]

    def settings(self, config: Config) -> tuple[Options, tuple[Transform, ...]]:
        """Command line over configuration, but under that of somebody else. Raises UnknownTransformError."""
        request, foreign = self.request, self.request.foreign is not None
        first, second = (config, request) if foreign else (request, config)
        options = Options(
            level=Level[(first.level or second.level or "review").upper()],
            alpine=first.alpine or second.alpine,
            runtime=first.runtime or second.runtime,
            target=first.target or second.target,
            build_args={**(config.build_arg or {}), **request.build_args},
        )
        select = first.select if first.select is not None else second.select or ()
        skip = first.skip if first.skip is not None else second.skip or ()
        extend = first.extend_select if first.extend_select is not None else second.extend_select or ()
        skip += (second.skip or ()) if foreign else ()  # what either of us does not want is not done
        return options, chosen(select, skip, extend)

    def files(self, paths: list[Path]) -> Iterator[Path]:
        """The Dockerfiles that the paths name, each once."""
        from rewriter.io.walk import find_dockerfiles

        seen: set[Path] = set()
        for path in paths:
            for found in find_dockerfiles(path):
                if found not in seen:
                    seen.add(found)
                    yield found

    def rewrite_file(self, path: Path) -> Outcome:
        """Reads and rewrites one file; never raises for what is wrong with it."""
        work_tree = self._work_trees.top(path.parent)
        return replace(self._rewrite_file(path, work_tree), work_tree=work_tree)

    def _rewrite_file(self, path: Path, work_tree: Path | None) -> Outcome:
        try:
            data = read_dockerfile(path)
            config = self.config(path.parent)
            if config.enabled is False:
                return Outcome(path, str(path), data, skipped=f"{config.path} says enabled = false")
            options, transforms = self.settings(config)
            check_context(config)
            found = self._repository(work_tree or path.parent).look_around(path)
            folder = self.request.context or config.context or found.context or path.parent
            context = self._context(path, folder)
            options = replace(options, surroundings=found.surroundings)
            trial = self._trial(data, path, folder, config, options)
        except (FileError, UnknownTransformError) as error:
            reason = error.reason if isinstance(error, FileError) and error.path == path else str(error)
            return Outcome(path, str(path), error=reason, code=Exit.UNUSABLE)
        outcome = self.rewrite_data(data, path, str(path), transforms, context, options, trial, config)
        return replace(outcome, notes=found.notes) if outcome.result is not None else outcome

    def rewrite_data(
        self,
        data: bytes,
        path: Path | None,
        shown: str,
        transforms: tuple[Transform, ...],
        context: BuildContext | None,
        options: Options,
        trial: Trial | None = None,
        config: Config | None = None,
    ) -> Outcome:
        """Rewrites bytes that were read, with a ``trial`` proves the rewrite, and asks the outside whether all that is
        new in it exists, if that is wished."""

        def rewrite(level: Level, without: Mapping[ChangeId, str]) -> Result:
            return run_chain(text, transforms, context, replace(options, level=level), without, facts)

        proof, code = None, Exit.DONE
        try:
            refuse_odd(data)
            text = decode(data)
            facts = self._outside.facts(config or Config())
            if self._verifier is None or trial is None:
                result = rewrite(options.level, {})
            else:
                found = self._verifier.verify(trial, options.level, rewrite)
                result, proof, code = found.result, found.proof, Exit.DONE if found.may_be_written else Exit.UNPROVEN
            checker = self._outside.checker(config or Config())
            if checker is not None and (objection := checker.objection(result, options, facts)):
                self._tell(f"{shown}: not to be written: {objection}")
                result, code = result.withdrawn(objection), Exit.UNPROVEN
            patch = _patch(result, shown)
        except (DockerfileError, FileError) as error:
            return Outcome(path, shown, data, error=str(error), code=Exit.UNUSABLE)
        except DiffError as error:
            return Outcome(path, shown, data, error=f"fault of dfrewrite: {error}", code=Exit.FAULT)
        except Exception as error:  # a crash is our bug: the file stays as it is, and the run goes on
            where = error.__traceback__
            while where is not None and where.tb_next is not None:
                where = where.tb_next
            place = f" at {Path(where.tb_frame.f_code.co_filename).name}:{where.tb_lineno}" if where is not None else ""
            reason = f"fault of dfrewrite: {type(error).__name__}{place}: {error}"
            return Outcome(path, shown, data, error=" ".join(reason.split()), code=Exit.FAULT)
        return Outcome(path, shown, data, result, patch, code=Exit.FAULT if result.unsound else code, proof=proof)

    def _trial(self, data: bytes, path: Path, folder: Path, config: Config, options: Options) -> Trial | None:
        """How a file is to be proven, if it is."""
        if self._verifier is None:
            return None
        from rewriter.proof.observation import How
        from rewriter.proof.verify import Trial

        how = How(probes=self.request.probe or config.probe or (), smoke=self.request.smoke or config.smoke or ())
        return Trial(path, data, folder, options.target, options.build_args, how)

    def _repository(self, root: Path) -> Repository:
        from rewriter.io.surroundings import Repository

        if root not in self._repositories:
            if len(self._repositories) >= _MOST_REMEMBERED:
                self._repositories.clear()
            self._repositories[root] = Repository(root)
        return self._repositories[root]

    def _context(self, path: Path, folder: Path) -> BuildContext:
        """The build context of one file. Files that lie side by side share one, unless they have rules of their own."""
        from rewriter.io.context_dir import DirectoryContext

        if os.path.lexists(f"{path}.dockerignore"):
            return DirectoryContext(folder, path)
        if self._shared_context is None or self._shared_context[0] != folder:
            self._shared_context = folder, DirectoryContext(folder)
        return self._shared_context[1]


def _patch(result: Result, shown: str) -> PatchSet | None:
    """The diff, checked before anybody relies on it. Raises DiffError."""
    if not result.changed:
        return None
    from rewriter.io.patch import quote_git_path

    return make_patch(result.before, result.after, quote_git_path(shown.lstrip("/")))


def refuse_odd(data: bytes) -> None:
    """Raises DockerfileError for what need not be read as a Dockerfile at all."""
    if b"\0" in data:
        line = data.count(b"\n", 0, data.index(b"\0")) + 1
        raise DockerfileError(line, "holds a NUL byte: a binary file?")
    if data.count(b"\n") > MOST_LINES:
        raise DockerfileError(MOST_LINES + 1, f"there are more than {MOST_LINES:,} lines, and dfrewrite stops there")


__all__ = ["ConfigError", "Exit", "Outcome", "Request", "Session", "worst"]
