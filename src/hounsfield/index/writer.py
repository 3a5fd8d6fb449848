"""The one thread that writes the derived tables; callers wait for the commit of the group that their entry went into."""

from __future__ import annotations

import contextlib
import queue
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from functools import partial
from types import TracebackType
from typing import Any, NamedTuple, Self, cast

from sqlalchemy import bindparam, select

from hounsfield.index.aside import decode_entry
from hounsfield.index.contention import admit
from hounsfield.index.database import Database
from hounsfield.index.deletion import apply_deletion
from hounsfield.index.dialect import Connection
from hounsfield.index.entry import IndexEntry
from hounsfield.index.marking import apply_mark
from hounsfield.index.projection import Projection
from hounsfield.index.reader import stored_instance
from hounsfield.index.reading import INSTANCE
from hounsfield.index.rejection import KINDS, apply_rejection
from hounsfield.index.removal import Removed
from hounsfield.index.renditions import keep_rendition
from hounsfield.index.subjects import Subjects
from hounsfield.index.tables import instance, kept_aside, series, study, withheld
from hounsfield.index.withholding import REJECTED
from hounsfield.model.entities import ObjectAttributes
from hounsfield.model.errors import (
    HounsfieldError,
    IndexUnavailable,
    OutOfSpace,
    Unavailable,
    UnreadableObject,
)
from hounsfield.model.identity import Judgement
from hounsfield.model.outcomes import KEPT_ASIDE, StoreOutcome
from hounsfield.model.reading import Mark
from hounsfield.model.rendition import Rendition
from hounsfield.model.stored_instance import StoredInstance

LARGEST_GROUP = 512

__all__ = ["IndexEntry", "IndexWriter", "KnownInstance"]


class KnownInstance(NamedTuple):
    """What is known of a SOP Instance UID before its bytes are compared. overlay: None where the object is read as it is stored."""

    data_set_sha256: bytes
    transfer_syntax_uid: str
    study_instance_uid: str
    series_instance_uid: str
    overlay: bytes | None


class _Request:
    """Something to do inside a group's transaction, and a caller that waits for it."""

    __slots__ = ("done", "entry", "error", "operation", "result")

    def __init__(self, entry: IndexEntry | None, operation: Callable[[Projection], object]) -> None:
        self.entry = entry
        self.operation = operation
        self.result: object = None
        self.error: BaseException | None = None
        self.done = threading.Lock()
        self.done.acquire()


class IndexWriter:
    """Writes for all threads of the process that owns the archive; other processes read.

    clock_ns: for the change feed.
    """

    def __init__(self, database: Database, *, clock_ns: Callable[[], int] = time.time_ns) -> None:
        self._database = database
        self._clock_ns = clock_ns
        self._projection = Projection(database, clock_ns)
        self._connection: Connection | None = None
        self._requests: queue.SimpleQueue[_Request | None] = queue.SimpleQueue()
        self._closed = False
        self.turn: AbstractContextManager[object] = threading.Lock() if database.dialect.in_process else contextlib.nullcontext()
        """Held by this thread while it writes, and by others while they compute for a short object. Each statement, each system call
        gives the interpreter's lock away, and it comes back only after a wait: threads that wait for their turn instead do not compete for
        it, and hand over twice an object rather than twenty times. A database that is another process does the waiting itself."""
        known = (
            select(
                instance.c.data_set_sha256,
                instance.c.transfer_syntax_uid,
                study.c.study_instance_uid,
                series.c.series_instance_uid,
                instance.c.overlay,
            )
            .join_from(instance, series, instance.c.series_key == series.c.id)
            .join(study, series.c.study_key == study.c.id)
            .where(instance.c.partition_id == bindparam("partition"), instance.c.sop_instance_uid == bindparam("uid"))
        )
        self._find = database.compile(known).sql
        by_uid = (instance.c.partition_id == bindparam("partition"), instance.c.sop_instance_uid == bindparam("uid"))
        self._held = database.compile(INSTANCE.where(*by_uid)).sql
        same = select(kept_aside.c.outcome, kept_aside.c.reason, kept_aside.c.entry).where(
            kept_aside.c.partition_id == bindparam("partition"), kept_aside.c.sop_instance_uid == bindparam("uid")
        )
        self._find_aside = database.compile(same).sql
        hidden = select(withheld.c.entry).where(
            withheld.c.partition_id == bindparam("partition"), withheld.c.sop_instance_uid == bindparam("uid")
        )
        self._find_withheld = database.compile(hidden).sql
        self._any_aside: bool | None = None
        self._subjects = Subjects(database)
        self._thread = threading.Thread(target=self._run, name="index-writer", daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def add(self, entry: IndexEntry) -> Judgement:
        """Judge an object and index it; returns once that is committed.

        Entries of one pack come in the order of their offsets.
        Raises: IndexUnavailable; UnreadableObject where the database cannot hold what the header says.
        """
        judgement = cast(Judgement, self._wait(self._put(entry, partial(_admit, entry=entry))))
        if judgement.outcome in KEPT_ASIDE:
            self._any_aside = True
        return judgement

    def add_all(self, entries: Iterable[IndexEntry]) -> list[Judgement | HounsfieldError]:
        """The same of many, in as few transactions as they fit in: for recovery and `reindex`. Errors stand in their entries' places."""
        requests = [self._put(entry, partial(_admit, entry=entry)) for entry in entries]
        answers: list[Judgement | HounsfieldError] = []
        for request in requests:
            try:
                answers.append(cast(Judgement, self._wait(request)))
            except HounsfieldError as exc:
                answers.append(exc)
        return answers

    def apply_decision(self, record: Mapping[str, Any]) -> Removed:
        """Apply a record of the decision pack: `{"kind": "delete" | "reject" | "restore", "level": "study" | "series" | "instance",
        UIDs, "decided_at_ns", ...}`.

        To apply it again changes nothing. Raises: IndexUnavailable, InvalidInput.
        """
        apply = apply_rejection if record.get("kind") in KINDS else apply_deletion
        removed = cast(Removed, self._ask(lambda projection: apply(projection, record, self._clock_ns())))
        if record.get("kind") == "reject":
            self._any_aside = True
        return removed

    def mark(self, mark: Mark) -> int:
        """Keep what is said of the reading of some studies; how many of them are here. Raises: IndexUnavailable."""
        return cast(int, self._ask(lambda projection: apply_mark(projection, mark, self._clock_ns())))

    def add_rendition(self, one: Rendition, node: str, frame_table: bytes) -> bool:
        """Index what was made of an object; returns once that is committed. node: of its pack.

        False where the object is not here any more. Raises: IndexUnavailable.
        """
        return cast(bool, self._ask(lambda projection: keep_rendition(projection, one, node, frame_table)))

    def check_decision(self, record: Mapping[str, Any]) -> None:
        """Whether there is anything that the decision would touch; it need not be dated yet.

        Raises: StudyNotFound, SeriesNotFound, InstanceNotFound; Gone where it was deleted, or is rejected already; InvalidInput,
        IndexUnavailable.
        """
        self._subjects.check(record)

    def clear(self) -> None:
        """Empty the derived tables, for `reindex`: packs and decisions bring all of it back. Raises: IndexUnavailable."""
        self._ask(Projection.clear)

    def find(self, partition_id: int, sop_instance_uid: str) -> KnownInstance | None:
        """The object that counts under a UID, as committed; cheap. Raises: IndexUnavailable."""
        rows = self._database.fetch(self._find, (partition_id, sop_instance_uid))
        return KnownInstance._make(rows[0]) if rows else None

    def held(self, partition_id: int, sop_instance_uid: str) -> StoredInstance | None:
        """The instance that counts under a UID, with where it lies. Raises: IndexUnavailable."""
        rows = self._database.fetch(self._held, (partition_id, sop_instance_uid))
        return stored_instance(rows[0]) if rows else None

    def find_aside(self, partition_id: int, attributes: ObjectAttributes, data_set_sha256: bytes) -> Judgement | None:
        """How the very same object was judged when it was kept aside before, or rejected.

        A sender that tries again and again must not fill the disk. Raises: IndexUnavailable.
        """
        if self._any_aside is None:
            self._any_aside = bool(self._database.fetch("SELECT 1 FROM kept_aside UNION ALL SELECT 1 FROM withheld LIMIT 1"))
        if not self._any_aside:
            return None
        named = (partition_id, attributes.instance.sop_instance_uid)
        aside = [(Judgement(StoreOutcome(outcome), reason), raw) for outcome, reason, raw in self._database.fetch(self._find_aside, named)]
        rejected = [(REJECTED, raw) for (raw,) in self._database.fetch(self._find_withheld, named)]
        for judgement, raw in (*aside, *rejected):
            held = decode_entry(bytes(raw))
            if held.stored.digests.data_set_sha256 == data_set_sha256 and held.attributes == attributes:
                return judgement
        return None

    def indexed_through(self) -> dict[str, int]:
        """Of each pack: the offset behind the last Part 10 file whose rows are committed. Raises: IndexUnavailable."""
        return dict(self._database.fetch(self._projection.sql.packs))

    def pack_sealed(self, pack_id: str) -> None:
        """Note that the pack will not grow any more. Raises: IndexUnavailable."""
        self._ask(lambda projection: projection.execute(projection.sql.pack_state, ("sealed", pack_id)))

    def close(self) -> None:
        """Finish what was asked, then end the thread."""
        if not self._closed:
            self._closed = True
            self._requests.put(None)
            self._thread.join()

    def _ask(self, operation: Callable[[Projection], object]) -> object:
        return self._wait(self._put(None, operation))

    def _put(self, entry: IndexEntry | None, operation: Callable[[Projection], object]) -> _Request:
        if self._closed:
            raise IndexUnavailable("the index is being closed")
        request = _Request(entry, operation)
        self._requests.put(request)
        return request

    def _wait(self, request: _Request) -> object:
        while not request.done.acquire(timeout=5):
            if not self._thread.is_alive():
                raise IndexUnavailable("the index was closed")
        if request.error is not None:
            raise request.error
        return request.result

    def _run(self) -> None:
        open_for_more = True
        while open_for_more:
            first = self._requests.get()
            group = [] if first is None else [first]
            open_for_more = first is not None
            with contextlib.suppress(queue.Empty):
                while open_for_more and len(group) < LARGEST_GROUP:
                    following = self._requests.get_nowait()
                    if following is None:
                        open_for_more = False
                    else:
                        group.append(following)
            if group:
                self._serve(group)
        self._disconnect()

    def _serve(self, group: list[_Request]) -> None:
        error = self._attempt(group)
        if error is not None and len(group) > 1 and not isinstance(error, Unavailable):
            for request in group:
                request.error = self._attempt([request])
        else:
            for request in group:
                request.error = error
        for request in group:
            request.done.release()

    def _attempt(self, group: list[_Request]) -> BaseException | None:
        """Run a group in one transaction; on a connection that turns out to be lost, once more on a new one."""
        fresh = self._connection is None
        while True:
            try:
                self._transact(group)
            except self._database.dialect.failures as exc:
                self._abandon()
                if fresh:
                    return _caused(_failure(exc), exc)
                self._disconnect()
                fresh = True
            except HounsfieldError as exc:
                self._abandon()
                return exc
            except self._database.dialect.refusals as exc:
                self._abandon()
                return _caused(UnreadableObject(f"the index cannot hold what the header says: {exc}"), exc)
            except BaseException as exc:  # noqa: BLE001 - it belongs to the caller, who waits; the thread must live on
                self._abandon()
                return exc
            else:
                return None

    def _transact(self, group: list[_Request]) -> None:
        if self._connection is None:
            self._connection = self._database.connect(writing=True)
        connection, projection = self._connection, self._projection
        dialect = self._database.dialect
        with self.turn, dialect.batch(connection):
            connection.execute(dialect.begin_writing)
            projection.begin(connection)
            projection.foresee([request.entry for request in group if request.entry is not None])
            for request in group:
                request.result = request.operation(projection)
            projection.finish()
            connection.execute("COMMIT")
        projection.committed()

    def _abandon(self) -> None:
        self._projection.forget()
        if self._connection is not None:
            try:
                self._connection.execute("ROLLBACK")
            except self._database.dialect.errors:
                self._disconnect()

    def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with contextlib.suppress(*self._database.dialect.errors):
                connection.close()


def _admit(projection: Projection, entry: IndexEntry) -> Judgement:
    return admit(projection, entry)


def _failure(error: Exception) -> Unavailable:
    """What a driver's failure means for the caller. 53100: `disk_full` of PostgreSQL."""
    if getattr(error, "sqlite_errorname", "") == "SQLITE_FULL" or getattr(error, "sqlstate", "") == "53100":
        return OutOfSpace("the database's disk is full")
    return IndexUnavailable(f"the database does not answer: {error}")


def _caused(error: HounsfieldError, cause: BaseException) -> HounsfieldError:
    error.__cause__ = cause
    return error
