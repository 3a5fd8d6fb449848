"""Find patients, studies, series and instances: the one search behind QIDO-RS and C-FIND."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from hounsfield.index.criteria import ATTRIBUTES
from hounsfield.index.reader import IndexReader
from hounsfield.index.rows import InstanceHit, Page, PatientCounts, SeriesHit, Stream, StudyHit
from hounsfield.model.origin import Origin
from hounsfield.model.query import Level, Query
from hounsfield.model.time_zone import QueryZone

MATCHED_ANYWHERE = frozenset(ATTRIBUTES)
"""Keywords of the attributes that are matched whatever else a query says."""


def matched_at(level: Level) -> tuple[str, ...]:
    """Those of a level and of the levels above it."""
    return tuple(keyword for keyword, attribute in ATTRIBUTES.items() if attribute.level <= level)


class Search:
    """Answers with what the principal may see."""

    def __init__(self, reader: IndexReader) -> None:
        self._reader = reader

    def find(self, origin: Origin, query: Query) -> Page[StudyHit] | Page[SeriesHit] | Page[InstanceHit]:
        """Raises: InvalidQuery, IndexUnavailable."""
        return self._reader.search(_within(origin, query))

    def stream(self, origin: Origin, query: Query, zone: QueryZone | None = None) -> Stream:
        """All that matches, a page at a time. zone: in which dates and times are meant. Raises: InvalidQuery, IndexUnavailable."""
        return self._reader.stream(_within(origin, query), zone)

    def patient_counts(self, origin: Origin, study_instance_uids: Collection[str]) -> dict[str, PatientCounts]:
        """How much the patients of some studies have, by Study Instance UID. Raises: IndexUnavailable."""
        return self._reader.patient_counts(origin.principal.partition_id, study_instance_uids, origin.visible)


def _within(origin: Origin, query: Query) -> Query:
    return replace(query, partition_id=origin.principal.partition_id, visible=origin.visible)
