"""A stored data set in another transfer syntax, piece by piece; pixels keep their values (PS3.5 8.2, annex A)."""

from __future__ import annotations

import contextlib
from array import array
from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

import xxhash

from hounsfield.archive.reader import PackReader
from hounsfield.codecs.capabilities import DECODABLE, ENCODABLE
from hounsfield.codecs.describe import ImageDescription, describe
from hounsfield.codecs.frame import FrameDescription
from hounsfield.dicom.data_set_writer import NewElement, encode_data_set
from hounsfield.dicom.deflate import deflated
from hounsfield.dicom.element_tree import DataSet, Element
from hounsfield.dicom.tags import PIXEL_DATA
from hounsfield.dicom.transfer_syntaxes import (
    DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN,
    EXPLICIT_VR_LITTLE_ENDIAN,
    IMPLICIT_VR_LITTLE_ENDIAN,
    TRANSFER_SYNTAXES,
    transfer_syntax,
)
from hounsfield.dicom.tree_elements import new_elements
from hounsfield.model.errors import DamagedObject, ObjectTooLarge, UndecodablePixels, UnreadableObject
from hounsfield.model.stored_instance import StoredInstance
from hounsfield.network.transport import Buffer
from hounsfield.services.coercion import effective_tree
from hounsfield.services.pixel_value import Description, Frame, FrameCodec, decoded, element_header, encoded
from hounsfield.services.retrieve import Retrieve

MOST_REWRITTEN_BYTES = 1 << 30
"""Of a stored object. While it is rewritten it is mapped into memory, one frame of it is decoded at a time."""

UNCOMPRESSED = (EXPLICIT_VR_LITTLE_ENDIAN, IMPLICIT_VR_LITTLE_ENDIAN)
NATIVE_TARGETS = (*UNCOMPRESSED, DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN)
"""Written with Pixel Data in native form."""

OFFSET_TABLES = frozenset((0x7FE00001, 0x7FE00002, 0x7FE00003))
"""Extended Offset Table and lengths, Encapsulated Pixel Data Value Total Length: of frames as they were coded."""
_LOSSY = 0x00282110
_REFERENCED = frozenset(("1.2.840.10008.1.2.4.94", "1.2.840.10008.1.2.4.95", "1.2.840.10008.1.2.4.204", "1.2.840.10008.1.2.4.205"))
"""JPIP: the pixels are elsewhere."""
ALWAYS_LOSSY = frozenset(("1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.51"))
_PIECE_BYTES = 1 << 20

_BULK_DATA = frozenset((PIXEL_DATA, 0x7FE00008, 0x7FE00009, 0x00287FE0, 0x56000020, 0x00420011)) | OFFSET_TABLES
_REPEATED_BULK_DATA = frozenset(((0x6000, 0x3000), (0x5000, 0x3000), (0x5000, 0x200C)))
"""Overlay Data (60xx,3000), Curve Data (50xx,3000), Audio Sample Data (50xx,200C)."""
_WAVEFORM_SEQUENCE, _WAVEFORM_DATA = 0x54000100, 0x54001010


def _is_bulk_data(tag: int) -> bool:
    """Of the top level (PS3.4 table Z.1-1); offset tables go with the pixels they count."""
    return tag in _BULK_DATA or (tag >> 16 & 0xFF01 in (0x6000, 0x5000) and (tag >> 16 & 0xFF00, tag & 0xFFFF) in _REPEATED_BULK_DATA)


class Rewriter:
    """Thread-safe. most_bytes: of a stored object."""

    def __init__(self, retrieve: Retrieve, packs: PackReader, codec: FrameCodec, most_bytes: int = MOST_REWRITTEN_BYTES) -> None:
        self.retrieve = retrieve
        self._packs = packs
        self.codec = codec
        self._most_bytes = most_bytes

    def can(self, instance: StoredInstance, target_uid: str) -> bool:
        """Whether there is a way to this transfer syntax, as far as the index knows the object."""
        stored = instance.transfer_syntax_uid
        if stored not in TRANSFER_SYNTAXES or stored in _REFERENCED or instance.stored.location.length_bytes > self._most_bytes:
            return False
        if target_uid in NATIVE_TARGETS:
            return stored in DECODABLE or not transfer_syntax(stored).encapsulated
        return target_uid in ENCODABLE and stored in DECODABLE and instance.frames > 0

    def pieces(self, instance: StoredInstance, target_uid: str) -> Iterator[Buffer]:
        """The data set: as it is kept in this transfer syntax, else made. It has been verified before the first piece comes.

        Raises: UnreadableObject, UndecodablePixels, ObjectTooLarge, DamagedObject, PackUnavailable, Unavailable.
        """
        kept = self.retrieve.renditions.data_set(instance, target_uid)
        if kept is not None:
            yield from kept
            return
        with self.tree(instance) as tree:
            pieces = self._rewritten(instance, tree, target_uid)
            yield from deflated(pieces) if transfer_syntax(target_uid).deflated else pieces

    def without_bulk_data(self, instance: StoredInstance, target_uid: str) -> bytes:
        """The data set without what PS3.4 Z.1.3 leaves out. target_uid: little endian, not deflated.

        Raises: UnreadableObject, UndecodablePixels, ObjectTooLarge, DamagedObject, PackUnavailable.
        """
        with self.tree(instance) as tree:
            elements = [element for tag, element in new_elements(tree).items() if not _is_bulk_data(tag)]
            for index, element in enumerate(elements):
                if element.tag == _WAVEFORM_SEQUENCE and isinstance(element.value, list):
                    items = [[inner for inner in item if inner.tag != _WAVEFORM_DATA] for item in element.value]
                    elements[index] = element._replace(value=items)
            return encode_data_set(elements, implicit_vr=transfer_syntax(target_uid).implicit_vr)

    @contextlib.contextmanager
    def tree(self, instance: StoredInstance) -> Iterator[DataSet]:
        """All of the object, verified, on the page cache. Raises: UnreadableObject, ObjectTooLarge, DamagedObject, PackUnavailable."""
        location = instance.stored.location
        if location.length_bytes > self._most_bytes:
            raise ObjectTooLarge(f"an object of more than {self._most_bytes} bytes goes as it is stored alone")
        with self._packs.mapped(location.pack_id, location.offset_bytes, location.length_bytes) as view:
            if xxhash.xxh3_64_intdigest(view) != instance.stored.digests.checksum:
                raise DamagedObject(f"{instance.sop_instance_uid} no longer matches its checksum")
            tree = effective_tree(instance, view[location.prefix_length_bytes :])
            if not tree.whole:
                raise UnreadableObject(f"it cannot be written anew without loss: {tree.problems[0]}")
            yield tree

    def _rewritten(self, instance: StoredInstance, tree: DataSet, target_uid: str) -> Iterator[Buffer]:
        implicit_vr = transfer_syntax(target_uid).implicit_vr
        elements = new_elements(tree)
        pixels = tree.get(PIXEL_DATA)
        compress = transfer_syntax(target_uid).encapsulated
        value: Iterator[Buffer] = iter(())
        if pixels is None:
            if compress:
                raise UndecodablePixels("floating point samples, or none at all, are not compressed")
        elif not (compress or pixels.encapsulated):
            value = _native_value(pixels, tree, implicit_vr)
        else:
            frames = self.frames(instance, tree, pixels)
            indices = range(instance.frames)
            if compress:
                changed, value = encoded(self.codec, frames.frame, frames.description, indices, target_uid)
            else:
                changed, value = decoded(self.codec, frames.frame, frames.description, indices, implicit_vr=implicit_vr)
            for tag in OFFSET_TABLES:
                elements.pop(tag, None)
            elements |= changed
        mark_lossy(elements, instance.transfer_syntax_uid, has_pixels=pixels is not None)
        yield encode_data_set([element for tag, element in elements.items() if tag < PIXEL_DATA], implicit_vr=implicit_vr)
        yield from value
        yield encode_data_set([element for tag, element in elements.items() if tag > PIXEL_DATA], implicit_vr=implicit_vr)

    def frames(self, instance: StoredInstance, tree: DataSet, pixels: Element) -> Frames:
        """All frames of the object, of which `pixels` is Pixel Data. Raises: UndecodablePixels, UnreadableObject, PackUnavailable."""
        description = describe(self.retrieve.header(instance), instance.transfer_syntax_uid)
        if description.frame_count != instance.frames:
            raise UndecodablePixels(f"{instance.frames} of {description.frame_count} frames are there")
        if pixels.encapsulated:
            return Frames(lambda index: self.retrieve.frame(instance, index + 1), description.frame)
        native = _NativeFrames(pixels, tree, description, instance.frames)
        return Frames(native.frame, native.description)


class Frames(NamedTuple):
    """How the frames of an object are read, and how they are coded."""

    frame: Frame
    description: Description


class _NativeFrames:
    """Frames of Pixel Data that is not compressed, in little endian."""

    def __init__(self, pixels: Element, tree: DataSet, description: ImageDescription, frames: int) -> None:
        self._value = _little_endian_value(pixels, tree)
        self._description = description
        first = description.frame(0)
        length = first.native_length_bytes
        self._length = length if length * frames <= len(self._value) else len(self._value) // frames
        self._bits = first.pixels * first.samples_per_pixel if first.bits_allocated == 1 else 0

    def frame(self, index: int) -> memoryview:
        if self._bits:  # they run on from frame to frame (PS3.5 8.1.1)
            return self._value[index * self._bits // 8 : ((index + 1) * self._bits + 7) // 8]
        return self._value[index * self._length : (index + 1) * self._length]

    def description(self, index: int) -> FrameDescription:
        return replace(self._description.frame(index), transfer_syntax_uid=EXPLICIT_VR_LITTLE_ENDIAN, swapped_bytes=False)


def mark_lossy(elements: dict[int, NewElement], stored_uid: str, *, has_pixels: bool) -> None:
    """Says that what was compressed lossily remains so when it is decompressed (PS3.3 C.7.6.1.1.5)."""
    if stored_uid in ALWAYS_LOSSY and _LOSSY not in elements and has_pixels:
        elements[_LOSSY] = NewElement(_LOSSY, "CS", b"01")


def _native_value(pixels: Element, tree: DataSet, implicit_vr: bool) -> Iterator[Buffer]:
    value = _little_endian_value(pixels, tree)
    yield element_header(PIXEL_DATA, pixels.vr, len(value) + len(value) % 2, implicit_vr)
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
