"""Objects in another transfer syntax beside the original, and the rules by which they are made."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql, sqlite

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
BIG = sa.BigInteger().with_variant(sqlite.INTEGER(), "sqlite")


def upgrade() -> None:
    """Create the tables; there is no rule yet."""
    op.create_table(
        "rendition",
        sa.Column("original_pack_id", TEXT, primary_key=True),
        sa.Column("original_offset_bytes", BIG, primary_key=True, autoincrement=False),
        sa.Column("original_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("partition_id", sa.Integer(), nullable=False),
        sa.Column("study_instance_uid", TEXT, nullable=False),
        sa.Column("sop_instance_uid", TEXT, nullable=False),
        sa.Column("transfer_syntax_uid", TEXT, nullable=False),
        sa.Column("pack_id", TEXT, nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("member_offset_bytes", BIG, nullable=False),
        sa.Column("offset_bytes", BIG, nullable=False),
        sa.Column("prefix_length_bytes", sa.Integer(), nullable=False),
        sa.Column("data_set_length_bytes", BIG, nullable=False),
        sa.Column("header_length_bytes", BIG, nullable=False),
        sa.Column("prefix_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("data_set_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("checksum", BIG, nullable=False),
        sa.Column("made_at_ns", BIG, nullable=False),
        sa.Column("frame_table", sa.LargeBinary(), nullable=False),
    )
    op.create_index("rendition_study", "rendition", ["partition_id", "study_instance_uid"])
    op.create_table(
        "transcode_rule",
        sa.Column("name", TEXT, primary_key=True),
        sa.Column("definition", TEXT, nullable=False),
        sa.Column("created_at_s", BIG, nullable=False),
        sa.Column("created_by", TEXT, nullable=False),
    )
