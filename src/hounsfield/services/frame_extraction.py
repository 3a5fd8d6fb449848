"""A new instance with some frames of a stored one, made for one retrieve and never stored here (PS3.4 Y.3.3)."""

from __future__ import annotations

import uuid
from array import array
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from hounsfield import __version__
from hounsfield.archive.reader import PackReader
from hounsfield.codecs.capabilities import DECODABLE, ENCODABLE
from hounsfield.codecs.describe import ImageDescription, describe
from hounsfield.dicom.data_set_writer import NewElement, encode_data_set
from hounsfield.dicom.deflate import inflate
from hounsfield.dicom.element_tree import DataSet, Element, read_data_set
from hounsfield.dicom.frame_extraction import extract_header
from hounsfield.dicom.frame_times import frame_times_s
from hounsfield.dicom.frames import EncapsulatedFrames, FrameSpan, FrameTable, frames_from_bytes
from hounsfield.dicom.packed_bits import BitRun
from hounsfield.dicom.tags import NUMBER_OF_FRAMES, PIXEL_DATA, PIXEL_TAGS, SOP_INSTANCE_UID
from hounsfield.dicom.transfer_syntaxes import EXPLICIT_VR_LITTLE_ENDIAN, transfer_syntax
from hounsfield.model.errors import DamagedObject, InstanceNotFound, InvalidInput, UndecodablePixels
from hounsfield.model.frame_selection import (
    CalculatedFrameList,
    FrameSelection,
    FramesNotExtractable,
    FramesNotFound,
    NoFrameTimes,
    SimpleFrameList,
    SOPClassNotExtractable,
    TimeRange,
)
from hounsfield.model.stored_instance import StoredInstance
from hounsfield.network.transport import Buffer
from hounsfield.services.coercion import effective_header
from hounsfield.services.object_source import gathered
from hounsfield.services.pixel_value import FrameCodec, PixelValue, decoded, encapsulated, encoded, native
from hounsfield.services.retrieve import Retrieve
from hounsfield.services.rewrite import UNCOMPRESSED, mark_lossy

MOST_HEADER_BYTES = 64 << 20
"""Of a stored object, up to Pixel Data: it is in memory, taken apart, while frames are taken out."""

_WORDS = {"OW": "H", "OF": "I", "OD": "Q"}
_FRAME_EXTRACTION_SEQUENCE, _CONTRIBUTING_EQUIPMENT_SEQUENCE = 0x00081164, 0x0018A001


def new_uid() -> str:
    """A UID derived from a UUID (PS3.5 B.2)."""
    return f"2.25.{uuid.uuid4().int}"


@dataclass(frozen=True, slots=True)
class Extraction:
    """An instance to be sent. It is a `peers.object_source.Batch` of one.

    instance: what it is called; where it lies is its source's.
    elements: all but Pixel Data and what belongs to it. indices: of its frames in the source.
    pixels: the element of the source, for its tag, VR and byte order; its value is not whole.
    """

    instance: StoredInstance
    elements: dict[int, NewElement]
    indices: Sequence[int]
    pixels: Element
    little_endian: bool
    description: ImageDescription
    table: FrameTable
    frame: Callable[[int], bytes]

    missing: Sequence[str] = ()

    def __len__(self) -> int:
        return 1

    @property
    def uids(self) -> Sequence[str]:
        """Its SOP Instance UID."""
        return [self.instance.sop_instance_uid]

    @property
    def kinds(self) -> Sequence[tuple[str, str]]:
        """Its SOP class and the transfer syntax of its source."""
        return [(self.instance.sop_class_uid, self.instance.transfer_syntax_uid)]

    def __iter__(self) -> Iterator[StoredInstance]:
        return iter([self.instance])

    def of(self, kinds: Collection[tuple[str, str]]) -> Iterable[StoredInstance]:
        """The instance, where it is of one of these kinds."""
        return [self.instance] if self.kinds[0] in kinds else []

    @property
    def is_compressed(self) -> bool:
        """Whether the frames lie in fragments."""
        return isinstance(self.table, EncapsulatedFrames)

    def spans(self) -> list[FrameSpan]:
        """Where its frames are in the source."""
        return [self.table.frame(index) for index in self.indices]


class FrameExtractor:
    """Thread-safe. uid, now: of what is made."""

    def __init__(
        self,
        retrieve: Retrieve,
        packs: PackReader,
        codec: FrameCodec,
        uid: Callable[[], str] = new_uid,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._retrieve = retrieve
        self._packs = packs
        self._codec = codec
        self._uid = uid
        self._now = now

    def extract(self, source: StoredInstance, selection: FrameSelection) -> Extraction:
        """Reads all of the source once, for its checksum; its header alone is then in memory.

        Raises: FramesRefused, DamagedObject, PackUnavailable, IndexUnavailable.
        """
        if not source.frames:
            raise SOPClassNotExtractable("it has no frames")
        if source.header_length_bytes > MOST_HEADER_BYTES:
            raise FramesNotExtractable(f"its header is longer than {MOST_HEADER_BYTES} bytes")
        for _ in self._packs.stream(source.stored.location, source.stored.digests):
            pass  # the header alone has no checksum
        try:
            return self._extracted(source, selection)
        except (UndecodablePixels, InvalidInput) as exc:
            raise FramesNotExtractable(str(exc)) from exc

    def source(self, extraction: Extraction, preferred: Sequence[str]) -> ExtractionSource:
        """For one sender."""
        return ExtractionSource(extraction, self._codec, preferred)

    def _extracted(self, source: StoredInstance, selection: FrameSelection) -> Extraction:
        header, raw = self._header(source)
        if NUMBER_OF_FRAMES not in header:
            raise SOPClassNotExtractable("it is no multi-frame image")
        pixels = next((element for tag in PIXEL_TAGS if (element := header.get(tag)) is not None), None)
        description = describe(raw, source.transfer_syntax_uid)
        table = self._table(source)
        count = table.count
        if pixels is None or description.frame_count != count:
            raise FramesNotExtractable(f"{count} of {description.frame_count} frames can be told apart")
        description.frame(0)
        if not header.encoding.little_endian:
            _check_words(pixels, table)
        indices = _chosen(selection, header, count)
        elements = extract_header(header, indices, count)
        instance = replace(source, sop_instance_uid=self._uid(), frames=len(indices))
        self._record(elements, source, selection, instance.sop_instance_uid)
        return Extraction(
            instance, elements, indices, pixels, header.encoding.little_endian, description, table, self._frames(source, table)
        )

    def _header(self, source: StoredInstance) -> tuple[DataSet, bytes]:
        raw, end = self._retrieve.header(source), source.header_length_bytes
        if source.stored.overlay:
            raw, end = effective_header(source, raw)
        if transfer_syntax(source.transfer_syntax_uid).deflated:
            header = read_data_set(raw, EXPLICIT_VR_LITTLE_ENDIAN)
        else:
            header = read_data_set(raw, source.transfer_syntax_uid, header_length_bytes=end)
        if not header.whole:
            raise FramesNotExtractable(f"it cannot be written anew without loss: {header.problems[0]}")
        return header, raw

    def _table(self, source: StoredInstance) -> FrameTable:
        location = source.stored.location
        raw = self._retrieve.reader.frame_table(
            source.stored.partition_id, source.sop_instance_uid, location.pack_id, location.offset_bytes
        )
        if raw is None:
            raise InstanceNotFound(f"no instance {source.sop_instance_uid} any more")
        return frames_from_bytes(raw)

    def _frames(self, source: StoredInstance, table: FrameTable) -> Callable[[int], bytes]:
        location = source.stored.location
        inflated = memoryview(inflate(self._retrieve.read(source).data_set)) if table.inflated else None

        def frame(index: int) -> bytes:
            span = table.frame(index)
            if inflated is not None:
                data = b"".join(inflated[offset : offset + length] for offset, length in span.fragments)
            else:
                start = location.data_set_offset_bytes
                data = b"".join(self._packs.read(location.pack_id, start + offset, length) for offset, length in span.fragments)
            if not span.matches(data):
                raise DamagedObject(f"frame {index + 1} of {source.sop_instance_uid} no longer matches its checksum")
            return data

        return frame

    def _record(self, elements: dict[int, NewElement], source: StoredInstance, selection: FrameSelection, uid: str) -> None:
        """What was taken from where, and by whom (PS3.3 C.12.3, C.12.1)."""
        elements[SOP_INSTANCE_UID] = NewElement(SOP_INSTANCE_UID, "UI", uid)
        extraction = [NewElement(0x00081167, "UI", source.sop_instance_uid), _asked(selection)]
        _append(elements, _FRAME_EXTRACTION_SEQUENCE, extraction)
        code = [
            NewElement(0x00080100, "SH", "109105"),
            NewElement(0x00080102, "SH", "DCM"),
            NewElement(0x00080104, "LO", "Frame Extracting Equipment"),
        ]
        equipment = [
            NewElement(0x0040A170, "SQ", [code]),
            NewElement(0x00080070, "LO", "Hounsfield"),
            NewElement(0x00081090, "LO", "Hounsfield"),
            NewElement(0x00181020, "LO", __version__),
            NewElement(0x0018A002, "DT", f"{self._now():%Y%m%d%H%M%S%z}"),
            NewElement(0x0018A003, "ST", "Frames taken out for a retrieve at FRAME level"),
        ]
        _append(elements, _CONTRIBUTING_EQUIPMENT_SEQUENCE, equipment)


def _chosen(selection: FrameSelection, header: DataSet, count: int) -> list[int]:
    if isinstance(selection, TimeRange):
        times = frame_times_s(header, count)
        if times is None:
            raise NoFrameTimes("it does not say when its frames were taken")
        indices = selection.indices(times)
    else:
        indices = selection.indices(count)
    if not indices:
        raise FramesNotFound(f"none of the frames asked for is among its {count}")
    return indices


def _asked(selection: FrameSelection) -> NewElement:
    """As the request has it."""
    match selection:
        case SimpleFrameList(numbers):
            return NewElement(0x00081161, "UL", numbers)
        case CalculatedFrameList(ranges):
            return NewElement(0x00081162, "UL", [number for one in ranges for number in one])
        case TimeRange(start_s, end_s):
            return NewElement(0x00081163, "FD", (start_s, end_s))


def _append(elements: dict[int, NewElement], tag: int, item: list[NewElement]) -> None:
    known = elements.get(tag)
    items = list(known.value) if known is not None and isinstance(known.value, list) else []
    elements[tag] = NewElement(tag, "SQ", [*items, item])


def _check_words(pixels: Element, table: FrameTable) -> None:
    """Words of big endian are turned frame by frame."""
    words = _WORDS.get(pixels.vr)
    length = table.frame(0).length_bytes
    if table.packed_bits or (words is not None and length % array(words).itemsize):
        raise FramesNotExtractable("big endian words are shared by two frames")


class ExtractionSource:
    """Opens the one instance of an extraction. It is a `peers.object_source.ObjectSource`."""

    def __init__(self, extraction: Extraction, codec: FrameCodec, preferred: Sequence[str]) -> None:
        self.preferred = preferred
        self._extraction = extraction
        self._codec = codec

    def syntaxes(self, instance: StoredInstance, accepted: Collection[str]) -> Sequence[str]:
        """As the source is stored where its encoding can be kept, else as `services.object_source.PackSource` has it."""
        stored = instance.transfer_syntax_uid
        first = (stored, *self.preferred) if transfer_syntax(stored).lossy else (*self.preferred, stored)
        order = dict.fromkeys((*first, *UNCOMPRESSED, *ENCODABLE))
        return [uid for uid in order if uid in accepted and self._can(uid)]

    def _can(self, target_uid: str) -> bool:
        stored = self._extraction.instance.transfer_syntax_uid
        if self._extraction.is_compressed and target_uid == stored:
            return True
        if target_uid in UNCOMPRESSED:
            return stored in DECODABLE or not self._extraction.is_compressed
        return target_uid in ENCODABLE and stored in DECODABLE

    def open(self, instance: StoredInstance, transfer_syntax_uid: str) -> Buffer | Iterable[Buffer]:
        """Its data set. Raises: DamagedObject, PackUnavailable, UndecodablePixels, ObjectTooLarge, Unavailable."""
        return gathered(self._pieces(transfer_syntax_uid))

    def _pieces(self, target_uid: str) -> Iterator[Buffer]:
        implicit_vr = transfer_syntax(target_uid).implicit_vr
        value = self._value(target_uid, implicit_vr)
        elements = self._extraction.elements | value.changed
        if target_uid != self._extraction.instance.transfer_syntax_uid:
            mark_lossy(elements, self._extraction.instance.transfer_syntax_uid, has_pixels=True)
        yield encode_data_set([element for tag, element in elements.items() if tag < PIXEL_DATA], implicit_vr=implicit_vr)
        yield from value.pieces

    def _value(self, target_uid: str, implicit_vr: bool) -> PixelValue:
        one = self._extraction
        if not one.is_compressed and target_uid in UNCOMPRESSED:
            return self._native(implicit_vr)
        if one.is_compressed and target_uid == one.instance.transfer_syntax_uid:
            return encapsulated(map(one.frame, one.indices), [span.length_bytes for span in one.spans()])
        if target_uid in UNCOMPRESSED:
            return decoded(self._codec, one.frame, one.description.frame, one.indices, implicit_vr=implicit_vr)
        return encoded(self._codec, one.frame, one.description.frame, one.indices, target_uid)

    def _native(self, implicit_vr: bool) -> PixelValue:
        one = self._extraction
        spans = one.spans()
        lengths = [span.bit_length or 8 * span.length_bytes for span in spans]
        words = None if one.little_endian else _WORDS.get(one.pixels.vr)

        def runs() -> Iterator[BitRun]:
            for index, span, length in zip(one.indices, spans, lengths, strict=True):
                data = one.frame(index)
                yield BitRun(data if words is None else _turned(data, words), span.bit_offset, length)

        return PixelValue({}, native(runs(), sum(lengths), one.pixels.tag, one.pixels.vr, implicit_vr=implicit_vr))


def _turned(data: bytes, words: str) -> bytes:
    turned = array(words, data)
    turned.byteswap()
    return turned.tobytes()
