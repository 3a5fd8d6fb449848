"""Ports for servers that the tests start."""

from __future__ import annotations

import contextlib
import random
import socket

FIRST, LAST = 12_000, 32_000
"""Below those that the system gives to connections: one of these must not take a port between its choice and its use."""

_random = random.SystemRandom()


def free_port() -> int:
    """A port that was free a moment ago, and that hardly anybody else will choose."""
    for _ in range(1000):
        port = _random.randrange(FIRST, LAST)
        with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port
    raise AssertionError("no free port")
