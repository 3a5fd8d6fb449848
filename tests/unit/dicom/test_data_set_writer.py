"""Writer and reader, each against the other and against pydicom."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pydicom
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hounsfield.dicom.character_sets import character_set
from hounsfield.dicom.data_set_writer import NewElement, encode_data_set, encode_tree, with_encoded_sequences
from hounsfield.dicom.element_tree import DataSet, read_data_set
from hounsfield.dicom.json_model import data_set_json

EXPLICIT = "1.2.840.10008.1.2.1"
IMPLICIT = "1.2.840.10008.1.2"

words = st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\\\0^=", exclude_categories=("Cs", "Cc", "Zs")), max_size=20)
private = st.integers(0x00091001, 0x000910FF)
leaves = st.one_of(
    st.builds(NewElement, private, st.sampled_from(["LO", "SH", "UC", "PN"]), words),
    st.builds(NewElement, private, st.sampled_from(["UT", "LT", "ST"]), words),
    st.builds(NewElement, private, st.just("US"), st.lists(st.integers(0, 65535), min_size=1, max_size=4)),
    st.builds(NewElement, private, st.just("SL"), st.integers(-(2**31), 2**31 - 1)),
    st.builds(NewElement, private, st.just("UV"), st.integers(0, 2**64 - 1)),
    st.builds(NewElement, private, st.just("FD"), st.lists(st.floats(allow_nan=False), min_size=1, max_size=3)),
    st.builds(NewElement, private, st.just("AT"), st.integers(0, 2**32 - 1)),
    st.builds(NewElement, private, st.sampled_from(["OB", "UN", "OW"]), st.binary(max_size=40).filter(lambda raw: len(raw) % 2 == 0)),
    st.builds(NewElement, private, st.sampled_from(["LO", "SQ", "OB", "FL"]), st.none()),
)


def unique(elements: list[NewElement]) -> list[NewElement]:
    """One element a tag."""
    return list({element.tag: element for element in elements}.values())


elements = st.recursive(
    st.lists(leaves, max_size=6).map(unique),
    lambda inner: st.lists(st.one_of(leaves, st.builds(NewElement, private, st.just("SQ"), st.lists(inner, max_size=3))), max_size=6).map(
        unique
    ),
    max_leaves=12,
)


def values(data_set: DataSet) -> list[Any]:
    """What was read, comparable."""
    return [
        (element.tag, element.vr, bytes(element.value) if element.items is None else [values(item) for item in element.items])
        for element in data_set
    ]


@given(elements)
def test_explicit_both_ways(written: list[NewElement]) -> None:
    raw = encode_data_set([NewElement(0x00080005, "CS", "ISO_IR 192"), *written], implicit_vr=False)
    tree = read_data_set(raw, EXPLICIT)
    assert tree.problems == []
    assert encode_tree(tree, implicit_vr=False) == raw
    assert [element.tag for element in tree] == sorted({0x00080005, *(element.tag for element in written)})
    for element in written:
        if isinstance(element.value, str):
            assert tree.text(element.tag) == element.value
        elif isinstance(element.value, bytes):
            read = tree.get(element.tag)
            assert read is not None and bytes(read.value) == element.value


@given(elements)
def test_implicit_keeps_every_value(written: list[NewElement]) -> None:
    raw = encode_data_set(written, implicit_vr=True)
    tree = read_data_set(raw, IMPLICIT)
    assert tree.problems == []
    explicit = read_data_set(encode_data_set(written, implicit_vr=False), EXPLICIT)
    for ours, theirs in zip(tree, explicit, strict=True):
        if theirs.items is None:
            assert bytes(ours.value) == bytes(theirs.value)


@given(elements)
def test_pydicom_reads_the_same(written: list[NewElement]) -> None:
    raw = encode_data_set([NewElement(0x00080005, "CS", "ISO_IR 192"), *written], implicit_vr=False)
    theirs = pydicom.dcmread(BytesIO(raw), force=True)
    ours = read_data_set(raw, EXPLICIT)
    assert [int(element.tag) for element in theirs] == [element.tag for element in ours]
    assert [element.VR for element in theirs] == [element.vr for element in ours]


def test_a_command_set_has_its_group_length() -> None:
    raw = encode_data_set([NewElement(0x00000110, "US", 7), NewElement(0x00000100, "US", 0x0030)], implicit_vr=True, group_length=True)
    assert raw == b"\0\0\0\0\x04\0\0\0\x14\0\0\0" + b"\0\0\0\x01\x02\0\0\0\x30\0" + b"\0\0\x10\x01\x02\0\0\0\x07\0"


@given(elements, st.booleans())
def test_encoded_sequences_are_written_as_they_are(written: list[NewElement], implicit_vr: bool) -> None:
    encoded = with_encoded_sequences(written, implicit_vr=implicit_vr)
    assert all(isinstance(element.value, bytes) for element in encoded.values() if element.vr == "SQ")
    assert encode_data_set(encoded.values(), implicit_vr=implicit_vr) == encode_data_set(written, implicit_vr=implicit_vr)


def test_padding_is_the_vrs_own() -> None:
    raw = encode_data_set(
        [NewElement(0x00080016, "UI", "1.2"), NewElement(0x00080060, "CS", "CTX"), NewElement(0x00091001, "OB", b"a")], implicit_vr=True
    )
    assert raw == b"\x08\0\x16\0\4\0\0\x001.2\0" + b"\x08\0\x60\0\4\0\0\0CTX " + b"\x09\0\x01\x10\2\0\0\0a\0"


def test_a_value_too_long_for_its_length_field_goes_as_unknown() -> None:
    tree = read_data_set(encode_data_set([NewElement(0x00091001, "LO", "x" * 70_000)], implicit_vr=False), EXPLICIT)
    element = tree.get(0x00091001)
    assert element is not None
    assert (element.vr, len(element.value)) == ("UN", 70_000)


def test_text_in_another_character_set() -> None:
    raw = encode_data_set([NewElement(0x00100010, "PN", "Müller^Łukasz")], implicit_vr=True, characters=character_set(b"ISO_IR 100"))
    assert raw.endswith(b"M\xfcller^?ukasz ")


@pytest.mark.parametrize(
    "element",
    [
        NewElement(0x00280010, "US", 70_000),
        NewElement(0x00280010, "US", -1),
        NewElement(0x00100010, "PN", 5),
        NewElement(0x00081140, "SQ", [1]),
    ],
)
def test_what_does_not_fit_is_refused(element: NewElement) -> None:
    with pytest.raises(ValueError):
        encode_data_set([element], implicit_vr=True)


def test_json_of_what_was_written() -> None:
    raw = encode_data_set(
        [NewElement(0x00100010, "PN", "山田^太郎"), NewElement(0x00080005, "CS", "ISO_IR 192"), NewElement(0x00200013, "IS", [1])],
        implicit_vr=False,
    )
    assert '"00100010":{"vr":"PN","Value":[{"Alphabetic":"山田^太郎"}]}' in data_set_json(raw, EXPLICIT, bulk_data_uri=None).decode()
