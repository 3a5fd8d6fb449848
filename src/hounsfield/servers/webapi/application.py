"""The whole site: which application answers which path, and what all answers have in common."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import structlog
from anyio import to_thread

from hounsfield.servers.webapi.asgi import JSON_TYPE, Application, Message, Receive, Scope, Send, answer, came_over_https
from hounsfield.servers.webapi.envelope import CODE_BY_STATUS, error_body
from hounsfield.servers.webapi.guarded import log_unknown_error
from hounsfield.servers.webapi.security_headers import DATA_HEADERS, PAGE_HEADERS, STRICT_TRANSPORT, completed

SLOW_S = 1.0
"""From here on an answer of DICOMweb is logged though nothing went wrong."""

_log = structlog.get_logger(__name__)


class Site:
    """Routes by the path's first segment: `/api`, `/dicom-web`, `/health`; everything else is the web app.

    Requests are logged by route template, never by path or query string: they may quote what a person searched for. `/api` is
    logged always, DICOMweb where something went wrong or was slow, the rest where it failed.
    """

    def __init__(
        self,
        *,
        api: Application,
        dicomweb: Application,
        static: Application,
        health: Application,
        on_startup: Sequence[Callable[[], None]] = (),
        on_shutdown: Sequence[Callable[[], None]] = (),
    ) -> None:
        self._areas = {"api": api, "dicom-web": dicomweb, "health": health}
        self._static = static
        self._on_startup = on_startup
        self._on_shutdown = on_shutdown

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The ASGI application."""
        if scope["type"] == "http":
            await self._http(scope, receive, send)
        elif scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        elif scope["type"] == "websocket":
            await self._websocket(scope, receive, send)

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        area = scope["path"].split("/", 2)[1] if scope["path"].startswith("/") else ""
        application = self._areas.get(area, self._static)
        defaults = PAGE_HEADERS if application is self._static else DATA_HEADERS
        if came_over_https(scope):
            defaults = (*defaults, STRICT_TRANSPORT)
        status = 0

        async def send_secured(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = completed(message.get("headers", ()), defaults)
            await send(message)

        began = time.perf_counter()
        try:
            await application(scope, receive, send_secured)
        except Exception as exc:  # noqa: BLE001 - a protocol's edge: logged, and answered as our own fault
            log_unknown_error(exc)
            # An answer under way is left unfinished: the server then cuts the connection, and the client knows that the rest is missing.
            if not status:
                await answer(
                    send_secured, 500, error_body(CODE_BY_STATUS[500], "something went wrong here; it has been logged"), [JSON_TYPE]
                )
        _log_request(scope, area if area in self._areas else "app", status, time.perf_counter() - began)

    async def _websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Event reports of DICOMweb are the only thing that comes by WebSocket."""
        try:
            if scope["path"].startswith("/dicom-web/"):
                await self._areas["dicom-web"](scope, receive, send)
            else:
                await send({"type": "websocket.close", "code": 1008})
        except Exception as exc:  # noqa: BLE001 - a protocol's edge: logged, and the connection ends
            log_unknown_error(exc)

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            steps = self._on_startup if message["type"] == "lifespan.startup" else self._on_shutdown
            try:
                for step in steps:
                    await to_thread.run_sync(step)
            except Exception as exc:  # noqa: BLE001 - a protocol's edge: the server is told and gives up
                log_unknown_error(exc)
                await send({"type": f"{message['type']}.failed", "message": type(exc).__name__})
                return
            await send({"type": f"{message['type']}.complete"})
            if message["type"] == "lifespan.shutdown":
                return


def _log_request(scope: Scope, area: str, status: int, took_s: float) -> None:
    if area == "health" or (area == "app" and status < 500):  # of health, what changes is logged where it is found
        return
    if area == "dicom-web" and status < 400 and took_s < SLOW_S:
        return
    route = scope.get("route")
    template = getattr(route, "path", None) or f"/{area}"
    _log.info("request", method=_method(scope), route=template, status=status, ms=round(took_s * 1000, 1))


def _method(scope: Scope) -> str:
    method = str(scope["method"])
    return method if method.isalpha() and len(method) <= 16 else "?"
