"""What is said to be encodable is encoded, and what is said not to be is refused."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hounsfield.codecs.capabilities import ENCODABLE
from hounsfield.codecs.encodable import is_encodable
from hounsfield.codecs.encode import encode
from hounsfield.codecs.frame import FrameDescription, SampleKind
from hounsfield.model.errors import UndecodablePixels

GREY = FrameDescription("1.2.840.10008.1.2.1", 8, 8, 1, "MONOCHROME2", 0, 16, 12, 11, 0)
CASES = [
    GREY,
    replace(GREY, bits_stored=16, high_bit=15, pixel_representation=1),
    replace(GREY, bits_allocated=8, bits_stored=8, high_bit=7),
    replace(GREY, bits_allocated=8, bits_stored=1, high_bit=0),
    replace(GREY, bits_allocated=1, bits_stored=1, high_bit=0),
    replace(GREY, bits_allocated=32, bits_stored=32, high_bit=31),
    replace(GREY, bits_allocated=32, kind=SampleKind.FLOAT, bits_stored=32, high_bit=31),
    replace(GREY, high_bit=15),
    replace(GREY, samples_per_pixel=3, photometric_interpretation="RGB", bits_allocated=8, bits_stored=8, high_bit=7),
    replace(GREY, samples_per_pixel=4, photometric_interpretation="CMYK", bits_allocated=8, bits_stored=8, high_bit=7),
    replace(GREY, samples_per_pixel=4, photometric_interpretation="CMYK", bits_allocated=32, bits_stored=32, high_bit=31),
]


@pytest.mark.parametrize("description", CASES)
def test_against_the_encoders(description: FrameDescription) -> None:
    for target in ENCODABLE:
        try:
            encode(bytes(description.native_length_bytes), description, target)
        except UndecodablePixels:
            encoded = False
        else:
            encoded = True
        assert is_encodable(description, target) == encoded, target


def test_other_transfer_syntaxes() -> None:
    assert not is_encodable(GREY, "1.2.840.10008.1.2.4.50")
    assert not is_encodable(replace(GREY, transfer_syntax_uid="1.2.840.10008.1.2.4.102"), ENCODABLE[0])
