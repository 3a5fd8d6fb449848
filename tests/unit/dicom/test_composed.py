"""A data set written of values that lie elsewhere."""

from __future__ import annotations

import io
import struct

import pydicom
import pytest

from hounsfield.dicom import composed
from hounsfield.dicom.composed import Composed, Frames, Piece, Slice, Value, encode_composed, length_of
from hounsfield.dicom.part10 import build_prefix
from hounsfield.dicom.tags import EXTENDED_OFFSET_TABLE, EXTENDED_OFFSET_TABLE_LENGTHS, PIXEL_DATA
from hounsfield.model.errors import ObjectTooLarge

PREFIX = build_prefix("1.2.3", "1.2.3.4", "1.2.840.10008.1.2.1")
STORE = bytes(range(256)) * 400


def written(pieces: list[Piece]) -> bytes:
    return b"".join(
        STORE[piece.offset_bytes : piece.offset_bytes + piece.length_bytes] if isinstance(piece, Slice) else piece for piece in pieces
    )


def read(pieces: list[Piece]) -> pydicom.Dataset:
    raw = written(pieces)
    assert len(raw) == length_of(pieces)
    return pydicom.dcmread(io.BytesIO(PREFIX + raw))


def test_values_of_every_place() -> None:
    item = (Composed(0x00091001, "UN", Value((Slice(5, 3),))), Composed(0x00080100, "SH", "code"))
    data_set = read(
        encode_composed(
            [
                Composed(0x7FE00010, "OW", Value((Slice(0, 4), Slice(100, 2)))),
                Composed(0x00080018, "UI", "1.2.3"),
                Composed(0x00081140, "SQ", (item, ())),
                Composed(0x00081030, "LO", Value((Slice(65, 3),))),
                Composed(0x00400555, "UT", Value((Slice(32, 70_001),))),
                Composed(0x00104000, "LT", Value((Slice(32, 70_000),))),
            ]
        )
    )
    assert data_set.SOPInstanceUID == "1.2.3"
    assert data_set.PixelData == b"\0\1\2\3\x64\x65"
    assert data_set[0x00081140].value[0][0x00091001].value == b"\5\6\7\0"
    assert data_set[0x00081140].value[0].CodeValue == "code"
    assert len(data_set[0x00081140].value) == 2
    assert data_set.StudyDescription == "ABC"
    assert len(data_set[0x00400555].value) >= 70_000
    assert data_set.get_item(0x00104000).VR == "UN", "longer than the length field of its VR can say"


@pytest.mark.parametrize("lengths", [(4,), (3,), (10, 7, 12)])
def test_a_fragment_a_frame(lengths: tuple[int, ...]) -> None:
    frames = tuple(Slice(number * 100, length) for number, length in enumerate(lengths))
    data_set = read(encode_composed([Composed(PIXEL_DATA, "OB", Frames(frames))]))
    found = list(pydicom.encaps.generate_frames(data_set.PixelData, number_of_frames=len(lengths)))
    assert [one[:length] for one, length in zip(found, lengths, strict=True)] == [STORE[a : a + b] for a, b in frames]
    table = pydicom.encaps.parse_basic_offsets(io.BytesIO(data_set.PixelData))
    assert len(table) == (len(lengths) if len(lengths) > 1 else 0)


def test_beyond_32_bits_there_is_an_extended_offset_table() -> None:
    """The slices are never read, so that they may be as long as they like."""
    two_gib = 0x7FFFFFF0
    pieces = encode_composed([Composed(PIXEL_DATA, "OB", Frames((Slice(0, two_gib), Slice(0, two_gib), Slice(0, 11), Slice(0, 4))))])
    raw = b"".join(piece for piece in pieces if isinstance(piece, bytes))
    head = pydicom.dcmread(io.BytesIO(PREFIX + raw), stop_before_pixels=True)
    assert struct.unpack("<4Q", head[EXTENDED_OFFSET_TABLE].value) == (0, two_gib + 8, 2 * two_gib + 16, 2 * two_gib + 36)
    assert struct.unpack("<4Q", head[EXTENDED_OFFSET_TABLE_LENGTHS].value) == (two_gib, two_gib, 11, 4)


def test_a_stream_that_is_too_long_for_one_fragment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(composed, "LARGEST_FRAGMENT_BYTES", 10)
    data_set = read(encode_composed([Composed(PIXEL_DATA, "OB", Frames((Slice(0, 25),)))]))
    assert next(pydicom.encaps.generate_frames(data_set.PixelData, number_of_frames=1))[:25] == STORE[:25]


def test_a_value_that_is_too_long() -> None:
    with pytest.raises(ObjectTooLarge):
        encode_composed([Composed(0x7FE00010, "OW", Value((Slice(0, 1 << 32),)))])
    with pytest.raises(ObjectTooLarge):
        encode_composed([Composed(0x00081140, "SQ", ((Composed(0x00091001, "UN", Value((Slice(0, (1 << 32) - 20),))),),))])
