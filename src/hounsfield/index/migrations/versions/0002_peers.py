"""Peers with what they may do and how they are called, in place of known peers."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")


def upgrade() -> None:
    """Who was known stays known, and may do everything; it was called without TLS."""
    op.create_table(
        "peer",
        sa.Column("ae_title", TEXT, primary_key=True),
        sa.Column("host", TEXT, nullable=False),
        sa.Column("port", sa.Integer(), nullable=False),
        sa.Column("tls", sa.Boolean(), nullable=False),
        sa.Column("transfer_syntaxes", TEXT, nullable=False),
        sa.Column("may", TEXT, nullable=False),
        sa.Column("max_associations", sa.Integer(), nullable=False),
        sa.Column("certificate", TEXT, nullable=False),
        sa.Column("accepted_sop_classes", TEXT, nullable=False),
        sa.Column("accepted_transfer_syntaxes", TEXT, nullable=False),
    )
    op.execute(
        "INSERT INTO peer SELECT ae_title, host, port, FALSE, '', 'commit query receive retrieve store', 2, '', '', '' FROM known_peer"
    )
    op.drop_table("known_peer")
