"""Routing rules by their names; answers the protocol of `services.routes`."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import bindparam, delete, select
from sqlalchemy.dialects import postgresql, sqlite

from hounsfield.model.connections import Connections
from hounsfield.model.routing import Condition, Priority, Route, RouteKind, Window
from hounsfield.records.tables import route


class RouteRecords:
    """One database's rules; safe to use from any thread. Raises: IndexUnavailable where the database does not answer."""

    def __init__(self, database: Connections) -> None:
        self._database = database
        names = [column.name for column in route.columns]
        insert = sqlite.insert if database.dialect.name == "sqlite" else postgresql.insert
        added = database.compile(insert(route).values({name: bindparam(name) for name in names}).on_conflict_do_nothing())
        assert added.parameters == tuple(names), added
        self._add = added.sql
        self._all = database.compile(select(route).order_by(route.c.name)).sql
        self._delete = database.compile(delete(route).where(route.c.name == bindparam("key"))).sql

    def routes(self) -> list[Route]:
        """All of them, by name."""
        return [_route(*row) for row in self._database.fetch(self._all)]

    def add_route(self, added: Route, created_by: str) -> bool:
        """False where the name is taken."""
        with self._database.control() as connection:
            return connection.execute(self._add, (added.name, _definition(added), added.created_at_s, created_by)).rowcount > 0

    def delete_route(self, name: str) -> bool:
        """False where there is none."""
        with self._database.control() as connection:
            return connection.execute(self._delete, (name,)).rowcount > 0


def _definition(route: Route) -> str:
    return json.dumps(
        {
            "destinations": route.destinations,
            "conditions": [{"keyword": one.keyword, "patterns": one.patterns} for one in route.conditions],
            "callers": route.callers,
            "window": "" if route.window is None else str(route.window),
            "priority": route.priority.value,
            "kind": route.kind.value,
            "priors": route.priors,
            "commit": route.commit,
            "since": route.since,
        },
        ensure_ascii=False,
    )


def _route(name: str, definition: str, created_at_s: int, _created_by: str) -> Route:
    read: dict[str, Any] = json.loads(definition)
    return Route(
        name,
        tuple(read["destinations"]),
        tuple(Condition(one["keyword"], tuple(one["patterns"])) for one in read["conditions"]),
        tuple(read["callers"]),
        Window.parse(read["window"]) if read["window"] else None,
        Priority(read["priority"]),
        created_at_s,
        RouteKind(read["kind"]),
        read["priors"],
        read.get("commit", False),  # rules of older versions say neither
        read.get("since"),
    )
