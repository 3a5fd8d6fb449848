"""How far studies have been read, and how urgent they are: kept by themselves, and beside the study for searching."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql, sqlite

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
BIG = sa.BigInteger().with_variant(sqlite.INTEGER(), "sqlite")


def upgrade() -> None:
    """Every study is unread and routine until somebody says otherwise."""
    op.create_table(
        "study_mark",
        sa.Column("partition_id", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("study_instance_uid", TEXT, primary_key=True),
        sa.Column("reading_status", sa.SmallInteger(), nullable=False),
        sa.Column("reading_priority", sa.SmallInteger(), nullable=False),
        sa.Column("marked_at_ns", BIG, nullable=False),
        sa.Column("principal", TEXT, nullable=False),
    )
    op.add_column("study", sa.Column("reading_status", sa.SmallInteger(), nullable=False, server_default="0"))
    op.add_column("study", sa.Column("reading_priority", sa.SmallInteger(), nullable=False, server_default="0"))
    op.create_index("study_status", "study", ["partition_id", "reading_status", "study_date", "id"])
    op.create_index("study_priority", "study", ["partition_id", "reading_priority", "study_date", "id"])
