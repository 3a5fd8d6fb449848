"""A coerced object over DICOMweb: found, described and handed out as it counts, its neighbours byte for byte."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import pydicom
import pytest

from dicomweb_kit.pacs import Pacs, open_pacs, parts_of
from dimse_kit.objects import CT_IMAGE_STORAGE, data_set_of, write_ct
from hounsfield.dicom.transfer_syntaxes import EXPLICIT_VR_LITTLE_ENDIAN
from hounsfield.model.coercion import CoercionAction, CoercionRule
from hounsfield.model.origin import Origin, Principal, Protocol, Role
from hounsfield.model.overlay import NO_TREATMENT, Treatment
from hounsfield.services.store import Envelope

STUDY = "/studies/1.2.826.0.1.3680043.10.999.2"
SERIES = f"{STUDY}/series/1.2.826.0.1.3680043.10.999.3"
CT1 = Origin(Protocol.DIMSE, Principal("CT1", Role.EDITOR), "10.0.0.1", "CT1", "HOUNSFIELD")
RULES = (CoercionRule("InstitutionName", CoercionAction.SET, "North"), CoercionRule("PatientName", CoercionAction.REMOVE))
NAMED = Treatment(RULES, "", "HOUNSFIELD")
LENGTHS = {0: 8_000, 1: 8_000, 2: 5_000_000, 3: 8_000}
"""Of pixels, by number; the odd ones are coerced, the even ones are not, but for the long one."""


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("objects")
    return [write_ct(folder / f"{number}.dcm", number, pixel_bytes=length) for number, length in LENGTHS.items()]


@pytest.fixture(scope="module")
def pacs(files: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pacs]:
    with open_pacs(tmp_path_factory.mktemp("pacs")) as opened:
        for number, path in enumerate(files):
            envelope = Envelope(CT_IMAGE_STORAGE, uid(number), EXPLICIT_VR_LITTLE_ENDIAN, NAMED if number else NO_TREATMENT)
            with opened.local.receive(CT1, envelope) as reception:
                reception.write(data_set_of(path))
                reception.finish()
        yield opened


def uid(number: int) -> str:
    return f"1.2.826.0.1.3680043.10.999.1.{number + 1}"


def test_objects(pacs: Pacs, files: list[Path]) -> None:
    came = [body for _type, body in parts_of(pacs.get(STUDY, 'multipart/related; type="application/dicom"'))]
    assert len(came) == len(files)
    assert came[0].endswith(data_set_of(files[0]))
    for body, path in zip(came[1:], files[1:], strict=True):
        data_set = pydicom.dcmread(io.BytesIO(body))
        assert data_set.InstitutionName == "North"
        assert data_set.OriginalAttributesSequence[0].SourceOfPreviousValues == "CT1"
        assert data_set.PixelData == pydicom.dcmread(path).PixelData


@pytest.mark.parametrize("number", LENGTHS)
def test_one_object(pacs: Pacs, files: list[Path], number: int) -> None:
    response = pacs.get(f"{SERIES}/instances/{uid(number)}", "application/dicom")
    data_set = pydicom.dcmread(io.BytesIO(response.content))
    assert data_set.get("InstitutionName") == ("North" if number else None)
    assert data_set.PixelData == pydicom.dcmread(files[number]).PixelData
    rewritten = pacs.get(f"{SERIES}/instances/{uid(number)}", f"application/dicom; transfer-syntax={EXPLICIT_VR_LITTLE_ENDIAN}")
    assert pydicom.dcmread(io.BytesIO(rewritten.content)).get("InstitutionName") == ("North" if number else None)


def test_metadata_and_what_it_refers_to(pacs: Pacs, files: list[Path]) -> None:
    documents = pacs.get(f"{SERIES}/metadata").json()
    assert [one.get("00080080", {}).get("Value") for one in documents] == [None, ["North"], ["North"], ["North"]]
    assert documents[1]["04000561"]["Value"][0]["04000565"]["Value"] == ["COERCE"]
    for number in (0, 1):
        bulk = pacs.get(documents[number]["7FE00010"]["BulkDataURI"].removeprefix("/dicom-web"), "application/octet-stream")
        assert pydicom.dcmread(files[number]).PixelData.startswith(bulk.content)
    one = pacs.get(f"{SERIES}/instances/{uid(1)}/metadata")
    assert one.json()[0] == documents[1]
    assert pacs.get(f"{SERIES}/instances/{uid(1)}/metadata", **{"if-none-match": one.headers["etag"]}).status_code == 304
    plain = pacs.get(f"{SERIES}/instances/{uid(0)}/metadata").headers["etag"]
    assert (len(plain), len(one.headers["etag"])) == (18, 34), "the overlay is part of the name"


@pytest.mark.parametrize(("number", "institution", "name"), [(0, None, b"Test^Object "), (1, b"North ", None)])
def test_single_values(pacs: Pacs, number: int, institution: bytes | None, name: bytes | None) -> None:
    """What was removed is not to be had by its address either, not even where the whole object is searched."""
    for path, value in (("00080080", institution), ("00100010", name)):
        response = pacs.get(f"{SERIES}/instances/{uid(number)}/bulkdata/{path}", "application/octet-stream")
        assert (response.status_code, response.content if value else None) == (200 if value else 404, value)
    before = pacs.get(f"{SERIES}/instances/{uid(number)}/bulkdata/04000561/0/04000550/0/00100010", "application/octet-stream")
    assert (before.status_code == 200) is (number == 1)


def test_search(pacs: Pacs) -> None:
    found = pacs.get(f"{STUDY}/instances?includefield=InstitutionName").json()
    assert len(found) == len(LENGTHS)
