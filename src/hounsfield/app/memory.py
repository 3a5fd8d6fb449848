"""Memory that has been freed goes back to the machine.

Large buffers of many threads leave glibc's heaps full of holes: a piece that is still in use at the end of a heap keeps every freed page
before it. A process would then stay as large as its busiest moment, and grow a little with each new one.
"""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Callable

GIVE_BACK_EVERY_S = 15.0


def _trim() -> Callable[[int], int]:
    try:
        found: Callable[[int], int] = ctypes.CDLL(None).malloc_trim
    except (OSError, AttributeError, TypeError):  # another C library than glibc
        return lambda _pad: 0
    return found


_malloc_trim = _trim()


def give_back() -> None:
    """Freed pages of this process's heaps are the system's again; a few milliseconds, in which other threads may run."""
    _malloc_trim(0)


def give_back_now_and_then() -> None:
    """From a thread of its own, for as long as the process lives."""

    def repeatedly() -> None:
        rest = threading.Event()
        while not rest.wait(GIVE_BACK_EVERY_S):
            give_back()

    threading.Thread(target=repeatedly, name="give-back", daemon=True).start()
