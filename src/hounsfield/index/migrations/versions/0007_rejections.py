"""Rejections, and the instances that they hide."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql, sqlite

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
BIG = sa.BigInteger().with_variant(sqlite.INTEGER(), "sqlite")


def upgrade() -> None:
    """Nothing is rejected yet."""
    op.create_table(
        "rejection",
        sa.Column("partition_id", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("study_instance_uid", TEXT, primary_key=True),
        sa.Column("series_instance_uid", TEXT, primary_key=True),
        sa.Column("sop_instance_uid", TEXT, primary_key=True),
        sa.Column("decided_at_ns", BIG, nullable=False),
        sa.Column("rejects", sa.SmallInteger(), nullable=False),
        sa.Column("code", TEXT, nullable=False),
        sa.Column("principal", TEXT, nullable=False),
        sa.Column("reason", TEXT, nullable=False),
    )
    op.create_table(
        "withheld",
        sa.Column("id", BIG, primary_key=True, autoincrement=False),
        sa.Column("partition_id", sa.Integer(), nullable=False),
        sa.Column("study_instance_uid", TEXT, nullable=False),
        sa.Column("series_instance_uid", TEXT, nullable=False),
        sa.Column("sop_instance_uid", TEXT, nullable=False),
        sa.Column("received_at_ns", BIG, nullable=False),
        sa.Column("pack_id", TEXT, nullable=False),
        sa.Column("offset_bytes", BIG, nullable=False),
        sa.Column("entry", sa.LargeBinary(), nullable=False),
    )
    op.create_index("withheld_place", "withheld", ["pack_id", "offset_bytes"], unique=True)
    op.create_index("withheld_sop", "withheld", ["partition_id", "sop_instance_uid"])
    op.create_index("withheld_study", "withheld", ["partition_id", "study_instance_uid"])
