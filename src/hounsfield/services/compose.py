"""Make a Part 10 object of metadata and bulk data that came apart (PS3.18 10.5.1.4, 10.5.2).

The transfer syntax follows from the media type of the pixel data. Where the metadata leaves out what a compressed stream says of its
picture, it is filled in; what it says otherwise is refused.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from hounsfield.codecs.compressed_parts import CompressedPart, PictureFacts, is_compressed, media_type_of, read_part, same_picture
from hounsfield.dicom.composed import Composed, Frames, Piece, Slice, Value, encode_composed
from hounsfield.dicom.dictionary import keyword_of
from hounsfield.dicom.json_input import Elsewhere, GivenDataSet, GivenElement
from hounsfield.dicom.numbers import number_of
from hounsfield.dicom.part10 import build_prefix
from hounsfield.dicom.tags import (
    BITS_ALLOCATED,
    COLUMNS,
    EXTENDED_OFFSET_TABLE,
    EXTENDED_OFFSET_TABLE_LENGTHS,
    NUMBER_OF_FRAMES,
    PHOTOMETRIC_INTERPRETATION,
    PIXEL_DATA,
    PIXEL_REPRESENTATION,
    PIXEL_TAGS,
    ROWS,
    SAMPLES_PER_PIXEL,
    SERIES_INSTANCE_UID,
    SOP_CLASS_UID,
    SOP_INSTANCE_UID,
    SPECIFIC_CHARACTER_SET,
    STUDY_INSTANCE_UID,
    tag_text,
)
from hounsfield.dicom.transfer_syntaxes import EXPLICIT_VR_LITTLE_ENDIAN, TRANSFER_SYNTAXES
from hounsfield.model.errors import (
    BulkDataMissing,
    InconsistentObject,
    InvalidUID,
    TransferSyntaxNotSupported,
    UnreadableObject,
    UnsupportedMediaType,
)
from hounsfield.model.identifiers import parse_uid
from hounsfield.services.picture_files import PICTURE_FILES, decode_pictures
from hounsfield.services.pixel_value import FrameCodec
from hounsfield.services.spool import Spool

OCTET_STREAM: Final = "application/octet-stream"
ENCAPSULATED: Final = ""
"""In the place of a media type: frames of an encapsulated transfer syntax that has none of its own."""

_TRANSFER_SYNTAX_UID, _AVAILABLE_TRANSFER_SYNTAX_UID = 0x00020010, 0x00083002
_PLANAR_CONFIGURATION, _BITS_STORED, _HIGH_BIT = 0x00280006, 0x00280101, 0x00280102
_LOSSY, _LOSSY_RATIO, _LOSSY_METHOD = 0x00282110, 0x00282112, 0x00282114
_FRAME_INCREMENT, _FRAME_TIME, _FRAME_TIMES = 0x00280009, 0x00181063, 0x00181065
_DOCUMENT, _DOCUMENT_TYPE, _DOCUMENT_LENGTH = 0x00420011, 0x00420012, 0x00420015
_NEEDED = (SOP_CLASS_UID, SOP_INSTANCE_UID, STUDY_INSTANCE_UID, SERIES_INSTANCE_UID)
_DESCRIPTION = (
    SAMPLES_PER_PIXEL,
    PHOTOMETRIC_INTERPRETATION,
    ROWS,
    COLUMNS,
    BITS_ALLOCATED,
    _BITS_STORED,
    _HIGH_BIT,
    PIXEL_REPRESENTATION,
)
_TEXT_VRS = frozenset({"LO", "LT", "PN", "SH", "ST", "UC", "UT"})


@dataclass(frozen=True, slots=True)
class BulkPart:
    """A part of the request that is no metadata. where: in the spool. transfer_syntax_uid: the parameter of its media type, or empty."""

    media_type: str
    transfer_syntax_uid: str
    where: Slice


@dataclass(frozen=True, slots=True)
class ComposedObject:
    """prefix: preamble, prefix and file meta information; pieces: the data set."""

    prefix: bytes
    pieces: Sequence[Piece]

    def stream(self, spool: Spool) -> Iterator[bytes]:
        """The whole file. Raises: Unavailable."""
        yield self.prefix
        for piece in self.pieces:
            if isinstance(piece, Slice):
                yield from spool.pieces(*piece)
            else:
                yield piece


def names_of(metadata: GivenDataSet) -> tuple[str, str]:
    """SOP Class and SOP Instance UID, for a failure; empty where absent."""
    values = {element.tag: element.value for element in metadata if isinstance(element.value, str)}
    return str(values.get(SOP_CLASS_UID, "")), str(values.get(SOP_INSTANCE_UID, ""))


def compose_object(metadata: GivenDataSet, bulk: Mapping[str, Sequence[BulkPart]], spool: Spool, codec: FrameCodec) -> ComposedObject:
    """bulk: parts by BulkDataURI; of several the order is that of the frames. codec: decodes what no transfer syntax holds (PNG, GIF).

    Raises: UnreadableObject, BulkDataMissing, InconsistentObject, TransferSyntaxNotSupported, UnsupportedMediaType, ObjectTooLarge,
    Unavailable.
    """
    return _Composition(metadata, bulk, spool, codec).compose()


def uris_of(metadata: GivenDataSet) -> Iterator[str]:
    """The BulkDataURIs of a data set, at any depth."""
    for element in metadata:
        if isinstance(element.value, Elsewhere):
            yield element.value.uri
        elif isinstance(element.value, tuple):
            for item in element.value:
                yield from uris_of(item)


class _Composition:
    """One object being made."""

    def __init__(self, metadata: GivenDataSet, bulk: Mapping[str, Sequence[BulkPart]], spool: Spool, codec: FrameCodec) -> None:
        self._bulk = bulk
        self._codec = codec
        self._spool = spool
        self._declared = _declared_transfer_syntax(metadata)
        # What is said of the file is said anew; the offset tables of the sender's encapsulation are not those of ours.
        dropped = (_AVAILABLE_TRANSFER_SYNTAX_UID, EXTENDED_OFFSET_TABLE, EXTENDED_OFFSET_TABLE_LENGTHS)
        self._given = {element.tag: element for element in metadata if element.tag >> 16 != 0x0002 and element.tag not in dropped}
        self._added: dict[int, Composed] = {}
        self._uid = EXPLICIT_VR_LITTLE_ENDIAN

    def compose(self) -> ComposedObject:
        for tag in _NEEDED:
            if not isinstance(self._text(tag), str) or not self._text(tag):
                raise UnreadableObject(f"the metadata has no {keyword_of(tag)}")
        try:
            sop_instance_uid = parse_uid(self._text(SOP_INSTANCE_UID))
            sop_class_uid = parse_uid(self._text(SOP_CLASS_UID))
        except InvalidUID as exc:
            raise UnreadableObject(f"SOP Class or SOP Instance UID: {exc}") from exc
        pixels = next((tag for tag in PIXEL_TAGS if tag in self._given), None)
        if pixels is not None:
            self._added[pixels] = self._pixel_data(self._given[pixels])
            self._require_description(pixels)
        if _DOCUMENT in self._given:
            self._describe_document(self._given[_DOCUMENT])
        unicode = _needs_unicode(self._given.values())
        elements = {tag: self._composed(element, unicode) for tag, element in self._given.items() if tag not in self._added}
        elements |= self._added
        if unicode:
            elements[SPECIFIC_CHARACTER_SET] = Composed(SPECIFIC_CHARACTER_SET, "CS", "ISO_IR 192")
        prefix = build_prefix(sop_class_uid, sop_instance_uid, self._uid)
        return ComposedObject(prefix, encode_composed(elements.values()))

    def _text(self, tag: int) -> str:
        element = self._given.get(tag)
        return element.value.strip() if element is not None and isinstance(element.value, str) else ""

    def _number(self, tag: int) -> int | None:
        element = self._given.get(tag)
        if element is None:
            return None
        if isinstance(element.value, str):
            return number_of(element.value.encode("ascii", "replace"))
        if isinstance(element.value, bytes) and len(element.value) >= 2:
            return int.from_bytes(element.value[: 4 if element.vr == "UL" else 2], "little")
        return None

    def _parts(self, element: GivenElement) -> Sequence[BulkPart]:
        assert isinstance(element.value, Elsewhere)
        found = self._bulk.get(element.value.uri)
        if not found:
            raise BulkDataMissing(f"no part of the request has the bulk data of {tag_text(element.tag)}")
        return found

    def _composed(self, element: GivenElement, unicode: bool) -> Composed:
        value = element.value
        if isinstance(value, Elsewhere):
            return Composed(element.tag, element.vr, Value(tuple(part.where for part in self._parts(element))))
        if isinstance(value, tuple):
            # In UTF-8 an item has no character set of its own.
            inner = [[one for one in item if not (unicode and one.tag == SPECIFIC_CHARACTER_SET)] for item in value]
            return Composed(element.tag, element.vr, tuple(tuple(self._composed(one, unicode) for one in item) for item in inner))
        return Composed(element.tag, element.vr, value)

    # Pixel data

    def _pixel_data(self, element: GivenElement) -> Composed:
        value = element.value
        if isinstance(value, Elsewhere):
            parts = self._parts(element)
            kinds = {part.media_type for part in parts}
            if len(kinds) > 1:
                raise InconsistentObject("the frames of one object are of several media types")
            (kind,) = kinds
            named = {part.transfer_syntax_uid for part in parts} - {""}
            if kind == OCTET_STREAM and named <= {EXPLICIT_VR_LITTLE_ENDIAN}:
                native = Value(tuple(part.where for part in parts))
                self._require_native_length(element, native.length_bytes)
                return Composed(element.tag, element.vr, native)
            if kind == OCTET_STREAM and len(named) == 1:
                kind = _compressed_octets(*named)
                parts = [replace(part, media_type=kind, transfer_syntax_uid=next(iter(named))) for part in parts]
            if kind in PICTURE_FILES and element.tag == PIXEL_DATA:
                return self._decoded(kind, parts)
            if element.tag != PIXEL_DATA or not (is_compressed(kind) or kind == ENCAPSULATED):
                raise UnsupportedMediaType(f"pixel data as {kind} is not taken")
            return self._encapsulated(parts)
        if isinstance(value, bytes) and self._declared and TRANSFER_SYNTAXES[self._declared].encapsulated:
            raise UnreadableObject("compressed pixel data comes as bulk data of its own media type, not inline")
        if isinstance(value, bytes):
            self._require_native_length(element, len(value))
            return Composed(element.tag, element.vr, value)
        if value is None:
            return Composed(element.tag, element.vr, None)
        raise UnreadableObject(f"the value of {tag_text(element.tag)} is neither InlineBinary nor bulk data")

    def _decoded(self, kind: str, parts: Sequence[BulkPart]) -> Composed:
        """Pictures in a format that no transfer syntax holds become native frames (PS3.18 table 10.5.2-1)."""
        found = decode_pictures(kind, [part.where for part in parts], self._spool, self._codec)
        self._fill_frames(found.frames)
        self._describe(found.facts)
        self._fill_times(found.delays_ms)
        return Composed(PIXEL_DATA, "OB" if found.facts.bits_stored == 8 else "OW", Value(found.slices))

    def _fill_times(self, delays_ms: Sequence[int]) -> None:
        """How long each frame is shown, where the metadata says nothing of it (PS3.3 C.7.6.5, C.7.6.6)."""
        if len(delays_ms) < 2 or not all(delays_ms) or any(tag in self._given for tag in (_FRAME_INCREMENT, _FRAME_TIME, _FRAME_TIMES)):
            return
        is_even = len(set(delays_ms[:-1])) == 1
        tag = _FRAME_TIME if is_even else _FRAME_TIMES
        self._fill(_FRAME_INCREMENT, "AT", struct.pack("<HH", tag >> 16, tag & 0xFFFF))
        self._fill(tag, "DS", str(delays_ms[0]) if is_even else "\\".join(map(str, (0, *delays_ms[:-1]))))

    def _encapsulated(self, parts: Sequence[BulkPart]) -> Composed:
        read = [self._read(part) for part in parts]
        uids = {one.transfer_syntax_uid for one in read}
        if len(uids) > 1 or not same_picture(one.facts for one in read):
            raise InconsistentObject("the frames of one object are of several transfer syntaxes or sizes")
        (self._uid,) = uids
        is_video = parts[0].media_type.startswith("video/")
        if is_video and len(parts) > 1:
            raise InconsistentObject("a video is one part")
        facts = read[0].facts
        if not is_video:
            self._fill_frames(len(parts))
        elif facts is not None and facts.frames is not None:
            self._fill(NUMBER_OF_FRAMES, "IS", str(facts.frames))
        if facts is not None:
            self._describe(facts)
        if read[0].method:
            self._note_loss(read)
        return Composed(PIXEL_DATA, "OB", Frames(tuple(Slice(one.offset_bytes, one.length_bytes) for one in read)))

    def _read(self, part: BulkPart) -> CompressedPart:
        offset, length = part.where
        if not length:
            raise BulkDataMissing("a part of the pixel data is empty")
        if part.media_type == ENCAPSULATED:
            return CompressedPart(part.transfer_syntax_uid, offset, length, None, "")
        found = read_part(part.media_type, part.transfer_syntax_uid, lambda start, count: self._spool.read(offset + start, count), length)
        return replace(found, offset_bytes=offset + found.offset_bytes)

    def _fill_frames(self, frames: int) -> None:
        said = self._number(NUMBER_OF_FRAMES)
        if said is None and frames > 1:
            self._fill(NUMBER_OF_FRAMES, "IS", str(frames))
        elif (said or 1) != frames:
            raise InconsistentObject(f"Number of Frames says {said or 1}, there are {frames}")

    def _describe(self, facts: PictureFacts) -> None:
        for tag, is_so in ((ROWS, facts.rows), (COLUMNS, facts.columns), (SAMPLES_PER_PIXEL, facts.samples_per_pixel)):
            if (said := self._number(tag)) is not None and said != is_so:
                raise InconsistentObject(f"{keyword_of(tag)} says {said}, the stream {is_so}")
        words = (
            (SAMPLES_PER_PIXEL, facts.samples_per_pixel),
            (ROWS, facts.rows),
            (COLUMNS, facts.columns),
            (BITS_ALLOCATED, facts.bits_allocated),
            (_BITS_STORED, facts.bits_stored),
            (_HIGH_BIT, facts.bits_stored - 1),
            (PIXEL_REPRESENTATION, int(facts.signed)),
            *([(_PLANAR_CONFIGURATION, 0)] if facts.samples_per_pixel > 1 else []),
        )
        for tag, number in words:
            self._fill(tag, "US", number.to_bytes(2, "little"))
        self._fill(PHOTOMETRIC_INTERPRETATION, "CS", facts.photometric_interpretation)

    def _note_loss(self, parts: Sequence[CompressedPart]) -> None:
        """PS3.3 C.7.6.1.1.5: what has lost something says so."""
        if _LOSSY in self._given:
            return
        self._fill(_LOSSY, "CS", "01")
        self._fill(_LOSSY_METHOD, "CS", parts[0].method)
        facts = parts[0].facts
        frames = (facts.frames if facts is not None else None) or len(parts)
        if facts is not None and (compressed := sum(part.length_bytes for part in parts)):
            native = facts.rows * facts.columns * facts.samples_per_pixel * facts.bits_allocated // 8 * frames
            self._fill(_LOSSY_RATIO, "DS", f"{native / compressed:.6g}")

    def _fill(self, tag: int, vr: str, value: str | bytes) -> None:
        """What the metadata leaves out, or has without a value."""
        given = self._given.get(tag)
        if given is None or given.value in (None, "", b""):
            self._added[tag] = Composed(tag, vr, value)

    def _require_description(self, pixels: int) -> None:
        needed = _DESCRIPTION if pixels == PIXEL_DATA else (SAMPLES_PER_PIXEL, PHOTOMETRIC_INTERPRETATION, ROWS, COLUMNS, BITS_ALLOCATED)
        for tag in needed:
            given = self._given.get(tag)
            if tag not in self._added and (given is None or given.value in (None, "", b"")):
                raise InconsistentObject(f"there is pixel data, and {keyword_of(tag)} is missing")

    def _require_native_length(self, element: GivenElement, length_bytes: int) -> None:
        """Native pixel data has the length that is described; a missing description is told later, by name."""
        numbers = [self._number(tag) for tag in (ROWS, COLUMNS, SAMPLES_PER_PIXEL, BITS_ALLOCATED)]
        if any(number is None for number in numbers):
            return
        rows, columns, samples, allocated = (number or 0 for number in numbers)
        bits = rows * columns * samples * allocated * max(self._number(NUMBER_OF_FRAMES) or 1, 1)
        if self._text(PHOTOMETRIC_INTERPRETATION) in ("YBR_FULL_422", "YBR_PARTIAL_422"):
            bits = bits * 2 // 3
        expected = (bits + 7) // 8
        if not expected <= length_bytes <= expected + expected % 2:
            raise InconsistentObject(f"{tag_text(element.tag)} has {length_bytes} bytes, {expected} are described")

    # Documents

    def _describe_document(self, element: GivenElement) -> None:
        """Encapsulated Document (PS3.3 C.24.2): its media type and length."""
        if not isinstance(element.value, Elsewhere):
            return
        parts = self._parts(element)
        length = sum(part.where.length_bytes for part in parts)
        said, kind = self._text(_DOCUMENT_TYPE).lower(), parts[0].media_type
        if kind != OCTET_STREAM:
            if said and said != kind:
                raise InconsistentObject("the document is of another media type than MIMETypeOfEncapsulatedDocument says")
            self._fill(_DOCUMENT_TYPE, "LO", kind)
        elif not said:
            raise InconsistentObject("there is a document, and MIMETypeOfEncapsulatedDocument is missing")
        if length <= 0xFFFFFFFF:
            self._fill(_DOCUMENT_LENGTH, "UL", length.to_bytes(4, "little"))


def _compressed_octets(transfer_syntax_uid: str) -> str:
    """What `application/octet-stream` is whose `transfer-syntax` names a compressed one: its own media type, where it has one."""
    known = TRANSFER_SYNTAXES.get(transfer_syntax_uid)
    if known is None or not known.encapsulated:
        raise TransferSyntaxNotSupported("pixel data in this transfer syntax is not taken")
    return media_type_of(transfer_syntax_uid) or ENCAPSULATED


def _declared_transfer_syntax(metadata: GivenDataSet) -> str:
    """What the metadata says of the file; empty where nothing, or nothing of the standard."""
    for element in metadata:
        if element.tag in (_TRANSFER_SYNTAX_UID, _AVAILABLE_TRANSFER_SYNTAX_UID) and isinstance(element.value, str):
            uid = element.value.strip()
            if uid in TRANSFER_SYNTAXES:
                return uid
    return ""


def _needs_unicode(elements: Iterable[GivenElement]) -> bool:
    """Whether a text goes beyond ASCII, or comes as bulk data, which is UTF-8 as all of the request."""
    for element in elements:
        value = element.value
        if isinstance(value, str):
            if not value.isascii() or "\x1b" in value:
                return True
        elif isinstance(value, Elsewhere):
            if element.vr in _TEXT_VRS:
                return True
        elif isinstance(value, tuple) and any(map(_needs_unicode, value)):
            return True
    return False
