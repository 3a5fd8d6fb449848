"""Texts about patient and technique, read and written into the picture (PS3.18 8.3.5.1.1)."""

from __future__ import annotations

from typing import Any

import numpy as np
import pydicom
import pytest
from pydicom.filebase import DicomBytesIO

from hounsfield.codecs.captions import read_captions
from hounsfield.codecs.drawing import draw_captions
from hounsfield.codecs.presentation import Annotation

BOTH = (Annotation.PATIENT, Annotation.TECHNIQUE)


def header(**values: Any) -> bytes:
    data_set = pydicom.Dataset()
    for keyword, value in values.items():
        setattr(data_set, keyword, value)
    target = DicomBytesIO()
    target.is_little_endian, target.is_implicit_VR = True, False
    pydicom.filewriter.write_dataset(target, data_set)
    return bytes(target.getvalue())


def test_what_is_said() -> None:
    written = header(
        SpecificCharacterSet="ISO_IR 192",
        PatientName="Müller^Ägidius^M",
        PatientID="P 1",
        PatientBirthDate="19700102",
        PatientSex="M",
        StudyDate="20260102",
        Modality="CT",
        SeriesNumber=3,
        InstanceNumber=14,
        StudyDescription="Thorax",
        SeriesDescription="axial",
        BodyPartExamined="CHEST",
        SliceLocation="-12.5",
        KVP="120",
    )
    patient, technique = read_captions(written, "1.2.840.10008.1.2.1", BOTH, 2)
    assert patient == ("Müller, Ägidius M", "P 1", "1970-01-02 M")
    assert technique == ("CT 2026-01-02 3/14/2", "Thorax", "axial", "CHEST", "Position -12.5 mm  120 kV")
    assert read_captions(written, "1.2.840.10008.1.2.1", (Annotation.TECHNIQUE,), 0)[0] == ()


def test_nothing_said_is_nothing_written() -> None:
    assert read_captions(header(Modality=""), "1.2.840.10008.1.2.1", BOTH, 0) == ((), ())
    assert read_captions(b"", "1.2.840.10008.1.2.1", BOTH, 0) == ((), ())


GROUND = np.full((64, 96), 90, np.uint8)


@pytest.mark.parametrize("shape", [(64, 96), (64, 96, 3), (1, 1), (3, 400), (400, 3, 3)])
@pytest.mark.parametrize("line", ["Müller", "山田^太郎", "ع" * 300, "\x00\x1b\n\ud800", "🫀", "W" * 5000])
def test_no_text_and_no_size_is_an_error(shape: tuple[int, ...], line: str) -> None:
    drawn = draw_captions(np.full(shape, 90, np.uint8), ((line,) * 3, (line,)))
    assert drawn.shape == shape and drawn.dtype == np.uint8


def test_the_first_lines_are_above_and_the_others_below() -> None:
    above, below = draw_captions(GROUND, (("AAA",), ())), draw_captions(GROUND, ((), ("AAA",)))
    assert (above != 90)[:20].any() and not (above != 90)[32:].any()
    assert (below != 90)[-20:].any() and not (below != 90)[:32].any()


def test_different_texts_look_different() -> None:
    assert not np.array_equal(draw_captions(GROUND, (("P1",), ())), draw_captions(GROUND, (("P2",), ())))
