"""What an identifier of C-MOVE or C-GET names."""

from __future__ import annotations

import pytest

from hounsfield.dicom.data_set_writer import NewElement, encode_data_set
from hounsfield.model.retrieval import Named
from hounsfield.servers.dimse.identifier import UnfitIdentifier, read_identifier
from hounsfield.servers.dimse.information_model import PATIENT_ROOT, PATIENT_STUDY_ONLY, STUDY_ROOT, InformationModel
from hounsfield.servers.dimse.retrieve_identifier import named_by

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
