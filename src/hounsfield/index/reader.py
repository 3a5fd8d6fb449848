"""Reading the index: search, rows for retrieval, lists for the app. Any process, any thread."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, NoReturn

from hounsfield.index.changes import Change, ChangeKind
from hounsfield.index.database import Database
from hounsfield.index.reading import Reading
from hounsfield.index.rows import (
    FrameTableRow,
    InstanceHit,
    InstanceRow,
    KeptAsideRow,
    Page,
    SeriesHit,
    SeriesRow,
    StudyHit,
    Totals,
    WorklistRow,
)
from hounsfield.index.search import Cursor, Projected, Search
from hounsfield.index.selections import INSTANCE_HIT, SERIES_HIT, SORT_VALUE, STUDY_HIT, WORKLIST
from hounsfield.model.errors import Gone, InstanceNotFound, InvalidQuery, SeriesNotFound, StudyNotFound
from hounsfield.model.query import Key, Level, Order, Query, SingleValue

EVERYTHING = 1 << 62
MOST_LARGE_FRAME_TABLES = 64
_WORKLIST_WIDTH = len(WorklistRow._fields)


class IndexReader:
    """Reads one database. Every method raises IndexUnavailable where it does not answer."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._search = Search(database)
        self._sql = Reading(database.dialect)
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

    def worklist(self, query: Query, after: Cursor | None = None) -> tuple[Page[WorklistRow], Cursor | None]:
        """Studies for a list, and the cursor behind its last row (None at the end).

        A cursor belongs to the query's order. Orders: StudyDate, PatientName, PatientID, AccessionNumber, StudyDescription,
        ModalitiesInStudy, ReceivedAt. Raises: InvalidQuery.
        """
        rows, more, unsupported = self._page(WORKLIST, _with_order(query), after)
        cursor = None
        if more:
            keyword = query.order.keyword if query.order is not None else "ReceivedAt"
            cursor = (rows[-1][SORT_VALUE[keyword]], rows[-1][0])
        return Page([WorklistRow._make(row[:_WORKLIST_WIDTH]) for row in rows], more, unsupported), cursor

    def count(self, query: Query, cap: int = 10_000) -> tuple[int, bool]:
        """How many match, and whether the count stopped at the cap."""
        number = self._search.count(query, cap + 1)
        return min(number, cap), number > cap

    def _page(self, projected: Projected, query: Query, after: Cursor | None = None) -> tuple[list[Any], bool, tuple[str, ...]]:
        if query.limit is None:
            rows, unsupported = self._search.run(projected, query, EVERYTHING, after)
            return rows, False, unsupported
        rows, unsupported = self._search.run(projected, query, query.limit + 1, after)
        return rows[: query.limit], len(rows) > query.limit, unsupported

    # Retrieval

    def instances(self, study_instance_uid: str, series_instance_uid: str | None = None, *, partition_id: int = 1) -> list[InstanceRow]:
        """All instances of a study, or of one of its series, by series and instance number.

        Raises: StudyNotFound, SeriesNotFound; Gone where a decision deleted it.
        """
        if series_instance_uid is None:
            rows = self._database.fetch(self._sql.instances_of_study, (partition_id, study_instance_uid))
        else:
            rows = self._database.fetch(self._sql.instances_of_series, (partition_id, series_instance_uid, study_instance_uid))
        if not rows:
            self._raise_absent(partition_id, study_instance_uid, series_instance_uid, None)
        return list(map(InstanceRow._make, rows))

    def instance(
        self,
        sop_instance_uid: str,
        study_instance_uid: str | None = None,
        series_instance_uid: str | None = None,
        *,
        partition_id: int = 1,
    ) -> InstanceRow:
        """One instance; where study and series are named, it must be theirs. Raises: InstanceNotFound, Gone."""
        rows = self._database.fetch(self._sql.instance, (partition_id, sop_instance_uid))
        row = InstanceRow._make(rows[0]) if rows else None
        if row is None or not _in_place(row, study_instance_uid, series_instance_uid):
            self._raise_absent(partition_id, study_instance_uid, series_instance_uid, sop_instance_uid)
        return row

    def frame(
        self,
        sop_instance_uid: str,
        study_instance_uid: str | None = None,
        series_instance_uid: str | None = None,
        *,
        partition_id: int = 1,
    ) -> FrameTableRow:
        """An instance and its frame table, for `dicom.frames.FrameTable.frame_from_bytes`: one query whatever the number of frames.

        Raises: InstanceNotFound, Gone.
        """
        rows = self._database.fetch(self._sql.frame, (partition_id, sop_instance_uid))
        row = InstanceRow._make(rows[0][:-2]) if rows else None
        if row is None or not _in_place(row, study_instance_uid, series_instance_uid):
            self._raise_absent(partition_id, study_instance_uid, series_instance_uid, sop_instance_uid)
        table, key = rows[0][-2:]
        return FrameTableRow(row, self._large_frame_table(key) if table is None else bytes(table))

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

    def representative(self, study_instance_uid: str, series_instance_uid: str | None = None, *, partition_id: int = 1) -> InstanceRow:
        """The instance that stands for a study or series in a picture: the middle one of the series with most images.

        Raises: StudyNotFound, SeriesNotFound, Gone.
        """
        rows = self._database.fetch(self._sql.image_series, (partition_id, study_instance_uid))
        if series_instance_uid is not None:
            rows = [row for row in rows if row[3] == series_instance_uid]
        found = self._database.fetch(self._sql.representative, (rows[0][0], (rows[0][2] - 1) // 2)) if rows else []
        if not found:
            self._raise_absent(partition_id, study_instance_uid, series_instance_uid, None)
        return InstanceRow._make(found[0])

    def every_instance(self, after: int = 0, limit: int = 10_000) -> tuple[list[InstanceRow], int]:
        """Instances of all partitions, for verification and export: a batch, and the key to ask on from (0 at the end)."""
        rows = self._database.fetch(self._sql.all_instances, (after, limit))
        return [InstanceRow._make(row[:-1]) for row in rows], rows[-1][-1] if len(rows) == limit else 0

    # Versions, deletions, changes

    def study_version(self, study_instance_uid: str, *, partition_id: int = 1) -> int:
        """A number that grows whenever a member of the study changes. Raises: StudyNotFound, Gone."""
        rows = self._database.fetch(self._sql.study_version, (partition_id, study_instance_uid))
        if not rows:
            self._raise_absent(partition_id, study_instance_uid, None, None)
        return int(rows[0][0])

    def series_version(self, study_instance_uid: str, series_instance_uid: str, *, partition_id: int = 1) -> int:
        """A number that grows whenever a member of the series changes: the key of an ETag. Raises: SeriesNotFound, Gone."""
        rows = self._database.fetch(self._sql.series_version, (partition_id, series_instance_uid, study_instance_uid))
        if not rows:
            self._raise_absent(partition_id, study_instance_uid, series_instance_uid, None)
        return int(rows[0][0])

    def is_gone(
        self,
        study_instance_uid: str,
        series_instance_uid: str | None = None,
        sop_instance_uid: str | None = None,
        *,
        partition_id: int = 1,
    ) -> bool:
        """Whether a decision deleted it, or what it belongs to. What came again after the deletion is found, and not asked about here."""
        sql = self._sql
        if series_instance_uid is None:
            rows = self._database.fetch(sql.study_tombstone, (partition_id, study_instance_uid))
        elif sop_instance_uid is None:
            rows = self._database.fetch(sql.series_tombstone, (partition_id, study_instance_uid, series_instance_uid))
        else:
            rows = self._database.fetch(sql.instance_tombstone, (partition_id, study_instance_uid, series_instance_uid, sop_instance_uid))
        return rows[0][0] is not None

    def _raise_absent(self, partition_id: int, study: str | None, series: str | None, sop: str | None) -> NoReturn:
        if study is not None and self.is_gone(study, series, sop if series is not None else None, partition_id=partition_id):
            raise Gone("deleted by a decision")
        if sop is not None:
            raise InstanceNotFound(f"no instance {sop}")
        if series is not None:
            raise SeriesNotFound(f"no series {series} in study {study}")
        raise StudyNotFound(f"no study {study}")

    def changes(self, since: int = 0, limit: int = 1000) -> list[Change]:
        """What was committed after the change `since`, in commit order: nobody who follows misses one."""
        found = []
        for sequence, kind, partition_id, study, series, instances, at_ns, subject in self._database.fetch(
            self._sql.changes, (since, limit)
        ):
            one, two, three = subject.split("\n") if subject else (study or "", series or "", "")
            found.append(Change(sequence, ChangeKind(kind), partition_id, one, two, three, instances, at_ns))
        return found

    # Lists for the app

    def study(self, study_instance_uid: str, *, partition_id: int = 1) -> WorklistRow:
        """One study as a list shows it. Raises: StudyNotFound, Gone."""
        key = Key("StudyInstanceUID", SingleValue(study_instance_uid))
        page, _ = self.worklist(Query(Level.STUDY, (key,), limit=1, partition_id=partition_id))
        if not page.rows:
            self._raise_absent(partition_id, study_instance_uid, None, None)
        return page.rows[0]

    def series_of(self, study_instance_uid: str, *, partition_id: int = 1) -> list[SeriesRow]:
        """The series of a study, by number. Raises: StudyNotFound, Gone."""
        rows = self._database.fetch(self._sql.series_of_study, (partition_id, study_instance_uid))
        if not rows:
            self._raise_absent(partition_id, study_instance_uid, None, None)
        return list(map(SeriesRow._make, rows))

    def kept_aside(self, limit: int = 1000, *, partition_id: int = 1) -> list[KeptAsideRow]:
        """Objects that do not count because others came first, the latest first; duplicates are not among them."""
        return list(map(KeptAsideRow._make, self._database.fetch(self._sql.kept_aside, (partition_id, limit))))

    def totals(self, *, partition_id: int = 1) -> Totals:
        """How much there is. Reads all of the instance table: not for every request."""
        return Totals._make(self._database.fetch(self._sql.totals, (partition_id,) * 3)[0])


def _in_place(row: InstanceRow, study_instance_uid: str | None, series_instance_uid: str | None) -> bool:
    return study_instance_uid in (None, row.study_instance_uid) and series_instance_uid in (None, row.series_instance_uid)


def _with_order(query: Query) -> Query:
    # A cursor must know what the rows are sorted by.
    return query if query.order is not None else replace(query, order=Order("ReceivedAt"))
