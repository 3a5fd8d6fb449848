"""Indexes by which studies are sorted hold their status, priority, modalities and date too."""

from __future__ import annotations

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

SORTED_BY = {
    "study_patient_id": ("patient_id_fold",),
    "study_accession": ("accession_fold",),
    "study_date": ("study_date",),
    "study_received": ("last_received_at_ns",),
    "study_name": ("name_fold",),
    "study_description": ("description_fold",),
    "study_modalities": ("modalities",),
    "study_status": ("reading_status", "study_date"),
    "study_priority": ("reading_priority", "study_date"),
}
FACETS = ("reading_status", "reading_priority", "modalities", "study_date")


def upgrade() -> None:
    """Make each anew: some five seconds for a million studies."""
    for name, columns in SORTED_BY.items():
        op.drop_index(name, "study")
        op.create_index(name, "study", ["partition_id", *columns, "id", *(facet for facet in FACETS if facet not in columns)])
