"""What a visit to one repository is about, as plain data: it survives the process that made it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from rewriter.bot.campaign import Campaign
from rewriter.bot.checkout import Checkout
from rewriter.bot.decide import Do
from rewriter.bot.forge import Forge, Repository
from rewriter.bot.git_run import Remote
from rewriter.bot.ledger import Ledger
from rewriter.bot.prepare import Left, Prepared

if TYPE_CHECKING:
    from rewriter.bot.events import Events
    from rewriter.bot.pace import Clock
    from rewriter.proof.verify import Verifier


class Moved(Exception):
    """The repository is not what it was when it was surveyed: survey it again."""


class Stale(Moved):
    """It was surveyed too long ago to be written to: its owner may have said no since. Survey it again."""


@dataclass(frozen=True, slots=True)
class Task:
    """One repository of one run."""

    run: str
    source: int
    """Its place in `Campaign.sources`."""
    repository: str
    """Its id."""
    name: str
    """When it was found."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be done about one key."""

    do: Do
    why: str
    key: str
    path: str
    branch: str
    prepared: Prepared | None = None
    number: int | None = None
    expected: str | None = None
    """The commit at which the branch must be when it is pushed."""
    url: str = ""
    state: str = ""
    """Of the pull request that it is about."""


@dataclass(frozen=True, slots=True)
class Survey:
    """What was seen in a repository. ``ended``: why nothing more is done with it as a whole."""

    repository: Repository | None
    base: str = ""
    head: str = ""
    plans: tuple[Plan, ...] = ()
    left: tuple[Left, ...] = ()
    ended: str = ""
    failed: bool = False
    source: Repository | None = None
    """The fork that the branches go to, if not to the repository itself; without an id while there is none."""
    at: float = 0.0
    """When it was seen, in seconds since the epoch."""


@dataclass(frozen=True, slots=True)
class Pushed:
    """A branch of ours on the forge with the commit that it is at, or why nothing was pushed."""

    tip: str = ""
    waits: str = ""


@dataclass(frozen=True)
class Tools:
    """What visits are made with."""

    campaign: Campaign
    forges: tuple[Forge, ...]
    """One for each source."""
    identities: tuple[str, ...]
    """Who asks each of them; one that has to wait does not hold up another."""
    remote: Callable[[Forge, Repository], Remote]
    ledger: Ledger
    clock: Clock
    events: Events
    folder: Path
    """Where clones are put."""
    verifier: Callable[[], Verifier] | None = None
    """Makes what proves the rewrites of one repository; None: nothing is proven."""
    clones: dict[Task, Checkout] = field(default_factory=dict)
