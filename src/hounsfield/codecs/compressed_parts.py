"""What a compressed stream says of itself: the transfer syntax it goes into, and the Image Pixel attributes (PS3.18 8.7.3.3.2, 10.5.2).

Everything is read from the stream's first bytes; what a media type alone says is not believed where the stream says otherwise.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from hounsfield.codecs.codestream import JPEG2000Header, JPEGHeader, read_jpeg2000_header, read_jpeg_header
from hounsfield.codecs.video_parts import VideoFacts, read_mp4, read_mpeg2
from hounsfield.dicom.transfer_syntaxes import RLE_LOSSLESS, transfer_syntax
from hounsfield.model.errors import TransferSyntaxNotSupported, UndecodablePixels, UnreadableObject

_JPEG = "1.2.840.10008.1.2.4."
HEAD_BYTES: Final = 256 << 10
"""Read of a stream: application segments with profiles and thumbnails stand before the frame header."""

TRANSFER_SYNTAXES_OF: Final[Mapping[str, tuple[str, ...]]] = {
    "image/jpeg": tuple(_JPEG + last for last in ("50", "51", "57", "70")),
    "image/jls": tuple(_JPEG + last for last in ("80", "81")),
    "image/jp2": tuple(_JPEG + last for last in ("90", "91")),
    "image/jpx": tuple(_JPEG + last for last in ("92", "93")),
    "image/jphc": tuple(_JPEG + last for last in ("201", "202", "203")),
    "image/jxl": tuple(_JPEG + last for last in ("110", "111", "112")),
    "image/dicom-rle": (RLE_LOSSLESS,),
    "video/mpeg": tuple(_JPEG + last for last in ("100", "100.1", "101", "101.1")),
    "video/mpeg2": tuple(_JPEG + last for last in ("100", "100.1", "101", "101.1")),
    "video/mp4": tuple(_JPEG + last for last in ("102", "102.1", "103", "103.1", "104", "104.1", "105", "105.1", "106", "106.1")),
    "video/h265": tuple(_JPEG + last for last in ("107", "108")),
}
"""PS3.18 tables 8.7.3-5 and 10.5.2-1: media types of compressed pixel data, and the transfer syntaxes that they may be of."""

_MEDIA_TYPES_OF: Final = {uid: name for name, uids in reversed(list(TRANSFER_SYNTAXES_OF.items())) for uid in uids}

_METHODS: Final = {"image/jpeg": "ISO_10918_1", "image/jls": "ISO_14495_1", "image/jphc": "ISO_15444_15", "image/jxl": "ISO_18181_1"}
_METHODS_OF_VIDEO: Final = {
    "video/mpeg": "ISO_13818_2",
    "video/mpeg2": "ISO_13818_2",
    "video/mp4": "ISO_14496_10",
    "video/h265": "ISO_23008_2",
}

Read = Callable[[int, int], bytes]
"""Bytes of the part: offset, length."""


@dataclass(frozen=True, slots=True)
class PictureFacts:
    """Image Pixel Description attributes (PS3.3 C.7.6.3.3) as a stream has them."""

    rows: int
    columns: int
    samples_per_pixel: int
    photometric_interpretation: str
    bits_stored: int
    signed: bool = False
    frames: int | None = None

    @property
    def bits_allocated(self) -> int:
        """Whole bytes."""
        return 8 if self.bits_stored <= 8 else 16


@dataclass(frozen=True, slots=True)
class CompressedPart:
    """One part: what goes into its fragment, and what it says.

    offset_bytes, length_bytes: of the codestream within the part: the boxes of a JP2 file do not go into DICOM (PS3.5 A.4.4).
    facts: None where the stream does not say enough.
    method: Lossy Image Compression Method (PS3.3 C.7.6.1.1.5.1), empty where nothing was lost.
    """

    transfer_syntax_uid: str
    offset_bytes: int
    length_bytes: int
    facts: PictureFacts | None
    method: str


def is_compressed(media_type: str) -> bool:
    """Whether parts of this type hold compressed pixel data."""
    return media_type in TRANSFER_SYNTAXES_OF


def media_type_of(transfer_syntax_uid: str) -> str:
    """Of what is held in a transfer syntax; empty where the tables name none."""
    return _MEDIA_TYPES_OF.get(transfer_syntax_uid, "")


def method_of(transfer_syntax_uid: str) -> str:
    """Lossy Image Compression Method of what was compressed lossily in it (PS3.3 C.7.6.1.1.5.1)."""
    media_type = media_type_of(transfer_syntax_uid) or "image/jpeg"  # the retired processes of JPEG are in no table
    return {**_METHODS, **_METHODS_OF_VIDEO}.get(media_type, "ISO_15444_1")


def read_part(media_type: str, asked_uid: str, read: Read, length_bytes: int) -> CompressedPart:
    """asked_uid: the `transfer-syntax` parameter of the media type; empty where it has none.

    Raises: TransferSyntaxNotSupported where the type does not go with the parameter, or no transfer syntax holds such a stream;
    UnreadableObject where the stream is none of its type.
    """
    allowed = TRANSFER_SYNTAXES_OF[media_type]
    if asked_uid and asked_uid not in allowed:
        raise TransferSyntaxNotSupported(f"{media_type} is not of the transfer syntax that its parameter names")
    offset, length, facts = 0, length_bytes, None
    try:
        if media_type in ("image/jpeg", "image/jls"):
            uid, facts = _jpeg(media_type, asked_uid, read(0, min(HEAD_BYTES, length_bytes)))
        elif media_type in ("image/jp2", "image/jpx", "image/jphc"):
            offset, length = _codestream(read, length_bytes)
            uid, facts = _jpeg2000(media_type, asked_uid, read(offset, min(HEAD_BYTES, length)))
        elif media_type.startswith("video/"):
            uid = asked_uid or allowed[0]
            facts = _video(media_type, read, length_bytes)
        else:
            uid = asked_uid or allowed[-1]
    except (UndecodablePixels, struct.error) as exc:
        raise UnreadableObject(f"a part is not the {media_type} that it says it is") from exc
    lossy = (
        uid != RLE_LOSSLESS and transfer_syntax(uid).lossy and not (facts and uid in _REVERSIBLE and _is_reversible(read, offset, length))
    )
    return CompressedPart(uid, offset, length, facts, method_of(uid) if lossy else "")


def _jpeg(media_type: str, asked_uid: str, head: bytes) -> tuple[str, PictureFacts]:
    header = read_jpeg_header(head)
    parameter = _scan_parameter(head)
    if media_type == "image/jls":
        if header.process != _JPEG_LS:
            raise UndecodablePixels("no JPEG-LS stream")
        uid = _JPEG + ("81" if parameter else "80")
        if asked_uid == _JPEG + "80" and parameter:
            raise TransferSyntaxNotSupported("the JPEG-LS stream is near-lossless, its parameter says lossless")
        return asked_uid or uid, _grey_or(header.components, "RGB", header)
    if header.process not in _PROCESSES:
        raise TransferSyntaxNotSupported("no transfer syntax holds JPEG of this process")
    if header.lossless:
        uid = _JPEG + ("70" if parameter == 1 else "57")
        photometric = "RGB"
    else:
        uid = _JPEG + _PROCESSES[header.process]
        is_rgb = header.adobe_transform == 0 or header.component_ids == b"RGB"
        photometric = "RGB" if is_rgb else "YBR_FULL_422" if header.subsampled else "YBR_FULL"
    if asked_uid and (asked_uid in _LOSSLESS_JPEG) != header.lossless:
        raise TransferSyntaxNotSupported("the JPEG stream is of another process than its parameter says")
    return asked_uid or uid, _grey_or(header.components, photometric, header)


_JPEG_LS = 0xF7
_PROCESSES = {0xC0: "50", 0xC1: "51", 0xC3: "57"}
_LOSSLESS_JPEG = (_JPEG + "57", _JPEG + "70")
_REVERSIBLE = tuple(_JPEG + last for last in ("91", "93", "203"))
"""Transfer syntaxes of JPEG 2000 that may hold what has lost nothing."""


def _grey_or(components: int, colour: str, header: JPEGHeader) -> PictureFacts:
    if components not in (1, 3):
        raise TransferSyntaxNotSupported(f"pictures have 1 or 3 samples a pixel, not {components}")
    if not header.rows or not header.columns:
        raise UndecodablePixels("a picture without an area")
    return PictureFacts(header.rows, header.columns, components, "MONOCHROME2" if components == 1 else colour, header.precision)


def _scan_parameter(head: bytes) -> int:
    """The byte behind the component selectors of the first scan: the predictor of lossless JPEG (Ss), NEAR of JPEG-LS."""
    position = 2
    while position + 4 <= len(head) and head[position] == 0xFF:
        marker = head[position + 1]
        if marker == 0xFF:
            position += 1
            continue
        length = int.from_bytes(head[position + 2 : position + 4], "big")
        if marker == 0xDA:
            place = position + 5 + 2 * head[position + 4] if position + 4 < len(head) else len(head)
            if place < len(head):
                return head[place]
            break
        position += 2 + length
    raise UndecodablePixels("no scan within the first bytes of the stream")


def _codestream(read: Read, length_bytes: int) -> tuple[int, int]:
    """Where the codestream is: all of the part, or the box `jp2c` of a file (15444-1 annex I)."""
    start = read(0, min(12, length_bytes))
    if start[:4] == b"\xff\x4f\xff\x51":
        return 0, length_bytes
    if start[4:8] != b"jP  ":
        raise UndecodablePixels("neither a JPEG 2000 codestream nor a file with one")
    position = 0
    for _ in range(1000):
        if position + 8 > length_bytes:
            break
        head = read(position, min(16, length_bytes - position))
        size, kind, header = int.from_bytes(head[:4], "big"), head[4:8], 8
        if size == 1 and len(head) == 16:
            size, header = int.from_bytes(head[8:], "big"), 16
        end = length_bytes if size == 0 else position + size
        if end > length_bytes or end < position + header:
            break
        if kind == b"jp2c":
            return position + header, end - position - header
        position = end
    raise UndecodablePixels("a JP2 file without a codestream")


def _jpeg2000(media_type: str, asked_uid: str, head: bytes) -> tuple[str, PictureFacts]:
    header: JPEG2000Header = read_jpeg2000_header(head)
    if (media_type == "image/jphc") != header.high_throughput and media_type != "image/jpx":
        raise TransferSyntaxNotSupported("JPEG 2000 and HTJ2K have media types of their own")
    reversible = _has_reversible_transform(head)
    lossless, lossy = {"image/jp2": ("90", "91"), "image/jpx": ("92", "93"), "image/jphc": ("201", "203")}[media_type]
    if asked_uid and not reversible and not transfer_syntax(asked_uid).lossy:
        raise TransferSyntaxNotSupported("the JPEG 2000 stream is irreversible, its parameter says lossless")
    if header.components not in (1, 3):
        raise TransferSyntaxNotSupported(f"pictures have 1 or 3 samples a pixel, not {header.components}")
    photometric = "MONOCHROME2"
    if header.components == 3:
        photometric = ("YBR_RCT" if reversible else "YBR_ICT") if header.multiple_component_transform else "RGB"
    if header.precision > 16 or header.rows > 65535 or header.columns > 65535:
        raise TransferSyntaxNotSupported("a picture of more than 16 bits or 65535 rows or columns")
    facts = PictureFacts(header.rows, header.columns, header.components, photometric, header.precision, header.signed)
    return asked_uid or _JPEG + (lossless if reversible else lossy), facts


def _has_reversible_transform(head: bytes) -> bool:
    """The wavelet of the coding style default (15444-1 table A.20)."""
    position = 2
    while position + 4 <= len(head) and head[position] == 0xFF:
        marker, length = head[position + 1], int.from_bytes(head[position + 2 : position + 4], "big")
        if marker == 0x52:
            return position + 13 < len(head) and head[position + 13] == 1
        if marker == 0x90:
            break
        position += 2 + length
    raise UndecodablePixels("a JPEG 2000 codestream without its coding style")


def _is_reversible(read: Read, offset: int, length: int) -> bool:
    return _has_reversible_transform(read(offset, min(HEAD_BYTES, length)))


def _video(media_type: str, read: Read, length_bytes: int) -> PictureFacts | None:
    found: VideoFacts | None = read_mp4(read, length_bytes) if media_type == "video/mp4" else None
    if found is None and media_type in ("video/mpeg", "video/mpeg2"):
        found = read_mpeg2(read, length_bytes)
    if found is None:
        return None
    return PictureFacts(found.rows, found.columns, 3, "YBR_PARTIAL_420", 8, frames=found.frames)


def same_picture(facts: Iterable[PictureFacts | None]) -> bool:
    """Whether all frames are alike, as far as they say."""
    return len({fact for fact in facts if fact is not None}) <= 1
