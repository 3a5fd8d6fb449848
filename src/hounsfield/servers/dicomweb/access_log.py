"""The access log: one event a request, by the resource's pattern; of what was searched for it says nothing."""

from __future__ import annotations

import structlog

from hounsfield.model.errors import NotFound
from hounsfield.model.identifiers import is_usable_uid
from hounsfield.servers.dicomweb.exchange import Exchange
from hounsfield.servers.dicomweb.routing import Router

_log = structlog.get_logger()

_LOGGED_VARIABLES = frozenset({"study", "series", "instance", "workitem"})
"""Of a pattern; their values are UIDs."""


def log_request(exchange: Exchange, router: Router, took_s: float, *, whole: bool) -> None:
    """whole: whether the answer was ended; its status is 0 where the client was gone before it began."""
    scope = exchange.scope
    try:
        pattern = router.resource(scope["path"]).pattern
    except NotFound:
        pattern = None
    variables = [segment.strip("{}") for segment in (pattern or "").split("/")[1::2]]
    client = scope.get("client")
    _log.info(
        "http.request",
        method=_method(scope["method"]),
        route="" if pattern is None else f"{exchange.root}/{pattern}",
        status=exchange.status,
        ms=round(took_s * 1000, 1),
        bytes=exchange.sent_bytes,
        whole=whole,
        principal=exchange.principal.name,
        client=client[0] if client else "",
        **{name: uid for name, uid in zip(variables, exchange.parts, strict=False) if name in _LOGGED_VARIABLES and is_usable_uid(uid)},
    )


def _method(method: str) -> str:
    return method if method.isalpha() and len(method) <= 16 else "?"
