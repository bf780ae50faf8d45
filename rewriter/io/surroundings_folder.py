"""Reads the compose, bake and CI files of one folder."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from rewriter.io.files import read_regular

if TYPE_CHECKING:
    from rewriter.io.surroundings_uses import Use

_T = TypeVar("_T")

WORKFLOWS = ".github/workflows"

_MAX_ENTRIES = 10_000  # of a folder
_MAX_FILES = 200  # of one kind
_MAX_SIZE = 1_000_000  # bytes
_MAX_SCRIPT = 200_000
_MAX_SCRIPTS = 5_000_000  # all scripts together

_BAKE = ("docker-bake.json", "docker-bake.hcl", "docker-bake.override.json", "docker-bake.override.hcl")
"""In the order in which bake lays them over one another."""
_CI = (
    *(".gitlab-ci", "azure-pipelines", "skaffold", "Taskfile", "taskfile", ".travis", "bitbucket-pipelines"),
    *(".drone", ".woodpecker", "buildspec", "cloudbuild"),
)
_CI_FOLDERS = (WORKFLOWS, ".circleci", ".buildkite")
_YAML = (".yml", ".yaml")
_SCRIPTS = frozenset(("makefile", "gnumakefile", "justfile", ".justfile"))


class Reading(NamedTuple):
    """What the files of a folder say."""

    compose: tuple[Use, ...] = ()
    bake: tuple[Use, ...] = ()
    ci: tuple[Use, ...] = ()
    notes: tuple[str, ...] = ()


def read_folder(root: str, folder: str) -> Reading:
    """What the files right in `folder` say; both are real paths. A folder that is not there says nothing."""
    try:
        os.lstat(folder)  # the cheapest way to see that most of them are not there
        relative = _from_root(folder, root)
        if not inside(os.path.realpath(folder), root):
            return Reading()
        with os.scandir(folder) as entries:
            kinds = {entry.name: _kind(relative, entry.name) for entry in islice(entries, _MAX_ENTRIES)}
    except OSError:
        return Reading()
    names = sorted(name for name, kind in kinds.items() if kind)
    if not names:
        return Reading()
    return _FolderReader(root, folder).read({kind: [n for n in names if kinds[n] == kind] for kind in _KINDS})


def inside(path: str, root: str) -> bool:
    """Whether a path is `root` or lies below it. Nothing is followed."""
    return path == root or path.startswith(root.rstrip(os.sep) + os.sep)


def shown(path: str, root: str) -> str:
    """A path as it is shown: from the root, with nothing in it that could not be printed."""
    text = os.fsencode(_from_root(path, root)).decode("utf-8", "replace")
    return "".join(char if char.isprintable() else "\ufffd" for char in text)


def _from_root(path: str, root: str) -> str:
    return os.path.relpath(path, root).replace(os.sep, "/")


_KINDS = ("compose", "bake", "ci", "script")


def _kind(folder: str, name: str) -> str | None:
    if name.endswith(_YAML) and (name.startswith(_CI) or folder in _CI_FOLDERS):
        return "ci"
    if name.endswith(_YAML) and name.startswith(("docker-compose", "compose")):
        return "compose"
    if name in _BAKE:
        return "bake"
    script = name.endswith((".sh", ".mk")) or name.startswith("Jenkinsfile") or name.lower() in _SCRIPTS
    return "script" if script else None


class _FolderReader:
    def __init__(self, root: str, folder: str) -> None:
        self._root = root
        self._folder = folder
        self._notes: list[str] = []
        # Where a CI system starts; a script may be started from its own folder as well.
        self._base = root if _from_root(folder, root) in _CI_FOLDERS else folder

    def read(self, names: dict[str, list[str]]) -> Reading:
        # Imported only now: most folders have nothing to read.
        compose = self._compose(names["compose"]) if names["compose"] else ()
        bake = self._bake([name for name in _BAKE if name in names["bake"]]) if names["bake"] else ()
        ci = dict.fromkeys((*self._ci(names["ci"]), *self._scripts(names["script"])))
        return Reading(compose, bake, tuple(ci), tuple(self._notes))

    def _compose(self, names: list[str]) -> tuple[Use, ...]:
        texts = list(self._texts(names, _MAX_SIZE))
        if not any("build" in text for _, _, text in texts):
            return ()
        from rewriter.io.surroundings_compose import compose_uses, read_compose

        return compose_uses(self._each(texts, read_compose), self._folder)

    def _bake(self, names: list[str]) -> tuple[Use, ...]:
        from rewriter.io.surroundings_bake import bake_uses, read_bake

        return bake_uses(self._each(self._texts(names, _MAX_SIZE), read_bake), self._folder)

    def _ci(self, names: list[str]) -> Iterator[Use]:
        for _, where, text in self._texts(names, _MAX_SIZE, strict=False):
            if "target" not in text:
                continue
            from rewriter.io.surroundings_ci import ci_uses
            from rewriter.io.surroundings_scripts import script_uses

            try:
                yield from ci_uses(text, where, self._base)
            except ValueError as error:
                self._notes.append(f"{where}: {error}")
                yield from script_uses(text, where, self._base)

    def _scripts(self, names: list[str]) -> Iterator[Use]:
        left = _MAX_SCRIPTS
        for _, where, text in self._texts(names, _MAX_SCRIPT, strict=False):
            left -= len(text)
            if left < 0:
                self._notes.append(f"{where}: too many scripts lie beside it, so it was not read")
                return
            if "target" in text:
                from rewriter.io.surroundings_scripts import script_uses

                yield from script_uses(text, where, self._base)

    def _each(self, texts: Iterable[tuple[str, str, str]], read: Callable[[str, str, str], _T]) -> list[_T]:
        found: list[_T] = []
        for name, where, text in texts:
            try:
                found.append(read(name, where, text))
            except ValueError as error:
                self._notes.append(f"{where}: {error}")
        return found

    def _texts(self, names: list[str], limit: int, strict: bool = True) -> Iterator[tuple[str, str, str]]:
        """Name, place and content of the files that can be read; `strict`: only what is UTF-8."""
        for name in names[:_MAX_FILES]:
            path = os.path.join(self._folder, name)
            where = shown(path, self._root)
            try:
                data = self._data(path, limit)
                yield name, where, data.decode("utf-8-sig", "strict" if strict else "replace").replace("\r\n", "\n")
            except UnicodeDecodeError:
                self._notes.append(f"{where}: is not UTF-8")
            except (OSError, ValueError) as error:
                self._notes.append(f"{where}: {getattr(error, 'strerror', None) or error}")
        if len(names) > _MAX_FILES:
            self._notes.append(f"{shown(self._folder, self._root)}: only {_MAX_FILES} of {len(names)} files were read")

    def _data(self, path: str, limit: int) -> bytes:
        real = os.path.realpath(path)
        if not inside(real, self._root):
            raise OSError("leads out of the repository and is not read")
        # Asked before it is opened: opening alone can set a device to work.
        if not stat.S_ISREG(os.stat(real).st_mode):
            raise OSError("is no regular file")
        content = read_regular(real, limit, follow=False)
        if content is None:
            raise OSError(f"is larger than {limit // 1000} kB and is not read")
        return content
