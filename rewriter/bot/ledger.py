"""What the bot remembers: proposals, visits, slots and replies, in SQLite or PostgreSQL by its URL.

The table of proposals is a record for people and reports, and what a crash leaves behind is found by it; what is to be
done is decided from the forge. Imports SQLAlchemy, so it is imported only where the bot runs.
"""

from __future__ import annotations

import contextlib
import time
import zlib
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from rewriter.bot.database import open_database
from rewriter.bot.tables import IDENTITIES, OPENINGS, PROPOSALS, REPLIES, RUNS, VISITS, WORKERS, WRITES

HOUR = 3600.0
_KEPT = 60 * 24 * HOUR
"""Seconds for which a reply of a forge is kept that was not read anew."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """One key with what became of it."""

    key: str
    forge: str
    repository: str
    name: str
    path: str
    recipe: str
    branch: str
    state: str = ""
    """``pushing`` before the branch is pushed, then what the forge last showed: open, merged, closed; or ``gone``."""
    url: str = ""
    base: str = ""
    output: str = ""
    tip: str = ""
    why: str = ""
    number: int | None = None
    before_bytes: int | None = None
    after_bytes: int | None = None
    measured: bool = False
    changed_at: float = 0.0


@dataclass(frozen=True, slots=True)
class Visit:
    """What a run did with one Dockerfile of a repository; ``path`` is empty for the repository as a whole."""

    run: str
    forge: str
    repository: str
    name: str
    path: str
    outcome: str
    why: str = ""
    url: str = ""
    failed: bool = False
    at: float = 0.0


class Ledger:
    """The tables. Every method is one transaction, safe beside other workers."""

    def __init__(self, url: str) -> None:
        """``url``: see `rewriter.bot.database`."""
        self._engine = open_database(url)
        self._sqlite = self._engine.dialect.name == "sqlite"

    def close(self) -> None:
        """Closes all connections."""
        self._engine.dispose()

    @contextlib.contextmanager
    def _begun(self) -> Iterator[sa.Connection]:
        with self._engine.begin() as connection:
            yield connection

    # --- proposals and visits

    def proposal(self, key: str) -> Proposal | None:
        """The record of a key."""
        with self._begun() as connection:
            row = connection.execute(sa.select(PROPOSALS).where(PROPOSALS.c.key == key)).one_or_none()
        return _proposal(row) if row is not None else None

    def proposals(self) -> list[Proposal]:
        """All records, by repository and path."""
        query = sa.select(PROPOSALS).order_by(PROPOSALS.c.forge, PROPOSALS.c.name, PROPOSALS.c.path)
        with self._begun() as connection:
            return [_proposal(row) for row in connection.execute(query)]

    def proposals_of(self, forge: str, repository: str) -> list[Proposal]:
        """The records of one repository, by its id."""
        query = sa.select(PROPOSALS).where(PROPOSALS.c.forge == forge, PROPOSALS.c.repository == repository)
        with self._begun() as connection:
            rows = connection.execute(query.order_by(PROPOSALS.c.path)).all()
        return [_proposal(row) for row in rows]

    def record(self, proposal: Proposal) -> None:
        """Writes the record of a key, in place of an earlier one."""
        self._upsert(PROPOSALS, asdict(proposal), ("key",))

    def visited(self, visit: Visit) -> None:
        """Writes what a run did with a file, in place of an earlier record of the same run."""
        self._upsert(VISITS, asdict(visit), ("run", "forge", "repository", "path"))

    def visits(self, run: str) -> list[Visit]:
        """All visits of a run."""
        query = sa.select(VISITS).where(VISITS.c.run == run).order_by(VISITS.c.name, VISITS.c.path)
        names = [field.name for field in fields(Visit)]
        with self._begun() as connection:
            return [Visit(**{name: row._mapping[name] for name in names}) for row in connection.execute(query)]

    def begin_run(self, campaign: str, day: str, now: float, name: str = "") -> str:
        """The run to go on with: the one of that name, else one of the campaign that has not ended, else a new one that
        is named after the day."""
        with self._locked("runs") as connection:
            mine = sa.select(RUNS.c.run).where(RUNS.c.campaign == campaign)
            names = list(connection.execute(mine).scalars())
            # What is written down of a run does not name the campaign: no two have one of the same name.
            taken = set(connection.execute(sa.select(RUNS.c.run)).scalars())
            going_on = mine.where(RUNS.c.ended_at.is_(None)).order_by(RUNS.c.began_at.desc()).limit(1)
            found = name or connection.execute(going_on).scalar_one_or_none()
            if found is None:
                later = (f"{day}.{number}" for number in range(2, len(taken) + 3))
                found = next(each for each in (day, *later) if each not in taken)
            if found not in names:
                connection.execute(sa.insert(RUNS).values(campaign=campaign, run=found, began_at=now))
            connection.execute(sa.delete(REPLIES).where(REPLIES.c.at < now - _KEPT))
        return str(found)

    def end_run(self, campaign: str, run: str, now: float) -> bool:
        """Writes down that nothing of a run is left to do; whether it was not yet written."""
        change = sa.update(RUNS).where(RUNS.c.campaign == campaign, RUNS.c.run == run, RUNS.c.ended_at.is_(None))
        with self._begun() as connection:
            return connection.execute(change.values(ended_at=now)).rowcount == 1

    def runs(self) -> list[str]:
        """The names of all runs, the latest last."""
        query = sa.select(VISITS.c.run).group_by(VISITS.c.run).order_by(sa.func.max(VISITS.c.at))
        with self._begun() as connection:
            return list(connection.execute(query).scalars())

    # --- pace and caps

    def parked_until(self, identity: str) -> float:
        """When the identity may be used again, in seconds since the epoch."""
        query = sa.select(IDENTITIES.c.parked_until).where(IDENTITIES.c.identity == identity)
        with self._begun() as connection:
            return connection.execute(query).scalar_one_or_none() or 0.0

    def park(self, identity: str, until: float) -> None:
        """Leaves the identity alone until then; an earlier time does not shorten a later one."""
        with self._locked(identity) as connection:
            change = sa.update(IDENTITIES).where(IDENTITIES.c.identity == identity, IDENTITIES.c.parked_until < until)
            connection.execute(change.values(parked_until=until))

    def reserve_write(self, identity: str, now: float, interval: float, hourly: int) -> float:
        """Takes the identity's next slot for a write, and returns its time: at least ``interval`` seconds behind the
        last one, and no more than ``hourly`` within any hour."""
        with self._locked(identity) as connection:
            # None is waited for that long: what lies further ahead is of a clock that was put back.
            old = sa.or_(WRITES.c.at < now - HOUR, WRITES.c.at > now + HOUR)
            connection.execute(sa.delete(WRITES).where(WRITES.c.identity == identity, old))
            mine = sa.select(WRITES.c.at).where(WRITES.c.identity == identity).order_by(WRITES.c.at.desc())
            last = connection.execute(mine.limit(1)).scalar_one_or_none()
            first = connection.execute(mine.offset(hourly - 1).limit(1)).scalar_one_or_none()
            slot = max(now, 0.0 if last is None else last + interval, 0.0 if first is None else first + HOUR)
            connection.execute(sa.insert(WRITES).values(identity=identity, at=slot))
        return slot

    def give_back(self, identity: str, slot: float) -> None:
        """Frees a slot that was not used."""
        with self._begun() as connection:
            connection.execute(sa.delete(WRITES).where(WRITES.c.identity == identity, WRITES.c.at == slot))

    def reserve_opening(self, run: str, key: str, now: float, most: int, hourly: int) -> str:
        """Counts a pull request that is about to be opened; why it may not be, else empty.

        The same key counts once in a run, so that a step which is repeated after a crash does not count twice.
        """
        with self._locked("openings") as connection:
            mine = sa.select(OPENINGS.c.at).where(OPENINGS.c.run == run, OPENINGS.c.key == key)
            if connection.execute(mine).scalar_one_or_none() is not None:
                return ""
            count = sa.select(sa.func.count()).select_from(OPENINGS)
            if connection.execute(count.where(OPENINGS.c.run == run)).scalar_one() >= most:
                return f"this run has opened {most}, and per-run of the caps is {most}"
            within = sa.and_(OPENINGS.c.at > now - HOUR, OPENINGS.c.at < now + HOUR)
            if connection.execute(count.where(within)).scalar_one() >= hourly:
                return f"{hourly} were opened within an hour, and per-hour of the caps is {hourly}"
            connection.execute(sa.insert(OPENINGS).values(run=run, key=key, at=now))
        return ""

    def beat(self, worker: str, now: float) -> None:
        """Says that a worker is alive."""
        self._upsert(WORKERS, {"name": worker, "seen_at": now}, ("name",))

    def take_dead(self, now: float, seconds: float) -> list[str]:
        """The workers that were not seen for so long, forgotten by this: whoever asks takes over what they left."""
        with self._locked("workers") as connection:
            silent = WORKERS.c.seen_at < now - seconds
            names = list(connection.execute(sa.select(WORKERS.c.name).where(silent)).scalars())
            connection.execute(sa.delete(WORKERS).where(silent))
        return names

    # --- replies

    def get(self, address: str) -> tuple[str, bytes] | None:
        """See `rewriter.bot.forge_http.Cache`."""
        query = sa.select(REPLIES.c.etag, REPLIES.c.body).where(REPLIES.c.address == address)
        with self._begun() as connection:
            row = connection.execute(query).one_or_none()
        return (row[0], zlib.decompress(bytes(row[1]))) if row is not None else None

    def put(self, address: str, etag: str, body: bytes) -> None:
        """See `rewriter.bot.forge_http.Cache`."""
        packed = zlib.compress(body, 1)  # lists of files, most of it: to a sixth
        self._upsert(REPLIES, {"address": address, "etag": etag, "body": packed, "at": time.time()}, ("address",))

    @contextlib.contextmanager
    def _locked(self, name: str) -> Iterator[sa.Connection]:
        """A transaction that no other worker has at the same time for that name. SQLite has one writer anyway."""
        with self._begun() as connection:
            insert = self._insert(IDENTITIES).values(identity=name, parked_until=0.0)
            connection.execute(insert.on_conflict_do_nothing())
            if not self._sqlite:
                row = sa.select(IDENTITIES.c.identity).where(IDENTITIES.c.identity == name)
                connection.execute(row.with_for_update())
            yield connection

    def _upsert(self, table: sa.Table, values: dict[str, Any], key: tuple[str, ...]) -> None:
        insert = self._insert(table).values(**values)
        rest = {name: insert.excluded[name] for name in values if name not in key}
        with self._begun() as connection:
            connection.execute(insert.on_conflict_do_update(index_elements=list(key), set_=rest))

    def _insert(self, table: sa.Table) -> sqlite.Insert | postgresql.Insert:
        return sqlite.insert(table) if self._sqlite else postgresql.insert(table)


def _proposal(row: sa.Row[Any]) -> Proposal:
    return Proposal(**{field.name: row._mapping[field.name] for field in fields(Proposal)})


def with_state(proposal: Proposal, state: str, at: float, **changes: Any) -> Proposal:
    """The record after something happened."""
    return replace(proposal, state=state, changed_at=at, **changes)
