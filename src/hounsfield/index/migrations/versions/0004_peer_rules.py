"""Rules by calling AE title: visible studies, default character set, coercion."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")


def upgrade() -> None:
    """Who was known goes on as before: it sees all studies, and nothing of its objects is changed."""
    for name, default in (("visible", "{}"), ("character_set", ""), ("coercion", "[]")):
        op.add_column("peer", sa.Column(name, TEXT, nullable=False, server_default=default))
