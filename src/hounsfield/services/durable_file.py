"""A small file that is there whole, or not at all, whenever the power goes."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

UNFINISHED = ".unfinished"
"""The suffix of a file that was being written."""


def write_durably(path: Path, content: bytes) -> None:
    """Returns when the file is durable under its name, replacing what was there. Its folder is made if missing. Raises: OSError."""
    unfinished = path.with_suffix(UNFINISHED)
    try:
        if not path.parent.is_dir():
            path.parent.mkdir(mode=0o700, exist_ok=True)
            _sync(path.parent.parent)
        with unfinished.open("wb") as file:
            os.fchmod(file.fileno(), 0o600)
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        unfinished.rename(path)
        _sync(path.parent)
    except OSError:
        with contextlib.suppress(OSError):
            unfinished.unlink()
        raise


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
