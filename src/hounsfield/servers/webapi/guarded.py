"""Stands before every route of `/api`: nothing behind it runs without a principal, whatever route is added later.

The only requests let through without one are those of `OPEN`; the body is read here, up to a limit and a deadline, so that no
handler ever waits for a slow sender or holds a large body.
"""

from __future__ import annotations

import asyncio
import traceback
from functools import partial

import structlog
from anyio import to_thread

from hounsfield.model.errors import HounsfieldError
from hounsfield.model.origin import Principal
from hounsfield.servers.webapi.asgi import JSON_TYPE, Application, Message, Receive, Scope, Send, answer, header, peer_host
from hounsfield.servers.webapi.envelope import CODE_BY_STATUS, body_of, error_body, headers_of, status_of
from hounsfield.services.guard import AccessCheck

OPEN = frozenset({("POST", "/api/session")})
"""The sign-in, and nothing else."""

MAX_BODY_BYTES = 1 << 20
MAX_STRANGERS_BODY_BYTES = 16 << 10
BODY_DEADLINE_S = 30.0
PRINCIPAL_KEY = "hounsfield.principal"
NO_STORE = (b"cache-control", b"no-store")

_log = structlog.get_logger(__name__)


class BodyRefused(Exception):
    """Too large, too slow, or cut off. status: None where the sender is gone."""

    def __init__(self, status: int | None, message: str = "") -> None:
        super().__init__(message)
        self.status = status


class Guarded:
    """An ASGI application that lets only signed-in requests through to `inner`."""

    def __init__(self, inner: Application, access: AccessCheck) -> None:
        self.inner = inner
        self._access = access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        started = False

        async def send_private(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                message["headers"] = [*message.get("headers", ()), NO_STORE]
            await send(message)

        try:
            scope[PRINCIPAL_KEY] = await self._principal(scope)
            limit_bytes = MAX_STRANGERS_BODY_BYTES if scope[PRINCIPAL_KEY] is None else MAX_BODY_BYTES
            body = await _read_body(scope, receive, limit_bytes)
            await self.inner(scope, _replay(body, receive), send_private)
        except HounsfieldError as exc:
            await answer(send_private, status_of(exc), body_of(exc), [JSON_TYPE, *headers_of(exc)])
        except BodyRefused as exc:
            if exc.status is not None:
                await answer(
                    send_private, exc.status, error_body(CODE_BY_STATUS[exc.status], str(exc)), [JSON_TYPE, (b"connection", b"close")]
                )
        except Exception as exc:  # noqa: BLE001 - a protocol's edge: an unknown error is logged here and answered as ours
            log_unknown_error(exc)
            if not started:
                await answer(
                    send_private, 500, error_body(CODE_BY_STATUS[500], "something went wrong here; it has been logged"), [JSON_TYPE]
                )

    async def _principal(self, scope: Scope) -> Principal | None:
        headers, method = scope["headers"], scope["method"]
        if (method, scope["path"]) in OPEN:
            self._access.require_own_pages(headers)
            return None
        principal = self._access.recall(headers, method)
        if principal is not None:
            return principal
        return await to_thread.run_sync(partial(self._access.authenticate, headers, method, peer_host(scope)))


def log_unknown_error(error: BaseException) -> None:
    """The class and the places, not the message: that may quote what a patient is called."""
    places = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(error.__traceback__)]
    _log.error("request-failed", error=type(error).__name__, places=places[-12:])


async def _read_body(scope: Scope, receive: Receive, limit_bytes: int) -> bytes:
    too_large = f"this request has a body of at most {limit_bytes} bytes"
    announced = header(scope, b"content-length")
    if announced and (not announced.isdigit() or int(announced[:20]) > limit_bytes):
        raise BodyRefused(413, too_large)
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_DEADLINE_S):
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise BodyRefused(None)
                body += message.get("body", b"")
                if len(body) > limit_bytes:
                    raise BodyRefused(413, too_large)
                if not message.get("more_body", False):
                    return bytes(body)
    except TimeoutError as exc:
        raise BodyRefused(408, f"the body did not arrive within {BODY_DEADLINE_S:.0f} s") from exc


def _replay(body: bytes, receive: Receive) -> Receive:
    told = False

    async def replayed() -> Message:
        nonlocal told
        if told:
            return await receive()
        told = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replayed
