"""A thread that fetches ahead, so that who waits can look up from it."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from typing import Generic, TypeVar

T = TypeVar("T")

_PATIENCE_S = 0.1


class _End:
    """No more comes. error: why, where it is not the end."""

    def __init__(self, error: Exception | None) -> None:
        self.error = error


class Ahead(Generic[T]):
    """Takes from an iterator in a thread of its own, one item ahead of the one who asks.

    `stop` does not wait for the iterator's last step: the thread ends behind it.
    """

    def __init__(self, items: Iterator[T]) -> None:
        self._items = items
        self._fetched: queue.Queue[T | _End] = queue.Queue(maxsize=1)
        self._stopped = threading.Event()
        threading.Thread(target=self._run, name="find", daemon=True).start()

    def take(self, timeout_s: float) -> T | None:
        """The next item; None where it is not there within the time. Raises: StopIteration at the end, and what the iterator raised."""
        try:
            item = self._fetched.get(timeout=timeout_s)
        except queue.Empty:
            return None
        if isinstance(item, _End):
            if item.error is not None:
                raise item.error
            raise StopIteration
        return item

    def stop(self) -> None:
        """Nothing more is wanted."""
        self._stopped.set()

    def _run(self) -> None:
        error: Exception | None = None
        try:
            for item in self._items:
                if not self._put(item):
                    return
        except Exception as exc:  # noqa: BLE001  it is raised where the item was to be taken
            error = exc
        self._put(_End(error))

    def _put(self, item: T | _End) -> bool:
        while not self._stopped.is_set():
            try:
                self._fetched.put(item, timeout=_PATIENCE_S)
            except queue.Full:
                continue
            return True
        return False
