"""Event reports that wait for their subscribers, for any process that has a connection to one of them."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from sqlalchemy import ColumnElement, Executable, bindparam, delete, func, literal_column, select
from sqlalchemy.dialects import postgresql, sqlite

from hounsfield.model.connections import Connections
from hounsfield.model.workitem import WorkitemEvent
from hounsfield.records.tables import workitem_event, workitem_listener

NOTHING: Final[ColumnElement[int]] = literal_column("0")
KEPT_S: Final = 86_400
MOST_KEPT: Final = 10_000
"""Events of one subscriber that wait for it; the oldest go first."""


class WorkitemEvents:
    """One database's events; safe to use from any thread. Raises: IndexUnavailable where the database does not answer."""

    def __init__(self, database: Connections, *, now: Callable[[], float] = time.time) -> None:
        self._database = database
        self._now = now
        p = bindparam
        e, w = workitem_event, workitem_listener
        insert = sqlite.insert if database.dialect.name == "sqlite" else postgresql.insert

        def sql(statement: Executable, *parameters: str) -> str:
            compiled = database.compile(statement)
            assert compiled.parameters == parameters, compiled
            return compiled.sql

        of_title = (e.c.partition_id == p("partition"), e.c.ae_title == p("title"))
        self._latest = sql(select(func.max(e.c.sequence)))
        self._after = sql(
            select(e.c.sequence, e.c.report)
            .where(*of_title, e.c.sequence > p("after"))
            .order_by(e.c.sequence)
            .limit(p("most"))
            .offset(NOTHING),
            "partition",
            "title",
            "after",
            "most",
        )
        listener = (w.c.partition_id == p("partition"), w.c.ae_title == p("title"))
        self._delivered = sql(select(w.c.delivered).where(*listener), "partition", "title")
        put = insert(w).values(partition_id=p("partition"), ae_title=p("title"), delivered=p("sequence"))
        forward = put.on_conflict_do_update(
            index_elements=["partition_id", "ae_title"],
            set_={"delivered": put.excluded.delivered},
            where=w.c.delivered < put.excluded.delivered,
        )
        self._mark = sql(forward, "partition", "title", "sequence")
        self._delete_old = sql(delete(e).where(e.c.created_at_s < p("before")), "before")
        self._oldest_kept = sql(
            select(e.c.sequence).where(*of_title).order_by(e.c.sequence.desc()).limit(p("one")).offset(p("kept")),
            "partition",
            "title",
            "one",
            "kept",
        )
        self._delete_through = sql(delete(e).where(*of_title, e.c.sequence <= p("last")), "partition", "title", "last")

    def latest(self) -> int:
        """The sequence of the last event of all; 0 where there is none."""
        return int(self._database.fetch(self._latest)[0][0] or 0)

    def after(self, partition_id: int, ae_title: str, sequence: int, most: int) -> list[WorkitemEvent]:
        """The first events of a subscriber behind the one of `sequence`."""
        rows = self._database.fetch(self._after, (partition_id, ae_title, sequence, most))
        return [WorkitemEvent(*row) for row in rows]

    def delivered(self, partition_id: int, ae_title: str) -> int:
        """The sequence of the last event that has reached the subscriber; 0 where none has."""
        rows = self._database.fetch(self._delivered, (partition_id, ae_title))
        return int(rows[0][0]) if rows else 0

    def mark_delivered(self, partition_id: int, ae_title: str, sequence: int) -> None:
        """All events up to this one have reached the subscriber; they need not be kept."""
        with self._database.control() as connection:
            connection.execute(self._mark, (partition_id, ae_title, sequence))

    def forget(self, partition_id: int, ae_title: str) -> None:
        """What is too old, and of this subscriber what is too much."""
        too_much = self._database.fetch(self._oldest_kept, (partition_id, ae_title, 1, MOST_KEPT))
        with self._database.control() as connection:
            connection.execute(self._delete_old, (int(self._now()) - KEPT_S,))
            if too_much:
                connection.execute(self._delete_through, (partition_id, ae_title, too_much[0][0]))
