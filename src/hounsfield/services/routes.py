"""The rules by which arriving objects go on to other application entities."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Protocol

from hounsfield.index.arrivals import Arrived
from hounsfield.model.errors import AlreadyExists, InvalidInput, NotFound
from hounsfield.model.identifiers import AETitle
from hounsfield.model.origin import Origin, Role
from hounsfield.model.peers import Peer
from hounsfield.model.routing import Arrival, Route, RouteKind
from hounsfield.services.accounts import require
from hounsfield.services.arrival import KEYWORDS, arrival_of

MOST_ROUTES = 1000


class RouteRecords(Protocol):
    """What the rules ask of the database; `records.routes.RouteRecords` answers."""

    def routes(self) -> list[Route]:
        """By name."""
        ...

    def add_route(self, added: Route, created_by: str) -> bool:
        """False where the name is taken."""
        ...

    def delete_route(self, name: str) -> bool:
        """False where there is none."""
        ...


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one rule says of one object. why_not: empty where it matches."""

    rule: str
    destinations: tuple[str, ...]
    why_not: str


class Routes:
    """The rules of this site.

    destination, reachable: the peer of an AE title, where it may be sent to, where it can be called; they raise PeerUnknown.
    own_ae_title: no destination. latest: the number of the object that was indexed last.
    """

    def __init__(
        self,
        records: RouteRecords,
        destination: Callable[[str], Peer],
        reachable: Callable[[str], Peer],
        own_ae_title: str,
        latest: Callable[[], int],
        now: Callable[[], float] = time.time,
    ) -> None:
        self._records = records
        self._peer_of = {RouteKind.SEND: destination, RouteKind.PREFETCH: reachable}
        self._own_ae_title = own_ae_title
        self._latest = latest
        self._now = now

    def all(self) -> list[Route]:
        """By name."""
        return self._records.routes()

    def add(self, origin: Origin, route: Route) -> Route:
        """From now on; returns the rule as it is kept. Raises: AccessDenied, InvalidInput, PeerUnknown, AlreadyExists."""
        require(origin.principal, Role.ADMINISTRATOR)
        route.check(KEYWORDS)
        destinations = tuple(dict.fromkeys(str(AETitle.parse(title)) for title in route.destinations))
        for title in destinations:
            if title == self._own_ae_title:
                raise InvalidInput(f"{title} is this archive itself")
            self._peer_of[route.kind](title)
        if len(self._records.routes()) >= MOST_ROUTES:
            raise InvalidInput(f"there are {MOST_ROUTES} rules already")
        kept = replace(route, destinations=destinations, created_at_s=int(self._now()), since=self._latest())
        if not self._records.add_route(kept, origin.principal.name):
            raise AlreadyExists(f"there is a rule {route.name!r} already: remove it first")
        return kept

    def remove(self, origin: Origin, name: str) -> None:
        """What it has enqueued stays enqueued. Raises: AccessDenied, NotFound."""
        require(origin.principal, Role.ADMINISTRATOR)
        if not self._records.delete_route(name):
            raise NotFound(f"there is no rule {name[:64]!r}")

    def judge(self, arrived: Iterable[Arrived]) -> Iterator[tuple[Arrived, Verdict]]:
        """What each rule says of each object, whenever either came."""
        routes = self.all()
        for one in arrived:
            arrival = arrival_of(one)
            for route in routes:
                yield one, _verdict(route, arrival)


def _verdict(route: Route, arrival: Arrival) -> Verdict:
    why_not = route.mismatch(arrival)
    destinations = tuple(title for title in route.destinations if title != arrival.caller)
    if not why_not and not destinations:
        why_not = f"it came from {arrival.caller}"
    return Verdict(route.name, () if why_not else destinations, why_not)
