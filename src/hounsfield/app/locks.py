"""One owner of a data directory at a time."""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator
from pathlib import Path

from hounsfield.model.errors import ArchiveLocked


@contextlib.contextmanager
def exclusive(path: Path, *, wait_s: float = 0.0, who: str = "") -> Iterator[None]:
    """Hold a lock file; the kernel lets go of it when the process ends, however it ends.

    wait_s: how long to wait for another owner that is just ending.
    Raises: ArchiveLocked, with the other owner's process id.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        deadline = time.monotonic() + wait_s
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() >= deadline:
                    owner = os.pread(descriptor, 200, 0).decode("utf-8", "replace").strip()
                    raise ArchiveLocked(
                        f"{path.parent} is in use by {owner or 'another process'}: stop it first, or choose another --data-dir"
                    ) from None
                time.sleep(0.05)
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{who or 'hounsfield'} (process {os.getpid()})\n".encode(), 0)
        yield
    finally:
        os.close(descriptor)


def is_held(path: Path) -> bool:
    """Whether some process holds the lock now."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False
