"""Inflating within limits."""

from __future__ import annotations

import random
import zlib

import pytest

from hounsfield.dicom import deflate
from hounsfield.dicom.deflate import inflate
from hounsfield.model.errors import UnreadableObject


def deflated(data: bytes, wbits: int = -15) -> bytes:
    """One stream."""
    engine = zlib.compressobj(9, wbits=wbits)
    return engine.compress(data) + engine.flush()


def test_raw_and_with_zlib_framing_and_with_a_pad_byte() -> None:
    data = random.Random(1).randbytes(700_000) + bytes(700_000)
    assert inflate(deflated(data)) == data
    assert inflate(deflated(data, 15)) == data
    assert inflate(deflated(data) + b"\0") == data


def test_what_is_deflated_is_of_an_even_length() -> None:
    """And the same whether it comes in one piece or in many (PS3.5 A.5)."""
    for length in (*range(100), *range(200_000, 200_012)):
        data = random.Random(length).randbytes(length)
        stream = deflate.deflate([data])
        assert len(stream) % 2 == 0
        assert stream == deflate.deflate([data[:150_000], data[150_000:]])
        assert zlib.decompress(stream, -15) == data


def test_a_stream_cut_short_gives_what_is_there() -> None:
    data = random.Random(2).randbytes(100_000)
    part = inflate(deflated(data)[:50_000])
    assert 40_000 < len(part) < 60_000
    assert data.startswith(bytes(part))


def test_a_stream_damaged_in_the_middle_gives_what_came_before() -> None:
    data = random.Random(3).randbytes(600_000)
    engine = zlib.compressobj(9, wbits=-15)
    stream = engine.compress(data) + engine.flush(zlib.Z_SYNC_FLUSH) + b"\xff" * 1000  # blocks of type 3 do not exist
    part = inflate(stream)
    assert len(part) > 250_000
    assert data.startswith(bytes(part))


def test_a_bomb_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    bomb = deflated(bytes(20 << 20))
    monkeypatch.setattr(deflate, "RATIO_FREE_BYTES", 1 << 20)
    with pytest.raises(UnreadableObject, match="grows beyond"):
        inflate(bomb)
    monkeypatch.setattr(deflate, "RATIO_FREE_BYTES", 64 << 20)
    assert len(inflate(bomb)) == 20 << 20
    with pytest.raises(UnreadableObject, match="grows beyond 1048576"):
        inflate(bomb, limit_bytes=1 << 20)


def test_what_is_no_stream_is_refused() -> None:
    with pytest.raises(UnreadableObject, match="not a deflate stream"):
        inflate(b"\xff" * 100)
    assert inflate(b"") == b""
