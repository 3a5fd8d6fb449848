"""Reading the index: search, rows for retrieval, lists for the app. Any process, any thread."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Collection, Iterator
from dataclasses import replace
from typing import Any

from hounsfield.dicom.frames import FrameSpan, count_in_head, frame_from_bytes
from hounsfield.index.changes import Change, ChangeKind
from hounsfield.index.criteria import OWN_ATTRIBUTES
from hounsfield.index.database import Database
from hounsfield.index.fragments import hit_matches, level_of
from hounsfield.index.orders import fits
from hounsfield.index.patients import Patients
from hounsfield.index.plans import Cursor, Matching, Planned, Projected
from hounsfield.index.reading import Reading
from hounsfield.index.renditions import Renditions
from hounsfield.index.rows import Hit, InstanceHit, Page, PatientCounts, PatientHit, SeriesHit, Stream, StudyHit
from hounsfield.index.search import Search
from hounsfield.index.selections import INSTANCE_HIT, PATIENT_HIT, SERIES_HIT, SORT_VALUES, STUDY_HIT, STUDY_ROW_END, WORKLIST
from hounsfield.index.storable import unsigned
from hounsfield.index.visibility import Visibility
from hounsfield.index.zones import moment_matches, narrowed
from hounsfield.model.errors import Gone, InstanceNotFound, InvalidQuery, StudyNotFound
from hounsfield.model.identifiers import DEFAULT_PARTITION
from hounsfield.model.identity import Standing
from hounsfield.model.location import Digests, Location, StoredObject
from hounsfield.model.query import Key, Level, Order, Query, SingleValue
from hounsfield.model.reading import ReadingPriority, ReadingStatus
from hounsfield.model.rejection import StandingRejection
from hounsfield.model.representative import SeriesFacts, rank
from hounsfield.model.stored_instance import StoredInstance
from hounsfield.model.time_zone import QueryZone
from hounsfield.model.visibility import ALL_STUDIES, VisibleStudies
from hounsfield.model.worklist import KeptAside, SeriesRow, Statistics, StudyDetail, StudyRow, WorklistPage

EVERYTHING = 1 << 62
MOST_LARGE_FRAME_TABLES = 64
MOST_PRIORS = 200
BATCH = 5_000
PAGE_ROWS = 500
NEWEST_FIRST = Order("StudyDate", descending=True)


class IndexReader:
    """Reads one database. Every method raises IndexUnavailable where it does not answer."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._search = Search(database)
        self._sql = Reading(database.dialect)
        self._patients = Patients(database)
        self._visibility = Visibility(database)
        self.renditions = Renditions(database)
        """What there is of objects in other transfer syntaxes."""
        self._large_frame_tables: dict[int, bytes] = {}

    # Search

    def search(self, query: Query) -> Page[StudyHit] | Page[SeriesHit] | Page[InstanceHit]:
        """Studies, series or instances that match, by the query's level. Raises: InvalidQuery."""
        if query.level is Level.STUDY:
            return self.search_studies(query)
        if query.level is Level.SERIES:
            return self.search_series(query)
        if query.level is Level.INSTANCE:
            return self.search_instances(query)
        raise InvalidQuery("searches are for studies, series or instances")

    def search_studies(self, query: Query) -> Page[StudyHit]:
        """Without an order: in the order in which they came, or by date where dates are asked for. Raises: InvalidQuery."""
        rows, more, unsupported = self._page(STUDY_HIT, query)
        return Page(list(map(StudyHit._make, rows)), more, unsupported)

    def search_series(self, query: Query) -> Page[SeriesHit]:
        """Keys of the study level may be among the query's. Raises: InvalidQuery."""
        rows, more, unsupported = self._page(SERIES_HIT, query)
        return Page(list(map(SeriesHit._make, rows)), more, unsupported)

    def search_instances(self, query: Query) -> Page[InstanceHit]:
        """Keys of all levels may be among the query's. Raises: InvalidQuery."""
        rows, more, unsupported = self._page(INSTANCE_HIT, query)
        return Page(list(map(InstanceHit._make, rows)), more, unsupported)

    def stream(self, query: Query, zone: QueryZone | None = None) -> Stream:
        """All that matches. The query's limit and offset do not count.

        Attributes without a column are matched where another key is nearly unique, such as the UID of a study or a Patient ID, and above
        the instances where the other keys leave few studies.
        zone: in which the query's dates and times are meant; without one they are compared as they stand.
        Raises: InvalidQuery.
        """
        moments: tuple[Key, ...] = ()
        if zone is not None:
            query, moments = narrowed(query, zone)
        query = self._visibility.dated(query)
        plan = self._search.plan(query)
        inside: list[Key] = []
        if plan.selective or (plan.quick and query.level < Level.INSTANCE):
            inside = [key for key in query.keys if key.keyword in plan.unsupported and _is_within(key.keyword, query.level)]
        matched = {key.keyword for key in inside}
        unmatched = tuple(keyword for keyword in plan.unsupported if keyword not in matched)
        pages = self._pages(plan, query, inside)
        if zone is not None and moments:
            pages = ([hit for hit in hits if moment_matches(zone, hit, moments)] for hits in pages)
        return Stream(unmatched, plan.quick, plan.selective, bool(inside or moments), pages)

    def _pages(self, plan: Planned, query: Query, inside: list[Key]) -> Iterator[list[Hit]]:
        projected, make = _HITS[query.level]
        for rows in self._search.pages(projected, plan, query, PAGE_ROWS):
            hits: list[Hit] = list(map(make, rows))
            yield [hit for hit in hits if hit_matches(hit, inside)] if inside else hits

    def patient_counts(
        self, partition_id: int, study_instance_uids: Collection[str], visible: VisibleStudies = ALL_STUDIES
    ) -> dict[str, PatientCounts]:
        """How much of what is seen the patients of some studies have, by Study Instance UID."""
        return self._patients.counts(partition_id, study_instance_uids, visible)

    def count(self, query: Query, cap: int = 10_000) -> tuple[int, bool]:
        """How many match, and whether there are or may be more.

        The count stops at the cap, and that of studies before it where more would have to be looked at than is bearable.
        Raises: InvalidQuery.
        """
        if query.level is Level.STUDY:
            return _capped(self._search.matching(query, cap + 1), cap)
        number = self._search.count(query, cap + 1)
        return min(number, cap), number > cap

    def _page(
        self, projected: Projected, query: Query, after: Cursor | None = None, matching: Matching | None = None
    ) -> tuple[list[Any], bool, tuple[str, ...]]:
        limit = EVERYTHING if query.limit is None else query.limit + 1
        rows, unsupported = self._search.run(projected, query, limit, after, matching)
        return rows[: query.limit], query.limit is not None and len(rows) > query.limit, unsupported

    # Retrieval

    def instances(
        self, partition_id: int, study_instance_uid: str, series_instance_uid: str = "", sop_instance_uid: str = ""
    ) -> list[StoredInstance]:
        """Of a study, of one of its series, or the one instance, by series and instance number; empty where there are none."""
        sql = self._sql
        if sop_instance_uid:
            rows = self._database.fetch(sql.instance, (partition_id, sop_instance_uid))
            named = (study_instance_uid, series_instance_uid)
            return [stored_instance(row) for row in rows if named[0] == row[0] and named[1] in ("", row[1])]
        if series_instance_uid:
            rows = self._database.fetch(sql.instances_of_series, (partition_id, series_instance_uid, study_instance_uid))
        else:
            rows = self._database.fetch(sql.instances_of_study, (partition_id, study_instance_uid))
        return list(map(stored_instance, rows))

    def first_instance(
        self, partition_id: int, study_instance_uid: str, series_instance_uid: str = "", sop_instance_uid: str = ""
    ) -> StoredInstance | None:
        """The one of a study or series that was indexed first, or the one instance; None where there is none."""
        sql = self._sql
        if sop_instance_uid:
            rows = self._database.fetch(sql.instance, (partition_id, sop_instance_uid))
        elif series_instance_uid:
            rows = self._database.fetch(sql.first_of_series, (partition_id, series_instance_uid))
        else:
            rows = self._database.fetch(sql.first_of_study, (partition_id, study_instance_uid))
        return stored_instance(rows[0]) if rows else None

    def frame_span(self, partition_id: int, sop_instance_uid: str, index: int) -> FrameSpan:
        """Where frame `index` (from 0) is in the data set: one query, whatever the number of frames.

        Raises: FrameNotFound, InstanceNotFound.
        """
        rows = self._database.fetch(self._sql.frame_table, (partition_id, sop_instance_uid))
        if not rows:
            raise InstanceNotFound(f"no instance {sop_instance_uid}")
        table, key = rows[0]
        return frame_from_bytes(self._large_frame_table(key) if table is None else table, index)

    def frame_table(self, partition_id: int, sop_instance_uid: str, pack_id: str, offset_bytes: int) -> bytes | None:
        """The whole frame table of the object that lies there; None where another object, or none, counts under the UID."""
        rows = self._database.fetch(self._sql.instance, (partition_id, sop_instance_uid))
        location = stored_instance(rows[0]).stored.location if rows else None
        if location is None or (location.pack_id, location.offset_bytes) != (pack_id, offset_bytes):
            return None
        found = self._database.fetch(self._sql.frame_table, (partition_id, sop_instance_uid))
        if not found:
            return None
        table, key = found[0]
        if table is not None:
            return bytes(table)
        large = self._database.fetch(self._sql.large_frame_table, (key,))
        return bytes(large[0][0]) if large else None

    def _large_frame_table(self, key: int) -> bytes:
        table = self._large_frame_tables.get(key)
        if table is None:
            rows = self._database.fetch(self._sql.large_frame_table, (key,))
            if not rows:
                raise InstanceNotFound("the instance has just been deleted")
            table = bytes(rows[0][0])
            if len(self._large_frame_tables) >= MOST_LARGE_FRAME_TABLES:
                self._large_frame_tables.clear()
            self._large_frame_tables[key] = table
        return table

    def representatives(self, partition_id: int, study_instance_uid: str, series_instance_uid: str = "") -> Iterator[StoredInstance]:
        """What may stand for a study or series in a picture: the middle instance of each series, the series in a person's order."""
        rows = self._database.fetch(self._sql.image_series, (partition_id, study_instance_uid))
        for key, images, instances, uid, *_ in sorted(rows, key=lambda row: rank(SeriesFacts(row[4], row[5], row[6], int(row[1])))):
            if series_instance_uid in ("", uid):
                statement, count = (self._sql.middle_image, int(images)) if images else (self._sql.middle_instance, instances)
                yield from map(stored_instance, self._database.fetch(statement, (key, (count - 1) // 2)))

    def all_instances(self) -> Iterator[StoredInstance]:
        """Every instance of every partition, in the order in which they were indexed; a batch at a time in memory."""
        after = 0
        while rows := self._database.fetch(self._sql.all_instances, (after, BATCH)):
            after = rows[-1][-1]
            for row in rows:
                yield stored_instance(row[:-1])

    # Versions, deletions, changes

    def study_version(self, partition_id: int, study_instance_uid: str) -> int | None:
        """A number that grows whenever an instance of the study comes or goes; None where there is no such study."""
        rows = self._database.fetch(self._sql.study_version, (partition_id, study_instance_uid))
        return int(rows[0][0]) if rows else None

    def series_version(self, partition_id: int, study_instance_uid: str, series_instance_uid: str) -> int | None:
        """A number that grows whenever an instance of the series comes or goes, and is never had twice: the key of an ETag.

        None where there is no such series.
        """
        rows = self._database.fetch(self._sql.series_version, (partition_id, series_instance_uid, study_instance_uid))
        return int(rows[0][0]) if rows else None

    def is_gone(self, partition_id: int, study_instance_uid: str, series_instance_uid: str = "", sop_instance_uid: str = "") -> bool:
        """Whether a decision deleted what is named, or what it belongs to. Not asked about what is there: it may have come again."""
        named = (partition_id, study_instance_uid, series_instance_uid, sop_instance_uid)
        return bool(self._database.fetch(self._sql.tombstone, named))

    def is_rejected(self, partition_id: int, study_instance_uid: str, series_instance_uid: str = "", sop_instance_uid: str = "") -> bool:
        """Whether something of what is named was rejected, and is hidden. Not asked about what is there."""
        named = (partition_id, study_instance_uid, series_instance_uid, series_instance_uid, sop_instance_uid, sop_instance_uid)
        return bool(self._database.fetch(self._sql.withheld, named))

    def rejections(self, partition_id: int = DEFAULT_PARTITION, limit: int = 1000) -> list[StandingRejection]:
        """Decisions by which something is hidden, the latest first."""
        return [StandingRejection(*row) for row in self._database.fetch(self._sql.rejections, (partition_id, limit))]

    def decided(self, partition_id: int, study_instance_uid: str) -> list[Standing]:
        """The decisions to reject and to restore that stand for a study and its parts."""
        rows = self._database.fetch(self._sql.decided, (partition_id, study_instance_uid))
        return [Standing(series, sop, at_ns, bool(rejects)) for series, sop, at_ns, rejects in rows]

    def latest_change(self) -> int:
        """A number that grows with every change."""
        return int(self._database.fetch(self._sql.latest)[0][0])

    def changes(self, since: int = 0, limit: int = 1000, partition_id: int | None = None) -> list[Change]:
        """What was committed after the change `since`, in commit order: nobody who follows misses one. None: of every partition."""
        found = []
        if partition_id is None:
            rows = self._database.fetch(self._sql.changes, (since, limit))
        else:
            rows = self._database.fetch(self._sql.changes_of_partition, (since, partition_id, limit))
        for sequence, kind, partition_id, study, series, instances, at_ns, subject in rows:
            one, two, three = subject.split("\n") if subject else (study or "", series or "", "")
            found.append(Change(sequence, ChangeKind(kind), partition_id, one, two, three, instances, at_ns))
        return found

    # Lists for the app

    def worklist(self, query: Query, after: str | None = None, cap: int = 10_000) -> WorklistPage:
        """A page of studies. after: the `next` of the page before, of a query of the same order.

        Orders: StudyDate, PatientName, PatientID, AccessionNumber, StudyDescription, ModalitiesInStudy, ReceivedAt (the latest object);
        ReadingStatus and ReadingPriority, within which by StudyDate.
        Raises: InvalidQuery.
        """
        order = query.order or NEWEST_FIRST
        if any(key.keyword == order.keyword and isinstance(key.match, SingleValue) for key in query.keys if key.keyword in OWN_ATTRIBUTES):
            order = replace(order, keyword="StudyDate")  # within one status or one priority they are in that order
        query = replace(query, order=order)
        matching = self._search.matching(query, cap + 1)
        rows, more, _ = self._page(WORKLIST, query, None if after is None else _read_cursor(after, order), matching)
        following = _write_cursor(rows[-1], order) if more else None
        count, capped = _capped(matching, cap)
        if capped:  # then the page may show more than was counted, and all there is
            count, capped = max(count, min(len(rows), cap)), more or after is not None or len(rows) > cap
        return WorklistPage(tuple(map(_study_row, rows)), following, count, capped)

    def study_detail(self, partition_id: int, study_instance_uid: str) -> StudyDetail:
        """A study with its series and the patient's other studies. Raises: StudyNotFound, Gone."""
        key = Key("StudyInstanceUID", SingleValue(study_instance_uid))
        rows, _, _ = self._page(WORKLIST, Query(Level.STUDY, (key,), limit=1, partition_id=partition_id))
        if not rows:
            if self.is_rejected(partition_id, study_instance_uid):
                raise Gone("it was rejected; an editor can restore it")
            if self.is_gone(partition_id, study_instance_uid):
                raise Gone("it was deleted")
            raise StudyNotFound(f"no study {study_instance_uid}")
        study = _study_row(rows[0])
        series = self._database.fetch(self._sql.series_of_study, (partition_id, study_instance_uid))
        return StudyDetail(study, tuple(SeriesRow(*row) for row in series), self._priors(partition_id, study))

    def _priors(self, partition_id: int, study: StudyRow) -> tuple[StudyRow, ...]:
        if not study.patient_id:
            return ()
        patient = Key("PatientID", SingleValue(study.patient_id))
        query = Query(Level.STUDY, (patient,), order=NEWEST_FIRST, limit=MOST_PRIORS, partition_id=partition_id)
        rows = map(_study_row, self._page(WORKLIST, query)[0])
        return tuple(row for row in rows if row.issuer == study.issuer and row.study_instance_uid != study.study_instance_uid)

    def kept_aside(self, partition_id: int = DEFAULT_PARTITION, limit: int = 1000) -> list[KeptAside]:
        """Objects that do not count because others came first, the latest first; duplicates are not among them."""
        return [KeptAside(*row) for row in self._database.fetch(self._sql.kept_aside, (partition_id, limit))]

    def totals(self, partition_id: int = DEFAULT_PARTITION) -> Statistics:
        """How much a partition holds, as counted while it was written."""
        rows = self._database.fetch(self._sql.total, (partition_id,))
        return Statistics(*map(int, rows[0])) if rows else Statistics(0, 0, 0, 0)


def stored_instance(row: Any) -> StoredInstance:
    """From a row of `index.reading.INSTANCE`."""
    study, series, sop, sop_class, number, rows, columns, claimed_frames, frame_table, header_length, partition_id, *rest = row
    pack_id, sequence, member_offset, offset, prefix_length, data_set_length, *rest = rest
    prefix_sha256, data_set_sha256, checksum, received_at_ns, node, transfer_syntax_uid, source, overlay = rest
    location = Location(pack_id, sequence, member_offset, offset, prefix_length, data_set_length)
    digests = Digests(prefix_sha256, data_set_sha256, unsigned(checksum))
    stored = StoredObject(partition_id, location, digests, received_at_ns, node, transfer_syntax_uid, source, bytes(overlay or b""))
    frames = count_in_head(frame_table)
    return StoredInstance(study, series, sop, sop_class, number, rows, columns, frames, claimed_frames, header_length, stored)


_HITS: dict[Level, tuple[Projected, Callable[[Any], Hit]]] = {
    Level.PATIENT: (PATIENT_HIT, PatientHit._make),
    Level.STUDY: (STUDY_HIT, StudyHit._make),
    Level.SERIES: (SERIES_HIT, SeriesHit._make),
    Level.INSTANCE: (INSTANCE_HIT, InstanceHit._make),
}


_STATUSES, _PRIORITIES = list(ReadingStatus), list(ReadingPriority)


def _is_within(keyword: str, level: Level) -> bool:
    own = level_of(keyword)
    return own is not None and own <= level


def _capped(found: Matching, cap: int) -> tuple[int, bool]:
    return min(found.number, cap), found.number > cap or not found.whole


def _study_row(row: Any) -> StudyRow:
    *texts, modalities, series_count, instance_count, received_at_ns, status, priority = row[1:STUDY_ROW_END]
    marks = (_STATUSES[status], _PRIORITIES[priority])
    return StudyRow(*texts, tuple(modalities.split()), series_count, instance_count, received_at_ns, *marks)  # type: ignore[call-arg]


def _write_cursor(row: Any, order: Order) -> str:
    place = json.dumps([order.keyword, order.descending, *(row[index] for index in SORT_VALUES[order.keyword]), row[0]])
    return base64.urlsafe_b64encode(place.encode()).decode().rstrip("=")


def _read_cursor(text: str, order: Order) -> Cursor:
    try:
        keyword, descending, *place = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        if [keyword, descending] != [order.keyword, order.descending] or not fits(place, order):
            raise InvalidQuery("the cursor belongs to a list in another order")
    except (ValueError, TypeError, binascii.Error) as exc:
        raise InvalidQuery("this is no cursor of ours") from exc
    return tuple(place)
