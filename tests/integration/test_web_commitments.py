"""Storage commitment and performed procedure steps over the web (PS3.18 chapters 13 and 15)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from dicomweb_kit.objects import as_file, ct
from dicomweb_kit.pacs import Pacs, open_pacs
from hounsfield.dicom.xml_model import json_of_xml, xml_document
from ups_kit import codes, element

CT, MR = "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.4"
JSON = {"content-type": "application/dicom+json"}


@pytest.fixture
def pacs(tmp_path: Path) -> Iterator[Pacs]:
    with open_pacs(tmp_path / "pacs") as opened:
        yield opened


def reference(sop_class: str, instance: str) -> dict[str, Any]:
    return {"00081150": element("UI", sop_class), "00081155": element("UI", instance)}


def post(pacs: Pacs, path: str, data_set: Any) -> httpx.Response:
    return pacs.request("POST", path, content=json.dumps(data_set).encode(), headers=JSON)


def result(pacs: Pacs, response: httpx.Response, uid: str) -> dict[str, Any]:
    while response.status_code == 202:
        assert response.headers["retry-after"] == "5"
        response = pacs.get(f"/commitment-requests/{uid}")
    assert response.status_code == 200, response.text
    (module,) = response.json()
    return dict(module)


def damage(pacs: Pacs, content: bytes) -> None:
    for path in pacs.archive_root.rglob("*.tar"):
        raw = path.read_bytes()
        at = raw.find(content)
        if at >= 0:
            with path.open("r+b") as file:
                file.seek(at + len(content) // 2)
                file.write(bytes([raw[at + len(content) // 2] ^ 1]))
            return
    raise AssertionError("not in a pack")


def test_what_is_here_whole_is_committed(pacs: Pacs) -> None:
    files = [as_file(ct(number)) for number in (1, 2)]
    pacs.store(*files)
    damage(pacs, files[1])
    asked = [reference(CT, "1.2.3.1.1"), reference(CT, "1.2.3.1.2"), reference(MR, "1.2.3.1.1"), reference(CT, "9.9")]
    module = result(pacs, post(pacs, "/commitment-requests/1.9.1", {"00081199": element("SQ", *asked)}), "1.9.1")
    assert module["00081199"] == element("SQ", asked[0])
    reasons = [(item["00081155"]["Value"][0], item["00081197"]["Value"][0]) for item in module["00081198"]["Value"]]
    assert reasons == [("1.2.3.1.2", 0x0110), ("1.2.3.1.1", 0x0119), ("9.9", 0x0112)]
    assert pacs.get("/commitment-requests/1.9.1").json() == [module]
    assert post(pacs, "/commitment-requests/1.9.1", {"00081199": element("SQ", *asked)}).status_code == 409
    assert pacs.get("/commitment-requests/1.9.2").status_code == 404


def test_by_study_and_in_xml(pacs: Pacs) -> None:
    pacs.store(as_file(ct(1)))

    def by_study(*instances: str) -> dict[str, Any]:
        of_class = {"00081150": element("UI", CT), "0008114A": element("SQ", *[{"00081155": element("UI", one)} for one in instances])}
        series = {"0020000E": element("UI", "1.2.3.1"), "00081112": element("SQ", of_class)}
        return {"0020000D": element("UI", "1.2.3"), "00081115": element("SQ", series)}

    document = xml_document({"00081110": element("SQ", by_study("1.2.3.1.1", "9.9"))})
    kind = {"content-type": "application/dicom+xml", "accept": "application/dicom+xml"}
    response = pacs.request("POST", "/commitment-requests/1.9.1", content=document, headers=kind)
    module = result(pacs, pacs.get("/commitment-requests/1.9.1"), "1.9.1")
    if response.status_code == 200:
        assert json_of_xml(response.content)["00081110"] == module["00081110"]
    assert module["00081110"] == element("SQ", by_study("1.2.3.1.1"))
    (study,) = module["0008119B"]["Value"]
    instance = study["00081115"]["Value"][0]["00081112"]["Value"][0]["0008114A"]["Value"][0]
    assert instance == {"00081155": element("UI", "9.9"), "00081197": element("US", 0x0112)}


@pytest.mark.parametrize(
    "body",
    [{}, {"00081199": element("SQ")}, {"00081199": element("SQ", {"00081150": element("UI", CT)})}, {"00081199": element("UI", "1")}],
)
def test_requests_that_name_nothing(pacs: Pacs, body: dict[str, Any]) -> None:
    assert post(pacs, "/commitment-requests/1.9.1", body).status_code == 400
    assert post(pacs, "/commitment-requests/abc", body).status_code == 400
    assert pacs.get("/commitment-requests/1.9.1").status_code == 404


def performed_step(**changes: dict[str, Any] | None) -> dict[str, Any]:
    scheduled = {
        "0020000D": element("UI", "1.2.3"),
        "00081110": element("SQ"),
        "00080050": element("SH", "ACC-1"),
        "00401001": element("SH"),
        "00321060": element("LO"),
        "00400009": element("SH"),
        "00400007": element("LO"),
        "00400008": element("SQ"),
    }
    data_set: dict[str, Any] = {
        "00400270": element("SQ", scheduled),
        "00100010": element("PN", {"Alphabetic": "Müller^Ägidius"}),
        "00100020": element("LO", "PAT-1"),
        "00400253": element("SH", "PPS1"),
        "00400241": element("AE", "CT1"),
        "00400244": element("DA", "20261201"),
        "00400245": element("TM", "1530"),
        "00400252": element("CS", "IN PROGRESS"),
        "00080060": element("CS", "CT"),
    }
    for name, changed in changes.items():
        data_set.pop(name[1:], None)
        if changed is not None:
            data_set[name[1:]] = changed
    return data_set


def ended(status: str) -> dict[str, Any]:
    series = {"00181030": element("LO", "Head"), "0020000E": element("UI", "1.2.3.1")}
    return {
        "00400252": element("CS", status),
        "00400250": element("DA", "20261201"),
        "00400251": element("TM", "1540"),
        "00400340": element("SQ", series),
    }


def test_a_performed_procedure_step(pacs: Pacs) -> None:
    path = "/modality-performed-procedure-steps/1.7.1"
    assert pacs.get(path).status_code == 404
    assert post(pacs, f"{path}?update", ended("COMPLETED")).status_code == 404
    response = post(pacs, path, performed_step())
    assert (response.status_code, response.headers["location"].endswith(path)) == (201, True)
    assert post(pacs, path, performed_step()).status_code == 409
    assert post(pacs, f"{path}?update", {"00400254": element("LO", "Head CT")}).status_code == 200
    response = post(pacs, f"{path}?update", {"00400252": element("CS", "COMPLETED")})
    assert (response.status_code, "PerformedSeriesSequence" in response.text) == (409, True)
    assert post(pacs, f"{path}?update", {"00100020": element("LO", "PAT-2")}).status_code == 400
    assert post(pacs, f"{path}?update", ended("COMPLETED")).status_code == 200
    assert post(pacs, f"{path}?update", {"00400254": element("LO", "other")}).status_code == 409
    (item,) = pacs.get(path).json()
    assert (item["00400252"], item["00400254"]) == (element("CS", "COMPLETED"), element("LO", "Head CT"))
    assert item["00081032"] == {"vr": "SQ"}
    (item,) = pacs.get(f"{path}?includefield=PatientID,00400252").json()
    assert item == {"00100020": element("LO", "PAT-1"), "00400252": element("CS", "COMPLETED")}
    assert len(pacs.get(f"{path}?includefield=all").json()[0]) > 20


def test_performed_procedure_steps_that_cannot_be_created(pacs: Pacs) -> None:
    for changes, named in (
        ({"t00080060": None}, "Modality"),
        ({"t00400270": None}, "ScheduledStepAttributesSequence"),
        ({"t00400252": element("CS", "COMPLETED")}, "IN PROGRESS"),
        ({"t00400270": element("SQ", codes("A")["Value"][0])}, "ScheduledStepAttributesSequence[1].StudyInstanceUID"),
    ):
        response = post(pacs, "/modality-performed-procedure-steps/1.7.1", performed_step(**changes))
        assert (response.status_code, named in response.text) == (400, True), response.text
    assert post(pacs, "/modality-performed-procedure-steps/1.7.1?other", performed_step()).status_code == 400
