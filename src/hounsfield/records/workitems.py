"""Unified Procedure Steps: read one by one or a stretch at a time, changed in short transactions together with who is told of it."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import ColumnElement, Executable, and_, bindparam, delete, literal_column, select, update
from sqlalchemy.dialects import postgresql, sqlite

from hounsfield.model.connections import Connection, Connections
from hounsfield.model.procedure_step import StepState
from hounsfield.model.workitem import Narrowing, Workitem, WorklistSubscriber
from hounsfield.records.tables import workitem, workitem_event, workitem_key, workitem_subscriber, workitem_subscription

LONGEST_KEY: Final = 200
"""Characters of a value that are kept for finding it; longer ones are found by their beginning and then compared whole."""

_NOTHING: Final[ColumnElement[int]] = literal_column("0")
_CHANGING: Final = 72_057_431_992

_COLUMNS: Final = (workitem.c.id, workitem.c.uid, workitem.c.state, workitem.c.transaction_uid, workitem.c.data_set)


class WorkitemRecords:
    """One database's steps; safe to use from any thread. Raises: IndexUnavailable where the database does not answer."""

    def __init__(self, database: Connections, *, now: Callable[[], float] = time.time) -> None:
        self._database = database
        self._now = now
        self._sql = _Statements(database)
        self._searches: dict[tuple[Any, ...], str] = {}

    def find(self, partition_id: int, uid: str) -> Workitem | None:
        """By its UID."""
        rows = self._database.fetch(self._sql.find, (partition_id, uid))
        return _workitem(rows[0]) if rows else None

    def stretch(self, partition_id: int, narrowing: Narrowing, after_id: int, most: int) -> list[Workitem]:
        """The first steps that fulfil `narrowing` of those created after the one of `after_id`, in the order of their creation."""
        values: list[Any] = [partition_id, after_id]
        listed = self._database.dialect.listed
        if narrowing.uids:
            values.append(listed(narrowing.uids))
        if narrowing.states:
            values.append(listed(narrowing.states))
        if narrowing.start is not None:
            values.extend(narrowing.start)
        for name, some in narrowing.values:
            values.extend((name, listed([value[:LONGEST_KEY] for value in some])))
        return [_workitem(row) for row in self._database.fetch(self._search(narrowing), (*values, most))]

    def _search(self, narrowing: Narrowing) -> str:
        shape = (bool(narrowing.uids), bool(narrowing.states), narrowing.start is not None, len(narrowing.values))
        known = self._searches.get(shape)
        if known is None:
            known = self._searches[shape] = self._database.compile(self._search_statement(*shape)).sql
        return known

    def _search_statement(self, uids: bool, states: bool, start: bool, values: int) -> Executable:
        among = self._database.dialect.among
        conditions = [workitem.c.partition_id == bindparam("partition"), workitem.c.id > bindparam("after")]
        if uids:
            conditions.append(among(workitem.c.uid, "uids"))
        if states:
            conditions.append(among(workitem.c.state, "states"))
        if start:
            conditions += [workitem.c.scheduled_start >= bindparam("first"), workitem.c.scheduled_start <= bindparam("last")]
        for number in range(values):
            held = workitem_key.alias(f"key_{number}")
            named = and_(held.c.name == bindparam(f"name_{number}"), among(held.c.value, f"values_{number}"))
            conditions.append(workitem.c.id.in_(select(held.c.workitem_id).where(named)))
        return select(*_COLUMNS).where(*conditions).order_by(workitem.c.id).limit(bindparam("most")).offset(_NOTHING)

    @contextlib.contextmanager
    def change(self) -> Iterator[WorkitemChange]:
        """One transaction, durable when the block ends; nothing of it is seen where the block raises."""
        with self._database.control() as connection:
            if self._database.dialect.name == "postgresql":
                # One change at a time in all processes, as SQLite has it anyway: sequence numbers of events are then seen in their order,
                # and nothing is created past a subscription that is just being made.
                connection.execute(f"SELECT pg_advisory_xact_lock({_CHANGING})")
            yield WorkitemChange(connection, self._database, self._sql, int(self._now()))


class WorkitemChange:
    """What can be done within one transaction. connection: for what other modules do in it."""

    def __init__(self, connection: Connection, database: Connections, sql: _Statements, now_s: int) -> None:
        self.connection = connection
        self._database = database
        self._sql = sql
        self._now_s = now_s

    def find(self, partition_id: int, uid: str) -> Workitem | None:
        """By its UID; nobody else changes it until this transaction ends."""
        row = self.connection.execute(self._sql.find, (partition_id, uid)).fetchone()
        return None if row is None else _workitem(row)

    def add(self, partition_id: int, uid: str, data_set: Mapping[str, Any], start: str, keys: Iterable[tuple[str, str]]) -> Workitem | None:
        """A new step, SCHEDULED; None where its UID is taken."""
        state = StepState.SCHEDULED
        values = (partition_id, uid, state.value, "", start, json.dumps(data_set), self._now_s)
        row = self.connection.execute(self._sql.add, values).fetchone()
        if row is None:
            return None
        self._put_keys(row[0], keys)
        return Workitem(row[0], uid, state, "", data_set)

    def save(self, changed: Workitem, start: str, keys: Iterable[tuple[str, str]]) -> None:
        """The step as it is now."""
        values = (changed.state.value, changed.transaction_uid, start, json.dumps(changed.data_set), self._now_s, changed.id)
        self.connection.execute(self._sql.save, values)
        self.connection.execute(self._sql.delete_keys, (changed.id,))
        self._put_keys(changed.id, keys)

    def _put_keys(self, workitem_id: int, keys: Iterable[tuple[str, str]]) -> None:
        rows = sorted({(workitem_id, name, value[:LONGEST_KEY]) for name, value in keys})
        if rows:
            self._database.dialect.execute_many(self.connection, self._sql.add_key, rows)

    # Subscriptions

    def subscription(self, workitem_id: int, ae_title: str) -> bool | None:
        """Whether the application entity's subscription to the step has a Deletion Lock; None where there is no subscription."""
        row = self.connection.execute(self._sql.subscription, (workitem_id, ae_title)).fetchone()
        return None if row is None else bool(row[0])

    def put_subscription(self, workitem_id: int, ae_title: str, deletion_lock: bool) -> None:
        """Inserts or replaces."""
        self.connection.execute(self._sql.put_subscription, (workitem_id, ae_title, deletion_lock))

    def drop_subscription(self, workitem_id: int, ae_title: str) -> None:
        """There is none any more."""
        self.connection.execute(self._sql.drop_subscription, (workitem_id, ae_title))

    def drop_subscriptions(self, partition_id: int, ae_title: str) -> int:
        """None to any step; returns how many there were."""
        return self.connection.execute(self._sql.drop_subscriptions, (ae_title, partition_id)).rowcount

    def subscribed(self, workitem_id: int) -> list[str]:
        """The AE titles of those who are told of the step."""
        return [str(row[0]) for row in self.connection.execute(self._sql.subscribed, (workitem_id,)).fetchall()]

    def subscribers(self, partition_id: int) -> list[WorklistSubscriber]:
        """Those who are told of whatever is created."""
        rows = self.connection.execute(self._sql.subscribers, (partition_id,)).fetchall()
        return [_subscriber(*row) for row in rows]

    def put_subscriber(self, partition_id: int, subscriber: WorklistSubscriber) -> None:
        """Inserts or replaces the one of the same title and filter."""
        encoded = _filter(subscriber)
        self.connection.execute(self._sql.put_subscriber, (partition_id, subscriber.ae_title, encoded, subscriber.deletion_lock))

    def drop_subscribers(self, partition_id: int, ae_title: str, *, filtered: bool) -> int:
        """All of a title's that have a filter, or the one without; returns how many there were."""
        statement = self._sql.drop_filtered if filtered else self._sql.drop_global
        return self.connection.execute(statement, (partition_id, ae_title)).rowcount

    # Events

    def tell(self, partition_id: int, ae_titles: Sequence[str], reports: Sequence[Mapping[str, Any]]) -> None:
        """Puts reports in the queue of each of these subscribers, in their order."""
        if not ae_titles or not reports:
            return
        texts = [json.dumps(report) for report in reports]
        rows = [(partition_id, ae_title, text, self._now_s) for ae_title in ae_titles for text in texts]
        self._database.dialect.execute_many(self.connection, self._sql.add_event, rows)

    def everyone(self) -> list[tuple[int, str]]:
        """Partition and AE title of all who are subscribed to anything."""
        return [(int(row[0]), str(row[1])) for row in self.connection.execute(self._sql.everyone, ()).fetchall()]


class _Statements:
    """Compiled once; each asserts the order of its parameters."""

    def __init__(self, database: Connections) -> None:
        p = bindparam
        insert = sqlite.insert if database.dialect.name == "sqlite" else postgresql.insert

        def sql(statement: Executable, *parameters: str) -> str:
            compiled = database.compile(statement)
            assert compiled.parameters == parameters, compiled
            return compiled.sql

        by_uid = and_(workitem.c.partition_id == p("partition"), workitem.c.uid == p("key"))
        self.find = sql(select(*_COLUMNS).where(by_uid), "partition", "key")
        names = ["partition_id", "uid", "state", "transaction_uid", "scheduled_start", "data_set", "changed_at_s"]
        added = insert(workitem).values({name: p(name) for name in names})
        self.add = sql(added.on_conflict_do_nothing(index_elements=["partition_id", "uid"]).returning(workitem.c.id), *names)
        saved: dict[str, Any] = {
            name: p(f"new_{name}") for name in ("state", "transaction_uid", "scheduled_start", "data_set", "changed_at_s")
        }
        self.save = sql(update(workitem).values(saved).where(workitem.c.id == p("key")), *[f"new_{name}" for name in saved], "key")
        self.delete_keys = sql(delete(workitem_key).where(workitem_key.c.workitem_id == p("key")), "key")
        self.add_key = sql(
            insert(workitem_key).values({name: p(name) for name in ("workitem_id", "name", "value")}), "workitem_id", "name", "value"
        )

        s = workitem_subscription
        one = and_(s.c.workitem_id == p("key"), s.c.ae_title == p("title"))
        self.subscription = sql(select(s.c.deletion_lock).where(one), "key", "title")
        put = insert(s).values(workitem_id=p("key"), ae_title=p("title"), deletion_lock=p("lock"))
        replaced = put.on_conflict_do_update(index_elements=["workitem_id", "ae_title"], set_={"deletion_lock": put.excluded.deletion_lock})
        self.put_subscription = sql(replaced, "key", "title", "lock")
        self.drop_subscription = sql(delete(s).where(one), "key", "title")
        in_partition = s.c.workitem_id.in_(select(workitem.c.id).where(workitem.c.partition_id == p("partition")))
        self.drop_subscriptions = sql(delete(s).where(s.c.ae_title == p("title"), in_partition), "title", "partition")
        self.subscribed = sql(select(s.c.ae_title).where(s.c.workitem_id == p("key")).order_by(s.c.ae_title), "key")

        w = workitem_subscriber
        columns = (w.c.ae_title, w.c.filter, w.c.deletion_lock)
        self.subscribers = sql(select(*columns).where(w.c.partition_id == p("partition")).order_by(w.c.ae_title, w.c.filter), "partition")
        put_w = insert(w).values(partition_id=p("partition"), ae_title=p("title"), filter=p("filter"), deletion_lock=p("lock"))
        self.put_subscriber = sql(
            put_w.on_conflict_do_update(
                index_elements=["partition_id", "ae_title", "filter"], set_={"deletion_lock": put_w.excluded.deletion_lock}
            ),
            "partition",
            "title",
            "filter",
            "lock",
        )
        of_title = and_(w.c.partition_id == p("partition"), w.c.ae_title == p("title"))
        empty: ColumnElement[str] = literal_column("''")
        self.drop_filtered = sql(delete(w).where(of_title, w.c.filter != empty), "partition", "title")
        self.drop_global = sql(delete(w).where(of_title, w.c.filter == empty), "partition", "title")

        names = ["partition_id", "ae_title", "report", "created_at_s"]
        self.add_event = sql(insert(workitem_event).values({name: p(name) for name in names}), *names)
        to_steps = select(workitem.c.partition_id, s.c.ae_title).join(workitem, workitem.c.id == s.c.workitem_id)
        self.everyone = sql(to_steps.union(select(w.c.partition_id, w.c.ae_title)))


def _workitem(row: Any) -> Workitem:
    identifier, uid, state, transaction_uid, data_set = row
    return Workitem(identifier, uid, StepState(state), transaction_uid, json.loads(data_set))


def _filter(subscriber: WorklistSubscriber) -> str:
    return json.dumps(subscriber.filter) if subscriber.filter else ""


def _subscriber(ae_title: str, encoded: str, deletion_lock: Any) -> WorklistSubscriber:
    pairs = tuple((str(name), str(value)) for name, value in json.loads(encoded)) if encoded else ()
    return WorklistSubscriber(ae_title, bool(deletion_lock), pairs)
