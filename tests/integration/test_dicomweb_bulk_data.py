"""Bulk data, pixel data and metadata in XML, of real files; XML is held against the JSON and read by another parser."""

from __future__ import annotations

import email.parser
import io
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import httpx
import pydicom
import pytest

from dicomweb_kit.pacs import Pacs, open_pacs, parts_of
from hounsfield.dicom.xml_model import NAMESPACE, json_of_xml

XML = 'multipart/related; type="application/dicom+xml"'
OCTETS = 'multipart/related; type="application/octet-stream"'
FILES = (
    "series/usmf_ihe-dept022/images/000000.dcm",
    "series/xa_ihe-dept021/images/000000.dcm",
    "image/pydicom/waveform_ecg.dcm",
    "synth/DOC_encapsulated_pdf.dcm",
    "modality/SR_RDSR/CT-RDSR-GEPixelMed.dcm",
    "ts/cornerstone3D/CTImage.dcm_BigEndianExplicitTransferSyntax_1.2.840.10008.1.2.2.dcm",
    "charset/pydicom/chrH31.dcm",
)


@pytest.fixture(scope="module")
def pacs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pacs]:
    with open_pacs(tmp_path_factory.mktemp("pacs")) as opened:
        yield opened


@pytest.fixture(scope="module")
def stored(pacs: Pacs, corpus: Path) -> dict[str, tuple[str, pydicom.FileDataset]]:
    """The resource and the object of each file."""
    found = {}
    for path in FILES:
        data = (corpus / path).read_bytes()
        response = pacs.request("POST", "/studies", content=data, headers={"content-type": "application/dicom"})
        assert response.status_code == 200, (path, response.text)
        url = response.json()["00081199"]["Value"][0]["00081190"]["Value"][0]
        found[path] = (url[url.index("/studies/") :], pydicom.dcmread(io.BytesIO(data)))
    return found


def located(response: httpx.Response) -> list[tuple[str, str, bytes]]:
    """Content-Location, Content-Type and body of each part."""
    boundary = email.parser.HeaderParser().parsestr(f"Content-Type: {response.headers['content-type']}").get_boundary()
    assert boundary is not None
    found = []
    for section in (b"\r\n" + response.content).split(b"\r\n--" + boundary.encode())[1:-1]:
        head, _, body = section.partition(b"\r\n\r\n")
        headers = email.parser.BytesHeaderParser().parsebytes(head.lstrip(b"\r\n"))
        found.append((headers["content-location"], headers["content-type"], body))
    return found


class TestXML:
    def test_it_says_what_the_json_says(self, pacs: Pacs, stored: dict[str, tuple[str, pydicom.FileDataset]]) -> None:
        for path, (resource, data_set) in stored.items():
            series = resource.split("/instances/")[0]
            study = resource.split("/series/")[0]
            for one in (resource, series, study):
                response = pacs.get(f"{one}/metadata", XML)
                assert response.status_code == 200, (path, response.text)
                assert response.headers["content-type"].startswith('multipart/related; type="application/dicom+xml"; boundary=')
                ((kind, document),) = parts_of(response)
                assert kind == "application/dicom+xml"
            root = ElementTree.fromstring(document)
            assert root.tag == f"{{{NAMESPACE}}}NativeDicomModel"
            tags = {attribute.get("tag") for attribute in root}
            assert {f"{element.tag:08X}" for element in data_set if not element.tag.is_private and element.tag.element} <= tags, path
            (item,) = pacs.get(f"{resource}/metadata").json()
            assert {name: element["vr"] for name, element in json_of_xml(document).items()} == {
                name: element["vr"] for name, element in item.items()
            }, path

    def test_of_one_instance_without_multipart(self, pacs: Pacs, stored: dict[str, tuple[str, pydicom.FileDataset]]) -> None:
        resource, _ = stored["charset/pydicom/chrH31.dcm"]
        response = pacs.get(f"{resource}/metadata", "application/dicom+xml")
        assert response.headers["content-type"] == "application/dicom+xml"
        assert parts_of(pacs.get(f"{resource}/metadata", XML))[0][1] == response.content
        assert "山田" in response.content.decode()
        assert pacs.get(f"{resource.split('/instances/')[0]}/metadata", "application/dicom+xml").status_code == 406

    def test_json_remains_the_default(self, pacs: Pacs, stored: dict[str, tuple[str, pydicom.FileDataset]]) -> None:
        resource, _ = stored[FILES[0]]
        for accept, kind in (
            ("*/*", "application/dicom+json"),
            (f"{XML}; q=0.5, application/dicom+json", "application/dicom+json"),
            (f"{XML}, application/json; q=0.5", "multipart/related"),
        ):
            assert pacs.get(f"{resource}/metadata", accept).headers["content-type"].startswith(kind)
        assert pacs.get(f"{resource}/metadata", "application/xml").status_code == 406

    def test_compressed(self, pacs: Pacs, stored: dict[str, tuple[str, pydicom.FileDataset]]) -> None:
        series = stored[FILES[1]][0].split("/instances/")[0]
        plain = pacs.get(f"{series}/metadata", XML, **{"accept-encoding": "identity"})
        packed = pacs.get(f"{series}/metadata", XML, **{"accept-encoding": "gzip"})
        assert packed.headers["content-encoding"] == "gzip"
        assert parts_of(packed) == parts_of(plain)
        assert packed.headers["etag"] != plain.headers["etag"]


class TestBulkData:
    def test_everything_that_metadata_refers_to(self, pacs: Pacs, stored: dict[str, tuple[str, pydicom.FileDataset]]) -> None:
        for path, (resource, data_set) in stored.items():
            (item,) = pacs.get(f"{resource}/metadata").json()
            named = _uris(item)
            response = pacs.get(f"{resource}/bulkdata", OCTETS)
            assert response.status_code == (200 if named else 404), path
            if not named:
                continue
            parts = located(response)
            pixels = f"/dicom-web{resource}/bulkdata/7FE00010"
            frames = int(data_set.get("NumberOfFrames", 1))
            wanted = [uri for uri in named if uri != pixels]
            wanted += [pixels if frames == 1 else f"{pixels}/frames/{n}" for n in range(1, frames + 1)] if pixels in named else []
            assert [location for location, _, _ in parts] == wanted, path
            for location, kind, body in parts:
                alone = pacs.get(location.removeprefix("/dicom-web"), "application/octet-stream")
                assert alone.content == body, location
                assert kind.startswith("application/octet-stream"), location

    @pytest.mark.parametrize("level", ["study", "series", "instance"])
    @pytest.mark.parametrize("form", ["resource", "octet-stream of the objects"])
    def test_levels(self, pacs: Pacs, stored: dict[str, tuple[str, pydicom.FileDataset]], level: str, form: str) -> None:
        """Objects asked for as octet streams are their bulk data (table 10.4.4-1, note 2)."""
        resource, data_set = stored["image/pydicom/waveform_ecg.dcm"]
        place = {"study": resource.split("/series/")[0], "series": resource.split("/instances/")[0], "instance": resource}[level]
        parts = located(pacs.get(f"{place}/bulkdata" if form == "resource" else place, OCTETS))
        waveform = data_set.WaveformSequence[0].WaveformData
        assert parts[0] == (f"/dicom-web{resource}/bulkdata/54000100/0/54001010", "application/octet-stream", waveform)

    def test_nothing_and_nobody(self, pacs: Pacs, stored: dict[str, tuple[str, pydicom.FileDataset]]) -> None:
        report = stored["modality/SR_RDSR/CT-RDSR-GEPixelMed.dcm"][0]
        assert pacs.get(f"{report}/pixeldata").status_code == 404
        assert pacs.get(f"{report.split('/instances/')[0]}/pixeldata").status_code == 404
        for path in ("/studies/9.9/bulkdata", "/studies/9.9/pixeldata", f"{report}9/bulkdata"):
            assert pacs.get(path).status_code == 404
        assert pacs.get(f"{stored[FILES[0]][0].split('/series/')[0]}/bulkdata", "image/jls").status_code == 406
        assert pacs.get(f"{stored[FILES[0]][0]}/bulkdata/00080005/frames/1").status_code == 404


class TestPixelData:
    def test_frames_as_they_are_stored_or_as_wanted(self, pacs: Pacs, stored: dict[str, tuple[str, pydicom.FileDataset]]) -> None:
        resource, data_set = stored["series/xa_ihe-dept021/images/000000.dcm"]
        series = resource.split("/instances/")[0]
        frames = int(data_set.NumberOfFrames)
        stored_frames = list(pydicom.encaps.generate_frames(data_set.PixelData, number_of_frames=frames))
        for place in (resource, series, series.split("/series/")[0]):
            parts = located(pacs.get(f"{place}/pixeldata", 'multipart/related; type="image/jpeg"'))
            assert [body.rstrip(b"\0") for _, _, body in parts] == [frame.rstrip(b"\0") for frame in stored_frames]
            assert {kind for _, kind, _ in parts} == {"image/jpeg; transfer-syntax=1.2.840.10008.1.2.4.70"}
            decoded = located(pacs.get(f"{place}/pixeldata"))
            assert b"".join(body for _, _, body in decoded) == data_set.pixel_array.tobytes()
        coded = located(pacs.get(f"{resource}/pixeldata", 'multipart/related; type="image/jls"'))
        assert {kind for _, kind, _ in coded} == {"image/jls; transfer-syntax=1.2.840.10008.1.2.4.80"}
        assert pacs.get(f"{resource}/pixeldata", 'multipart/related; type="image/jxl"').status_code == 406

    def test_the_first_choice_that_can_hold_several_frames(self, pacs: Pacs, stored: dict[str, tuple[str, pydicom.FileDataset]]) -> None:
        resource, data_set = stored["series/xa_ihe-dept021/images/000000.dcm"]
        response = pacs.get(f"{resource}/pixeldata", "image/jpeg, application/octet-stream; q=0.5")
        assert response.content == data_set.pixel_array.tobytes()
        assert pacs.get(f"{resource}/pixeldata", "image/jpeg").status_code == 406


def _uris(item: dict[str, dict[str, object]]) -> list[str]:
    """Every BulkDataURI, in order."""
    found: list[str] = []
    for element in item.values():
        if "BulkDataURI" in element:
            found.append(str(element["BulkDataURI"]))
        elif element["vr"] == "SQ":
            for inner in element.get("Value", []):  # type: ignore[attr-defined]
                found += _uris(inner)
    return found
