"""Elements of the DICOM JSON model, written as a data set."""

from __future__ import annotations

import io
import json

import pydicom
import pytest

from hounsfield.dicom.character_sets import character_set
from hounsfield.dicom.data_set_writer import NewElement
from hounsfield.dicom.from_json import element_from_json, encode_in_one_of

ELEMENTS = {
    "00080020": {"vr": "DA", "Value": ["20240102"]},
    "00080050": {"vr": "SH"},
    "00080061": {"vr": "CS", "Value": ["CT", None, "MR"]},
    "00100010": {"vr": "PN", "Value": [{"Alphabetic": "Yamada^Tarou", "Phonetic": "やまだ"}]},
    "00101030": {"vr": "DS", "Value": [70.50]},
    "00200011": {"vr": "IS", "Value": [3]},
    "00280009": {"vr": "AT", "Value": ["00181063"]},
    "00280010": {"vr": "US", "Value": [512]},
    "00189073": {"vr": "FD", "Value": [1.5]},
    "00420011": {"vr": "OB", "InlineBinary": "AAEC"},
    "00400275": {"vr": "SQ", "Value": [{"00400007": {"vr": "LO", "Value": ["Schädel"]}}, {}]},
}


@pytest.mark.parametrize("implicit_vr", [True, False])
def test_pydicom_reads_the_same(implicit_vr: bool) -> None:
    document = json.loads(json.dumps(ELEMENTS), parse_float=str, parse_int=str)
    raw = encode_in_one_of([element_from_json(int(tag, 16), element) for tag, element in document.items()], (), implicit_vr=implicit_vr)
    found = pydicom.dcmread(io.BytesIO(raw), force=True)
    assert found.SpecificCharacterSet == "ISO_IR 192"
    assert (found.StudyDate, found.AccessionNumber, found.ModalitiesInStudy) == ("20240102", "", ["CT", "", "MR"])
    assert found.PatientName == "Yamada^Tarou==やまだ"
    assert found.PatientWeight.original_string == "70.5"
    assert (found.SeriesNumber, found.Rows, found.FrameIncrementPointer) == (3, 512, 0x00181063)
    assert found.AcquisitionDuration == 1.5
    assert found.EncapsulatedDocument == b"\0\1\2\0"
    assert [item.get("ScheduledProcedureStepDescription") for item in found.RequestAttributesSequence] == ["Schädel", None]


def _elements(text: str) -> list[NewElement]:
    return [NewElement(0x00080060, "CS", "CT"), NewElement(0x00400275, "SQ", [[NewElement(0x00400007, "LO", text)]])]


@pytest.mark.parametrize(
    ("text", "candidates", "named"),
    [
        ("plain", (b"ISO_IR 100",), None),
        ("Schädel", (b"ISO_IR 100", b"ISO_IR 101"), "ISO_IR 100"),
        ("Łódź", (b"ISO_IR 100", b"ISO_IR 101"), "ISO_IR 101"),
        ("山", (b"ISO_IR 100", b"ISO_IR 101"), "ISO_IR 192"),
        ("山", (b"ISO_IR 100", b"\\ISO 2022 IR 87"), ["", "ISO 2022 IR 87"]),
        ("山", (), "ISO_IR 192"),
    ],
)
def test_the_first_character_set_that_can(text: str, candidates: tuple[bytes, ...], named: object) -> None:
    raw = encode_in_one_of(_elements(text), map(character_set, candidates), implicit_vr=False)
    found = pydicom.dcmread(io.BytesIO(raw), force=True)
    assert found.get("SpecificCharacterSet") == named
    assert found.RequestAttributesSequence[0].ScheduledProcedureStepDescription == text
