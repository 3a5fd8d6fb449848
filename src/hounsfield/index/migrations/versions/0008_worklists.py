"""Unified Procedure Steps with subscriptions and events, commitments asked over the web, performed procedure steps."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql, sqlite

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
BIG = sa.BigInteger().with_variant(sqlite.INTEGER(), "sqlite")


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "workitem",
        sa.Column("id", BIG, primary_key=True, autoincrement=True),
        sa.Column("partition_id", BIG, nullable=False),
        sa.Column("uid", TEXT, nullable=False),
        sa.Column("state", TEXT, nullable=False),
        sa.Column("transaction_uid", TEXT, nullable=False),
        sa.Column("scheduled_start", TEXT, nullable=False),
        sa.Column("data_set", TEXT, nullable=False),
        sa.Column("changed_at_s", BIG, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("workitem_uid", "workitem", ["partition_id", "uid"], unique=True)
    op.create_index("workitem_state", "workitem", ["partition_id", "state", "id"])
    op.create_index("workitem_start", "workitem", ["partition_id", "scheduled_start"])
    op.create_table(
        "workitem_key",
        sa.Column("workitem_id", BIG, primary_key=True, autoincrement=False),
        sa.Column("name", TEXT, primary_key=True),
        sa.Column("value", TEXT, primary_key=True),
    )
    op.create_index("workitem_key_value", "workitem_key", ["name", "value", "workitem_id"])
    op.create_table(
        "workitem_subscriber",
        sa.Column("partition_id", BIG, primary_key=True, autoincrement=False),
        sa.Column("ae_title", TEXT, primary_key=True),
        sa.Column("filter", TEXT, primary_key=True),
        sa.Column("deletion_lock", sa.Boolean(), nullable=False),
    )
    op.create_table(
        "workitem_subscription",
        sa.Column("workitem_id", BIG, primary_key=True, autoincrement=False),
        sa.Column("ae_title", TEXT, primary_key=True),
        sa.Column("deletion_lock", sa.Boolean(), nullable=False),
    )
    op.create_index("workitem_subscription_ae", "workitem_subscription", ["ae_title", "workitem_id"])
    op.create_table(
        "workitem_event",
        sa.Column("sequence", BIG, primary_key=True, autoincrement=True),
        sa.Column("partition_id", BIG, nullable=False),
        sa.Column("ae_title", TEXT, nullable=False),
        sa.Column("report", TEXT, nullable=False),
        sa.Column("created_at_s", BIG, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("workitem_event_ae", "workitem_event", ["partition_id", "ae_title", "sequence"])
    op.create_index("workitem_event_age", "workitem_event", ["created_at_s"])
    op.create_table(
        "workitem_listener",
        sa.Column("partition_id", BIG, primary_key=True, autoincrement=False),
        sa.Column("ae_title", TEXT, primary_key=True),
        sa.Column("delivered", BIG, nullable=False),
    )
    op.create_table(
        "web_commitment",
        sa.Column("partition_id", BIG, primary_key=True, autoincrement=False),
        sa.Column("transaction_uid", TEXT, primary_key=True),
        sa.Column("accepted_at_s", BIG, nullable=False),
        sa.Column("busy_until_s", BIG, nullable=False),
        sa.Column("request", TEXT, nullable=False),
        sa.Column("result", TEXT, nullable=False),
    )
    op.create_table(
        "performed_step",
        sa.Column("partition_id", BIG, primary_key=True, autoincrement=False),
        sa.Column("uid", TEXT, primary_key=True),
        sa.Column("status", TEXT, nullable=False),
        sa.Column("data_set", TEXT, nullable=False),
        sa.Column("changed_at_s", BIG, nullable=False),
    )
