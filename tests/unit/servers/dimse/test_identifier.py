"""Identifiers as requests bring them."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hounsfield.dicom.character_sets import character_set
from hounsfield.dicom.data_set_writer import NewElement, encode_data_set
from hounsfield.dicom.dictionary import tag_of, vr_of
from hounsfield.dicom.transfer_syntaxes import EXPLICIT_VR_LITTLE_ENDIAN, IMPLICIT_VR_LITTLE_ENDIAN
from hounsfield.index.criteria import ATTRIBUTES, criteria
from hounsfield.index.dialect import dialect_for
from hounsfield.index.zones import narrowed
from hounsfield.model.query import Level
from hounsfield.model.time_zone import UTC
from hounsfield.servers.dimse import identifier
from hounsfield.servers.dimse.find_keys import Agreed, read_find_request
from hounsfield.servers.dimse.identifier import Asked, Identifier, UnfitIdentifier, read_identifier
from hounsfield.servers.dimse.information_model import PATIENT_ROOT, PATIENT_STUDY_ONLY, STUDY_ROOT

DIALECT = dialect_for("nowhere.sqlite")
SYNTAXES = [(IMPLICIT_VR_LITTLE_ENDIAN, True), (EXPLICIT_VR_LITTLE_ENDIAN, False)]


def _read(elements: list[NewElement], characters: bytes = b"ISO_IR 192", *, implicit_vr: bool = False) -> identifier.Identifier:
    if characters:
        elements = [NewElement(0x00080005, "CS", characters), *elements]
    raw = encode_data_set(elements, implicit_vr=implicit_vr, characters=character_set(characters))
    return read_identifier(raw, IMPLICIT_VR_LITTLE_ENDIAN if implicit_vr else EXPLICIT_VR_LITTLE_ENDIAN)


@pytest.mark.parametrize("implicit_vr", [True, False])
def test_values_are_decoded_by_the_requests_character_set(implicit_vr: bool) -> None:
    elements = [
        NewElement(0x00080052, "CS", "STUDY"),
        NewElement(0x00080061, "CS", "CT\\MR"),
        NewElement(0x00080201, "SH", "+0100"),
        NewElement(0x00100010, "PN", "Müller^Jörg"),
        NewElement(0x00280010, "US", 512),
        NewElement(0x00400275, "SQ", [[NewElement(0x00400007, "LO", "Schädel ")]]),
    ]
    found = _read(elements, b"ISO_IR 100", implicit_vr=implicit_vr)
    assert found.level(STUDY_ROOT) is Level.STUDY
    assert found.text(0x00100010) == "Müller^Jörg"
    assert found.elements[0x00080061].values == ("CT", "MR")
    assert found.text(0x00280010) == "512"
    assert found.time_zone == "+0100"
    assert found.items(0x00400275)[0][0x00400007].text == "Schädel"
    assert found.text(0x00100020) == "" and 0x00100020 not in found


def test_levels_that_are_none_of_the_models() -> None:
    for text, model in (("PATIENT", STUDY_ROOT), ("SERIES", PATIENT_STUDY_ONLY), ("WORKLIST", STUDY_ROOT), ("", STUDY_ROOT)):
        with pytest.raises(UnfitIdentifier) as raised:
            _read([NewElement(0x00080052, "CS", text)]).level(model)
        assert raised.value.offending_elements == (0x00080052,)


def test_uids_are_checked() -> None:
    found = _read([NewElement(0x0020000D, "UI", "1.2.3\\1.2.4\\1.2.3"), NewElement(0x0020000E, "UI", "1.2\\nonsense")])
    assert found.uids(0x0020000D) == ("1.2.3", "1.2.4")
    assert found.uids(0x00080018) == ()
    with pytest.raises(UnfitIdentifier):
        found.uid(0x0020000D)
    with pytest.raises(UnfitIdentifier) as raised:
        found.uids(0x0020000E)
    assert raised.value.offending_elements == (0x0020000E,)


@pytest.mark.parametrize(
    "raw",
    [
        b"\x08\x00\x52\x00CS\x10\x00STUDY ",  # shorter than it says
        b"\x08\x00\x05\x00CS\x04\x00ROT6\x08\x00\x52\x00CS\x06\x00STUDY ",  # no character set of the standard
        b"\x28\x00\x10\x00US\x03\x00\x01\x02\x03",  # half a number
    ],
)
def test_what_cannot_be_read(raw: bytes) -> None:
    with pytest.raises(UnfitIdentifier):
        read_identifier(raw, EXPLICIT_VR_LITTLE_ENDIAN)


def test_too_many_elements_and_too_deep() -> None:
    with pytest.raises(UnfitIdentifier, match="elements"):
        _read([NewElement(0x00110010 + index, "LO", "x") for index in range(identifier.MAX_ELEMENTS + 1)])
    nested = [NewElement(0x00400275, "SQ", [[]])]
    for _ in range(identifier.MAX_DEPTH):
        nested = [NewElement(0x00400275, "SQ", [nested])]
    with pytest.raises(UnfitIdentifier, match="deeper"):
        _read(nested)


@given(st.binary(max_size=200), st.sampled_from([uid for uid, _implicit in SYNTAXES]))
def test_any_bytes_are_an_identifier_or_none(raw: bytes, transfer_syntax_uid: str) -> None:
    with contextlib.suppress(UnfitIdentifier):
        found = read_identifier(raw, transfer_syntax_uid)
        with contextlib.suppress(UnfitIdentifier):
            read_find_request(found, PATIENT_ROOT, Agreed(relational=True, date_time=True, time_zone=True, empty_value=True), UTC)


KEYS = st.sampled_from(["PatientName", "StudyDate", "StudyTime", "StudyInstanceUID", "ModalitiesInStudy", "SeriesNumber", "PatientWeight"])


DATES = st.sampled_from(["00010101", "20240230", "99991231-", "-00010101", "20240101-20240230", "20240101\\20240103-"])


@given(st.dictionaries(KEYS, st.text(max_size=20) | DATES), st.sampled_from(["", "+0000", "-1200", "+1400", "x"]))
def test_any_values_are_a_query_or_none(keys: dict[str, str], time_zone: str) -> None:
    elements = {tag: Asked(tag, vr_of(tag), text) for keyword, text in keys.items() if (tag := tag_of(keyword))}
    elements[0x00080052] = Asked(0x00080052, "CS", "IMAGE")
    asked = Identifier(character_set(b""), time_zone, elements)
    with contextlib.suppress(UnfitIdentifier):
        request = read_find_request(asked, PATIENT_ROOT, Agreed(relational=True, date_time=True, time_zone=True), UTC)
        query = request.query if request.zone is None else narrowed(request.query, request.zone)[0]
        for key in query.keys:
            if key.keyword in ATTRIBUTES:
                criteria(ATTRIBUTES[key.keyword], key.match, DIALECT, fuzzy=True)  # what is let through here, the index understands
