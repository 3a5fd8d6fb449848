"""Tables of durable work; never derived, `reindex` leaves them alone. Times are nanoseconds since 1970-01-01 UTC."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, MetaData, SmallInteger, Table, Text, text
from sqlalchemy.dialects import postgresql, sqlite

metadata = MetaData()

BIG = BigInteger().with_variant(sqlite.INTEGER(), "sqlite")
TEXT = Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")

job = Table(
    "job",
    metadata,
    Column("id", BIG, primary_key=True, autoincrement=True),
    Column("queue", TEXT, nullable=False),
    Column("unique_key", TEXT, nullable=False, unique=True),
    Column("batch", TEXT, nullable=False),  # what `NewJob.group` says
    Column("payload", TEXT, nullable=False),  # JSON
    Column("rank", SmallInteger, nullable=False),
    Column("state", TEXT, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("not_before_ns", BIG, nullable=False),
    Column("owner", TEXT, nullable=False),
    Column("lease_until_ns", BIG, nullable=False),
    Column("last_error", TEXT, nullable=False),
    Column("enqueued_at_ns", BIG, nullable=False),
    Column("finished_at_ns", BIG, nullable=False),
    Column("ticket", TEXT, nullable=False),  # what `Job.ticket` says
    Index("job_next", "queue", "state", "rank", "id"),
    Index("job_batch", "queue", "batch", "state", "rank", "id"),
    Index("job_ticket", "ticket", sqlite_where=text("ticket <> ''"), postgresql_where=text("ticket <> ''")),
    sqlite_autoincrement=True,
)

job_queue = Table(
    "job_queue",
    metadata,
    # Whoever claims locks this row first, so that two never take from one group.
    Column("name", TEXT, primary_key=True),
    Column("paused_until_ns", BIG, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("last_error", TEXT, nullable=False),
)

follower = Table(
    "follower",
    metadata,
    Column("name", TEXT, primary_key=True),
    Column("position", BIG, nullable=False),  # the last number of the index's allocator that was looked at
)
