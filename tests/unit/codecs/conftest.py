"""Stored objects taken apart as the archive takes them apart, and headers made by hand."""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pydicom
import pytest
from pydicom.encaps import generate_frames

from hounsfield.codecs.describe import ImageDescription, describe
from hounsfield.codecs.frame import FrameDescription
from hounsfield.dicom.deflate import inflate
from hounsfield.dicom.header import scan
from hounsfield.dicom.part10 import read_prefix
from hounsfield.dicom.transfer_syntaxes import EXPLICIT_VR_LITTLE_ENDIAN, transfer_syntax
from hounsfield.model.errors import UnreadableObject

GREY_16 = FrameDescription(EXPLICIT_VR_LITTLE_ENDIAN, 2, 3, 1, "MONOCHROME2", 0, 16, 16, 15, 0)


@dataclass(frozen=True)
class StoredImage:
    """An image as the archive knows it."""

    transfer_syntax_uid: str
    description: ImageDescription
    frames: tuple[bytes, ...]


def open_image(path: Path) -> StoredImage:
    """Header, frame table and frames by the project's own means."""
    raw = path.read_bytes()
    meta = read_prefix(raw)
    assert meta is not None
    data_set: bytes = raw[meta.length_bytes :]
    try:
        scanned = scan(data_set, meta.transfer_syntax_uid)
    except UnreadableObject:  # no identifiers, yet pixels
        ds = pydicom.dcmread(path, force=True)
        if "PixelData" not in ds or not ds["PixelData"].is_undefined_length:
            raise
        frames = tuple(generate_frames(ds.PixelData, number_of_frames=int(ds.get("NumberOfFrames", 1))))
        return StoredImage(meta.transfer_syntax_uid, describe(data_set, meta.transfer_syntax_uid), frames)
    length = scanned.header_length_bytes + 12
    if transfer_syntax(meta.transfer_syntax_uid).deflated:
        data_set = bytes(inflate(data_set))
        length = len(data_set)
    table = scanned.frame_table
    frames = tuple(b"".join(data_set[at : at + size] for at, size in table.frame(index).fragments) for index in range(table.count))
    return StoredImage(meta.transfer_syntax_uid, describe(data_set[:length], meta.transfer_syntax_uid), frames)


@pytest.fixture(scope="session")
def image_at() -> Callable[[Path], StoredImage]:
    """Opens the image in a Part 10 file."""
    return open_image


@pytest.fixture
def grey_16() -> FrameDescription:
    """Two rows of three unsigned 16 bit pixels, native."""
    return GREY_16


@pytest.fixture
def described() -> Callable[..., FrameDescription]:
    """The same with other attributes."""
    return lambda **changes: replace(GREY_16, **changes)


def element(tag: int, vr: str, value: bytes) -> bytes:
    """One Explicit VR Little Endian element."""
    head = struct.pack("<HH2s", tag >> 16, tag & 0xFFFF, vr.encode())
    value += b"\0" * (len(value) % 2)
    if vr in ("OB", "OW", "SQ", "UN"):
        return head + struct.pack("<HI", 0, len(value)) + value
    return head + struct.pack("<H", len(value)) + value


def item(*elements: bytes) -> bytes:
    """One item of defined length."""
    content = b"".join(elements)
    return struct.pack("<HHI", 0xFFFE, 0xE000, len(content)) + content


@pytest.fixture
def header() -> Callable[..., bytes]:
    """The Image Pixel module of a grey image with more elements, `(tag, vr, value)`, merged in and ordered by tag."""

    def build(*more: tuple[int, str, bytes]) -> bytes:
        basic: dict[int, tuple[str, bytes]] = {
            0x00280002: ("US", struct.pack("<H", 1)),
            0x00280004: ("CS", b"MONOCHROME2"),
            0x00280010: ("US", struct.pack("<H", 4)),
            0x00280011: ("US", struct.pack("<H", 6)),
            0x00280100: ("US", struct.pack("<H", 16)),
            0x00280101: ("US", struct.pack("<H", 12)),
            0x00280102: ("US", struct.pack("<H", 11)),
            0x00280103: ("US", struct.pack("<H", 0)),
        }
        for tag, vr, value in more:
            basic[tag] = (vr, value)
        return b"".join(element(tag, *basic[tag]) for tag in sorted(basic))

    return build


@pytest.fixture
def nested() -> Callable[..., bytes]:
    """The value of a sequence: one item for each argument, a list of `(tag, vr, value)`."""
    return lambda *contents: b"".join(item(*(element(*entry) for entry in content)) for content in contents)
