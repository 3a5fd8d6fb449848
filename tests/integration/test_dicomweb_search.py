"""QIDO-RS beyond the index' own attributes: any attribute within what is named, sequences, XML, paging (PS3.18 8.3.4, 10.6)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from pydicom.dataset import Dataset

from dicomweb_kit.objects import as_file, ct
from dicomweb_kit.pacs import ROOT, Pacs, open_pacs, parts_of
from hounsfield.dicom.xml_model import json_of_xml


def _request(step: str, procedure: str) -> Dataset:
    item = Dataset()
    item.ScheduledProcedureStepID, item.RequestedProcedureID = step, procedure
    return item


def _code(value: str, meaning: str) -> Dataset:
    code = Dataset()
    code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = value, "99TEST", meaning
    return code


def _made(series: int, number: int, *, study: str = "1.2.3", **more: Any) -> Dataset:
    values: dict[str, Any] = {
        "SeriesNumber": series,
        "RequestAttributesSequence": [_request(f"STEP{series}", "P1"), _request("STEP9", f"P{series}")],
        "ProcedureCodeSequence": [_code("A", "Schädel")],
        "OtherPatientNames": "Schäfer^Jörg",
        "SoftwareVersions": ["1.0", f"{series}.5"],
        "ImageType": ["ORIGINAL", "PRIMARY", "AXIAL" if number == 1 else "LOCALIZER"],
        "ImageComments": f"Bild {number}",
        "SliceLocation": f"{number}.50",
        "PixelSpacing": ["0.50", "0.250"],
        "AcquisitionDateTime": f"202401010{number}3000",
        "SmallestImagePixelValue": number,
    }
    return ct(number, study=study, series=f"{study}.{series}", **{**values, **more})


@pytest.fixture(scope="module")
def pacs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pacs]:
    """A study of two series of three; a study whose one header is longer than what is read; a study of another patient."""
    with open_pacs(tmp_path_factory.mktemp("pacs")) as opened:
        made = [_made(series, number) for series in (1, 2) for number in (1, 2, 3)]
        made.append(_made(1, 1, study="1.2.4", TextValue="x" * (1 << 20), PatientID="PAT-2"))
        made.append(_made(1, 1, study="1.2.5", PatientID="PAT-3", AccessionNumber="", Modality="MR"))
        assert opened.store(*map(as_file, made)).status_code == 200
        yield opened


def _uids(items: list[dict[str, Any]], tag: str = "00080018") -> list[str]:
    return [item[tag]["Value"][0] for item in items]


class TestWhatMatches:
    @pytest.mark.parametrize(
        ("query", "numbers"),
        [
            ("ImageComments=*2", [2]),
            ("00204000=Bild 3", [3]),
            ("ImageType=AXIAL", [1]),
            ("SliceLocation=2.5", [2]),
            ("SliceLocation=2.5&ImageComments=Bild 2", [2]),
            ("SliceLocation=2.5&ImageComments=Bild 1", []),
            ("AcquisitionDateTime=2024010102-", [2, 3]),
            ("AcquisitionDateTime=202401010130", [1]),
            ("SmallestImagePixelValue=3", [3]),
            ("AvailableTransferSyntaxUID=1.2.840.10008.1.2.1", [1, 2, 3]),
            ("SoftwareVersions=1.5", [1, 2, 3]),
            ("SoftwareVersions=2.5", []),
            ("ProcedureCodeSequence.CodeMeaning=Sch*", [1, 2, 3]),
            ("ProcedureCodeSequence.CodeMeaning=X*", []),
            ("RequestAttributesSequence.ScheduledProcedureStepID=STEP1", [1, 2, 3]),
            ("00400275.00400009=STEP2", []),
            ("OtherPatientNames=schafer*", [1, 2, 3]),
            ("ContentDate=%22%22&emptyvaluematching=true", [1, 2, 3]),
            ("ImageComments=%22%22&emptyvaluematching=true", []),
            ("ImageType=AXIAL%5CPRIMARY&multiplevaluematching=true", [1]),
            ("ImageType=AXIAL%5CLOCALIZER&multiplevaluematching=true", []),
        ],
    )
    def test_within_a_series(self, pacs: Pacs, query: str, numbers: list[int]) -> None:
        response = pacs.get(f"/studies/1.2.3/series/1.2.3.1/instances?{query}")
        assert response.status_code == 200, response.text
        assert _uids(response.json()) == [f"1.2.3.1.{number}" for number in numbers]
        assert "warning" not in response.headers

    def test_the_keys_of_one_sequence_are_of_one_item(self, pacs: Pacs) -> None:
        path = "/studies/1.2.3/series?RequestAttributesSequence."
        both = f"{path}ScheduledProcedureStepID=STEP9&RequestAttributesSequence.RequestedProcedureID"
        assert _uids(pacs.get(f"{both}=P2").json(), "0020000E") == ["1.2.3.2"]
        assert pacs.get(f"{both}=P7").json() == []
        crossed = f"{path}ScheduledProcedureStepID=STEP2&00400275.00401001=P2"
        assert pacs.get(crossed).json() == [], "STEP2 is of P1, P2 of STEP9"

    @pytest.mark.parametrize("named", ["StudyInstanceUID=1.2.3", "PatientID=PAT-1", "00080050=ACC-1&PatientID=PAT-1"])
    def test_within_what_a_key_names(self, pacs: Pacs, named: str) -> None:
        response = pacs.get(f"/series?{named}&SoftwareVersions=2.5")
        assert _uids(response.json(), "0020000E") == ["1.2.3.2"]
        assert "warning" not in response.headers
        assert _uids(pacs.get(f"/studies?{named}&ProcedureCodeSequence.CodeValue=A").json(), "0020000D") == ["1.2.3"]
        assert pacs.get(f"/studies?{named}&ProcedureCodeSequence.CodeValue=B").json() == []

    def test_elsewhere_they_are_named_and_not_applied(self, pacs: Pacs) -> None:
        response = pacs.get("/series?Modality=CT&SoftwareVersions=2.5&00400275.00400009=x&includefield=GantryID&ImageComments=x")
        assert len(response.json()) == 3
        for word in ("SoftwareVersions", "00400275.00400009", "includefield=GantryID", "ImageComments"):
            assert word in response.headers["warning"]
        response = pacs.get("/studies?SoftwareVersions=9")
        assert len(response.json()) == 3, "an attribute of the series does not match studies"
        assert "SoftwareVersions" in response.headers["warning"]
        response = pacs.get("/instances?ImageComments=nothing")
        assert len(response.json()) == 8
        assert "ImageComments" in response.headers["warning"]

    def test_what_the_index_holds_in_sequences_among_few_studies(self, pacs: Pacs) -> None:
        response = pacs.get("/series?PatientName=Müller*&RequestAttributesSequence.ScheduledProcedureStepID=STEP2")
        assert _uids(response.json(), "0020000E") == ["1.2.3.2"]
        assert "warning" not in response.headers

    def test_multiple_values_of_a_column(self, pacs: Pacs) -> None:
        """Each of the values, not any of them (PS3.4 C.2.2.2.8)."""
        either = "/studies?ModalitiesInStudy=CT%5CMR"
        assert len(pacs.get(either).json()) == 3
        assert pacs.get(f"{either}&multiplevaluematching=true").json() == []
        assert len(pacs.get("/studies?ModalitiesInStudy=CT&multiplevaluematching=true").json()) == 2
        assert pacs.get("/studies?ModalitiesInStudy=CT%5CM*&multiplevaluematching=true").status_code == 400

    def test_empty_values_of_a_column(self, pacs: Pacs) -> None:
        assert _uids(pacs.get("/studies?AccessionNumber=%22%22&emptyvaluematching=true").json(), "0020000D") == ["1.2.5"]
        assert pacs.get("/studies?AccessionNumber=%22%22").json() == [], "two quotation marks, literally"

    def test_a_header_that_is_not_read(self, pacs: Pacs) -> None:
        """Its match is not left out: the answer says that its key was not matched."""
        response = pacs.get("/studies/1.2.4/instances?ImageComments=nothing")
        assert _uids(response.json()) == ["1.2.4.1.1"]
        assert "headers of 1 results could not be read" in response.headers["warning"]

    @pytest.mark.parametrize(
        "query",
        [
            "SliceLocation=x", "SmallestImagePixelValue=1.5", "AcquisitionDateTime=yesterday", "ProcedureCodeSequence=A",
            "ImageComments=a&00204000=b", "emptyvaluematching=maybe", "ProcedureCodeSequence.CodeValue=A&00081032.00080100=B",
            "ImageComments=" + "x" * 2000, "FrameOfReferenceUID=a.b",
        ],
    )  # fmt: skip
    def test_bad_values(self, pacs: Pacs, query: str) -> None:
        response = pacs.get(f"/studies/1.2.3/instances?{query}")
        assert (response.status_code, response.json()["error"]["code"]) == (400, "invalid-query")

    @pytest.mark.parametrize(
        "name",
        [
            "PatientName.CodeValue", "ProcedureCodeSequence.Nothing", "ProcedureCodeSequence.", ".", "60003000", "00091001", "60000010",
            "ProcedureCodeSequence.60000010", "PixelData", ".".join(["ProcedureCodeSequence"] * 20), "SpecificCharacterSet", "RetrieveURL",
        ],
    )  # fmt: skip
    def test_names_that_are_none(self, pacs: Pacs, name: str) -> None:
        response = pacs.get(f"/studies/1.2.3/instances?{name}=1")
        assert (response.status_code, len(response.json())) == (200, 6)
        assert response.headers["warning"].startswith("299 ")


class TestWhatIsIncluded:
    def test_of_an_instance(self, pacs: Pacs) -> None:
        response = pacs.get("/studies/1.2.3/series/1.2.3.1/instances?includefield=PixelSpacing,00204000&includefield=PatientName")
        items = response.json()
        assert all(list(item) == sorted(item) for item in items)
        assert items[0]["00280030"] == {"vr": "DS", "Value": [0.5, 0.25]}
        assert b'"00280030":{"vr":"DS","Value":[0.50,0.250]}' in response.content, "with all its digits"
        assert [item["00204000"]["Value"] for item in items] == [["Bild 1"], ["Bild 2"], ["Bild 3"]]
        assert items[0]["00100010"]["Value"] == [{"Alphabetic": "Müller^Ägidius"}]
        assert "00080008" not in items[0]
        assert items[0]["00081190"]["Value"] == [f"{ROOT}/studies/1.2.3/series/1.2.3.1/instances/1.2.3.1.1"]
        assert "warning" not in response.headers

    def test_of_the_levels_above(self, pacs: Pacs) -> None:
        (first, _second) = pacs.get("/studies/1.2.3/series?includefield=ProcedureCodeSequence,PatientID,StudyDescription").json()
        assert first["00081032"]["Value"][0]["00080104"]["Value"] == ["Schädel"]
        assert (first["00100020"]["Value"], first["00081030"]["Value"]) == (["PAT-1"], ["Thorax"])
        assert "00100010" not in first

    def test_of_a_level_below_it_is_not(self, pacs: Pacs) -> None:
        response = pacs.get("/studies?StudyInstanceUID=1.2.3&includefield=Modality,ImageComments")
        assert "00080060" not in response.json()[0]
        assert "includefield=Modality, includefield=ImageComments" in response.headers["warning"]

    def test_what_was_matched_is_included(self, pacs: Pacs) -> None:
        (item,) = pacs.get("/studies/1.2.3/series?SoftwareVersions=2.5").json()
        assert item["00181020"]["Value"] == ["1.0", "2.5"]

    def test_what_is_counted(self, pacs: Pacs) -> None:
        fields = "NumberOfPatientRelatedInstances,SOPClassesInStudy,NumberOfPatientRelatedStudies"
        items = pacs.get(f"/studies?includefield={fields}").json()
        assert [item["00201204"]["Value"] for item in items] == [[6], [1], [1]]
        assert items[0]["00080062"]["Value"] == ["1.2.840.10008.5.1.4.1.1.2"]
        (one, *_) = pacs.get("/studies/1.2.3/instances?includefield=AvailableTransferSyntaxUID,NumberOfSeriesRelatedInstances").json()
        assert (one["00083002"]["Value"], one["00201209"]["Value"]) == (["1.2.840.10008.1.2.1"], [3])
        path = "/studies/1.2.3/series/1.2.3.1/instances?includefield=NumberOfSeriesRelatedInstances,NumberOfStudyRelatedInstances"
        (one, *_) = pacs.get(path).json()
        assert (one["00201209"]["Value"], one["00201208"]["Value"]) == ([3], [6])

    def test_all(self, pacs: Pacs) -> None:
        items = pacs.get("/studies/1.2.3/series/1.2.3.1/instances?includefield=all").json()
        own = {"00080008", "00200013", "00204000", "00201041", "00280030", "00280106", "00083002", "0008002A"}
        assert own <= set(items[0])
        assert "00100010" not in items[0], "of the patient"
        assert "7FE00010" not in items[0]
        assert not any(int(name[:4], 16) & 1 for name in items[0]), "private"
        (series, _second) = pacs.get("/studies/1.2.3/series?includefield=all").json()
        assert series["00181020"]["Value"] == ["1.0", "1.5"]
        assert "00081032" not in series, "of the study"
        assert "00204000" not in series, "of an instance"
        (study,) = pacs.get("/studies?PatientID=PAT-1&includefield=all").json()
        assert study["00081032"]["Value"][0]["00080100"]["Value"] == ["A"]
        assert study["00101001"]["Value"] == [{"Alphabetic": "Schäfer^Jörg"}]
        assert (study["00201200"]["Value"], study["00080062"]["Value"]) == ([1], ["1.2.840.10008.5.1.4.1.1.2"])
        elsewhere = pacs.get("/studies?includefield=all")
        assert "warning" not in elsewhere.headers
        assert "00080062" in elsewhere.json()[0]
        assert "00081032" not in elsewhere.json()[0]

    def test_values_that_are_long_have_an_address(self, pacs: Pacs) -> None:
        icon = Dataset()
        icon.Rows = icon.Columns = 64
        icon.add_new(0x00091001, "OB", b"\1" * 2048)
        made = _made(1, 1, study="1.2.8", IconImageSequence=[icon])
        assert pacs.store(as_file(made)).status_code == 200
        (item,) = pacs.get("/studies/1.2.8/instances?includefield=IconImageSequence").json()
        address = item["00880200"]["Value"][0]["00091001"]["BulkDataURI"]
        assert pacs.get(address.removeprefix("/dicom-web")).content == b"\1" * 2048


class TestPages:
    @pytest.mark.parametrize("query", ["", "includefield=ImageComments&", "ImageType=LOCALIZER&", "SoftwareVersions=1.0&includefield=all&"])
    def test_they_tile(self, pacs: Pacs, query: str) -> None:
        whole = _uids(pacs.get(f"/studies/1.2.3/instances?{query}").json())
        assert len(whole) == (4 if "LOCALIZER" in query else 6)
        tiled: list[str] = []
        for offset in range(0, 8, 2):
            response = pacs.get(f"/studies/1.2.3/instances?{query}limit=2&offset={offset}")
            tiled += _uids(response.json())
            assert ("additional results" in response.headers.get("warning", "")) == (offset + 2 < len(whole))
        assert tiled == whole

    def test_instances_of_a_series_come_by_number_however_they_are_judged(self, pacs: Pacs) -> None:
        made = [_made(1, number, study="1.2.9") for number in (7, 3, 5, 1)]
        del made[1].InstanceNumber
        assert pacs.store(*map(as_file, made)).status_code == 200
        path = "/studies/1.2.9/series/1.2.9.1/instances"
        plain = _uids(pacs.get(path).json())
        assert len(plain) == 4
        for query in ("includefield=ImageComments", "ImageComments=Bild*", "SoftwareVersions=1.5&limit=9"):
            assert _uids(pacs.get(f"{path}?{query}").json()) == plain

    def test_how_many_remain(self, pacs: Pacs) -> None:
        assert "There are 4 additional results" in pacs.get("/studies/1.2.3/instances?limit=1&offset=1").headers["warning"]
        assert "There are 1 additional results" in pacs.get("/studies/1.2.3/series?limit=1").headers["warning"]
        assert "There are 2 additional results" in pacs.get("/studies/1.2.3/series/1.2.3.1/instances?limit=1").headers["warning"]
        assert "There are additional results" in pacs.get("/studies?limit=1").headers["warning"]
        assert "warning" not in pacs.get("/studies?limit=0").headers


class TestXML:
    ACCEPT = 'multipart/related; type="application/dicom+xml"'

    @pytest.mark.parametrize(
        "path", ["/studies", "/studies/1.2.3/series", "/studies/1.2.3/instances?includefield=all", "/instances?limit=2"]
    )
    def test_one_document_a_match(self, pacs: Pacs, path: str) -> None:
        response = pacs.get(path, self.ACCEPT)
        assert response.headers["content-type"].startswith('multipart/related; type="application/dicom+xml"; boundary=')
        expected = pacs.get(path).json()
        parts = parts_of(response)
        assert len(parts) == len(expected)
        for (kind, document), item in zip(parts, expected, strict=True):
            assert kind == "application/dicom+xml"
            read = json_of_xml(document)
            assert list(read) == list(item)
            assert read["0020000D"] == item["0020000D"]
        assert ("warning" in response.headers) == ("warning" in pacs.get(path).headers)

    def test_nothing_found(self, pacs: Pacs) -> None:
        response = pacs.get("/studies?PatientID=nobody", self.ACCEPT)
        assert (response.status_code, response.content) == (204, b"")
        assert "content-length" not in response.headers

    def test_what_is_preferred(self, pacs: Pacs) -> None:
        assert pacs.get("/studies", f"{self.ACCEPT};q=0.5, application/dicom+json").headers["content-type"] == "application/dicom+json"
        assert pacs.get("/studies", f"{self.ACCEPT}, application/dicom+json;q=0.5").headers["content-type"].startswith("multipart/related")
        assert pacs.get("/studies").headers["content-type"] == "application/dicom+json"
        assert pacs.get("/studies", "application/dicom+xml").status_code == 406
        assert pacs.get("/studies", 'multipart/related; type="image/jpeg"').status_code == 406
