"""What an identifier of C-MOVE or C-GET names."""

from __future__ import annotations

import pytest

from hounsfield.dicom.data_set_writer import NewElement, encode_data_set
from hounsfield.model.frame_selection import CalculatedFrameList, InvalidFrameSelection, SimpleFrameList, TimeRange
from hounsfield.model.retrieval import Named, NamedFrames
from hounsfield.servers.dimse.identifier import UnfitIdentifier, read_identifier
from hounsfield.servers.dimse.information_model import PATIENT_ROOT, PATIENT_STUDY_ONLY, STUDY_ROOT, InformationModel
from hounsfield.servers.dimse.retrieve_identifier import asks_for_frames, named_by, named_frames

TAGS = {"level": (0x00080052, "CS"), "patient": (0x00100020, "LO"), "issuer": (0x00100021, "LO"), "study": (0x0020000D, "UI")}
TAGS |= {"series": (0x0020000E, "UI"), "sop": (0x00080018, "UI")}


def named(model: InformationModel, **values: str) -> Named:
    raw = encode_data_set([NewElement(*TAGS[name], value) for name, value in values.items()], implicit_vr=False)
    return named_by(read_identifier(raw, "1.2.840.10008.1.2.1"), model)


def test_every_level() -> None:
    assert named(PATIENT_ROOT, level="PATIENT", patient="P1") == Named("P1")
    assert named(PATIENT_ROOT, level="PATIENT", patient="P1", issuer="H") == Named("P1", "H")
    assert named(PATIENT_ROOT, level="STUDY", patient="P1", study="1.2\\1.3") == Named("P1", "", ("1.2", "1.3"))
    assert named(STUDY_ROOT, level="STUDY", study="1.2") == Named("", "", ("1.2",))
    assert named(STUDY_ROOT, level="SERIES", study="1.2", series="1.4\\1.5") == Named("", "", ("1.2",), ("1.4", "1.5"))
    assert named(STUDY_ROOT, level="IMAGE", study="1.2", series="1.4", sop="1.6") == Named("", "", ("1.2",), ("1.4",), ("1.6",))
    assert named(PATIENT_STUDY_ONLY, level="STUDY", patient="P1", study="1.2") == Named("P1", "", ("1.2",))


def test_what_is_above_may_be_left_out_and_what_is_below_is_not_looked_at() -> None:
    assert named(STUDY_ROOT, level="IMAGE", sop="1.6\\1.7") == Named("", "", (), (), ("1.6", "1.7"))
    assert named(STUDY_ROOT, level="STUDY", study="1.2", series="1.4", patient="P1") == Named("", "", ("1.2",))


@pytest.mark.parametrize(
    ("model", "values", "offending"),
    [
        (STUDY_ROOT, {"study": "1.2"}, 0x00080052),
        (STUDY_ROOT, {"level": "PATIENT", "patient": "P1"}, 0x00080052),
        (PATIENT_STUDY_ONLY, {"level": "SERIES", "series": "1.4"}, 0x00080052),
        (STUDY_ROOT, {"level": "STUDY"}, 0x0020000D),
        (STUDY_ROOT, {"level": "STUDY", "study": ""}, 0x0020000D),
        (STUDY_ROOT, {"level": "STUDY", "study": "1.2.*"}, 0x0020000D),
        (STUDY_ROOT, {"level": "SERIES", "study": "1.2\\1.3", "series": "1.4"}, 0x0020000D),
        (PATIENT_ROOT, {"level": "PATIENT"}, 0x00100020),
        (PATIENT_ROOT, {"level": "PATIENT", "patient": "P1\\P2"}, 0x00100020),
    ],
)
def test_an_identifier_that_breaks_the_rules(model: InformationModel, values: dict[str, str], offending: int) -> None:
    with pytest.raises(UnfitIdentifier) as caught:
        named(model, **values)
    assert caught.value.offending_elements == (offending,)


def frames(*keys: NewElement, implicit_vr: bool = False, uid: str = "1.6") -> NamedFrames:
    elements = [NewElement(0x00080052, "CS", "FRAME"), NewElement(0x00080018, "UI", uid), *keys]
    raw = encode_data_set(elements, implicit_vr=implicit_vr)
    identifier = read_identifier(raw, "1.2.840.10008.1.2" if implicit_vr else "1.2.840.10008.1.2.1")
    assert asks_for_frames(identifier)
    return named_frames(identifier)


@pytest.mark.parametrize("implicit_vr", [False, True])
def test_frame_range_keys(implicit_vr: bool) -> None:
    simple, calculated = NewElement(0x00081161, "UL", [1, 3]), NewElement(0x00081162, "UL", [1, 9, 2, 12, 0xFFFFFFFF, 1])
    times = NewElement(0x00081163, "FD", [0.5, 2.25])
    assert frames(simple, implicit_vr=implicit_vr) == NamedFrames("1.6", SimpleFrameList((1, 3)))
    assert frames(calculated, implicit_vr=implicit_vr) == NamedFrames("1.6", CalculatedFrameList(((1, 9, 2), (12, 0xFFFFFFFF, 1))))
    assert frames(times, implicit_vr=implicit_vr) == NamedFrames("1.6", TimeRange(0.5, 2.25))
    assert frames(simple, NewElement(0x00081163, "FD", None)).selection == SimpleFrameList((1, 3)), "an empty key asks for nothing"


@pytest.mark.parametrize(
    "keys",
    [
        (),
        (NewElement(0x00081161, "UL", [1]), NewElement(0x00081162, "UL", [1, 2, 1])),
        (NewElement(0x00081162, "UL", [1, 2]),),
        (NewElement(0x00081163, "FD", [1.0]),),
        (NewElement(0x00081163, "FD", [1.0, 2.0, 3.0]),),
        (NewElement(0x00081161, "LO", "first"),),
    ],
)
def test_frame_range_keys_that_break_the_rules(keys: tuple[NewElement, ...]) -> None:
    with pytest.raises(InvalidFrameSelection):
        frames(*keys)


def test_frames_of_one_instance() -> None:
    for uid in ("", "1.6\\1.7"):
        with pytest.raises(UnfitIdentifier) as caught:
            frames(NewElement(0x00081161, "UL", [1]), uid=uid)
        assert caught.value.offending_elements == (0x00080018,)
    with pytest.raises(UnfitIdentifier):
        frames(NewElement(0x00081161, "UL", bytes(6)))
