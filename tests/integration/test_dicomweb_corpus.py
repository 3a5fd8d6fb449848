"""Real files through STOW-RS and back by WADO-RS: byte for byte, or element by element where the web does not use their encoding."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pydicom
import pytest
from PIL import Image
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian

from dicomweb_kit.pacs import Pacs, open_pacs, parts_of
from hounsfield.dicom.transfer_syntaxes import transfer_syntax
from hounsfield.servers.dicomweb.retrieve.delivery import FRAME_MEDIA_TYPES

ANY = 'multipart/related; type="application/dicom"; transfer-syntax=*'
NOT_ON_THE_WEB = (ImplicitVRLittleEndian, ExplicitVRBigEndian)


@dataclass(frozen=True)
class Sent:
    """A file of the corpus and what became of it."""

    path: str
    data: bytes
    status: int
    document: dict[str, dict[str, list[dict[str, dict[str, list[str]]]]]]

    @property
    def resource(self) -> str:
        """Of the stored instance."""
        url = self.document["00081199"]["Value"][0]["00081190"]["Value"][0]
        return url[url.index("/studies/") :]


@pytest.fixture(scope="module")
def pacs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pacs]:
    with open_pacs(tmp_path_factory.mktemp("corpus")) as opened:
        yield opened


@pytest.fixture(scope="module")
def sent(pacs: Pacs, corpus: Path) -> list[Sent]:
    """Each file of `image` and `modality`, and the pictures of `ts` under their own UIDs as far as they have them."""
    with (corpus / "MANIFEST.tsv").open() as manifest:
        rows = list(csv.DictReader(manifest, delimiter="\t", quoting=csv.QUOTE_NONE))
    found = []
    for row in rows:
        if row["path"].split("/")[0] in ("image", "modality"):
            data = (corpus / row["path"]).read_bytes()
            response = pacs.request("POST", "/studies", content=data, headers={"content-type": "application/dicom"})
            found.append(Sent(row["path"], data, response.status_code, json.loads(response.content)))
    assert len(found) > 150
    return found


def stored(sent: list[Sent]) -> list[Sent]:
    """Those that count: not kept aside."""
    return [one for one in sent if one.status == 200]


def test_every_object_that_has_its_identifiers_is_taken(sent: list[Sent]) -> None:
    needed = ("SOPClassUID", "SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID")
    for one in sent:
        header = pydicom.dcmread(io.BytesIO(one.data), force=True, stop_before_pixels=True)
        assert (one.status in (200, 202)) == all(header.get(keyword) for keyword in needed), one.path
        assert one.status in (200, 202, 400), one.path


def test_bytes_come_back(pacs: Pacs, sent: list[Sent]) -> None:
    for one in stored(sent):
        response = pacs.get(one.resource, ANY)
        assert response.status_code == 200, one.path
        ((kind, body),) = parts_of(response)
        meta = pydicom.dcmread(io.BytesIO(body), stop_before_pixels=True, force=True).file_meta
        assert kind == f"application/dicom; transfer-syntax={meta.TransferSyntaxUID}", one.path
        assert meta.TransferSyntaxUID not in NOT_ON_THE_WEB, one.path
        if one.data[128:132] == b"DICM" and body != one.data:
            before, after = (pydicom.dcmread(io.BytesIO(data), force=True) for data in (one.data, body))
            assert before.file_meta.TransferSyntaxUID in NOT_ON_THE_WEB, one.path
            assert same_elements(before, after), one.path


def same_elements(before: Dataset, after: Dataset) -> bool:
    """Tag by tag; of words the values, as their byte order may differ."""
    big = before.original_encoding[1] is False
    if [element.tag for element in before if element.tag.element] != [element.tag for element in after if element.tag.element]:
        return False
    return all(_same(element, after[element.tag], big) for element in before if element.tag.element)


def _same(before: DataElement, after: DataElement, big: bool) -> bool:
    if before.VR == "SQ":
        return len(before.value) == len(after.value) and all(map(same_elements, before.value, after.value))
    if not isinstance(before.value, bytes):
        return bool(before.value == after.value)
    turned = np.frombuffer(before.value, ">u2").astype("<u2").tobytes() if big and len(before.value) % 2 == 0 else before.value
    return after.value.rstrip(b"\0") in (before.value.rstrip(b"\0"), turned.rstrip(b"\0"))


def test_what_is_asked_for_without_a_transfer_syntax(pacs: Pacs, sent: list[Sent]) -> None:
    """Explicit VR Little Endian, or the stored pixels where they have lost something already."""
    outcomes: dict[int, list[str]] = {}
    for one in stored(sent):
        response = pacs.get(one.resource)
        outcomes.setdefault(response.status_code, []).append(one.path)
        if response.status_code == 200:
            ((kind, body),) = parts_of(response)
            syntax = pydicom.dcmread(io.BytesIO(body), stop_before_pixels=True).file_meta.TransferSyntaxUID
            assert kind == f"application/dicom; transfer-syntax={syntax}"
            lossy = syntax.name.startswith(
                ("JPEG Baseline", "JPEG Extended", "JPEG-LS Lossy", "JPEG 2000 Image Compression", "MPEG", "HTJ2K")
            )
            assert syntax == ExplicitVRLittleEndian or (lossy and "Lossless" not in syntax.name), one.path
    assert set(outcomes) <= {200, 422}, outcomes
    assert len(outcomes.get(422, [])) <= 5, outcomes[422]


def test_metadata_is_ordered_json(pacs: Pacs, sent: list[Sent]) -> None:
    for series in {one.resource.split("/instances/")[0] for one in stored(sent)}:
        response = pacs.get(f"{series}/metadata")
        assert response.status_code == 200, series
        for item in response.json():
            assert list(item) == sorted(item), series
            assert "7FE00010" not in item or "BulkDataURI" in item["7FE00010"], series


def test_first_frames(pacs: Pacs, sent: list[Sent]) -> None:
    """Each is either decoded to as many bytes as its description says, or refused with a reason; pictures are pictures."""
    outcomes: dict[int, list[str]] = {}
    for one in stored(sent):
        header = pydicom.dcmread(io.BytesIO(one.data), force=True, stop_before_pixels=True)
        frame = pacs.get(f"{one.resource}/frames/1", "application/octet-stream")
        picture = pacs.get(f"{one.resource}/rendered")
        outcomes.setdefault(frame.status_code, []).append(one.path)
        if frame.status_code == 200 and header.get("BitsAllocated", 0) >= 8 and header.get("PhotometricInterpretation") != "YBR_FULL_422":
            expected = header.Rows * header.Columns * header.get("SamplesPerPixel", 1) * header.BitsAllocated // 8
            assert len(frame.content) == expected, one.path
        if picture.status_code == 200:
            assert Image.open(io.BytesIO(picture.content)).format == "JPEG", one.path
        assert picture.status_code in (200, 404, 422), one.path
    assert set(outcomes) <= {200, 404, 422}, outcomes
    assert len(outcomes[200]) > 80
    pixels = {"PixelData", "FloatPixelData", "DoubleFloatPixelData"}
    without_pixels = [one.path for one in stored(sent) if not pixels & set(pydicom.dcmread(io.BytesIO(one.data), force=True).dir())]
    assert outcomes[404] == without_pixels
    assert len(outcomes.get(422, [])) <= 2, outcomes[422]


def test_search_finds_what_was_stored(pacs: Pacs, sent: list[Sent]) -> None:
    uids = {one.resource.rpartition("/")[2] for one in stored(sent)}
    found = pacs.get("/instances").json()
    assert {item["00080018"]["Value"][0] for item in found} == uids
    assert all(list(item) == sorted(item) for item in found)
    studies = pacs.get("/studies").json()
    assert {item["0020000D"]["Value"][0] for item in studies} == {one.resource.split("/")[2] for one in stored(sent)}
    assert sum(item["00201208"]["Value"][0] for item in studies) == len(uids)


def test_one_picture_in_many_transfer_syntaxes(pacs: Pacs, corpus: Path) -> None:
    """Frames as stored carry the media type of their syntax; decoded, all lossless ones are the same bytes."""
    decoded: dict[str, bytes] = {}
    for number, path in enumerate(sorted((corpus / "ts" / "cornerstone3D").glob("CTImage*"))):
        data_set = pydicom.dcmread(path)
        syntax = data_set.file_meta.TransferSyntaxUID
        data_set.SOPInstanceUID = data_set.file_meta.MediaStorageSOPInstanceUID = f"2.25.{number + 1}"
        data_set.StudyInstanceUID, data_set.SeriesInstanceUID = "2.25.100", "2.25.101"
        data_set.PatientID = "many syntaxes"
        target = io.BytesIO()
        pydicom.dcmwrite(target, data_set)
        response = pacs.request("POST", "/studies", content=target.getvalue(), headers={"content-type": "application/dicom"})
        assert response.status_code == 200, (path.name, response.text)
        frames = f"/studies/2.25.100/series/2.25.101/instances/2.25.{number + 1}/frames/1"
        response = pacs.get(frames, "application/octet-stream; transfer-syntax=*")
        kind, _, labelled = response.headers["content-type"].partition("; transfer-syntax=")
        assert labelled == (syntax if syntax.is_encapsulated else ExplicitVRLittleEndian), path.name
        assert kind == FRAME_MEDIA_TYPES.get(labelled, "application/octet-stream"), path.name
        response = pacs.get(frames, "application/octet-stream")
        if response.status_code == 200:
            decoded[syntax] = response.content
    assert len(decoded) >= 10
    lossless = {decoded[uid] for uid in decoded if not transfer_syntax(uid).lossy}
    assert len(lossless) == 1
