"""What a search found, completed with what an answer holds beyond the index's rows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from hounsfield.dicom.dictionary import tag_of, vr_of
from hounsfield.index.fragments import Fragment, item_matches, value_matches
from hounsfield.index.rows import Hit, PatientCounts
from hounsfield.index.zones import in_zone, with_partners
from hounsfield.model.origin import Origin
from hounsfield.servers.dimse.find_keys import (
    INSTANCE_AVAILABILITY,
    NUMBER_OF_PATIENT_RELATED_INSTANCES,
    NUMBER_OF_PATIENT_RELATED_SERIES,
    NUMBER_OF_PATIENT_RELATED_STUDIES,
    PATIENT_COUNTS,
    RETRIEVE_AE_TITLE,
    FindRequest,
)
from hounsfield.services.header_attributes import HeaderAttributes
from hounsfield.services.search import Search

AVAILABILITY = "ONLINE"
HEADERS_AT_ONCE = 20
"""In memory."""


class Result(NamedTuple):
    """One match.

    patient: how much the patient has, where that is asked for.
    header: what the object says that stands for it; None where that is not asked for, or cannot be had.
    """

    hit: Hit
    patient: PatientCounts | None
    header: Fragment | None


class Results:
    """All matches of one request.

    quick: whether the rows that can match at all are few and known.
    partial: whether a key was asked that is not matched, or an element that no answer holds.
    reads_headers: whether answers without one lack something that was asked for.
    """

    def __init__(self, search: Search, headers: HeaderAttributes, origin: Origin, request: FindRequest) -> None:
        self._search = search
        self._headers = headers
        self._origin = origin
        self._request = request
        self._stream = search.stream(origin, request.query, request.zone)
        self._counts_patients = any(element.tag in PATIENT_COUNTS for element in request.asked)
        beyond = bool(request.beyond)
        self._tags = with_partners(asked.tag for asked in request.beyond)
        self.reads_headers = beyond and self._stream.named
        self.quick = self._stream.quick and not self.reads_headers
        self.partial = request.partial or bool(self._stream.unmatched) or (beyond and not self.reads_headers)

    def pages(self) -> Iterator[list[Result]]:
        """A page at a time in memory. Raises: IndexUnavailable."""
        for hits in self._stream.pages:
            counts: dict[str, PatientCounts] = {}
            if self._counts_patients and hits:
                counts = self._search.patient_counts(self._origin, {hit.study_instance_uid for hit in hits})
            if self._request.judged_keys:
                hits = [hit for hit in hits if self._judged(counts.get(hit.study_instance_uid))]
            if not self.reads_headers:
                yield [Result(hit, counts.get(hit.study_instance_uid), None) for hit in hits]
                continue
            for begin in range(0, len(hits), HEADERS_AT_ONCE):
                found = [(hit, self._header(hit)) for hit in hits[begin : begin + HEADERS_AT_ONCE]]
                yield [Result(hit, counts.get(hit.study_instance_uid), header) for hit, header in found if self._matches(header)]

    def _judged(self, patient: PatientCounts | None) -> bool:
        known = said_of_patient(patient) | {RETRIEVE_AE_TITLE: self._origin.called_ae_title}
        tags = ((key, tag_of(key.keyword) or 0) for key in self._request.judged_keys)
        return all(value_matches(known.get(tag, ""), key.match, vr_of(tag)) for key, tag in tags)

    def _header(self, hit: Hit) -> Fragment | None:
        header = self._headers.of(self._origin, hit, self._tags)
        return header if header is None or self._request.zone is None else in_zone(self._request.zone, header)

    def _matches(self, header: Fragment | None) -> bool:
        """What cannot be read is not left out: its answer says that keys were not matched."""
        return header is None or item_matches(header, self._request.beyond_keys)


def said_of_patient(patient: PatientCounts | None) -> dict[int, str]:
    """What is known at every level, by tag. patient: None where nobody asks how much there is."""
    found = {INSTANCE_AVAILABILITY: AVAILABILITY}
    if patient is not None:
        found[NUMBER_OF_PATIENT_RELATED_STUDIES] = str(patient.studies)
        found[NUMBER_OF_PATIENT_RELATED_SERIES] = str(patient.series)
        found[NUMBER_OF_PATIENT_RELATED_INSTANCES] = str(patient.instances)
    return found
