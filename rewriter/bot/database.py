"""Opens the ledger's database, SQLite or PostgreSQL by its URL, with its tables.

Imports SQLAlchemy, so it is imported only where the bot runs.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from rewriter.bot.tables import ABOUT, META, SCHEMA

_BUSY_SECONDS = 30
"""How long one process waits for another that writes to the same SQLite file."""


class OtherSchema(sa.exc.SQLAlchemyError):
    """The tables were made by another version of dfrewrite."""


DATABASE_ERRORS = (sa.exc.SQLAlchemyError,)
"""What opening raises, every method of a ledger may raise, and the workflows, too."""


def words_of(error: Exception) -> str:
    """What is wrong with the database, in one line without a password."""
    cause = getattr(error, "orig", None) or error
    return f"the database cannot be used: {' '.join(str(cause).split())[:300]}"


def open_database(url: str) -> sa.Engine:
    """``url``: of SQLAlchemy, such as ``sqlite:///bot.sqlite`` or ``postgresql+psycopg://…``.

    Raises DATABASE_ERRORS.
    """
    options: dict[str, Any] = {"connect_args": {"timeout": _BUSY_SECONDS}} if url.startswith("sqlite") else {}
    engine = sa.create_engine(url, hide_parameters=True, **options)
    sqlite = engine.dialect.name == "sqlite"
    if sqlite:
        sa.event.listen(engine, "connect", _prepare)
        sa.event.listen(engine, "begin", _begin)
    with engine.begin() as connection:
        if not sqlite:  # two workers that begin at once would both make the tables
            connection.execute(sa.text("SELECT pg_advisory_xact_lock(hashtext('dfrewrite'))"))
        _make_tables(connection)
    return engine


def _make_tables(connection: sa.Connection) -> None:
    """Makes those that are not there. Raises OtherSchema, and then has made none."""
    ABOUT.create(connection, checkfirst=True)
    written = connection.execute(sa.select(ABOUT.c.schema)).scalar_one_or_none()
    if written is None:
        connection.execute(sa.insert(ABOUT).values(schema=SCHEMA))
    elif written != SCHEMA:
        raise OtherSchema(f"its tables have version {written}, and this dfrewrite knows version {SCHEMA}")
    META.create_all(connection)


def _prepare(connection: Any, _record: Any) -> None:
    """SQLite: several processes read beside one that writes, and what is committed survives a kill."""
    connection.isolation_level = None  # we begin transactions ourselves, see `_begin`
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=NORMAL")
    cursor.close()


def _begin(connection: sa.Connection) -> None:
    """Takes the writer's lock at once: one taken later fails when somebody else has written in between."""
    connection.exec_driver_sql("BEGIN IMMEDIATE")
