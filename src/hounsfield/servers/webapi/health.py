"""`/health/live` and `/health/ready`: for a supervisor or load balancer, without a credential and without details."""

from __future__ import annotations

import asyncio
import json
import shutil
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import structlog

from hounsfield.servers.webapi.asgi import JSON_TYPE, Receive, Scope, Send, answer

Check = Callable[[], bool]
"""Whether a component works; may block or raise, both mean that it does not."""

FAILING_FRESH_S = 0.1
"""What does not work is looked at again soon, so that whoever waits for it is not told late."""

_NO_CACHE = (b"cache-control", b"no-store")
_log = structlog.get_logger(__name__)


def has_free_space(folder: Path, min_free_bytes: int) -> Check:
    """A check that the folder's file system has room."""
    return lambda: shutil.disk_usage(folder).free >= min_free_bytes


class Health:
    """Asks each component at most once in `fresh_s`, in threads of its own, and waits for it at most `patience_s`.

    A check that hangs is not started a second time: a dead disk costs one thread, not one a request.
    """

    def __init__(self, checks: Mapping[str, Check], *, fresh_s: float = 1.0, patience_s: float = 2.0) -> None:
        self._checks = dict(checks)
        self._fresh_s = fresh_s
        self._patience_s = patience_s
        self._threads = ThreadPoolExecutor(max_workers=max(1, len(self._checks)), thread_name_prefix="health")
        self._running: dict[str, Future[bool]] = {}
        self._known: dict[str, bool] = {}
        self._known_until_s = 0.0
        self._asking = asyncio.Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The ASGI application of `/health`."""
        if scope["method"] not in ("GET", "HEAD"):
            await _tell(send, 405, {"status": "method not allowed"})
        elif scope["path"] == "/health/live":
            await _tell(send, 200, {"status": "live"})
        elif scope["path"] == "/health/ready":
            components = await self._components()
            ready = all(components.values())
            named = {name: "ok" if works else "failing" for name, works in components.items()}
            await _tell(send, 200 if ready else 503, {"status": "ready" if ready else "not ready", "components": named})
        else:
            await _tell(send, 404, {"status": "not found"})

    def close(self) -> None:
        """Ends its threads; does not wait for one that hangs."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _components(self) -> dict[str, bool]:
        async with self._asking:
            if time.monotonic() >= self._known_until_s:
                self._known = await self._ask()
                fresh_s = self._fresh_s if all(self._known.values()) else min(self._fresh_s, FAILING_FRESH_S)
                self._known_until_s = time.monotonic() + fresh_s
            return self._known

    async def _ask(self) -> dict[str, bool]:
        for name, check in self._checks.items():
            if name not in self._running:
                self._running[name] = self._threads.submit(_works, check)
        if self._running:
            await asyncio.wait([asyncio.wrap_future(future) for future in self._running.values()], timeout=self._patience_s)
        done = {name: future.result() for name, future in self._running.items() if future.done()}
        for name in done:
            del self._running[name]
        answers = {name: done.get(name, False) for name in self._checks}
        for name, works in answers.items():
            if not works and self._known.get(name, True):
                _log.warning("component-failing", component=name)
        return answers


def _works(check: Check) -> bool:
    try:
        return check()
    except Exception as exc:  # noqa: BLE001 - whatever a component raises, it does not work
        _log.warning("health-check-raised", error=type(exc).__name__)
        return False


async def _tell(send: Send, status: int, document: Mapping[str, object]) -> None:
    await answer(send, status, json.dumps(document).encode(), [JSON_TYPE, _NO_CACHE])
