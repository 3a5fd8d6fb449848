"""How many associations to a peer are open at once, and which peers take no second one."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable

ALONE_FOR_S = 600.0
"""A peer that refused a second association, or answered it only when the first was over, is not asked for one during this time."""


class Lanes:
    """The associations that senders of one process have open. Thread-safe."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._open: Counter[str] = Counter()
        self._alone_until: dict[str, float] = {}

    def enter(self, ae_title: str) -> None:
        """An association without which nothing is sent."""
        with self._lock:
            self._open[ae_title] += 1

    def enter_beside(self, ae_title: str, most: int) -> bool:
        """One more beside others, if the peer has room for it: it is then counted."""
        with self._lock:
            if self._open[ae_title] >= most or self._alone_until.get(ae_title, 0.0) > self._monotonic():
                return False
            self._open[ae_title] += 1
            return True

    def leave(self, ae_title: str) -> None:
        """One that was counted is over."""
        with self._lock:
            self._open[ae_title] -= 1

    def takes_one_alone(self, ae_title: str) -> None:
        """The peer did not take a second one."""
        with self._lock:
            self._alone_until[ae_title] = self._monotonic() + ALONE_FOR_S
