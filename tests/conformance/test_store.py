"""STOW-RS: Part 10 files in (PS3.18 10.5, annex I)."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import httpx
import pytest

from conformance_kit.archive import Archive
from conformance_kit.catalogue import clause
from conformance_kit.client import DICOM, JSON, UNKNOWN_TYPE, Item, Server, offered, uids, value, values
from conformance_kit.comparison import read_part10
from conformance_kit.multipart import BOUNDARY, body_of, content_type_of, parts_of
from conformance_kit.native_model import read_native_model

RETRIEVE_URL, FAILED, REFERENCED, OTHER_FAILURES = "00081190", "00081198", "00081199", "0008119A"
SOP_CLASS, SOP_INSTANCE, FAILURE_REASON = "00081150", "00081155", "00081197"
PART = {"Content-Type": "application/dicom"}
STATUSES = (200, 202, 400, 409, 415)


def response(answer: httpx.Response) -> Item:
    """The Store Instances Response Module; some servers wrap it in an array."""
    document = answer.json()
    return document[0] if isinstance(document, list) else document


def is_stored(server: Server, path: str) -> bool:
    return server.get(path, f"{DICOM}; transfer-syntax=*").status_code == 200


@clause("PS3.18 10.5.3.1", "a multipart message of one Instance is answered with 200")
def test_one_instance(server: Server, archive: Archive) -> None:
    assert server.store(archive.spare().file).status_code == 200


@clause("PS3.18 10.5.1.1.1", "/studies takes Instances of several Studies in one message")
def test_several_studies(archive: Archive) -> None:
    assert len(values(response(archive.answers["scripts"]), REFERENCED)) == len(archive.scripts)


@clause("PS3.18 10.5.1.1.1", "/studies/{{study}} takes Instances of that Study")
def test_into_its_study(server: Server, archive: Archive) -> None:
    spare = archive.spare()
    assert server.store(spare.file, path=f"/studies/{spare.study}").status_code == 200


@clause("PS3.18 10.5.3.1", "200 says that all Instances of the study {study} were stored")
@pytest.mark.parametrize("study", ["thorax", "head", "scripts"])
def test_all_stored(archive: Archive, study: str) -> None:
    assert archive.answers[study].status_code == 200


@clause("PS3.18 10.5.4", "an Instance of the kind {name} is taken as application/dicom")
@pytest.mark.parametrize("name", ["axial 1", "mixed 1", "jpeg", "implicit 1", "multi-frame", "colour", "report", "document"])
def test_taken(archive: Archive, name: str) -> None:
    stored = {uid for study in ("thorax", "head") for uid in uids(values(response(archive.answers[study]), REFERENCED), SOP_INSTANCE)}
    assert archive[name].uid in stored


@clause("PS3.18 8.6.1.1", "a single Instance is taken as application/dicom without multipart")
def test_single_part(server: Server, archive: Archive) -> None:
    spare = archive.spare()
    answer = offered(server.post("/studies", spare.file, "application/dicom"), "single part store", (400, 415))
    assert answer.status_code == 200
    assert is_stored(server, spare.path)


@clause("PS3.18 10.5.3.3", "the response to the study {study} is DICOM JSON where that is accepted")
@pytest.mark.parametrize("study", ["thorax", "head"])
def test_json_response(archive: Archive, study: str) -> None:
    assert archive.answers[study].headers["content-type"].partition(";")[0] == JSON


@clause("PS3.18 10.5.3.3", "the response is the Native DICOM Model where application/dicom+xml is accepted")
def test_xml_response(server: Server, archive: Archive) -> None:
    spare = archive.spare()
    answer = offered(server.store(spare.file, accept="application/dicom+xml"), "XML response", UNKNOWN_TYPE)
    if answer.headers["content-type"].startswith(JSON):
        pytest.skip("not offered: XML response (JSON is answered)")
    assert answer.headers["content-type"].partition(";")[0] == "application/dicom+xml"
    assert uids(values(read_native_model(answer.content), REFERENCED), SOP_INSTANCE) == [spare.uid]


@clause("PS3.18 I.1", "Referenced SOP Sequence holds every stored Instance of the study {study} once")
@pytest.mark.parametrize("study", ["thorax", "head"])
def test_referenced(archive: Archive, study: str) -> None:
    stored = [specimen.uid for specimen in archive.of_study(getattr(archive, study))]
    assert sorted(uids(values(response(archive.answers[study]), REFERENCED), SOP_INSTANCE)) == sorted(stored)


@clause("PS3.18 I.1", "items of Referenced SOP Sequence hold the SOP Class UID that belongs to the Instance")
def test_referenced_classes(archive: Archive) -> None:
    expected = {specimen.uid: specimen.data_set.SOPClassUID for specimen in archive.of_study(archive.thorax)}
    items = values(response(archive.answers["thorax"]), REFERENCED)
    assert {value(item, SOP_INSTANCE): value(item, SOP_CLASS) for item in items} == expected


@clause("PS3.18 I.1", "Retrieve URL of the Study is present")
def test_study_url_present(archive: Archive) -> None:
    assert RETRIEVE_URL in response(archive.answers["thorax"])


@clause("PS3.18 I.1", "Retrieve URL is present, perhaps empty, where the Instances are of several Studies")
def test_study_url_of_several(archive: Archive) -> None:
    assert RETRIEVE_URL in response(archive.answers["scripts"])


@clause("PS3.18 I.1", "Retrieve URL is present, perhaps empty, where no Instance was stored")
def test_study_url_of_none(server: Server, archive: Archive) -> None:
    answer = server.store(archive.spare().file, path=f"/studies/{archive['axial 1'].study}")
    assert RETRIEVE_URL in response(answer)


@clause("PS3.18 I.1", "the Study can be retrieved at its Retrieve URL")
def test_study_url_works(server: Server, archive: Archive) -> None:
    url = server.resolve(value(response(archive.answers["thorax"]), RETRIEVE_URL), "/studies")
    parts = parts_of(server.get(url, f"{DICOM}; transfer-syntax=*"))
    assert len(parts) == len(archive.of_study(archive.thorax))


@clause("PS3.18 I.1", "each item of Referenced SOP Sequence has a Retrieve URL")
def test_instance_urls(archive: Archive) -> None:
    assert all(RETRIEVE_URL in item for item in values(response(archive.answers["thorax"]), REFERENCED))


@clause("PS3.18 I.1", "an Instance can be retrieved at the Retrieve URL of its item")
def test_instance_url_works(server: Server, archive: Archive) -> None:
    item = values(response(archive.answers["thorax"]), REFERENCED)[0]
    url = server.resolve(value(item, RETRIEVE_URL), "/studies")
    part = parts_of(server.get(url, f"{DICOM}; transfer-syntax=*"))[0]
    assert read_part10(part.body).SOPInstanceUID == value(item, SOP_INSTANCE)


@clause("PS3.18 I.1", "Failed SOP Sequence is absent where all Instances were stored")
def test_no_failures(archive: Archive) -> None:
    assert values(response(archive.answers["thorax"]), FAILED) == []


@clause("PS3.18 F.2.3", "attribute {tag} of the response has the VR {vr}")
@pytest.mark.parametrize(("tag", "vr"), [(REFERENCED, "SQ"), (RETRIEVE_URL, "UR")])
def test_representations(archive: Archive, tag: str, vr: str) -> None:
    assert response(archive.answers["thorax"])[tag]["vr"] == vr


@clause("PS3.18 F.2.3", "attribute {tag} of an item of Referenced SOP Sequence has the VR {vr}")
@pytest.mark.parametrize(("tag", "vr"), [(SOP_CLASS, "UI"), (SOP_INSTANCE, "UI"), (RETRIEVE_URL, "UR")])
def test_item_representations(archive: Archive, tag: str, vr: str) -> None:
    assert values(response(archive.answers["thorax"]), REFERENCED)[0][tag]["vr"] == vr


@pytest.fixture(scope="module")
def again(server: Server, archive: Archive) -> httpx.Response:
    return server.store(archive["coronal 1"].file)


class TestAgain:
    """The same Instance once more."""

    @clause("PS3.18 10.5.3.1", "an Instance that is stored already is answered with 200, 202 or 409")
    def test_status(self, again: httpx.Response) -> None:
        assert again.status_code in (200, 202, 409)

    @clause("PS3.18 I.1", "an Instance that is stored already is named in the response")
    def test_named(self, again: httpx.Response, archive: Archive) -> None:
        items = [*values(response(again), REFERENCED), *values(response(again), FAILED)]
        assert uids(items, SOP_INSTANCE) == [archive["coronal 1"].uid]

    @clause("PS3.18 10.5.2", "an Instance that is stored twice is found once")
    def test_found_once(self, again: httpx.Response, server: Server, archive: Archive) -> None:
        assert again.status_code < 500
        found = server.search("/instances", [("SOPInstanceUID", archive["coronal 1"].uid)])
        assert uids(found, "00080018") == [archive["coronal 1"].uid]


@pytest.fixture(scope="module")
def refused(server: Server, archive: Archive) -> tuple[httpx.Response, str, str]:
    spare = archive.spare()
    return server.store(spare.file, path=f"/studies/{archive['axial 1'].study}"), spare.uid, spare.path


class TestOtherStudy:
    """An Instance of another Study than the path names."""

    @clause("PS3.18 10.5.3.1", "an Instance of another Study than the path names is answered with 409")
    def test_status(self, refused: tuple[httpx.Response, str, str]) -> None:
        assert refused[0].status_code == 409

    @clause("PS3.18 I.1", "an Instance of another Study than the path names is in Failed SOP Sequence")
    def test_failed(self, refused: tuple[httpx.Response, str, str]) -> None:
        assert uids(values(response(refused[0]), FAILED), SOP_INSTANCE) == [refused[1]]

    @clause("PS3.18 I.1", "Referenced SOP Sequence is absent where no Instance was stored")
    def test_not_referenced(self, refused: tuple[httpx.Response, str, str]) -> None:
        assert values(response(refused[0]), REFERENCED) == []

    @clause("PS3.18 I.1", "a failed Instance has a Failure Reason of VR US")
    def test_reason(self, refused: tuple[httpx.Response, str, str]) -> None:
        reason = values(response(refused[0]), FAILED)[0][FAILURE_REASON]
        assert reason["vr"] == "US"
        assert 0 < reason["Value"][0] <= 0xFFFF

    @clause("PS3.18 I.1", "an item of Failed SOP Sequence names the SOP Class")
    def test_class(self, refused: tuple[httpx.Response, str, str]) -> None:
        assert value(values(response(refused[0]), FAILED)[0], SOP_CLASS) == "1.2.840.10008.5.1.4.1.1.2"

    @clause("PS3.18 10.5.2", "an Instance that was refused is not stored")
    def test_not_stored(self, server: Server, refused: tuple[httpx.Response, str, str]) -> None:
        assert not is_stored(server, refused[2])


@pytest.fixture(scope="module")
def partly(server: Server, archive: Archive) -> tuple[httpx.Response, str, str]:
    right, wrong = archive.spare(), archive.spare()
    return server.store(right.file, wrong.file, path=f"/studies/{right.study}"), right.uid, wrong.uid


class TestPartly:
    """One Instance that belongs into the Study, and one that does not."""

    @clause("PS3.18 10.5.3.1", "202 says that some Instances were stored and some were not")
    def test_status(self, partly: tuple[httpx.Response, str, str]) -> None:
        assert partly[0].status_code == 202

    @clause("PS3.18 I.1", "of a message that is stored partly, what was stored is in Referenced SOP Sequence")
    def test_referenced(self, partly: tuple[httpx.Response, str, str]) -> None:
        assert uids(values(response(partly[0]), REFERENCED), SOP_INSTANCE) == [partly[1]]

    @clause("PS3.18 I.1", "of a message that is stored partly, what was not stored is in Failed SOP Sequence")
    def test_failed(self, partly: tuple[httpx.Response, str, str]) -> None:
        assert uids(values(response(partly[0]), FAILED), SOP_INSTANCE) == [partly[2]]


@pytest.fixture(scope="module")
def mixed(server: Server, archive: Archive) -> tuple[httpx.Response, str]:
    spare = archive.spare()
    return server.store(spare.file, b"this is no DICOM object " * 20), spare.path


class TestGarbage:
    """A part that is no DICOM object."""

    @clause("PS3.18 10.5.3.1", "a message of which no part is a DICOM object is answered with 400 or 409")
    def test_alone(self, server: Server) -> None:
        assert server.store(b"this is no DICOM object " * 20).status_code in (400, 409)

    @clause("PS3.18 10.5.3.1", "a DICOM object beside a part that is none is answered with 202")
    def test_beside(self, mixed: tuple[httpx.Response, str]) -> None:
        assert mixed[0].status_code == 202

    @clause("PS3.18 10.5.2", "a DICOM object beside a part that is none is stored")
    def test_stored(self, server: Server, mixed: tuple[httpx.Response, str]) -> None:
        assert mixed[0].status_code in STATUSES
        assert is_stored(server, mixed[1])

    @clause("PS3.18 I.1", "a part that cannot be identified is in Other Failures Sequence with its Failure Reason")
    def test_other_failures(self, mixed: tuple[httpx.Response, str]) -> None:
        reasons = [value(item, FAILURE_REASON) for item in values(response(mixed[0]), OTHER_FAILURES)]
        assert len(reasons) == 1
        assert reasons[0] > 0

    @clause("PS3.18 10.5.3.1", "an Instance that is cut off in its Data Set is not answered with 200")
    def test_cut_object(self, server: Server, archive: Archive) -> None:
        spare = archive.spare()
        assert server.store(spare.file[: len(spare.file) // 2]).status_code in (202, 400, 409)


Make = Callable[[bytes], tuple[str | None, bytes]]


def _part(file: bytes, **headers: str) -> bytes:
    return body_of([({**PART, **headers}, file)])


MALFORMED: dict[str, tuple[Make, tuple[int, ...]]] = {
    "no boundary parameter": (lambda file: ('multipart/related; type="application/dicom"', _part(file)), (400, 415)),
    "a boundary that does not occur": (lambda file: (content_type_of("application/dicom", "another"), _part(file)), (400,)),
    "no part at all": (lambda _file: (content_type_of("application/dicom"), f"--{BOUNDARY}--\r\n".encode()), (400,)),
    "an empty body": (lambda _file: (content_type_of("application/dicom"), b""), (400,)),
    "no Content-Type": (lambda file: (None, _part(file)), (400, 415)),
}


@clause("PS3.18 10.5.3.1", "a message with {name} is bad syntax, or of no known type: it is refused")
@pytest.mark.parametrize("name", MALFORMED)
def test_malformed(server: Server, archive: Archive, name: str) -> None:
    make, statuses = MALFORMED[name]
    content_type, body = make(archive.spare().file)
    assert server.post("/studies", body, content_type).status_code in statuses


@clause("PS3.18 10.5.3.1", "a body of the type {content_type} is answered with 415")
@pytest.mark.parametrize(
    "content_type",
    [
        "text/plain",
        "image/png",
        "application/x-www-form-urlencoded",
        'multipart/related; type="text/plain"; boundary=' + BOUNDARY,
    ],
)
def test_unsupported_media_type(server: Server, archive: Archive, content_type: str) -> None:
    assert server.post("/studies", _part(archive.spare().file), content_type).status_code == 415


@clause("PS3.18 10.5.1.4", "a part that is plain text, in a message of DICOM objects, is not stored: no 200")
def test_part_of_another_type(server: Server) -> None:
    body = body_of([({"Content-Type": "text/plain"}, b"no object " * 50)])
    assert server.post("/studies", body, content_type_of("application/dicom")).status_code in (202, 400, 409, 415)


@clause("RFC 2046 5.1.1", "what stands before the first delimiter and behind the last is ignored")
def test_preamble(server: Server, archive: Archive) -> None:
    spare = archive.spare()
    body = b"preamble\r\n" + _part(spare.file) + b"epilogue"
    assert server.post("/studies", body, content_type_of("application/dicom")).status_code == 200
    assert is_stored(server, spare.path)


@clause("RFC 2046 5.1.1", "a boundary may be quoted and hold the characters '()+_,-./:=?")
def test_odd_boundary(server: Server, archive: Archive) -> None:
    spare, boundary = archive.spare(), "'=_(a+b),c-d./e:f=?"
    content_type = f'multipart/related; type="application/dicom"; boundary="{boundary}"'
    assert server.post("/studies", body_of([(PART, spare.file)], boundary), content_type).status_code == 200


@clause("RFC 9110 8.3.1", "names of the media type and its parameters are taken in any case")
def test_case_of_names(server: Server, archive: Archive) -> None:
    content_type = f'Multipart/Related; Boundary={BOUNDARY}; TYPE="application/dicom"'
    assert server.post("/studies", _part(archive.spare().file), content_type).status_code == 200


@clause("RFC 2387 3.4", "parts may have headers beside Content-Type, such as {header}")
@pytest.mark.parametrize("header", ["Content-Location", "Content-Length", "Content-ID"])
def test_headers_of_parts(server: Server, archive: Archive, header: str) -> None:
    spare = archive.spare()
    text = {"Content-Location": "instance-1", "Content-Length": str(len(spare.file)), "Content-ID": "<1@conformance>"}[header]
    assert server.post("/studies", _part(spare.file, **{header: text}), content_type_of("application/dicom")).status_code == 200


@clause("PS3.18 8.7.3.5", "a part may name its transfer syntax in its Content-Type")
def test_labelled_part(server: Server, archive: Archive) -> None:
    spare = archive.spare()
    body = body_of([({"Content-Type": f"application/dicom; transfer-syntax={spare.transfer_syntax}"}, spare.file)])
    assert server.post("/studies", body, content_type_of("application/dicom")).status_code == 200


@clause("PS3.18 10.5.1.3", "a body may come with Transfer-Encoding: chunked")
def test_chunked(server: Server, archive: Archive) -> None:
    spare = archive.spare()
    body = _part(spare.file)

    def pieces() -> Iterator[bytes]:
        for start in range(0, len(body), 1000):
            yield body[start : start + 1000]

    assert server.post("/studies", pieces(), content_type_of("application/dicom")).status_code == 200
    assert is_stored(server, spare.path)


@clause("PS3.5 9.1", "a path that holds no valid UID for the Study is refused")
def test_invalid_study(server: Server, archive: Archive) -> None:
    assert server.store(archive.spare().file, path="/studies/not-a-uid").status_code in (400, 404, 409)


@clause("PS3.18 8.7.8", "a response in a media type that no server has is refused with 406, or comes in the default type")
def test_unacceptable_response(server: Server, archive: Archive) -> None:
    answer = server.store(archive.spare().file, accept="image/x-none")
    assert answer.status_code == 406 or answer.headers["content-type"].partition(";")[0] == JSON


@clause("PS3.18 10.5.4", "where any response is accepted, it is DICOM JSON, the default")
def test_default_response(server: Server, archive: Archive) -> None:
    assert server.store(archive.spare().file, accept="*/*").headers["content-type"].partition(";")[0] == JSON


@clause("RFC 9110 15.5.6", "{method} of /studies is refused with 405, which names the methods that are allowed")
@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_methods(server: Server, method: str) -> None:
    answer = server.request(method, "/studies", content=b"")
    assert answer.status_code in (405, 501)
    assert answer.status_code == 501 or "GET" in answer.headers["allow"]


@clause("PS3.18 10.4.3.3", "what was just stored can be retrieved and found at once when 200 was answered")
def test_at_once(server: Server, archive: Archive) -> None:
    spare = archive.spare()
    assert server.store(spare.file).status_code == 200
    assert server.get(spare.path, f"{DICOM}; transfer-syntax=*").status_code == 200
    assert uids(server.search("/studies", [("StudyInstanceUID", spare.study)]), "0020000D") == [spare.study]
