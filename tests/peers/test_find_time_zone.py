"""Time-zone query adjustment with pynetdicom as the requestor (PS3.4 C.2.2.2.1.3, C.5.1.1)."""

from __future__ import annotations

from collections.abc import Iterator

import pynetdicom
import pytest
from pydicom.dataset import Dataset
from pynetdicom.pdu_primitives import SOPClassExtendedNegotiation

from find_kit.client import STUDY_ROOT, identifier
from find_kit.served import Served, serving
from find_kit.synthetic import only_instance
from hounsfield.model.time_zone import fixed
from hounsfield.network.status import Status

ADJUSTING = bytes((1, 1, 0, 1))
NOT_ADJUSTING = bytes((1, 1, 0, 0))

STUDIES = {
    "1.2.1": ("20240101", "003000", ""),  # stored at +0100: 23:30 of the last day of the year before, in UTC
    "1.2.2": ("20240101", "003000", "-0500"),  # 05:30
    "1.2.3": ("20240101", "013000.250", "+0100"),  # 00:30
    "1.2.4": ("20240101", "", "+0100"),
}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Four studies, of objects that say their offset and of one that does not."""
    with serving(tmp_path_factory.mktemp("zones"), stored_zone=fixed(60)) as running:
        for number, (uid, (day, time, offset)) in enumerate(STUDIES.items()):
            values = {
                "PatientID": "P1",
                "PatientBirthDate": "19600101",
                "StudyDate": day,
                "StudyTime": time,
                "SeriesDate": day,
                "SeriesTime": time,
                "TimezoneOffsetFromUTC": offset,
            }
            running.writer.add(only_instance(number, uid, **values))
        yield running


def _ask(served: Served, extended: bytes, **keys: str) -> tuple[bytes, int, dict[str, Dataset]]:
    """What was agreed, the final status, and the answers by Study Instance UID."""
    client = pynetdicom.AE("TESTER")
    client.add_requested_context(STUDY_ROOT)
    item = SOPClassExtendedNegotiation()
    item.sop_class_uid, item.service_class_application_information = STUDY_ROOT, extended
    association = client.associate("127.0.0.1", served.port, ae_title="HOUNSFIELD", ext_neg=[item])
    assert association.is_established
    agreed = association.acceptor.sop_class_extended[STUDY_ROOT]
    asked = {"QueryRetrieveLevel": "STUDY", "StudyInstanceUID": "", "StudyDate": "", "StudyTime": "", "PatientBirthDate": ""}
    responses = list(association.send_c_find(identifier(asked | keys), STUDY_ROOT))
    association.release()
    found = {answer.StudyInstanceUID: answer for _status, answer in responses if answer is not None}
    return agreed, responses[-1][0].Status, found


@pytest.mark.parametrize(
    ("zone", "keys", "uids"),
    [
        ("+0000", {"StudyDate": "20240101"}, "234"),
        ("+0000", {"StudyDate": "20231231"}, "1"),
        ("+0100", {"StudyDate": "20240101"}, "1234"),
        ("-1200", {"StudyDate": "-20231231"}, "123"),
        ("+1400", {"StudyDate": "20240101", "StudyTime": "1900-"}, "2"),
        ("+0000", {"StudyTime": "0030-0030"}, "3"),
        ("+0000", {"StudyTime": "003000.25"}, "3"),
        ("+0000", {"StudyDate": "20231231-20240101", "StudyTime": "2330-0030"}, "134"),
        ("+0000", {"StudyDate": "20231231-20240101", "StudyTime": "2331-0029"}, "4"),
    ],
)
def test_what_matches(served: Served, zone: str, keys: dict[str, str], uids: str) -> None:
    agreed, status, found = _ask(served, ADJUSTING, TimezoneOffsetFromUTC=zone, **keys)
    assert (agreed, status) == (ADJUSTING, Status.SUCCESS)
    assert sorted(found) == [f"1.2.{number}" for number in uids]


def test_answers_are_in_the_zone_of_the_request(served: Served) -> None:
    _agreed, _status, found = _ask(served, ADJUSTING, TimezoneOffsetFromUTC="+0000")
    assert {uid: (one.StudyDate, one.StudyTime) for uid, one in found.items()} == {
        "1.2.1": ("20231231", "233000"),
        "1.2.2": ("20240101", "053000"),
        "1.2.3": ("20240101", "003000.250"),
        "1.2.4": ("20240101", ""),
    }
    assert {one.TimezoneOffsetFromUTC for one in found.values()} == {"+0000"}
    assert {one.PatientBirthDate for one in found.values()} == {"19600101"}  # the day that the patient's papers say


@pytest.mark.parametrize(("extended", "keys"), [(NOT_ADJUSTING, {"TimezoneOffsetFromUTC": "+0000"}), (ADJUSTING, {})])
def test_without_agreement_or_without_a_zone_all_stands_as_it_is_stored(served: Served, extended: bytes, keys: dict[str, str]) -> None:
    agreed, status, found = _ask(served, extended, StudyDate="20240101", **keys)
    assert (agreed, status) == (extended, Status.SUCCESS)
    said = {uid: (one.StudyDate, one.StudyTime, one.get("TimezoneOffsetFromUTC")) for uid, one in found.items()}
    offsets = {uid: offset or "" if keys else None for uid, (_day, _time, offset) in STUDIES.items()}
    assert said == {uid: (day, time, offsets[uid]) for uid, (day, time, _offset) in STUDIES.items()}


def test_an_offset_that_is_none_is_refused(served: Served) -> None:
    _agreed, status, found = _ask(served, ADJUSTING, TimezoneOffsetFromUTC="CET")
    assert (status, found) == (Status.DATA_SET_DOES_NOT_MATCH, {})
