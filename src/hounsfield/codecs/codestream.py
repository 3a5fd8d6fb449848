"""The first headers of a compressed frame, read before any decoder may allocate for it.

JPEG: ISO/IEC 10918-1 annex B; JPEG-LS: ISO/IEC 14495-1 annex C; JPEG 2000 and HTJ2K: ISO/IEC 15444-1 annex A;
JPEG XL: ISO/IEC 18181-1 annex D.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from hounsfield.model.errors import UndecodablePixels

_SOI, _EOI, _SOS = 0xD8, 0xD9, 0xDA
_APP0, _APP14 = 0xE0, 0xEE
_WITHOUT_LENGTH = frozenset((0x01, *range(0xD0, 0xD9)))
_START_OF_FRAME = frozenset((0xC0, 0xC1, 0xC2, 0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF, 0xF7))
_LOSSLESS_FRAME = frozenset((0xC3, 0xC7, 0xCB, 0xCF))
_MAX_MARKERS = 4096
_FIRST_SSIZ = 42
"""Where a codestream tells the depth of its first component, behind SOC, SIZ and their numbers."""


@dataclass(frozen=True, slots=True)
class JPEGHeader:
    """What the marker segments before the first scan say.

    precision: bits per sample.
    adobe_transform: of the Adobe APP14 segment: 0 none, 1 YCbCr; None where there is no whole segment.
    subsampled: whether the components have different sampling factors.
    """

    process: int
    precision: int
    rows: int
    columns: int
    components: int
    component_ids: bytes
    subsampled: bool
    jfif: bool
    adobe_transform: int | None

    @property
    def lossless(self) -> bool:
        """Whether it is coded by prediction (processes 14 and their like)."""
        return self.process in _LOSSLESS_FRAME


def read_jpeg_header(stream: bytes | memoryview) -> JPEGHeader:
    """Walks the markers of a JPEG or JPEG-LS stream up to its frame header. Raises: UndecodablePixels."""
    position, jfif, adobe = 2, False, None
    if len(stream) < 4 or stream[0] != 0xFF or stream[1] != _SOI:
        raise UndecodablePixels("no JPEG stream: it does not begin with SOI")
    for _ in range(_MAX_MARKERS):
        while position + 1 < len(stream) and stream[position] == 0xFF and stream[position + 1] == 0xFF:
            position += 1
        if position + 4 > len(stream) or stream[position] != 0xFF:
            break
        marker = stream[position + 1]
        position += 2
        if marker in _WITHOUT_LENGTH:
            continue
        if marker in (_EOI, _SOS):
            break
        length = struct.unpack_from(">H", stream, position)[0]
        segment = bytes(stream[position + 2 : position + length])
        if length < 2 or len(segment) != length - 2:
            break
        if marker == _APP0 and segment.startswith(b"JFIF\0"):
            jfif = True
        elif marker == _APP14 and segment.startswith(b"Adobe") and len(segment) >= 12:
            adobe = segment[11]
        elif marker in _START_OF_FRAME:
            return _read_frame_header(marker, segment, jfif, adobe)
        position += length
    raise UndecodablePixels("no JPEG stream: it has no frame header")


def _read_frame_header(marker: int, segment: bytes, jfif: bool, adobe: int | None) -> JPEGHeader:
    if len(segment) < 6 or len(segment) < 6 + 3 * segment[5]:
        raise UndecodablePixels("the JPEG frame header is cut off")
    precision, rows, columns, components = struct.unpack_from(">BHHB", segment)
    table = segment[6 : 6 + 3 * components]
    return JPEGHeader(marker, precision, rows, columns, components, table[0::3], len(set(table[1::3])) > 1, jfif, adobe)


@dataclass(frozen=True, slots=True)
class JPEG2000Header:
    """What the image and tile size segment says (15444-1 A.5.1).

    multiple_component_transform: whether colour was rotated before coding, and comes back as RGB (A.6.1).
    irreversible: whether the 9-7 wavelet was used (A.6.1): values come back near to what they were, and may lie outside of their range.
    codestream_offset_bytes: behind the boxes of a JP2 file, which do not belong into DICOM but occur.
    """

    rows: int
    columns: int
    components: int
    precision: int
    signed: bool
    multiple_component_transform: bool
    irreversible: bool
    high_throughput: bool
    codestream_offset_bytes: int


def read_jpeg2000_header(stream: bytes | memoryview) -> JPEG2000Header:
    """Raises: UndecodablePixels."""
    offset = 0
    if bytes(stream[:4]) != b"\xff\x4f\xff\x51":
        offset = bytes(stream[: 1 << 16]).find(b"\xff\x4f\xff\x51")
        if offset < 0:
            raise UndecodablePixels("no JPEG 2000 codestream: SOC and SIZ are missing")
    position = offset + 4
    if position + 38 > len(stream):
        raise UndecodablePixels("the JPEG 2000 image and tile size is cut off")
    length, _, x1, y1, x0, y0, _, _, _, _, components = struct.unpack_from(">HHIIIIIIIIH", stream, position)
    if length < 38 + 3 * components or position + length > len(stream) or components == 0:
        raise UndecodablePixels("the JPEG 2000 image and tile size contradicts itself")
    if x1 <= x0 or y1 <= y0:
        raise UndecodablePixels("the JPEG 2000 image has no area")
    depth = stream[position + 38]
    style = _read_coding_style(stream, position + length)
    return JPEG2000Header(y1 - y0, x1 - x0, components, (depth & 0x7F) + 1, bool(depth & 0x80), *style, offset)


def with_precision(stream: bytes, precision: int, *, signed: bool) -> bytes:
    """A codestream whose image and tile size segment says this precision of every component (15444-1 A.5.1, Ssiz)."""
    if len(stream) <= _FIRST_SSIZ or stream[:4] != b"\xff\x4f\xff\x51":
        raise UndecodablePixels("the encoder wrote no codestream")
    components = int.from_bytes(stream[_FIRST_SSIZ - 2 : _FIRST_SSIZ], "big")
    said = bytearray(stream)
    for component in range(components):
        said[_FIRST_SSIZ + 3 * component] = precision - 1 | signed << 7
    return bytes(said)


def _read_coding_style(stream: bytes | memoryview, position: int) -> tuple[bool, bool, bool]:
    """From the main header: whether COD asks for the component transform and for the 9-7 wavelet, whether CAP announces HTJ2K."""
    transform = irreversible = high_throughput = False
    for _ in range(_MAX_MARKERS):
        if position + 4 > len(stream):
            break
        marker, length = struct.unpack_from(">HH", stream, position)
        if marker == 0xFF90 or marker >> 8 != 0xFF or length < 2:
            break
        if marker == 0xFF52 and position + 9 <= len(stream):
            transform = stream[position + 8] == 1
            irreversible = position + 14 <= len(stream) and stream[position + 13] == 0
        elif marker == 0xFF50:
            high_throughput = True
        position += 2 + length
    return transform, irreversible, high_throughput


_JPEG_XL_RATIOS = ((1, 1), (12, 10), (4, 3), (3, 2), (16, 9), (5, 4), (2, 1))
_JPEG_XL_SIZE_BITS = (9, 13, 18, 30)


def read_jpeg_xl_size(stream: bytes | memoryview) -> tuple[int, int]:
    """Rows and columns, from a bare codestream or from the boxes of a file (18181-2). Raises: UndecodablePixels."""
    start = bytes(stream[: 1 << 16])
    offset = 0
    if start[4:8] == b"JXL ":
        boxes = [start.find(name) + length for name, length in ((b"jxlc", 4), (b"jxlp", 8)) if name in start]
        offset = min(boxes, default=len(start))
    if start[offset : offset + 2] != b"\xff\x0a":
        raise UndecodablePixels("no JPEG XL codestream: its signature is missing")
    bits = int.from_bytes(start[offset + 2 : offset + 18], "little")

    def take(count: int) -> int:
        nonlocal bits
        value, bits = bits & ((1 << count) - 1), bits >> count
        return value

    def side(small: int) -> int:
        return (take(5) + 1) * 8 if small else take(_JPEG_XL_SIZE_BITS[take(2)]) + 1

    small = take(1)
    rows = side(small)
    ratio = take(3)
    if not ratio:
        return rows, side(small)
    across, down = _JPEG_XL_RATIOS[ratio - 1]
    return rows, rows * across // down


PNG, GIF = "image/png", "image/gif"
"""Pictures that no transfer syntax holds, by their media types."""

_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR"
_PNG_SAMPLES = {0: 1, 2: 3, 3: 3, 4: 1, 6: 3}
"""By colour type, as they are decoded: a palette's index becomes its colour, opacity is left out."""


def read_png_header(stream: bytes | memoryview) -> tuple[int, int, int, int]:
    """Rows, columns, bits per sample as decoded (8 or 16), samples per pixel (ISO/IEC 15948 11.2.2). Raises: UndecodablePixels."""
    start = bytes(stream[:26])
    if len(start) < 26 or not start.startswith(_PNG_SIGNATURE) or start[25] not in _PNG_SAMPLES:
        raise UndecodablePixels("no PNG: its header is missing")
    columns, rows = struct.unpack_from(">II", start, 16)
    return rows, columns, 16 if start[24] == 16 else 8, _PNG_SAMPLES[start[25]]
