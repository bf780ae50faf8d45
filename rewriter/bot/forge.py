"""What the bot asks of a forge: about a dozen questions, the same for all forges."""

from __future__ import annotations

import enum
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol


class ForgeError(Exception):
    """A forge did not do what it was asked; the message is one line and holds no secret."""


class Unreachable(ForgeError):
    """Nothing that can be understood came back. A write may have been done all the same: look before doing it again."""


class Refused(ForgeError):
    """The forge says no (401, 403, 422): a right is missing, a branch is protected, a request makes no sense."""


class Missing(ForgeError):
    """There is no such thing (404, 410), or the token may not know of it."""


class Exists(ForgeError):
    """What was to be made is there already."""


class Busy(ForgeError):
    """The forge wants to be left alone by this identity."""

    def __init__(self, message: str, until: float) -> None:
        """``until``: seconds since the epoch."""
        super().__init__(message)
        self.until = until


@dataclass(frozen=True, slots=True)
class Repository:
    """One repository of a forge."""

    forge: str
    """Host, lower case."""
    id: str
    """The forge's own, which survives a change of the name."""
    name: str
    """With its owner: ``acme/tides``."""
    default_branch: str
    """Empty in a repository without commits, where the forge tells that."""
    clone_url: str
    """For git; without user and password."""
    archived: bool = False
    fork: bool = False
    may_push: bool = True
    """Whether this identity may push branches to it."""
    size: int = 0
    """Bytes, as the forge tells it; 0 where it does not."""
    topics: tuple[str, ...] = ()

    @property
    def owner(self) -> str:
        """All before the last slash: a user, an organisation, or groups within groups."""
        return self.name.rpartition("/")[0]


class State(enum.Enum):
    """Of a pull request."""

    OPEN = "open"
    MERGED = "merged"
    CLOSED = "closed"
    """Closed without being merged."""


@dataclass(frozen=True, slots=True)
class Pull:
    """One pull request (GitLab: merge request)."""

    number: int
    """The one that people see; within its repository."""
    state: State
    title: str
    body: str
    branch: str
    """Its head, without an owner."""
    tip: str
    """The commit id of its head."""
    base: str
    """The branch that it is to be merged into."""
    url: str
    author: str = ""
    """The login of who opened it."""
    labels: frozenset[str] = frozenset()
    draft: bool = False
    conflicted: bool | None = None
    """None when the forge does not know (yet)."""


@dataclass(frozen=True, slots=True)
class NewPull:
    """A pull request to be opened."""

    title: str
    body: str
    branch: str
    base: str
    draft: bool = False


@dataclass(frozen=True, slots=True)
class Remark:
    """Something to say about some lines of a file as a pull request leaves it."""

    path: str
    first: int
    last: int
    """Both count from 1, and are lines that it adds."""
    text: str


@dataclass(frozen=True, slots=True)
class AheadCommit:
    """A commit that a branch has and its base has not."""

    id: str
    committer: str
    """The committer's e-mail address."""
    message: str


@dataclass(frozen=True, slots=True)
class Tree:
    """The files of a commit by path, each with the id of its blob; ``truncated`` when the forge leaves some out."""

    blobs: Mapping[str, str]
    truncated: bool


class Forge(Protocol):
    """One forge, asked in the name of one identity.

    Every method may raise `Busy`, `Unreachable`, `Refused` and `Missing`; what is said to return None does so where the
    forge answers that there is none.
    """

    @property
    def host(self) -> str:
        """The host of its web pages, lower case."""

    @property
    def branches_only(self) -> bool:
        """Whether a branch is all that a proposal can be: then only the ledger says what became of an earlier one."""

    def login(self) -> str:
        """The name of the identity."""

    def of_owner(self, owner: str) -> Iterator[Repository]:
        """All repositories of an organisation, a group (with its subgroups) or a user."""

    def search(self, words: str) -> Iterator[Repository]:
        """Repositories that match a search in the forge's own words."""

    def repository(self, name: str) -> Repository | None:
        """By its full name; also by an old one, where the forge remembers it."""

    def repository_again(self, identifier: str, name: str) -> Repository | None:
        """By the forge's own id, and the name that it had when it was found; None also where another has that name."""

    def file(self, repository: Repository, path: str, ref: str) -> bytes | None:
        """The content of a file of at most 1 MB."""

    def tree(self, repository: Repository, ref: str) -> Tree | None:
        """All files of a branch; none in a repository without commits."""

    def tip(self, repository: Repository, branch: str) -> str | None:
        """The commit that a branch points to."""

    def pulls(self, repository: Repository, branch: str, *, source: Repository | None = None) -> list[Pull]:
        """The pull requests of a head in every state, the newest first. ``source``: the fork that holds the branch; one
        without an id is not there (any more), but what its owner once opened may be."""

    def pull(self, repository: Repository, number: int) -> Pull | None:
        """One, with `Pull.conflicted` where the forge knows it."""

    def ahead(
        self, repository: Repository, base: str, branch: str, *, source: Repository | None = None
    ) -> list[AheadCommit]:
        """The commits that a branch has and the base has not, oldest first; at most a few hundred."""

    def open_pull(self, repository: Repository, new: NewPull, *, source: Repository | None = None) -> Pull:
        """Opens one. Raises Exists where there is an open one of that head already."""

    def change_pull(self, repository: Repository, number: int, *, title: str, body: str) -> None:
        """Changes what one says."""

    def close_pull(self, repository: Repository, number: int) -> None:
        """Closes one without merging it."""

    def comment(self, repository: Repository, number: int, text: str) -> None:
        """Says something below one."""

    def label(self, repository: Repository, number: int, labels: tuple[str, ...]) -> None:
        """Adds labels; those that are there stay."""

    def ask_review(self, repository: Repository, number: int, reviewers: tuple[str, ...]) -> None:
        """Asks people, or teams as ``@owner/team``, to review one."""

    def said(self, repository: Repository, number: int) -> list[str]:
        """All that was said in reviews of one, by anybody."""

    def review(self, repository: Repository, pull: Pull, text: str, remarks: tuple[Remark, ...]) -> None:
        """Says something about lines of it, without a verdict. A forge that takes one remark at a time may be left with
        some of them; the first one holds ``text``."""

    def ready(self, repository: Repository, number: int) -> None:
        """Turns a draft into one that is ready for review."""

    def fork(self, repository: Repository) -> Repository | None:
        """The fork of it that this identity owns, whatever its name."""

    def make_fork(self, repository: Repository) -> Repository:
        """Makes one; the one that is there where there is one. Raises Unreachable while the forge still works on it."""

    def before_push(self) -> None:
        """Takes the slot of a write for git, which does not go through the forge's API."""

    def issues(self, repository: Repository, title: str) -> list[tuple[int, str]]:
        """Numbers and bodies of open issues of this identity with exactly that title."""

    def write_issue(self, repository: Repository, title: str, body: str, number: int | None) -> int:
        """Opens an issue, or changes one; its number."""
