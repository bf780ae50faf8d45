"""The tables of the ledger. Imports SQLAlchemy, so it is imported only where the bot runs."""

from __future__ import annotations

import sqlalchemy as sa

SCHEMA = 1
"""Counts up with every change of these tables; a ledger of another number is not touched."""
META = sa.MetaData()
_TEXT, _TIME = sa.Text, sa.Float

ABOUT = sa.Table("about", META, sa.Column("schema", sa.Integer, primary_key=True))
PROPOSALS = sa.Table(
    "proposals",
    META,
    sa.Column("key", _TEXT, primary_key=True),
    *(sa.Column(name, _TEXT, nullable=False, default="") for name in "forge repository name path recipe".split()),
    *(sa.Column(name, _TEXT, nullable=False, default="") for name in "branch state url base output tip why".split()),
    sa.Column("number", sa.Integer),
    sa.Column("before_bytes", sa.BigInteger),
    sa.Column("after_bytes", sa.BigInteger),
    sa.Column("measured", sa.Boolean, nullable=False, default=False),
    sa.Column("changed_at", _TIME, nullable=False, default=0.0),
)
RUNS = sa.Table(
    "runs",
    META,
    sa.Column("campaign", _TEXT, primary_key=True),
    sa.Column("run", _TEXT, primary_key=True),
    sa.Column("began_at", _TIME, nullable=False),
    sa.Column("ended_at", _TIME),
)
VISITS = sa.Table(
    "visits",
    META,
    sa.Column("run", _TEXT, primary_key=True),
    sa.Column("forge", _TEXT, primary_key=True),
    sa.Column("repository", _TEXT, primary_key=True),
    sa.Column("path", _TEXT, primary_key=True),
    *(sa.Column(name, _TEXT, nullable=False, default="") for name in "name outcome why url".split()),
    sa.Column("failed", sa.Boolean, nullable=False, default=False),
    sa.Column("at", _TIME, nullable=False, default=0.0),
)
IDENTITIES = sa.Table(
    "identities",
    META,
    sa.Column("identity", _TEXT, primary_key=True),
    sa.Column("parked_until", _TIME, nullable=False, default=0.0),
)
WRITES = sa.Table(
    "writes",
    META,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("identity", _TEXT, nullable=False),
    sa.Column("at", _TIME, nullable=False),
    sa.Index("writes_by_time", "identity", "at"),
)
OPENINGS = sa.Table(
    "openings",
    META,
    sa.Column("run", _TEXT, primary_key=True),
    sa.Column("key", _TEXT, primary_key=True),
    sa.Column("at", _TIME, nullable=False, index=True),
)
REPLIES = sa.Table(
    "replies",
    META,
    sa.Column("address", _TEXT, primary_key=True),
    sa.Column("etag", _TEXT, nullable=False),
    sa.Column("body", sa.LargeBinary, nullable=False),
    sa.Column("at", _TIME, nullable=False, index=True),
)
WORKERS = sa.Table(
    "workers",
    META,
    sa.Column("name", _TEXT, primary_key=True),
    sa.Column("seen_at", _TIME, nullable=False),
)
