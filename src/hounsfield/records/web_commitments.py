"""Storage commitment asked over the web: requests until they are judged, and results until they are fetched; for any process."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import ColumnElement, Executable, bindparam, delete, func, literal_column, select, update
from sqlalchemy.dialects import postgresql, sqlite

from hounsfield.model.commitment import CommitmentRequest, CommitmentResult, Failure, Reference
from hounsfield.model.connections import Connections
from hounsfield.records.tables import web_commitment


@dataclass(frozen=True, slots=True)
class WebCommitment:
    """places: study and series of each instance where the requester named them, by its UID. result: None until it was judged."""

    request: CommitmentRequest
    places: dict[str, tuple[str, str]]
    result: CommitmentResult | None


class WebCommitmentRecords:
    """One database's; safe to use from any thread. Raises: IndexUnavailable where the database does not answer."""

    def __init__(self, database: Connections) -> None:
        self._database = database
        p, t = bindparam, web_commitment
        insert = sqlite.insert if database.dialect.name == "sqlite" else postgresql.insert

        def sql(statement: Executable, *parameters: str) -> str:
            compiled = database.compile(statement)
            assert compiled.parameters == parameters, compiled
            return compiled.sql

        names = [column.name for column in t.columns]
        empty: ColumnElement[str] = literal_column("''")
        by_uid = (t.c.partition_id == p("partition"), t.c.transaction_uid == p("key"))
        self._add = sql(insert(t).values({name: p(name) for name in names}).on_conflict_do_nothing(), *names)
        self._get = sql(select(t.c.request, t.c.result).where(*by_uid), "partition", "key")
        claimed = update(t).values(busy_until_s=p("until")).where(*by_uid, t.c.result == empty, t.c.busy_until_s < p("now"))
        self._claim = sql(claimed, "until", "partition", "key", "now")
        self._settle = sql(update(t).values(result=p("new_result")).where(*by_uid), "new_result", "partition", "key")
        self._release = sql(update(t).values(busy_until_s=p("until")).where(*by_uid), "until", "partition", "key")
        self._count = sql(select(func.count()).select_from(t).where(t.c.partition_id == p("partition"), t.c.result == empty), "partition")
        self._drop = sql(delete(t).where(t.c.accepted_at_s < p("before")), "before")

    def add(self, partition_id: int, request: CommitmentRequest, places: dict[str, tuple[str, str]], accepted_at_s: int) -> bool:
        """False where the Transaction UID is taken."""
        encoded = {"references": [[one.sop_class_uid, one.sop_instance_uid] for one in request.references], "places": places}
        values = (partition_id, request.transaction_uid, accepted_at_s, 0, json.dumps(encoded), "")
        with self._database.control() as connection:
            return connection.execute(self._add, values).rowcount > 0

    def find(self, partition_id: int, transaction_uid: str) -> WebCommitment | None:
        """By its Transaction UID."""
        rows = self._database.fetch(self._get, (partition_id, transaction_uid))
        return _read(transaction_uid, *rows[0]) if rows else None

    def claim(self, partition_id: int, transaction_uid: str, now_s: int, until_s: int) -> bool:
        """Whether it is the caller's to judge until then."""
        with self._database.control() as connection:
            return connection.execute(self._claim, (until_s, partition_id, transaction_uid, now_s)).rowcount > 0

    def release(self, partition_id: int, transaction_uid: str) -> None:
        """It could not be judged now."""
        with self._database.control() as connection:
            connection.execute(self._release, (0, partition_id, transaction_uid))

    def settle(self, partition_id: int, result: CommitmentResult) -> None:
        """It was judged."""
        with self._database.control() as connection:
            connection.execute(self._settle, (json.dumps(asdict(result)), partition_id, result.transaction_uid))

    def waiting(self, partition_id: int) -> int:
        """How many have no result."""
        return int(self._database.fetch(self._count, (partition_id,))[0][0])

    def drop_older_than(self, before_s: int) -> None:
        """Nobody has asked for them any more."""
        with self._database.control() as connection:
            connection.execute(self._drop, (before_s,))


def _read(transaction_uid: str, request: str, result: str) -> WebCommitment:
    asked: dict[str, Any] = json.loads(request)
    references = tuple(Reference(sop_class, instance) for sop_class, instance in asked["references"])
    places = {instance: (study, series) for instance, (study, series) in asked["places"].items()}
    return WebCommitment(CommitmentRequest(transaction_uid, references), places, _result(result) if result else None)


def _result(text: str) -> CommitmentResult:
    said = json.loads(text)
    return CommitmentResult(
        said["transaction_uid"],
        tuple(Reference(**one) for one in said["committed"]),
        tuple(Failure(Reference(**one["reference"]), one["reason"]) for one in said["failed"]),
    )
