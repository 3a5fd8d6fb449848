"""The first schema: index and records."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql, sqlite

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
BIG = sa.BigInteger().with_variant(sqlite.INTEGER(), "sqlite")


def upgrade() -> None:
    """Create all tables."""
    _create_index()
    _create_records()
    op.execute("INSERT INTO allocator (id, last) VALUES (1, 0)")


def _create_index() -> None:
    """Derived tables."""
    op.create_table(
        "allocator",
        sa.Column("id", sa.SmallInteger(), primary_key=True, autoincrement=False),
        sa.Column("last", BIG, nullable=False),
    )
    op.create_table(
        "total",
        sa.Column("partition_id", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("studies", BIG, nullable=False),
        sa.Column("series", BIG, nullable=False),
        sa.Column("instances", BIG, nullable=False),
        sa.Column("bytes_stored", BIG, nullable=False),
    )
    op.create_table(
        "pack",
        sa.Column("id", BIG, primary_key=True, autoincrement=False),
        sa.Column("pack_id", TEXT, nullable=False, unique=True),
        sa.Column("node", TEXT, nullable=False),
        sa.Column("state", TEXT, nullable=False),
        sa.Column("indexed_through_bytes", BIG, nullable=False),
        sa.Column("holders", TEXT, nullable=False),
    )
    op.create_table(
        "patient",
        sa.Column("id", BIG, primary_key=True, autoincrement=False),
        sa.Column("partition_id", sa.Integer(), nullable=False),
        sa.Column("patient_id", TEXT, nullable=False),
        sa.Column("issuer", TEXT, nullable=False),
        sa.Column("own_study_uid", TEXT, nullable=False),
    )
    op.create_index("patient_identity", "patient", ["partition_id", "patient_id", "issuer", "own_study_uid"], unique=True)
    op.create_table(
        "study",
        sa.Column("id", BIG, primary_key=True, autoincrement=False),
        sa.Column("partition_id", sa.Integer(), nullable=False),
        sa.Column("study_instance_uid", TEXT, nullable=False),
        sa.Column("patient_key", BIG, nullable=False),
        sa.Column("precedence", sa.LargeBinary(), nullable=False),
        sa.Column("version", BIG, nullable=False),
        sa.Column("first_received_at_ns", BIG, nullable=False),
        sa.Column("last_received_at_ns", BIG, nullable=False),
        sa.Column("series_count", sa.Integer(), nullable=False),
        sa.Column("instance_count", sa.Integer(), nullable=False),
        sa.Column("modalities", TEXT, nullable=False),
        sa.Column("sop_classes", TEXT, nullable=False),
        sa.Column("patient_id", TEXT, nullable=False),
        sa.Column("patient_id_fold", TEXT, nullable=False),
        sa.Column("issuer", TEXT, nullable=False),
        sa.Column("patient_name", TEXT, nullable=False),
        sa.Column("name_fold", TEXT, nullable=False),
        sa.Column("ideographic_fold", TEXT, nullable=False),
        sa.Column("phonetic_fold", TEXT, nullable=False),
        sa.Column("birth_date", TEXT, nullable=False),
        sa.Column("sex", TEXT, nullable=False),
        sa.Column("study_id", TEXT, nullable=False),
        sa.Column("study_date", TEXT, nullable=False),
        sa.Column("study_time", TEXT, nullable=False),
        sa.Column("accession_number", TEXT, nullable=False),
        sa.Column("accession_fold", TEXT, nullable=False),
        sa.Column("description", TEXT, nullable=False),
        sa.Column("description_fold", TEXT, nullable=False),
        sa.Column("referring_physician", TEXT, nullable=False),
        sa.Column("referring_fold", TEXT, nullable=False),
        sa.Column("words", TEXT, nullable=False),
        sa.Column("json", sa.LargeBinary(), nullable=False),
    )
    op.create_index("study_accession", "study", ["partition_id", "accession_fold", "id"])
    op.create_index("study_date", "study", ["partition_id", "study_date", "id"])
    op.create_index("study_description", "study", ["partition_id", "description_fold", "id"])
    op.create_index("study_modalities", "study", ["partition_id", "modalities", "id"])
    op.create_index("study_name", "study", ["partition_id", "name_fold", "id"])
    op.create_index("study_patient", "study", ["patient_key"])
    op.create_index("study_patient_id", "study", ["partition_id", "patient_id_fold", "id"])
    op.create_index("study_received", "study", ["partition_id", "last_received_at_ns", "id"])
    op.create_index("study_uid", "study", ["partition_id", "study_instance_uid"], unique=True)
    op.create_table(
        "word",
        sa.Column("id", BIG, primary_key=True, autoincrement=False),
        sa.Column("word", TEXT, nullable=False, unique=True),
    )
    op.create_table(
        "study_word",
        sa.Column("word_key", BIG, primary_key=True, autoincrement=False),
        sa.Column("study_key", BIG, primary_key=True, autoincrement=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "series",
        sa.Column("id", BIG, primary_key=True, autoincrement=False),
        sa.Column("partition_id", sa.Integer(), nullable=False),
        sa.Column("series_instance_uid", TEXT, nullable=False),
        sa.Column("study_key", BIG, nullable=False),
        sa.Column("precedence", sa.LargeBinary(), nullable=False),
        sa.Column("version", BIG, nullable=False),
        sa.Column("instance_count", sa.Integer(), nullable=False),
        sa.Column("number", BIG),
        sa.Column("modality", TEXT, nullable=False),
        sa.Column("description", TEXT, nullable=False),
        sa.Column("body_part", TEXT, nullable=False),
        sa.Column("series_date", TEXT, nullable=False),
        sa.Column("series_time", TEXT, nullable=False),
        sa.Column("performed_step_date", TEXT, nullable=False),
        sa.Column("performed_step_time", TEXT, nullable=False),
        sa.Column("station_name", TEXT, nullable=False),
        sa.Column("json", sa.LargeBinary(), nullable=False),
    )
    op.create_index("series_study", "series", ["study_key"])
    op.create_index("series_uid", "series", ["partition_id", "series_instance_uid"], unique=True)
    op.create_table(
        "instance",
        sa.Column("id", BIG, primary_key=True, autoincrement=False),
        sa.Column("partition_id", sa.Integer(), nullable=False),
        sa.Column("sop_instance_uid", TEXT, nullable=False),
        sa.Column("series_key", BIG, nullable=False),
        sa.Column("sop_class_uid", TEXT, nullable=False),
        sa.Column("transfer_syntax_uid", TEXT, nullable=False),
        sa.Column("number", BIG),
        sa.Column("rows", sa.Integer()),
        sa.Column("columns", sa.Integer()),
        sa.Column("frames", sa.Integer(), nullable=False),
        sa.Column("pack_key", BIG, nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("member_offset_bytes", BIG, nullable=False),
        sa.Column("offset_bytes", BIG, nullable=False),
        sa.Column("prefix_length_bytes", sa.Integer(), nullable=False),
        sa.Column("data_set_length_bytes", BIG, nullable=False),
        sa.Column("header_length_bytes", BIG, nullable=False),
        sa.Column("prefix_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("data_set_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("checksum", BIG, nullable=False),
        sa.Column("received_at_ns", BIG, nullable=False),
        sa.Column("source", TEXT, nullable=False),
        sa.Column("frame_table", sa.LargeBinary()),
        sa.Column("json", sa.LargeBinary(), nullable=False),
    )
    op.create_index("instance_series", "instance", ["series_key"])
    op.create_index("instance_uid", "instance", ["partition_id", "sop_instance_uid"], unique=True)
    op.create_table(
        "frame_table",
        sa.Column("instance_key", BIG, primary_key=True, autoincrement=False),
        sa.Column("frame_table", sa.LargeBinary(), nullable=False),
    )
    op.create_table(
        "kept_aside",
        sa.Column("id", BIG, primary_key=True, autoincrement=False),
        sa.Column("partition_id", sa.Integer(), nullable=False),
        sa.Column("study_instance_uid", TEXT, nullable=False),
        sa.Column("series_instance_uid", TEXT, nullable=False),
        sa.Column("sop_instance_uid", TEXT, nullable=False),
        sa.Column("outcome", TEXT, nullable=False),
        sa.Column("reason", TEXT, nullable=False),
        sa.Column("source", TEXT, nullable=False),
        sa.Column("precedence", sa.LargeBinary(), nullable=False),
        sa.Column("received_at_ns", BIG, nullable=False),
        sa.Column("pack_id", TEXT, nullable=False),
        sa.Column("offset_bytes", BIG, nullable=False),
        sa.Column("entry", sa.LargeBinary(), nullable=False),
    )
    op.create_index("kept_aside_place", "kept_aside", ["pack_id", "offset_bytes"], unique=True)
    op.create_index("kept_aside_series", "kept_aside", ["partition_id", "series_instance_uid"])
    op.create_index("kept_aside_sop", "kept_aside", ["partition_id", "sop_instance_uid"])
    op.create_index("kept_aside_study", "kept_aside", ["partition_id", "study_instance_uid"])
    op.create_table(
        "tombstone",
        sa.Column("partition_id", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("study_instance_uid", TEXT, primary_key=True),
        sa.Column("series_instance_uid", TEXT, primary_key=True),
        sa.Column("sop_instance_uid", TEXT, primary_key=True),
        sa.Column("decided_at_ns", BIG, nullable=False),
        sa.Column("principal", TEXT, nullable=False),
        sa.Column("reason", TEXT, nullable=False),
    )
    op.create_index("tombstone_series", "tombstone", ["partition_id", "series_instance_uid"])
    op.create_index("tombstone_sop", "tombstone", ["partition_id", "sop_instance_uid"])
    op.create_table(
        "change",
        sa.Column("sequence", BIG, primary_key=True, autoincrement=False),
        sa.Column("kind", sa.SmallInteger(), nullable=False),
        sa.Column("partition_id", sa.Integer(), nullable=False),
        sa.Column("study_key", BIG, nullable=False),
        sa.Column("series_key", BIG, nullable=False),
        sa.Column("instances", sa.Integer(), nullable=False),
        sa.Column("at_ns", BIG, nullable=False),
        sa.Column("subject", TEXT, nullable=False),
    )


def _create_records() -> None:
    """Tables that are never derived."""
    op.create_table(
        "account",
        sa.Column("name", TEXT, primary_key=True),
        sa.Column("role", TEXT, nullable=False),
        sa.Column("password_hash", TEXT, nullable=False),
        sa.Column("created_at_s", BIG, nullable=False),
        sa.Column("must_change_password", sa.Boolean(), nullable=False),
        sa.Column("disabled", sa.Boolean(), nullable=False),
    )
    op.create_table(
        "session",
        sa.Column("token_sha256", sa.LargeBinary(), primary_key=True),
        sa.Column("account_name", TEXT, nullable=False),
        sa.Column("created_at_s", BIG, nullable=False),
        sa.Column("last_used_at_s", BIG, nullable=False),
    )
    op.create_index("session_account", "session", ["account_name"])
    op.create_table(
        "api_token",
        sa.Column("name", TEXT, primary_key=True),
        sa.Column("role", TEXT, nullable=False),
        sa.Column("token_sha256", sa.LargeBinary(), nullable=False, unique=True),
        sa.Column("created_at_s", BIG, nullable=False),
        sa.Column("created_by", TEXT, nullable=False),
        sa.Column("last_used_at_s", BIG),
        sa.Column("expires_at_s", BIG),
        sa.Column("revoked_at_s", BIG),
    )
    op.create_table(
        "known_peer",
        sa.Column("ae_title", TEXT, primary_key=True),
        sa.Column("host", TEXT, nullable=False),
        sa.Column("port", sa.Integer(), nullable=False),
    )
    op.create_table(
        "refused_caller",
        sa.Column("ae_title", TEXT, primary_key=True),
        sa.Column("host", TEXT, primary_key=True),
        sa.Column("last_seen_s", BIG, nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
    )
    op.create_table(
        "decision",
        sa.Column("decided_at_ns", BIG, primary_key=True, autoincrement=False),
        sa.Column("record_sha256", sa.LargeBinary(), primary_key=True),
        sa.Column("record", TEXT, nullable=False),
    )
    op.create_table(
        "setting",
        sa.Column("name", TEXT, primary_key=True),
        sa.Column("value", TEXT, nullable=False),
    )
