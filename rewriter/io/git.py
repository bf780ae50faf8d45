"""Putting changes on a new git branch. Imports GitPython, so it is imported only where a branch is asked for."""

from __future__ import annotations

import contextlib
import os
import stat
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

# GitPython refuses to be imported where git is missing; we say so ourselves, when git is needed.
os.environ.setdefault("GIT_PYTHON_REFRESH", "quiet")

import git

from rewriter.io.files import read_regular
from rewriter.io.gitcmd import SAFE_OPTIONS, SAFE_VARIABLES, run_git
from rewriter.io.interruption import half_made, held, remove

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_OPTIONS = (
    *SAFE_OPTIONS,
    *("-c", "user.useConfigOnly=true"),  # no identity made up from the names of the machine and its user
    *("-c", "core.splitIndex=false"),  # it would leave a part of our own index in the repository
    *("-c", "core.safecrlf=false"),
    *("-c", "i18n.commitEncoding=UTF-8"),
)
_MAX_SIZE = 100_000_000  # bytes; a larger file is none of ours


class GitRefused(Exception):
    """The branch was not made, and nothing has changed; the message is the reason, in one line."""


@dataclass(frozen=True, slots=True)
class Commit:
    """One commit to make: the subject (one line), the body, and the whole new content of each file that it changes."""

    subject: str
    body: str
    files: Mapping[Path, bytes]


class _Tracked(NamedTuple):
    """A file as HEAD has it."""

    path: str  # relative to the top of the work tree
    mode: str
    converted: bool  # whether git stores other bytes than those in the work tree (line endings, encoding)


def make_branch(repo_path: Path, name: str, commits: Sequence[Commit]) -> str:
    """Make the branch `name` from HEAD with one commit per item, and return the id of its tip.

    Work tree, index and HEAD stay as they are: blobs, trees and commits are written directly. No hook runs, neither
    pre-commit nor commit-msg nor any other; the commits are signed where `commit.gpgsign` asks for it. The paths of
    the commits are absolute or relative to the current folder, and must lie in the work tree of `repo_path`.

    Raises GitRefused: no git, no repository, a bare or empty one, no identity configured, a name that is taken or no
    branch name, a commit that changes nothing, and a file that is untracked, differs from HEAD (staged or not), is a
    symbolic link or has a `filter` attribute. Then no branch is made.
    """
    if not commits:
        raise GitRefused("there is nothing to commit")
    repository = _Repository(repo_path)
    repository.check_name(name)
    repository.check_identity()
    tracked = {
        path: repository.tracked(path) for path in dict.fromkeys(path for each in commits for path in each.files)
    }
    with _scratch_folder() as scratch:
        repository.use_index(Path(scratch) / "index")
        tip = repository.head
        for commit in commits:
            files = [(tracked[path], content) for path, content in commit.files.items()]
            tip = repository.commit(tip, _message(commit), files)
    repository.create(name, tip)
    return tip


@contextlib.contextmanager
def _scratch_folder() -> Iterator[str]:
    """A folder for files of ours, gone in the end whatever happens."""
    path = os.path.join(tempfile.gettempdir(), f"dfrewrite-{os.urandom(8).hex()}")
    with half_made(path):
        try:
            os.mkdir(path, 0o700)
            yield path
        finally:
            remove(path)


def _message(commit: Commit) -> bytes:
    subject = " ".join(commit.subject.split())
    body = commit.body.strip("\n")
    text = f"{subject}\n\n{body}\n" if body else f"{subject}\n"
    return text.encode("utf-8", "backslashreplace")


class _Repository:
    """The plumbing of one repository. Every method raises GitRefused, with git's own words where git fails."""

    def __init__(self, path: Path) -> None:
        # Found by git itself in a clean environment: that is also where git checks who owns the repository.
        folder = path if path.is_dir() else path.parent
        top = _discover(folder, "--show-toplevel")
        git_folder = _discover(folder, "--absolute-git-dir")
        common = os.path.realpath(os.path.join(folder, _discover(folder, "--git-common-dir")))
        self.top = Path(os.path.realpath(top))
        self._git = git.Git(top)
        self._git.update_environment(
            **SAFE_VARIABLES | {"GIT_LITERAL_PATHSPECS": "1"},
            # GitPython passes our environment on, in which a hook may have named another repository.
            GIT_DIR=git_folder,
            GIT_COMMON_DIR=common,
            GIT_OBJECT_DIRECTORY=os.path.join(common, "objects"),
            GIT_WORK_TREE=top,
            GIT_INDEX_FILE=os.path.join(git_folder, "index"),
            GIT_ALTERNATE_OBJECT_DIRECTORIES="",
            GIT_NAMESPACE="",
        )
        self.head = self._ask("rev-parse", "--verify", "--quiet", "HEAD^{commit}", refusal=f"{path} has no commit yet")
        self._sign = self._try("config", "--type=bool", "--get", "commit.gpgsign") == b"true\n"

    def check_name(self, name: str) -> None:
        """Refuse what cannot be the name of a new branch."""
        if self._try("check-ref-format", "--branch", name) != os.fsencode(name) + b"\n":
            raise GitRefused(f"'{name}' is no valid name for a branch")
        if self._try("show-ref", "--verify", "--quiet", f"refs/heads/{name}") is not None:
            raise GitRefused(f"the branch '{name}' exists already")

    def check_identity(self) -> None:
        """Refuse to commit in nobody's name."""
        for person in ("GIT_AUTHOR_IDENT", "GIT_COMMITTER_IDENT"):
            self._ask("var", person, refusal="git does not know who commits: set user.name and user.email")

    def tracked(self, path: Path) -> _Tracked:
        """How HEAD has a file, provided that index and work tree have it the same."""
        # The folder's links are resolved, the file's own is not: git knows a link as a link.
        place = os.path.join(os.path.realpath(path.parent), path.name)
        name = os.path.relpath(place, self.top)
        if name == os.pardir or name.startswith(os.pardir + os.sep):
            raise GitRefused(f"{path} lies outside of the repository {self.top}")
        name = Path(name).as_posix()
        committed = self._run("ls-tree", "-z", self.head, "--", name).partition(b"\t")[0].split()
        if not committed:
            raise GitRefused(f"{path} is not in the last commit of {self.top}: commit it first")
        mode, kind, blob = (os.fsdecode(field) for field in committed)
        if kind != "blob" or not mode.startswith("100"):
            raise GitRefused(f"{path} is a symbolic link or a folder for git, not a file")
        staged = self._run("ls-files", "-z", "--stage", "--", name)
        if staged != b"%s %s 0\t%s\0" % (os.fsencode(mode), os.fsencode(blob), os.fsencode(name)):
            raise GitRefused(f"{path} has staged changes: commit them first")
        attribute = self._run("check-attr", "-z", "filter", "--", name).split(b"\0")[2]
        if attribute not in (b"unspecified", b"unset"):
            raise GitRefused(f"{path} passes through the git filter '{os.fsdecode(attribute)}'")
        return _Tracked(name, mode, self._is_converted(path, Path(place), name, mode, blob))

    def _is_converted(self, path: Path, place: Path, name: str, mode: str, blob: str) -> bool:
        """Whether the work tree has the blob in other bytes; refuses if it has another content or mode."""
        changed = GitRefused(f"{path} has uncommitted changes: commit them first")
        try:
            executable = bool(place.lstat().st_mode & stat.S_IXUSR)
            content = read_regular(place, _MAX_SIZE, follow=False)
        except OSError as error:
            raise changed from error
        if content is None:
            raise GitRefused(f"{path} is too large")
        if executable != (mode == "100755") and self._try("config", "--type=bool", "core.fileMode") != b"false\n":
            raise changed
        if content == self._run("cat-file", "blob", blob):
            return False
        if self._ask("hash-object", f"--path={name}", "--stdin", feed=content) != blob:
            raise changed
        return True

    def use_index(self, index: Path) -> None:
        """Work on an index of our own from here on; it holds what HEAD holds."""
        self._git.update_environment(GIT_INDEX_FILE=str(index))
        self._run("read-tree", self.head)

    def commit(self, parent: str, message: bytes, files: Sequence[tuple[_Tracked, bytes]]) -> str:
        """Write a commit on top of `parent`, whose tree the index holds, and return its id."""
        entries = b""
        for file, content in files:
            # Where git converts, the new text is converted the same way; elsewhere the bytes are stored as they are,
            # also those that git would like to normalise: that would be a change of other lines than ours.
            how = f"--path={file.path}" if file.converted else "--no-filters"
            blob = self._ask("hash-object", "-w", how, "--stdin", feed=content)
            entries += b"%s %s\t%s\0" % (os.fsencode(file.mode), os.fsencode(blob), os.fsencode(file.path))
        self._run("update-index", "-z", "--index-info", feed=entries)
        tree = self._ask("write-tree", "--missing-ok")
        if tree == self._ask("rev-parse", f"{parent}^{{tree}}"):
            raise GitRefused(f"the commit '{os.fsdecode(message.splitlines()[0])}' would change nothing")
        return self._ask("commit-tree", *(["-S"] if self._sign else []), "-p", parent, "-F", "-", tree, feed=message)

    def create(self, name: str, tip: str) -> None:
        """Make the branch, if nobody has made it in the meantime."""
        command = os.fsencode(f"create refs/heads/{name} {tip}\n")
        self._run("update-ref", "-m", "branch: Created by dfrewrite", "--stdin", feed=command)

    def _ask(self, *arguments: str, feed: bytes = b"", refusal: str = "") -> str:
        return os.fsdecode(self._run(*arguments, feed=feed, refusal=refusal).removesuffix(b"\n"))

    def _run(self, *arguments: str, feed: bytes = b"", refusal: str = "") -> bytes:
        status, output, errors = self._execute(arguments, feed)
        if status != 0:
            raise GitRefused(refusal or f"git {arguments[0]}: {_essence(errors)}")
        return output

    def _try(self, *arguments: str) -> bytes | None:
        status, output, _ = self._execute(arguments, b"")
        return output if status == 0 else None

    def _execute(self, arguments: Sequence[str], feed: bytes) -> tuple[int, bytes, str]:
        # A git that writes is not left alone with its locks: being stopped waits until it is done.
        with held(), tempfile.TemporaryFile() as stream:  # GitPython hands its input over as a file
            stream.write(feed)
            stream.seek(0)
            try:
                return self._git.execute(
                    ["git", *_OPTIONS, *arguments],
                    istream=stream,
                    with_extended_output=True,
                    with_exceptions=False,
                    stdout_as_string=False,
                    strip_newline_in_stdout=False,
                )
            except git.GitCommandNotFound as error:
                raise GitRefused("git is not installed") from error


def _discover(folder: Path, what: str) -> str:
    try:
        answer = run_git(["rev-parse", what], folder)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise GitRefused(f"git cannot be run in {folder}: {error}") from error
    if answer.returncode != 0:
        raise GitRefused(f"{folder}: {_essence(os.fsdecode(answer.stderr))}")
    return os.fsdecode(answer.stdout.removesuffix(b"\n"))


def _essence(errors: str) -> str:
    """The line of git's complaints that says what is wrong, without its "fatal:"."""
    lines = [line.strip() for line in errors.splitlines() if line.strip()]
    for line in lines:
        for prefix in ("fatal: ", "error: "):
            if line.startswith(prefix):
                return line.removeprefix(prefix)
    return lines[-1] if lines else "failed without a word"
