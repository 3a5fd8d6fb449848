"""What a search found, completed with what an answer holds beyond the index's rows; the same for C-FIND and QIDO-RS."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from hounsfield.dicom.dictionary import tag_of, vr_of
from hounsfield.index.fragments import Fragment, item_matches, value_matches
from hounsfield.index.rows import Hit, PatientCounts
from hounsfield.index.zones import in_zone, with_partners
from hounsfield.model.origin import Origin
from hounsfield.model.query import Key, Level, Query
from hounsfield.model.time_zone import QueryZone
from hounsfield.services.computed_attributes import RETRIEVE_AE_TITLE, said_of_patient
from hounsfield.services.header_attributes import HeaderAttributes
from hounsfield.services.search import Search

HEADERS_AT_ONCE = 20
"""In memory."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is looked for, and what is to be known of it.

    zone: in which the query's dates and times are meant; None where all stand as they are stored.
    header_tags: attributes that objects have, and the index does not; header_levels: all of some levels.
    header_keys: what those are to match.
    judged_keys: what the answers themselves are to match, by attributes in `computed_attributes.JUDGED`.
    counts_patients: whether is asked how much a patient has.
    """

    query: Query
    zone: QueryZone | None = None
    header_tags: frozenset[int] = frozenset()
    header_levels: frozenset[Level] = frozenset()
    header_keys: tuple[Key, ...] = ()
    judged_keys: tuple[Key, ...] = ()
    counts_patients: bool = False


class Result(NamedTuple):
    """One match.

    patient: how much the patient has, where that is asked for.
    header: what the object says that stands for it, its numbers as text; None where that is not asked for, or cannot be had.
    header_json: the same as DICOM JSON, as it is stored.
    """

    hit: Hit
    patient: PatientCounts | None
    header: Fragment | None
    header_json: str = ""


class Results:
    """All matches of one request.

    named: whether they are those of a patient, study, series or instance that the query names.
    quick: whether the rows that can match at all are few and known.
    unmatched: keywords of the query that are not matched.
    partial: whether a key was asked that is not matched, or an attribute of headers that are not read.
    reads_headers: whether answers without one lack something that was asked for.
    judges: whether what the database finds is judged one by one, so that it cannot count matches.
    """

    def __init__(self, search: Search, headers: HeaderAttributes, origin: Origin, wanted: Wanted) -> None:
        self._search = search
        self._headers = headers
        self._origin = origin
        self._wanted = wanted
        self._stream = search.stream(origin, wanted.query, wanted.zone)
        beyond = bool(wanted.header_tags or wanted.header_levels)
        self._tags = wanted.header_tags if wanted.zone is None else with_partners(wanted.header_tags)
        self.named = self._stream.named
        self.unmatched = self._stream.unmatched
        self.reads_headers = beyond and self.named
        self.quick = self._stream.quick and not self.reads_headers
        self.partial = bool(self.unmatched) or (beyond and not self.reads_headers)
        self.judges = self._stream.judged or bool(wanted.judged_keys) or (self.reads_headers and bool(wanted.header_keys))

    def pages(self) -> Iterator[list[Result]]:
        """A page at a time in memory. Raises: IndexUnavailable."""
        for hits in self._stream.pages:
            yield from self.completed(hits)

    def completed(self, hits: Sequence[Hit]) -> Iterator[list[Result]]:
        """Those of some hits that match, a page at a time. Raises: IndexUnavailable."""
        counts: dict[str, PatientCounts] = {}
        if self._wanted.counts_patients and hits:
            counts = self._search.patient_counts(self._origin, {hit.study_instance_uid for hit in hits})
        if self._wanted.judged_keys:
            hits = [hit for hit in hits if self._judged(counts.get(hit.study_instance_uid))]
        if not self.reads_headers:
            yield [Result(hit, counts.get(hit.study_instance_uid), None) for hit in hits]
            return
        for begin in range(0, len(hits), HEADERS_AT_ONCE):
            found = [self._with_header(hit, counts.get(hit.study_instance_uid)) for hit in hits[begin : begin + HEADERS_AT_ONCE]]
            yield [result for result in found if self._matches(result.header)]

    def _judged(self, patient: PatientCounts | None) -> bool:
        known = said_of_patient(patient) | {RETRIEVE_AE_TITLE: self._origin.called_ae_title}
        tags = ((key, tag_of(key.keyword) or 0) for key in self._wanted.judged_keys)
        return all(value_matches(known.get(tag, ""), key.match, vr_of(tag)) for key, tag in tags)

    def _with_header(self, hit: Hit, patient: PatientCounts | None) -> Result:
        text = self._headers.of(self._origin, hit, self._tags, self._wanted.header_levels)
        if text is None:
            return Result(hit, patient, None)
        header: Fragment = json.loads(text, parse_float=str, parse_int=str)
        return Result(hit, patient, header if self._wanted.zone is None else in_zone(self._wanted.zone, header), text)

    def _matches(self, header: Fragment | None) -> bool:
        """What cannot be read is not left out: its answer says that keys were not matched."""
        return header is None or item_matches(header, self._wanted.header_keys)
