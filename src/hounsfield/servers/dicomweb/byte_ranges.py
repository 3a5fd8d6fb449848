"""Parts of single-part answers: the Range header, and what comes of it (RFC 9110 13.1.5, 14; PS3.18 8.6.1.1)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final

from hounsfield.model.errors import InvalidInput
from hounsfield.servers.dicomweb.exchange import Exchange, Header

ACCEPT_RANGES: Final[Header] = (b"accept-ranges", b"bytes")

_ONE_RANGE = re.compile(rb"bytes=[ \t]*([0-9]{0,19})[ \t]*-[ \t]*([0-9]{0,19})[ \t]*", re.IGNORECASE)


class RangeNotSatisfiable(InvalidInput):
    """The range asked for lies behind the end. length_bytes: of the whole."""

    def __init__(self, length_bytes: int) -> None:
        super().__init__(f"the whole is {length_bytes} bytes long")
        self.length_bytes = length_bytes


def asked_range(headers: Mapping[bytes, bytes], etag: bytes, length_bytes: int) -> range | None:
    """Which bytes of a representation are asked for; None for all of it, as where several ranges are.

    etag: of the representation; a weak one meets no If-Range. Raises: RangeNotSatisfiable.
    """
    asked = headers.get(b"range")
    if asked is None:
        return None
    condition = headers.get(b"if-range")
    if condition is not None and (condition.strip() != etag or etag.startswith(b"W/")):
        return None
    found = _ONE_RANGE.fullmatch(asked.strip())
    if found is None or found.groups() == (b"", b""):
        return None
    first, last = found.groups()
    if not first:
        begin, end = max(0, length_bytes - int(last)), length_bytes
    else:
        begin, end = int(first), min(int(last) + 1, length_bytes) if last else length_bytes
        if last and int(last) < begin:
            return None
    if begin >= length_bytes:
        raise RangeNotSatisfiable(length_bytes)
    return range(begin, end)


def content_range(asked: range, length_bytes: int) -> Header:
    """Of a 206 with one range."""
    return b"content-range", f"bytes {asked.start}-{asked.stop - 1}/{length_bytes}".encode()


async def answer_whole_or_part(exchange: Exchange, headers: Iterable[Header], etag: bytes, body: bytes | bytearray) -> None:
    """A body that is in memory: all of it, or the range that is asked for. Raises: RangeNotSatisfiable."""
    told = [*headers, (b"etag", etag), ACCEPT_RANGES]
    asked = asked_range(exchange.headers, etag, len(body))
    if asked is None:
        await exchange.answer(200, told, body)
    else:
        await exchange.answer(206, [*told, content_range(asked, len(body))], body[asked.start : asked.stop])
