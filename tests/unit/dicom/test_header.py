"""The scan: what it finds, and what it forgives."""

from __future__ import annotations

import json
import mmap
import struct
import zlib
from pathlib import Path
from typing import Any

import pytest

from hounsfield.dicom import header
from hounsfield.dicom.encoding import NESTING_LIMIT
from hounsfield.dicom.frames import NO_FRAMES
from hounsfield.dicom.header import scan, scan_header
from hounsfield.dicom.index_attributes import VALUE_LIMIT_BYTES
from hounsfield.model.errors import UnreadableObject

IMPLICIT = "1.2.840.10008.1.2"
EXPLICIT = "1.2.840.10008.1.2.1"
DEFLATED = "1.2.840.10008.1.2.1.99"
BIG = "1.2.840.10008.1.2.2"

TEXTS = [
    (0x00080020, b"DA", b"20240229"),
    (0x00080030, b"TM", b"235959.5"),
    (0x00080050, b"SH", b"A-17"),
    (0x00080060, b"CS", b"CT"),
    (0x00080090, b"PN", b"Ref^Erring"),
    (0x00081030, b"LO", b"Head and neck "),
    (0x0008103E, b"LO", b"Axial 5 mm"),
    (0x00100010, b"PN", b"Doe^Jane^^ "),
    (0x00100020, b"LO", b"P1"),
    (0x00100021, b"LO", b"HOSP"),
    (0x00100030, b"DA", b"19800101"),
    (0x00100040, b"CS", b"F "),
    (0x00180015, b"CS", b"HEAD"),
]


def whole(data: Any, write: Any) -> bytes:
    """An object with everything the index wants."""
    body = data.identifiers(write) + b"".join(write(*text) for text in TEXTS) + data.rest(write)
    body += write(0x00200010, b"SH", b"S1") + write(0x00200011, b"IS", b"3 ") + write(0x00200013, b"IS", b"-7")
    mark = ">" if write is data.explicit_big else "<"
    body += write(0x00280010, b"US", struct.pack(f"{mark}H", 512)) + write(0x00280011, b"US", struct.pack(f"{mark}H", 256))
    return bytes(body + write(0x00400244, b"DA", b"20240301"))


@pytest.mark.parametrize(("uid", "how"), [(EXPLICIT, "explicit"), (IMPLICIT, "implicit"), (BIG, "explicit_big"), (DEFLATED, "deflated")])
def test_everything_in_every_encoding(data: Any, uid: str, how: str) -> None:
    data_set = whole(data, getattr(data, how, data.explicit))
    if how == "deflated":
        engine = zlib.compressobj(wbits=-15)
        data_set = engine.compress(data_set) + engine.flush()
    scanned = scan(data_set, uid)
    attributes = scanned.attributes
    assert scanned.problems == ()
    assert scanned.header_length_bytes == len(data_set)
    assert scanned.frame_table is NO_FRAMES
    assert attributes.transfer_syntax_uid == uid
    patient, study, series, instance = attributes.patient, attributes.study, attributes.series, attributes.instance
    assert (patient.patient_id, patient.issuer, patient.name, patient.birth_date, patient.sex) == (
        "P1",
        "HOSP",
        "Doe^Jane",
        "19800101",
        "F",
    )
    assert (study.study_instance_uid, study.study_id, study.date, study.time) == ("1.2.3", "S1", "20240229", "235959.5")
    assert (study.accession_number, study.description, study.referring_physician) == ("A-17", "Head and neck", "Ref^Erring")
    assert (series.series_instance_uid, series.number, series.modality, series.description, series.body_part) == (
        "1.2.3.3",
        3,
        "CT",
        "Axial 5 mm",
        "HEAD",
    )
    assert series.performed_step_date == "20240301"
    assert (instance.sop_instance_uid, instance.number, instance.rows, instance.columns, instance.frames) == ("1.2.3.4", -7, 512, 256, 1)


@pytest.mark.parametrize("how", ["explicit", "implicit", "explicit_big"])
@pytest.mark.parametrize("declared", [EXPLICIT, IMPLICIT, BIG, "1.2.840.10008.1.2.4.70", "1.3.6.1.4.1.99999.1"])
def test_an_encoding_other_than_declared_is_found_out(data: Any, how: str, declared: str) -> None:
    scanned = scan(whole(data, getattr(data, how)), declared)
    assert scanned.attributes.patient.name == "Doe^Jane"
    assert scanned.attributes.instance.rows == 512
    agrees = {"explicit": declared not in (IMPLICIT, BIG), "implicit": declared == IMPLICIT, "explicit_big": declared == BIG}[how]
    assert (scanned.problems == ()) is agrees


def fragment(*segments: bytes) -> dict[str, Any]:
    """Segments put together as an answer does."""
    document: dict[str, Any] = json.loads(b"{" + b",".join(filter(None, segments)) + b"}")
    return document


def test_fragments_are_json_in_order_of_tag_and_split_where_answers_add(data: Any) -> None:
    attributes = scan(whole(data, data.explicit), EXPLICIT).attributes
    study = attributes.study.json.split(b"\n")
    assert len(study) == 3
    assert [
        max(fragment(segment)) < border < min(fragment(after))
        for segment, border, after in zip(study, ["00080056", "00081190"], study[1:], strict=False)
    ] == [True, True]
    assert max(fragment(study[2])) < "00201206"
    series = attributes.series.json.split(b"\n")
    assert len(series) == 3
    assert max(fragment(series[0])) < "00081190" < min(fragment(series[1]))
    assert max(fragment(series[1])) < "00201209" < min(fragment(series[2]))
    instance = attributes.instance.json.split(b"\n")
    assert len(instance) == 2
    assert max(fragment(instance[0])) < "00081190" < min(fragment(instance[1]))
    for segments in (study, series, instance):
        tags = list(fragment(*segments))
        assert tags == sorted(tags)
    assert fragment(*study)["00100010"] == {"vr": "PN", "Value": [{"Alphabetic": "Doe^Jane^^"}]}
    assert fragment(*series)["00200011"] == {"vr": "IS", "Value": [3]}
    assert fragment(*instance)["00280010"] == {"vr": "US", "Value": [512]}


def test_required_attributes_are_there_even_where_empty(data: Any) -> None:
    attributes = scan(data.identifiers() + data.rest(), EXPLICIT).attributes
    study = fragment(*attributes.study.json.split(b"\n"))
    assert study["00080020"] == {"vr": "DA"}
    assert study["00100010"] == {"vr": "PN"}
    assert "00081030" not in study
    series = attributes.series.json.split(b"\n")
    assert series[2] == b""
    assert fragment(*series)["00080060"] == {"vr": "CS"}


@pytest.mark.parametrize("write", ["explicit", "implicit"])
@pytest.mark.parametrize("undefined", [False, True])
def test_requests_are_in_the_series_fragment(data: Any, write: str, undefined: bool) -> None:
    w = getattr(data, write)
    body = w(0x00400009, b"SH", b"SPS1") + w(0x00401001, b"SH", b"RP\xfc1")
    if undefined:
        head = b"\x40\x00\x75\x02" + (b"SQ\0\0" if write == "explicit" else b"") + b"\xff\xff\xff\xff"
        sequence = head + data.open_item(body) + data.SEQUENCE_END
    else:
        sequence = w(0x00400275, b"SQ", data.item(body))
    scanned = scan(
        w(0x00080005, b"CS", b"ISO_IR 100") + data.identifiers(w) + data.rest(w) + sequence, EXPLICIT if write == "explicit" else IMPLICIT
    )
    requests = fragment(scanned.attributes.series.json.split(b"\n")[2])["00400275"]["Value"]
    assert requests == [{"00400009": {"vr": "SH", "Value": ["SPS1"]}, "00401001": {"vr": "SH", "Value": ["RPü1"]}}]
    assert scanned.problems == ()


def test_text_outside_ascii(data: Any) -> None:
    raw = b"Yamada^Tarou=\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B"
    head = data.explicit(0x00080005, b"CS", b"\\ISO 2022 IR 87 ") + data.identifiers() + data.explicit(0x00100010, b"PN", raw)
    scanned = scan(head + data.rest(), EXPLICIT)
    assert scanned.attributes.patient.name == "Yamada^Tarou=山田^太郎"
    study = fragment(*scanned.attributes.study.json.split(b"\n")[:3])
    assert study["00080005"] == {"vr": "CS", "Value": ["ISO_IR 192"]}
    assert fragment(scanned.attributes.study.json.split(b"\n")[3]) == {"00080005": {"vr": "CS", "Value": [None, "ISO 2022 IR 87"]}}
    assert study["00100010"]["Value"] == [{"Alphabetic": "Yamada^Tarou", "Ideographic": "山田^太郎"}]
    assert scanned.problems == ()


def test_text_that_is_not_in_its_character_set_is_kept_and_said(data: Any) -> None:
    scanned = scan(data.identifiers() + data.explicit(0x00100010, b"PN", b"M\xfcller^Eva ") + data.rest(), EXPLICIT)
    assert scanned.attributes.patient.name == "Müller^Eva"
    assert scanned.problems == ("(0010,0010) is not valid in its character set",)


@pytest.mark.parametrize(("raw", "typed"), [(b"2024.02.29", "20240229"), (b"20241301", ""), (b"20240229-", ""), (b"heute ", ""), (b"", "")])
def test_only_dates_get_into_the_typed_column(data: Any, raw: bytes, typed: str) -> None:
    scanned = scan(data.identifiers() + data.explicit(0x00080020, b"DA", raw) + data.rest(), EXPLICIT)
    assert scanned.attributes.study.date == typed
    said = fragment(scanned.attributes.study.json.split(b"\n")[0])["00080020"].get("Value", [""])
    assert said == [raw.decode().strip()]


@pytest.mark.parametrize(
    ("raw", "number"), [(b"12", 12), (b"+12 ", 12), (b"1.5 ", None), (b"x ", None), (b"9999999999", None), (b"1\\2 ", 1), (b"", None)]
)
def test_numbers_are_numbers_or_nothing(data: Any, raw: bytes, number: int | None) -> None:
    scanned = scan(data.identifiers() + data.rest() + data.explicit(0x00200013, b"IS", raw), EXPLICIT)
    assert scanned.attributes.instance.number == number
    json.loads(b"{" + scanned.attributes.instance.json.replace(b"\n", b",") + b"}")


@pytest.mark.parametrize("missing", range(4))
def test_without_its_four_uids_an_object_is_unreadable(data: Any, missing: int) -> None:
    uids = [
        data.explicit(0x00080016, b"UI", b"1.2"),
        data.explicit(0x00080018, b"UI", b"1.2"),
        data.explicit(0x0020000D, b"UI", b"1.2"),
        data.explicit(0x0020000E, b"UI", b"1.2"),
    ]
    del uids[missing]
    with pytest.raises(UnreadableObject, match="has no"):
        scan(b"".join(uids), EXPLICIT)


@pytest.mark.parametrize("uid", [b"../../etc/passwd", b"1.2.3\0\0\0.4", b"a" * 64, b"1." * 40, b"1..2", b"\xff\xfe", b"1.2\n3"])
def test_a_uid_that_is_none_is_refused(data: Any, uid: bytes) -> None:
    with pytest.raises(UnreadableObject):
        scan(data.identifiers() + data.explicit(0x0020000D, b"UI", uid) + data.explicit(0x0020000E, b"UI", b"1.2"), EXPLICIT)


@pytest.mark.parametrize("uid", ["", "1.2\r\nX-Injected: 1", "../x", "1." * 40])
def test_a_transfer_syntax_that_is_no_uid_is_refused(data: Any, uid: str) -> None:
    with pytest.raises(UnreadableObject, match="transfer syntax"):
        scan(data.identifiers() + data.rest(), uid)


def test_of_two_elements_with_one_tag_the_first_counts(data: Any) -> None:
    scanned = scan(
        data.identifiers() + data.explicit(0x00100020, b"LO", b"P1") + data.explicit(0x00100020, b"LO", b"P2") + data.rest(), EXPLICIT
    )
    assert scanned.attributes.patient.patient_id == "P1"


def test_elements_out_of_order_are_found(data: Any) -> None:
    scanned = scan(data.rest() + data.explicit(0x00100020, b"LO", b"P1") + data.identifiers(), EXPLICIT)
    assert scanned.attributes.patient.patient_id == "P1"


def nested_undefined(data: Any, depth: int) -> bytes:
    """A sequence in a sequence in a ..., all of undefined length."""
    head = b"\x40\x00\x75\x0aSQ\0\0\xff\xff\xff\xff\xfe\xff\x00\xe0\xff\xff\xff\xff"
    tail = b"\xfe\xff\x0d\xe0\0\0\0\0" + data.SEQUENCE_END
    return head * depth + tail * depth


@pytest.mark.parametrize("depth", [1, 64, NESTING_LIMIT])
def test_what_follows_a_deep_sequence_is_found(data: Any, depth: int) -> None:
    scanned = scan(data.identifiers() + nested_undefined(data, depth) + data.rest(), EXPLICIT)
    assert scanned.attributes.study.study_instance_uid == "1.2.3"
    assert scanned.problems == ()


def test_a_sequence_deeper_than_any_honest_one_ends_the_reading(data: Any) -> None:
    bomb = nested_undefined(data, NESTING_LIMIT + 1)
    scanned = scan(data.identifiers() + data.rest() + bomb, EXPLICIT)
    assert scanned.problems == (f"sequences are nested deeper than {NESTING_LIMIT}",)
    with pytest.raises(UnreadableObject):
        scan(data.identifiers() + bomb + data.rest(), EXPLICIT)


def test_a_deep_sequence_cut_short(data: Any) -> None:
    scanned = scan(data.identifiers() + data.rest() + nested_undefined(data, 1000)[:15_000], EXPLICIT)
    assert scanned.problems == ("a sequence is cut short",)


@pytest.mark.parametrize("undefined", [False, True])
def test_a_sequence_stated_as_unknown_is_implicit_inside(data: Any, undefined: bool) -> None:
    inside = (
        data.implicit(0x00080100, b"", b"ABCD")
        + b"\x08\x00\x50\x11\xff\xff\xff\xff"
        + data.open_item(data.implicit(0x00080102, b"", b"X "))
        + data.SEQUENCE_END
    )
    head = struct.pack("<HH2sHL", 0x0009, 0x1001, b"UN", 0, 0xFFFFFFFF)
    sequence = head + data.open_item(inside) + data.SEQUENCE_END if undefined else data.explicit(0x00091001, b"UN", data.item(inside))
    scanned = scan(data.identifiers() + sequence + data.rest(), EXPLICIT)
    assert scanned.attributes.study.study_instance_uid == "1.2.3"
    assert scanned.problems == ()


@pytest.mark.parametrize("undefined", [False, True])
def test_lengths_that_look_like_vrs_inside_a_sequence_stated_as_unknown(data: Any, undefined: bool) -> None:
    """21,333 bytes is 0x5355: the letters US where an explicit element would state its VR."""
    inside = data.implicit(0x00091002, b"", bytes(0x5355))
    unknown = struct.pack("<HH2sHL", 0x0009, 0x1001, b"UN", 0, 0xFFFFFFFF) + data.open_item(inside) + data.SEQUENCE_END
    head = struct.pack("<HH2sHL", 0x0008, 0x1140, b"SQ", 0, 0xFFFFFFFF)
    outer = head + (data.open_item(unknown) if undefined else data.item(unknown)) + data.SEQUENCE_END
    for sequence in (outer, unknown):
        scanned = scan(data.identifiers() + sequence + data.rest(), EXPLICIT)
        assert scanned.attributes.study.study_instance_uid == "1.2.3"
        assert scanned.problems == ()


def test_requests_too_long_for_the_index_are_left_out_whole(data: Any) -> None:
    requests = data.explicit(0x00400275, b"SQ", data.item(data.explicit(0x00400009, b"SH", b"x" * 5000)))
    scanned = scan(data.identifiers() + data.rest() + requests, EXPLICIT)
    assert b"00400275" not in scanned.attributes.series.json
    assert len(scanned.problems) == 1


@pytest.mark.parametrize("raw", [b"0 ", b"-3", b"x ", b""])
def test_there_is_at_least_one_frame(data: Any, raw: bytes) -> None:
    assert scan(data.identifiers() + data.rest() + data.explicit(0x00280008, b"IS", raw), EXPLICIT).attributes.instance.frames == 1


def test_an_item_that_wraps_elements_is_stepped_into(data: Any) -> None:
    scanned = scan(data.identifiers() + data.item(data.rest()), EXPLICIT)
    assert scanned.attributes.study.study_instance_uid == "1.2.3"


def test_an_item_that_forgot_its_delimitation(data: Any) -> None:
    sequence = (
        b"\x08\x00\x40\x11SQ\0\0\xff\xff\xff\xff\xfe\xff\x00\xe0\xff\xff\xff\xff"
        + data.explicit(0x00081150, b"UI", b"1.2\0")
        + data.SEQUENCE_END
    )
    assert scan(data.identifiers() + sequence + data.rest(), EXPLICIT).attributes.study.study_instance_uid == "1.2.3"


def test_a_sequence_that_forgot_its_delimitation(data: Any) -> None:
    sequence = b"\x08\x00\x40\x11SQ\0\0\xff\xff\xff\xff" + data.open_item(data.explicit(0x00081150, b"UI", b"1.2\0"))
    assert scan(data.identifiers() + sequence + data.rest(), EXPLICIT).attributes.study.study_instance_uid == "1.2.3"


@pytest.mark.parametrize(
    "odd",
    [
        b"\x09\x00\x01\x00ZZ\0\0\x04\0\0\0abcd",  # a VR of a later edition, long form
        b"\x09\x00\x01\x00ZZ\x04\0abcd",  # unknown, short form
        b"\x09\x00\x01\x00\x04\0\0\0abcd",  # implicit among explicit
        b"\x09\x00\x01\x00\0\0\x04\0abcd",  # VR of zeros, short form
        b"\x09\x00\x01\x00??\x04\0abcd",
        b"\x08\x00\x00\x00UL\x04\0\x10\0\0\0",  # group length
        b"\xfe\xff\x0d\xe0\0\0\0\0",  # a stray delimitation
    ],
)
def test_odd_elements_do_not_hide_what_follows(data: Any, odd: bytes) -> None:
    scanned = scan(data.identifiers() + odd + data.rest(), EXPLICIT)
    assert scanned.attributes.study.study_instance_uid == "1.2.3"
    assert scanned.problems == ()


def test_a_length_that_lies_ends_the_reading_and_is_said(data: Any) -> None:
    lie = struct.pack("<HH2sHL", 0x0029, 0x1010, b"OB", 0, 0xFFFFFFF0) + b"abc"
    scanned = scan(data.identifiers() + data.rest() + lie, EXPLICIT)
    assert scanned.problems == ("element (0029,1010) claims 4294967280 bytes, 3 are left",)
    assert scanned.header_length_bytes == len(data.identifiers() + data.rest() + lie)
    with pytest.raises(UnreadableObject):
        scan(data.identifiers() + lie + data.rest(), EXPLICIT)


def test_padding_at_the_end(data: Any) -> None:
    assert scan(data.identifiers() + data.rest() + bytes(512), EXPLICIT).problems == ("512 bytes of padding at the end",)
    assert scan(data.identifiers() + data.rest() + bytes(3), EXPLICIT).problems == ("the last element header is cut short",)


def test_a_long_value_is_cut_in_the_index_alone(data: Any) -> None:
    scanned = scan(data.identifiers() + data.explicit(0x00081030, b"LO", b"x" * 60_000) + data.rest(), EXPLICIT)
    assert scanned.attributes.study.description == "x" * VALUE_LIMIT_BYTES
    assert scanned.problems == (f"(0008,1030) is longer than the {VALUE_LIMIT_BYTES} bytes that the index keeps",)


@pytest.mark.parametrize("cut", range(0, 200, 7))
def test_an_object_cut_anywhere_is_read_or_refused(data: Any, cut: int) -> None:
    data_set = data.image(2, 2, 8) + data.explicit(0x7FE00010, b"OB", b"abcd")
    try:
        scanned = scan(data_set[:cut], EXPLICIT)
    except UnreadableObject:
        return
    assert cut == 0 or scanned.problems or cut >= len(data.identifiers() + data.rest())


def test_the_header_alone_says_the_same(data: Any) -> None:
    data_set = data.image(2, 2, 8) + data.explicit(0x7FE00010, b"OB", b"abcd")
    scanned = scan(data_set, EXPLICIT)
    again = scan_header(data_set[: scanned.header_length_bytes], EXPLICIT, scanned.frame_table)
    assert again == scanned


def test_siblings_share_what_they_repeat(data: Any) -> None:
    def sibling(number: bytes) -> Any:
        return scan(whole(data, data.explicit) + data.explicit(0x00200013, b"IS", number), EXPLICIT).attributes

    first, second = sibling(b"1 "), sibling(b"2 ")
    assert first.study is second.study
    assert first.series is second.series


def test_a_mapped_file_can_be_closed_after_the_scan(data: Any, tmp_path: Path) -> None:
    for name, content in (
        ("good", data.image(2, 2, 8) + data.explicit(0x7FE00010, b"OB", b"abcd")),
        ("bad", data.identifiers() + bytes(64)),
    ):
        path = tmp_path / name
        path.write_bytes(content)
        with path.open("rb") as file:
            mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
            try:
                scan(mapped, EXPLICIT)
            except UnreadableObject as exc:
                assert name == "bad"
                mapped.close()  # while the traceback is still held
                assert exc.__traceback__ is not None
            else:
                mapped.close()


@pytest.mark.parametrize("write", ["explicit", "implicit"])
def test_an_object_of_more_than_4_gib(data: Any, tmp_path: Path, write: str) -> None:
    w = getattr(data, write)
    vr = b"SQ\0\0" if write == "explicit" else b""
    sequence = b"\x08\x00\x40\x11" + vr + b"\xff\xff\xff\xff" + data.open_item(w(0x00081155, b"UI", b"1.2\0")) + data.SEQUENCE_END
    head = data.identifiers(w) + sequence + w(0x00091001, b"OB", b"")[:-4] + struct.pack("<L", 0xFFFFFFF0)
    path = tmp_path / "large"
    with path.open("wb+") as file:
        file.write(head)
        file.seek(0xFFFFFFF0, 1)
        file.write(data.rest(w) + w(0x7FE00010, b"OB", b"ab"))
        file.flush()
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
            scanned = scan(mapped, EXPLICIT if write == "explicit" else IMPLICIT)
            assert scanned.frame_table.frame(0).fragments == ((len(mapped) - 2, 2),)
    assert scanned.attributes.study.study_instance_uid == "1.2.3"
    assert scanned.header_length_bytes > 2**32


def test_a_million_elements_are_not_walked_for_ever(data: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(header, "ELEMENT_LIMIT", 1000)
    scanned = scan(data.identifiers() + data.rest() + data.explicit(0x00091001, b"LO", b"") * 2000, EXPLICIT)
    assert scanned.problems == ("more than 1000 elements",)
