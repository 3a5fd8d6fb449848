"""Objects that are read otherwise than they are stored."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """What is here already is read as it is stored."""
    op.add_column("instance", sa.Column("overlay", sa.LargeBinary()))
