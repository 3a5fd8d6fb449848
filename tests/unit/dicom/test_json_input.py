"""The DICOM JSON model from outside."""

from __future__ import annotations

import json

import pytest

from hounsfield.dicom.json_input import MOST_BRACKETS, Elsewhere, GivenElement, read_given, read_json_document
from hounsfield.model.errors import UnreadableObject


def read(**elements: object) -> dict[int, GivenElement]:
    (document,) = read_json_document(json.dumps([{name.removeprefix("t"): element for name, element in elements.items()}]).encode())
    return {element.tag: element for element in read_given(document)}


def test_every_kind_of_value() -> None:
    found = read(
        t00080018={"vr": "UI", "Value": ["1.2"]},
        t00100010={"vr": "PN", "Value": [{"Alphabetic": "A^B", "Phonetic": "C"}, None, {"Alphabetic": "D"}]},
        t00181050={"vr": "DS", "Value": [1.50, "2", None]},
        t00280010={"vr": "US", "Value": [512, 7]},
        t00189305={"vr": "FD", "Value": [1.5, "NaN"]},
        t00280009={"vr": "AT", "Value": ["00181063"]},
        t00091001={"vr": "UN", "InlineBinary": "AAEC"},
        t00091002={"vr": "OB", "BulkDataURI": "there"},
        t00081140={"vr": "SQ", "Value": [{"00080018": {"vr": "UI", "Value": ["1.3"]}}, None]},
        t00081115={"vr": "SQ"},
        t00100020={"vr": "LO"},
        t00100021={"vr": "LO", "Value": []},
        t00080000={"vr": "UL", "Value": [12]},
        t00100040={"Value": ["F"]},
    )
    values = {tag: element.value for tag, element in found.items()}
    assert values == {
        0x00080018: "1.2",
        0x00100010: "A^B==C\\\\D",
        0x00181050: "1.5\\2\\",
        0x00280010: b"\x00\x02\x07\x00",
        0x00189305: b"\0\0\0\0\0\0\xf8\x3f\0\0\0\0\0\0\xf8\x7f",
        0x00280009: b"\x18\0\x63\x10",
        0x00091001: b"\0\1\2",
        0x00091002: Elsewhere("there"),
        0x00081140: ((GivenElement(0x00080018, "UI", "1.3"),), ()),
        0x00081115: (),
        0x00100020: None,
        0x00100021: None,
        0x00100040: "F",
    }
    assert list(values) == sorted(values)
    assert found[0x00100040].vr == "CS"


@pytest.mark.parametrize(
    ("given", "written"),
    [("0.1234567890123456789", "0.12345678901235"), ("123456789012345678", "123456789012e6"), ("1.5", "1.5"), ("-1e-10", "-1e-10")],
)
def test_a_decimal_string_has_16_characters(given: str, written: str) -> None:
    value = read(t00181050={"vr": "DS", "Value": [json.loads(given, parse_float=str, parse_int=str)]})[0x00181050].value
    assert isinstance(value, str)
    assert len(value) <= 16
    assert float(value) == pytest.approx(float(given), rel=1e-9)
    if len(given) <= 16:
        assert value == written


def test_more_than_is_read() -> None:
    with pytest.raises(UnreadableObject, match="more elements"):
        read_json_document(b"[" + b"{}," * MOST_BRACKETS + b"{}]")
    with pytest.raises(UnreadableObject, match="twice"):
        read_given({"0008001a": {"vr": "UI"}, "0008001A": {"vr": "UI"}})
