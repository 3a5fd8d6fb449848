"""What rules make of a data set: the values that count, what stood there before, and everything else as it was."""

from __future__ import annotations

import struct
import tracemalloc
from collections.abc import Callable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hounsfield.dicom.coerced import Provenance, edits_for, elements_for, overlay_for, values_for_index
from hounsfield.dicom.data_set_writer import NewElement, encode_data_set
from hounsfield.dicom.edits import edited, growth_bytes
from hounsfield.dicom.element_tree import DataSet, read_data_set
from hounsfield.dicom.header import attributes_with, scan_header
from hounsfield.dicom.top_level import MOST_ELEMENTS, read_top_level
from hounsfield.dicom.transfer_syntaxes import EXPLICIT_VR_LITTLE_ENDIAN, IMPLICIT_VR_LITTLE_ENDIAN
from hounsfield.model.coercion import CoercionAction, CoercionRule
from hounsfield.model.entities import ObjectAttributes
from hounsfield.model.overlay import NO_OVERLAY, Overlay, Treatment

PROVENANCE = Provenance("CT1", 1_700_000_000_123_456_789)
EXPLICIT, IMPLICIT = EXPLICIT_VR_LITTLE_ENDIAN, IMPLICIT_VR_LITTLE_ENDIAN
E = NewElement


def rule(words: str) -> CoercionRule:
    action, _, rest = words.partition(" ")
    attribute, _, value = rest.partition("=")
    return CoercionRule(attribute, CoercionAction(action), value)


def coerced(header: bytes, *rules: str, default: str = "", syntax: str = EXPLICIT) -> tuple[bytes, Overlay]:
    overlay = overlay_for(header, syntax, Treatment(tuple(map(rule, rules)), default, "HOUNSFIELD"))
    assert Overlay.from_bytes(overlay.to_bytes()) == overlay
    return b"".join(edited([header], edits_for(header, syntax, overlay, PROVENANCE))), overlay


def read(header: bytes, syntax: str = EXPLICIT) -> DataSet:
    tree = read_data_set(header, syntax)
    assert tree.whole
    assert list(tree.elements) == sorted(tree.elements)
    return tree


def previous(tree: DataSet) -> DataSet:
    (item,) = tree.items(0x04000561)[-1].items(0x04000550)
    return item


def data_set(*elements: NewElement, syntax: str = EXPLICIT) -> bytes:
    return encode_data_set(elements, implicit_vr=syntax == IMPLICIT)


@pytest.mark.parametrize(
    ("words", "tag", "before", "after"),
    [
        ("set PatientID=9", 0x00100020, "1", "9"),
        ("set PatientID=9", 0x00100020, None, "9"),
        ("set PatientID=9", 0x00100020, "9 ", "9 "),
        ("set_if_empty PatientID=9", 0x00100020, "1", "1"),
        ("set_if_empty PatientID=9", 0x00100020, "", "9"),
        ("set_if_empty PatientID=9", 0x00100020, "  ", "9"),
        ("set_if_empty PatientID=9", 0x00100020, None, "9"),
        ("prefix PatientID=A-", 0x00100020, "1", "A-1"),
        ("prefix PatientID=A-", 0x00100020, "A-1", "A-1"),
        ("prefix PatientID=A-", 0x00100020, "", ""),
        ("prefix PatientID=A-", 0x00100020, None, None),
        ("suffix PatientID=-A", 0x00100020, "1 ", "1-A"),
        ("prefix OtherPatientIDs=A-", 0x00101000, "1\\2\\\\A-3", "A-1\\A-2\\\\A-3"),
        ("prefix PatientComments=A", 0x00104000, "1\\2", "A1\\2"),
        ("suffix PatientName=^^Dr", 0x00100010, "Doe^J=X=Y", "Doe^J^^Dr=X=Y"),
        ("remove PatientID", 0x00100020, "1", None),
        ("remove PatientID", 0x00100020, None, None),
    ],
)
@pytest.mark.parametrize("syntax", [EXPLICIT, IMPLICIT])
def test_each_action(words: str, tag: int, before: str | None, after: str | None, syntax: str) -> None:
    vr = {0x00100010: "PN", 0x00104000: "LT"}.get(tag, "LO")
    neighbours = [E(0x00080060, "CS", "CT"), E(0x00200010, "SH", "S")]
    header = data_set(*neighbours, *([] if before is None else [E(tag, vr, before)]), syntax=syntax)
    out, overlay = coerced(header, words, syntax=syntax)
    tree = read(out, syntax)
    if after == before:
        assert (out, overlay) == (header, NO_OVERLAY)
        return
    assert (tag in tree) == (after is not None)
    assert tree.text(tag) == (after or "")
    assert previous(tree).text(tag) == (before or "").strip()
    assert (tree.text(0x00080060), tree.text(0x00200010)) == ("CT", "S")
    assert tree.text(0x00080015) == "20231114221320.123456+0000"


def test_rules_follow_each_other() -> None:
    header = data_set(E(0x00100020, "LO", "1"), E(0x00100010, "PN", "Doe"))
    out, overlay = coerced(
        header, "set PatientID=2", "prefix PatientID=A", "set PatientName=Doe", "set AccessionNumber=1", "remove AccessionNumber"
    )
    assert read(out).text(0x00100020) == "A2"
    assert [one.attribute for one in overlay.rules] == ["PatientID", "PatientID"]
    assert previous(read(out)).text(0x00100020) == "1"


def test_what_is_said_of_the_change() -> None:
    out, _ = coerced(data_set(E(0x00100020, "LO", "1"), E(0x00100021, "LO", "SITE")), "set PatientID=2")
    (item,) = read(out).items(0x04000561)
    assert [(element.tag, bytes(element.value)) for element in item if element.items is None] == [
        (0x04000562, b"20231114221320.123456+0000"),
        (0x04000563, b"HOUNSFIELD"),
        (0x04000564, b"CT1 "),
        (0x04000565, b"COERCE"),
    ]
    assert previous(read(out)).text(0x00100021) == "SITE", "which tells whose Patient ID it was"


@pytest.mark.parametrize("form", ["defined", "undefined", "UN"])
def test_earlier_records_are_preserved(form: str) -> None:
    earlier = [E(0x04000550, "SQ", [[E(0x00100020, "LO", "0")]]), E(0x04000565, "CS", "CORRECT")]
    item = encode_data_set(earlier, implicit_vr=form == "UN")
    items = struct.pack("<HHL", 0xFFFE, 0xE000, len(item)) + item
    if form == "undefined":
        items += struct.pack("<HHL", 0xFFFE, 0xE0DD, 0)
        head = struct.pack("<HH2sHL", 0x0400, 0x0561, b"SQ", 0, 0xFFFFFFFF)
    else:
        head = struct.pack("<HH2sHL", 0x0400, 0x0561, b"UN" if form == "UN" else b"SQ", 0, len(items))
    header = data_set(E(0x00100020, "LO", "1")) + head + items
    out, _ = coerced(header, "set PatientID=2")
    if form == "UN":  # what an implicit VR data set would have; readers take it apart by the dictionary
        assert (head[4:6], out[out.index(head[:6]) :][4:6]) == (b"UN", b"UN")
        value = out[out.index(head[:6]) + 12 :]
        tree = read(struct.pack("<HHL", 0x0400, 0x0561, len(value)) + value, IMPLICIT)
    else:
        tree = read(out)
    first, second = tree.items(0x04000561)
    assert (first.text(0x04000565), second.text(0x04000565)) == ("CORRECT", "COERCE")
    assert first.items(0x04000550)[0].text(0x00100020) == "0"
    assert second.items(0x04000550)[0].text(0x00100020) == "1"


def test_a_text_that_the_character_set_cannot_express_brings_utf_8() -> None:
    header = data_set(
        E(0x00080005, "CS", "ISO_IR 100"),
        E(
            0x00081110,
            "SQ",
            [[E(0x00080005, "CS", "ISO_IR 144"), E(0x0040A123, "PN", "Иванов".encode("iso8859-5"))], [E(0x00081155, "UI", "1.2")]],
        ),
        E(0x00100010, "PN", "Müller".encode("latin-1")),
        E(0x00100020, "LO", "1"),
        E(0x00280010, "US", 5),
    )
    tree = read(coerced(header, "set PatientID=王")[0])
    assert tree.text(0x00080005) == "ISO_IR 192"
    assert (tree.text(0x00100010), tree.text(0x00100020)) == ("Müller", "王")
    first, second = tree.items(0x00081110)
    assert first.text(0x0040A123) == "Иванов"
    assert 0x00080005 not in first
    assert second.text(0x00081155) == "1.2"
    assert previous(tree).text(0x00080005) == "ISO_IR 100"
    assert bytes(tree.elements[0x00280010].value) == b"\5\0"


def test_a_text_that_the_character_set_has_leaves_it() -> None:
    header = data_set(E(0x00080005, "CS", "ISO_IR 100"), E(0x00100010, "PN", "Müller".encode("latin-1")), E(0x00100020, "LO", "1"))
    tree = read(coerced(header, "set InstitutionName=Zürich", "suffix PatientName=é")[0])
    assert tree.text(0x00080005) == "ISO_IR 100"
    assert (tree.text(0x00080080), tree.text(0x00100010)) == ("Zürich", "Mülleré")
    assert previous(tree).text(0x00100010) == "Müller"


def test_a_default_character_set_counts_for_rules_too() -> None:
    header = data_set(E(0x00100010, "PN", "Иванов".encode("iso8859-5")))
    out, overlay = coerced(header, "suffix PatientName=ич", default="ISO_IR 144")
    assert (overlay.character_set, overlay.system) == ("ISO_IR 144", "HOUNSFIELD")
    tree = read(out)
    assert (tree.text(0x00080005), tree.text(0x00100010)) == ("ISO_IR 144", "Иванович")
    assert previous(tree).text(0x00100010) == "Иванов"


def test_lengths_of_groups_that_change_go() -> None:
    header = data_set(
        E(0x00080000, "UL", 1), E(0x00080060, "CS", "CT"), E(0x00100000, "UL", 2), E(0x00100020, "LO", "1"), E(0x00200000, "UL", 3)
    )
    tree = read(coerced(header, "set PatientID=2")[0])
    assert [tag for tag in tree.elements if not tag & 0xFFFF] == [0x00200000]


def test_an_element_that_stands_twice_and_out_of_order() -> None:
    one, two, modality = (data_set(element) for element in (E(0x00100020, "LO", "1"), E(0x00100020, "LO", "2"), E(0x00080060, "CS", "CT")))
    out, _ = coerced(one + modality + two, "set PatientID=9")
    tree = read_data_set(out, EXPLICIT)
    assert tree.text(0x00100020) == "9"
    assert out.count(struct.pack("<HH", 0x0010, 0x0020)) == 2, "once more in the record of the change"


def test_a_stray_delimitation_hides_nothing() -> None:
    stray = struct.pack("<HHL", 0xFFFE, 0xE00D, 0)
    header = data_set(E(0x00080060, "CS", "CT")) + stray + data_set(E(0x00100020, "LO", "1"), E(0x00200010, "SH", "S"))
    out, _ = coerced(header, "prefix PatientID=A-", "set PatientName=Doe")
    tree = read_data_set(out, EXPLICIT)
    assert [tree.text(tag) for tag in (0x00100010, 0x00100020, 0x00200010)] == ["Doe", "A-1", "S"]


def test_what_cannot_be_read_stays_behind_what_can() -> None:
    header = data_set(E(0x00100020, "LO", "1")) + b"\x20\0\x10\0SH\xff\xffcut"
    out, _ = coerced(header, "set PatientID=2", "set StudyID=5")
    assert out.endswith(b"\x20\0\x10\0SH\xff\xffcut")
    assert read_data_set(out, EXPLICIT).text(0x00100020) == "2"


def uids() -> list[NewElement]:
    """The least that the index takes."""
    return [
        E(0x00080016, "UI", "1.2.840.10008.5.1.4.1.1.2"),
        E(0x00080018, "UI", "1.2.3.4.5"),
        E(0x00100020, "LO", "1"),
        E(0x0020000D, "UI", "1.2.3"),
        E(0x0020000E, "UI", "1.2.3.4"),
    ]


def peak_bytes(call: Callable[[], object]) -> int:
    tracemalloc.start()
    try:
        call()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("syntax", [EXPLICIT, IMPLICIT])
@pytest.mark.parametrize("words", ["prefix PatientID=A-", "remove PatientID", "set InstitutionName=Klinik 王"])
def test_the_index_sees_what_the_edited_header_has(words: str, syntax: str) -> None:
    texts = [
        E(0x00080005, "CS", "ISO_IR 100"),
        E(0x00081030, "LO", "Sch\xe4del".encode("latin-1")),
        E(0x00400275, "SQ", [[E(0x00321060, "LO", b"Sch\xe4del")]]),
        E(0x00420011, "OB", bytes(1 << 18)),
    ]
    header = data_set(*sorted(uids() + texts), syntax=syntax)
    out, overlay = coerced(header, words, syntax=syntax)
    seen = attributes_with(header, syntax, values_for_index(header, syntax, overlay))
    assert seen == scan_header(out, syntax).attributes
    assert seen != scan_header(header, syntax).attributes


def test_the_index_takes_no_more_memory_for_long_headers() -> None:
    private = [E(0x00091000 + number, "LT", b"\xe9" + bytes(60_000)) for number in range(150)]
    header = data_set(*sorted([*uids(), *private, E(0x00204000, "LT", "x" * 70_000), E(0x00104000, "LT", "é" * 40_000)]))
    overlay = overlay_for(header, EXPLICIT, Treatment((rule("set PatientName=王"),), "", "S"))

    def seen() -> ObjectAttributes:
        return attributes_with(header, EXPLICIT, values_for_index(header, EXPLICIT, overlay))

    assert seen().patient.name == "王"
    assert b"00104000" not in seen().study.json, "too long to be looked at"
    assert peak_bytes(seen) < 1 << 20


def test_the_default_character_set_is_judged_without_the_texts_in_memory() -> None:
    nested = [[E(0x0040A160, "UT", b"\xe9" * (1 << 20))] for _ in range(8)]
    header = data_set(E(0x00081110, "SQ", nested), E(0x00100010, "PN", b"M\xfc"), E(0x00204000, "UT", b"\xe9" * (9 << 20)))
    treatment = Treatment((), "ISO_IR 100", "S")
    assert overlay_for(header, EXPLICIT, treatment).character_set == "ISO_IR 100"
    assert peak_bytes(lambda: overlay_for(header, EXPLICIT, treatment)) < 8 << 20


def test_a_long_text_in_an_item_stays_in_its_character_set() -> None:
    long = b"\xe9" * ((1 << 20) + 2)
    items = [[E(0x0040A123, "PN", b"M\xfc"), E(0x0040A160, "UT", long)]]
    header = data_set(E(0x00080005, "CS", "ISO_IR 100"), E(0x00081110, "SQ", items))
    (item,) = read(coerced(header, "set PatientID=王")[0]).items(0x00081110)
    assert (item.text(0x0040A123), bytes(item.elements[0x0040A160].value) == long) == ("Mü", True)


def test_elements_by_tag() -> None:
    header = data_set(E(0x00100020, "LO", "1"), E(0x00100040, "CS", "M"))
    overlay = Overlay((rule("set PatientID=2"), rule("remove PatientSex")), "", "S")
    elements = elements_for(header, EXPLICIT, overlay, PROVENANCE)
    assert sorted(elements) == [0x00080015, 0x00100020, 0x00100040, 0x04000561]
    assert elements[0x00100040] == b""


def test_a_text_too_long_to_be_looked_at() -> None:
    header = data_set(E(0x00100010, "PN", "Doe"), E(0x00204000, "UT", "x" * (1 << 20) + "é" * 10))
    assert coerced(header, "prefix ImageComments=A", "set_if_empty ImageComments=B") == (header, NO_OVERLAY)
    tree = read(coerced(header, "set ImageComments=C", "set PatientName=王")[0])
    assert (tree.text(0x00204000), bytes(previous(tree).elements[0x00204000].value)) == ("C", b"")
    assert 0x00204000 not in read(coerced(header, "remove ImageComments")[0])


def test_no_more_elements_than_an_object_has() -> None:
    header = data_set(*[E(0x00090000 + number, "LO", "") for number in range(16, MOST_ELEMENTS + 16)], E(0x00100020, "LO", "1"))
    assert len(read_top_level(header, EXPLICIT).spans) == MOST_ELEMENTS
    assert read_data_set(coerced(header, "set PatientID=2")[0], EXPLICIT).text(0x00100020) == "2"


@given(st.data())
def test_damaged_headers(data: st.DataObject) -> None:
    """Nothing is raised, and all that no edit touches passes through."""
    header = bytearray(
        data_set(
            E(0x00080005, "CS", "ISO_IR 100"),
            E(0x00081110, "SQ", [[E(0x0040A123, "PN", b"\xd6")]]),
            E(0x00100010, "PN", b"M\xfc"),
            E(0x00100020, "LO", "1"),
            E(0x04000561, "SQ", [[E(0x04000565, "CS", "CORRECT")]]),
        )
    )
    for _ in range(data.draw(st.integers(1, 4))):
        header[data.draw(st.integers(0, len(header) - 1))] = data.draw(st.integers(0, 255))
    damaged = bytes(header[: data.draw(st.integers(0, len(header)))])
    syntax = data.draw(st.sampled_from([EXPLICIT, IMPLICIT, "1.2.840.10008.1.2.2"]))
    rules = tuple(map(rule, ("prefix PatientID=A", "set InstitutionName=王", "remove PatientName")))
    overlay = overlay_for(damaged, syntax, Treatment(rules, "ISO_IR 100", "HOUNSFIELD"))
    edits = edits_for(damaged, syntax, overlay, PROVENANCE)
    assert [edit.offset_bytes for edit in edits] == sorted(edit.offset_bytes for edit in edits)
    assert len(b"".join(edited([damaged], edits))) == len(damaged) + growth_bytes(edits)
    assert all(edit.offset_bytes + edit.removed_bytes <= len(damaged) for edit in edits)


def test_nothing_is_nothing() -> None:
    assert Overlay.from_bytes(b"") is NO_OVERLAY
    assert NO_OVERLAY.to_bytes() == b""
    assert not Treatment()
    assert Treatment().largest_overlay == b""
    for header in (b"", b"\0", bytes(40), b"\xff" * 100):
        assert coerced(header, "prefix PatientID=1") == (header, NO_OVERLAY)


def test_no_overlay_is_longer_than_the_largest() -> None:
    rules: Sequence[CoercionRule] = [rule("set PatientID=9"), rule("set_if_empty PatientName=Ü"), rule("remove PatientSex")]
    treatment = Treatment(tuple(rules), "ISO_IR 100", "HOUNSFIELD")
    for header in (data_set(E(0x00100010, "PN", b"\xfc")), data_set(E(0x00100040, "CS", "M")), data_set(E(0x00100020, "LO", "9"))):
        overlay = overlay_for(header, EXPLICIT, treatment)
        assert 0 < len(overlay.to_bytes()) <= len(treatment.largest_overlay)
