"""An instance that is made of frames of another, as it is sent."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from hounsfield.codecs.capabilities import DECODABLE, ENCODABLE
from hounsfield.codecs.describe import ImageDescription
from hounsfield.dicom.compact_frames import CompactFrames
from hounsfield.dicom.data_set_writer import NewElement, encode_data_set
from hounsfield.dicom.deflate import deflated
from hounsfield.dicom.element_tree import Element
from hounsfield.dicom.packed_bits import BitRun
from hounsfield.dicom.tags import PIXEL_DATA
from hounsfield.dicom.transfer_syntaxes import transfer_syntax
from hounsfield.model.stored_instance import StoredInstance
from hounsfield.network.transport import Buffer
from hounsfield.services.object_source import best_first, gathered
from hounsfield.services.pixel_value import FrameCodec, PixelValue, decoded, encapsulated, encoded, native
from hounsfield.services.rewrite import NATIVE_TARGETS, mark_lossy

WORDS = {"OW": "H", "OF": "I", "OD": "Q"}
"""Pixel data whose bytes are turned where it was big endian: the type of its words."""


@dataclass(frozen=True, slots=True)
class Extraction:
    """An instance to be sent. It is a `peers.object_source.Batch` of one.

    instance: what it is called; where it lies is its source's.
    elements: all but Pixel Data and what belongs to it, by tag, with encoded sequences; for Explicit VR, and for Implicit VR.
    indices: of its frames in the source.
    pixels: the element of the source, for its tag, VR and byte order; its value is not whole.
    """

    instance: StoredInstance
    elements: tuple[dict[int, NewElement], dict[int, NewElement]]
    indices: Sequence[int]
    pixels: Element
    little_endian: bool
    description: ImageDescription
    table: CompactFrames
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


class ExtractionSource:
    """Opens the one instance of an extraction. It is a `peers.object_source.ObjectSource`."""

    def __init__(self, extraction: Extraction, codec: FrameCodec, preferred: Sequence[str]) -> None:
        self.preferred = preferred
        self._extraction = extraction
        self._codec = codec

    def syntaxes(self, instance: StoredInstance, accepted: Collection[str]) -> Sequence[str]:
        """Those in which it may go, the best first."""
        return [uid for uid in best_first(instance.transfer_syntax_uid, self.preferred) if uid in accepted and self._can(uid)]

    def _can(self, target_uid: str) -> bool:
        stored = self._extraction.instance.transfer_syntax_uid
        if self._extraction.table.is_compressed and target_uid == stored:
            return True
        if target_uid in NATIVE_TARGETS:
            return stored in DECODABLE or not self._extraction.table.is_compressed
        return target_uid in ENCODABLE and stored in DECODABLE

    def open(self, instance: StoredInstance, transfer_syntax_uid: str) -> Buffer | Iterable[Buffer]:
        """Its data set. Raises: DamagedObject, PackUnavailable, UndecodablePixels, ObjectTooLarge, Unavailable."""
        pieces = self._pieces(transfer_syntax_uid)
        return gathered(deflated(pieces) if transfer_syntax(transfer_syntax_uid).deflated else pieces)

    def _pieces(self, target_uid: str) -> Iterator[Buffer]:
        implicit_vr = transfer_syntax(target_uid).implicit_vr
        value = self._value(target_uid, implicit_vr)
        elements = self._extraction.elements[implicit_vr] | value.changed
        if target_uid != self._extraction.instance.transfer_syntax_uid:
            mark_lossy(elements, self._extraction.instance.transfer_syntax_uid, has_pixels=True)
        yield encode_data_set([element for tag, element in elements.items() if tag < PIXEL_DATA], implicit_vr=implicit_vr)
        yield from value.pieces

    def _value(self, target_uid: str, implicit_vr: bool) -> PixelValue:
        one = self._extraction
        if not one.table.is_compressed and target_uid in NATIVE_TARGETS:
            return self._native(implicit_vr)
        if one.table.is_compressed and target_uid == one.instance.transfer_syntax_uid:
            return encapsulated(map(one.frame, one.indices), [one.table.frame(index).length_bytes for index in one.indices])
        if target_uid in NATIVE_TARGETS:
            return decoded(self._codec, one.frame, one.description.frame, one.indices, implicit_vr=implicit_vr)
        return encoded(self._codec, one.frame, one.description.frame, one.indices, target_uid)

    def _native(self, implicit_vr: bool) -> PixelValue:
        one = self._extraction
        first = one.table.frame(one.indices[0])
        bits = first.bit_length or 8 * first.length_bytes
        words = None if one.little_endian else WORDS.get(one.pixels.vr)

        def runs() -> Iterator[BitRun]:
            for index in one.indices:
                data = one.frame(index)
                yield BitRun(data if words is None else _turned(data, words), one.table.frame(index).bit_offset, bits)

        return PixelValue({}, native(runs(), bits * len(one.indices), one.pixels.tag, one.pixels.vr, implicit_vr=implicit_vr))


def _turned(data: bytes, words: str) -> bytes:
    turned = array(words, data)
    turned.byteswap()
    return turned.tobytes()
