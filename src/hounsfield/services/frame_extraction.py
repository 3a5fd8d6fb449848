"""A new instance with some frames of a stored one, made for one retrieve and never stored here (PS3.4 Y.3.3)."""

from __future__ import annotations

import threading
from array import array
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from hounsfield import __version__
from hounsfield.archive.reader import PackReader
from hounsfield.codecs.describe import describe
from hounsfield.dicom.compact_frames import CompactFrames
from hounsfield.dicom.data_set_writer import NewElement, with_encoded_sequences
from hounsfield.dicom.deflate import inflate
from hounsfield.dicom.element_tree import DataSet, Element, read_data_set
from hounsfield.dicom.frame_extraction import extract_header
from hounsfield.dicom.frame_times import frame_times_s
from hounsfield.dicom.tags import NUMBER_OF_FRAMES, PIXEL_TAGS, SOP_INSTANCE_UID
from hounsfield.dicom.transfer_syntaxes import EXPLICIT_VR_LITTLE_ENDIAN, transfer_syntax
from hounsfield.model.errors import DamagedObject, InstanceNotFound, InvalidInput, Unavailable, UndecodablePixels
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
from hounsfield.model.identifiers import new_uid
from hounsfield.model.stored_instance import StoredInstance
from hounsfield.services.coercion import effective_header
from hounsfield.services.extraction import WORDS, Extraction, ExtractionSource
from hounsfield.services.pixel_value import FrameCodec
from hounsfield.services.retrieve import Retrieve

MOST_HEADER_BYTES = 64 << 20
"""Of a stored object, up to Pixel Data: it is in memory, taken apart, while frames are taken out."""

_FRAME_EXTRACTION_SEQUENCE, _CONTRIBUTING_EQUIPMENT_SEQUENCE = 0x00081164, 0x0018A001


class FrameExtractor:
    """Thread-safe. uid, now: of what is made.

    patience_s: how long a request waits for its turn before it is refused as Unavailable.
    """

    def __init__(
        self,
        retrieve: Retrieve,
        packs: PackReader,
        codec: FrameCodec,
        uid: Callable[[], str] = new_uid,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        patience_s: float = 60.0,
    ) -> None:
        self._retrieve = retrieve
        self._packs = packs
        self._codec = codec
        self._uid = uid
        self._now = now
        self._patience_s = patience_s
        # The tree of one header may take 200 MB, and some seconds of the interpreter.
        self._taking_apart = threading.Lock()

    def extract(self, source: StoredInstance, selection: FrameSelection) -> Extraction:
        """Reads all of the source once, for its checksum; its header alone is then in memory. One header at a time is taken apart.

        Raises: FramesRefused, DamagedObject, Unavailable (PackUnavailable, IndexUnavailable).
        """
        if not source.frames:
            raise SOPClassNotExtractable("it has no frames")
        if source.header_length_bytes > MOST_HEADER_BYTES:
            raise FramesNotExtractable(f"its header is longer than {MOST_HEADER_BYTES} bytes")
        for _ in self._packs.stream(source.stored.location, source.stored.digests):
            pass  # the header alone has no checksum
        if not self._taking_apart.acquire(timeout=self._patience_s):
            raise Unavailable("the headers of other images are being taken apart")
        try:
            return self._extracted(source, selection)
        except (UndecodablePixels, InvalidInput) as exc:
            raise FramesNotExtractable(str(exc)) from exc
        finally:
            self._taking_apart.release()

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
        instance = replace(source, sop_instance_uid=self._uid(), frames=len(indices), claimed_frames=len(indices))
        self._record(elements, source, selection, instance.sop_instance_uid)
        explicit, implicit = (with_encoded_sequences(elements.values(), implicit_vr=implicit_vr) for implicit_vr in (False, True))
        return Extraction(
            instance, (explicit, implicit), indices, pixels, header.encoding.little_endian, description, table, self._frames(source, table)
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

    def _table(self, source: StoredInstance) -> CompactFrames:
        location = source.stored.location
        raw = self._retrieve.reader.frame_table(
            source.stored.partition_id, source.sop_instance_uid, location.pack_id, location.offset_bytes
        )
        if raw is None:
            raise InstanceNotFound(f"no instance {source.sop_instance_uid} any more")
        return CompactFrames(raw)

    def _frames(self, source: StoredInstance, table: CompactFrames) -> Callable[[int], bytes]:
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


def _check_words(pixels: Element, table: CompactFrames) -> None:
    """Words of big endian are turned frame by frame."""
    words = WORDS.get(pixels.vr)
    first = table.frame(0)
    if first.bit_length or (words is not None and first.length_bytes % array(words).itemsize):
        raise FramesNotExtractable("big endian words are shared by two frames")
