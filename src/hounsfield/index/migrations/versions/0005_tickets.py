"""Jobs whose answer somebody else gives later, under a ticket."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")


def upgrade() -> None:
    """What was enqueued before waits for nobody."""
    op.add_column("job", sa.Column("ticket", TEXT, nullable=False, server_default=""))
    waiting = sa.text("ticket <> ''")
    op.create_index("job_ticket", "job", ["ticket"], sqlite_where=waiting, postgresql_where=waiting)
