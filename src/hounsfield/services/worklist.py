"""What the web app lists: studies, their series, priors, and objects kept aside."""

from __future__ import annotations

from dataclasses import replace

from hounsfield.index.reader import IndexReader
from hounsfield.model.origin import Origin
from hounsfield.model.query import Query
from hounsfield.model.worklist import KeptAside, Statistics, StudyDetail, WorklistPage


class Worklist:
    """Reads the index for people, each in the partition of the principal."""

    def __init__(self, reader: IndexReader) -> None:
        self._reader = reader

    def page(self, origin: Origin, query: Query, after: str | None) -> WorklistPage:
        """after: the cursor of the page before; None for the first. Raises: InvalidQuery."""
        change = self._reader.latest_change()  # before the page: what comes in between is told twice rather than not at all
        page = self._reader.worklist(replace(query, partition_id=origin.principal.partition_id), after)
        return replace(page, change=change)

    def study(self, origin: Origin, study_instance_uid: str) -> StudyDetail:
        """Raises: StudyNotFound, Gone."""
        return self._reader.study_detail(origin.principal.partition_id, study_instance_uid)

    def statistics(self, origin: Origin) -> Statistics:
        """How much the archive holds."""
        return self._reader.totals(origin.principal.partition_id)

    def kept_aside(self, origin: Origin, limit: int) -> list[KeptAside]:
        """The latest first."""
        return self._reader.kept_aside(origin.principal.partition_id, limit)
