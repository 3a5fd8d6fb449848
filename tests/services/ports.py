"""Ports for servers that the tests start."""

from __future__ import annotations

import contextlib
import os
import random
import socket

FIRST, LAST = 12_000, 32_000
"""Below those that the system gives to connections: one of these must not take a port between its choice and its use."""

_random = random.SystemRandom()
_given: set[int] = set()


def _range_of_this_process() -> range:
    """Each process of one run has a share of its own: a port is free until its server listens, and nobody else may choose it."""
    processes = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    number = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    share = (LAST - FIRST) // processes
    return range(FIRST + number * share, FIRST + (number + 1) * share)


def free_port() -> int:
    """A port that was free a moment ago, and that nobody of this run has been given."""
    ports = _range_of_this_process()
    for _ in range(1000):
        port = _random.choice(ports)
        if port in _given:
            continue
        with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", port)):
            _given.add(port)
            return port
    raise AssertionError("no free port")
