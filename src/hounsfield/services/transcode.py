"""An object in Explicit VR Little Endian, whatever it is stored in (PS3.5 annex A, PS3.18 8.7.3)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from hounsfield.codecs.describe import ImageDescription, describe
from hounsfield.codecs.frame import DecodedFrame, FrameDescription
from hounsfield.dicom.data_set_writer import encode_tree
from hounsfield.dicom.element_tree import DataSet, Element
from hounsfield.dicom.json_model import little_endian
from hounsfield.dicom.part10 import build_prefix
from hounsfield.dicom.transfer_syntaxes import EXPLICIT_VR_LITTLE_ENDIAN, transfer_syntax
from hounsfield.model.errors import ObjectTooLarge
from hounsfield.model.stored_instance import StoredInstance
from hounsfield.services.coercion import effective_tree
from hounsfield.services.retrieve import Retrieve

PIXEL_DATA = 0x7FE00010
MAX_BYTES = 1 << 30
"""Larger objects are handed out as stored, or frame by frame: a whole one would have to be in memory."""

Decode = Callable[[bytes | memoryview, FrameDescription], DecodedFrame]


@dataclass(frozen=True, slots=True)
class Transcoder:
    """decode: one frame; `codecs.pool.CodecPool.decode`."""

    retrieve: Retrieve
    decode: Decode

    def explicit_little_endian(self, instance: StoredInstance) -> bytes:
        """A whole Part 10 file. Raises: ObjectTooLarge, UndecodablePixels, DamagedObject, PackUnavailable."""
        if instance.stored.location.length_bytes > MAX_BYTES:
            raise ObjectTooLarge("too large to be rewritten as a whole: ask for transfer-syntax=*, or for its frames")
        tree = effective_tree(instance, self.retrieve.read(instance).data_set)
        if transfer_syntax(instance.transfer_syntax_uid).encapsulated and PIXEL_DATA in tree:
            _replace(tree, self._decoded(instance))
        prefix = build_prefix(instance.sop_class_uid, instance.sop_instance_uid, EXPLICIT_VR_LITTLE_ENDIAN)
        return prefix + encode_tree(_in_little_endian(tree), implicit_vr=False)

    def _decoded(self, instance: StoredInstance) -> dict[int, Element]:
        description = describe(self.retrieve.header(instance), instance.transfer_syntax_uid)
        frames = [self._frame(instance, description, index) for index in range(instance.frames)]
        if sum(len(frame.data) for frame in frames) > MAX_BYTES:
            raise ObjectTooLarge("decompressed, the object would be larger than 1 GiB: ask for its frames")
        return _pixel_elements(frames)

    def _frame(self, instance: StoredInstance, description: ImageDescription, index: int) -> DecodedFrame:
        return self.decode(self.retrieve.frame(instance, index + 1), description.frame(index))


def _pixel_elements(frames: list[DecodedFrame]) -> dict[int, Element]:
    """Pixel Data in native form, and the Image Pixel attributes that then hold (PS3.5 8.2)."""
    first = frames[0]
    data = b"".join(frame.data for frame in frames)
    values: dict[int, tuple[str, bytes]] = {
        0x00280002: ("US", first.samples_per_pixel.to_bytes(2, "little")),
        0x00280004: ("CS", first.photometric_interpretation.encode() + b" " * (len(first.photometric_interpretation) % 2)),
        0x00280100: ("US", first.bits_allocated.to_bytes(2, "little")),
        0x00280101: ("US", first.bits_stored.to_bytes(2, "little")),
        0x00280102: ("US", first.high_bit.to_bytes(2, "little")),
        0x00280103: ("US", first.pixel_representation.to_bytes(2, "little")),
        PIXEL_DATA: ("OB" if first.bits_allocated <= 8 else "OW", data + b"\0" * (len(data) % 2)),
    }
    if first.samples_per_pixel > 1:
        values[0x00280006] = ("US", first.planar_configuration.to_bytes(2, "little"))
    return {tag: Element(tag, vr, memoryview(value)) for tag, (vr, value) in values.items()}


def _replace(tree: DataSet, elements: dict[int, Element]) -> None:
    tree.elements = dict(sorted({**tree.elements, **elements}.items()))


def _in_little_endian(tree: DataSet) -> DataSet:
    """The same elements, every number's bytes in the other order where they were big endian (PS3.5 7.3)."""
    if tree.encoding.little_endian:
        return tree
    turned = {
        tag: element._replace(value=memoryview(little_endian(element, little=False)))
        if element.items is None
        else element._replace(items=tuple(_in_little_endian(item) for item in element.items))
        for tag, element in tree.elements.items()
    }
    return DataSet(turned, tree.characters, tree.encoding)
