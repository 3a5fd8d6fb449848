"""What the operating system's errors mean to who wanted to store or read."""

from __future__ import annotations

import errno

from hounsfield.model.errors import OutOfSpace, PackUnavailable, Unavailable

_NO_SPACE = frozenset({errno.ENOSPC, errno.EDQUOT})


def is_no_space(error: OSError) -> bool:
    """Whether the disk or a quota is full."""
    return error.errno in _NO_SPACE


def unavailable(error: OSError, doing: str) -> Unavailable:
    """The domain error to raise from `error`; `doing` says what failed."""
    if is_no_space(error):
        return OutOfSpace(f"{doing}: the disk or a quota is full")
    return PackUnavailable(f"{doing}: {error.strerror or error}")
