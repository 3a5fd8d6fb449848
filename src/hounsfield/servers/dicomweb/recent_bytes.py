"""Small answers kept in memory, the latest ones, up to so many bytes."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Hashable


class RecentBytes:
    """Thread-safe. A key names a state that never changes, such as an ETag."""

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self._bytes = 0
        self._kept: OrderedDict[Hashable, bytes] = OrderedDict()
        self._lock = threading.Lock()

    def find(self, key: Hashable) -> bytes | None:
        """None where it is not, or no longer, kept."""
        with self._lock:
            found = self._kept.get(key)
            if found is not None:
                self._kept.move_to_end(key)
            return found

    def keep(self, key: Hashable, data: bytes) -> None:
        """Makes room by forgetting what was asked for longest ago."""
        with self._lock:
            if key in self._kept or len(data) > self._most_bytes:
                return
            self._kept[key] = data
            self._bytes += len(data)
            while self._bytes > self._most_bytes:
                self._bytes -= len(self._kept.popitem(last=False)[1])
