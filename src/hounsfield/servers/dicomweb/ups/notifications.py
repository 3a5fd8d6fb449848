"""Notification connections: event reports by WebSocket (PS3.18 8.10.4, 8.10.5).

A change may have been made in any process; its reports wait in the database. While somebody is connected, each process looks a few
times a second whether there are new ones, with one query for all of its connections; while nobody is, it does not look.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor
from typing import Any, Final, TypeVar
from urllib.parse import unquote

import structlog

from hounsfield.model.errors import HounsfieldError, InvalidInput, NotFound, Unavailable
from hounsfield.model.identifiers import AETitle
from hounsfield.model.origin import Origin, Protocol
from hounsfield.model.procedure_step_reports import MESSAGE_ID
from hounsfield.model.workitem import WorkitemEvent
from hounsfield.servers.dicomweb.exchange import Receive, Scope, Send
from hounsfield.services.guard import AccessCheck
from hounsfield.services.workitem_subscriptions import WorkitemSubscriptions

LOOK_EVERY_S: Final = 0.25
JUDGE_EVERY_S: Final = 30.0
"""After so long the credential is judged again: whoever has been signed out hears nothing more."""
MOST_CONNECTIONS: Final = 200
"""In one process."""
MOST_AT_ONCE: Final = 100
POLICY_VIOLATION: Final = 1008
TRY_AGAIN_LATER: Final = 1013

Result = TypeVar("Result")

log = structlog.get_logger()


class Bell:
    """Rings in all connections of this process when there are new events."""

    def __init__(self, latest: Callable[[], int], executor: Executor, look_every_s: float = LOOK_EVERY_S) -> None:
        self._latest = latest
        self._executor = executor
        self._look_every_s = look_every_s
        self._listeners = 0
        self._looking: asyncio.Task[None] | None = None
        self._rung = asyncio.Event()

    @property
    def listeners(self) -> int:
        """Connections that are open."""
        return self._listeners

    @contextlib.contextmanager
    def listening(self) -> Iterator[None]:
        """While inside, somebody looks."""
        self._listeners += 1
        if self._looking is None:
            self._looking = asyncio.get_running_loop().create_task(self._look())
        try:
            yield
        finally:
            self._listeners -= 1
            if not self._listeners and self._looking is not None:
                self._looking.cancel()
                self._looking = None

    def next_ring(self) -> asyncio.Event:
        """Set when there is something new; to be taken before one looks oneself."""
        return self._rung

    async def _look(self) -> None:
        loop = asyncio.get_running_loop()
        known = -1
        while True:
            try:
                latest = await loop.run_in_executor(self._executor, self._latest)
            except Unavailable as exc:
                log.warning("notifications.not_looked", error=type(exc).__name__)
                latest = known
            if latest != known:
                known = latest
                rung, self._rung = self._rung, asyncio.Event()
                rung.set()
            await asyncio.sleep(self._look_every_s)


class Notifications:
    """The ASGI application of `/subscribers/{aetitle}` for WebSockets."""

    def __init__(
        self,
        subscriptions: WorkitemSubscriptions,
        guard: AccessCheck,
        executor: Executor,
        root: str,
        *,
        judge_every_s: float = JUDGE_EVERY_S,
    ) -> None:
        self._subscriptions = subscriptions
        self._guard = guard
        self._executor = executor
        self._prefix = f"{root.rstrip('/')}/subscribers/"
        self._judge_every_s = judge_every_s
        self._bell = Bell(subscriptions.latest, executor)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if (await receive())["type"] != "websocket.connect":
            return
        try:
            ae_title = self._ae_title(scope["path"])
            origin = await self._judge(scope)
            # Known before the connection is accepted: whoever is connected hears all that happens from then on.
            position = await self._run(lambda: self._subscriptions.undelivered_from(origin, ae_title))
        except HounsfieldError as exc:
            # Before the connection is accepted, closing it refuses the handshake with 403.
            log.info("notifications.refused", error=type(exc).__name__)
            await send({"type": "websocket.close", "code": POLICY_VIOLATION})
            return
        if self._bell.listeners >= MOST_CONNECTIONS:
            await send({"type": "websocket.close", "code": TRY_AGAIN_LATER})
            return
        await send({"type": "websocket.accept"})
        log.info("notifications.opened", ae_title=ae_title)
        gone = asyncio.ensure_future(_until_gone(receive))
        try:
            with self._bell.listening():
                code = await self._deliver(scope, origin, ae_title, position, send, gone)
            if not gone.done():
                await send({"type": "websocket.close", "code": code})
        finally:
            gone.cancel()
            log.info("notifications.closed", ae_title=ae_title)

    def _ae_title(self, path: str) -> AETitle:
        if not path.startswith(self._prefix):
            raise NotFound("there is no such resource here")
        name = path.removeprefix(self._prefix)
        if "/" in name:
            raise InvalidInput("not an AE title")
        return AETitle.parse(unquote(name) if "%" in name else name)

    async def _judge(self, scope: Scope) -> Origin:
        """Raises: NotSignedIn, AccessDenied, also for a page of another site."""
        self._guard.require_own_pages(scope["headers"])
        client = scope.get("client")
        host = client[0] if client else ""
        # A connection that stays open is no sign of a person: it does not keep a session from ending.
        headers = [*scope["headers"], (b"x-background", b"1")]
        principal = await self._run(lambda: self._guard.authenticate(headers, "GET", host))
        return Origin(Protocol.DICOMWEB, principal, host)

    async def _deliver(self, scope: Scope, origin: Origin, ae_title: str, position: int, send: Send, gone: asyncio.Future[None]) -> int:
        """Events after a position, until the subscriber is gone, or may not listen any more; the code of the closure."""
        loop = asyncio.get_running_loop()
        judged_at = loop.time()
        while not gone.done():
            ring = self._bell.next_ring()
            events = await self._waiting(origin, ae_title, position)
            for event in events:
                await send({"type": "websocket.send", "text": _framed(event)})
                position = event.sequence
            if events:
                await self._mark(origin, ae_title, position)
                continue
            await _first_of(gone, ring, self._judge_every_s)
            if loop.time() - judged_at >= self._judge_every_s:
                judged_at = loop.time()
                try:
                    await self._judge(scope)
                except Unavailable:
                    continue
                except HounsfieldError:
                    return POLICY_VIOLATION
        return 1000

    async def _waiting(self, origin: Origin, ae_title: str, position: int) -> list[WorkitemEvent]:
        try:
            return await self._run(lambda: self._subscriptions.waiting(origin, ae_title, position, MOST_AT_ONCE))
        except Unavailable:
            return []

    async def _mark(self, origin: Origin, ae_title: str, position: int) -> None:
        """Where it fails, the events are delivered once more after the next connection."""
        with contextlib.suppress(Unavailable):
            await self._run(lambda: self._subscriptions.delivered(origin, ae_title, position))

    async def _run(self, call: Callable[[], Result]) -> Result:
        return await asyncio.get_running_loop().run_in_executor(self._executor, call)


def _framed(event: WorkitemEvent) -> str:
    """The report with its Message ID."""
    report: Mapping[str, Any] = json.loads(event.report)
    numbered = {**report, MESSAGE_ID: {"vr": "US", "Value": [event.sequence % 0xFFFF + 1]}}
    return json.dumps(dict(sorted(numbered.items())), separators=(",", ":"), ensure_ascii=False)


async def _until_gone(receive: Receive) -> None:
    """What a subscriber says is read and not listened to."""
    while (await receive())["type"] != "websocket.disconnect":
        pass


async def _first_of(gone: asyncio.Future[None], ring: asyncio.Event, longest_s: float) -> None:
    rung = asyncio.ensure_future(ring.wait())
    either: list[asyncio.Future[Any]] = [gone, rung]
    try:
        await asyncio.wait(either, timeout=longest_s, return_when=asyncio.FIRST_COMPLETED)
    finally:
        rung.cancel()
