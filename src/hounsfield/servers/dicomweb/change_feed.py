"""The feed of changes: what came, went, was rejected and restored, in the order of commits; none of PS3.18's transactions."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

from hounsfield.index.changes import Change, ChangeKind
from hounsfield.model.errors import InvalidQuery, Unavailable
from hounsfield.model.rejection import StandingRejection
from hounsfield.servers.dicomweb.exchange import Exchange
from hounsfield.servers.dicomweb.work import Work
from hounsfield.services.changes import Changes

DEFAULT_LIMIT: Final = 1000
MAX_LIMIT: Final = 10_000
MAX_WAIT_S: Final = 60
LOOK_EVERY_S: Final = 0.25
MAX_WAITING: Final = 256
"""Requests of one worker that wait at once; one more is answered without waiting."""

_NAMES: Final = {
    ChangeKind.INSTANCES_ADDED: "added",
    ChangeKind.STUDY_DELETED: "deleted",
    ChangeKind.SERIES_DELETED: "deleted",
    ChangeKind.INSTANCE_DELETED: "deleted",
    ChangeKind.KEPT_ASIDE: "kept-aside",
    ChangeKind.REJECTED: "rejected",
    ChangeKind.RESTORED: "restored",
    ChangeKind.MARKED: "marked",
}


class Lookout:
    """Tells all who wait when something has changed: one small query each quarter of a second, whatever their number.

    Belongs to one event loop.
    """

    def __init__(self, changes: Changes, work: Work, look_every_s: float = LOOK_EVERY_S) -> None:
        self._changes = changes
        self._work = work
        self._look_every_s = look_every_s
        self._waiting: dict[asyncio.Event, int] = {}
        self._task: asyncio.Task[None] | None = None

    async def latest(self) -> int:
        """Now."""
        return await self._work.quick(self._changes.latest)

    async def wait(self, latest: int, longest_s: float) -> bool:
        """Until something has changed since `latest`; False where nothing did for so long, or too many wait already."""
        if len(self._waiting) >= MAX_WAITING:
            return False
        changed = asyncio.Event()
        self._waiting[changed] = latest
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._look())
        try:
            async with asyncio.timeout(longest_s):
                await changed.wait()
        except TimeoutError:
            return False
        finally:
            self._waiting.pop(changed, None)
        return True

    async def _look(self) -> None:
        while self._waiting:
            with contextlib.suppress(Unavailable):
                now = await self.latest()
                for changed, known in list(self._waiting.items()):
                    if now != known:
                        changed.set()
                        self._waiting.pop(changed, None)
            await asyncio.sleep(self._look_every_s)


class ChangeFeed:
    """The handlers of `/changes` and `/rejected`."""

    def __init__(self, changes: Changes, work: Work, lookout: Lookout | None = None) -> None:
        self._changes = changes
        self._work = work
        self._lookout = lookout or Lookout(changes, work)

    async def read(self, exchange: Exchange) -> None:
        """GET /changes?since=&limit=&wait=."""
        since = _number(exchange, "since", 0, (1 << 63) - 1)
        limit = _number(exchange, "limit", DEFAULT_LIMIT, MAX_LIMIT)
        wait_s = _number(exchange, "wait", 0, MAX_WAIT_S)
        if limit < 1:
            raise InvalidQuery("limit is at least 1")
        until_s = time.monotonic() + wait_s
        while True:
            latest = await self._lookout.latest() if wait_s else 0
            found = await self._work.slow(self._changes.after, exchange.origin, since, limit)
            left_s = until_s - time.monotonic()
            if found or left_s <= 0 or not await self._lookout.wait(latest, left_s):
                break
        await exchange.answer_json(200, answer_of(found, since))

    async def rejected(self, exchange: Exchange) -> None:
        """GET /rejected?limit=: what is hidden, for those who would restore it."""
        limit = _number(exchange, "limit", DEFAULT_LIMIT, MAX_LIMIT)
        found = await self._work.slow(self._changes.rejections, exchange.origin, limit)
        await exchange.answer_json(200, {"rejected": [_rejection(one) for one in found]})


def _rejection(one: StandingRejection) -> dict[str, Any]:
    told = {"code": one.code, "by": one.principal, "reason": one.reason, "at": _moment(one.decided_at_ns)}
    return _named(one.study_instance_uid, one.series_instance_uid, one.sop_instance_uid) | told


def answer_of(changes: Sequence[Change], since: int) -> dict[str, Any]:
    """`next`: what to ask for as `since` next."""
    return {"changes": [_told(change) for change in changes], "next": changes[-1].sequence if changes else since}


def _told(change: Change) -> dict[str, Any]:
    told: dict[str, Any] = {"sequence": change.sequence, "kind": _NAMES[change.kind], "at": _moment(change.at_ns)}
    named = _named(change.study_instance_uid, change.series_instance_uid, change.sop_instance_uid)
    return told | named | {"instances": change.instances}


def _named(study: str, series: str, sop: str) -> dict[str, str]:
    """UIDs down to the level that is meant."""
    uids = {"study_instance_uid": study, "series_instance_uid": series, "sop_instance_uid": sop}
    return {name: uid for name, uid in uids.items() if uid}


def _moment(at_ns: int) -> str:
    return datetime.fromtimestamp(at_ns // 1000 / 1_000_000, UTC).isoformat().replace("+00:00", "Z")


def _number(exchange: Exchange, name: str, default: int, most: int) -> int:
    text = exchange.parameter(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdigit() and len(text) < 20 and int(text) <= most):
        raise InvalidQuery(f"{name} is a whole number, at most {most}")
    return int(text)
