"""Optional keys that only the objects hold, asked of what a query names (PS3.4 C.6)."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pydicom
import pytest
from pydicom.dataset import Dataset, FileMetaDataset

from find_kit.client import EVERYTHING, PATIENT_ROOT, Answer, FindClient, identifier
from find_kit.served import ORIGIN, Served, serving
from hounsfield.model.coercion import CoercionAction, CoercionRule
from hounsfield.model.overlay import Treatment
from hounsfield.model.time_zone import fixed
from hounsfield.network.status import Status
from hounsfield.services.header_attributes import MOST_HEADER_BYTES, HeaderAttributes

WHOLE, PARTIAL = {Status.PENDING}, {Status.PENDING_WITHOUT_OPTIONAL_KEYS}
EXPLICIT, DEFLATED = "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.1.99"


def _code(value: str, meaning: str) -> Dataset:
    code = Dataset()
    code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = value, "99TEST", meaning
    return code


def _object(study: int, series: int, number: int, **more: object) -> Dataset:
    made = Dataset()
    made.SpecificCharacterSet = "ISO_IR 100"
    made.SOPClassUID = "1.2.840.10008.5.1.4.1.1.2"
    made.SOPInstanceUID = f"1.2.{study}.{series}.{number}"
    made.StudyInstanceUID, made.SeriesInstanceUID = f"1.2.{study}", f"1.2.{study}.{series}"
    made.PatientID, made.PatientName, made.Modality = f"P{study}", "Müller^Jörg", "CT"
    made.OtherPatientNames = "Schäfer^Jörg"
    other = Dataset()
    other.PatientID, other.TypeOfPatientID = f"OTHER{study}", "TEXT"
    made.OtherPatientIDsSequence = [other]
    made.ProcedureCodeSequence = [_code("A", "Schädel"), _code(f"B{study}", "Thorax")]
    made.SoftwareVersions = ["1.0", f"{series}.5"]
    made.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL" if number == 1 else "LOCALIZER"]
    made.ImageComments = f"Bild {number}"
    made.SliceLocation = f"{number}.50"
    made.AcquisitionDate, made.AcquisitionTime, made.AcquisitionDateTime = "20240101", f"0{number}3000", f"202401010{number}3000"
    made.PatientBirthDate, made.PatientBirthTime = "19600101", "0030"
    for keyword, value in more.items():
        setattr(made, keyword, value)
    return made


def _save(made: Dataset, path: Path, transfer_syntax: str = EXPLICIT) -> Path:
    made.file_meta = FileMetaDataset()
    made.file_meta.TransferSyntaxUID = transfer_syntax
    made.save_as(path, enforce_file_format=True)
    return path


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """One study of two series, and studies whose headers are not read: one is deflated, one is long."""
    folder = tmp_path_factory.mktemp("objects")
    objects = [_object(1, series, number) for series in (1, 2) for number in (1, 2)]
    files = [_save(one, folder / f"{one.SOPInstanceUID}.dcm") for one in objects]
    files.append(_save(_object(2, 1, 1), folder / "deflated.dcm", DEFLATED))
    files.append(_save(_object(3, 1, 1, TextValue="x" * MOST_HEADER_BYTES), folder / "long.dcm"))
    with serving(tmp_path_factory.mktemp("find"), stored_zone=fixed(60)) as running:
        assert running.keep(files) == files
        yield running


@pytest.fixture(scope="module")
def client(served: Served) -> Iterator[FindClient]:
    """With everything agreed."""
    with FindClient(served.port, EVERYTHING) as connected:
        yield connected


def _find(client: FindClient, level: str, **keys: object) -> Answer:
    answer = client.find(identifier({"QueryRetrieveLevel": level, **keys}), PATIENT_ROOT)
    assert answer.final.status == Status.SUCCESS, answer.final.values
    return answer


class TestWhatIsReturned:
    def test_of_a_patient(self, client: FindClient) -> None:
        answer = _find(client, "PATIENT", PatientID="P1", OtherPatientNames="", OtherPatientIDsSequence=[])
        (one,) = answer.found
        assert answer.statuses == WHOLE
        assert str(one.OtherPatientNames) == "Schäfer^Jörg"
        assert [(item.PatientID, item.TypeOfPatientID) for item in one.OtherPatientIDsSequence] == [("OTHER1", "TEXT")]

    def test_of_a_study(self, client: FindClient) -> None:
        answer = _find(client, "STUDY", PatientID="P1", ProcedureCodeSequence=[], ReferencedStudySequence=[], OtherStudyNumbers="")
        (one,) = answer.found
        assert answer.statuses == WHOLE
        assert [item.CodeMeaning for item in one.ProcedureCodeSequence] == ["Schädel", "Thorax"]
        assert (len(one.ReferencedStudySequence), one.OtherStudyNumbers) == (0, None)  # nothing is known of them

    def test_of_a_series(self, client: FindClient) -> None:
        answer = _find(client, "SERIES", StudyInstanceUID="1.2.1", SoftwareVersions="", ProcedureCodeSequence=[Dataset()])
        assert answer.statuses == WHOLE
        assert [(one.SeriesInstanceUID, list(one.SoftwareVersions)) for one in answer.found] == [
            ("1.2.1.1", ["1.0", "1.5"]),
            ("1.2.1.2", ["1.0", "2.5"]),
        ]
        assert {len(one.ProcedureCodeSequence) for one in answer.found} == {2}

    def test_of_an_instance(self, client: FindClient) -> None:
        keys = dict.fromkeys(("ImageComments", "SliceLocation", "AvailableTransferSyntaxUID", "SmallestImagePixelValue"), "")
        answer = _find(client, "IMAGE", StudyInstanceUID="1.2.1", SeriesInstanceUID="1.2.1.1", SOPInstanceUID="", **keys)
        assert answer.statuses == WHOLE
        said = [(one.ImageComments, str(one.SliceLocation), one.AvailableTransferSyntaxUID) for one in answer.found]
        assert said == [("Bild 1", "1.50", EXPLICIT), ("Bild 2", "2.50", EXPLICIT)]
        assert {one.SmallestImagePixelValue for one in answer.found} == {None}


class TestWhatMatches:
    @pytest.mark.parametrize(
        ("keys", "numbers"),
        [
            ({"ImageComments": "*2"}, [2]),
            ({"ImageComments": "bild 2"}, []),
            ({"ImageType": "AXIAL"}, [1]),
            ({"ImageType": "AXIAL\\ORIGINAL"}, [1]),  # each of the values, as agreed (PS3.4 C.2.2.2.8)
            ({"ImageType": "AXIAL\\LOCALIZER"}, []),
            ({"SliceLocation": "2.5"}, [2]),
            ({"AcquisitionTime": "02-"}, [2]),
            ({"AcquisitionDate": "20240101", "ImageComments": "*1"}, [1]),
            ({"AcquisitionDateTime": "202401010130"}, [1]),
            ({"AcquisitionDateTime": "2024010102-"}, [2]),
            ({"AcquisitionDateTime": "20240101-20240101"}, [1, 2]),
            ({"AcquisitionDateTime": "20230101-20230102\\202401010230"}, [2]),
            ({"AcquisitionDateTime": "20240101003000", "TimezoneOffsetFromUTC": "+0000"}, [1]),  # it is stored at +0100
            ({"AcquisitionDateTime": "20240101013000+0100", "TimezoneOffsetFromUTC": "-0500"}, [1]),
            ({"AcquisitionDateTime": "-20231231", "TimezoneOffsetFromUTC": "-0100"}, [1]),
            ({"ContentDate": '""'}, [1, 2]),
            ({"ImageComments": '""'}, []),
            ({"AvailableTransferSyntaxUID": EXPLICIT}, [1, 2]),
            ({"AvailableTransferSyntaxUID": DEFLATED}, []),
        ],
    )
    def test_instances(self, client: FindClient, keys: dict[str, str], numbers: list[int]) -> None:
        answer = _find(client, "IMAGE", StudyInstanceUID="1.2.1", SeriesInstanceUID="1.2.1.1", **keys)
        assert [one.SOPInstanceUID for one in answer.found] == [f"1.2.1.1.{number}" for number in numbers]
        assert answer.statuses <= WHOLE

    def test_items_of_a_sequence(self, client: FindClient) -> None:
        item = Dataset()
        item.CodeValue, item.CodeMeaning = "B?", ""
        answer = _find(client, "STUDY", PatientID="P1", ProcedureCodeSequence=[item])
        (one,) = answer.found
        (found,) = one.ProcedureCodeSequence
        assert {element.keyword: element.value for element in found} == {"CodeValue": "B1", "CodeMeaning": "Thorax"}
        item.CodeValue = "C"
        assert _find(client, "STUDY", PatientID="P1", ProcedureCodeSequence=[item]).found == []

    def test_dates_and_times_in_the_zone_of_the_request(self, client: FindClient) -> None:
        named = {"StudyInstanceUID": "1.2.1", "SeriesInstanceUID": "1.2.1.1", "TimezoneOffsetFromUTC": "-0100"}
        returned = dict.fromkeys(("AcquisitionTime", "AcquisitionDateTime", "PatientBirthDate", "PatientBirthTime"), "")
        (one,) = _find(client, "IMAGE", **named, **returned, AcquisitionDate="20231231").found
        assert (one.SOPInstanceUID, one.AcquisitionDate, one.AcquisitionTime) == ("1.2.1.1.1", "20231231", "233000")
        assert one.AcquisitionDateTime == "20240101013000+0100"  # as it is stored, and where that was
        assert (one.PatientBirthDate, one.PatientBirthTime) == ("19600101", "0030")


class TestWhatIsNotMatched:
    def test_where_nothing_is_named(self, client: FindClient) -> None:
        answer = _find(client, "STUDY", PatientName="Müller*", ProcedureCodeSequence=[_code("A", "")])
        assert (len(answer.found), answer.statuses) == (3, PARTIAL)
        assert all("ProcedureCodeSequence" not in one for one in answer.found)

    @pytest.mark.parametrize("study", ["1.2.2", "1.2.3"])
    def test_headers_that_are_not_read(self, client: FindClient, study: str) -> None:
        answer = _find(client, "STUDY", StudyInstanceUID=study, OtherStudyNumbers="12", PatientID="")
        (one,) = answer.found
        assert (answer.statuses, "OtherStudyNumbers" in one) == (PARTIAL, False)

    def test_attributes_of_lower_levels_private_ones_and_those_in_no_object(self, client: FindClient) -> None:
        private = identifier({"QueryRetrieveLevel": "STUDY", "StudyInstanceUID": "1.2.1"})
        private.add_new(0x00091001, "LO", "")
        for data_set in (
            private,
            identifier({"QueryRetrieveLevel": "STUDY", "StudyInstanceUID": "1.2.1", "ImageComments": ""}),
            identifier({"QueryRetrieveLevel": "STUDY", "StudyInstanceUID": "1.2.1", "AnatomicRegionsInStudyCodeSequence": []}),
        ):
            answer = client.find(data_set)
            assert (len(answer.found), answer.statuses) == (1, PARTIAL)


def test_of_a_coerced_object_what_goes_out_counts(served: Served, client: FindClient, tmp_path: Path) -> None:
    rules = (
        CoercionRule("OtherPatientNames", CoercionAction.SET, "Maiden^Name"),
        CoercionRule("SoftwareVersions", CoercionAction.REMOVE),
    )
    path = _save(_object(5, 1, 1), tmp_path / "coerced.dcm")
    with served.store.receive_file(ORIGIN, treatment=Treatment(rules, system="HOUNSFIELD")) as reception:
        reception.write(path.read_bytes())
        reception.finish()
    named = {"PatientID": "P5", "StudyInstanceUID": "1.2.5"}
    answer = _find(client, "SERIES", **named, OtherPatientNames="Maiden*", SoftwareVersions="")
    (one,) = answer.found
    assert answer.statuses == WHOLE
    assert (str(one.OtherPatientNames), one.SoftwareVersions) == ("Maiden^Name", "")


def test_cancel_while_headers_are_read(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    awake = threading.Event()

    def slow(*_: object) -> None:
        awake.wait(30)

    monkeypatch.setattr(HeaderAttributes, "of", slow)
    keys = {"QueryRetrieveLevel": "SERIES", "StudyInstanceUID": "1.2.1", "SoftwareVersions": "none"}
    try:
        with FindClient(served.port) as connected:
            connected.cancel(connected.ask(identifier(keys)))
            command, _none = connected.response()
            assert command.status == Status.CANCEL
            assert not awake.is_set()
    finally:
        awake.set()


def test_a_file_read_back_by_pydicom_says_the_same(served: Served, client: FindClient, tmp_path: Path) -> None:
    """Each standard attribute of an object, asked for one by one, comes back as the file has it."""
    path = _save(_object(4, 1, 1), tmp_path / "one.dcm")
    assert served.keep([path]) == [path]
    stored = pydicom.dcmread(path)
    named = {"StudyInstanceUID": "1.2.4", "SeriesInstanceUID": "1.2.4.1", "SOPInstanceUID": "1.2.4.1.1"}
    keys = {one.keyword: [] if one.VR == "SQ" else "" for one in stored if one.keyword not in named}
    answer = _find(client, "IMAGE", **named, **keys)
    (one,) = answer.found
    assert answer.statuses == WHOLE
    for element in stored:
        if element.keyword != "SpecificCharacterSet":
            assert one[element.tag].value == element.value, element.keyword
