"""Plain git: repositories that have an address and no forge. A proposal is a branch, and nothing more."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from rewriter.bot.forge import AheadCommit, NewPull, Pull, Refused, Remark, Repository, State, Tree, Unreachable
from rewriter.bot.git_run import OPTIONS, Remote, access, environment
from rewriter.bot.sources import local_clones

_SECONDS = 60.0
_DEPTH = 100
"""Commits that are fetched to tell whose a branch is."""


class PlainGit:
    """See `rewriter.bot.forge.Forge`. What only a forge has is empty or refused."""

    host = "git"
    branches_only = True

    def __init__(self, certificates: str = "") -> None:
        """``certificates``: a file of authorities to trust, not the system's."""
        self._certificates = certificates

    def login(self) -> str:
        """See Forge."""
        return "git"

    def of_owner(self, owner: str) -> Iterator[Repository]:
        """The clones in a folder."""
        for path in local_clones(Path(owner)):
            found = self.repository(path.as_uri() if path.is_absolute() else path.resolve().as_uri())
            if found is not None:
                yield found

    def search(self, words: str) -> Iterator[Repository]:
        """See Forge."""
        raise Refused("plain git cannot be searched")

    def repository(self, name: str) -> Repository | None:
        """By its address, or by the path of a clone."""
        url = name if "://" in name or ("@" in name and ":" in name) else Path(name).resolve().as_uri()
        lines = self._ask("ls-remote", "--symref", "--", url, "HEAD")
        if lines is None:
            return None
        branch = next((line.split()[1] for line in lines if line.startswith("ref: ")), "")
        default = branch.removeprefix("refs/heads/") if any("\tHEAD" in line for line in lines) else ""
        short = url.rstrip("/").removesuffix("/.git").removesuffix(".git")
        return Repository(self.host, url, "/".join(short.split("/")[-2:]), default, url)

    def repository_again(self, identifier: str, name: str) -> Repository | None:
        """See Forge."""
        return self.repository(identifier)

    def file(self, repository: Repository, path: str, ref: str) -> bytes | None:
        """Nothing is read without a clone."""
        return None

    def tree(self, repository: Repository, ref: str) -> Tree | None:
        """Nothing is read without a clone."""
        return None

    def tip(self, repository: Repository, branch: str) -> str | None:
        """See Forge."""
        lines = self._ask("ls-remote", "--", repository.clone_url, f"refs/heads/{branch}")
        if lines is None:
            raise Unreachable(f"{repository.name} cannot be reached")
        return lines[0].split()[0] if lines else None

    def pulls(self, repository: Repository, branch: str, *, source: Repository | None = None) -> list[Pull]:
        """There are none."""
        return []

    def pull(self, repository: Repository, number: int) -> Pull | None:
        """There are none."""
        return None

    def ahead(
        self, repository: Repository, base: str, branch: str, *, source: Repository | None = None
    ) -> list[AheadCommit]:
        """See Forge. Of a branch whose origin is further back than a shallow fetch shows, all commits count."""
        with tempfile.TemporaryDirectory(prefix="dfrewrite-") as folder:
            self._ask("init", "--quiet", "--bare", "--template=", ".", folder=folder)
            names = [f"+refs/heads/{base}:refs/heads/base", f"+refs/heads/{branch}:refs/heads/branch"]
            fetch = ("fetch", "--quiet", "--no-tags", f"--depth={_DEPTH}", "--", repository.clone_url, *names)
            if self._ask(*fetch, folder=folder) is None:
                raise Unreachable(f"{repository.name} cannot be reached")
            lines = self._ask("log", "--reverse", "--format=%x00%H%n%ce%n%B", "base..branch", folder=folder)
        commits = "\n".join(lines or []).split("\0")[1:]
        return [AheadCommit(*(each.split("\n", 2))) for each in commits]

    def open_pull(self, repository: Repository, new: NewPull, *, source: Repository | None = None) -> Pull:
        """The branch is all there is."""
        tip = self.tip(repository, new.branch) or ""
        return Pull(0, State.OPEN, new.title, new.body, new.branch, tip, new.base, "")

    def change_pull(self, repository: Repository, number: int, *, title: str, body: str) -> None:
        """There is none."""

    def close_pull(self, repository: Repository, number: int) -> None:
        """There is none."""

    def comment(self, repository: Repository, number: int, text: str) -> None:
        """There is none."""

    def label(self, repository: Repository, number: int, labels: tuple[str, ...]) -> None:
        """There is none."""

    def ask_review(self, repository: Repository, number: int, reviewers: tuple[str, ...]) -> None:
        """There is none."""

    def said(self, repository: Repository, number: int) -> list[str]:
        """There is nothing."""
        return []

    def review(self, repository: Repository, pull: Pull, text: str, remarks: tuple[Remark, ...]) -> None:
        """There is none."""

    def ready(self, repository: Repository, number: int) -> None:
        """There is none."""

    def fork(self, repository: Repository) -> Repository | None:
        """There is none."""
        return None

    def make_fork(self, repository: Repository) -> Repository:
        """See Forge."""
        raise Refused("plain git has no forks")

    def before_push(self) -> None:
        """Nobody counts."""

    def issues(self, repository: Repository, title: str) -> list[tuple[int, str]]:
        """There are none."""
        return []

    def write_issue(self, repository: Repository, title: str, body: str, number: int | None) -> int:
        """See Forge."""
        raise Refused("plain git has no issues")

    def _ask(self, *arguments: str, folder: str | None = None) -> list[str] | None:
        """The lines that git prints; None where it fails."""
        try:
            done = subprocess.run(
                ["git", *OPTIONS, *arguments],
                cwd=folder,
                env=environment() | access(Remote("", certificates=self._certificates)),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=_SECONDS,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired):
            return None
        return done.stdout.decode("utf-8", "replace").splitlines() if done.returncode == 0 else None
