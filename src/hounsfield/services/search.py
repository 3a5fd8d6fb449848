"""Find studies, series and instances: the one search behind QIDO-RS and C-FIND."""

from __future__ import annotations

from dataclasses import replace

from hounsfield.index.reader import IndexReader
from hounsfield.index.rows import InstanceHit, Page, SeriesHit, StudyHit
from hounsfield.model.origin import Origin
from hounsfield.model.query import Query


class Search:
    """Answers with what the principal may see."""

    def __init__(self, reader: IndexReader) -> None:
        self._reader = reader

    def find(self, origin: Origin, query: Query) -> Page[StudyHit] | Page[SeriesHit] | Page[InstanceHit]:
        """Raises: InvalidQuery, IndexUnavailable."""
        if query.partition_id != origin.principal.partition_id:
            query = replace(query, partition_id=origin.principal.partition_id)
        return self._reader.search(query)
