"""STOW-RS of metadata and bulk data over the real layers: what comes apart goes together as it was."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pydicom
import pytest
from PIL import Image
from pydicom.datadict import tag_for_keyword
from pydicom.dataset import Dataset

from dicomweb_kit.objects import as_file, ct, pixels
from dicomweb_kit.pacs import Pacs, open_pacs, parts_of
from hounsfield.dicom.xml_model import json_of_xml, xml_document

JSON = "application/dicom+json"
XML = "application/dicom+xml"
OCTETS = "application/octet-stream"
ANY_DICOM = 'multipart/related; type="application/dicom"; transfer-syntax=*'

Part = tuple[dict[str, str], bytes]


@pytest.fixture
def pacs(tmp_path: Path) -> Iterator[Pacs]:
    with open_pacs(tmp_path) as opened:
        yield opened
        spool = tmp_path / "spool"
        assert not spool.exists() or list(spool.iterdir()) == [], "nothing is left of what waited"


def post(pacs: Pacs, parts: list[Part], kind: str = JSON, path: str = "/studies", **headers: str) -> httpx.Response:
    body = b""
    for said, content in parts:
        lines = "".join(f"{name}: {value}\r\n" for name, value in said.items())
        body += b"--edge\r\n" + lines.encode() + b"\r\n" + content + b"\r\n"
    content_type = f'multipart/related; type="{kind}"; boundary=edge'
    return pacs.request("POST", path, content=body + b"--edge--", headers={"content-type": content_type, **headers})


def metadata(*documents: dict[str, Any]) -> Part:
    return {"Content-Type": JSON}, json.dumps(documents).encode()


def bulk(location: str, content: bytes, kind: str = OCTETS) -> Part:
    return {"Content-Type": kind, "Content-Location": location}, content


def described(data_set: Dataset, uri: str = "pixels") -> dict[str, Any]:
    document: dict[str, Any] = data_set.to_json_dict()
    document["7FE00010"] = {"vr": "OW", "BulkDataURI": uri}
    return document


def bare(instance: int, sop_class: str = "1.2.840.10008.5.1.4.1.1.7", **more: Any) -> dict[str, Any]:
    """An object that says nothing of its picture."""
    document: dict[str, Any] = {
        "00080016": {"vr": "UI", "Value": [sop_class]},
        "00080018": {"vr": "UI", "Value": [f"1.2.7.1.{instance}"]},
        "00100020": {"vr": "LO", "Value": ["PAT-7"]},
        "0020000D": {"vr": "UI", "Value": ["1.2.7"]},
        "0020000E": {"vr": "UI", "Value": ["1.2.7.1"]},
    }
    return document | more


def stored(pacs: Pacs, path: str = "/studies/1.2.7") -> list[Dataset]:
    return [pydicom.dcmread(io.BytesIO(body)) for _, body in parts_of(pacs.get(path, ANY_DICOM))]


def same(read: list[Dataset], made: list[Dataset]) -> bool:
    """Element by element, file meta information apart."""
    for data_set in (*read, *made):
        data_set["PixelData"].VR = "OW"
    return [one.to_json_dict() for one in read] == [one.to_json_dict() for one in made]


def reasons(answer: httpx.Response) -> list[int]:
    return [item["00081197"]["Value"][0] for name in ("00081198", "0008119A") for item in answer.json().get(name, {}).get("Value", [])]


PIXELS: dict[str, Any] = {"7FE00010": {"vr": "OB", "BulkDataURI": "pixels"}}


def coded(kind: str, frame: int = 0, colour: bool = False) -> bytes:
    """A picture of 40 rows and 64 columns."""
    import imagecodecs

    shape = (40, 64, 3) if colour else (40, 64)
    picture = (np.arange(np.prod(shape)).reshape(shape) * 5 + 31 * frame).astype(np.uint8)
    if kind == "image/jpeg":
        target = io.BytesIO()
        Image.fromarray(picture).save(target, "JPEG", subsampling=2 if colour else -1)
        return target.getvalue()
    if kind == "image/jls":
        return bytes(imagecodecs.jpegls_encode(picture))
    if kind == "image/jphc":
        return bytes(imagecodecs.htj2k_encode(picture))
    return bytes(imagecodecs.jpeg2k_encode(picture, level=0, reversible=True, codecformat="jp2" if "boxes" in kind else "j2k"))


def png(mode: str, number: int) -> tuple[bytes, bytes]:
    """A picture in a mode of Pillow, and the samples that are to be stored of it."""
    grey = (np.arange(40 * 64) * 5 + number).astype(np.uint8).reshape(40, 64)
    stacked = {"LA": 2, "RGBA": 4}
    if mode in stacked:
        image, samples = Image.fromarray(np.stack([grey] * stacked[mode], -1), mode), np.stack([grey] * (1 if mode == "LA" else 3), -1)
    elif mode == "I;16":
        samples = grey.astype(np.uint16) * 257 + 3
        image = Image.fromarray(samples)
    elif mode == "P":
        image = Image.fromarray(grey).convert("P")
        samples = np.stack([grey] * 3, -1)
    else:
        image, samples = Image.fromarray(grey), grey
    target = io.BytesIO()
    image.save(target, "PNG")
    return target.getvalue(), samples.tobytes()


def gif(delays_ms: list[int], start: int = 0) -> tuple[bytes, list[bytes]]:
    """A GIF whose frames differ in a part of the picture alone, and what is seen of each, in RGB."""
    pictures = []
    for number in range(start, start + len(delays_ms)):
        pixels = (np.arange(40 * 64) % 200).astype(np.uint8).reshape(40, 64)
        pixels[5:15, 10 + number : 30 + number] = 201 + number
        picture = Image.fromarray(pixels).convert("P")
        picture.putpalette([value for index in range(256) for value in (index, 255 - index, index // 2)])
        pictures.append(picture)
    target = io.BytesIO()
    pictures[0].save(target, "GIF", save_all=True, append_images=pictures[1:], duration=delays_ms if any(delays_ms) else 0, loop=0)
    return target.getvalue(), [picture.convert("RGB").tobytes() for picture in pictures]


def png_head(columns: int, rows: int) -> bytes:
    return b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR" + columns.to_bytes(4, "big") + rows.to_bytes(4, "big") + b"\x08\0\0\0\0" + bytes(4)


class TestNative:
    def test_an_object_comes_back_as_it_was(self, pacs: Pacs) -> None:
        made = ct(1)
        answer = post(pacs, [metadata(described(made)), bulk("pixels", pixels(1).tobytes())])
        assert answer.status_code == 200, answer.text
        (read,) = stored(pacs, "/studies/1.2.3")
        assert read.file_meta.TransferSyntaxUID == "1.2.840.10008.1.2.1"
        assert (read.pixel_array == pixels(1).reshape(32, 48)).all()
        assert same([read], [made])
        assert str(read.PatientName) == "Müller^Ägidius"

    def test_what_the_service_gave_out_is_taken_back(self, pacs: Pacs, tmp_path: Path) -> None:
        """Metadata as WADO-RS gives it, bulk data by the addresses in it: absolute, relative, of private and of pixel data."""
        made = ct(1, frames=3)
        pacs.store(as_file(made))
        document = pacs.get("/studies/1.2.3/metadata").json()
        (tmp_path / "second").mkdir()
        uris = [element["BulkDataURI"] for element in document[0].values() if "BulkDataURI" in element]
        assert len(uris) == 2
        bodies = [
            b"".join(body for _, body in parts_of(pacs.get(uri.removeprefix("/dicom-web"), f'multipart/related; type="{OCTETS}"')))
            for uri in uris
        ]
        with open_pacs(tmp_path / "second") as second:
            parts = [metadata(*document), *(bulk(f"http://127.0.0.1{uri}", body) for uri, body in zip(uris, bodies, strict=True))]
            answer = post(second, parts)
            assert answer.status_code == 200, answer.text
            assert stored(second, "/studies/1.2.3") == stored(pacs, "/studies/1.2.3")

    def test_xml(self, pacs: Pacs) -> None:
        parts: list[Part] = [({"Content-Type": XML}, xml_document(described(ct(number), f"pixels/{number}"))) for number in (1, 2)]
        parts += [bulk(f"pixels/{number}", pixels(number).tobytes()) for number in (2, 1)]
        answer = post(pacs, parts, XML, accept=XML)
        assert answer.status_code == 200, answer.text
        assert answer.headers["content-type"] == XML
        assert len(json_of_xml(answer.content)["00081199"]["Value"]) == 2
        read = stored(pacs, "/studies/1.2.3")
        assert same(read, [ct(1), ct(2)])

    def test_inline_and_without_pixels(self, pacs: Pacs) -> None:
        document = ct(1).to_json_dict()
        document["7FE00010"]["vr"] = "OW"
        assert "InlineBinary" in document["7FE00010"]
        assert post(pacs, [metadata(document)]).status_code == 200
        alone = pacs.request("POST", "/studies", content=json.dumps(bare(1)), headers={"content-type": JSON})
        assert alone.status_code == 200
        xml = pacs.request("POST", "/studies", content=xml_document(bare(2)), headers={"content-type": XML})
        assert xml.status_code == 200
        assert same(stored(pacs, "/studies/1.2.3"), [ct(1)])
        assert len(stored(pacs)) == 2

    def test_frames_in_parts_of_their_own(self, pacs: Pacs) -> None:
        made = ct(1, frames=3)
        whole = pixels(1, 3).reshape(3, -1)
        parts = [bulk(f"pixels/frames/{number}", whole[number - 1].tobytes()) for number in (3, 1, 2)]
        assert post(pacs, [metadata(described(made)), *parts]).status_code == 200
        assert same(stored(pacs, "/studies/1.2.3"), [made])

    def test_bulk_data_in_a_sequence(self, pacs: Pacs) -> None:
        icon = {"00280010": {"vr": "US", "Value": [1]}, "7FE00010": {"vr": "OW", "BulkDataURI": "icon"}}
        document = bare(1, **{"00880200": {"vr": "SQ", "Value": [icon]}, "00091001": {"vr": "UN", "BulkDataURI": "odd"}})
        assert post(pacs, [metadata(document), bulk("icon", b"1234"), bulk("odd", b"abc")]).status_code == 200
        (read,) = stored(pacs)
        assert read.IconImageSequence[0].PixelData == b"1234"
        assert read[0x00091001].value == b"abc\0"

    def test_file_meta_information_in_the_metadata_is_written_anew(self, pacs: Pacs) -> None:
        document = described(ct(1)) | {
            "00020010": {"vr": "UI", "Value": ["1.2.840.10008.1.2.4.90"]},
            "00083002": {"vr": "UI", "Value": ["1.2.840.10008.1.2.4.90"]},
        }
        assert post(pacs, [metadata(document), bulk("pixels", pixels(1).tobytes())]).status_code == 200
        assert same(stored(pacs, "/studies/1.2.3"), [ct(1)])


class TestCompressed:
    @pytest.mark.parametrize(
        ("kind", "colour", "uid", "photometric"),
        [
            ("image/jpeg", False, "50", "MONOCHROME2"),
            ("image/jpeg", True, "50", "YBR_FULL_422"),
            ("image/jls", False, "80", "MONOCHROME2"),
            ("image/jp2", False, "90", "MONOCHROME2"),
            ("image/jp2", True, "90", "YBR_RCT"),
            ("image/jp2; boxes=yes", False, "90", "MONOCHROME2"),
            ("image/jphc", False, "201", "MONOCHROME2"),
        ],
    )
    def test_the_picture_is_described_by_its_stream(self, pacs: Pacs, kind: str, colour: bool, uid: str, photometric: str) -> None:
        answer = post(pacs, [metadata(bare(1, **PIXELS)), bulk("pixels", coded(kind, colour=colour), kind)])
        assert answer.status_code == 200, (answer.text, answer.headers)
        (read,) = stored(pacs)
        assert read.file_meta.TransferSyntaxUID == f"1.2.840.10008.1.2.4.{uid}"
        assert (read.Rows, read.Columns, read.SamplesPerPixel) == (40, 64, 3 if colour else 1)
        assert (read.BitsAllocated, read.BitsStored, read.HighBit, read.PixelRepresentation) == (8, 8, 7, 0)
        assert read.PhotometricInterpretation == photometric
        assert ("PlanarConfiguration" in read) == colour
        assert (read.get("LossyImageCompression"), read.get("LossyImageCompressionMethod")) == (
            ("01", "ISO_10918_1") if kind == "image/jpeg" else (None, None)
        )
        frame = parts_of(pacs.get("/studies/1.2.7/series/1.2.7.1/instances/1.2.7.1.1/frames/1"))[0][1]
        assert len(frame) == 40 * 64 * (3 if colour else 1)
        if kind != "image/jpeg":
            shape = (40, 64, 3) if colour else (40, 64)
            assert frame == (np.arange(np.prod(shape)) * 5).astype(np.uint8).tobytes()

    def test_a_fragment_a_frame_with_an_offset_table(self, pacs: Pacs) -> None:
        frames = [coded("image/jls", number) for number in range(3)]
        parts = [bulk("pixels", frame, "image/jls; transfer-syntax=1.2.840.10008.1.2.4.80") for frame in frames]
        assert post(pacs, [metadata(bare(1, **PIXELS)), *parts]).status_code == 200
        (read,) = stored(pacs)
        assert read.NumberOfFrames == 3
        path = "/studies/1.2.7/series/1.2.7.1/instances/1.2.7.1.1/frames/3,1"
        given = [body for _, body in parts_of(pacs.get(path, 'multipart/related; type="image/jls"'))]
        assert [one.rstrip(b"\0") for one in given] == [frames[2].rstrip(b"\0"), frames[0].rstrip(b"\0")]
        table = pydicom.encaps.parse_basic_offsets(io.BytesIO(read.PixelData))
        assert len(table) == 3

    def test_what_contradicts_the_stream_is_refused(self, pacs: Pacs) -> None:
        wrong_rows = bare(1, **PIXELS) | {"00280010": {"vr": "US", "Value": [41]}}
        wrong_frames = bare(2, **PIXELS) | {"00280008": {"vr": "IS", "Value": ["2"]}}
        for document in (wrong_rows, wrong_frames):
            answer = post(pacs, [metadata(document), bulk("pixels", coded("image/jpeg"), "image/jpeg")])
            assert (answer.status_code, reasons(answer)) == (409, [0xA900])

    @pytest.mark.parametrize(
        ("kind", "content", "reason"),
        [
            ("image/jpeg; transfer-syntax=1.2.840.10008.1.2.4.90", coded("image/jpeg"), 0xC122),
            ("image/jpeg; transfer-syntax=1.2.840.10008.1.2.4.70", coded("image/jpeg"), 0xC122),
            ("image/jphc", coded("image/jp2"), 0xC122),
            ("image/jpeg", b"no picture", 0xC000),
            ("image/jp2", coded("image/jpeg"), 0xC000),
            ("image/jp2", coded("image/jp2; boxes")[:60], 0xC000),
            ("image/jls", coded("image/jpeg"), 0xC000),
            ("image/tiff", b"II*\0", 0xC000),
            ("image/dicom-rle", b"\1" + bytes(63) + b"data", 0xA900),
            ("image/jpeg", b"", 0xC123),
        ],
    )
    def test_what_is_not_what_it_says(self, pacs: Pacs, kind: str, content: bytes, reason: int) -> None:
        answer = post(pacs, [metadata(bare(1, **PIXELS)), bulk("pixels", content, kind)])
        assert reasons(answer) == [reason]
        assert answer.status_code in (400, 409, 415)

    @pytest.mark.parametrize(
        ("mode", "bits", "photometric"),
        [("L", 8, "MONOCHROME2"), ("P", 8, "RGB"), ("LA", 8, "MONOCHROME2"), ("RGBA", 8, "RGB"), ("I;16", 16, "MONOCHROME2")],
    )
    def test_png_becomes_native(self, pacs: Pacs, mode: str, bits: int, photometric: str) -> None:
        frames = [png(mode, number) for number in (0, 1)]
        parts = [bulk("pixels", raw, "image/png") for raw, _ in frames]
        answer = post(pacs, [metadata(bare(1, **PIXELS)), *parts])
        assert answer.status_code == 200, answer.headers
        (read,) = stored(pacs)
        assert read.file_meta.TransferSyntaxUID == "1.2.840.10008.1.2.1"
        assert (read.Rows, read.Columns, read.NumberOfFrames, read.BitsAllocated, read.BitsStored) == (40, 64, 2, bits, bits)
        assert read.PhotometricInterpretation == photometric
        assert read.PixelData == b"".join(samples for _, samples in frames)
        assert "LossyImageCompression" not in read

    @pytest.mark.parametrize("content", [b"", b"\x89PNG", png_head(100_000, 40), png_head(60_000, 60_000), png_head(64, 40)])
    def test_no_png(self, pacs: Pacs, content: bytes) -> None:
        answer = post(pacs, [metadata(bare(1, **PIXELS)), bulk("pixels", content, "image/png")])
        assert (answer.status_code, reasons(answer)) == (400, [0xC000])

    @pytest.mark.parametrize(
        ("delays_ms", "expected"),
        [([80, 80, 80], {"FrameTime": 80}), ([100, 200, 50], {"FrameTimeVector": [0, 100, 200]}), ([0, 0, 0], {})],
        ids=["even", "uneven", "none"],
    )
    def test_a_gif_that_moves_becomes_native_frames(self, pacs: Pacs, delays_ms: list[int], expected: dict[str, object]) -> None:
        raw, frames = gif(delays_ms)
        answer = post(pacs, [metadata(bare(1, **PIXELS)), bulk("pixels", raw, "image/gif")])
        assert answer.status_code == 200, answer.headers
        (read,) = stored(pacs)
        assert read.file_meta.TransferSyntaxUID == "1.2.840.10008.1.2.1"
        assert (read.Rows, read.Columns, read.NumberOfFrames, read.BitsAllocated, read.SamplesPerPixel) == (40, 64, 3, 8, 3)
        assert (read.PhotometricInterpretation, read.PlanarConfiguration) == ("RGB", 0)
        assert read.PixelData == b"".join(frames)
        times = {keyword: read[keyword].value for keyword in ("FrameTime", "FrameTimeVector") if keyword in read}
        assert times == expected
        assert read.get("FrameIncrementPointer") == (tag_for_keyword(next(iter(expected))) if expected else None)

    def test_a_gif_of_many_batches(self, pacs: Pacs, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("hounsfield.services.picture_files.BATCH_BYTES", 2 * 40 * 64 * 3)
        raw, frames = gif([40] * 5)
        assert post(pacs, [metadata(bare(1, **PIXELS)), bulk("pixels", raw, "image/gif")]).status_code == 200
        assert stored(pacs)[0].PixelData == b"".join(frames)

    def test_gifs_that_stand_still(self, pacs: Pacs) -> None:
        files = [gif([0], number) for number in (1, 2)]
        parts = [bulk("pixels", raw, "image/gif") for raw, _ in files]
        assert post(pacs, [metadata(bare(1, **PIXELS)), *parts]).status_code == 200
        (read,) = stored(pacs)
        assert (read.NumberOfFrames, read.PixelData) == (2, b"".join(frame for _, (frame,) in files))

    def test_a_gif_against_its_metadata(self, pacs: Pacs) -> None:
        raw, _ = gif([40, 40])
        for said in ({"00280008": {"vr": "IS", "Value": [3]}}, {"00280010": {"vr": "US", "Value": [41]}}):
            answer = post(pacs, [metadata(bare(1, **PIXELS, **said)), bulk("pixels", raw, "image/gif")])
            assert reasons(answer) == [0xA900], said

    def test_no_gif(self, pacs: Pacs) -> None:
        raw, _ = gif([40, 40])
        huge = b"GIF89a\xff\xff\xff\xff" + raw[10:]
        empty = raw[: 13 + 3 * (2 << (raw[10] & 7))] + b";"
        starved = empty[:-1] + b"," + bytes(4) + bytes((64, 0, 40, 0, 0)) + b"\x08\0;"
        for content in (b"", b"GIF89a", raw[:-30], huge, empty, starved, raw.replace(b"GIF89a", b"GIF00a")):
            answer = post(pacs, [metadata(bare(1, **PIXELS)), bulk("pixels", content, "image/gif")])
            assert (answer.status_code, reasons(answer)) == (400, [0xC000])

    def test_a_film(self, pacs: Pacs) -> None:
        film = mp4(columns=320, rows=240, frames=25)
        answer = post(pacs, [metadata(bare(1, "1.2.840.10008.5.1.4.1.1.77.1.1.1", **PIXELS)), bulk("pixels", film, "video/mp4")])
        assert answer.status_code == 200, answer.headers
        (read,) = stored(pacs)
        assert (read.Rows, read.Columns, read.NumberOfFrames) == (240, 320, 25)
        assert read.file_meta.TransferSyntaxUID == "1.2.840.10008.1.2.4.102"
        assert (read.PhotometricInterpretation, read.LossyImageCompression) == ("YBR_PARTIAL_420", "01")
        assert film in read.PixelData

    def test_mpeg2(self, pacs: Pacs) -> None:
        film = b"\0\0\1\xb3" + ((352 << 12) | 288).to_bytes(3, "big") + b"\x13" + b"\0\0\1\0abcd" * 7
        assert post(pacs, [metadata(bare(1, **PIXELS)), bulk("pixels", film, "video/mpeg")]).status_code == 200
        (read,) = stored(pacs)
        assert (read.Rows, read.Columns, read.NumberOfFrames) == (288, 352, 7)


def box(kind: bytes, *content: bytes) -> bytes:
    body = b"".join(content)
    return (8 + len(body)).to_bytes(4, "big") + kind + body


def mp4(columns: int, rows: int, frames: int) -> bytes:
    entry = bytes(24) + columns.to_bytes(2, "big") + rows.to_bytes(2, "big") + bytes(50)
    table = box(b"stbl", box(b"stsd", bytes(7) + b"\1", box(b"avc1", entry)), box(b"stsz", bytes(8), frames.to_bytes(4, "big")))
    video = box(b"trak", box(b"mdia", box(b"hdlr", bytes(8) + b"vide" + bytes(12)), box(b"minf", table)))
    sound = box(b"trak", box(b"mdia", box(b"hdlr", bytes(8) + b"soun" + bytes(12))))
    return box(b"ftyp", b"isom" + bytes(4)) + box(b"mdat", bytes(100)) + box(b"moov", sound, video)


class TestDocuments:
    @pytest.mark.parametrize(
        ("kind", "sop_class"),
        [
            ("application/pdf", "1.2.840.10008.5.1.4.1.1.104.1"),
            ("text/xml", "1.2.840.10008.5.1.4.1.1.104.2"),
            ("model/stl", "1.2.840.10008.5.1.4.1.1.104.3"),
        ],
    )
    def test_a_document(self, pacs: Pacs, kind: str, sop_class: str) -> None:
        content = b"%PDF-1.7 the document" * 20_001
        document = bare(1, sop_class, **{"00420011": {"vr": "OB", "BulkDataURI": "document"}})
        assert post(pacs, [metadata(document), bulk("document", content, kind)]).status_code == 200
        (read,) = stored(pacs)
        assert (read.MIMETypeOfEncapsulatedDocument, read.EncapsulatedDocumentLength) == (kind, len(content))
        assert read.EncapsulatedDocument.rstrip(b"\0") == content

    def test_of_another_type_than_the_metadata_says(self, pacs: Pacs) -> None:
        document = bare(1, **{"00420011": {"vr": "OB", "BulkDataURI": "d"}, "00420012": {"vr": "LO", "Value": ["text/xml"]}})
        answer = post(pacs, [metadata(document), bulk("d", b"%PDF", "application/pdf")])
        assert (answer.status_code, reasons(answer)) == (409, [0xA900])


class TestPartialSuccess:
    def test_each_instance_for_itself(self, pacs: Pacs) -> None:
        no_patient = bare(2)
        del no_patient["0020000E"]
        documents = [bare(1), no_patient, bare(3, **PIXELS), bare(4, **{"00100010": {"vr": "PN", "Value": [[17]]}})]
        answer = post(pacs, [metadata(*documents), bulk("elsewhere", b"unused")])
        assert answer.status_code == 202
        body = answer.json()
        assert [item["00081155"]["Value"] for item in body["00081199"]["Value"]] == [["1.2.7.1.1"]]
        failed = {item["00081155"]["Value"][0]: item["00081197"]["Value"][0] for item in body["00081198"]["Value"]}
        assert failed == {"1.2.7.1.2": 0xC000, "1.2.7.1.3": 0xC123, "1.2.7.1.4": 0xC000}
        assert len(body["0008119A"]["Value"]) == 1
        assert "no metadata names" in answer.headers["warning"] or "SeriesInstanceUID" in answer.headers["warning"]
        assert len(stored(pacs)) == 1

    def test_a_missing_description_is_named(self, pacs: Pacs) -> None:
        document = described(ct(1))
        del document["00280101"]
        answer = post(pacs, [metadata(document), bulk("pixels", pixels(1).tobytes())])
        assert (answer.status_code, reasons(answer)) == (409, [0xA900])
        assert "BitsStored" in answer.headers["warning"]
        short = post(pacs, [metadata(described(ct(1))), bulk("pixels", pixels(1).tobytes()[:-2])])
        assert (short.status_code, reasons(short)) == (409, [0xA900])

    def test_another_study_than_the_path_names(self, pacs: Pacs) -> None:
        assert post(pacs, [metadata(bare(1))], path="/studies/1.2.8").status_code == 409
        assert post(pacs, [metadata(bare(1))], path="/studies/1.2.7").status_code == 200

    def test_one_value_for_two_instances(self, pacs: Pacs) -> None:
        documents = [described(ct(1)), described(ct(2))]
        assert post(pacs, [metadata(*documents), bulk("pixels", pixels(1).tobytes())]).status_code == 200
        assert [one.PixelData for one in stored(pacs, "/studies/1.2.3")] == [pixels(1).tobytes()] * 2


class TestBadInput:
    @pytest.mark.parametrize(
        "raw",
        [
            b"",
            b"[",
            b"null",
            b"[]",
            b"17",
            b'"text"',
            b"[1]",
            b"[{}]",
            b"[" * 100_000,
            b'[{"0020000D":{"vr":"SQ","Value":' + b'[{"0020000D":{"vr":"SQ","Value":' * 500 + b"[]" + b"}]}" * 500 + b"}]",
            b'[{"00080018":{"vr":"UI","Value":["1.2.3"]},"x":{}}]',
            b'[{"00080018":{"vr":"UI","Value":{"a":1}}}]',
            b'[{"00080018":{"vr":"XX","Value":["1"]}}]',
            b'[{"00080018":{"vr":"UI","BulkDataURI":7}}]',
            b'[{"00080018":{"vr":"SQ","BulkDataURI":"x"}}]',
            b'[{"00080018":{"vr":"OB","InlineBinary":"%%%"}}]',
            b'[{"00280010":{"vr":"US","Value":[70000]}}]',
            b'[{"00280010":{"vr":"US","Value":[true]}}]',
            b'[{"00280010":{"vr":"US","Value":["1_0"]}}]',
            b'[{"00181000":{"vr":"FD","Value":[[1]]}}]',
            b'[{"00000002":{"vr":"UI","Value":["1"]}}]',
            b'[{"00280009":{"vr":"AT","Value":["0028001"]}}]',
        ],
        ids=range(22),
    )
    def test_metadata_that_cannot_be_read(self, pacs: Pacs, raw: bytes) -> None:
        answer = post(pacs, [({"Content-Type": JSON}, raw)])
        assert answer.status_code == 400, answer.text
        assert reasons(answer) == [0xC000]

    @pytest.mark.parametrize("raw", [b"", b"<a/>", b"<!DOCTYPE a><a/>", b"<NativeDicomModel>", b"\xff"])
    def test_xml_that_cannot_be_read(self, pacs: Pacs, raw: bytes) -> None:
        assert post(pacs, [({"Content-Type": XML}, raw)], XML).status_code == 400

    def test_a_cut_upload_leaves_nothing(self, pacs: Pacs) -> None:
        body = b"--edge\r\nContent-Type: application/dicom+json\r\n\r\n" + json.dumps([bare(1)]).encode() + b"\r\n--edge\r\n"
        headers = {"content-type": f'multipart/related; type="{JSON}"; boundary=edge'}
        assert pacs.request("POST", "/studies", content=body, headers=headers).status_code == 400
        assert pacs.get("/studies").json() == []

    def test_answers_in_xml_also_where_nothing_was_stored(self, pacs: Pacs) -> None:
        answer = post(pacs, [metadata(bare(1, **PIXELS))], accept=XML)
        assert (answer.status_code, answer.headers["content-type"]) == (409, XML)
        assert json_of_xml(answer.content)["00081198"]["Value"][0]["00081197"]["Value"] == [str(0xC123)]
        assert post(pacs, [metadata(bare(1))], accept="image/png").status_code == 406


def test_octets_whose_parameter_names_a_compressed_transfer_syntax(pacs: Pacs) -> None:
    kind = f"{OCTETS}; transfer-syntax=1.2.840.10008.1.2.4.80"
    assert post(pacs, [metadata(bare(1, **PIXELS)), bulk("pixels", coded("image/jls"), kind)]).status_code == 200
    assert stored(pacs)[0].Rows == 40
    for uid in ("1.2.840.10008.1.2", "1.2.3.4"):
        answer = post(pacs, [metadata(bare(2, **PIXELS)), bulk("pixels", coded("image/jls"), f"{OCTETS}; transfer-syntax={uid}")])
        assert (answer.status_code, reasons(answer)) == (409, [0xC122])
