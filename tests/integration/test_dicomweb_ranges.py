"""Parts of answers, answers that a client has already, archives, and how much is read for one frame."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from pydicom.uid import ExplicitVRBigEndian, RLELossless

from dicomweb_kit.objects import as_file, ct, pixels
from dicomweb_kit.pacs import Pacs, open_pacs, parts_of
from hounsfield.archive.disk import OsDisk
from hounsfield.archive.reader import PackReader
from hounsfield.index.database import Database
from hounsfield.services.verified_ranges import WHOLE_BYTES, VerifiedRanges

SERIES = "/studies/1.2.3/series/1.2.3.1"
INSTANCE = f"{SERIES}/instances/1.2.3.1.1"
LARGE = "/studies/1.2.4/series/1.2.4.1/instances/1.2.4.1.1"
RLE = "/studies/1.2.5/series/1.2.5.1/instances/1.2.5.1.1"
BIG = "/studies/1.2.6/series/1.2.6.1/instances/1.2.6.1.1"
DICOM = "application/dicom; transfer-syntax=*"
OCTETS = "application/octet-stream"


@pytest.fixture(scope="module")
def pacs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pacs]:
    with open_pacs(tmp_path_factory.mktemp("pacs")) as opened:
        yield opened


@pytest.fixture(scope="module")
def files(pacs: Pacs) -> dict[str, bytes]:
    """By resource."""
    large = ct(1, study="1.2.4", series="1.2.4.1", Rows=1024, Columns=1024, NumberOfFrames=3)
    large.PixelData = np.random.default_rng(1).integers(0, 4096, 3 << 20, "<u2").tobytes()
    found = {
        INSTANCE: as_file(ct(1)),
        f"{SERIES}/instances/1.2.3.1.2": as_file(ct(2)),
        LARGE: as_file(large),
        RLE: as_file(ct(1, study="1.2.5", series="1.2.5.1", frames=2), RLELossless),
        BIG: as_file(ct(1, study="1.2.6", series="1.2.6.1", frames=2), ExplicitVRBigEndian),
    }
    assert pacs.store(*found.values()).status_code == 200
    assert len(found[LARGE]) > WHOLE_BYTES
    return found


class TestRanges:
    @pytest.mark.parametrize("resource", [INSTANCE, LARGE])
    def test_of_an_instance(self, pacs: Pacs, files: dict[str, bytes], resource: str) -> None:
        file = files[resource]
        whole = pacs.get(resource, DICOM)
        assert (whole.headers["accept-ranges"], whole.content) == ("bytes", file)
        for asked, expected in (("0-131", file[:132]), ("100-", file[100:]), ("-7", file[-7:]), ("1000-3000", file[1000:3001])):
            part = pacs.get(resource, DICOM, range=f"bytes={asked}")
            assert (part.status_code, part.content) == (206, expected), asked
            first = file.index(expected) if len(expected) > 100 else len(file) - len(expected)
            assert part.headers["content-range"] == f"bytes {first}-{first + len(expected) - 1}/{len(file)}"
            assert int(part.headers["content-length"]) == len(expected)
            assert part.headers["etag"] == whole.headers["etag"]

    def test_behind_the_end(self, pacs: Pacs, files: dict[str, bytes]) -> None:
        response = pacs.get(INSTANCE, DICOM, range="bytes=999999-")
        assert response.status_code == 416
        assert response.headers["content-range"] == f"bytes */{len(files[INSTANCE])}"

    def test_if_range(self, pacs: Pacs, files: dict[str, bytes]) -> None:
        tag = pacs.get(INSTANCE, DICOM).headers["etag"]
        for condition, status in ((tag, 206), ('"other"', 200)):
            assert pacs.get(INSTANCE, DICOM, **{"range": "bytes=0-9", "if-range": condition}).status_code == status

    def test_of_a_frame(self, pacs: Pacs, files: dict[str, bytes]) -> None:
        frame = pixels(1).tobytes()
        assert pacs.get(f"{INSTANCE}/frames/1", OCTETS).headers["accept-ranges"] == "bytes"
        part = pacs.get(f"{INSTANCE}/frames/1", OCTETS, range="bytes=10-19")
        assert (part.status_code, part.content, part.headers["content-range"]) == (206, frame[10:20], f"bytes 10-19/{len(frame)}")
        stored = pacs.get(f"{RLE}/frames/2", "image/dicom-rle")
        part = pacs.get(f"{RLE}/frames/2", "image/dicom-rle", range="bytes=-5")
        assert (part.status_code, part.content) == (206, stored.content[-5:])

    def test_of_a_value(self, pacs: Pacs, files: dict[str, bytes]) -> None:
        path = f"{INSTANCE}/bulkdata/00091001"
        part = pacs.get(path, OCTETS, range="bytes=300-301")
        assert (part.status_code, part.content, part.headers["content-range"]) == (206, b"\x2c\x2d", "bytes 300-301/2048")
        assert pacs.get(path, OCTETS, range="bytes=2048-").status_code == 416

    def test_of_pixel_data(self, pacs: Pacs, files: dict[str, bytes]) -> None:
        """The frames that are not compressed are one value as well, of which ranges can be had."""
        whole = pydicom.dcmread(io.BytesIO(files[LARGE])).PixelData
        path = f"{LARGE}/bulkdata/7FE00010"
        assert pacs.get(path, OCTETS).content == whole
        part = pacs.get(path, OCTETS, range="bytes=2097150-4194305")
        assert (part.status_code, part.content) == (206, whole[2097150:4194306])
        for resource in (RLE, BIG):
            decoded = pacs.get(f"{resource}/bulkdata/7FE00010", OCTETS)
            assert (decoded.content, "accept-ranges" in decoded.headers) == (pixels(1, 2).tobytes(), False), resource

    def test_what_has_no_ranges(self, pacs: Pacs, files: dict[str, bytes]) -> None:
        for path, accept in ((INSTANCE, "*/*"), (SERIES, "*/*"), (RLE, "application/dicom"), (f"{INSTANCE}/frames/1", "*/*")):
            response = pacs.get(path, accept, range="bytes=0-9")
            assert (response.status_code, "accept-ranges" in response.headers) == (200, False), path

    def test_a_damaged_file_gives_no_part(self, pacs: Pacs, files: dict[str, bytes], tmp_path: Path) -> None:
        """The part that is asked for is sound; the file is not."""
        data_set = ct(1, study="1.2.7", series="1.2.7.1", Rows=2048, Columns=2048)
        data_set.PixelData = np.random.default_rng(2).integers(0, 4096, 4 << 20, "<u2").tobytes()
        file = as_file(data_set)
        assert pacs.store(file).status_code == 200
        (pack,) = [path for path in pacs.archive_root.rglob("*.tar*") if file[-5000:] in path.read_bytes()]
        place = pack.read_bytes().index(file[-5000:])
        with pack.open("r+b") as opened:
            opened.seek(place)
            opened.write(bytes([file[-5000] ^ 1]))
        response = pacs.get("/studies/1.2.7/series/1.2.7.1/instances/1.2.7.1.1", DICOM, range="bytes=0-9")
        assert (response.status_code, response.json()["error"]["code"]) == (500, "damaged-object")

    def test_a_file_is_checked_once_for_many_ranges(self, pacs: Pacs, files: dict[str, bytes], monkeypatch: pytest.MonkeyPatch) -> None:
        instance = next(one for one in pacs.reader.all_instances() if one.study_instance_uid == "1.2.4")
        checked = []
        stream = PackReader.stream
        monkeypatch.setattr(PackReader, "stream", lambda self, *more: checked.append(1) or stream(self, *more))
        packs = PackReader(pacs.archive_root)
        ranges = VerifiedRanges(packs)
        for first in (0, 5_000_000, 7):
            assert b"".join(ranges.pieces(instance, range(first, first + 3))) == files[LARGE][first : first + 3]
        packs.close()
        assert len(checked) == 1


class TestWhatTheClientHas:
    @pytest.mark.parametrize(
        ("path", "accept"),
        [
            (INSTANCE, "*/*"),
            (INSTANCE, DICOM),
            (INSTANCE, "application/zip"),
            (RLE, "application/dicom"),
            (f"{INSTANCE}/frames/1", "*/*"),
            (f"{INSTANCE}/frames/1", OCTETS),
            (f"{RLE}/frames/1,2", "*/*"),
            (f"{RLE}/frames/2", "image/dicom-rle"),
            (f"{RLE}/frames/2", "image/jls"),
            (f"{INSTANCE}/bulkdata/00091001", "*/*"),
            (f"{INSTANCE}/bulkdata/7FE00010", "*/*"),
            (f"{LARGE}/bulkdata/7FE00010", OCTETS),
            (f"{INSTANCE}/metadata", "application/dicom+xml"),
            (f"{SERIES}/metadata", 'multipart/related; type="application/dicom+xml"'),
            ("/studies/1.2.3/metadata", 'multipart/related; type="application/dicom+xml"'),
        ],
    )
    def test_not_modified(self, pacs: Pacs, files: dict[str, bytes], path: str, accept: str) -> None:
        first = pacs.get(path, accept)
        assert first.status_code == 200
        is_made = first.headers["content-type"].startswith(("multipart/", "application/zip", "image/jls")) or path == RLE
        assert first.headers["etag"].startswith("W/") == is_made, "bytes that may differ have a weak tag"
        again = pacs.get(path, accept, **{"if-none-match": first.headers["etag"]})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", first.headers["etag"])
        assert pacs.get(path, accept, **{"if-none-match": '"another"'}).status_code == 200

    def test_tags_tell_representations_apart(self, pacs: Pacs, files: dict[str, bytes]) -> None:
        accepts = ("*/*", DICOM, "application/zip", "application/dicom; transfer-syntax=1.2.840.10008.1.2.4.80")
        assert len({pacs.get(INSTANCE, accept).headers["etag"] for accept in accepts}) == len(accepts)
        frames = [pacs.get(f"{RLE}/frames/{n}", accept) for n in (1, 2) for accept in (OCTETS, "image/dicom-rle", "image/jls")]
        assert len({frame.headers["etag"] for frame in frames}) == len(frames)


class TestZip:
    def test_a_study(self, pacs: Pacs, files: dict[str, bytes]) -> None:
        for path in ("/studies/1.2.3", SERIES):
            response = pacs.get(path, "application/zip")
            assert (response.status_code, response.headers["content-type"]) == (200, "application/zip")
            with zipfile.ZipFile(io.BytesIO(response.content)) as archive:
                assert archive.testzip() is None
                assert archive.namelist() == ["1.2.3/1.2.3.1/1.2.3.1.1.dcm", "1.2.3/1.2.3.1/1.2.3.1.2.dcm"]
                assert archive.read("1.2.3/1.2.3.1/1.2.3.1.1.dcm") == files[INSTANCE]

    def test_an_instance_in_a_transfer_syntax(self, pacs: Pacs, files: dict[str, bytes]) -> None:
        for accept, syntax in (
            ("application/zip", "1.2.840.10008.1.2.1"),
            ("application/zip; transfer-syntax=*", RLELossless),
            ("application/zip; transfer-syntax=1.2.840.10008.1.2.4.80", "1.2.840.10008.1.2.4.80"),
        ):
            with zipfile.ZipFile(io.BytesIO(pacs.get(RLE, accept).content)) as archive:
                (name,) = archive.namelist()
                assert pydicom.dcmread(io.BytesIO(archive.read(name))).file_meta.TransferSyntaxUID == syntax
        assert pacs.get(RLE, "application/zip; transfer-syntax=1.2.840.10008.1.2.4.50").status_code == 406
        assert pacs.get("/studies/9.9", "application/zip").status_code == 404


def test_one_frame_of_ten_thousand_is_read_like_one_of_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Counted, not timed: reads of the pack with their bytes, and queries."""
    reads: list[int] = []
    queries: list[str] = []

    def counting(name: str) -> Any:
        original = getattr(OsDisk, name)

        def counted(self: OsDisk, descriptor: int, room: Any, offset: int) -> Any:
            reads.append(room if isinstance(room, int) else len(room))
            return original(self, descriptor, room, offset)

        return counted

    many = ct(1, study="1.2.4", series="1.2.4.1", Rows=8, Columns=8, NumberOfFrames=10_000)
    many.PixelData = (np.arange(640_000) % 4096).astype("<u2").tobytes()
    last_frame = many.PixelData[-128:]
    one = ct(1, Rows=8, Columns=8)
    one.PixelData = many.PixelData[:128]
    with open_pacs(tmp_path) as pacs:
        for file in (as_file(one), as_file(many), as_file(_other(one), RLELossless), as_file(_other(many), RLELossless)):
            assert pacs.store(file).status_code == 200
        fetch = Database.fetch

        def counted(self: Database, sql: Any, *more: Any) -> Any:
            queries.append(str(sql))
            return fetch(self, sql, *more)

        monkeypatch.setattr(Database, "fetch", counted)
        for name in ("pread", "pread_into", "pread_cached_into"):
            monkeypatch.setattr(OsDisk, name, counting(name))
        found = []
        for study in ("1.2.3", "1.2.4", "1.2.33", "1.2.44"):
            reads.clear()
            queries.clear()
            response = pacs.get(f"/studies/{study}/series/{study}.1/instances/{study}.1.1/frames/1", f"{OCTETS}; transfer-syntax=*")
            assert response.status_code == 200
            found.append((len(reads), sum(reads), len(queries), len(response.content)))
        # Of a table too large for its row only the wanted part is fetched, by one query more.
        assert [one[:2] for one in found[::2]] == [one[:2] for one in found[1::2]]
        assert all(one[2] <= 3 for one in found)
        ((_, _, _, length), *_) = found
        assert length == 128
        last = pacs.get("/studies/1.2.4/series/1.2.4.1/instances/1.2.4.1.1/frames/10000", OCTETS)
        assert last.content == last_frame


def _other(data_set: pydicom.Dataset) -> pydicom.Dataset:
    """The same in a study of its own."""
    other = pydicom.Dataset(data_set)
    last = str(data_set.StudyInstanceUID)[-1]
    for keyword in ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID"):
        setattr(other, keyword, getattr(data_set, keyword).replace(f"1.2.{last}", f"1.2.{last}{last}", 1))
    return other


def test_parts_are_still_parts(pacs: Pacs, files: dict[str, bytes]) -> None:
    assert [body for _, body in parts_of(pacs.get(SERIES))] == [files[INSTANCE], files[f"{SERIES}/instances/1.2.3.1.2"]]
