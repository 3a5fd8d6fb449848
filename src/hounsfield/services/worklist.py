"""What the web app lists: studies, their series, priors, and objects kept aside."""

from __future__ import annotations

import base64
import json
import threading
import time
from collections.abc import Callable

from hounsfield.index.reader import IndexReader
from hounsfield.index.rows import WorklistRow
from hounsfield.model.errors import InvalidQuery
from hounsfield.model.origin import Origin
from hounsfield.model.query import Key, Level, Order, Query, SingleValue
from hounsfield.model.worklist import KeptAside, SeriesRow, Statistics, StudyDetail, StudyRow, WorklistPage

MAX_PRIORS = 200
STATISTICS_FRESH_S = 10.0


class Worklist:
    """Reads the index for people. Thread-safe."""

    def __init__(self, reader: IndexReader, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._reader = reader
        self._monotonic = monotonic
        self._statistics: dict[int, tuple[float, Statistics]] = {}
        self._lock = threading.Lock()

    def page(self, origin: Origin, query: Query, after: str | None) -> WorklistPage:
        """after: the cursor of the page before; None for the first. Raises: InvalidQuery."""
        page, cursor = self._reader.worklist(query, _decode_cursor(after))
        count, capped = self._reader.count(query)
        return WorklistPage(tuple(map(_study_row, page.rows)), _encode_cursor(cursor), count, capped)

    def study(self, origin: Origin, study_instance_uid: str) -> StudyDetail:
        """Raises: StudyNotFound, Gone."""
        partition_id = origin.principal.partition_id
        study = self._reader.study(study_instance_uid, partition_id=partition_id)
        series = self._reader.series_of(study_instance_uid, partition_id=partition_id)
        return StudyDetail(
            _study_row(study),
            tuple(
                SeriesRow(
                    one.series_instance_uid, one.number, one.modality, one.description, one.body_part, one.instance_count, one.frame_count
                )
                for one in series
            ),
            self._priors(study, partition_id),
        )

    def _priors(self, study: WorklistRow, partition_id: int) -> tuple[StudyRow, ...]:
        """Other studies of the same patient, the latest first; a study without a patient ID has none."""
        if not study.patient_id:
            return ()
        keys = [Key("PatientID", SingleValue(study.patient_id))]
        if study.issuer:
            keys.append(Key("IssuerOfPatientID", SingleValue(study.issuer)))
        query = Query(Level.STUDY, tuple(keys), order=Order("StudyDate", descending=True), limit=MAX_PRIORS, partition_id=partition_id)
        page, _ = self._reader.worklist(query)
        return tuple(
            _study_row(row)
            for row in page.rows
            if row.study_instance_uid != study.study_instance_uid and (row.patient_id, row.issuer) == (study.patient_id, study.issuer)
        )

    def statistics(self, origin: Origin) -> Statistics:
        """How much the archive holds, at most ten seconds old: counting reads all of the instance table."""
        partition_id = origin.principal.partition_id
        with self._lock:
            known = self._statistics.get(partition_id)
            if known is not None and known[0] > self._monotonic():
                return known[1]
            fresh = Statistics(*self._reader.totals(partition_id=partition_id))
            self._statistics[partition_id] = (self._monotonic() + STATISTICS_FRESH_S, fresh)
            return fresh

    def kept_aside(self, origin: Origin, limit: int) -> list[KeptAside]:
        """The latest first."""
        return [
            KeptAside(
                row.study_instance_uid, row.series_instance_uid, row.sop_instance_uid, row.outcome, row.reason, row.source, row.received_at_ns
            )
            for row in self._reader.kept_aside(limit, partition_id=origin.principal.partition_id)
        ]


def _study_row(row: WorklistRow) -> StudyRow:
    return StudyRow(
        row.study_instance_uid,
        row.patient_id,
        row.issuer,
        row.patient_name,
        row.birth_date,
        row.sex,
        row.study_date,
        row.study_time,
        row.accession_number,
        row.description,
        row.referring_physician,
        tuple(row.modalities.split()),
        row.series_count,
        row.instance_count,
        row.last_received_at_ns,
    )


def _encode_cursor(cursor: tuple[str | int, int] | None) -> str | None:
    return None if cursor is None else base64.urlsafe_b64encode(json.dumps(cursor).encode()).decode().rstrip("=")


def _decode_cursor(text: str | None) -> tuple[str | int, int] | None:
    if text is None:
        return None
    try:
        value, key = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (ValueError, TypeError) as exc:
        raise InvalidQuery("this cursor is none of ours") from exc
    if not isinstance(value, str | int) or not isinstance(key, int):
        raise InvalidQuery("this cursor is none of ours")
    return value, key
