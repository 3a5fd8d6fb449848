"""Modality Performed Procedure Steps as the modalities reported them."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from sqlalchemy import Executable, bindparam, select, update
from sqlalchemy.dialects import postgresql, sqlite

from hounsfield.model.connections import Connections
from hounsfield.model.performed_step import PerformedStatus
from hounsfield.records.tables import performed_step

PerformedStep = tuple[PerformedStatus, dict[str, Any]]
"""Its status and its data set, a DICOM JSON model object."""
Save = Callable[[PerformedStatus, Mapping[str, Any]], None]


class PerformedStepRecords:
    """One database's; safe to use from any thread. Raises: IndexUnavailable where the database does not answer."""

    def __init__(self, database: Connections, *, now: Callable[[], float] = time.time) -> None:
        self._database = database
        self._now = now
        p, t = bindparam, performed_step
        insert = sqlite.insert if database.dialect.name == "sqlite" else postgresql.insert

        def sql(statement: Executable, *parameters: str) -> str:
            compiled = database.compile(statement)
            assert compiled.parameters == parameters, compiled
            return compiled.sql

        names = [column.name for column in t.columns]
        by_uid = (t.c.partition_id == p("partition"), t.c.uid == p("key"))
        found = select(t.c.status, t.c.data_set).where(*by_uid)
        self._add = sql(insert(t).values({name: p(name) for name in names}).on_conflict_do_nothing(), *names)
        self._get = sql(found, "partition", "key")
        self._get_to_change = sql(found.with_for_update(), "partition", "key")
        changed: dict[str, Any] = {name: p(f"new_{name}") for name in ("status", "data_set", "changed_at_s")}
        self._save = sql(update(t).values(changed).where(*by_uid), *[f"new_{name}" for name in changed], "partition", "key")

    def add(self, partition_id: int, uid: str, status: PerformedStatus, data_set: Mapping[str, Any]) -> bool:
        """False where the UID is taken."""
        with self._database.control() as connection:
            values = (partition_id, uid, status.value, json.dumps(data_set), int(self._now()))
            return connection.execute(self._add, values).rowcount > 0

    def find(self, partition_id: int, uid: str) -> PerformedStep | None:
        """By its UID."""
        rows = self._database.fetch(self._get, (partition_id, uid))
        return _step(rows[0]) if rows else None

    @contextlib.contextmanager
    def changing(self, partition_id: int, uid: str) -> Iterator[tuple[PerformedStep | None, Save]]:
        """The step, which nobody else changes meanwhile, and how to save it; durable when the block ends."""
        with self._database.control() as connection:
            row = connection.execute(self._get_to_change, (partition_id, uid)).fetchone()

            def save(status: PerformedStatus, data_set: Mapping[str, Any]) -> None:
                connection.execute(self._save, (status.value, json.dumps(data_set), int(self._now()), partition_id, uid))

            yield (None if row is None else _step(row)), save


def _step(row: Any) -> PerformedStep:
    return PerformedStatus(row[0]), json.loads(row[1])
