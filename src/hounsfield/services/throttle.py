"""Slows down those who guess passwords: each failure beyond the free ones doubles the wait."""

from __future__ import annotations

import ipaddress
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(slots=True)
class _Failures:
    count: float
    counted_at_s: float
    blocked_until_s: float = 0.0


class Throttle:
    """Counts failures by key, in this process; memory is bounded, the keys that failed longest ago are forgotten first.

    free_failures: so many cost no wait; each beyond them doubles it, up to `longest_wait_s`.
    forgive_one_after_s: failures fade by one in that time, so that a whole clinic behind one address is not locked out by its
    typing errors of a day, while who goes on guessing gets no more than about one guess in that time.
    """

    def __init__(
        self,
        *,
        free_failures: int,
        longest_wait_s: float,
        forgive_one_after_s: float = 30.0,
        max_keys: int = 10_000,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._free_failures = free_failures
        self._longest_wait_s = longest_wait_s
        self._forgive_one_after_s = forgive_one_after_s
        self._max_keys = max_keys
        self._monotonic = monotonic
        self._failures: OrderedDict[str, _Failures] = OrderedDict()
        self._lock = threading.Lock()

    def wait_s(self, key: str) -> float:
        """Seconds until the next attempt is allowed; 0 for now."""
        now = self._monotonic()
        with self._lock:
            found = self._failures.get(key)
            return max(0.0, found.blocked_until_s - now) if found else 0.0

    def failed(self, key: str) -> None:
        """Counts a failure."""
        now = self._monotonic()
        with self._lock:
            found = self._failures.setdefault(key, _Failures(0.0, now))
            faded = (now - found.counted_at_s) / self._forgive_one_after_s
            found.count = max(0.0, found.count - faded) + 1.0
            found.counted_at_s = now
            excess = found.count - self._free_failures
            if excess >= 0:
                found.blocked_until_s = now + min(self._longest_wait_s, 2.0 ** min(excess, 30.0))
            self._failures.move_to_end(key)
            while len(self._failures) > self._max_keys:
                self._failures.popitem(last=False)

    def forgive(self, key: str) -> None:
        """The failures of this key are forgotten."""
        with self._lock:
            self._failures.pop(key, None)

    @property
    def key_count(self) -> int:
        """How many keys are held."""
        return len(self._failures)


def network_of(host: str) -> str:
    """What one attacker commands: an IPv4 address, or a /64 of IPv6; anything else as it is."""
    try:
        address = ipaddress.ip_address(host.split("%")[0])
    except ValueError:
        return host
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address)
