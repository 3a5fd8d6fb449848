"""What all processes of a server hold in memory of their own."""

from __future__ import annotations

import contextlib

import psutil


def processes_of(pid: int) -> list[psutil.Process]:
    """The process and all below it."""
    try:
        first = psutil.Process(pid)
        return [first, *first.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def private_bytes(pid: int) -> int:
    """Resident memory of a process and all below it, without what is shared or mapped from files."""
    total = 0
    for process in processes_of(pid):
        with contextlib.suppress(psutil.NoSuchProcess):
            memory = process.memory_info()
            total += memory.rss - memory.shared
    return total
