"""QIDO-RS: what an answer holds, its pages and its media types (PS3.18 10.6.3, 8.3.4.3, 8.3.4.4)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from conformance_kit.archive import Archive
from conformance_kit.catalogue import clause
from conformance_kit.client import JSON, UNKNOWN_TYPE, XML, Item, Server, offered, uids, value, values
from conformance_kit.multipart import parts_of
from conformance_kit.native_model import native_elements, read_native_model

STUDY, SERIES, INSTANCE = "0020000D", "0020000E", "00080018"
RETRIEVE_URL = "00081190"


@dataclass(frozen=True, slots=True)
class Returned:
    """An attribute of an answer. expected: its value; None where any value will do."""

    tag: str
    name: str
    vr: str
    expected: Callable[[Archive], Any] | None = None

    def __str__(self) -> str:
        return self.name


def _of(name: str, keyword: str) -> Callable[[Archive], Any]:
    return lambda archive: str(archive[name].data_set[keyword].value)


STUDY_LEVEL = [
    Returned("00080020", "Study Date", "DA", _of("axial 1", "StudyDate")),
    Returned("00080030", "Study Time", "TM", _of("axial 1", "StudyTime")),
    Returned("00080050", "Accession Number", "SH", _of("axial 1", "AccessionNumber")),
    Returned("00080090", "Referring Physician's Name", "PN", lambda _: {"Alphabetic": "Lehmann"}),
    Returned("00100010", "Patient's Name", "PN", lambda _: {"Alphabetic": "Conformance^Ägidius^^Dr"}),
    Returned("00100020", "Patient ID", "LO", _of("axial 1", "PatientID")),
    Returned("00100030", "Patient's Birth Date", "DA", _of("axial 1", "PatientBirthDate")),
    Returned("00100040", "Patient's Sex", "CS", _of("axial 1", "PatientSex")),
    Returned(STUDY, "Study Instance UID", "UI", _of("axial 1", "StudyInstanceUID")),
    Returned("00200010", "Study ID", "SH", _of("axial 1", "StudyID")),
    Returned("00201206", "Number of Study Related Series", "IS", lambda _: "3"),
    Returned("00201208", "Number of Study Related Instances", "IS", lambda _: "8"),
]
STUDY_ONLY = [
    *STUDY_LEVEL,
    Returned("00080061", "Modalities in Study", "CS"),
    Returned(RETRIEVE_URL, "Retrieve URL", "UR"),
]
SERIES_LEVEL = [
    Returned("00080060", "Modality", "CS", lambda _: "CT"),
    Returned("0008103E", "Series Description", "LO", lambda _: "axial"),
    Returned(SERIES, "Series Instance UID", "UI", _of("axial 1", "SeriesInstanceUID")),
    Returned("00200011", "Series Number", "IS", lambda _: "1"),
    Returned("00400244", "Performed Procedure Step Start Date", "DA", _of("axial 1", "PerformedProcedureStepStartDate")),
    Returned("00400245", "Performed Procedure Step Start Time", "TM", _of("axial 1", "PerformedProcedureStepStartTime")),
    Returned("00400275", "Request Attributes Sequence", "SQ"),
]
SERIES_ONLY = [
    *SERIES_LEVEL,
    Returned("00201209", "Number of Series Related Instances", "IS", lambda _: "5"),
    Returned(RETRIEVE_URL, "Retrieve URL", "UR"),
]
INSTANCE_LEVEL = [
    Returned("00080016", "SOP Class UID", "UI", _of("axial 1", "SOPClassUID")),
    Returned(INSTANCE, "SOP Instance UID", "UI", _of("axial 1", "SOPInstanceUID")),
    Returned(RETRIEVE_URL, "Retrieve URL", "UR"),
    Returned("00200013", "Instance Number", "IS", lambda _: "1"),
    Returned("00280010", "Rows", "US", lambda _: "32"),
    Returned("00280011", "Columns", "US", lambda _: "48"),
    Returned("00280100", "Bits Allocated", "US", lambda _: "16"),
]

ANSWERS = [
    ("10.6.3.3.1", "/studies", STUDY_ONLY),
    ("10.6.3.3.2", "/studies/{study}/series", SERIES_ONLY),
    ("10.6.3.3.2", "/series", [*SERIES_ONLY, *STUDY_LEVEL]),
    ("10.6.3.3.3", "/studies/{study}/series/{series}/instances", INSTANCE_LEVEL),
    ("10.6.3.3.3", "/studies/{study}/instances", [*INSTANCE_LEVEL, *SERIES_LEVEL]),
    ("10.6.3.3.3", "/instances", [*INSTANCE_LEVEL, *SERIES_LEVEL, *STUDY_LEVEL]),
]
ROWS = [(number, resource, attribute) for number, resource, attributes in ANSWERS for attribute in attributes]
UNIQUE = {"studies": STUDY, "series": SERIES, "instances": INSTANCE}


def path_of(resource: str, archive: Archive) -> str:
    return resource.format(study=archive["axial 1"].study, series=archive["axial 1"].series)


def unique_of(resource: str) -> str:
    return UNIQUE[resource.rpartition("/")[2]]


def item_of(server: Server, archive: Archive, resource: str) -> Item:
    """The match that is, or holds, the first axial slice."""
    unique = unique_of(resource)
    wanted = {STUDY: archive["axial 1"].study, SERIES: archive["axial 1"].series, INSTANCE: archive["axial 1"].uid}[unique]
    found = server.search(path_of(resource, archive), [("PatientID", archive.patient_id)])
    return next(item for item in found if value(item, unique) == wanted)


@clause("PS3.18 {number}", "a match of {resource} holds {attribute} ({attribute.tag}) with its value and VR {attribute.vr}")
@pytest.mark.parametrize(("number", "resource", "attribute"), ROWS, ids=str)
def test_returned(server: Server, archive: Archive, number: str, resource: str, attribute: Returned) -> None:
    item = item_of(server, archive, resource)
    assert attribute.tag in item
    assert item[attribute.tag]["vr"] == attribute.vr
    assert values(item, attribute.tag)
    if attribute.expected is not None:
        found, expected = value(item, attribute.tag), attribute.expected(archive)
        assert (found if isinstance(found, dict) else str(found)) == expected


@clause("PS3.18 10.6.3.3.1", "Modalities in Study holds each modality of the Study once")
def test_modalities(server: Server, archive: Archive) -> None:
    assert sorted(values(item_of(server, archive, "/studies"), "00080061")) == ["CT", "SR"]


@clause("PS3.18 10.6.3.3.2", "Request Attributes Sequence holds {keyword} ({tag})")
@pytest.mark.parametrize(("keyword", "tag"), [("ScheduledProcedureStepID", "00400009"), ("RequestedProcedureID", "00401001")])
def test_request_attributes(server: Server, archive: Archive, keyword: str, tag: str) -> None:
    item = item_of(server, archive, "/studies/{study}/series")
    expected = archive["axial 1"].data_set.RequestAttributesSequence[0][keyword].value
    assert [value(one, tag) for one in values(item, "00400275")] == [expected]


@clause("PS3.18 10.6.3.3.3", "Number of Frames (0028,0008) is returned of an Instance that has it")
def test_number_of_frames(server: Server, archive: Archive) -> None:
    found = server.search("/instances", [("SOPInstanceUID", archive["multi-frame"].uid)])
    assert [str(value(item, "00280008")) for item in found] == ["3"]


@clause("PS3.18 10.6.3.3", "what a Retrieve URL of {resource} names can be retrieved there")
@pytest.mark.parametrize("resource", ["/studies", "/studies/{study}/series", "/studies/{study}/instances"])
def test_retrieve_url(server: Server, archive: Archive, resource: str) -> None:
    url = server.resolve(value(item_of(server, archive, resource), RETRIEVE_URL), resource)
    answer = server.get(url, 'multipart/related; type="application/dicom"; transfer-syntax=*')
    assert answer.status_code == 200
    assert len(parts_of(answer)) == {"studies": 8, "series": 5, "instances": 1}[resource.rpartition("/")[2]]


@clause("PS3.18 {number}", "{what} in includefield is in the matches of {resource}")
@pytest.mark.parametrize(
    ("number", "what", "resource", "fields", "tags"),
    [
        ("8.3.4.3", "an optional attribute, by keyword,", "/studies", ["StudyDescription"], ["00081030"]),
        ("8.3.4.3", "an optional attribute, by tag,", "/studies", ["00081030"], ["00081030"]),
        ("8.3.4.3", "each of several attributes with commas", "/studies", ["StudyDescription,PatientSex"], ["00081030", "00100040"]),
        (
            "8.3.4.3",
            "each of several attributes, a parameter each,",
            "/studies",
            ["StudyDescription", "PatientSex"],
            ["00081030", "00100040"],
        ),
        ("8.3.4.3", "an optional attribute, by keyword,", "/studies/{study}/series", ["SeriesDescription"], ["0008103E"]),
        ("10.6.3.3.2", "an attribute of the Study", "/studies/{study}/series", ["StudyDate"], ["00080020"]),
        ("10.6.3.3.3", "an attribute of the Series", "/studies/{study}/series/{series}/instances", ["Modality"], ["00080060"]),
        ("10.6.3.3.1", "the value all: every supported attribute of the Study", "/studies", ["all"], ["00081030"]),
        (
            "10.6.3.3.2",
            "the value all: every supported attribute of the Series",
            "/studies/{study}/series",
            ["all"],
            ["0008103E", "00200011"],
        ),
        ("10.6.3.3.3", "the value all: every supported attribute of the Instance", "/studies/{study}/instances", ["all"], ["00280010"]),
    ],
)
def test_included(server: Server, archive: Archive, number: str, what: str, resource: str, fields: list[str], tags: list[str]) -> None:
    found = server.search(path_of(resource, archive), [("PatientID", archive.patient_id), *(("includefield", field) for field in fields)])
    item = next(item for item in found if value(item, STUDY) in (None, archive["axial 1"].study))
    assert [tag for tag in tags if tag not in item] == []


@clause("PS3.18 {number}", "{keyword}, an attribute of a lower level, is not returned by {resource}")
@pytest.mark.parametrize(
    ("number", "resource", "keyword", "tag"),
    [
        ("10.6.3.3.1", "/studies", "SeriesDescription", "0008103E"),
        ("10.6.3.3.1", "/studies", "InstanceNumber", "00200013"),
        ("10.6.3.3.2", "/series", "InstanceNumber", "00200013"),
    ],
)
def test_not_included(server: Server, archive: Archive, number: str, resource: str, keyword: str, tag: str) -> None:
    found = server.search(resource, [("PatientID", archive.patient_id), ("includefield", keyword)])
    assert found
    assert all(tag not in item for item in found)


@clause("PS3.18 8.3.4.3", "includefield does not change what is found")
def test_include_does_not_match(server: Server, archive: Archive) -> None:
    keys = [("PatientID", archive.patient_id)]
    assert uids(server.search("/studies", [*keys, ("includefield", "all")]), STUDY) == uids(server.search("/studies", keys), STUDY)


@clause("PS3.18 10.6.3.3.1", "an optional attribute that was matched, Study Description, is in the answer")
def test_matched_is_returned(server: Server, archive: Archive) -> None:
    found = server.search("/studies", [("PatientID", archive.patient_id), ("StudyDescription", "Thorax*")])
    assert [value(item, "00081030") for item in found] == ["Thorax nativ"]


PAGED = [
    "/studies",
    "/series",
    "/instances",
    "/studies/{study}/series",
    "/studies/{study}/instances",
    "/studies/{study}/series/{series}/instances",
]


@clause("PS3.18 8.3.4.4", "the pages of {resource}, two matches each, hold every match once and in the order of the whole")
@pytest.mark.parametrize("resource", PAGED)
def test_pages(server: Server, archive: Archive, resource: str) -> None:
    path, keys, unique = path_of(resource, archive), [("PatientID", archive.patient_id)], unique_of(resource)
    whole = uids(server.search(path, keys), unique)
    paged: list[str] = []
    while page := uids(server.search(path, [*keys, ("limit", 2), ("offset", len(paged))]), unique):
        assert len(page) <= 2
        paged += page
        assert len(paged) <= len(whole)
    assert paged == whole


@clause("PS3.18 8.3.4.4.1", "two equal searches of {resource} give the same matches in the same order")
@pytest.mark.parametrize("resource", PAGED)
def test_stable(server: Server, archive: Archive, resource: str) -> None:
    path, keys = path_of(resource, archive), [("PatientID", archive.patient_id)]
    assert server.search(path, keys) == server.search(path, keys)


@clause("PS3.18 8.3.4.4", "limit={limit} gives at most {limit} matches")
@pytest.mark.parametrize("limit", [1, 3, 7])
def test_limit(server: Server, archive: Archive, limit: int) -> None:
    found = server.search(f"/studies/{archive['axial 1'].study}/instances", [("limit", limit)])
    assert len(found) == limit


@clause("PS3.18 8.3.4.4", "a limit above the number of matches gives all")
def test_large_limit(server: Server, archive: Archive) -> None:
    assert len(server.search(f"/studies/{archive['axial 1'].study}/instances", [("limit", 1000)])) == 8


@clause("PS3.18 8.3.4.4", "offset={offset} leaves out the first {offset} matches")
@pytest.mark.parametrize("offset", [1, 5])
def test_offset(server: Server, archive: Archive, offset: int) -> None:
    path = f"/studies/{archive['axial 1'].study}/instances"
    assert uids(server.search(path, [("offset", offset)]), INSTANCE) == uids(server.search(path), INSTANCE)[offset:]


@clause("PS3.18 8.3.4.4.1", "an offset behind the last match gives none")
def test_offset_behind(server: Server, archive: Archive) -> None:
    assert server.search(f"/studies/{archive['axial 1'].study}/instances", [("offset", 8)]) == []


@clause("PS3.18 {number}", "Accept: {accept} is answered in {expected}")
@pytest.mark.parametrize(
    ("number", "accept", "expected"),
    [
        ("10.6.4", "application/dicom+json", JSON),
        ("8.7.5", "application/*", JSON),
        ("8.7.5", "application/dicom+json;q=0.5, text/html;q=0.1", JSON),
        ("8.7.5", "image/x-none, application/dicom+json", JSON),
        ("8.7.5", "image/x-none, */*;q=0.1", JSON),
    ],
)
def test_accept(server: Server, archive: Archive, number: str, accept: str, expected: str) -> None:
    answer = server.get("/studies", accept, [("PatientID", archive.patient_id)])
    assert (answer.status_code, answer.headers["content-type"].partition(";")[0]) == (200, expected)


@clause("RFC 9110 8.3.1", "media types in Accept are taken in any case")
def test_case_of_accept(server: Server, archive: Archive) -> None:
    assert server.get("/studies", "APPLICATION/DICOM+JSON", [("PatientID", archive.patient_id)]).status_code == 200


@clause("RFC 9110 12.5.1", "without Accept, anything is accepted")
def test_no_accept(server: Server, archive: Archive) -> None:
    answer = server.get("/studies", None, [("PatientID", archive.patient_id)])
    assert (answer.status_code, answer.headers["content-type"].partition(";")[0]) == (200, JSON)


@clause("PS3.18 8.7.8", "a media type that no server has is refused with 406, or answered in the default type")
def test_unacceptable(server: Server, archive: Archive) -> None:
    answer = server.get("/studies", "image/x-none", [("PatientID", archive.patient_id)])
    assert answer.status_code == 406 or answer.headers["content-type"].partition(";")[0] == JSON


@clause("PS3.18 8.3.3.1", "the query parameter accept goes before the header")
def test_accept_parameter(server: Server, archive: Archive) -> None:
    answer = server.get("/studies", "image/x-none", [("PatientID", archive.patient_id), ("accept", JSON)])
    assert (answer.status_code, answer.headers["content-type"].partition(";")[0]) == (200, JSON)


def in_xml(answer: httpx.Response) -> httpx.Response:
    """Skips where the server has JSON only: it declines, or answers in its default type (table 8.7.3-1)."""
    offered(answer, "matches as application/dicom+xml", UNKNOWN_TYPE)
    if answer.headers.get("content-type", "").startswith(JSON):
        pytest.skip("not offered: matches as application/dicom+xml (JSON is answered)")
    assert answer.status_code == 200
    return answer


class TestXML:
    """Matches in the Native DICOM Model."""

    @pytest.fixture
    def documents(self, server: Server, archive: Archive) -> list[bytes]:
        return [part.body for part in parts_of(in_xml(server.get("/studies", XML, [("PatientID", archive.patient_id)])))]

    @clause("PS3.18 10.6.4", "matches come as multipart/related of application/dicom+xml where that is accepted")
    def test_media_type(self, server: Server, archive: Archive) -> None:
        answer = in_xml(server.get("/studies", XML, [("PatientID", archive.patient_id)]))
        assert {part.media_type for part in parts_of(answer)} == {"application/dicom+xml"}

    @clause("PS3.18 F.2.1", "each match is an XML document of its own")
    def test_one_a_part(self, documents: list[bytes]) -> None:
        assert len([read_native_model(document) for document in documents]) == 2

    @clause("PS3.19 A.1.5", "elements of matches have tag and vr, those with a keyword also keyword")
    def test_elements(self, documents: list[bytes]) -> None:
        for element in native_elements(documents[0]):
            assert len(element.get("tag", "")) == 8
            assert len(element.get("vr", "")) == 2
            assert element.get("keyword") or element.get("privateCreator")

    @clause("PS3.18 10.6.3.3", "matches in XML are the same, in the same order, as in JSON")
    def test_same_matches(self, documents: list[bytes], server: Server, archive: Archive) -> None:
        found = server.search("/studies", [("PatientID", archive.patient_id)])
        assert uids([read_native_model(document) for document in documents], STUDY) == uids(found, STUDY)

    @clause("PS3.19 A.1.5", "a match in XML has the values that it has in JSON")
    def test_same_values(self, documents: list[bytes], server: Server, archive: Archive) -> None:
        found = server.search("/studies", [("PatientID", archive.patient_id)])
        for document, item in zip(documents, found, strict=True):
            model = read_native_model(document)
            assert set(model) == set(item)
            assert [tag for tag in item if [str(one) for one in values(item, tag)] != [str(one) for one in values(model, tag)]] == []

    @clause("PS3.18 8.3.3.1", "matches come in XML where the query parameter accept asks for it")
    def test_by_parameter(self, server: Server, archive: Archive) -> None:
        keys = [("PatientID", archive.patient_id), ("accept", XML)]
        in_xml(server.get("/studies", XML, keys[:1]))
        answer = server.get("/studies", JSON, keys)
        assert parts_of(answer)[0].media_type == "application/dicom+xml"


@clause("RFC 9110 15.5.6", "{method} of {resource} is refused with 405 or 501")
@pytest.mark.parametrize(("method", "resource"), [("POST", "/series"), ("PUT", "/instances"), ("PATCH", "/series")])
def test_methods(server: Server, method: str, resource: str) -> None:
    assert server.request(method, resource, content=b"").status_code in (405, 501)


@clause("PS3.18 8.2", "{path} is no resource: 404")
@pytest.mark.parametrize("path", ["/nothing", "/studies/1.2.3/nothing", "/studies/1.2.3/series/1.2.4/instances/1.2.5/nothing"])
def test_unknown_resource(server: Server, path: str) -> None:
    assert server.get(path).status_code == 404
