"""Routing: rules, durable jobs, and how far a follower of the feed has come."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql, sqlite

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
BIG = sa.BigInteger().with_variant(sqlite.INTEGER(), "sqlite")


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "route",
        sa.Column("name", TEXT, primary_key=True),
        sa.Column("definition", TEXT, nullable=False),
        sa.Column("created_at_s", BIG, nullable=False),
        sa.Column("created_by", TEXT, nullable=False),
    )
    op.create_table(
        "job",
        sa.Column("id", BIG, primary_key=True, autoincrement=True),
        sa.Column("queue", TEXT, nullable=False),
        sa.Column("unique_key", TEXT, nullable=False, unique=True),
        sa.Column("batch", TEXT, nullable=False),
        sa.Column("payload", TEXT, nullable=False),
        sa.Column("rank", sa.SmallInteger(), nullable=False),
        sa.Column("state", TEXT, nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("not_before_ns", BIG, nullable=False),
        sa.Column("owner", TEXT, nullable=False),
        sa.Column("lease_until_ns", BIG, nullable=False),
        sa.Column("last_error", TEXT, nullable=False),
        sa.Column("enqueued_at_ns", BIG, nullable=False),
        sa.Column("finished_at_ns", BIG, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("job_next", "job", ["queue", "state", "rank", "id"])
    op.create_index("job_batch", "job", ["queue", "batch", "state", "rank", "id"])
    op.create_table(
        "job_queue",
        sa.Column("name", TEXT, primary_key=True),
        sa.Column("paused_until_ns", BIG, nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("last_error", TEXT, nullable=False),
    )
    op.create_table(
        "follower",
        sa.Column("name", TEXT, primary_key=True),
        sa.Column("position", BIG, nullable=False),
    )
