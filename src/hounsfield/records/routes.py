"""Routing rules by their names; answers the protocol of `services.routes`."""

from __future__ import annotations

import json
from typing import Any

from hounsfield.model.connections import Connections
from hounsfield.model.routing import Condition, Priority, Route, RouteKind, Window
from hounsfield.records.named_rules import NamedRules
from hounsfield.records.tables import route


class RouteRecords:
    """One database's rules; safe to use from any thread. Raises: IndexUnavailable where the database does not answer."""

    def __init__(self, database: Connections) -> None:
        self._rules = NamedRules(database, route)

    def routes(self) -> list[Route]:
        """All of them, by name."""
        return [_route(*row) for row in self._rules.all()]

    def add_route(self, added: Route, created_by: str) -> bool:
        """False where the name is taken."""
        return self._rules.add(added.name, _definition(added), added.created_at_s, created_by)

    def delete_route(self, name: str) -> bool:
        """False where there is none."""
        return self._rules.delete(name)


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
