"""How fast a body comes: a trickle of bytes does not hold a connection and what it has opened."""

from __future__ import annotations

from typing import Final

WINDOW_S: Final = 60.0
LEAST_BYTES_PER_S: Final = 1024


class Pace:
    """Judges the time in which the client was waited for; how long we take ourselves does not count."""

    def __init__(self, least_bytes_per_s: float = LEAST_BYTES_PER_S, window_s: float = WINDOW_S) -> None:
        self._least_bytes_per_s = least_bytes_per_s
        self._window_s = window_s
        self._waited_s = 0.0
        self._bytes = 0

    def too_slow(self, waited_s: float, count_bytes: int) -> bool:
        """Adds a piece; whether those of the window that now ends were too few."""
        self._waited_s += waited_s
        self._bytes += count_bytes
        if self._waited_s < self._window_s:
            return False
        slow = self._bytes < self._least_bytes_per_s * self._waited_s
        self._waited_s, self._bytes = 0.0, 0
        return slow
