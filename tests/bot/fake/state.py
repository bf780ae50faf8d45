"""What a forge remembers: users, repositories over real bare git repositories, and pull requests."""

from __future__ import annotations

import os
import re
import subprocess
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

_IDENTITY = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_AUTHOR_NAME": "Jo",
    "GIT_AUTHOR_EMAIL": "jo@example.com",
    "GIT_COMMITTER_NAME": "Jo",
    "GIT_COMMITTER_EMAIL": "jo@example.com",
    "GIT_AUTHOR_DATE": "2026-01-01T00:00:00Z",
    "GIT_COMMITTER_DATE": "2026-01-01T00:00:00Z",
}


Files = Mapping[str, str | tuple[str, str | bytes] | None]
"""Contents by path: None removes a file, a mode may stand before the content (of a submodule: its commit)."""


@dataclass
class FakePull:
    """One pull request."""

    number: int
    title: str
    body: str
    branch: str
    base: str
    author: str
    draft: bool = False
    state: str = "open"
    """open, closed or merged"""
    tip: str = ""
    """Of the head while the branch was there."""
    source: FakeRepository | None = None
    """The fork that holds the branch."""
    labels: list[str] = field(default_factory=list)
    comments: list[str] = field(default_factory=list)
    reviewers: list[str] = field(default_factory=list)
    """Teams with a slash before their name."""
    reviews: list[str] = field(default_factory=list)
    remarks: list[tuple[str, int, str]] = field(default_factory=list)
    """Path, line and text."""


@dataclass
class FakeIssue:
    """One issue."""

    number: int
    title: str
    body: str
    author: str


@dataclass
class FakeRepository:
    """One repository."""

    id: int
    name: str
    git: Path
    default_branch: str = "main"
    archived: bool = False
    fork: bool = False
    gone: bool = False
    pushers: set[str] = field(default_factory=lambda: {"bot"})
    former: list[str] = field(default_factory=list)
    """Names that it had before."""
    pulls: list[FakePull] = field(default_factory=list)
    topics: list[str] = field(default_factory=list)
    parent: FakeRepository | None = None
    """Of a fork."""
    labels: list[str] = field(default_factory=list)
    """Where they must be made before they can be used."""
    issues: list[FakeIssue] = field(default_factory=list)

    def head(self, pull: FakePull) -> str:
        """The commit that a pull request would merge, which is here, too; empty when its branch is gone."""
        source = pull.source or self
        tip = source.tip(pull.branch)
        if tip and source is not self:
            self.run("fetch", "--quiet", str(source.git), f"+{tip}:refs/pull/{pull.number}/head")
        return tip

    def run(self, *arguments: str, feed: bytes = b"", check: bool = True) -> str:
        """What git says in the bare repository."""
        environment = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")} | _IDENTITY
        done = subprocess.run(
            ["git", *arguments], cwd=self.git, env=environment, input=feed, capture_output=True, check=False
        )
        assert done.returncode == 0 or not check, done.stderr.decode()
        return done.stdout.decode("utf-8", "replace").strip() if done.returncode == 0 else ""

    def tip(self, branch: str) -> str:
        """The commit of a branch; empty when it is gone."""
        return self.run("rev-parse", "--verify", "--quiet", f"refs/heads/{branch}", check=False)

    def branches(self) -> list[str]:
        """All of them."""
        return self.run("for-each-ref", "--format=%(refname:short)", "refs/heads").split()

    def commit(self, files: Files, branch: str = "", message: str = "a change") -> str:
        """Somebody commits files to a branch."""
        branch = branch or self.default_branch
        parent = self.tip(branch)
        index = {"GIT_INDEX_FILE": str(self.git / "scratch-index")}
        environment = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")} | _IDENTITY | index

        def run(*arguments: str, feed: bytes = b"") -> str:
            done = subprocess.run(
                ["git", *arguments], cwd=self.git, env=environment, input=feed, capture_output=True, check=True
            )
            return done.stdout.decode().strip()

        run(*(["read-tree", parent] if parent else ["read-tree", "--empty"]))
        lines = b""
        for path, text in files.items():
            if text is None:
                lines += f"0 {'0' * 40}\t{path}\0".encode()
                continue
            mode, content = text if isinstance(text, tuple) else ("100644", text)
            data = content if isinstance(content, bytes) else content.encode()
            blob = data.decode() if mode == "160000" else run("hash-object", "-w", "--stdin", feed=data)
            lines += f"{mode} {blob}\t{path}\0".encode()
        run("update-index", "-z", "--index-info", feed=lines)
        made = run("commit-tree", *(["-p", parent] if parent else []), "-m", message, run("write-tree"))
        run("update-ref", f"refs/heads/{branch}", made)
        return made

    def added(self, pull: FakePull, path: str) -> set[int]:
        """The lines of a file that a pull request adds or changes."""
        diff = self.run("diff", "--unified=0", f"{pull.base}...{self.head(pull)}", "--", path)
        found: set[int] = set()
        for start, count in re.findall(r"^@@ -\S+ \+(\d+)(?:,(\d+))? @@", diff, re.MULTILINE):
            found |= {*range(int(start), int(start) + int(count or 1))}
        return found

    def ahead(self, base: str, head: str) -> list[tuple[str, str, str]]:
        """Id, e-mail address of the committer, and message of what a commit has and a branch has not; oldest first."""
        found = []
        for identifier in self.run("rev-list", "--reverse", f"{base}..{head}", check=False).split():
            email, _, message = self.run("show", "--no-patch", "--format=%ce%n%B", identifier).partition("\n")
            found.append((identifier, email, message))
        return found

    def files(self, commit: str) -> list[dict[str, str]]:
        """The entries of a commit's tree: mode, type, sha and path."""
        lines = [line for line in self.run("ls-tree", "-r", "-z", commit).split("\0") if line]
        entries = ((*line.split(None, 3)[:3], line.partition("\t")[2]) for line in lines)
        return [{"mode": mode, "type": kind, "sha": sha, "path": path} for mode, kind, sha, path in entries]

    def conflicts(self, pull: FakePull) -> bool:
        """Whether a pull request cannot be merged as it stands."""
        base, head = self.tip(pull.base), self.head(pull)
        return not (base and head) or not self.run("merge-tree", "--write-tree", base, head, check=False)


class FakeState:
    """Everything; its lock is held for each request."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.lock = threading.RLock()
        self.tokens = {"t0ken-of-the-bot": "bot"}
        self.organisations: set[str] = {"acme"}
        self.people = ["jo", "kim"]
        self.repositories: dict[int, FakeRepository] = {}

    def add(self, name: str, files: Files | None = None, **more: object) -> FakeRepository:
        """A repository with one commit; without files an empty one."""
        number = len(self.repositories) + 1
        git = self.folder / f"{number}.git"
        git.mkdir(parents=True)
        subprocess.run(["git", "init", "--quiet", "--bare", "--initial-branch=main", "."], cwd=git, check=True)
        subprocess.run(["git", "config", "uploadpack.allowFilter", "true"], cwd=git, check=True)
        subprocess.run(["git", "config", "http.receivepack", "true"], cwd=git, check=True)
        found = FakeRepository(number, name, git, **more)  # type: ignore[arg-type]
        self.repositories[number] = found
        if files:
            found.commit(files)
        return found

    def fork(self, repository: FakeRepository, login: str) -> FakeRepository:
        """The fork of somebody: the one that is there, or a new one."""
        with self.lock:
            mine = [each for each in self.repositories.values() if each.name.split("/")[0] == login]
            found = next((each for each in mine if each.parent is repository), None)
            if found is None:
                name = f"{login}/{repository.name.split('/')[1]}"
                name += "-1" if any(each.name == name for each in mine) else ""
                found = self.add(name, fork=True, pushers={login}, parent=repository)
                found.default_branch = repository.default_branch
                found.run("fetch", "--quiet", str(repository.git), "+refs/heads/*:refs/heads/*")
                found.run("config", "receive.shallowUpdate", "false")
            return found

    def has_owner(self, name: str) -> bool:
        """Whether there is an organisation or a user of that name."""
        known = {*self.organisations, *self.people, *self.tokens.values()}
        return name in known or any(each.name.split("/")[0] == name for each in self.repositories.values())

    def named(self, name: str) -> FakeRepository | None:
        """By its present name or one that it had."""
        alive = [each for each in self.repositories.values() if not each.gone]
        now = next((each for each in alive if each.name == name), None)
        return now or next((each for each in alive if name in each.former), None)

    def merge(self, repository: FakeRepository, pull: FakePull) -> None:
        """Somebody merges a pull request."""
        with self.lock:
            head = repository.head(pull)
            tree = repository.run("merge-tree", "--write-tree", repository.tip(pull.base), head)
            parents = ["-p", repository.tip(pull.base), "-p", head]
            made = repository.run("commit-tree", *parents, "-m", "Merge", tree)
            repository.run("update-ref", f"refs/heads/{pull.base}", made)
            pull.tip, pull.state = head, "merged"

    def close(self, repository: FakeRepository, pull: FakePull) -> None:
        """Somebody closes a pull request."""
        with self.lock:
            pull.tip, pull.state = repository.head(pull), "closed"
