"""A stored image compressed lossily: another image, derived of it, made because it was asked for (PS3.3 C.7.6.1.1.5)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from hounsfield.codecs.capabilities import DECODABLE
from hounsfield.codecs.compressed_parts import method_of
from hounsfield.codecs.loss import Loss
from hounsfield.dicom.data_set_writer import NewElement, encode_data_set
from hounsfield.dicom.element_tree import DataSet, Element
from hounsfield.dicom.lossy_derivation import LOSSY_IMAGE_COMPRESSION, LossyStep, Predecessor, derive, derived_uid
from hounsfield.dicom.part10 import build_prefix
from hounsfield.dicom.tags import PIXEL_DATA
from hounsfield.dicom.transfer_syntaxes import transfer_syntax
from hounsfield.dicom.tree_elements import new_elements
from hounsfield.model.errors import UndecodablePixels
from hounsfield.model.stored_instance import StoredInstance
from hounsfield.network.transport import Buffer
from hounsfield.services.pixel_value import Description, encapsulated, image_pixel
from hounsfield.services.retrieve import Retrieve
from hounsfield.services.rewrite import ALWAYS_LOSSY, MOST_REWRITTEN_BYTES, OFFSET_TABLES, Frames, Rewriter
from hounsfield.services.spool import Spool

_LABELS: Final = frozenset(("1.2.840.10008.5.1.4.1.1.66.4", "1.2.840.10008.5.1.4.1.1.66.7"))
"""Segmentation and Label Map Segmentation: a number that is near to a label is another label."""


def derived_sop_instance_uid(instance: StoredInstance, loss: Loss) -> str:
    """Of what is made of an instance by this loss: the same each time."""
    return derived_uid(instance.sop_instance_uid, loss.transfer_syntax_uid, loss.amount)


def derived_file(rewriter: Rewriter, instance: StoredInstance, loss: Loss) -> Iterator[Buffer]:
    """The pieces of a Part 10 file. All frames have been compressed before the first piece comes: the header tells the ratio.

    Raises: UndecodablePixels, UnreadableObject, ObjectTooLarge, FrameNotFound, DamagedObject, PackUnavailable, Unavailable.
    """
    if instance.sop_class_uid in _LABELS:
        raise UndecodablePixels("segmentations are not compressed lossily")
    if instance.transfer_syntax_uid not in DECODABLE:
        raise UndecodablePixels("its frames cannot be decoded")
    with rewriter.tree(instance) as tree, Spool(None, MOST_REWRITTEN_BYTES) as spool:
        pixels = tree.get(PIXEL_DATA)
        if pixels is None or not instance.frames:
            raise UndecodablePixels("it has no pixel data of integers")
        frames = rewriter.frames(instance, tree, pixels)
        lengths, photometric = _compressed(rewriter, frames, instance.frames, loss, spool)
        elements = new_elements(tree)
        ratio = _native_length_bytes(pixels, frames.description, instance.frames) / sum(lengths)
        step = LossyStep(ratio, method_of(loss.transfer_syntax_uid))
        words = f"Lossy compression: {loss}, ratio {ratio:.4g}"
        predecessor = _predecessor(rewriter.retrieve, instance, tree, frames.description)
        derive(elements, predecessor, step, words, lambda uid: derived_uid(uid, loss.transfer_syntax_uid, loss.amount))
        for tag in OFFSET_TABLES:
            elements.pop(tag, None)
        value = encapsulated(_parts(spool, lengths), lengths)
        elements |= image_pixel(photometric, frames.description(0).samples_per_pixel) | value.changed
        yield build_prefix(instance.sop_class_uid, derived_sop_instance_uid(instance, loss), loss.transfer_syntax_uid)
        yield _encoded(element for tag, element in elements.items() if tag < PIXEL_DATA)
        yield from value.pieces
        yield _encoded(element for tag, element in elements.items() if tag > PIXEL_DATA)


def _compressed(rewriter: Rewriter, frames: Frames, count: int, loss: Loss, spool: Spool) -> tuple[Sequence[int], str]:
    """Lengths of the frames, which lie in the spool, and their photometric interpretation."""
    lengths: list[int] = []
    photometric = ""
    for index in range(count):
        coded = rewriter.codec.compress(frames.frame(index), frames.description(index), loss)
        if photometric and coded.photometric_interpretation != photometric:
            raise UndecodablePixels(f"frame {index + 1} is of another colour space than frame 1")
        photometric = coded.photometric_interpretation
        spool.write(memoryview(coded.data))
        lengths.append(len(coded.data))
    return lengths, photometric


def _parts(spool: Spool, lengths: Sequence[int]) -> Iterator[bytes]:
    offset = 0
    for length in lengths:
        yield spool.read(offset, length)
        offset += length


def _native_length_bytes(pixels: Element, description: Description, frames: int) -> int:
    """Of all frames that are not compressed; chrominance that pixels share is counted once."""
    decoded = description(0).native_length_bytes * frames
    return decoded if pixels.encapsulated else min(decoded, len(pixels.value))


def _predecessor(retrieve: Retrieve, instance: StoredInstance, tree: DataSet, description: Description) -> Predecessor:
    """With what its own transfer syntax took from it, where that is certain: some of them may be lossless as well."""
    stored = instance.transfer_syntax_uid
    stored_with = None
    if stored in ALWAYS_LOSSY or (transfer_syntax(stored).lossy and tree.text(LOSSY_IMAGE_COMPRESSION) == "01"):
        table = retrieve.frames(instance)
        length = sum(table.frame(index).length_bytes for index in range(table.count))
        stored_with = LossyStep(description(0).native_length_bytes * table.count / length, method_of(stored))
    return Predecessor(instance.sop_class_uid, instance.sop_instance_uid, stored_with)


def _encoded(elements: Iterator[NewElement]) -> bytes:
    return encode_data_set(elements, implicit_vr=False)
