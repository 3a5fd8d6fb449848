"""Inflating the deflated transfer syntaxes within limits (PS3.5 A.5)."""

from __future__ import annotations

import zlib

from hounsfield.dicom.buffer import Buffer
from hounsfield.model.errors import UnreadableObject

INFLATED_LIMIT_BYTES = 256 << 20
RATIO_LIMIT = 200
"""A data set that inflates to more than this many times its size is a bomb; small ones may (`RATIO_FREE_BYTES`)."""
RATIO_FREE_BYTES = 8 << 20

_STEP_BYTES = 1 << 20


def inflate(data_set: Buffer, *, limit_bytes: int = INFLATED_LIMIT_BYTES) -> bytes:
    """The inflated data set; a stream that is cut short gives what is there.

    Raises: UnreadableObject where the stream is not deflate, or grows beyond `limit_bytes` or `RATIO_LIMIT`.
    """
    view = memoryview(data_set).cast("B")
    allowed = min(limit_bytes, max(RATIO_FREE_BYTES, len(view) * RATIO_LIMIT))
    window = 15 if _has_zlib_header(view) else -15
    engine = zlib.decompressobj(window)
    parts: list[bytes] = []
    total = 0
    pending: Buffer = view
    try:
        while len(pending) and not engine.eof:
            part = engine.decompress(pending, min(_STEP_BYTES, allowed + 1 - total))
            pending = engine.unconsumed_tail
            total += len(part)
            parts.append(part)
            if total > allowed:
                raise UnreadableObject(f"the deflated data set of {len(view)} bytes grows beyond {allowed} bytes")
            if not part and not pending:
                break
    except zlib.error as exc:
        if total == 0:
            raise UnreadableObject("the data set is not a deflate stream") from exc
    return b"".join(parts)


def _has_zlib_header(view: memoryview) -> bool:
    """Some writers put RFC 1950 framing around the stream, which the standard does not want."""
    return len(view) >= 2 and view[0] & 0x0F == 8 and view[0] >> 4 <= 7 and (view[0] << 8 | view[1]) % 31 == 0
