"""What compressed streams of real objects say of themselves, held against what their objects say."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import pydicom
import pytest

from hounsfield.codecs.compressed_parts import CompressedPart, media_type_of, read_part
from hounsfield.model.errors import TransferSyntaxNotSupported, UnreadableObject

LARGEST_BYTES = 1_000_000

OTHERWISE = {
    ("1.2.840.10008.1.2.4.51", "1.2.840.10008.1.2.4.50"): "baseline is a kind of extended",
    ("1.2.840.10008.1.2.4.57", "1.2.840.10008.1.2.4.70"): "any predictor includes the first",
    ("1.2.840.10008.1.2.4.81", "1.2.840.10008.1.2.4.80"): "near-lossless that lost nothing",
    ("1.2.840.10008.1.2.4.91", "1.2.840.10008.1.2.4.90"): "reversible, perhaps cut short",
    ("1.2.840.10008.1.2.4.93", "1.2.840.10008.1.2.4.92"): "the same of part 2",
    ("1.2.840.10008.1.2.4.202", "1.2.840.10008.1.2.4.201"): "progressive by resolution is told by the parameter alone",
    ("1.2.840.10008.1.2.4.203", "1.2.840.10008.1.2.4.201"): "reversible",
    ("1.2.840.10008.1.2.4.110", "1.2.840.10008.1.2.4.112"): "JPEG XL is told by the parameter alone",
    ("1.2.840.10008.1.2.4.111", "1.2.840.10008.1.2.4.112"): "the same",
}


def streams(corpus: Path) -> Iterator[tuple[Path, pydicom.Dataset, bytes]]:
    """The first frame of each compressed object."""
    for path in sorted((corpus / "ts").rglob("*.dcm")):
        if path.stat().st_size > LARGEST_BYTES:
            continue
        data_set = pydicom.dcmread(path, force=True)
        uid = data_set.get("file_meta", {}).get("TransferSyntaxUID", "")
        if media_type_of(uid) and "PixelData" in data_set and not media_type_of(uid).startswith("video"):
            yield (
                path,
                data_set,
                next(pydicom.encaps.generate_frames(data_set.PixelData, number_of_frames=int(data_set.get("NumberOfFrames", 1) or 1))),
            )


def read(kind: str, asked: str, stream: bytes) -> CompressedPart:
    return read_part(kind, asked, lambda start, length: stream[start : start + length], len(stream))


def test_streams_of_real_objects(corpus: Path) -> None:
    seen = set()
    for path, data_set, stream in streams(corpus):
        uid = data_set.file_meta.TransferSyntaxUID
        found = read(media_type_of(uid), "", stream)
        assert found.transfer_syntax_uid == uid or (uid, found.transfer_syntax_uid) in OTHERWISE, path
        seen.add(uid)
        if found.facts is None:
            continue
        said = (data_set.Rows, data_set.Columns, data_set.SamplesPerPixel)
        assert (found.facts.rows, found.facts.columns, found.facts.samples_per_pixel) == said, path
        assert found.facts.bits_allocated <= max(8, data_set.BitsAllocated), path
        assert found.method or found.transfer_syntax_uid.endswith((".57", ".70", ".80", ".90", ".92", ".201", ".202", ".5", ".112")), path
        assert read(media_type_of(uid), uid, stream).transfer_syntax_uid == uid, path
    assert len(seen) > 8


def test_streams_cut_short_and_turned(corpus: Path) -> None:
    """Whatever the bytes, the answer is a coded one."""
    for _path, data_set, stream in streams(corpus):
        kind = media_type_of(data_set.file_meta.TransferSyntaxUID)
        for broken in (stream[:3], stream[:17], stream[:60], stream[:2] + b"\xff" * 40 + stream[2:], bytes(reversed(stream[:5000]))):
            for asked in ("", data_set.file_meta.TransferSyntaxUID):
                try:
                    read(kind, asked, broken)
                except (UnreadableObject, TransferSyntaxNotSupported):
                    continue


def test_what_its_parameter_says_is_not_what_it_is() -> None:
    with pytest.raises(TransferSyntaxNotSupported):
        read("image/jpeg", "1.2.840.10008.1.2.4.90", b"\xff\xd8")
    with pytest.raises(UnreadableObject):
        read(
            "image/jls", "", io.BytesIO(b"\xff\xd8\xff\xc0\0\x0b\x08\0\x01\0\x01\x01\x01\x11\0\xff\xda\0\x08\x01\x01\0\0\x3f\0").getvalue()
        )
