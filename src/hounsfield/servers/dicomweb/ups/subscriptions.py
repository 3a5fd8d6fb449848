"""Subscriptions to workitems and to the worklist (PS3.18 11.10 to 11.12)."""

from __future__ import annotations

from urllib.parse import quote

from hounsfield.model.errors import InvalidQuery, NotFound
from hounsfield.model.identifiers import AETitle
from hounsfield.model.procedure_step import FILTERED_SUBSCRIPTION, GLOBAL_SUBSCRIPTION
from hounsfield.servers.dicomweb.exchange import Exchange
from hounsfield.servers.dicomweb.ups.workitems import require_editor
from hounsfield.servers.dicomweb.work import Work
from hounsfield.services.workitem_subscriptions import WorkitemSubscriptions

_COMMON = frozenset({"accept", "charset"})


class SubscriptionHandlers:
    """Editors may subscribe any application entity, as the standard has it."""

    def __init__(self, subscriptions: WorkitemSubscriptions, work: Work) -> None:
        self._subscriptions = subscriptions
        self._work = work

    async def subscribe(self, exchange: Exchange) -> None:
        """POST /workitems/{workitem}/subscribers/{aetitle}?deletionlock={true,false}&{filter}."""
        require_editor(exchange)
        target, ae_title = exchange.parts[0], AETitle.parse(exchange.parts[1])
        lock, filter_by = _parameters(exchange)
        if filter_by and target != FILTERED_SUBSCRIPTION:
            raise InvalidQuery("a filter goes with the filtered worklist subscription alone")
        await self._work.slow(self._subscriptions.subscribe, exchange.origin, target, ae_title, deletion_lock=lock, filter_by=filter_by)
        await exchange.answer(201, [(b"content-location", _socket_url(exchange, ae_title))])

    async def unsubscribe(self, exchange: Exchange) -> None:
        """DELETE /workitems/{workitem}/subscribers/{aetitle}."""
        require_editor(exchange)
        target, ae_title = exchange.parts[0], AETitle.parse(exchange.parts[1])
        await self._work.slow(self._subscriptions.unsubscribe, exchange.origin, target, ae_title)
        await exchange.answer(200, [])

    async def suspend(self, exchange: Exchange) -> None:
        """POST /workitems/{worklist}/subscribers/{aetitle}/suspend."""
        require_editor(exchange)
        target, ae_title = exchange.parts[0], AETitle.parse(exchange.parts[1])
        if target not in (GLOBAL_SUBSCRIPTION, FILTERED_SUBSCRIPTION):
            raise NotFound("only subscriptions to the worklist can be suspended")
        await self._work.slow(self._subscriptions.suspend, exchange.origin, target, ae_title)
        await exchange.answer(200, [])

    async def upgrade(self, exchange: Exchange) -> None:
        """GET /subscribers/{aetitle} without the wish for a WebSocket."""
        AETitle.parse(exchange.parts[0])
        message = "connect by WebSocket to receive event reports"
        await exchange.answer_json(426, {"error": {"code": "upgrade-required", "message": message}}, [(b"upgrade", b"websocket")])


def _parameters(exchange: Exchange) -> tuple[bool, list[tuple[str, str]]]:
    """Deletion lock, and the filter: as parameters of their own, or as `filter=name=value,name=value` (11.10.1.2)."""
    lock = ""
    filter_by: list[tuple[str, str]] = []
    for name, value in exchange.parameters:
        if name in _COMMON:
            continue
        if name == "deletionlock":
            if lock or value.lower() not in ("true", "false"):
                raise InvalidQuery("deletionlock is true or false, given once")
            lock = value.lower()
        elif name == "filter":
            filter_by.extend(_pair(part) for part in value.split(",") if part.strip())
        else:
            filter_by.append((name, value))
    return lock == "true", filter_by


def _pair(part: str) -> tuple[str, str]:
    name, equals, value = part.partition("=")
    if not equals:
        raise InvalidQuery("a filter is made of name=value, separated by commas")
    return name.strip(), value


def _socket_url(exchange: Exchange, ae_title: str) -> bytes:
    base = exchange.base_url
    if base.startswith("http"):
        base = "ws" + base.removeprefix("http")
    return f"{base}/subscribers/{quote(ae_title)}".encode()
