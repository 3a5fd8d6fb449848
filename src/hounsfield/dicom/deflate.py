"""Inflating the deflated transfer syntaxes within limits (PS3.5 A.5)."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator

from hounsfield.dicom.buffer import Buffer
from hounsfield.model.errors import UnreadableObject

INFLATED_LIMIT_BYTES = 256 << 20
RATIO_LIMIT = 200
"""A data set that inflates to more than this many times its size is a bomb, beyond `RATIO_FREE_BYTES`: blank images deflate well."""
RATIO_FREE_BYTES = 64 << 20

_STEP_BYTES = 256 << 10


def inflate(data_set: Buffer, *, limit_bytes: int = INFLATED_LIMIT_BYTES) -> bytearray:
    """The inflated data set; a stream that is cut short gives what is there.

    Raises: UnreadableObject where the stream is not deflate, or grows beyond `limit_bytes` or `RATIO_LIMIT`.
    """
    with memoryview(data_set) as whole, whole.cast("B") as view:
        allowed = min(limit_bytes, max(RATIO_FREE_BYTES, len(view) * RATIO_LIMIT))
        engine = zlib.decompressobj(15 if _has_zlib_header(view) else -15)
        inflated = bytearray()
        try:
            for offset in range(0, len(view), _STEP_BYTES):
                pending: Buffer = view[offset : offset + _STEP_BYTES]
                while len(pending) and not engine.eof:
                    inflated += engine.decompress(pending, _STEP_BYTES)
                    if len(inflated) > allowed:
                        raise UnreadableObject(f"the deflated data set of {len(view)} bytes grows beyond {allowed} bytes")
                    pending = engine.unconsumed_tail
        except zlib.error as exc:
            if not inflated:
                raise UnreadableObject("the data set is not a deflate stream") from exc
        return inflated


def deflate(pieces: Iterable[Buffer]) -> bytes:
    """A data set as a raw deflate stream, padded to an even length (PS3.5 A.5)."""
    return b"".join(deflated(pieces))


def deflated(pieces: Iterable[Buffer]) -> Iterator[bytes]:
    """The same in pieces."""
    engine = zlib.compressobj(wbits=-15)
    length = 0
    for piece in pieces:
        if packed := engine.compress(piece):
            length += len(packed)
            yield packed
    packed = engine.flush()
    yield packed + b"\0" if (length + len(packed)) % 2 else packed


def _has_zlib_header(view: memoryview) -> bool:
    """Some writers put RFC 1950 framing around the stream, which the standard does not want."""
    return len(view) >= 2 and view[0] & 0x0F == 8 and view[0] >> 4 <= 7 and (view[0] << 8 | view[1]) % 31 == 0
