"""The DICOM JSON model (PS3.18 annex F)."""

from __future__ import annotations

import json
import math
import struct
from base64 import b64decode
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hounsfield.dicom.element_tree import DEPTH_LIMIT, Element, read_data_set
from hounsfield.dicom.json_model import bulk_data, data_set_json
from hounsfield.dicom.json_values import decimal_json, integer_json

EXPLICIT = "1.2.840.10008.1.2.1"
IMPLICIT = "1.2.840.10008.1.2"
BIG = "1.2.840.10008.1.2.2"


def model(data_set: bytes, uid: str = EXPLICIT, **keywords: Any) -> dict[str, Any]:
    """Parsed, with bulk data under `/bulk/`."""
    keywords.setdefault("bulk_data_uri", lambda path: "/bulk/" + path)
    document: dict[str, Any] = json.loads(data_set_json(data_set, uid, **keywords))
    return document


@pytest.mark.parametrize(
    ("vr", "raw", "values"),
    [
        (b"AE", b"STATION ", ["STATION"]),
        (b"CS", b"ORIGINAL\\PRIMARY ", ["ORIGINAL", "PRIMARY"]),
        (b"DA", b"20240229", ["20240229"]),
        (b"LO", b"a\\\\c ", ["a", None, "c"]),
        (b"UI", b"1.2.3\0", ["1.2.3"]),
        (b"LT", b"one\\two\r\n", ["one\\two\r\n"]),
        (b"UT", b' leading "quoted" \x1b\x07 ', [' leading "quoted" \x1b\x07']),
        (b"UC", b"a\\b ", ["a", "b"]),
        (b"UR", b"http://a/b?c\\d ", ["http://a/b?c\\d"]),
        (b"DS", b"1.50\\ -2 ", [1.5, -2]),
        (b"DS", b"+.5\\1.\\007\\-0.0\\1e3\\x ", [0.5, 1, 7, -0.0, 1000.0, "x"]),
        (b"DS", b"1e999 ", ["1e999"]),
        (b"IS", b"12\\-007\\+3\\ 4\\1.5\\x ", [12, -7, 3, 4, "1.5", "x"]),
        (b"IS", b"12345678901234567890", ["12345678901234567890"]),
        (b"PN", b"Doe^Jane ", [{"Alphabetic": "Doe^Jane"}]),
        (b"PN", b"A=B=C\\\\=E ", [{"Alphabetic": "A", "Ideographic": "B", "Phonetic": "C"}, None, {"Ideographic": "E"}]),
        (b"US", struct.pack("<3H", 0, 1, 65535), [0, 1, 65535]),
        (b"SS", struct.pack("<h", -5), [-5]),
        (b"UL", struct.pack("<L", 2**32 - 1), [2**32 - 1]),
        (b"SL", struct.pack("<l", -(2**31)), [-(2**31)]),
        (b"UV", struct.pack("<2Q", 2**53, 2**64 - 1), [2**53, "18446744073709551615"]),
        (b"SV", struct.pack("<2q", -(2**53), -(2**63)), [-(2**53), "-9223372036854775808"]),
        (b"FL", struct.pack("<2f", 0.5, 0.1), [0.5, 0.10000000149011612]),
        (b"FD", struct.pack("<4d", 0.1, math.nan, math.inf, -math.inf), [0.1, "NaN", "Infinity", "-Infinity"]),
        (b"AT", b"\x10\x00\x20\x00\xe0\x7f\x10\x00", ["00100020", "7FE00010"]),
    ],
)
def test_values_of_each_vr(data: Any, vr: bytes, raw: bytes, values: list[Any]) -> None:
    assert model(data.explicit(0x00091001, vr, raw)) == {"00091001": {"vr": vr.decode(), "Value": values}}


@pytest.mark.parametrize("vr", ["AE", "AT", "DS", "FD", "FL", "IS", "LO", "LT", "OB", "OW", "PN", "SQ", "UI", "UN", "US", "UV"])
def test_empty_values_have_a_vr_alone(data: Any, vr: str) -> None:
    assert model(data.explicit(0x00091001, vr.encode(), b"")) == {"00091001": {"vr": vr}}


@pytest.mark.parametrize(("vr", "raw"), [(b"US", b"abc"), (b"FD", b"abcd"), (b"AT", b"ab")])
def test_a_value_that_does_not_fit_its_vr_keeps_its_bytes(data: Any, vr: bytes, raw: bytes) -> None:
    said = model(data.explicit(0x00091001, vr, raw))["00091001"]
    assert said["vr"] == "UN"
    assert b64decode(said["InlineBinary"]) == raw


def test_binary_values_inline_and_by_address(data: Any) -> None:
    sequence = data.explicit(0x54000100, b"SQ", data.item(b"") + data.item(data.explicit(0x54001010, b"OW", b"ab" * 600)))
    data_set = data.explicit(0x00091001, b"OB", b"\0\1") + sequence + data.explicit(0x7FE00010, b"OW", b"pixels")
    said = model(data_set)
    assert said["00091001"] == {"vr": "OB", "InlineBinary": "AAE="}
    assert said["54000100"]["Value"] == [{}, {"54001010": {"vr": "OW", "BulkDataURI": "/bulk/54000100/1/54001010"}}]
    assert said["7FE00010"] == {"vr": "OW", "BulkDataURI": "/bulk/7FE00010"}
    assert bulk_data(data_set, EXPLICIT, "54000100/1/54001010") == b"ab" * 600
    assert bulk_data(data_set, EXPLICIT, "7FE00010") == b"pixels"
    for nothing in ("54000100/0/54001010", "54000100/9/54001010", "00100010", "x", "", "54000100/-", "../..", "54000100/1"):
        assert bulk_data(data_set, EXPLICIT, nothing) is None


def test_without_addresses_pixel_data_has_no_value_and_the_rest_is_inline(data: Any) -> None:
    data_set = data.explicit(0x00091001, b"OB", bytes(5000)) + data.encapsulated(b"", b"a1")
    said = model(data_set, bulk_data_uri=None)
    assert len(b64decode(said["00091001"]["InlineBinary"])) == 5000
    assert said["7FE00010"] == {"vr": "OB"}


def test_big_endian_becomes_little(data: Any) -> None:
    data_set = data.explicit_big(0x00280010, b"US", b"\x02\x00") + data.explicit_big(0x00283006, b"OW", b"\x00\x01\x00\x02")
    data_set += data.explicit_big(0x00720026, b"AT", b"\x00\x10\x00\x20")
    said = model(data_set, BIG)
    assert said["00280010"]["Value"] == [512]
    assert b64decode(said["00283006"]["InlineBinary"]) == b"\x01\x00\x02\x00"
    assert said["00720026"]["Value"] == ["00100020"]
    assert bulk_data(data_set, BIG, "00283006") == b"\x01\x00\x02\x00"


def test_group_lengths_are_left_out_and_tags_are_in_order(data: Any) -> None:
    data_set = (
        data.explicit(0x00100020, b"LO", b"P1") + data.explicit(0x00080000, b"UL", bytes(4)) + data.explicit(0x00080060, b"CS", b"CT")
    )
    raw = data_set_json(data_set, EXPLICIT, bulk_data_uri=None)
    assert raw == b'{"00080060":{"vr":"CS","Value":["CT"]},"00100020":{"vr":"LO","Value":["P1"]}}'


def test_of_two_elements_with_one_tag_the_first_counts(data: Any) -> None:
    data_set = data.explicit(0x00100020, b"LO", b"P1") + data.explicit(0x00100020, b"LO", b"P2")
    assert data_set_json(data_set, EXPLICIT, bulk_data_uri=None) == b'{"00100020":{"vr":"LO","Value":["P1"]}}'


def test_unknown_sequences_nested_in_explicit_ones_are_implicit_inside(data: Any) -> None:
    inside = data.implicit(0x00091002, b"", bytes(0x5355)) + data.implicit(0x00100020, b"", b"P1")
    unknown = struct.pack("<HH2sHL", 0x0009, 0x1001, b"UN", 0, 0xFFFFFFFF) + data.open_item(inside) + data.SEQUENCE_END
    said = model(data.explicit(0x00081140, b"SQ", data.item(unknown)))
    assert said["00081140"]["Value"][0]["00091001"]["Value"][0]["00100020"] == {"vr": "LO", "Value": ["P1"]}


def test_the_character_set_said_is_the_objects_own_and_items_may_have_theirs(data: Any) -> None:
    inner = data.explicit(0x00080005, b"CS", b"ISO_IR 144") + data.explicit(0x00080104, b"LO", b"\xbb\xee")
    data_set = data.explicit(0x00080005, b"CS", b"ISO_IR 100") + data.explicit(
        0x00081032, b"SQ", data.item(inner) + data.item(data.explicit(0x00080104, b"LO", b"\xe9 "))
    )
    said = model(data_set)
    assert said["00080005"]["Value"] == ["ISO_IR 100"]
    assert [entry["00080104"]["Value"] for entry in said["00081032"]["Value"]] == [["Лю"], ["é"]]


def test_implicit_vr_takes_vrs_from_the_dictionary(data: Any) -> None:
    w = data.implicit
    data_set = w(0x00080060, b"", b"CT") + w(0x00090010, b"", b"GEMS_IDEN_01") + w(0x00091001, b"", b"LS") + w(0x00091002, b"", b"CT01")
    data_set += w(0x00090020, b"", b"NOBODY") + w(0x00092001, b"", b"??") + w(0x00280103, b"", b"\1\0") + w(0x00280106, b"", b"\xff\xff")
    data_set += (
        w(0x00283002, b"", b"\xff\xff\0\0\x10\0")
        + w(0x00283006, b"", b"\1\0\2\0")
        + w(0x60003000, b"", b"\1\0")
        + w(0x7FE00010, b"", b"ab")
    )
    said = {tag: entry["vr"] for tag, entry in model(data_set, IMPLICIT).items()}
    assert said == {
        "00080060": "CS",
        "00090010": "LO",
        "00090020": "LO",
        "00091001": "LO",
        "00091002": "SH",
        "00092001": "UN",
        "00280103": "US",
        "00280106": "SS",
        "00283002": "SS",
        "00283006": "OW",
        "60003000": "OW",
        "7FE00010": "OW",
    }


def test_a_public_element_stated_as_unknown_is_read_by_the_dictionary_a_private_one_is_not(data: Any) -> None:
    data_set = (
        data.explicit(0x00080060, b"UN", b"CT")
        + data.explicit(0x00090010, b"LO", b"GEMS_IDEN_01")
        + data.explicit(0x00091001, b"UN", b"LS")
    )
    data_set += data.explicit(0x00081140, b"UN", data.item(data.implicit(0x00081155, b"", b"1.2\0")))
    said = model(data_set)
    assert said["00080060"] == {"vr": "CS", "Value": ["CT"]}
    assert said["00091001"] == {"vr": "UN", "InlineBinary": "TFM="}
    assert said["00081140"]["Value"] == [{"00081155": {"vr": "UI", "Value": ["1.2"]}}]


def test_the_header_alone_names_pixel_data(data: Any) -> None:
    header = data.image(2, 2, 8)
    data_set = header + data.explicit(0x7FE00010, b"OB", b"abcd") + data.explicit(0xFFFCFFFC, b"OB", b"pad ")
    assert "FFFCFFFC" in model(data_set)
    for part in (data_set, data_set[: len(header) + 12]):
        said = model(part, header_length_bytes=len(header))
        assert said["7FE00010"] == {"vr": "OB", "BulkDataURI": "/bulk/7FE00010"}
        assert "FFFCFFFC" not in said
    assert "7FE00010" not in model(header, header_length_bytes=len(header))


def test_more_elements_are_put_in_order_and_do_not_displace(data: Any) -> None:
    data_set = data.explicit(0x00080060, b"CS", b"CT") + data.explicit(0x00100020, b"LO", b"P1")
    said = model(data_set, more=(Element(0x00083002, "UI", memoryview(b"1.2")), Element(0x00080060, "CS", memoryview(b"MR"))))
    assert list(said) == ["00080060", "00083002", "00100020"]
    assert said["00080060"]["Value"] == ["CT"]


def deep(data: Any, depth: int, *, undefined: bool) -> bytes:
    """A sequence in a sequence in a ..."""
    if undefined:
        return (
            b"\x40\x00\x75\x0aSQ\0\0\xff\xff\xff\xff\xfe\xff\x00\xe0\xff\xff\xff\xff" * depth
            + (b"\xfe\xff\x0d\xe0\0\0\0\0" + data.SEQUENCE_END) * depth
        )
    body = b""
    for _ in range(depth):
        body = data.explicit(0x00400A75, b"SQ", data.item(body))
    return bytes(body)


@pytest.mark.parametrize("undefined", [False, True])
@pytest.mark.parametrize("depth", [DEPTH_LIMIT, 2000])
def test_sequences_too_deep_keep_their_bytes(data: Any, depth: int, undefined: bool) -> None:
    said = model(deep(data, depth, undefined=undefined) + data.explicit(0x00400A76, b"LO", b"behind"))
    assert said["00400A76"]["Value"] == ["behind"]
    levels = 0
    entry = said["00400A75"]
    while entry["vr"] == "SQ" and entry.get("Value"):
        levels += 1
        inner = entry["Value"][0]
        entry = inner.get("00400A75", {"vr": ""})
    assert levels == DEPTH_LIMIT
    assert entry["vr"] == ("" if depth == DEPTH_LIMIT else "UN")


def test_a_sequence_that_cannot_be_read_keeps_its_bytes(data: Any) -> None:
    rubbish = b"\x01\x02\x03\x04\x05\x06\x07\x08"
    data_set = data.explicit(0x00081140, b"SQ", rubbish) + data.explicit(0x00100020, b"LO", b"P1")
    said = model(data_set)
    assert b64decode(said["00081140"]["InlineBinary"]) == rubbish
    assert said["00100020"]["Value"] == ["P1"]
    assert read_data_set(data_set, EXPLICIT).problems


def test_an_element_cut_short_keeps_what_is_there(data: Any) -> None:
    data_set = (data.explicit(0x00080060, b"CS", b"CT") + data.explicit(0x00100010, b"PN", b"Doe^Jane"))[:-3]
    assert model(data_set)["00100010"]["Value"] == [{"Alphabetic": "Doe^J"}]
    assert read_data_set(data_set, EXPLICIT).problems == ["element (0010,0010) claims 8 bytes, 5 are left"]


@given(
    st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**12), max_value=10**12).map(
        lambda number: format(number, "f")[:16].rstrip(".")
    )
)
def test_decimals_keep_their_digits(text: str) -> None:
    assert decimal_json(text) in (text, text.removeprefix("+"))
    assert json.loads(decimal_json(text)) == float(text)


@given(st.text(alphabet="0123456789+-.eE x", max_size=18))
def test_number_text_is_valid_json_and_never_another_number(text: str) -> None:
    said = json.loads(decimal_json(text))
    assert said is None or said == text or said == float(text)
    said = json.loads(integer_json(text))
    assert said is None or said == text or said == int(text)


@given(st.binary(max_size=200), st.sampled_from([EXPLICIT, IMPLICIT, BIG]))
def test_any_bytes_give_valid_json(raw: bytes, uid: str) -> None:
    json.loads(data_set_json(raw, uid, bulk_data_uri=None))
