"""The Range header (RFC 9110 14.2) and its condition (13.1.5)."""

from __future__ import annotations

import pytest

from hounsfield.servers.dicomweb.byte_ranges import RangeNotSatisfiable, asked_range, content_range

TAG = b'"a"'


@pytest.mark.parametrize(
    ("asked", "wanted"),
    [
        (b"bytes=0-0", range(1)),
        (b"bytes=0-9", range(10)),
        (b"bytes=2-5", range(2, 6)),
        (b"bytes=2-", range(2, 10)),
        (b"bytes=2-99", range(2, 10)),
        (b"bytes=-3", range(7, 10)),
        (b"bytes=-99", range(10)),
        (b"BYTES= 1 - 2 ", range(1, 3)),
        # What is not understood is answered whole, and so are several ranges.
        (b"bytes=1-2,4-5", None),
        (b"bytes=5-2", None),
        (b"bytes=-", None),
        (b"bytes=a-b", None),
        (b"lines=1-2", None),
        (b"bytes=" + b"9" * 30 + b"-", None),
    ],
)
def test_ranges(asked: bytes, wanted: range | None) -> None:
    assert asked_range({b"range": asked}, TAG, 10) == wanted


@pytest.mark.parametrize("asked", [b"bytes=10-", b"bytes=10-11", b"bytes=-0", b"bytes=9999999999999999999-"])
def test_behind_the_end(asked: bytes) -> None:
    with pytest.raises(RangeNotSatisfiable) as caught:
        asked_range({b"range": asked}, TAG, 10)
    assert caught.value.length_bytes == 10


def test_of_nothing() -> None:
    with pytest.raises(RangeNotSatisfiable):
        asked_range({b"range": b"bytes=0-"}, TAG, 0)


@pytest.mark.parametrize(
    ("condition", "etag", "met"),
    [
        (b'"a"', b'"a"', True),
        (b'"b"', b'"a"', False),
        (b'W/"a"', b'W/"a"', False),
        (b"Wed, 01 Jan 2026 00:00:00 GMT", b'"a"', False),
    ],
)
def test_if_range(condition: bytes, etag: bytes, met: bool) -> None:
    assert asked_range({b"range": b"bytes=1-2", b"if-range": condition}, etag, 10) == (range(1, 3) if met else None)


def test_content_range() -> None:
    assert content_range(range(2, 6), 10) == (b"content-range", b"bytes 2-5/10")
