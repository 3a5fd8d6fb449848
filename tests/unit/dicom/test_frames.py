"""The frame table and its compact form."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from xxhash import xxh3_64_intdigest

from hounsfield.dicom.frames import (
    NO_FRAMES,
    EncapsulatedFrames,
    FramesDamaged,
    FrameSpan,
    FrameTable,
    NativeFrames,
    checksum_of,
    frame_count,
    frame_from_bytes,
    frames_from_bytes,
    is_inflated,
    native_frames,
)
from hounsfield.model.errors import FrameNotFound

checksums = st.integers(0, 2**64 - 1)
fragments = st.tuples(st.integers(0, 2**63), st.integers(0, 2**32 - 1))
native = st.builds(
    NativeFrames,
    offset_bytes=st.integers(0, 2**40),
    frame_length_bits=st.integers(1, 2**35),
    checksums=st.lists(checksums, max_size=20).map(tuple),
    inflated=st.booleans(),
)
spans = st.builds(FrameSpan, st.lists(fragments, max_size=4).map(tuple), checksums, bit_offset=st.just(0), bit_length=st.just(0))
encapsulated = st.builds(EncapsulatedFrames, st.lists(spans, max_size=20).map(tuple), st.booleans())


@given(st.one_of(native, encapsulated))
def test_both_ways(table: NativeFrames | EncapsulatedFrames) -> None:
    blob = table.to_bytes()
    assert frames_from_bytes(blob) == table
    assert frame_count(blob) == table.count
    assert is_inflated(blob) == table.inflated
    for index in range(table.count):
        assert frame_from_bytes(blob, index) == table.frame(index)


@given(st.one_of(native, encapsulated), st.data())
def test_a_frame_beyond_the_last_is_not_found(table: FrameTable, data: st.DataObject) -> None:
    index = data.draw(st.sampled_from([-1, table.count, table.count + 7]))
    with pytest.raises(FrameNotFound):
        table.frame(index)
    with pytest.raises(FrameNotFound):
        frame_from_bytes(table.to_bytes(), index)


@given(st.binary(max_size=120))
def test_rubbish_is_told(blob: bytes) -> None:
    try:
        table = frames_from_bytes(blob)
    except FramesDamaged:
        return
    assert table.count == frame_count(blob)


@given(encapsulated.filter(lambda table: table.count > 0), st.integers(1, 12))
def test_a_table_cut_short_is_told(table: EncapsulatedFrames, cut: int) -> None:
    with pytest.raises(FramesDamaged):
        frames_from_bytes(table.to_bytes()[:-cut] if any(span.fragments for span in table.spans) else b"")


def test_a_table_of_one_frame_is_small() -> None:
    assert len(NativeFrames(1000, 512 * 512 * 16, (1,)).to_bytes()) == 32
    assert len(EncapsulatedFrames((FrameSpan(((1, 2),), 3),)).to_bytes()) == 44
    assert NO_FRAMES.count == 0


def test_packed_bits_share_a_byte() -> None:
    table = native_frames(memoryview(bytes(range(10))), 2, 9, 3)
    assert table.packed_bits
    assert [(span.fragments, span.bit_offset, span.bit_length) for span in map(table.frame, range(3))] == [
        (((2, 2),), 0, 9),
        (((3, 2),), 1, 9),
        (((4, 2),), 2, 9),
    ]
    assert table.frame(1).matches(bytes([3, 4]))


def test_a_changed_byte_does_not_match() -> None:
    view = memoryview(b"abcdefgh")
    span = FrameSpan(((0, 2), (4, 2)), checksum_of(view, ((0, 2), (4, 2))))
    assert span.checksum == xxh3_64_intdigest(b"abef")
    assert span.matches(b"abef")
    assert not span.matches(b"abeg")
    assert span.length_bytes == 4
