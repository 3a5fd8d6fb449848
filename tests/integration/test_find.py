"""C-FIND at the service: its rules, its statuses, what it returns, its end before the end (PS3.4 C.4.1)."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Iterator

import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from dimse_kit.server import until
from find_kit.client import EVERYTHING, EXPLICIT, IMPLICIT, PATIENT_ROOT, PATIENT_STUDY_ONLY, STUDY_ROOT, FindClient, identifier
from find_kit.served import Served, serving
from find_kit.synthetic import entry
from hounsfield.model.errors import IndexUnavailable
from hounsfield.network.dimse import Command, Element
from hounsfield.network.status import Status

CT = "1.2.840.10008.5.1.4.1.1.2"
REQUESTS = [
    {"RequestedProcedureID": "RP1", "ScheduledProcedureStepID": "A", "RequestedProcedureDescription": "Schädel"},
    {"RequestedProcedureID": "RP2", "ScheduledProcedureStepID": "B"},
]


def _object(number: int, study: int, series: int, **more: str) -> dict[str, tuple[str, ...]]:
    values = {
        "SOPClassUID": CT,
        "SOPInstanceUID": f"1.2.{study}.{series}.{number}",
        "StudyInstanceUID": f"1.2.{study}",
        "SeriesInstanceUID": f"1.2.{study}.{series}",
        "PatientID": "P1",
        "PatientName": "Müller^Jörg",
        "StudyDate": "20240102",
        "StudyTime": "101112",
        "Modality": "CT",
        "SeriesNumber": str(series),
        "InstanceNumber": str(number),
        "Manufacturer": "ACME",
    }
    return {name: (text,) for name, text in (values | more).items() if text}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Two studies of one patient, one of another, one of nobody."""
    with serving(tmp_path_factory.mktemp("find")) as running:
        objects = [(_object(number, 1, 1), REQUESTS) for number in (1, 2, 3)]
        objects.append((_object(1, 1, 2, Modality="SR", Manufacturer=""), []))
        objects.append((_object(1, 2, 1, StudyDate="20240203", StudyTime="090000", PatientName="Müller^Jörg^B"), []))
        objects.append((_object(1, 3, 1, PatientID="P2", PatientName="Smith^John"), []))
        objects.append((_object(1, 4, 1, PatientID="", PatientName="Nobody"), []))
        running.writer.add_all(entry(number, *one) for number, one in enumerate(objects))
        yield running


def _studies(client: FindClient, model: str = STUDY_ROOT, **keys: str) -> list[str]:
    answer = client.find(identifier({"QueryRetrieveLevel": "STUDY", "StudyInstanceUID": "", **keys}), model)
    assert answer.final.status == Status.SUCCESS, answer.final.values
    return sorted(one.StudyInstanceUID[4:] for one in answer.found)


class TestAnswers:
    @pytest.mark.parametrize("transfer_syntax", [EXPLICIT, IMPLICIT])
    def test_a_study(self, served: Served, transfer_syntax: str) -> None:
        due = {
            "PatientName": "Müller^Jörg",
            "PatientID": "P1",
            "StudyDate": "20240102",
            "StudyTime": "101112",
            "AccessionNumber": "",
            "ModalitiesInStudy": ["CT", "SR"],
            "SOPClassesInStudy": CT,
            "NumberOfPatientRelatedStudies": 2,
            "NumberOfPatientRelatedSeries": 3,
            "NumberOfPatientRelatedInstances": 5,
            "NumberOfStudyRelatedSeries": 2,
            "NumberOfStudyRelatedInstances": 4,
            "InstanceAvailability": "ONLINE",
            "RetrieveAETitle": "HOUNSFIELD",
        }
        keys = dict.fromkeys(due, "") | {"QueryRetrieveLevel": "STUDY", "StudyInstanceUID": "1.2.1"}
        with FindClient(served.port, transfer_syntax=transfer_syntax) as client:
            answer = client.find(identifier(keys, "ISO_IR 100"))
        (one,) = answer.found
        assert answer.statuses == {Status.PENDING}
        assert {name: one[name].value for name in due} == due
        assert one.SpecificCharacterSet == "ISO_IR 192"  # as it was stored
        assert one.QueryRetrieveLevel == "STUDY"

    def test_a_patient(self, served: Served) -> None:
        keys = {
            "QueryRetrieveLevel": "PATIENT",
            "PatientName": "",
            "NumberOfPatientRelatedInstances": "",
            "NumberOfPatientRelatedStudies": "",
        }
        with FindClient(served.port) as client:
            everybody = client.find(identifier(keys), PATIENT_ROOT)
            one = client.find(identifier(keys | {"PatientName": "smith*"}), PATIENT_STUDY_ONLY)
            none = client.find(identifier(keys | {"PatientName": "Müller^Jörg"}), PATIENT_ROOT)  # the name of an earlier study
        assert [(str(found.PatientName), found.PatientID, found.NumberOfPatientRelatedStudies) for found in everybody.found] == [
            ("Müller^Jörg^B", "P1", 2),
            ("Smith^John", "P2", 1),
            ("Nobody", "", 1),
        ]
        assert [found.PatientID for found in one.found] == ["P2"]
        assert none.found == []

    def test_series_and_instances(self, served: Served) -> None:
        series = {"QueryRetrieveLevel": "SERIES", "StudyInstanceUID": "1.2.1", "SeriesNumber": "", "NumberOfSeriesRelatedInstances": ""}
        images = {"QueryRetrieveLevel": "IMAGE", "StudyInstanceUID": "1.2.1", "SeriesInstanceUID": "1.2.1.1", "SOPInstanceUID": ""}
        with FindClient(served.port) as client:
            found = client.find(identifier(series)).found
            assert [(one.SeriesInstanceUID, one.SeriesNumber, one.NumberOfSeriesRelatedInstances) for one in found] == [
                ("1.2.1.1", 1, 3),
                ("1.2.1.2", 2, 1),
            ]
            found = client.find(identifier(images | {"InstanceNumber": "2", "PatientName": "", "SOPClassUID": ""})).found
            assert [(one.SOPInstanceUID, one.SOPClassUID, str(one.PatientName)) for one in found] == [("1.2.1.1.2", CT, "Müller^Jörg")]

    def test_ascii_names_no_character_set(self, served: Served) -> None:
        with FindClient(served.port) as client:
            (one,) = client.find(identifier({"QueryRetrieveLevel": "STUDY", "PatientID": "P2", "PatientName": ""}, "ISO_IR 100")).found
        assert "SpecificCharacterSet" not in one

    def test_items_of_a_sequence(self, served: Served) -> None:
        keys = identifier({"QueryRetrieveLevel": "SERIES", "StudyInstanceUID": "1.2.1"})
        item = Dataset()
        item.RequestedProcedureID = "RP?"
        item.ScheduledProcedureStepID = "B"
        item.ReasonForTheRequestedProcedure = ""
        keys.RequestAttributesSequence = Sequence([item])
        with FindClient(served.port) as client:
            answer = client.find(keys)
            (series,) = answer.found
            assert series.SeriesInstanceUID == "1.2.1.1"
            (found,) = series.RequestAttributesSequence
            assert {one.keyword: one.value for one in found} == {
                "RequestedProcedureID": "RP2",
                "ScheduledProcedureStepID": "B",
                "ReasonForTheRequestedProcedure": "",
            }
            item.ScheduledProcedureStepID = "C"
            assert client.find(keys).found == []
            keys.RequestAttributesSequence = Sequence([])
            whole = client.find(keys).found
            assert [len(one.RequestAttributesSequence) for one in whole] == [2, 0]
            assert whole[0].RequestAttributesSequence[0].RequestedProcedureDescription == "Schädel"


class TestOptionalKeys:
    def test_what_is_not_held_is_said(self, served: Served) -> None:
        keys = {"QueryRetrieveLevel": "STUDY", "PatientID": "P2", "ProcedureCodeSequence": [], "ImageComments": "", "SeriesDescription": ""}
        with FindClient(served.port) as client:
            answer = client.find(identifier(keys))
        assert answer.statuses == {Status.PENDING_WITHOUT_OPTIONAL_KEYS}
        assert not {"ProcedureCodeSequence", "ImageComments", "SeriesDescription"} & set(answer.found[0].dir())

    @pytest.mark.parametrize(
        ("keys", "studies"),
        [
            ({"RetrieveAETitle": "HOUNSFIELD"}, ["1", "2", "3", "4"]),
            ({"RetrieveAETitle": "OTHER\\HOUNS*"}, ["1", "2", "3", "4"]),
            ({"RetrieveAETitle": "OTHER"}, []),
            ({"InstanceAvailability": "ONLINE"}, ["1", "2", "3", "4"]),
            ({"InstanceAvailability": "NEARLINE"}, []),
            ({"InstanceAvailability": '""'}, []),
            ({"NumberOfPatientRelatedStudies": "2"}, ["1", "2"]),
            ({"NumberOfPatientRelatedInstances": "5", "NumberOfStudyRelatedInstances": "1"}, ["2"]),
            ({"NumberOfPatientRelatedSeries": "1"}, ["3", "4"]),
        ],
    )
    def test_computed_keys_match(self, served: Served, keys: dict[str, str], studies: list[str]) -> None:
        with FindClient(served.port, EVERYTHING) as client:
            answer = client.find(identifier({"QueryRetrieveLevel": "STUDY", "StudyInstanceUID": "", **keys}))
        assert sorted(one.StudyInstanceUID[4:] for one in answer.found) == studies
        assert answer.statuses <= {Status.PENDING}

    def test_attributes_without_a_column_are_matched_in_a_named_study_alone(self, served: Served) -> None:
        keys = {"QueryRetrieveLevel": "SERIES", "Manufacturer": "AC*", "SeriesInstanceUID": ""}
        with FindClient(served.port, EVERYTHING) as client:
            named = client.find(identifier(keys | {"StudyInstanceUID": "1.2.1"}))
            assert ([one.SeriesInstanceUID for one in named.found], named.statuses) == (["1.2.1.1"], {Status.PENDING})
            anywhere = client.find(identifier(keys))
            assert (len(anywhere.found), anywhere.statuses) == (5, {Status.PENDING_WITHOUT_OPTIONAL_KEYS})


class TestRules:
    @pytest.mark.parametrize(
        ("model", "keys", "offending"),
        [
            (STUDY_ROOT, {}, 0x00080052),
            (STUDY_ROOT, {"QueryRetrieveLevel": "PATIENT"}, 0x00080052),
            (STUDY_ROOT, {"QueryRetrieveLevel": "WORKLIST"}, 0x00080052),
            (PATIENT_STUDY_ONLY, {"QueryRetrieveLevel": "SERIES", "PatientID": "P1", "StudyInstanceUID": "1.2.1"}, 0x00080052),
            (STUDY_ROOT, {"QueryRetrieveLevel": "SERIES"}, 0x0020000D),
            (STUDY_ROOT, {"QueryRetrieveLevel": "SERIES", "StudyInstanceUID": "1.2.1\\1.2.2"}, 0x0020000D),
            (STUDY_ROOT, {"QueryRetrieveLevel": "IMAGE", "StudyInstanceUID": "1.2.1"}, 0x0020000E),
            (PATIENT_ROOT, {"QueryRetrieveLevel": "STUDY"}, 0x00100020),
            (PATIENT_ROOT, {"QueryRetrieveLevel": "STUDY", "PatientID": "P*"}, 0x00100020),
            (PATIENT_ROOT, {"QueryRetrieveLevel": "SERIES", "PatientID": "P*", "StudyInstanceUID": "1.2.1"}, 0x00100020),
            (STUDY_ROOT, {"QueryRetrieveLevel": "STUDY", "StudyDate": "yesterday"}, 0x00080020),
            (STUDY_ROOT, {"QueryRetrieveLevel": "STUDY", "StudyDate": "2024*"}, 0x00080020),
            (STUDY_ROOT, {"QueryRetrieveLevel": "STUDY", "StudyTime": "25"}, 0x00080030),
            (STUDY_ROOT, {"QueryRetrieveLevel": "STUDY", "StudyInstanceUID": "1.2.x"}, 0x0020000D),
            (STUDY_ROOT, {"QueryRetrieveLevel": "STUDY", "PatientName": "x" * 1025}, 0x00100010),
        ],
    )
    @pytest.mark.filterwarnings("ignore::UserWarning")
    def test_identifiers_that_break_them(self, served: Served, model: str, keys: dict[str, str], offending: int) -> None:
        with FindClient(served.port) as client:
            answer = client.find(identifier(keys), model)
            assert answer.found == []
            assert answer.final.status == Status.DATA_SET_DOES_NOT_MATCH
            assert answer.final.values[Element.OFFENDING_ELEMENT] == (offending,)
            assert answer.final.text(Element.ERROR_COMMENT)
            assert _studies(client, PatientID="P2") == ["3"]  # the association lives on

    def test_a_named_study_needs_no_patient(self, served: Served) -> None:
        keys = {"QueryRetrieveLevel": "SERIES", "StudyInstanceUID": "1.2.1", "SeriesInstanceUID": ""}
        with FindClient(served.port) as client:
            assert len(client.find(identifier(keys), PATIENT_ROOT).found) == 2
            assert len(client.find(identifier(keys | {"PatientID": "P2"}), PATIENT_ROOT).found) == 0

    def test_two_items_are_one_too_many(self, served: Served) -> None:
        keys = identifier({"QueryRetrieveLevel": "SERIES", "StudyInstanceUID": "1.2.1"})
        keys.RequestAttributesSequence = Sequence([Dataset(), Dataset()])
        with FindClient(served.port) as client:
            assert client.find(keys).final.status == Status.DATA_SET_DOES_NOT_MATCH


class TestExtendedNegotiation:
    def test_what_is_answered(self, served: Served) -> None:
        with FindClient(served.port, EVERYTHING) as client:
            assert client.association.extension(PATIENT_ROOT) == bytes((1, 1, 1, 1, 0, 1, 1))
        with FindClient(served.port, bytes((0, 1))) as client:
            assert client.association.extension(STUDY_ROOT) == bytes((0, 1))
        with FindClient(served.port) as client:
            assert client.association.extension(STUDY_ROOT) == b""

    def test_relational_queries(self, served: Served) -> None:
        with FindClient(served.port, bytes((1,))) as client:
            found = client.find(
                identifier({"QueryRetrieveLevel": "IMAGE", "PatientID": "P1", "Modality": "CT", "SOPInstanceUID": ""})
            ).found
            assert len(found) == 4
            assert _studies(client, PATIENT_ROOT, PatientName="*") == ["1", "2", "3", "4"]

    def test_dates_with_their_times(self, served: Served) -> None:
        keys = {"StudyDate": "20240101-20240203", "StudyTime": "0930-0930"}
        with FindClient(served.port) as separate, FindClient(served.port, bytes((0, 1))) as combined:
            assert _studies(separate, **keys) == []
            assert _studies(combined, **keys) == ["1", "2", "3", "4"]
            assert _studies(combined, StudyDate="20240102-20240203", StudyTime="1012-0859") == []

    def test_names_by_their_sound(self, served: Served) -> None:
        with FindClient(served.port) as literal, FindClient(served.port, bytes((0, 0, 1))) as fuzzy:
            assert _studies(literal, PatientName="Schmitt^Jon") == []
            assert _studies(fuzzy, PatientName="Schmitt^Jon") == ["3"]
            assert _studies(fuzzy, PatientName="Miller^J*") == ["1", "2"]

    def test_empty_values(self, served: Served) -> None:
        with FindClient(served.port) as plain, FindClient(served.port, EVERYTHING) as extended:
            assert _studies(plain, PatientID='""') == []
            assert _studies(extended, PatientID='""') == ["4"]


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """3,000 studies, and no more than 2,500 in an answer."""
    with serving(tmp_path_factory.mktemp("full"), max_answers=2_500) as running:
        running.writer.add_all(entry(number, _object(1, number, 1, PatientID=f"P{number}"), []) for number in range(3000))
        yield running


class TestTheEnd:
    def test_beyond_the_cap(self, full: Served) -> None:
        with FindClient(full.port) as client:
            answer = client.find(identifier({"QueryRetrieveLevel": "STUDY"}))
            assert (len(answer.found), answer.final.status) == (2500, Status.OUT_OF_RESOURCES)
            assert "2500" in answer.final.text(Element.ERROR_COMMENT)
            assert len({one.StudyInstanceUID for one in answer.found}) == 2500

    def test_cancel_while_answers_come(self, full: Served) -> None:
        with FindClient(full.port) as client:
            message_id = client.ask(identifier({"QueryRetrieveLevel": "STUDY"}))
            client.response()
            client.cancel(message_id)
            pending = sum(1 for _ in itertools.takewhile(lambda command: command.status == Status.PENDING, _commands(client)))
            assert pending < 2499
            assert len(client.find(identifier({"QueryRetrieveLevel": "STUDY", "PatientID": "P7"})).found) == 1

    def test_cancel_while_the_database_thinks(self, full: Served, monkeypatch: pytest.MonkeyPatch) -> None:
        awake = threading.Event()
        whole = full.reader._search.pages

        def slow(*arguments: object) -> Iterator[list[object]]:
            awake.wait(30)
            yield from whole(*arguments)  # type: ignore[arg-type]

        monkeypatch.setattr(full.reader._search, "pages", slow)
        with FindClient(full.port) as client:
            message_id = client.ask(identifier({"QueryRetrieveLevel": "STUDY"}))
            began = time.monotonic()
            client.cancel(message_id)
            command, _none = client.response()
            assert command.status == Status.CANCEL
            assert time.monotonic() - began < 1
            awake.set()
            assert until(lambda: all(thread.name != "find" for thread in threading.enumerate()))

    def test_cancel_while_nothing_that_is_found_matches(self, full: Served, monkeypatch: pytest.MonkeyPatch) -> None:
        ended = threading.Event()

        def endless(*_: object) -> Iterator[list[object]]:
            while not ended.is_set():
                yield []

        monkeypatch.setattr(full.reader._search, "pages", endless)
        try:
            with FindClient(full.port) as client:
                client.cancel(client.ask(identifier({"QueryRetrieveLevel": "STUDY"})))
                command, _none = client.response()
                assert command.status == Status.CANCEL
        finally:
            ended.set()

    def test_a_database_that_fails(self, full: Served, monkeypatch: pytest.MonkeyPatch) -> None:
        def broken(*_: object) -> Iterator[list[object]]:
            raise IndexUnavailable("the database does not answer")
            yield []

        with FindClient(full.port) as client:
            monkeypatch.setattr(full.reader._search, "pages", broken)
            answer = client.find(identifier({"QueryRetrieveLevel": "STUDY"}))
            assert answer.final.status == 0xC001
            assert answer.final.text(Element.ERROR_COMMENT) == "the database does not answer"

    def test_a_client_that_goes_away_stops_the_search(self, full: Served) -> None:
        client = FindClient(full.port)
        client.ask(identifier({"QueryRetrieveLevel": "STUDY"}))
        client.response()
        client.association.close()
        assert until(lambda: all(thread.name != "find" for thread in threading.enumerate()))


def _commands(client: FindClient) -> Iterator[Command]:
    while True:
        command, data_set = client.response()
        yield command
        if data_set is None:
            assert command.status == Status.CANCEL
            return
