"""What each person prefers: JSON documents by name."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")


def upgrade() -> None:
    """Create the table; nobody prefers anything yet."""
    op.create_table(
        "preference",
        sa.Column("account_name", TEXT, primary_key=True),
        sa.Column("name", TEXT, primary_key=True),
        sa.Column("document", TEXT, nullable=False),
    )
