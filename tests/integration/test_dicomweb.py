"""DICOMweb over the real layers in one process: archive, index, codecs and all services; requests come by ASGI."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO

import numpy as np
import pydicom
import pytest
from PIL import Image
from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian, JPEGLSLossless, RLELossless

from dicomweb_kit.objects import as_file, ct, pixels
from dicomweb_kit.pacs import ROOT, Pacs, open_pacs, parts_of
from hounsfield.dicom.xml_model import json_of_xml


@pytest.fixture(scope="module", params=[True, False], ids=["in the loop", "in threads"])
def pacs(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pacs]:
    """Look-ups run in the event loop, as with SQLite, or in threads, as with a database server."""
    with open_pacs(tmp_path_factory.mktemp("pacs"), quick_in_loop=request.param) as opened:
        yield opened


@pytest.fixture(scope="module")
def stored(pacs: Pacs) -> dict[str, bytes]:
    """Two series of one study, and three more studies in other transfer syntaxes; files by SOP Instance UID."""
    files = {f"1.2.3.1.{n}": as_file(ct(n)) for n in (1, 2, 3)}
    files["1.2.3.2.1"] = as_file(ct(1, series="1.2.3.2", frames=3, Modality="MR", SeriesNumber=2))
    other = {"PatientID": "PAT-2", "PatientName": "Doe^Jane", "StudyDate": "20250506", "AccessionNumber": "ACC-2"}
    files["1.2.4.1.1"] = as_file(ct(1, study="1.2.4", series="1.2.4.1", **other), ImplicitVRLittleEndian)
    files["1.2.5.1.1"] = as_file(ct(1, study="1.2.5", series="1.2.5.1", **other), ExplicitVRBigEndian)
    files["1.2.6.1.1"] = as_file(ct(1, study="1.2.6", series="1.2.6.1", frames=2, **other), RLELossless)
    response = pacs.store(*files.values())
    assert response.status_code == 200, response.text
    return files


INSTANCE = "/studies/1.2.3/series/1.2.3.1/instances/1.2.3.1.1"
BIG_ENDIAN = "/studies/1.2.5/series/1.2.5.1/instances/1.2.5.1.1"
IMPLICIT = "/studies/1.2.4/series/1.2.4.1/instances/1.2.4.1.1"
RLE = "/studies/1.2.6/series/1.2.6.1/instances/1.2.6.1.1"
ANY_DICOM = 'multipart/related; type="application/dicom"; transfer-syntax=*'


class TestObjects:
    def test_a_series_comes_back_byte_for_byte(self, pacs: Pacs, stored: dict[str, bytes]) -> None:
        response = pacs.get("/studies/1.2.3/series/1.2.3.1", ANY_DICOM)
        assert response.status_code == 200
        assert int(response.headers["content-length"]) == len(response.content)
        assert response.headers["content-type"].startswith('multipart/related; type="application/dicom"; boundary=')
        parts = parts_of(response)
        assert [body for _, body in parts] == [stored[f"1.2.3.1.{n}"] for n in (1, 2, 3)]
        assert {kind for kind, _ in parts} == {"application/dicom; transfer-syntax=1.2.840.10008.1.2.1"}

    def test_a_study(self, pacs: Pacs, stored: dict[str, bytes]) -> None:
        assert len(parts_of(pacs.get("/studies/1.2.3"))) == 4

    def test_an_instance_without_multipart(self, pacs: Pacs, stored: dict[str, bytes]) -> None:
        response = pacs.get(INSTANCE, "application/dicom")
        assert response.content == stored["1.2.3.1.1"]
        assert response.headers["content-type"] == "application/dicom; transfer-syntax=1.2.840.10008.1.2.1"

    @pytest.mark.parametrize("path", [IMPLICIT, BIG_ENDIAN])
    @pytest.mark.parametrize("accept", [ANY_DICOM, "*/*"])
    def test_what_the_web_does_not_use_goes_out_as_explicit_little_endian(
        self, pacs: Pacs, stored: dict[str, bytes], path: str, accept: str
    ) -> None:
        ((kind, body),) = parts_of(pacs.get(path, accept))
        assert kind == "application/dicom; transfer-syntax=1.2.840.10008.1.2.1"
        sent, received = pydicom.dcmread(BytesIO(stored[path.rpartition("/")[2]])), pydicom.dcmread(BytesIO(body))
        assert received.file_meta.TransferSyntaxUID == ExplicitVRLittleEndian
        assert (received.pixel_array == pixels(1).reshape(32, 48)).all()
        assert [element for element in received if element.tag != 0x7FE00010] == [e for e in sent if e.tag != 0x7FE00010]

    def test_compressed_is_decoded_unless_asked_for(self, pacs: Pacs, stored: dict[str, bytes]) -> None:
        ((kind, body),) = parts_of(pacs.get(RLE))
        assert kind == "application/dicom; transfer-syntax=1.2.840.10008.1.2.1"
        assert pydicom.dcmread(BytesIO(body)).PixelData == pixels(1, 2).tobytes()
        for transfer_syntax in ("*", RLELossless):
            ((kind, body),) = parts_of(pacs.get(RLE, f'multipart/related; type="application/dicom"; transfer-syntax={transfer_syntax}'))
            assert kind == f"application/dicom; transfer-syntax={RLELossless}"
            assert body == stored["1.2.6.1.1"]

    def test_what_cannot_be_given(self, pacs: Pacs, stored: dict[str, bytes]) -> None:
        for accept in (
            "application/dicom; transfer-syntax=1.2.840.10008.1.2.4.91",
            "application/dicom; transfer-syntax=1.2.840.10008.1.2",
            "image/jpeg",
        ):
            assert pacs.get(INSTANCE, accept).status_code == 406

    def test_never_seen(self, pacs: Pacs, stored: dict[str, bytes]) -> None:
        for path in ("/studies/9.9", "/studies/1.2.3/series/9.9", f"{INSTANCE}9", "/studies/1.2.4/series/1.2.3.1/instances/1.2.3.1.1"):
            response = pacs.get(path)
            assert (response.status_code, set(response.json()["error"])) == (404, {"code", "message"})


class TestFrames:
    def test_native(self, pacs: Pacs, stored: dict[str, bytes]) -> None:
        ((kind, body),) = parts_of(pacs.get(f"{INSTANCE}/frames/1"))
        assert kind == "application/octet-stream; transfer-syntax=1.2.840.10008.1.2.1"
        assert body == pixels(1).tobytes()

    def test_single_part(self, pacs: Pacs, stored: dict[str, bytes]) -> None:
        response = pacs.get(f"{INSTANCE}/frames/1", "application/octet-stream")
        assert response.content == pixels(1).tobytes()
        assert response.headers["content-type"] == "application/octet-stream; transfer-syntax=1.2.840.10008.1.2.1"

    def test_several_in_the_order_asked_for(self, pacs: Pacs, stored: dict[str, bytes]) -> None:
        response = pacs.get("/studies/1.2.3/series/1.2.3.2/instances/1.2.3.2.1/frames/3,1")
        whole = pixels(1, 3).reshape(3, -1)
        assert [body for _, body in parts_of(response)] == [whole[2].tobytes(), whole[0].tobytes()]

    def test_big_endian_is_turned(self, pacs: Pacs, stored: dict[str, bytes]) -> None:
        ((kind, body),) = parts_of(pacs.get(f"{BIG_ENDIAN}/frames/1"))
        assert (kind, body) == ("application/octet-stream; transfer-syntax=1.2.840.10008.1.2.1", pixels(1).tobytes())

    def test_compressed(self, pacs: Pacs, stored: dict[str, bytes]) -> None:
        whole = pixels(1, 2).reshape(2, -1)
        decoded = parts_of(pacs.get(f"{RLE}/frames/1,2", 'multipart/related; type="application/octet-stream"'))
        assert [body for _, body in decoded] == [whole[0].tobytes(), whole[1].tobytes()]
        for accept in (
            'multipart/related; type="image/dicom-rle"',
            'multipart/related; type="application/octet-stream"; transfer-syntax=*',
        ):
            ((kind, body),) = parts_of(pacs.get(f"{RLE}/frames/2", accept))
            assert kind == f"image/dicom-rle; transfer-syntax={RLELossless}"
            assert body in stored["1.2.6.1.1"]
        assert pacs.get(f"{RLE}/frames/1", 'multipart/related; type="image/jxl"').status_code == 406

    @pytest.mark.parametrize(
        ("frames", "status"), [("2", 404), ("0", 404), ("1,2", 404), ("x", 400), ("", 400), ("-1", 400), ("1,,1", 400)]
    )
    def test_frames_that_are_not_there(self, pacs: Pacs, stored: dict[str, bytes], frames: str, status: int) -> None:
        assert pacs.get(f"{INSTANCE}/frames/{frames}").status_code == status


class TestMetadata:
    def test_series(self, pacs: Pacs, stored: dict[str, bytes]) -> None:
        path = "/studies/1.2.3/series/1.2.3.1/metadata"
        plain = pacs.get(path, "application/dicom+json", **{"accept-encoding": "identity"})
        assert plain.headers["content-type"] == "application/dicom+json"
        assert "content-encoding" not in plain.headers
        compressed = pacs.get(path, "application/dicom+json", **{"accept-encoding": "gzip"})
        assert compressed.headers["content-encoding"] == "gzip"
        assert compressed.json() == plain.json()
        assert [item["00080018"]["Value"] for item in plain.json()] == [["1.2.3.1.1"], ["1.2.3.1.2"], ["1.2.3.1.3"]]
        assert plain.json()[0]["00100010"]["Value"] == [{"Alphabetic": "Müller^Ägidius"}]
        assert all(list(item) == sorted(item) for item in plain.json())
        assert plain.headers["etag"] != compressed.headers["etag"]
        again = pacs.get(path, "application/dicom+json", **{"accept-encoding": "gzip", "if-none-match": compressed.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")

    def test_study_and_instance(self, pacs: Pacs, stored: dict[str, bytes]) -> None:
        study = pacs.get("/studies/1.2.3/metadata", "application/json", **{"accept-encoding": "identity"})
        assert study.headers["content-type"] == "application/json"
        assert len(study.json()) == 4
        compressed = pacs.get("/studies/1.2.3/metadata", **{"accept-encoding": "gzip"})
        assert compressed.headers["content-encoding"] == "gzip"
        assert compressed.json() == study.json()
        (item,) = pacs.get(f"{INSTANCE}/metadata").json()
        assert item == study.json()[0]

    def test_bulk_data(self, pacs: Pacs, stored: dict[str, bytes]) -> None:
        (item,) = pacs.get(f"{INSTANCE}/metadata").json()
        private, frames = (item[tag]["BulkDataURI"].removeprefix("/dicom-web") for tag in ("00091001", "7FE00010"))
        assert pacs.get(private).content == bytes(range(256)) * 8
        ((kind, body),) = parts_of(pacs.get(private, 'multipart/related; type="application/octet-stream"'))
        assert (kind, body) == ("application/octet-stream", bytes(range(256)) * 8)
        ((_, body),) = parts_of(pacs.get(frames, 'multipart/related; type="application/octet-stream"'))
        assert body == pixels(1).tobytes()
        assert pacs.get(f"{INSTANCE}/bulkdata/00091099").status_code == 404
        assert pacs.get(f"{INSTANCE}/bulkdata/../../etc/passwd").status_code == 404

    def test_xml(self, pacs: Pacs, stored: dict[str, bytes]) -> None:
        """One part an instance, in the order of the JSON."""
        items = pacs.get("/studies/1.2.3/metadata").json()
        parts = parts_of(pacs.get("/studies/1.2.3/metadata", 'multipart/related; type="application/dicom+xml"'))
        assert {kind for kind, _ in parts} == {"application/dicom+xml"}
        found = [json_of_xml(document) for _, document in parts]
        assert [one["00080018"]["Value"] for one in found] == [one["00080018"]["Value"] for one in items]
        assert [one["7FE00010"] for one in found] == [one["7FE00010"] for one in items]


class TestRendered:
    @pytest.mark.parametrize(
        ("accept", "kind"), [("image/jpeg", "JPEG"), ("image/png", "PNG"), ("*/*", "JPEG"), ("image/png, image/jpeg;q=0.5", "PNG")]
    )
    def test_formats(self, pacs: Pacs, stored: dict[str, bytes], accept: str, kind: str) -> None:
        response = pacs.get(f"{INSTANCE}/rendered", accept)
        assert response.headers["content-type"] == f"image/{kind.lower()}"
        picture = Image.open(BytesIO(response.content))
        assert (picture.format, picture.size, picture.mode) == (kind, (48, 32), "L")

    def test_parameters(self, pacs: Pacs, stored: dict[str, bytes]) -> None:
        response = pacs.get(f"{RLE}/frames/2/rendered?viewport=24,24&window=100,1,linear&quality=50")
        assert Image.open(BytesIO(response.content)).size == (24, 16)
        plain = pacs.get(f"{INSTANCE}/rendered", "image/png")
        darker = pacs.get(f"{INSTANCE}/rendered?window=4000,100,linear", "image/png")
        assert np.asarray(Image.open(BytesIO(darker.content))).mean() < np.asarray(Image.open(BytesIO(plain.content))).mean()
        assert plain.headers["etag"] != darker.headers["etag"]
        assert pacs.get(f"{INSTANCE}/rendered", "image/png", **{"if-none-match": plain.headers["etag"]}).status_code == 304

    @pytest.mark.parametrize(
        "query",
        [
            "viewport=0,5",
            "viewport=1",
            "viewport=a,b",
            "viewport=99999,1",
            "quality=0",
            "quality=101",
            "window=1",
            "window=1,0,linear",
            "window=1,2,cubic",
            "window=nan,1",
        ],
    )
    def test_bad_parameters(self, pacs: Pacs, stored: dict[str, bytes], query: str) -> None:
        assert pacs.get(f"{INSTANCE}/rendered?{query}").status_code == 400

    def test_thumbnails(self, pacs: Pacs, stored: dict[str, bytes]) -> None:
        for path in ("/studies/1.2.3", "/studies/1.2.3/series/1.2.3.2", INSTANCE, f"{RLE}/frames/2"):
            response = pacs.get(f"{path}/thumbnail", "image/avif,image/webp,image/png,image/*;q=0.8,*/*;q=0.5")
            assert response.headers["content-type"] == "image/jpeg", path
            assert Image.open(BytesIO(response.content)).size == (48, 32)
        assert pacs.get("/studies/9.9/thumbnail").status_code == 404
        assert pacs.get(f"{INSTANCE}/rendered", "image/tiff").status_code == 406


class TestSearch:
    def test_studies(self, pacs: Pacs, stored: dict[str, bytes]) -> None:
        response = pacs.get("/studies?PatientID=PAT-1")
        assert response.headers["content-type"] == "application/dicom+json"
        (study,) = response.json()
        assert list(study) == sorted(study)
        assert study["0020000D"]["Value"] == ["1.2.3"]
        assert study["00080056"] == {"vr": "CS", "Value": ["ONLINE"]}
        assert study["00080061"] == {"vr": "CS", "Value": ["CT", "MR"]}
        assert study["00081190"] == {"vr": "UR", "Value": [f"{ROOT}/studies/1.2.3"]}
        assert study["00201206"]["Value"] == [2]
        assert study["00201208"]["Value"] == [4]
        assert study["00100010"]["Value"] == [{"Alphabetic": "Müller^Ägidius"}]
        required = "00080020 00080030 00080050 00080056 00080061 00080090 00081190 "
        required += "00100010 00100020 00100030 00100040 0020000D 00200010 00201206 00201208"
        assert set(required.split()) <= set(study)

    def test_series(self, pacs: Pacs, stored: dict[str, bytes]) -> None:
        items = pacs.get("/studies/1.2.3/series?Modality=MR").json()
        (series,) = items
        assert list(series) == sorted(series)
        assert series["0020000E"]["Value"] == ["1.2.3.2"]
        assert series["00201209"]["Value"] == [1]
        assert "00100010" not in series
        (series,) = pacs.get("/series?Modality=MR&PatientID=PAT-1").json()
        assert list(series) == sorted(series)
        assert series["00100010"]["Value"] == [{"Alphabetic": "Müller^Ägidius"}]
        assert series["00081190"]["Value"] == [f"{ROOT}/studies/1.2.3/series/1.2.3.2"]

    def test_instances(self, pacs: Pacs, stored: dict[str, bytes]) -> None:
        items = pacs.get("/studies/1.2.3/series/1.2.3.1/instances").json()
        assert [item["00080018"]["Value"][0] for item in items] == ["1.2.3.1.1", "1.2.3.1.2", "1.2.3.1.3"]
        assert all(list(item) == sorted(item) for item in items)
        assert items[0]["00081190"]["Value"] == [ROOT + INSTANCE]
        assert len(pacs.get("/studies/1.2.3/instances").json()) == 4
        (item,) = pacs.get("/instances?00080018=1.2.3.2.1").json()
        assert item["00280008"]["Value"] == [3]
        assert item["00081030"]["Value"] == ["Thorax"]
        assert item["0008103E"]["Value"] == ["axial"]
        assert list(item) == sorted(item)

    @pytest.mark.parametrize(
        ("query", "studies"),
        [
            ("StudyInstanceUID=1.2.3,1.2.4", {"1.2.3", "1.2.4"}),
            ("0020000D=1.2.3%5C1.2.5", {"1.2.3", "1.2.5"}),
            ("PatientName=m*ller*", {"1.2.3"}),
            ("PatientName=DOH^JAIN&fuzzymatching=true", {"1.2.4", "1.2.5", "1.2.6"}),
            ("PatientName=DOH^JAIN", set()),
            ("PatientName=Doe*&PatientID=PAT-2", {"1.2.4", "1.2.5", "1.2.6"}),
            ("StudyDate=20250101-20251231", {"1.2.4", "1.2.5", "1.2.6"}),
            ("StudyDate=20260101-", {"1.2.3"}),
            ("ModalitiesInStudy=MR", {"1.2.3"}),
            ("ModalitiesInStudy=US,MR", {"1.2.3"}),
            ("AccessionNumber=ACC-?", {"1.2.3", "1.2.4", "1.2.5", "1.2.6"}),
            ("PatientID=nobody", set()),
            ("PatientName=", {"1.2.3", "1.2.4", "1.2.5", "1.2.6"}),
            ("limit=0", set()),
        ],
    )
    def test_matching(self, pacs: Pacs, stored: dict[str, bytes], query: str, studies: set[str]) -> None:
        response = pacs.get(f"/studies?{query}")
        assert response.status_code == 200
        assert {item["0020000D"]["Value"][0] for item in response.json()} == studies
        assert "warning" not in response.headers

    def test_pages(self, pacs: Pacs, stored: dict[str, bytes]) -> None:
        pages = [pacs.get(f"/studies?limit=2&offset={offset}").json() for offset in (0, 2, 4)]
        assert [len(page) for page in pages] == [2, 2, 0]
        assert len({item["0020000D"]["Value"][0] for page in pages for item in page}) == 4

    @pytest.mark.parametrize(
        ("query", "word"),
        [
            ("00400275.00400007=x", "00400275.00400007"),
            ("NoSuchThing=1", "NoSuchThing"),
            ("SeriesDescription=axial", "SeriesDescription"),
            ("includefield=PixelSpacing", "PixelSpacing"),
        ],
    )
    def test_what_is_not_supported_is_said(self, pacs: Pacs, stored: dict[str, bytes], query: str, word: str) -> None:
        response = pacs.get(f"/studies?{query}")
        assert response.status_code == 200
        assert response.headers["warning"].startswith("299 ")
        assert word in response.headers["warning"]

    def test_includefield_that_is_answered_anyway(self, pacs: Pacs, stored: dict[str, bytes]) -> None:
        assert "warning" not in pacs.get("/studies?includefield=all,00081030&includefield=PatientName").headers

    @pytest.mark.parametrize(
        "query",
        [
            "limit=-1", "limit=x", "offset=1.5", "StudyDate=yesterday", "StudyDate=-", "StudyInstanceUID=a.b", "fuzzymatching=maybe",
            "PatientID=1&PatientID=2", "PatientID=1&00100020=2", "PatientName=%FF",
        ],
    )  # fmt: skip
    def test_bad_parameters(self, pacs: Pacs, stored: dict[str, bytes], query: str) -> None:
        response = pacs.get(f"/studies?{query}")
        assert (response.status_code, response.json()["error"]["code"]) == (400, "invalid-query")


class TestEdges:
    @pytest.mark.parametrize(
        ("method", "path", "status"),
        [("GET", "/nothing", 404), ("DELETE", "/studies", 405), ("GET", "/studies/abc", 400), ("GET", "/studies/1.2.3/", 404)],
    )
    def test_paths(self, pacs: Pacs, method: str, path: str, status: int) -> None:
        response = pacs.request(method, path)
        assert response.status_code == status
        assert response.headers["x-content-type-options"] == "nosniff"
        assert ("allow" in response.headers) == (status == 405)

    def test_storing_again_and_another_under_the_same_uid(self, pacs: Pacs, stored: dict[str, bytes]) -> None:
        assert pacs.store(stored["1.2.3.1.1"]).status_code == 200
        changed = as_file(ct(1, StudyDescription="other"))
        response = pacs.store(changed)
        assert response.status_code == 202
        assert response.json()["00081199"]["Value"][0]["00081196"]["Value"] == [0xB007]
        assert parts_of(pacs.get(INSTANCE, ANY_DICOM))[0][1] == stored["1.2.3.1.1"]

    def test_the_study_of_the_path(self, pacs: Pacs, stored: dict[str, bytes]) -> None:
        assert pacs.store(as_file(ct(7, study="1.2.7", series="1.2.7.1")), path="/studies/1.2.8").status_code == 409
        assert pacs.get("/studies/1.2.7").status_code == 404

    def test_a_flipped_bit_is_never_served(self, pacs: Pacs, stored: dict[str, bytes]) -> None:
        file = as_file(ct(1, study="1.2.9", series="1.2.9.1"))
        assert pacs.store(file).status_code == 200
        (pack,) = [path for path in pacs.archive_root.rglob("*.tar*") if file in path.read_bytes()]
        whole = bytearray(pack.read_bytes())
        place = whole.index(file) + len(file) - 100
        with pack.open("r+b") as opened:
            opened.seek(place)
            opened.write(bytes([whole[place] ^ 1]))
        path = "/studies/1.2.9/series/1.2.9.1/instances/1.2.9.1.1"
        for resource, accept in ((path, ANY_DICOM), (f"{path}/frames/1", "*/*"), (f"{path}/rendered", "*/*")):
            response = pacs.get(resource, accept)
            assert (response.status_code, response.json()["error"]["code"]) == (500, "damaged-object")

    def test_what_was_deleted_is_gone(self, pacs: Pacs) -> None:
        assert pacs.store(as_file(ct(1, study="1.2.10", series="1.2.10.1"))).status_code == 200
        series = "/studies/1.2.10/series/1.2.10.1"
        assert pacs.get(f"{series}/metadata").status_code == 200
        record = {
            "kind": "delete",
            "level": "study",
            "partition_id": 1,
            "study_instance_uid": "1.2.10",
            "principal": "test",
            "reason": "test",
        }
        pacs.decisions.decide(record)
        instance = f"{series}/instances/1.2.10.1.1"
        for path in ("/studies/1.2.10", series, f"{series}/metadata", "/studies/1.2.10/metadata", instance, f"{instance}/frames/1"):
            assert pacs.get(path).status_code == 410, path
        for path in (f"{instance}/rendered", "/studies/1.2.10/thumbnail", f"{instance}/metadata", f"{instance}/bulkdata/7FE00010"):
            assert pacs.get(path).status_code == 410, path
        assert pacs.get("/studies?StudyInstanceUID=1.2.10").json() == []

    def test_some_of_what_was_asked_for(self, pacs: Pacs) -> None:
        """Where some instances cannot be had in the syntaxes asked for, the others go out and the answer says so."""
        study, long = {"study": "1.2.11", "series": "1.2.11.1"}, {"BitsAllocated": 32, "BitsStored": 32, "HighBit": 31}
        too_long = ct(1, **study, **long, PixelData=pixels(1).astype("<u4").tobytes())
        assert pacs.store(as_file(too_long), as_file(ct(2, **study), RLELossless)).status_code == 200
        response = pacs.get("/studies/1.2.11", f'multipart/related; type="application/dicom"; transfer-syntax={JPEGLSLossless}')
        assert response.status_code == 206
        assert response.headers["warning"].startswith("299 ")
        (part,) = (pydicom.dcmread(BytesIO(body)) for _, body in parts_of(response))
        assert (part.SOPInstanceUID, part.file_meta.TransferSyntaxUID) == ("1.2.11.1.2", JPEGLSLossless)
