"""The DICOMweb service as one plain ASGI application: who asks, which handler, and what an error becomes."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import Executor
from typing import Final

import structlog

from hounsfield.model.errors import HounsfieldError, NotSignedIn, Unavailable
from hounsfield.model.origin import Principal
from hounsfield.servers.dicomweb.access_log import log_request
from hounsfield.servers.dicomweb.byte_ranges import RangeNotSatisfiable
from hounsfield.servers.dicomweb.capabilities import Capabilities
from hounsfield.servers.dicomweb.cors import NO_CORS, Cors
from hounsfield.servers.dicomweb.exchange import Disconnected, Exchange, Header, Receive, Scope, Send
from hounsfield.servers.dicomweb.routing import MethodNotAllowed, Route, Router
from hounsfield.servers.dicomweb.store.stow import UploadStalled
from hounsfield.servers.outcomes import outcome_of
from hounsfield.services.guard import AccessCheck

log = structlog.get_logger()

Application = Callable[[Scope, Receive, Send], Awaitable[None]]
"""What answers WebSockets below the root."""

ROOT: Final = "/dicom-web"
CHALLENGE: Final[Header] = (b"www-authenticate", b'Basic realm="Hounsfield", Bearer')
BROWSER_CHALLENGE: Final[Header] = (b"www-authenticate", b'Bearer realm="Hounsfield"')
"""A browser that is offered Basic asks for a password in a window of its own, over our app, for each picture of an expired session."""

_STATUS_HERE: Final[Mapping[type[HounsfieldError], int]] = {MethodNotAllowed: 405, UploadStalled: 408, RangeNotSatisfiable: 416}
"""Errors that only this protocol has."""


def joined_headers(raw: Sequence[Header]) -> Mapping[bytes, bytes]:
    """By name; the values of a header that comes several times joined by commas (RFC 9110 5.3)."""
    headers = dict(raw)
    if len(headers) != len(raw):
        for name in headers:
            headers[name] = b", ".join([value for other, value in raw if other == name])
    return headers


class DICOMWeb:
    """`await app(scope, receive, send)` for everything below the root.

    cors: which pages of other origins may read answers. access_log: whether every request is logged. sockets: serves WebSockets.
    """

    def __init__(
        self,
        routes: Sequence[Route],
        guard: AccessCheck,
        executor: Executor,
        root: str = ROOT,
        *,
        cors: Cors = NO_CORS,
        access_log: bool = False,
        sockets: Application | None = None,
    ) -> None:
        capabilities = Capabilities()
        self._router = Router(root, [*routes, Route("GET", "", capabilities.describe)], options=capabilities.describe)
        capabilities.router = self._router
        self._guard = guard
        self._executor = executor
        self._root = root
        self._cors = cors
        self._access_log = access_log
        self._sockets = sockets

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope.get("type") == "websocket":
            if self._sockets is None:
                await send({"type": "websocket.close", "code": 1008})
            else:
                await self._sockets(scope, receive, send)
            return
        exchange = Exchange(scope, receive, send, joined_headers(scope["headers"]), self._root)
        if not self._access_log:
            await self._serve(exchange, scope)
            return
        began = time.perf_counter()
        whole = False
        try:
            await self._serve(exchange, scope)
            whole = True
        finally:
            log_request(exchange, self._router, time.perf_counter() - began, whole=whole)

    async def _serve(self, exchange: Exchange, scope: Scope) -> None:
        try:
            if self._cors.origins and await self._cors.begin(exchange, self._router):
                return
            principal = self._guard.recall(scope["headers"], scope["method"])
            exchange.principal = principal or await self._authenticate(scope)
            handler, exchange.parts = self._router.find(scope["method"], scope["path"])
            await handler(exchange)
        except Disconnected:
            log.info("dicomweb.client_gone", method=scope["method"])
        except HounsfieldError as exc:
            await self._refuse(exchange, exc)
        except Exception:  # noqa: BLE001 - the edge of a protocol: the client gets a number, the log the traceback
            await self._fail(exchange)

    async def _authenticate(self, scope: Scope) -> Principal:
        client = scope.get("client")
        host = client[0] if client else ""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._executor, self._guard.authenticate, scope["headers"], scope["method"], host)

    async def _refuse(self, exchange: Exchange, error: HounsfieldError) -> None:
        if exchange.started:
            # The status is out: only a connection cut short tells the client that the rest is missing.
            log.warning("dicomweb.answer_cut_short", error=type(error).__name__, message=str(error))
            raise error
        outcome = outcome_of(error)
        status = _STATUS_HERE.get(type(error), outcome.http)
        if status >= 500:
            log.warning("dicomweb.refused", error=type(error).__name__, message=str(error), status=status)
        document = {"error": {"code": outcome.code, "message": str(error)}}
        await exchange.answer_json(status, document, _extra_headers(error, exchange.headers))

    async def _fail(self, exchange: Exchange) -> None:
        incident = uuid.uuid4().hex[:12]
        log.exception("dicomweb.failed", incident=incident)
        if exchange.started:
            raise ConnectionAbortedError(f"incident {incident}")
        message = f"an unexpected error; the server's log has it under {incident}"
        await exchange.answer_json(500, {"error": {"code": "unexpected", "message": message}})


def _extra_headers(error: HounsfieldError, headers: Mapping[bytes, bytes]) -> list[Header]:
    if isinstance(error, NotSignedIn):
        return [BROWSER_CHALLENGE if headers.get(b"user-agent", b"").startswith(b"Mozilla/") else CHALLENGE]
    if isinstance(error, MethodNotAllowed):
        return [(b"allow", str(error).encode())]
    if isinstance(error, RangeNotSatisfiable):
        return [(b"content-range", f"bytes */{error.length_bytes}".encode())]
    if isinstance(error, Unavailable):
        return [(b"retry-after", b"5")]
    return []
