"""A stored data set in another transfer syntax, piece by piece; pixels are never coded lossily (PS3.5 8.2, annex A)."""

from __future__ import annotations

import contextlib
import struct
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Protocol

import xxhash

from hounsfield.archive.reader import PackReader
from hounsfield.codecs.capabilities import DECODABLE, ENCODABLE
from hounsfield.codecs.describe import ImageDescription, describe
from hounsfield.codecs.frame import DecodedFrame, EncodedFrame, FrameDescription
from hounsfield.dicom.data_set_writer import NewElement, encode_data_set
from hounsfield.dicom.element_tree import DataSet, Element
from hounsfield.dicom.json_model import little_endian
from hounsfield.dicom.transfer_syntaxes import (
    EXPLICIT_VR_LITTLE_ENDIAN,
    IMPLICIT_VR_LITTLE_ENDIAN,
    TRANSFER_SYNTAXES,
    transfer_syntax,
)
from hounsfield.model.errors import DamagedObject, ObjectTooLarge, UndecodablePixels, UnreadableObject
from hounsfield.model.stored_instance import StoredInstance
from hounsfield.network.transport import Buffer
from hounsfield.services.coercion import effective_tree
from hounsfield.services.retrieve import Retrieve

MOST_REWRITTEN_BYTES = 1 << 30
"""Of a stored object. While it is rewritten it is mapped into memory, one frame of it is decoded at a time."""

LONGEST_VALUE_BYTES = 0xFFFFFFFE

UNCOMPRESSED = (EXPLICIT_VR_LITTLE_ENDIAN, IMPLICIT_VR_LITTLE_ENDIAN)
PIXEL_DATA = 0x7FE00010
_OFFSET_TABLES = frozenset((0x7FE00001, 0x7FE00002, 0x7FE00003))
"""Extended Offset Table and lengths, Encapsulated Pixel Data Value Total Length: of frames as they were coded."""
_SAMPLES, _PHOTOMETRIC, _PLANAR, _LOSSY = 0x00280002, 0x00280004, 0x00280006, 0x00282110
_REFERENCED = frozenset(("1.2.840.10008.1.2.4.94", "1.2.840.10008.1.2.4.95", "1.2.840.10008.1.2.4.204", "1.2.840.10008.1.2.4.205"))
"""JPIP: the pixels are elsewhere."""
_ALWAYS_LOSSY = frozenset(("1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.51"))
_PIECE_BYTES = 1 << 20

_BULK_DATA = frozenset((PIXEL_DATA, 0x7FE00008, 0x7FE00009, 0x00287FE0, 0x56000020, 0x00420011)) | _OFFSET_TABLES
_REPEATED_BULK_DATA = frozenset(((0x6000, 0x3000), (0x5000, 0x3000), (0x5000, 0x200C)))
"""Overlay Data (60xx,3000), Curve Data (50xx,3000), Audio Sample Data (50xx,200C)."""
_WAVEFORM_SEQUENCE, _WAVEFORM_DATA = 0x54000100, 0x54001010


def _is_bulk_data(tag: int) -> bool:
    """Of the top level (PS3.4 table Z.1-1); offset tables go with the pixels they count."""
    return tag in _BULK_DATA or (tag >> 16 & 0xFF01 in (0x6000, 0x5000) and (tag >> 16 & 0xFF00, tag & 0xFFFF) in _REPEATED_BULK_DATA)


class FrameCodec(Protocol):
    """`codecs.pool.CodecPool` is one."""

    def decode(self, frame: bytes | memoryview, description: FrameDescription) -> DecodedFrame:
        """Raises: UndecodablePixels, Unavailable."""

    def encode(self, frame: bytes | memoryview, description: FrameDescription, target_uid: str) -> EncodedFrame:
        """Raises: UndecodablePixels, Unavailable."""


class Rewriter:
    """Thread-safe."""

    def __init__(self, retrieve: Retrieve, packs: PackReader, codec: FrameCodec) -> None:
        self._retrieve = retrieve
        self._packs = packs
        self._codec = codec

    def can(self, instance: StoredInstance, target_uid: str) -> bool:
        """Whether there is a way to this transfer syntax, as far as the index knows the object."""
        stored = instance.transfer_syntax_uid
        if stored not in TRANSFER_SYNTAXES or stored in _REFERENCED or instance.stored.location.length_bytes > MOST_REWRITTEN_BYTES:
            return False
        if target_uid in UNCOMPRESSED:
            return stored in DECODABLE or not transfer_syntax(stored).encapsulated
        return target_uid in ENCODABLE and stored in DECODABLE and instance.frames > 0

    def pieces(self, instance: StoredInstance, target_uid: str) -> Iterator[Buffer]:
        """The data set. It has been verified before the first piece comes.

        Raises: UnreadableObject, UndecodablePixels, ObjectTooLarge, DamagedObject, PackUnavailable, Unavailable.
        """
        with self._tree(instance) as tree:
            yield from self._rewritten(instance, tree, target_uid)

    def without_bulk_data(self, instance: StoredInstance, target_uid: str) -> bytes:
        """The data set without what PS3.4 Z.1.3 leaves out. target_uid: little endian, not deflated.

        Raises: UnreadableObject, UndecodablePixels, ObjectTooLarge, DamagedObject, PackUnavailable.
        """
        with self._tree(instance) as tree:
            elements = [element for tag, element in _elements(tree).items() if not _is_bulk_data(tag)]
            for index, element in enumerate(elements):
                if element.tag == _WAVEFORM_SEQUENCE and isinstance(element.value, list):
                    items = [[inner for inner in item if inner.tag != _WAVEFORM_DATA] for item in element.value]
                    elements[index] = element._replace(value=items)
            return encode_data_set(elements, implicit_vr=transfer_syntax(target_uid).implicit_vr)

    @contextlib.contextmanager
    def _tree(self, instance: StoredInstance) -> Iterator[DataSet]:
        """All of the object, verified, on the page cache."""
        location = instance.stored.location
        if location.length_bytes > MOST_REWRITTEN_BYTES:
            raise ObjectTooLarge(f"an object of more than {MOST_REWRITTEN_BYTES} bytes goes as it is stored alone")
        with self._packs.mapped(location.pack_id, location.offset_bytes, location.length_bytes) as view:
            if xxhash.xxh3_64_intdigest(view) != instance.stored.digests.checksum:
                raise DamagedObject(f"{instance.sop_instance_uid} no longer matches its checksum")
            tree = effective_tree(instance, view[location.prefix_length_bytes :])
            if not tree.whole:
                raise UnreadableObject(f"it cannot be written anew without loss: {tree.problems[0]}")
            yield tree

    def _rewritten(self, instance: StoredInstance, tree: DataSet, target_uid: str) -> Iterator[Buffer]:
        implicit_vr = transfer_syntax(target_uid).implicit_vr
        elements = _elements(tree)
        pixels = tree.get(PIXEL_DATA)
        compress = transfer_syntax(target_uid).encapsulated
        value: Iterator[Buffer] = iter(())
        if pixels is None:
            if compress:
                raise UndecodablePixels("floating point samples, or none at all, are not compressed")
        elif not (compress or pixels.encapsulated):
            value = _native_value(pixels, tree, implicit_vr)
        else:
            description = describe(self._retrieve.header(instance), instance.transfer_syntax_uid)
            if description.frame_count != instance.frames:
                raise UndecodablePixels(f"{instance.frames} of {description.frame_count} frames are there")
            if compress:
                changed, value = self._encoded(instance, description, pixels, tree, target_uid)
            else:
                changed, value = self._decoded(instance, description, implicit_vr)
            for tag in _OFFSET_TABLES:
                elements.pop(tag, None)
            elements |= changed
        if instance.transfer_syntax_uid in _ALWAYS_LOSSY and _LOSSY not in elements and pixels is not None:
            elements[_LOSSY] = NewElement(_LOSSY, "CS", b"01")
        yield encode_data_set([element for tag, element in elements.items() if tag < PIXEL_DATA], implicit_vr=implicit_vr)
        yield from value
        yield encode_data_set([element for tag, element in elements.items() if tag > PIXEL_DATA], implicit_vr=implicit_vr)

    def _decoded(
        self, instance: StoredInstance, description: ImageDescription, implicit_vr: bool
    ) -> tuple[dict[int, NewElement], Iterator[Buffer]]:
        """The Image Pixel attributes that then hold, and Pixel Data in native form."""

        def frame(index: int) -> DecodedFrame:
            return self._codec.decode(self._retrieve.frame(instance, index + 1), description.frame(index))

        first = frame(0)
        if first.bits_allocated == 1 and instance.frames > 1 and first.rows * first.columns * first.samples_per_pixel % 8:
            raise UndecodablePixels("frames of single bits that do not end with a byte are not put together")
        length = len(first.data) * instance.frames

        def value() -> Iterator[Buffer]:
            yield _header(PIXEL_DATA, "OB" if first.bits_allocated <= 8 else "OW", length + length % 2, implicit_vr)
            yield first.data
            for index in range(1, instance.frames):
                other = frame(index)
                if replace(other, data=b"") != replace(first, data=b"") or len(other.data) != len(first.data):
                    raise UndecodablePixels(f"frame {index + 1} is of another kind than frame 1")
                yield other.data
            yield bytes(length % 2)

        if length > LONGEST_VALUE_BYTES:
            raise ObjectTooLarge("decompressed, its pixel data would not fit into one element")
        return _image_pixel(first.photometric_interpretation, first.samples_per_pixel), value()

    def _encoded(
        self, instance: StoredInstance, description: ImageDescription, pixels: Element, tree: DataSet, target_uid: str
    ) -> tuple[dict[int, NewElement], Iterator[Buffer]]:
        """The same with Pixel Data in fragments, one a frame, the Basic Offset Table empty (PS3.5 A.4)."""
        native = None if pixels.encapsulated else _NativeFrames(pixels, tree, description, instance.frames)

        def frame(index: int) -> EncodedFrame:
            if native is not None:
                return self._codec.encode(native.frame(index), native.description(index), target_uid)
            return self._codec.encode(self._retrieve.frame(instance, index + 1), description.frame(index), target_uid)

        first = frame(0)

        def value() -> Iterator[Buffer]:
            yield struct.pack("<HH2sHLHHL", 0x7FE0, 0x0010, b"OB", 0, 0xFFFFFFFF, 0xFFFE, 0xE000, 0)
            for index in range(instance.frames):
                coded = first if index == 0 else frame(index)
                if coded.photometric_interpretation != first.photometric_interpretation:
                    raise UndecodablePixels(f"frame {index + 1} is of another colour space than frame 1")
                odd = len(coded.data) % 2
                yield struct.pack("<HHL", 0xFFFE, 0xE000, len(coded.data) + odd)
                yield coded.data
                yield bytes(odd)
            yield struct.pack("<HHL", 0xFFFE, 0xE0DD, 0)

        return _image_pixel(first.photometric_interpretation, description.frame(0).samples_per_pixel), value()


class _NativeFrames:
    """Frames of Pixel Data that is not compressed, in little endian."""

    def __init__(self, pixels: Element, tree: DataSet, description: ImageDescription, frames: int) -> None:
        self._value = _little_endian_value(pixels, tree)
        self._description = description
        length = description.frame(0).native_length_bytes
        self._length = length if length * frames <= len(self._value) else len(self._value) // frames

    def frame(self, index: int) -> memoryview:
        return self._value[index * self._length : (index + 1) * self._length]

    def description(self, index: int) -> FrameDescription:
        return replace(self._description.frame(index), transfer_syntax_uid=EXPLICIT_VR_LITTLE_ENDIAN, swapped_bytes=False)


def _image_pixel(photometric_interpretation: str, samples_per_pixel: int) -> dict[int, NewElement]:
    """What a codec may change of an image's description; colour comes by pixel."""
    code = photometric_interpretation.encode("ascii")
    found = {_PHOTOMETRIC: NewElement(_PHOTOMETRIC, "CS", code + b" " * (len(code) % 2))}
    if samples_per_pixel > 1:
        found[_PLANAR] = NewElement(_PLANAR, "US", b"\0\0")
    return found


def _native_value(pixels: Element, tree: DataSet, implicit_vr: bool) -> Iterator[Buffer]:
    value = _little_endian_value(pixels, tree)
    yield _header(PIXEL_DATA, pixels.vr, len(value) + len(value) % 2, implicit_vr)
    for first in range(0, len(value), _PIECE_BYTES):
        yield value[first : first + _PIECE_BYTES]
    yield bytes(len(value) % 2)


def _little_endian_value(pixels: Element, tree: DataSet) -> memoryview:
    """Pixels of big endian are turned word by word (PS3.5 7.3)."""
    if tree.encoding.little_endian or pixels.vr != "OW":
        return pixels.value
    if len(pixels.value) % 2:
        raise UnreadableObject("words of an odd number of bytes")
    words = array("H", bytes(pixels.value))
    words.byteswap()
    return memoryview(words).cast("B")


def _header(tag: int, vr: str, length: int, implicit_vr: bool) -> bytes:
    if implicit_vr:
        return struct.pack("<HHL", tag >> 16, tag & 0xFFFF, length)
    return struct.pack("<HH2sHL", tag >> 16, tag & 0xFFFF, vr.encode("ascii"), 0, length)


def _elements(tree: DataSet) -> dict[int, NewElement]:
    """All but Pixel Data, their values as they stand. Raises: UndecodablePixels."""
    found = {}
    for element in tree:
        if element.tag == PIXEL_DATA or not element.tag & 0xFFFF:
            continue  # group lengths (PS3.5 7.2) would be those of another encoding
        found[element.tag] = NewElement(element.tag, element.vr, _value(element, tree))
    return found


def _value(element: Element, tree: DataSet) -> bytes | Sequence[Sequence[NewElement]]:
    if element.items is None:
        if element.encapsulated:
            raise UndecodablePixels("a compressed picture inside a sequence is not written anew")
        return little_endian(element, little=tree.encoding.little_endian)
    items = []
    for item in element.items:
        inner = _elements(item)
        icon = item.get(PIXEL_DATA)
        if icon is not None:
            inner[PIXEL_DATA] = NewElement(PIXEL_DATA, icon.vr, _value(icon, item))
        items.append(list(inner.values()))
    return items
