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
    count: int
    blocked_until_s: float
    last_s: float


class Throttle:
    """Counts attempts by key, in this process; memory is bounded, the least recently seen keys are forgotten first.

    An attempt is counted *before* the password is compared and taken back when it proves right, so that a burst of parallel
    guesses gains nothing.
    """

    def __init__(
        self,
        *,
        free_attempts: int,
        longest_wait_s: float,
        forget_after_s: float = 900.0,
        max_keys: int = 10_000,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._free_attempts = free_attempts
        self._longest_wait_s = longest_wait_s
        self._forget_after_s = forget_after_s
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

    def attempt(self, key: str) -> float:
        """Counts an attempt and returns 0, or counts nothing and returns the seconds to wait."""
        now = self._monotonic()
        with self._lock:
            found = self._failures.get(key)
            if found is None or now - found.last_s > self._forget_after_s:
                found = self._failures[key] = _Failures(0, 0.0, now)
            if found.blocked_until_s > now:
                return found.blocked_until_s - now
            found.count += 1
            found.last_s = now
            excess = found.count - self._free_attempts
            if excess >= 0:
                found.blocked_until_s = now + min(self._longest_wait_s, 2.0 ** min(excess, 30))
            self._failures.move_to_end(key)
            while len(self._failures) > self._max_keys:
                self._failures.popitem(last=False)
            return 0.0

    def forgive(self, key: str) -> None:
        """The attempts of this key are forgotten: the last one was right."""
        with self._lock:
            self._failures.pop(key, None)

    def take_back(self, key: str) -> None:
        """One attempt of this key is not held against it."""
        with self._lock:
            found = self._failures.get(key)
            if found is not None:
                found.count = max(0, found.count - 1)
                found.blocked_until_s = 0.0

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
