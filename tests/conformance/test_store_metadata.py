"""STOW-RS: metadata with bulk data, documents and pictures (PS3.18 10.5.1.4, 10.5.2, table 10.5.2-1)."""

from __future__ import annotations

import io
import json
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import httpx
import pytest
from PIL import Image
from pydicom import dcmread
from pydicom.datadict import keyword_for_tag
from pydicom.dataset import Dataset
from pydicom.encaps import generate_frames
from pydicom.uid import EncapsulatedPDFStorage, ExplicitVRLittleEndian, JPEGBaseline8Bit

from conformance_kit import objects
from conformance_kit.archive import Archive
from conformance_kit.catalogue import clause
from conformance_kit.client import DICOM, OCTETS, Server, offered, uids, values
from conformance_kit.comparison import PIXEL_DATA, differences, read_part10
from conformance_kit.multipart import body_of, content_type_of, parts_of
from conformance_kit.objects import COLUMNS, DOCUMENT, ROWS, Series, Specimen

JSON, XML = "application/dicom+json", "application/dicom+xml"
LOCATION = "bulk/1"
PIXELS = "7FE00010"
DESCRIPTION = (
    "Rows",
    "Columns",
    "SamplesPerPixel",
    "PhotometricInterpretation",
    "BitsAllocated",
    "BitsStored",
    "HighBit",
    "PixelRepresentation",
)


def model_of(data_set: Dataset, bulk: str = PIXELS, *, without: tuple[str, ...] = ()) -> dict[str, Any]:
    """DICOM JSON with one attribute by BulkDataURI."""
    document: dict[str, Any] = json.loads(data_set.to_json())
    if bulk:
        document[bulk] = {"vr": document.get(bulk, {}).get("vr", "OW"), "BulkDataURI": LOCATION}
    return {tag: document[tag] for tag in sorted(document) if keyword_for_tag(tag) not in without and not tag.startswith("0002")}


def native_model_of(model: dict[str, Any]) -> bytes:
    """The same as XML."""
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<NativeDicomModel>{_attributes(model)}</NativeDicomModel>'.encode()


def _attributes(model: dict[str, Any]) -> str:
    reserved = {tag: attribute for tag, attribute in model.items() if int(tag[:4], 16) % 2 and tag[4:6] == "00" and "Value" in attribute}
    creators = {tag[:4] + tag[6:]: attribute["Value"][0] for tag, attribute in reserved.items()}
    return "".join(_attribute(tag, attribute, creators) for tag, attribute in model.items())


def _attribute(tag: str, attribute: dict[str, Any], creators: dict[str, str]) -> str:
    keyword = keyword_for_tag(tag)
    named = f" keyword={quoteattr(keyword)}" if keyword else ""
    if int(tag[:4], 16) % 2 and tag[4:6] != "00":
        named = f" privateCreator={quoteattr(creators[tag[:4] + tag[4:6]])}"
    inner = ""
    if "BulkDataURI" in attribute:
        inner = f"<BulkData uri={quoteattr(attribute['BulkDataURI'])}/>"
    elif "InlineBinary" in attribute:
        inner = f"<InlineBinary>{attribute['InlineBinary']}</InlineBinary>"
    for number, one in enumerate(attribute.get("Value", []), 1):
        if attribute["vr"] == "SQ":
            inner += f'<Item number="{number}">{_attributes(one)}</Item>'
        elif attribute["vr"] == "PN":
            inner += f'<PersonName number="{number}">{"".join(_group(name, text) for name, text in one.items())}</PersonName>'
        else:
            inner += f'<Value number="{number}">{escape(str(one))}</Value>'
    return f'<DicomAttribute tag="{tag}" vr="{attribute["vr"]}"{named}>{inner}</DicomAttribute>'


def _group(name: str, text: str) -> str:
    components = ("FamilyName", "GivenName", "MiddleName", "NamePrefix", "NameSuffix")
    inside = "".join(f"<{one}>{escape(part)}</{one}>" for one, part in zip(components, text.split("^"), strict=False) if part)
    return f"<{name}>{inside}</{name}>"


def send(server: Server, form: str, model: dict[str, Any], data: bytes | None, media_type: str, path: str = "/studies") -> httpx.Response:
    """One Instance as metadata in JSON or XML, with one part of bulk data."""
    metadata = json.dumps([model]).encode() if form == JSON else native_model_of(model)
    parts: list[tuple[dict[str, str], bytes]] = [({"Content-Type": f"{form}; transfer-syntax={ExplicitVRLittleEndian}"}, metadata)]
    if data is not None:
        parts.append(({"Content-Type": media_type, "Content-Location": LOCATION}, data))
    answer = server.post(path, body_of(parts), content_type_of(form))
    return offered(answer, f"store of {form} with bulk data", (415, 501))


def retrieved(server: Server, specimen: Specimen) -> Dataset:
    (part,) = parts_of(server.get(specimen.path, f"{DICOM}; transfer-syntax=*"))
    return read_part10(part.body)


OCTET = f"application/octet-stream; transfer-syntax={ExplicitVRLittleEndian}"


@pytest.fixture(params=[JSON, XML])
def form(request: pytest.FixtureRequest) -> str:
    return str(request.param)


class TestNative:
    """Uncompressed pixels as bulk data."""

    @pytest.fixture
    def stored(self, server: Server, archive: Archive, form: str) -> Specimen:
        spare = archive.spare()
        answer = send(server, form, model_of(spare.data_set), spare.frames[0], OCTET)
        assert answer.status_code == 200, answer.text[:300]
        document = answer.json()
        assert uids(values(document[0] if isinstance(document, list) else document, "00081199"), "00081155") == [spare.uid]
        return spare

    @clause("PS3.18 10.5.1.4", "metadata in {form} with native pixels as bulk data is stored: 200")
    def test_stored(self, stored: Specimen, form: str) -> None:
        assert stored.uid

    @clause("PS3.18 10.5.2", "the pixels of metadata in {form} become Pixel Data, byte for byte")
    def test_pixels(self, server: Server, stored: Specimen, form: str) -> None:
        assert bytes(retrieved(server, stored).PixelData) == stored.frames[0]

    @clause("PS3.18 10.5.2", "the attributes of metadata in {form} become the Data Set, sequences and private ones too")
    def test_attributes(self, server: Server, stored: Specimen, form: str) -> None:
        assert differences(stored.data_set, retrieved(server, stored), without=frozenset({PIXEL_DATA})) == []

    @clause("PS3.18 10.6.3.3", "an Instance that was stored as metadata in {form} is found")
    def test_found(self, server: Server, stored: Specimen, form: str) -> None:
        assert uids(server.search("/instances", [("SOPInstanceUID", stored.uid)]), "00080018") == [stored.uid]


@clause("PS3.18 10.5.1.4", "metadata in {form} without any bulk data is stored: a report")
def test_without_bulk_data(server: Server, archive: Archive, form: str) -> None:
    series = Series(archive.spare().data_set, 1, "SR", "report")
    report = objects.report(series, 1)
    assert send(server, form, model_of(report.data_set, ""), None, "").status_code == 200
    assert differences(report.data_set, retrieved(server, report)) == []


@clause("PS3.18 10.5.1.4", "metadata in {form} may name its bulk data by an absolute URI")
def test_absolute_location(server: Server, archive: Archive, form: str) -> None:
    spare, uri = archive.spare(), "urn:conformance:bulk:1"
    model = model_of(spare.data_set)
    model[PIXELS]["BulkDataURI"] = uri
    metadata = json.dumps([model]).encode() if form == JSON else native_model_of(model)
    body = body_of([({"Content-Type": form}, metadata), ({"Content-Type": OCTET, "Content-Location": uri}, spare.frames[0])])
    answer = offered(server.post("/studies", body, content_type_of(form)), f"store of {form} with bulk data", (415, 501))
    assert answer.status_code == 200


@clause("PS3.18 10.5.2", "metadata in {form} whose bulk data did not come is not stored")
def test_missing_bulk_data(server: Server, archive: Archive, form: str) -> None:
    spare = archive.spare()
    assert send(server, form, model_of(spare.data_set), None, "").status_code in (400, 409)
    assert server.get(spare.path, f"{DICOM}; transfer-syntax=*").status_code == 404


@clause("PS3.18 10.5.3.1", "metadata in {form} that cannot be parsed is refused with 400 or 409")
def test_malformed(server: Server, archive: Archive, form: str) -> None:
    spare = archive.spare()
    body = body_of([({"Content-Type": form}, b"[{<"), ({"Content-Type": OCTET, "Content-Location": LOCATION}, spare.frames[0])])
    assert offered(server.post("/studies", body, content_type_of(form)), f"store of {form} with bulk data", (415, 501)).status_code in (
        400,
        409,
    )


@clause("PS3.18 10.5.3.1", "metadata in {form} of another Study than the path names is refused with 409")
def test_other_study(server: Server, archive: Archive, form: str) -> None:
    spare = archive.spare()
    path = f"/studies/{archive['axial 1'].study}"
    assert send(server, form, model_of(spare.data_set), spare.frames[0], OCTET, path).status_code == 409


@clause("PS3.18 10.5.2", "metadata in {form} without a SOP Instance UID is refused with 400 or 409")
def test_without_uid(server: Server, archive: Archive, form: str) -> None:
    spare = archive.spare()
    answer = send(server, form, model_of(spare.data_set, without=("SOPInstanceUID",)), spare.frames[0], OCTET)
    assert answer.status_code in (400, 409)


class TestPicture:
    """A JPEG as it is, of which the server reads the description of the pixels."""

    @pytest.fixture
    def stored(self, server: Server, archive: Archive, form: str) -> Specimen:
        series = Series(archive.spare().data_set, 1, "OT", "photo")
        specimen = objects.jpeg(series, 1)
        model = model_of(specimen.data_set, without=DESCRIPTION)
        answer = send(server, form, model, specimen.codestream, f"image/jpeg; transfer-syntax={JPEGBaseline8Bit}")
        assert answer.status_code in (200, 202), answer.text[:300]
        return specimen

    @clause("PS3.18 10.5.2", "a JPEG as bulk data of metadata in {form} is stored")
    def test_stored(self, stored: Specimen, form: str) -> None:
        assert stored.uid

    @clause("PS3.18 10.5.2", "the codestream of a JPEG stored with metadata in {form} is encapsulated as it is")
    def test_codestream(self, server: Server, stored: Specimen, form: str) -> None:
        got = retrieved(server, stored)
        assert got.file_meta.TransferSyntaxUID == JPEGBaseline8Bit
        assert next(generate_frames(got.PixelData)).rstrip(b"\0") == stored.codestream.rstrip(b"\0")

    @clause("PS3.18 10.5.2", "the Image Pixel Description that metadata in {form} left out is read from the JPEG")
    def test_description(self, server: Server, stored: Specimen, form: str) -> None:
        got = retrieved(server, stored)
        assert (got.Rows, got.Columns, got.SamplesPerPixel, got.BitsAllocated) == (ROWS, COLUMNS, 1, 8)

    @clause("PS3.18 10.4.1.1.3", "a JPEG stored with metadata in {form} can be rendered")
    def test_rendered(self, server: Server, stored: Specimen, form: str) -> None:
        answer = offered(server.get(f"{stored.path}/rendered", "image/jpeg"), "rendered as image/jpeg")
        assert Image.open(io.BytesIO(answer.content)).size == (COLUMNS, ROWS)


@clause("PS3.18 10.5.1.4", "a PDF as bulk data of metadata in {form} is stored as an Encapsulated Document")
def test_document(server: Server, archive: Archive, form: str) -> None:
    specimen = objects.document(Series(archive.spare().data_set, 1, "DOC", "document"), 1)
    model = model_of(specimen.data_set, "00420011")
    assert send(server, form, model, DOCUMENT, "application/pdf").status_code == 200
    got = retrieved(server, specimen)
    assert got.SOPClassUID == EncapsulatedPDFStorage
    assert got.EncapsulatedDocument.rstrip(b"\0") == DOCUMENT.rstrip(b"\0")


@clause("PS3.18 10.5.1.4", "metadata in JSON of several Instances, in one array, is stored with the bulk data of each")
def test_several(server: Server, archive: Archive) -> None:
    spares = archive.spares(2)
    models = [model_of(spare.data_set) for spare in spares]
    parts: list[tuple[dict[str, str], bytes]] = []
    for number, (model, spare) in enumerate(zip(models, spares, strict=True)):
        model[PIXELS]["BulkDataURI"] = f"bulk/{number}"
        parts.append(({"Content-Type": OCTET, "Content-Location": f"bulk/{number}"}, spare.frames[0]))
    body = body_of([({"Content-Type": JSON}, json.dumps(models).encode()), *parts])
    answer = offered(server.post("/studies", body, content_type_of(JSON)), f"store of {JSON} with bulk data", (415, 501))
    assert answer.status_code == 200
    assert [bytes(retrieved(server, spare).PixelData) for spare in spares] == [spare.frames[0] for spare in spares]


@clause("PS3.18 F.2.7", "metadata in JSON may hold its pixels as InlineBinary")
def test_inline(server: Server, archive: Archive) -> None:
    spare = archive.spare()
    answer = send(server, JSON, model_of(spare.data_set, ""), None, "")
    assert answer.status_code == 200
    assert bytes(retrieved(server, spare).PixelData) == spare.frames[0]


@clause("PS3.18 10.4.3.3.6", "frames of what was stored as metadata in JSON are the bytes that were sent")
def test_frames(server: Server, archive: Archive) -> None:
    spare = archive.spare()
    assert send(server, JSON, model_of(spare.data_set), spare.frames[0], OCTET).status_code == 200
    assert [part.body for part in parts_of(server.get(f"{spare.path}/frames/1", OCTETS))] == [spare.frames[0]]


@clause("PS3.10 7.1", "what was stored as metadata in JSON comes out as a Part 10 file that can be read")
def test_part10(server: Server, archive: Archive) -> None:
    spare = archive.spare()
    assert send(server, JSON, model_of(spare.data_set), spare.frames[0], OCTET).status_code == 200
    (part,) = parts_of(server.get(spare.path, f"{DICOM}; transfer-syntax=*"))
    assert dcmread(io.BytesIO(part.body)).file_meta.MediaStorageSOPInstanceUID == spare.uid
