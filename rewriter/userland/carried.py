"""What becomes of a RUN on Alpine: the words that `carry` answers with."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rewriter.edit import Edit
    from rewriter.transform import Evidence


@dataclass(frozen=True, slots=True)
class AlpineTarget:
    """The Alpine image that a stage moves to, and what its earlier instructions have made of it.

    `release` ("3.18"; None: floating or unknown), `family` of the image it comes from: debian, ubuntu or rhel. `has`:
    packages that the image has by then; `users` and `groups`: accounts that it has by then beyond Alpine's own.
    """

    release: str | None
    family: str = "debian"
    has: frozenset[str] = frozenset()
    users: frozenset[str] = frozenset()
    groups: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Carried:
    """A RUN in Alpine's words."""

    edits: tuple[Edit, ...] = ()
    """File offsets; none is empty, none covers the whole instruction."""
    promised: tuple[tuple[str, ...], ...] = ()
    """The raw words of every command of the new body, in order."""
    handled: frozenset[int] = frozenset()
    """`Command.start` of the commands that were translated or dropped: nobody else need look at them."""
    packages: tuple[str, ...] = ()
    """Alpine packages that it installs and keeps."""
    removed: tuple[str, ...] = ()
    """Alpine packages that it deletes again."""
    evidence: tuple[Evidence, ...] = ()
    drops: bool = False
    """True when nothing remains: there are no edits, and the instruction is to be deleted."""
    wants: dict[str, str] = field(default_factory=dict)
    """Packages that must be there before this RUN, each with its reason (a shell, the time zones)."""
    users: frozenset[str] = frozenset()
    groups: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Refused:
    """Why a RUN, or a flag of it, cannot be carried over, with its line and the exact word."""

    reason: str


class Refusal(Exception):
    """Raised inside of a translation, and caught at its door; the message is the reason without the line."""
