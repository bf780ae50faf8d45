"""A clone of a repository that can do nothing: shallow, no hooks, no filters, no submodules, bounded in size and time.

Nothing of the repository is run. The token goes to git in its environment, for the repository's own host alone, so
that it stands in no argument, no address and no file.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rewriter.bot.git_run import OPTIONS, GitFailed, Remote, access, end, ended, environment, essence, one_line
from rewriter.bot.identity import PART, TRAILER

_LOOK_SECONDS = 0.2
_LATEST = 4_102_444_800
"""The year 2100: of a commit that says it is later, or before 1970, git and forges do not all make the same."""
_EVERY_BYTE = "* -text -working-tree-encoding -filter -ident\n"
"""Attributes that go before the repository's own: what is checked out, and committed again, is what is stored."""


class PushRefused(GitFailed):
    """The forge did not take a push: a protected branch, no right, or the branch is not where it was."""

    def __init__(self, message: str, *, moved: bool) -> None:
        """``moved``: somebody else pushed in the meantime."""
        super().__init__(message)
        self.moved = moved


@dataclass(frozen=True, slots=True)
class Bounds:
    """What one repository may take."""

    seconds: float = 300.0
    """Of one git command that talks to a forge."""
    bytes: int = 500_000_000
    """On the disk."""


@dataclass(frozen=True, slots=True)
class Person:
    """Who commits; ``signing_key`` is the path of an SSH key, if commits are to be signed."""

    name: str
    email: str
    signing_key: str = ""


@dataclass(frozen=True, slots=True)
class FileCommit:
    """One commit to make: its message without the trailer, and the whole new content of each file by its path."""

    message: str
    files: Mapping[str, bytes]


class Checkout:
    """The tip of one branch in a folder of ours."""

    def __init__(self, folder: Path, bounds: Bounds | None = None) -> None:
        """``folder`` must not exist yet, or be empty."""
        self.folder = folder
        self._bounds = bounds or Bounds()
        self._origin: tuple[Remote, str] | None = None
        self.head = ""
        """The commit that is checked out."""

    def begin(self) -> None:
        """An empty repository, which is enough to ask a forge something. Raises GitFailed."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self._local("init", "--quiet", "--template=", "--initial-branch=main", ".")

    def clone(self, remote: Remote, branch: str) -> None:
        """Fetches the last commit of a branch and writes its files. Raises GitFailed."""
        self.begin()
        info = self.folder / ".git" / "info"
        info.mkdir(exist_ok=True)
        (info / "attributes").write_text(_EVERY_BYTE)
        refspec = f"+refs/heads/{branch}:refs/remotes/origin/{branch}"
        self._origin = remote, refspec
        self._network(remote, "fetch", "--quiet", "--no-tags", "--depth=1", "--", remote.url, refspec)
        self.head = self._local("rev-parse", "--verify", f"refs/remotes/origin/{branch}^{{commit}}").decode().strip()
        self._local("checkout", "--quiet", "--detach", "--force", self.head, timeout=self._bounds.seconds)
        self._measure()

    def branches(self, remote: Remote, prefix: str) -> dict[str, str]:
        """The branches of the forge that begin with a prefix, or have that name, with their commits."""
        patterns = (f"refs/heads/{prefix}", f"refs/heads/{prefix}/*")
        status, output, errors = self._talk(remote, "ls-remote", "--quiet", "--", remote.url, *patterns)
        if status != 0:
            raise GitFailed(f"git ls-remote: {essence(errors, remote)}")
        lines = (line for line in output.split(b"\n") if line.isascii())  # as all of ours are
        found = (line.decode().partition("\t") for line in lines)
        return {name.removeprefix("refs/heads/"): commit for commit, _, name in found if name}

    def _mode(self, path: str) -> str:
        """The mode of a path of the commit; empty for what it does not have."""
        if not path or path.startswith("/") or ".." in path.split("/"):
            return ""
        return self._local("ls-tree", "-z", self.head, "--", path).partition(b" ")[0].decode()

    def commits(self, commits: Sequence[FileCommit], person: Person, key: str) -> str:
        """Makes the commits on top of the clone's commit and returns the id of the last.

        The same content on the same commit gives the same ids: the dates are that commit's, a second apart.
        Raises GitFailed, also for a file that the commit does not have.
        """
        when = int(self._local("show", "--no-patch", "--format=%ct", self.head))
        when = min(max(when, 0), _LATEST)
        tip = self.head
        with tempfile.TemporaryDirectory(prefix="dfrewrite-") as scratch:
            own = {"GIT_INDEX_FILE": os.path.join(scratch, "index")}
            self._local("read-tree", self.head, variables=own)
            for number, commit in enumerate(commits, 1):
                trailers = f"{TRAILER}: {key}\n{PART}: {number}/{len(commits)}\n"
                tip = self._commit(tip, commit, own | _dated(person, when + number), person, trailers)
        return tip

    def _commit(
        self, parent: str, commit: FileCommit, variables: Mapping[str, str], person: Person, trailers: str
    ) -> str:
        entries = b""
        for path, content in commit.files.items():
            mode = self._mode(path)
            if not mode.startswith("100"):
                raise GitFailed(f"{path} is no file of the repository")
            blob = self._local("hash-object", "-w", "--no-filters", "--stdin", feed=content).strip()
            entries += b"%s %s\t%s\0" % (mode.encode(), blob, os.fsencode(path))
        self._local("update-index", "-z", "--index-info", feed=entries, variables=variables)
        tree = self._local("write-tree", "--missing-ok", variables=variables).decode().strip()
        message = f"{commit.message.rstrip()}\n\n{trailers}".encode("utf-8", "backslashreplace")
        signing = ("-c", "gpg.format=ssh", "-c", f"user.signingKey={person.signing_key}") if person.signing_key else ()
        arguments = ["commit-tree", *(["-S"] if signing else []), "-p", parent, "-F", "-", tree]
        return self._local(*arguments, feed=message, variables=variables, options=signing).decode().strip()

    def push(self, remote: Remote, tip: str, branch: str, expected: str | None) -> None:
        """Pushes a commit to a branch that must be at ``expected`` (None: must not exist). Raises PushRefused, or
        GitFailed when nothing is known of what became of it."""
        refused = self._push(remote, tip, branch, expected)
        if "shallow update not allowed" in refused and self._origin is not None:
            # A fork that has not got what was committed since must be given it, and for that we must have it.
            origin, refspec = self._origin
            self._network(origin, "fetch", "--quiet", "--no-tags", "--unshallow", "--", origin.url, refspec)
            self._measure()
            refused = self._push(remote, tip, branch, expected)
        _raise_if_refused(refused)

    def delete(self, remote: Remote, branch: str, expected: str) -> None:
        """Removes a branch of the forge that must be at ``expected``. Raises as ``push`` does."""
        _raise_if_refused(self._push(remote, "", branch, expected))

    def _push(self, remote: Remote, tip: str, branch: str, expected: str | None) -> str:
        """Why it was refused; empty when it was not."""
        lease = f"--force-with-lease=refs/heads/{branch}:{expected or ''}"
        arguments = ("push", "--porcelain", "--no-verify", "--no-signed", lease, "--", remote.url)
        status, output, errors = self._talk(remote, *arguments, f"{tip}:refs/heads/{branch}")
        if status == 0:
            return ""
        refused = next((line for line in output.decode("utf-8", "replace").splitlines() if line.startswith("!")), "")
        if refused:
            return refused.rpartition("\t")[2].strip()
        raise GitFailed(f"git push: {essence(errors, remote)}")

    # --- running git

    def _local(
        self,
        *arguments: str,
        feed: bytes = b"",
        variables: Mapping[str, str] | None = None,
        options: Sequence[str] = (),
        timeout: float = 120.0,
    ) -> bytes:
        variables_of_git = environment() | {"GIT_ALLOW_PROTOCOL": "none", **(variables or {})}
        try:
            done = subprocess.run(
                ["git", *OPTIONS, *options, *arguments],
                cwd=self.folder,
                env=variables_of_git,
                input=feed,
                capture_output=True,
                timeout=timeout,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise GitFailed(f"git {arguments[0]} took longer than {timeout:g} s") from None
        except OSError as error:
            raise GitFailed(f"git cannot be run: {error.strerror}") from None
        if done.returncode != 0:
            raise GitFailed(f"git {arguments[0]}: {essence(done.stderr, None)}")
        return done.stdout

    def _network(self, remote: Remote, *arguments: str) -> None:
        status, _, errors = self._talk(remote, *arguments)
        if status != 0:
            raise GitFailed(f"git {arguments[0]}: {essence(errors, remote)}")

    def _talk(self, remote: Remote, *arguments: str) -> tuple[int, bytes, bytes]:
        """Runs a command that talks to the forge, within the bounds."""
        variables_of_git = environment() | access(remote)
        with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
            try:
                process = subprocess.Popen(
                    ["git", *OPTIONS, *arguments],
                    cwd=self.folder,
                    env=variables_of_git,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=errors,
                    start_new_session=True,
                )
            except OSError as error:
                raise GitFailed(f"git cannot be run: {error.strerror}") from None
            try:
                self._wait(process, arguments[0])
            finally:
                end(process)
            output.seek(0)
            errors.seek(0)
            return process.returncode, output.read(1_000_000), errors.read(1_000_000)

    def _wait(self, process: subprocess.Popen[bytes], what: str) -> None:
        deadline = time.monotonic() + self._bounds.seconds
        while not ended(process, _LOOK_SECONDS):
            self._measure()
            if time.monotonic() > deadline:
                raise GitFailed(f"git {what} took longer than {self._bounds.seconds:g} s")

    def _measure(self) -> None:
        """Raises GitFailed when the folder has grown too large."""
        total = 0
        for folder, _, names in os.walk(self.folder):
            for name in names:
                try:
                    total += os.lstat(os.path.join(folder, name)).st_size
                except OSError:
                    continue  # git removes files of its own
            if total > self._bounds.bytes:
                raise GitFailed(f"the repository takes more than {self._bounds.bytes / 1e6:,.0f} MB")


def _raise_if_refused(refused: str) -> None:
    if refused:
        moved = any(words in refused for words in ("stale info", "fetch first", "cannot lock ref"))
        raise PushRefused(f"the push was refused: {one_line(refused)}", moved=moved)


def _dated(person: Person, when: int) -> dict[str, str]:
    found: dict[str, str] = {}
    for role in ("AUTHOR", "COMMITTER"):
        found |= {
            f"GIT_{role}_NAME": person.name,
            f"GIT_{role}_EMAIL": person.email,
            f"GIT_{role}_DATE": f"@{when} +0000",  # without @ a small number is no time
        }
    return found
