"""The frame table of every image of the corpus, held against the frames that pydicom finds."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path

import pydicom
from pydicom.encaps import generate_frames
from pydicom.pixels.utils import get_expected_length

from hounsfield.dicom.deflate import inflate
from hounsfield.dicom.frames import frame_from_bytes
from hounsfield.dicom.header import scan
from hounsfield.dicom.part10 import read_prefix
from hounsfield.dicom.transfer_syntaxes import transfer_syntax
from hounsfield.model.errors import UnreadableObject


def files(corpus: Path) -> Iterator[Path]:
    """Images with Part 10 headers; of long series every eighth."""
    for folder in ("dicomdir", "image", "modality", "series", "synth", "ts"):
        found = sorted(path for path in (corpus / folder).rglob("*") if path.is_file() and path.suffix not in (".dump", ".md", ".tsv"))
        yield from found[:: 8 if folder == "series" else 1]


def expected_frames(data_set: pydicom.Dataset) -> list[bytes]:
    """What pydicom makes of the pixel data."""
    pixels = next(data_set[keyword].value for keyword in ("PixelData", "FloatPixelData", "DoubleFloatPixelData") if keyword in data_set)
    count = int(data_set.get("NumberOfFrames") or 1)
    if transfer_syntax(data_set.file_meta.TransferSyntaxUID).encapsulated:
        extended = (data_set.ExtendedOffsetTable, data_set.ExtendedOffsetTableLengths) if "ExtendedOffsetTable" in data_set else None
        return list(generate_frames(pixels, number_of_frames=count, extended_offsets=extended))
    length = get_expected_length(data_set, "bytes") // count
    return [pixels[index * length : (index + 1) * length] for index in range(count)]


def test_frames_are_where_pydicom_finds_them(corpus: Path) -> None:
    frames, encapsulated = 0, 0
    for path in files(corpus):
        relative = path.relative_to(corpus).as_posix()
        content = path.read_bytes()
        meta = read_prefix(content)
        if meta is None:
            continue
        view = memoryview(content)[meta.length_bytes :]
        try:
            table = scan(view, meta.transfer_syntax_uid).frame_table
        except UnreadableObject:
            continue
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            data_set = pydicom.dcmread(path)
        if table.count == 0 or table.packed_bits:
            assert table.packed_bits or not (data_set.get("PixelData") and data_set.Rows), relative
            continue
        if transfer_syntax(meta.transfer_syntax_uid).deflated:
            assert table.inflated
            view = memoryview(inflate(view))
        blob = table.to_bytes()
        ours = []
        for index in range(table.count):
            span = frame_from_bytes(blob, index)
            ours.append(b"".join(view[offset : offset + length] for offset, length in span.fragments))
            assert span.matches(ours[-1])
        assert ours == expected_frames(data_set), relative
        frames += len(ours)
        encapsulated += transfer_syntax(meta.transfer_syntax_uid).encapsulated
    assert frames > 500
    assert encapsulated > 60
