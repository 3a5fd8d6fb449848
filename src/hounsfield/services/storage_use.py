"""What takes the room, by modality and by month: counted in the background, kept in a file that any process may read.

The first count goes through all instances, later ones through what has come since; after a deletion all is counted again. Counting
rests as long as it works, and is due again when fifty times as long has passed as it took: it costs a fiftieth of one disk at most,
however large the archive is, and no request ever waits for it.
"""

from __future__ import annotations

import fcntl
import json
import os
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

import structlog

from hounsfield.index.usage import DayUse
from hounsfield.model.errors import HounsfieldError
from hounsfield.services.durable_file import write_durably

SLICE = 5000
FRESH_S = 60.0
REST = 50.0
"""Due again after so many times as long as the latest count took."""

_VERSION = 1
_log = structlog.get_logger(__name__)


class Counted(Protocol):
    """What the counting asks of the index; `index.usage.Usage` answers."""

    def slice(self, after: int, most: int) -> tuple[int, list[DayUse]]: ...

    def latest(self) -> int: ...

    def only_grew(self, after: int) -> bool: ...

    def totals(self) -> Mapping[int, int]: ...


@dataclass(frozen=True, slots=True)
class Share:
    """A part of what is stored. name: a modality, or a month such as `2026-11` (UTC)."""

    name: str
    instances: int
    bytes_stored: int


@dataclass(frozen=True, slots=True)
class StorageFigures:
    """counted_at_s: seconds since 1970-01-01 UTC. modalities: the largest first. months: those with arrivals, in order."""

    counted_at_s: float
    modalities: tuple[Share, ...]
    months: tuple[Share, ...]


Key = tuple[int, str, str]
"""Partition, modality, month."""


@dataclass(frozen=True, slots=True)
class Tally:
    """What was counted. through: the number of the last instance. seen: of the last change, when counting began."""

    through: int
    seen: int
    counted_at_s: float
    took_s: float
    instances: Mapping[Key, int]
    bytes_stored: Mapping[Key, int]

    def figures(self, partition_id: int) -> StorageFigures:
        """Of one partition."""
        return StorageFigures(
            self.counted_at_s,
            tuple(sorted(self._shares(partition_id, 1), key=lambda share: (-share.bytes_stored, share.name))),
            tuple(sorted(self._shares(partition_id, 2), key=lambda share: share.name)),
        )

    def _shares(self, partition_id: int, by: int) -> Iterable[Share]:
        instances: Counter[str] = Counter()
        sizes: Counter[str] = Counter()
        for key, count in self.instances.items():
            if key[0] == partition_id:
                instances[str(key[by])] += count
                sizes[str(key[by])] += self.bytes_stored[key]
        return [Share(name, instances[name], sizes[name]) for name in instances]

    def to_json(self) -> bytes:
        """For the file."""
        rows = [[*key, count, self.bytes_stored[key]] for key, count in self.instances.items()]
        times = {"counted_at_s": self.counted_at_s, "took_s": self.took_s}
        return json.dumps({"version": _VERSION, "through": self.through, "seen": self.seen, **times, "rows": rows}).encode()

    @classmethod
    def from_json(cls, raw: bytes) -> Tally | None:
        """None where it cannot be read, or was written by another version: then it is counted anew."""
        try:
            told: dict[str, Any] = json.loads(raw)
            if told["version"] != _VERSION:
                return None
            rows = [((int(row[0]), str(row[1]), str(row[2])), int(row[3]), int(row[4])) for row in told["rows"]]
            times = float(told["counted_at_s"]), float(told["took_s"])
            numbers = int(told["through"]), int(told["seen"])
            return cls(*numbers, *times, {key: n for key, n, _ in rows}, {key: size for key, _, size in rows})
        except (ValueError, KeyError, TypeError, IndexError):
            return None


class StorageUse:
    """The figures of a site; counting runs in a thread of one of the processes that share `path`.

    path: of the file, in a folder of what may be deleted at any time.
    """

    def __init__(
        self, counted: Counted, path: Path, *, slice_size: int = SLICE, fresh_s: float = FRESH_S, now: Callable[[], float] = time.time
    ) -> None:
        self._counted = counted
        self._path = path
        self._slice_size = slice_size
        self._fresh_s = fresh_s
        self._now = now
        self._closed = threading.Event()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def figures(self, partition_id: int) -> StorageFigures | None:
        """As counted last; None before the first count has ended. Sees to it that they are counted again when that is due."""
        tally = self._read()
        if tally is None or not 0 <= self._now() - tally.counted_at_s < max(self._fresh_s, REST * tally.took_s):
            self._begin()
        return None if tally is None else tally.figures(partition_id)

    def close(self) -> None:
        """Counting stops; what it has so far is dropped."""
        self._closed.set()
        with self._lock:
            thread = self._thread
        if thread is not None:
            thread.join()

    def _begin(self) -> None:
        with self._lock:
            if self._closed.is_set() or (self._thread is not None and self._thread.is_alive()):
                return
            self._thread = threading.Thread(target=self.count, name="storage-use", daemon=True)
            self._thread.start()

    def count(self) -> None:
        """One count, here and now, unless another process is at it. What goes wrong is logged; what was counted before stays."""
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(self._path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                self._count()
            except BlockingIOError:
                return  # another process is at it
            finally:
                os.close(descriptor)
        except (OSError, HounsfieldError) as exc:
            _log.warning("storage-use.not-counted", error=type(exc).__name__)

    def _count(self) -> None:
        seen, before = self._counted.latest(), self._read()
        if before is not None and seen >= before.seen and self._counted.only_grew(before.seen):
            tally = self._continued(before, seen)
            if tally is None or self._is_plausible(tally):
                self._keep(tally)
                return
        self._keep(self._continued(None, seen))

    def _is_plausible(self, tally: Tally) -> bool:
        """No more was counted than there is: an index that was rebuilt has numbered its rows anew."""
        counted: Counter[int] = Counter()
        for key, count in tally.instances.items():
            counted[key[0]] += count
        # What arrived after the last slice is in the totals already.
        totals = self._counted.totals()
        return all(count <= totals.get(partition_id, 0) for partition_id, count in counted.items())

    def _continued(self, before: Tally | None, seen: int) -> Tally | None:
        """With all that came since. None where it was stopped."""
        began, rested_s = time.monotonic(), 0.0
        through = before.through if before else 0
        instances = Counter(before.instances if before else {})
        sizes = Counter(before.bytes_stored if before else {})
        while True:
            slice_began = time.monotonic()
            last, rows = self._counted.slice(through, self._slice_size)
            if last == through:
                break
            through = last
            for row in rows:
                key = (row.partition_id, row.modality, _month(row.day))
                instances[key] += row.instances
                sizes[key] += row.bytes_stored
            rest_s = time.monotonic() - slice_began
            rested_s += rest_s
            if self._closed.wait(rest_s):
                return None
        took_s = time.monotonic() - began - rested_s
        return Tally(through, seen, self._now(), took_s, dict(instances), dict(sizes))

    def _keep(self, tally: Tally | None) -> None:
        if tally is not None:
            write_durably(self._path, tally.to_json())

    def _read(self) -> Tally | None:
        try:
            return Tally.from_json(self._path.read_bytes())
        except OSError:
            return None


def _month(day: int) -> str:
    return datetime.fromtimestamp(day * 86_400, UTC).strftime("%Y-%m")
